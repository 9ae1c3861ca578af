# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models


class RecoveryProviderPace(models.Model):
    """When each provider that limits requests may be asked next, for all workers on all hosts.

    Beside the provider, whose row others change: a turn is taken before each request.
    """

    _name = "recovery.provider.pace"
    _description = "Recovery: Pace of a Provider"
    _log_access = False

    provider_id = fields.Many2one(
        comodel_name="payment.provider", required=True, readonly=True, ondelete="cascade"
    )
    free_at = fields.Float(
        required=True, readonly=True, help="In seconds since 1970, by the clock of the database."
    )

    _provider_uniq = models.UniqueIndex("(provider_id)")
