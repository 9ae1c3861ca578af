# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .test_return import ReturnCommon


@tagged("post_install", "-at_install")
class TestReturnRecovery(ReturnCommon):
    """What a return does to attempts and cases."""

    NOW = "2026-03-02 12:00:00"

    def _charge_again(self, case):
        """Let the next charge of a case succeed."""
        self._charge_next(case)
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")
        return case.move_id.reconciled_payment_ids.filtered(
            lambda payment: payment.state != "rejected"
        )

    def test_first_charge_that_is_returned_opens_a_case_with_the_reason(self):
        invoice, payment = self._pay_invoice()
        self.assertFalse(invoice.recovery_case_id)
        self._return(payment)
        attempt, case = invoice.recovery_attempt_ids.sorted("id")[:1], invoice.recovery_case_id
        self.assertEqual((attempt.state, attempt.decline_class), ("returned", "later"))
        self.assertEqual((attempt.network, attempt.network_code), ("sepa", "AM04"))
        self.assertEqual(attempt.decline_reason_id.code, "insufficient_funds")
        self.assertEqual(attempt.transaction_id.recovery_decline["network_code"], "AM04")
        self.assertEqual(attempt.transaction_id.recovery_reason_id.code, "insufficient_funds")
        self.assertEqual((case.state, case.first_attempt_id), ("in_recovery", attempt))
        self.assertEqual(case.decline_reason_id.code, "insufficient_funds")
        self.assertEqual(case.failed_amount, 100.0)
        self.assertTrue(case.next_attempt_at, msg="Planned by the retry schedule.")

    def test_nothing_changes_when_the_job_follows_the_return(self):
        invoice, payment = self._pay_invoice()
        self._return(payment)
        case = invoice.recovery_case_id
        before = case.read(["state", "decline_class", "next_attempt_at", "first_failure_at"])
        attempts = case.attempt_ids
        self._run_cron("follow")
        self.assertEqual(
            case.read(["state", "decline_class", "next_attempt_at", "first_failure_at"]), before
        )
        self.assertEqual((case.attempt_ids, invoice.recovery_case_ids), (attempts, case))

    def test_same_case_opens_again_and_its_schedule_begins_anew(self):
        with freeze_time("2026-03-02 12:00:00"):
            invoice, case = self._fail_invoice()
            invoice.collect_token_id = self._create_account()
            payment = self._charge_again(case)
            self.assertEqual(case.recovered_amount, 100.0)
        with freeze_time("2026-03-06 12:00:00"):
            self._return(payment)
            returned = payment.payment_transaction_id.id
        self.assertEqual(invoice.recovery_case_ids, case)
        self.assertEqual((case.state, case.recovered_amount), ("in_recovery", 0.0))
        self.assertEqual(str(case.first_failure_at), "2026-03-06 12:00:00")
        self.assertEqual(case.first_attempt_id.transaction_id.id, returned)
        self.assertIn("AM04", case.end_reason)
        self.assertFalse(case.attention, msg="Whoever recorded it knows.")
        self.assertGreater(case.next_attempt_at, case.first_failure_at)

    def test_sepa_debit_is_charged_again_twice_and_then_never(self):
        with freeze_time("2026-03-02 12:00:00"):
            invoice, payment = self._pay_invoice()
        case = self.env["recovery.case"]
        for day in (5, 9):
            with self.subTest(day=day), freeze_time(f"2026-03-{day:02} 12:00:00"):
                self._return(payment)
                case = invoice.recovery_case_id
                self.assertEqual((case.state, case.blocked_class), ("in_recovery", False))
                payment = self._charge_again(case)
        with freeze_time("2026-03-13 12:00:00"):
            self._return(payment)
            self.assertEqual(case.state, "in_recovery")
            self.assertFalse(case.next_attempt_at)
            self.assertEqual(case.blocked_class, "never")
            rule = case.block_rule_id
            self.assertIn(rule.name, case.block_sentence)
            with self.assertRaises(UserError) as refusal:
                case.action_retry_now()
        self.assertIn(rule.name, str(refusal.exception))
        self.assertIn(rule.source, str(refusal.exception))

    def test_sepa_debit_is_not_charged_again_after_thirty_days(self):
        with freeze_time("2026-03-02 12:00:00"):
            invoice, payment = self._pay_invoice()
        with freeze_time("2026-04-02 12:00:00"):
            self._return(payment)
            self.assertEqual(invoice.recovery_case_id.blocked_class, "never")
            self.assertTrue(invoice.recovery_case_id.block_rule_id)

    def test_class_of_the_return_decides_what_happens(self):
        for scheme, code, reason, blocked in (
            ("sepa", "MD07", "deceased", "never"),
            ("sepa", "AC04", "account_closed", "never"),
            ("sepa", "AC01", None, None),
            ("ach", "R01", "insufficient_funds", False),
            ("ach", "R02", "account_closed", "never"),
            ("bacs", "0", "refer_to_payer", False),
            ("bacs", "B", "account_closed", "never"),
            ("becs", "6", "refer_to_payer", False),
            ("pad", "901", "insufficient_funds", False),
        ):
            with self.subTest(scheme=scheme, code=code):
                token = self._create_account(recovery_network=scheme)
                invoice = self._create_invoice(token=token)
                self._collect()
                self._return(invoice.reconciled_payment_ids, code, scheme)
                case = invoice.recovery_case_id
                decline = self._read(code, scheme)
                self.assertEqual(case.state, "in_recovery")
                self.assertEqual(case.decline_reason_id.code, reason or decline.reason)
                if blocked is not None:
                    self.assertEqual(case.blocked_class, blocked)
                self.assertEqual(bool(case.next_attempt_at), not case.blocked_class)
                if case.blocked_class:
                    self.assertTrue(case.block_sentence)

    def test_closed_account_is_shut_though_a_later_debit_of_it_seemed_to_succeed(self):
        account = self._create_account()
        with freeze_time("2026-03-02 12:00:00"):
            account.recovery_updated_at = fields.Datetime.now()
            first = self._create_invoice(token=account)
            second = self._create_invoice(token=account, due="2026-03-05")
            self._collect()
            self.assertFalse(second.recovery_attempt_ids)
        with freeze_time("2026-03-05 12:00:00"):
            self._collect()
            self.assertEqual(second.recovery_attempt_ids.state, "paid")
        with freeze_time("2026-03-06 12:00:00"):
            self._return(first.reconciled_payment_ids, "AC04")
            self.assertEqual(first.recovery_case_id.blocked_class, "never")
            self.assertIn("Account closed", first.recovery_case_id.block_sentence)

    def test_unknown_code_is_kept_and_treated_as_later(self):
        invoice, payment = self._pay_invoice()
        self._return(payment, "ZZ99")
        attempt, case = invoice.recovery_attempt_ids.sorted("id")[:1], invoice.recovery_case_id
        self.assertEqual((attempt.network_code, attempt.decline_class), ("ZZ99", "later"))
        self.assertEqual(case.decline_reason_id.code, "unknown")
        unlisted = self.env["recovery.decline.unlisted"].search([("code", "=", "ZZ99")])
        self.assertEqual(unlisted.scope, "sepa", msg="A manager is asked what it means.")

    def test_payment_recorded_by_hand_opens_a_case(self):
        invoice = self._create_invoice(token=self._create_account(), collect_automatically=False)
        payment = self._register_payment(invoice, 100.0)
        self._return(payment, "AC04")
        case = invoice.recovery_case_id
        self.assertEqual((case.state, case.decline_class), ("in_recovery", "never"))
        self.assertEqual(case.decline_reason_id.code, "account_closed")
        self.assertFalse(case.first_attempt_id)

    def test_payment_of_the_portal_opens_a_case_whose_window_begins_now(self):
        with freeze_time("2026-03-02 12:00:00"):
            invoice = self._create_invoice(collect_automatically=False)
            transaction = self._create_portal_transaction(
                invoice, provider_id=self.demo_provider.id
            )
            transaction._set_done()
            transaction._post_process()
            self._run_cron("follow")
        with freeze_time("2026-03-20 12:00:00"):
            self._return(transaction.payment_id)
            self._run_cron("follow")
        case = invoice.recovery_case_id
        self.assertEqual(case.state, "in_recovery")
        self.assertEqual(str(case.first_failure_at), "2026-03-20 12:00:00")
        self.assertEqual(case.decline_reason_id.code, "insufficient_funds")
        self.assertEqual(transaction.recovery_reason_id.code, "insufficient_funds")

    def test_each_invoice_of_the_payment_gets_its_case(self):
        invoices = self._create_invoice(60.0) + self._create_invoice(40.0)
        payment = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({"group_payment": True})
            ._create_payments()
        )
        self._return(payment)
        self.assertEqual(invoices.recovery_case_id.mapped("failed_amount"), [60.0, 40.0])

    def test_invoice_that_is_paid_otherwise_has_nothing_to_recover(self):
        invoice, payment = self._pay_invoice()
        line = payment.move_id.line_ids.filtered(lambda line: line.account_id == self.receivable)
        line.remove_move_reconcile()
        self._register_payment(invoice, 100.0)
        self._return(payment)
        self.assertFalse(invoice.recovery_case_id)
        self.assertEqual(payment.state, "rejected")

    def test_credited_invoice_has_nothing_to_recover(self):
        invoice, payment = self._pay_invoice()
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        reversal.refund_moves()
        credit = self.env["account.move"].browse(reversal.new_move_ids.ids)
        credit.action_post()
        line = payment.move_id.line_ids.filtered(lambda line: line.account_id == self.receivable)
        line.remove_move_reconcile()
        (invoice + credit).line_ids.filtered(
            lambda line: line.account_id == self.receivable
        ).reconcile()
        self.assertEqual(invoice.payment_state, "reversed")
        self._return(payment)
        self.assertFalse(invoice.recovery_case_id)

    def test_case_that_was_given_up_stays_lost(self):
        invoice, case = self._fail_invoice()
        payment = self._register_payment(invoice, 30.0)
        case.action_stop()
        self._return(payment)
        self._run_cron("follow")
        self.assertEqual((case.state, invoice.recovery_case_ids), ("lost", case))

    def test_open_case_takes_the_reason_of_a_partial_payment_that_is_returned(self):
        invoice, case = self._fail_invoice()
        payment = self._register_payment(invoice, 30.0)
        self._run_cron("follow")
        self.assertEqual(case.recovered_amount, 30.0)
        self._return(payment, "AC04")
        self.assertEqual((case.state, case.recovered_amount), ("in_recovery", 0.0))
        self.assertEqual(case.decline_reason_id.code, "account_closed")

    def test_no_policy_no_case(self):
        self.policy.action_archive()
        invoice, payment = self._pay_invoice()
        self._return(payment)
        self.assertFalse(invoice.recovery_case_id)
        self.assertEqual(invoice.recovery_attempt_ids.state, "returned")

    def test_suspended_invoice_is_not_charged(self):
        invoice, case = self._fail_invoice()
        payment = self._register_payment(invoice, 100.0)
        self._run_cron("follow")
        invoice.line_ids.no_followup = True
        self._return(payment)
        self.assertEqual((case.state, case.next_attempt_at), ("suspended", False))

    def test_timeline_shows_the_returned_charge(self):
        invoice, payment = self._pay_invoice()
        self._return(payment)
        self.env.invalidate_all()
        line = invoice.recovery_case_id.timeline_ids.filtered(lambda line: line.state == "returned")
        self.assertEqual(len(line), 1)
        self.assertIn("AM04", line.sentence)
        states = dict(line._fields["state"]._description_selection(self.env))
        self.assertEqual(states["returned"], "Returned")

    def test_customer_hears_of_it_also_of_technical_trouble_that_may_not_be_tried_again(self):
        template = self.env.ref("revenue_recovery.mail_template_payment_failed")
        self.policy.step_ids = [Command.create({"name": "Failed", "mail_template_id": template.id})]
        for code, notices in (("AM04", 1), ("ED05", 1)):
            with self.subTest(code=code):
                invoice, payment = self._pay_invoice()
                self._return(payment, code)
                self._run_cron("follow")
                self.assertEqual(len(invoice.recovery_case_id.notice_ids), notices)
