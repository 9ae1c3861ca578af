from odoo import models


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
