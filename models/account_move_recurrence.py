from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _recovery_stop_recurrence(self, reason):
        return []
