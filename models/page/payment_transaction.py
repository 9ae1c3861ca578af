# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Payments that customers make on their page, and methods that they save there."""

import logging

import psycopg2

from odoo import fields, models

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    recovery_page = fields.Json(
        readonly=True,
        copy=False,
        help="The link through which the customer started this payment, and what they agreed to.",
    )

    # === BUSINESS METHODS === #

    def _tokenize(self, payment_data):
        """Override of `payment` to charge the failing invoices to a method saved on the page."""
        result = super()._tokenize(payment_data)
        if self.recovery_page and self.token_id:
            self._recovery_do_safely(self._recovery_adopt_method)
        return result

    def _update_state(self, allowed_states, target_state, state_message):
        """Override of `payment` to trace a payment back to the notice that led to it."""
        transactions = super()._update_state(allowed_states, target_state, state_message)
        for transaction in transactions.filtered("recovery_page"):
            if target_state in ("done", "authorized"):
                is_method = transaction.operation == "validation"
                transaction._recovery_do_safely(
                    transaction._recovery_note_result, "method" if is_method else "paid"
                )
        return transactions

    # === RECOVERY === #

    def _recovery_do_safely(self, act, *arguments):
        """Do something beside a payment, whose outcome matters more than that it succeeds."""
        try:
            with self.env.cr.savepoint():
                act(*arguments)
                self.env.flush_all()
        except psycopg2.OperationalError:
            raise  # Somebody else was at it: the whole request begins anew, the payment included.
        except Exception:
            _logger.exception("%s of %s failed", act.__name__, self.reference)

    def _recovery_adopt_method(self):
        """Let the invoices of the link be charged to the saved method, at once where they fail."""
        page = self.recovery_page
        # In sudo mode: a customer can't write cases, and neither can a provider's webhook.
        token_sudo = self.token_id.sudo()
        if page.get("token"):
            old_sudo = self.env["payment.token"].sudo().browse(page["token"]).exists()
            if old_sudo:
                old_sudo._recovery_replace_with(token_sudo)
            return
        cases_sudo = self.env["recovery.case"].sudo().browse(page["cases"]).exists()
        cases_sudo._adopt_method(token_sudo, page["future"])
        if self.operation == "validation":
            self.env["recovery.invoice.queue"]._add(cases_sudo.move_id, self)

    def _recovery_note_result(self, result):
        notice = self.env["recovery.notice"].sudo().browse(self.recovery_page.get("notice") or [])
        notice.exists()._note_result(result)

    def _recovery_is_new_method(self):
        """Fill the hook: a customer saved a method on the page, for failing invoices."""
        is_new = self.operation == "validation" and self.recovery_page and self.token_id
        return bool(is_new) or super()._recovery_is_new_method()
