# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    standing_outdated = fields.Boolean(
        readonly=True,
        copy=False,
        help="Set until products have been told of what changed, where one is to be told.",
    )

    _standing_idx = models.Index("(id) WHERE standing_outdated")

    def _on_changed(self):
        """Fill the hook: a job tells products if the customers stand differently now."""
        result = super()._on_changed()
        endpoints = self.env["recovery.standing.endpoint"]
        changed = self.filtered(
            lambda case: not case.standing_outdated and endpoints._has_any(case.company_id.id)
        )
        if changed:
            changed.standing_outdated = True
            endpoints._wake_telling()
        return result
