# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields
from odoo.tests import tagged

from .owed_common import OwedCommon


@tagged("post_install", "-at_install")
class TestCredit(OwedCommon):
    """What the customer has in credit is used before a card is charged."""

    NOW = "2026-12-02 12:00:00"

    def _charge(self, amount=100.0, **values):
        invoice = self._create_invoice(amount, token=self._create_card("done"), **values)
        self._collect()
        return invoice

    def test_payment_on_account_is_used_and_nothing_charged(self):
        payment = self._pay_on_account(100.0)
        invoice = self._charge()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertFalse(invoice.transaction_ids)
        self.assertEqual(invoice.recovery_attempt_ids.state, "cancelled")
        self.assertIn(payment.move_id.name, invoice.message_ids.filtered("body")[0].body)
        self.assertIn("100.00", invoice.message_ids[0].body)

    def test_credit_note_is_used_and_the_rest_charged(self):
        self._create_credit_note(30.0)
        invoice = self._charge()
        self.assertEqual(invoice.recovery_attempt_ids.amount, 70.0)
        self.assertEqual(invoice.payment_state, "paid")

    def test_oldest_credit_is_used_first(self):
        new = self._pay_on_account(100.0, date="2026-12-01")
        old = self._pay_on_account(60.0, date="2026-11-01")
        self._charge(80.0)
        open_amounts = [
            sum(
                payment.move_id.line_ids.filtered(
                    lambda line: line.account_id.account_type == "asset_receivable"
                ).mapped("amount_residual")
            )
            for payment in (old, new)
        ]
        self.assertEqual(open_amounts, [0.0, -80.0])

    def test_credit_is_for_what_is_due(self):
        self._pay_on_account(100.0)
        term = self._create_term((50, 0), (50, 30))
        invoice = self._create_termed(term, self._create_card("done"))
        self._collect()
        self.assertEqual(invoice.amount_residual, 50.0)
        self.assertFalse(invoice.transaction_ids)
        self.freeze_time.move_to("2027-01-02 12:00:00")
        self._collect()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertFalse(invoice.transaction_ids)

    def test_credit_of_somebody_else_is_not_used(self):
        other = self.env["res.partner"].create({"name": "Other"})
        self._pay_on_account(100.0, partner_id=other.id)
        self.assertEqual(self._charge().recovery_attempt_ids.amount, 100.0)

    def test_retry_uses_credit_too_and_the_case_ends(self):
        invoice, case = self._fail_invoice()
        self._pay_on_account(100.0)
        self._charge_next(case)
        self._run_cron("follow")
        self.assertEqual((case.state, invoice.payment_state), ("recovered", "paid"))
        self.assertEqual(case.attempt_count, 1)

    def test_foreign_credit_is_used(self):
        currency = self._enable_currency("EUR")
        self._pay_on_account(100.0, currency_id=currency.id)
        invoice = self._charge(currency_id=currency.id)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertFalse(invoice.transaction_ids)

    def test_payment_that_somebody_took_off_is_asked_for(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        payment = self._register_payment(invoice, 100.0)
        payment.move_id.line_ids.remove_move_reconcile()
        self._collect()
        self.assertEqual(invoice.recovery_attempt_ids.state, "planned")
        self.assertEqual(len(self._get_todos(invoice, "credit")), 1)
        self.assertEqual(invoice.amount_residual, 100.0)

    def test_payment_that_was_refunded_is_no_credit(self):
        payment = self._pay_on_account(100.0)
        refund = self._pay_on_account(100.0, payment_type="outbound")
        invoice = self._charge()
        self.assertEqual(invoice.recovery_attempt_ids.state, "paid")
        for each in (payment, refund):
            self.assertFalse(each.reconciled_invoice_ids)

    def test_person_is_asked_where_the_policy_says_so(self):
        self.policy.credit_use = "ask"
        self._pay_on_account(40.0)
        invoice = self._charge()
        attempt = invoice.recovery_attempt_ids
        self.assertEqual((attempt.state, attempt.amount), ("planned", 0.0))
        self.assertIn("40.00", attempt.sentence)
        todo = self._get_todos(invoice, "credit")
        self.assertEqual(todo.recovery_sentence, attempt.sentence)
        self.freeze_time.move_to("2026-12-03 13:00:00")
        self._run_cron("charge")
        self.assertEqual(attempt.state, "planned")
        self.assertEqual(self._get_todos(invoice, "credit"), todo, msg="Once.")
        todo._action_done()
        self.freeze_time.move_to("2026-12-04 14:00:00")
        self._run_cron("charge")
        self.assertEqual((attempt.state, attempt.amount), ("paid", 100.0))

    def test_question_is_answered_by_whoever_uses_the_credit(self):
        self.policy.credit_use = "ask"
        payment = self._pay_on_account(40.0)
        invoice = self._charge()
        line = payment.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        invoice.js_assign_outstanding_line(line.id)
        self._run_cron("follow")
        self.assertFalse(self._get_todos(invoice, "credit"))
        self.freeze_time.move_to("2026-12-03 13:00:00")
        self._run_cron("charge")
        self.assertEqual(invoice.recovery_attempt_ids.amount, 60.0)

    def test_overdue_invoice_that_credit_covers_is_not_reminded_of(self):
        self.policy.write({"remind_unpaid": True, "remind_since": "2026-11-01"})
        self._pay_on_account(100.0)
        invoice = self._create_invoice(due="2026-12-01", collect_automatically=False)
        self._run_cron("collect")
        self.assertFalse(invoice.recovery_case_ids)
        self.assertEqual(invoice.payment_state, "paid")

    def test_nothing_is_used_while_another_payment_is_on_its_way(self):
        self._pay_on_account(100.0)
        invoice = self._create_invoice(token=self._create_card("done"))
        self._create_portal_transaction(invoice)._set_pending()
        self._collect()
        self.assertEqual(invoice.amount_residual, 100.0)
        self.assertEqual(fields.Date.today(), invoice.invoice_date)
