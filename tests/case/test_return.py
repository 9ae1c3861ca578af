# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ...declines import read_return
from ..common import RecoveryCommon


class ReturnCommon(RecoveryCommon):
    """Payments that arrived, of bank accounts that can be debited by SEPA."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outstanding = cls.inbound_payment_method_line.payment_account_id
        cls.receivable = cls.company_data["default_account_receivable"]

    def _create_account(self, **values):
        """Create a saved bank account whose debits arrive."""
        return self._create_card("done", **{"recovery_network": "sepa", **values})

    def _pay_invoice(self, **values):
        """Return an invoice that a charge of a saved bank account paid, and its payment."""
        invoice = self._create_invoice(token=self._create_account(), **values)
        self._collect()
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        return invoice, invoice.reconciled_payment_ids

    def _read(self, code="AM04", scheme="sepa", message=""):
        taxonomy = self.env["recovery.decline.code"]._get_taxonomy()
        return read_return(scheme, code, message, taxonomy)

    def _return(self, payment, code="AM04", scheme="sepa", on=None, **kwargs):
        return payment._recovery_return(self._read(code, scheme), on or fields.Date.today())

    def _get_lines(self, move):
        """Return the lines of an entry: account, balance, amount in currency."""
        return sorted(
            (line.account_id.code, line.balance, line.amount_currency) for line in move.line_ids
        )

    def _match_with_bank(self, move, amount, currency=None):
        """Match the outstanding line of an entry with a bank transaction."""
        transaction = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": fields.Date.today(),
                "payment_ref": "bank",
                "amount": amount,
            }
        )
        _liquidity, suspense, _other = transaction._seek_for_lines()
        suspense.account_id = self.outstanding
        line = move.line_ids.filtered(lambda line: line.account_id == self.outstanding)
        (suspense + line).reconcile()
        return line


@tagged("post_install", "-at_install")
class TestReturnBooking(ReturnCommon):
    """What a return does in the ledger."""

    NOW = "2026-03-02 12:00:00"

    def test_payment_is_reversed_on_the_date_of_return_and_the_invoice_is_open_again(self):
        with freeze_time("2026-03-02 12:00:00"):
            invoice, payment = self._pay_invoice()
        with freeze_time("2026-03-06 12:00:00"):
            entry = self._return(payment, on=date(2026, 3, 5))
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("not_paid", 100.0))
        self.assertEqual((entry.state, entry.date), ("posted", date(2026, 3, 5)))
        self.assertEqual(entry.journal_id, payment.journal_id)
        self.assertIn("AM04", entry.ref)
        self.assertEqual(
            self._get_lines(entry),
            sorted(
                [
                    (self.receivable.code, 100.0, 100.0),
                    (self.outstanding.code, -100.0, -100.0),
                ]
            ),
        )
        self.assertEqual(payment.state, "rejected")
        self.assertEqual(payment.recovery_return_move_id, entry)
        self.assertTrue(payment.is_reconciled, msg="The customer has no credit left.")

    def test_outstanding_lines_of_an_unmatched_payment_wait_for_the_bank_statement(self):
        _invoice, payment = self._pay_invoice()
        entry = self._return(payment)
        for move, residual in ((payment.move_id, 100.0), (entry, -100.0)):
            line = move.line_ids.filtered(lambda line: line.account_id == self.outstanding)
            self.assertEqual(line.amount_residual, residual)

    def test_payment_matched_with_the_bank_stays_matched_and_the_banks_debit_matches_the_return(
        self,
    ):
        invoice, payment = self._pay_invoice()
        paid_line = self._match_with_bank(payment.move_id, 100.0)
        self.assertEqual((payment.state, invoice.payment_state), ("paid", "paid"))
        entry = self._return(payment)
        self.assertEqual(paid_line.amount_residual, 0.0)
        self.assertTrue(payment.is_matched)
        returned_line = self._match_with_bank(entry, -100.0)
        self.assertEqual(returned_line.amount_residual, 0.0)
        self.assertEqual(payment.state, "rejected", msg="A match must not make it paid again.")
        self.assertEqual(invoice.amount_residual, 100.0)

    def test_bank_transaction_that_arrives_after_the_return_leaves_the_payment_rejected(self):
        _invoice, payment = self._pay_invoice()
        entry = self._return(payment)
        self._match_with_bank(payment.move_id, 100.0)
        self._match_with_bank(entry, -100.0)
        self.assertEqual(payment.state, "rejected")

    def test_all_invoices_of_the_payment_are_open_again(self):
        invoices = self._create_invoice(60.0) + self._create_invoice(40.0)
        payment = self._register(invoices, group_payment=True)
        self.assertEqual(len(payment), 1)
        self._return(payment)
        self.assertEqual(invoices.mapped("payment_state"), ["not_paid", "not_paid"])
        self.assertEqual(invoices.mapped("amount_residual"), [60.0, 40.0])

    def _register(self, invoices, **values):
        return (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({"payment_date": fields.Date.today(), **values})
            ._create_payments()
        )

    def test_partial_payment_is_taken_off_and_another_one_stays(self):
        invoice = self._create_invoice()
        kept = self._register_payment(invoice, 30.0)
        payment = self._register_payment(invoice, 50.0)
        self._return(payment)
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("partial", 70.0))
        self.assertTrue(kept.is_reconciled)

    def test_difference_that_the_payment_wrote_off_is_owed_again(self):
        invoice = self._create_invoice()
        loss = self.company_data["default_account_expense"]
        payment = self._register(
            invoice,
            amount=98.5,
            payment_difference_handling="reconcile",
            writeoff_account_id=loss.id,
        )
        self.assertEqual(invoice.amount_residual, 0.0)
        entry = self._return(payment)
        self.assertEqual(invoice.amount_residual, 100.0)
        self.assertIn((loss.code, -1.5, -1.5), self._get_lines(entry))
        self.assertIn((self.outstanding.code, -98.5, -98.5), self._get_lines(entry))

    def test_payment_in_another_currency_is_reversed_to_the_cent_in_both(self):
        currency = self.setup_other_currency(
            "EUR", rates=[("2026-03-01", 0.913), ("2026-03-10", 0.887)]
        )
        with freeze_time("2026-03-02 12:00:00"):
            invoice = self._create_invoice(99.99, currency_id=currency.id)
        before = self._get_lines(invoice)
        with freeze_time("2026-03-11 12:00:00"):
            payment = self._register(invoice)
        self.assertEqual(payment.currency_id, currency)
        self.assertEqual(invoice.payment_state, "paid")
        with freeze_time("2026-03-14 12:00:00"):
            entry = self._return(payment)
        self.assertEqual((invoice.amount_residual, invoice.payment_state), (99.99, "not_paid"))
        self.assertEqual(self._get_lines(invoice), before)
        line = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual((line.amount_residual, line.amount_residual_currency), (109.52, 99.99))
        rate = 112.73  # 99.99 at 0.887, the rate of the payment
        self.assertEqual(
            self._get_lines(entry),
            sorted([(self.receivable.code, rate, 99.99), (self.outstanding.code, -rate, -99.99)]),
        )
        balance = self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.customer.id),
                ("account_id", "=", self.receivable.id),
                ("parent_state", "=", "posted"),
            ]
        )
        self.assertEqual(
            self.env.company.currency_id.round(sum(balance.mapped("balance"))),
            109.52,
            msg="The exchange difference of the payment is taken back, too.",
        )

    def test_payment_without_an_entry_is_rejected_and_the_invoice_open_again(self):
        invoice = self._create_invoice()
        payment = self.env["account.payment"].create(
            {
                "amount": 100.0,
                "partner_id": self.customer.id,
                "journal_id": self.company_data["default_journal_bank"].id,
                "invoice_ids": [Command.set(invoice.ids)],
            }
        )
        payment.outstanding_account_id = False
        payment.action_post()
        self.assertFalse(payment.move_id)
        self.assertEqual(invoice.payment_state, "paid")  # What Community calls in payment.
        self.assertFalse(self._return(payment))
        self.assertEqual((payment.state, invoice.payment_state), ("rejected", "not_paid"))

    def test_return_is_refused_in_a_closed_period(self):
        with freeze_time("2026-03-02 12:00:00"):
            _invoice, payment = self._pay_invoice()
        self.env.company.fiscalyear_lock_date = "2026-03-31"
        with freeze_time("2026-04-03 12:00:00"):
            with self.assertRaisesRegex(UserError, "books are closed"):
                self._return(payment, on=date(2026, 3, 30))
            entry = self._return(payment, on=date(2026, 4, 1))
        self.assertEqual(entry.date, date(2026, 4, 1))

    def test_return_is_refused_twice(self):
        _invoice, payment = self._pay_invoice()
        self._return(payment)
        with self.assertRaisesRegex(UserError, "returned already"):
            self._return(payment)

    def test_return_in_the_future_or_before_the_payment_is_refused(self):
        _invoice, payment = self._pay_invoice()
        today = fields.Date.today()
        for on, message in (
            (today + timedelta(days=1), "not in the future"),
            (today - timedelta(days=1), "can't have been returned before"),
        ):
            with self.subTest(on=on), self.assertRaisesRegex(UserError, message):
                self._return(payment, on=on)

    def test_what_is_no_confirmed_customer_payment_is_refused(self):
        bank = self.company_data["default_journal_bank"]
        values = {"amount": 10.0, "partner_id": self.customer.id, "journal_id": bank.id}
        draft = self.env["account.payment"].create(values)
        refund = self.env["account.payment"].create({**values, "payment_type": "outbound"})
        refund.action_post()
        for payment in (draft, refund):
            with self.assertRaisesRegex(UserError, "not a confirmed payment of a customer"):
                self._return(payment)

    def test_return_is_told_on_the_payment_and_on_the_invoice(self):
        invoice, payment = self._pay_invoice()
        self._return(payment)
        for record in (invoice, payment):
            self.assertIn("The bank returned", record.message_ids[0].body)


@tagged("post_install", "-at_install")
class TestReturnUndone(ReturnCommon):
    """The usual means: the entry of the return is cancelled, deleted or reversed."""

    def _undo_and_check(self, undo):
        invoice, payment = self._pay_invoice()
        entry = self._return(payment, "MD07")
        attempt = invoice.recovery_attempt_ids
        case = invoice.recovery_case_id
        self.assertEqual((attempt.state, case.blocked_class), ("returned", "never"))
        undo(entry)
        self.assertEqual((payment.state, payment.recovery_return_move_id.id), ("in_process", False))
        self.assertEqual((attempt.state, attempt.decline_class), ("paid", False))
        self.assertFalse(attempt.transaction_id.recovery_decline)
        self.assertEqual(case.state, "paused", msg="Nothing is charged while the credit is open.")
        self.assertIn("Assign the payment", case.attention)
        credit = payment.move_id.line_ids.filtered(lambda line: line.account_id == self.receivable)
        invoice.js_assign_outstanding_line(credit.id)
        self._run_cron("follow")
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(case.state, "recovered")
        self._return(payment)
        self.assertEqual((case.state, attempt.state), ("in_recovery", "returned"))

    def test_cancelling_the_entry_undoes_the_return(self):
        self._undo_and_check(lambda entry: entry.button_cancel())

    def test_deleting_the_entry_undoes_the_return(self):
        def delete(entry):
            entry.button_draft()
            entry.with_context(force_delete=True).unlink()

        self._undo_and_check(delete)

    def test_reversing_the_entry_undoes_the_return(self):
        self._undo_and_check(lambda entry: entry._reverse_moves(cancel=True))

    def test_payment_matched_with_the_bank_is_paid_again(self):
        _invoice, payment = self._pay_invoice()
        self._match_with_bank(payment.move_id, 100.0)
        self._return(payment).button_cancel()
        self.assertEqual(payment.state, "paid")

    def test_payment_reset_to_draft_stays_a_draft(self):
        _invoice, payment = self._pay_invoice()
        self._return(payment)
        payment.action_draft()
        self.assertEqual((payment.state, payment.move_id.state), ("draft", "draft"))
