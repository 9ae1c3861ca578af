from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    # === ACTION METHODS === #

    def action_recovery_confirm_charged(self):
        """Record that the provider did charge the invoice's attempt of unknown outcome."""
        self.ensure_one()
        return self._get_unknown_charge().action_confirm_charged()

    def action_recovery_confirm_not_charged(self):
        """Record that the provider did not charge the invoice's attempt of unknown outcome."""
        self.ensure_one()
        return self._get_unknown_charge().action_confirm_not_charged()

    def _get_unknown_charge(self):
        self.check_access("read")
        attempt = self.recovery_attempt_ids.filtered(lambda attempt: attempt.state == "unknown")
        if not attempt:
            raise UserError(self.env._("No charge of this invoice has an unknown outcome."))
        return attempt
