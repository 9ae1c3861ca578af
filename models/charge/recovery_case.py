# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import models

from .own_retries import OwnRetriesOfProvider, search_retried


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    # === ACTION METHODS === #

    def action_confirm_charged(self):
        """Record that the provider did charge the attempt whose outcome is open."""
        self.ensure_one()
        return self.attempt_ids._get_question().action_confirm_charged()

    def action_confirm_not_charged(self):
        """Record that the provider did not charge the attempt whose outcome is open."""
        self.ensure_one()
        return self.attempt_ids._get_question().action_confirm_not_charged()

    # === BUSINESS METHODS === #

    def _on_closed(self, reason):
        """Fill the hook: a provider that goes on retrying could charge the customer once more."""
        result = super()._on_closed(reason)
        for case in self.filtered(lambda case: case.state in ("recovered", "cancelled")):
            for transaction in search_retried(case.move_id):
                OwnRetriesOfProvider(transaction).warn(case.move_id)
        return result
