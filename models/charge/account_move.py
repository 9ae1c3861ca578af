from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    # === ACTION METHODS === #

    def action_recovery_confirm_charged(self):
        """Record that the provider did charge the invoice's attempt whose outcome is open."""
        self.ensure_one()
        return self.recovery_attempt_ids._get_question().action_confirm_charged()

    def action_recovery_confirm_not_charged(self):
        """Record that the provider did not charge the invoice's attempt whose outcome is open."""
        self.ensure_one()
        return self.recovery_attempt_ids._get_question().action_confirm_not_charged()
