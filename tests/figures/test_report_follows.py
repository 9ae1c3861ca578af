# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The figures follow the invoice: corrected, credited, postponed, paid, refunded are five."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ..common import RecoveryCommon

PARTS = ("recovered_amount", "in_recovery_amount", "lost_amount")


class FollowCommon(RecoveryCommon):
    NOW = "2026-03-02 12:00:00"

    def setUp(self):
        super().setUp()
        self.invoice, self.case = self._fail_invoice()

    def _follow(self):
        self._run_cron("follow")
        return self.env["recovery.case.report"].browse(self.case.id)

    def _assert_figures(self, failed, recovered, in_recovery, lost, **others):
        """Check the figures of the case, and that the other reports say the same."""
        report = self._follow()
        names = ("failed_amount", *PARTS, *(f"{name}_amount" for name in others))
        self.assertEqual(
            {name: report[name] for name in names},
            dict(zip(names, (failed, recovered, in_recovery, lost, *others.values()), strict=True)),
        )
        taken_off = ("credited", "corrected", "refunded", "discounted")
        rest = report.asked_amount - sum(report[f"{name}_amount"] for name in taken_off)
        self.assertAlmostEqual(rest, failed, msg="What is not failed has a name.")
        self.assertAlmostEqual(sum(report[name] for name in PARTS), failed)
        total = self.env["recovery.dashboard"].get_data("month")["total"]
        names = ("failed", "recovered", "in_recovery", "lost")
        self.assertEqual([total[name] for name in names], [failed, recovered, in_recovery, lost])
        lines = self.env["recovery.revenue.report"].search([("case_id", "=", self.case.id)])
        self.assertAlmostEqual(sum(lines.mapped("recovered_company_amount")), recovered)

    def _correct(self, amount=None, due=None):
        """Correct the invoice in draft."""
        self.invoice.button_draft()
        self._run_cron("follow")
        if amount is not None:
            self.invoice.invoice_line_ids.price_unit = amount
        if due:
            self.invoice.invoice_date_due = due
        self.invoice.action_post()
        self._run_cron("follow")

    def _pay(self, amount=100.0, **values):
        payment = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=self.invoice.ids)
            .create({"amount": amount, "payment_date": fields.Date.today(), **values})
            ._create_payments()
        )
        self._run_cron("follow")
        return payment

    def _pay_without_entry(self, amount=100.0):
        """Record a payment by a method that has no outstanding account."""
        payment = self.env["account.payment"].create(
            {
                "amount": amount,
                "partner_id": self.customer.id,
                "journal_id": self.company_data["default_journal_bank"].id,
                "invoice_ids": [Command.set(self.invoice.ids)],
            }
        )
        payment.outstanding_account_id = False
        payment.action_post()
        self._run_cron("follow")
        self.assertFalse(payment.move_id, msg="Else it is not the scene.")
        return payment

    def _create_credit(self, amount=100.0, matched=True):
        note = self.invoice._reverse_moves(
            [{"invoice_date": fields.Date.today(), "date": fields.Date.today()}]
        )
        note.invoice_line_ids.price_unit = amount
        note.action_post()
        self._run_cron("follow")
        return note

    def _match_statement(self, amount):
        """Match the invoice with a line of a bank statement."""
        transaction = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": fields.Date.today(),
                "payment_ref": "bank",
                "amount": amount,
            }
        )
        _liquidity, suspense, _other = transaction._seek_for_lines()
        receivable = self._get_terms()
        suspense.write({"account_id": receivable.account_id.id, "partner_id": self.customer.id})
        (suspense + receivable).reconcile()

    def _get_terms(self):
        return self.invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")


