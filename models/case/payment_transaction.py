from odoo import models

from .excess import get_open_amount


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    # What arrived and is not booked is looked for at each run of the job.
    _unbooked_idx = models.Index(
        "(last_state_change) WHERE state = 'done' AND is_post_processed IS NOT TRUE"
    )

    def _post_process(self):
        """Override of `account_payment` to look at the invoices of money that none of them took."""
        super()._post_process()
        # In sudo mode: a customer who pays can't read how their payment is booked.
        for transaction_sudo in self.sudo().filtered(lambda each: each.state == "done"):
            if get_open_amount(transaction_sudo):
                self.env["recovery.invoice.queue"].sudo()._add(transaction_sudo.invoice_ids)
