from odoo import models

from ..charge.recovery_attempt_gate import Gate


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    def _get_gate_checks(self):
        """Override to charge nothing before the day that the customer promised is over."""
        return [*super()._get_gate_checks(), self._get_promise_gate]

    def _get_promise_gate(self):
        """Return a gate while the customer has promised to pay."""
        until = self.case_id._get_promise_end()
        return Gate(self.case_id._get_promise_sentence(), until) if until else None
