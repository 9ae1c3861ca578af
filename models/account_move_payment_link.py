from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _recovery_touch(self):
        """Let whoever works on the payment of these invoices at the same time look again.

        The second fails to serialise, and Odoo runs its request or its job once more.
        """
        self.env.cr.execute(
            "UPDATE account_move SET write_date = write_date WHERE id IN %s", [tuple(self.ids)]
        )

    def _get_recovery_payment_link(self):
        """Return the link by which the customer pays an invoice that has no case."""
        self.ensure_one()
        # In sudo mode: the link is made by a job, and its wizard is for accountants.
        return self.sudo()._get_portal_payment_link()
