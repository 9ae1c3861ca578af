from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_recovery_payment_link(self):
        """Return the link by which the customer pays an invoice that has no case.

        A key to the invoice is made when the customer is written to. Odoo tries each template on
        some invoice when it is installed or edited, which must not write on it: the address then
        is the one for customers who log in.
        """
        self.ensure_one()
        # In sudo mode: the link is made by a job, and its wizard is for accountants.
        move_sudo = self.sudo()
        if not move_sudo.access_token and "recovery_notices" not in self.env.context:
            return f"{self.get_base_url()}/my/invoices/{self.id}"
        return move_sudo._get_portal_payment_link()
