"""A charge of a method that was removed at its provider waits for another method."""

from odoo import models


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    def _get_method_block(self):
        """Extended to leave a method that was removed to the customer, not to the accountant."""
        token = self._get_token()
        if token and (block := token._recovery_get_removal()):
            return block._replace(moot=bool(self.case_id))
        return super()._get_method_block()
