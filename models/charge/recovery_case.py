from odoo import models
from odoo.exceptions import UserError


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    # === ACTION METHODS === #

    def action_confirm_charged(self):
        """Record that the provider did charge the attempt whose outcome is open."""
        self.ensure_one()
        return self._get_open_question().action_confirm_charged()

    def action_confirm_not_charged(self):
        """Record that the provider did not charge the attempt whose outcome is open."""
        self.ensure_one()
        return self._get_open_question().action_confirm_not_charged()

    def _get_open_question(self):
        self.check_access("read")
        attempt = self.attempt_ids.filtered("is_question")
        if not attempt:
            raise UserError(self.env._("The outcome of no charge of this case is open."))
        return attempt
