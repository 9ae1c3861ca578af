from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_recovery_payment_link(self):
        """Return the link by which the customer pays an invoice that has no case."""
        self.ensure_one()
        # In sudo mode: the link is made by a job, and its wizard is for accountants.
        return self.sudo()._get_portal_payment_link()
