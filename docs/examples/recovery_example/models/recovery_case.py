# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import models


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    def _set_state(self, target, reason=None, **values):
        """Override of `revenue_recovery` to react when money came back.

        The outcome of the charge has been committed before: nothing here can undo it. What changed
        is returned, so a repeat is not counted twice.
        """
        changed = super()._set_state(target, reason, **values)
        if target == "recovered":
            for case in changed:
                case.partner_id.recovered_count += 1
        return changed