@tagged("post_install", "-at_install")
class TestReportFollows(FollowCommon):
    def test_corrected_invoice_that_is_paid_has_lost_nothing(self):
        self._correct(60.0)
        self._assert_figures(60.0, 0.0, 60.0, 0.0, corrected=40.0, credited=0.0)
        self._pay(60.0)
        self.assertEqual(self.case.state, "recovered")
        self._assert_figures(60.0, 60.0, 0.0, 0.0, corrected=40.0)

    def test_invoice_that_is_corrected_upwards_fails_with_all_of_it(self):
        self._correct(150.0)
        self._assert_figures(150.0, 0.0, 150.0, 0.0, corrected=-50.0)
        self._pay(150.0)
        self._assert_figures(150.0, 150.0, 0.0, 0.0, corrected=-50.0)

    def test_correction_after_a_part_was_paid_leaves_the_part_recovered(self):
        payment = self._pay(30.0)
        self._correct(80.0)
        line = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == self._get_terms().account_id
        )
        (line + self._get_terms()).reconcile()
        self._assert_figures(80.0, 30.0, 50.0, 0.0, corrected=20.0)

    def test_draft_leaves_the_figures_as_they_were(self):
        self.invoice.button_draft()
        self.invoice.invoice_line_ids.price_unit = 1.0
        self._assert_figures(100.0, 0.0, 100.0, 0.0)

    def test_credit_note_is_no_loss_and_no_recovery(self):
        self._create_credit(30.0)
        self._assert_figures(70.0, 0.0, 70.0, 0.0, credited=30.0, corrected=0.0)
        self._pay(70.0)
        self._assert_figures(70.0, 70.0, 0.0, 0.0, credited=30.0)

    def test_postponed_invoice_stays_failed_and_waits_for_its_new_day(self):
        day = fields.Date.today() + timedelta(days=30)
        self._correct(due=day)
        self.assertEqual((self.case.state, self.case.postponed_until), ("suspended", day))
        self.assertFalse(self.case.next_attempt_id, msg="Nothing is charged before it is due.")
        self._assert_figures(100.0, 0.0, 100.0, 0.0, postponed=100.0, credited=0.0)
        self.freeze_time.move_to(f"{day} 12:00:00")
        self.addCleanup(self.freeze_time.move_to, self.NOW)
        self._run_cron("follow")
        self.assertEqual(self.case.state, "in_recovery")
        self.assertTrue(self.case.next_attempt_id, msg="It has its whole window again.")
        report = self._follow()
        self.assertEqual((report.in_recovery_amount, report.postponed_amount), (100.0, 0.0))
        self._charge_next(self.case)
        self.assertEqual(len(self.case.attempt_ids.filtered("transaction_id")), 2)

    def test_postponed_invoice_that_is_paid_before_its_day_is_recovered(self):
        self._correct(due=fields.Date.today() + timedelta(days=30))
        self._pay()
        self.assertEqual(self.case.state, "recovered")
        self._assert_figures(100.0, 100.0, 0.0, 0.0, postponed=0.0)

    def test_maturity_that_is_put_off_on_the_journal_item_counts_alike(self):
        self._get_terms().date_maturity = fields.Date.today() + timedelta(days=10)
        self._assert_figures(100.0, 0.0, 100.0, 0.0, postponed=100.0)
        self.assertEqual(self.case.state, "suspended")
        self._get_terms().date_maturity = fields.Date.today()
        self._assert_figures(100.0, 0.0, 100.0, 0.0, postponed=0.0)
        self.assertEqual((self.case.state, self.case.amount_owed), ("in_recovery", 100.0))

    def test_postponed_and_corrected_are_told_apart(self):
        self._correct(60.0, due=fields.Date.today() + timedelta(days=30))
        self._assert_figures(60.0, 0.0, 60.0, 0.0, postponed=60.0, corrected=40.0)

    def test_payment_without_entry_is_recovered(self):
        self._pay_without_entry()
        self.assertEqual((self.case.state, self.case.channel), ("recovered", "manual"))
        self._assert_figures(100.0, 100.0, 0.0, 0.0)
        self._match_statement(100.0)
        self.assertEqual(self.invoice.payment_state, "paid")
        self._assert_figures(100.0, 100.0, 0.0, 0.0)
        self.assertEqual(
            self.case.settlement_ids.mapped("channel"),
            ["manual"],
            msg="The statement shows the money of the payment that was known.",
        )

    def test_payment_without_entry_that_is_rejected_is_not_recovered(self):
        payment = self._pay_without_entry()
        payment.action_reject()
        self._assert_figures(100.0, 0.0, 100.0, 0.0)
        self.assertEqual(self.case.state, "in_recovery")

    def test_part_that_is_paid_without_entry_leaves_the_rest_in_recovery(self):
        self._pay_without_entry(40.0)
        self._assert_figures(100.0, 40.0, 60.0, 0.0)

    def test_refund_through_a_credit_note_is_recovered_no_more(self):
        self._pay()
        note = self._create_credit()
        self._assert_figures(100.0, 100.0, 0.0, 0.0, refunded=0.0)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=note.ids
        ).create({"amount": 100.0, "payment_date": fields.Date.today()})._create_payments()
        self._assert_figures(0.0, 0.0, 0.0, 0.0, refunded=100.0, credited=0.0)
        self.assertEqual(self.case.state, "cancelled")
        self.assertIn("refunded", self.case.end_reason)

    def test_refund_of_an_online_payment_is_recovered_no_more(self):
        self.invoice.collect_token_id = self._create_card("done")
        self._charge_next(self.case)
        self._assert_figures(100.0, 100.0, 0.0, 0.0)
        paid = self.invoice.transaction_ids.filtered(lambda each: each.state == "done")
        for amount, left in ((30.0, 70.0), (70.0, 0.0)):
            refund = paid._create_child_transaction(amount, is_refund=True)
            refund._set_done()
            refund._post_process()
            self._assert_figures(left, left, 0.0, 0.0, refunded=100.0 - left)

    def test_write_off_with_a_payment_is_lost(self):
        expense = self.company_data["default_account_expense"].id
        self._pay(94.5, payment_difference_handling="reconcile", writeoff_account_id=expense)
        self._assert_figures(100.0, 94.5, 0.0, 5.5)

    def test_entry_that_writes_the_invoice_off_is_lost_and_no_payment(self):
        terms = self._get_terms()
        expense = self.company_data["default_account_expense"]
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "line_ids": [
                    Command.create({"account_id": terms.account_id.id, "credit": 100.0}),
                    Command.create({"account_id": expense.id, "debit": 100.0}),
                ],
            }
        )
        entry.action_post()
        written_off = entry.line_ids.filtered(lambda line: line.account_id == terms.account_id)
        (written_off + terms).reconcile()
        self._follow()
        self.assertFalse(self.case.settlement_ids)
        self.assertEqual(self.case.recovered_amount, 0.0)
        self._assert_figures(100.0, 0.0, 0.0, 100.0)

    def test_rejected_payment_that_is_still_matched_is_not_recovered(self):
        payment = self._pay()
        payment.action_reject()
        self._assert_figures(100.0, 0.0, 100.0, 0.0)
        self.assertEqual(self.case.state, "suspended", msg="The books say that it is paid.")
        payment.move_id.line_ids.remove_move_reconcile()
        self._assert_figures(100.0, 0.0, 100.0, 0.0)
        self.assertEqual(self.case.state, "in_recovery")

    def test_payment_that_the_bank_returned_is_not_recovered(self):
        payment = self._pay()
        self._assert_figures(100.0, 100.0, 0.0, 0.0)
        payment._recovery_return(self._read_decline("MD06"), fields.Date.today(), is_dispute=False)
        self._assert_figures(100.0, 0.0, 100.0, 0.0)

    def test_chargeback_is_lost_where_the_policy_says_so(self):
        self.policy.dispute_action = "close"
        payment = self._pay()
        payment._recovery_return(self._read_decline("MD06"), fields.Date.today(), is_dispute=True)
        self._assert_figures(100.0, 0.0, 0.0, 100.0)
        self.assertEqual(self.case.state, "lost")

    def _read_decline(self, code):
        from odoo.addons.revenue_recovery.declines import read_return

        return read_return("sepa", code)

    def test_cancelled_invoice_never_failed(self):
        self.invoice.button_draft()
        self.invoice.button_cancel()
        self._assert_figures(0.0, 0.0, 0.0, 0.0, credited=100.0)
        self.assertEqual(self.case.state, "cancelled")


