from odoo import models
from odoo.exceptions import UserError


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    # === ACTION METHODS === #

    def action_confirm_charged(self):
        """Record that the provider did charge the attempt of unknown outcome."""
        self.ensure_one()
        return self._get_unknown_attempt().action_confirm_charged()

    def action_confirm_not_charged(self):
        """Record that the provider did not charge the attempt of unknown outcome."""
        self.ensure_one()
        return self._get_unknown_attempt().action_confirm_not_charged()

    def _get_unknown_attempt(self):
        self.check_access("read")
        attempt = self.attempt_ids.filtered(lambda attempt: attempt.state == "unknown")
        if not attempt:
            raise UserError(self.env._("No charge of this case has an unknown outcome."))
        return attempt
