# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models


class RecoveryStandingKeyShow(models.AbstractModel):
    """The dialog that shows a new secret, which is stored nowhere."""

    _name = "recovery.standing.key.show"
    _description = "New Secret of a Product Key"

    # The web client asks for it by onchange, which needs an id.
    id = fields.Id()
    secret = fields.Char(readonly=True)