@tagged("post_install", "-at_install")
class TestReportDiscount(FollowCommon):
    """An early-payment discount that was taken is nothing that a customer failed to pay."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls.env["account.payment.term"].create(
            {
                "name": "2 % within ten days",
                "early_discount": True,
                "discount_percentage": 2.0,
                "discount_days": 10,
                "early_pay_discount_computation": "included",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 0})
                ],
            }
        )

    def setUp(self):
        super(FollowCommon, self).setUp()
        self.invoice, self.case = self._fail_invoice(
            invoice_payment_term_id=self.term.id, invoice_date_due=False
        )

    def test_discount_that_is_taken_is_not_lost(self):
        self._pay(98.0)
        self.assertEqual(self.invoice.amount_residual, 0.0, msg="Odoo grants the discount.")
        self.assertEqual(self.case.state, "recovered")
        report = self._follow()
        self.assertEqual((report.failed_amount, report.recovered_amount), (98.0, 98.0))
        self.assertEqual((report.lost_amount, report.in_recovery_amount), (0.0, 0.0))
        self._assert_figures(98.0, 98.0, 0.0, 0.0, discounted=report.asked_amount - 98.0)

    def test_discount_of_a_payment_without_entry_is_not_lost(self):
        self._pay_without_entry(98.0)
        report = self._follow()
        self.assertEqual((report.recovered_amount, report.lost_amount), (98.0, 0.0))
        self.assertEqual(report.in_recovery_amount, 0.0)
