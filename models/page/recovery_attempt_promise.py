from odoo import models

from ..rules.block import Block


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    def _get_block_checks(self):
        """Override to charge nothing before the day that the customer promised is over."""
        return [*super()._get_block_checks(), self._get_promise_block]

    def _get_promise_block(self):
        """Return a block while the customer has promised to pay."""
        until = self.case_id._get_promise_end()
        return Block("promise", self.case_id._get_promise_sentence(), until) if until else None
