"""A charge of a method that was removed at its provider waits for another method."""

from odoo import models

from .recovery_attempt_gate import Gate


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    def _get_method_gate(self):
        """Extended to leave a method that was removed to the customer, not to the accountant."""
        token = self._get_token()
        if token and (hindrance := token._recovery_get_removal()):
            return Gate(hindrance.sentence, moot=bool(self.case_id), hindrance=hindrance)
        return super()._get_method_gate()
