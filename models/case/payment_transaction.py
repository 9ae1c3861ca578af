# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, models

from ...declines import read_returns
from .excess import get_open_amount
from .return_events import take_events

# Whose payments the addon fetches when a webhook names them, so that the answer is the news.
_FETCHED = ("mercado_pago",)


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    # What arrived and is not booked is looked for at each run of the job.
    _unbooked_idx = models.Index(
        "(last_state_change) WHERE state = 'done' AND is_post_processed IS NOT TRUE"
    )

    @api.model
    def _search_by_reference(self, provider_code, payment_data):
        """Override of `payment` to keep from the addons what they don't understand.

        Adyen's would make a refund of each dispute, and leave it a draft. Razorpay's would make
        another refund each time that it is told of one.
        """
        if provider_code == "razorpay" and (refund := self._recovery_find_refund(payment_data)):
            return refund
        events = read_returns(provider_code, payment_data)
        if events and not any(event.is_known_to_addon for event in events):
            return self.browse()
        return super()._search_by_reference(provider_code, payment_data)

    @api.model
    def _recovery_find_refund(self, payment_data):
        """Return the refund that Razorpay tells of, where it is known already."""
        name = payment_data.get("entity_type") == "refund" and payment_data.get("id")
        if not name:
            return self.browse()
        return self.search(
            [
                ("provider_code", "=", "razorpay"),
                ("operation", "=", "refund"),
                ("provider_reference", "=", name),
            ],
            limit=1,
        )

    def _process(self, provider_code, payment_data):
        """Override of `payment` to note what a fetched payment tells of money taken back."""
        if provider_code in _FETCHED:
            take_events(self.env, provider_code, payment_data)
        return super()._process(provider_code, payment_data)

    def _post_process(self):
        """Override of `account_payment` to look at the invoices of money that none of them took.

        A refund counts as recovered no more.
        """
        result = super()._post_process()
        # In sudo mode: a customer who pays can't read how their payment is booked.
        queue_sudo = self.env["recovery.invoice.queue"].sudo()
        if queue_sudo._is_own_work():
            return result  # Their cases follow at once.
        for transaction_sudo in self.sudo().filtered(lambda each: each.state == "done"):
            if transaction_sudo.operation == "refund":
                queue_sudo._add_followed(transaction_sudo.source_transaction_id.invoice_ids)
            elif get_open_amount(transaction_sudo):
                queue_sudo._add(transaction_sudo.invoice_ids)
        return result
