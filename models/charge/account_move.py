from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    # === ACTION METHODS === #

    def action_recovery_confirm_charged(self):
        """Record that the provider did charge the invoice's attempt whose outcome is open."""
        self.ensure_one()
        return self._get_open_question().action_confirm_charged()

    def action_recovery_confirm_not_charged(self):
        """Record that the provider did not charge the invoice's attempt whose outcome is open."""
        self.ensure_one()
        return self._get_open_question().action_confirm_not_charged()

    def _get_open_question(self):
        self.check_access("read")
        attempt = self.recovery_attempt_ids.filtered("is_question")
        if not attempt:
            raise UserError(self.env._("The outcome of no charge of this invoice is open."))
        return attempt
