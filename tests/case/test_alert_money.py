# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo.tests import tagged

from odoo.addons.revenue_recovery.models.case import alerts

from .test_alert import AlertCommon


@tagged("post_install", "-at_install")
class TestMoneyAlert(AlertCommon):
    """Money that arrives where nothing is owed any more is told, with or without a case."""

    def _settle_late(self, invoice, attempt):
        """Let the provider report the success of a charge that had ended otherwise, or had not."""
        attempt.transaction_id._set_done()
        with self._enter_job_mode():
            attempt.transaction_id._post_process()
        self._run_cron("follow")

    def _charge_pending(self):
        invoice = self._create_invoice(token=self._create_card("pending"))
        self._collect()
        return invoice, invoice.recovery_attempt_ids

    def test_first_charge_that_was_paid_twice_is_told_on_the_invoice(self):
        self._withdraw_policy()
        invoice = self._create_invoice(token=self._create_card("error"))
        self._collect()
        first = invoice.recovery_attempt_ids.sudo()
        self.assertEqual(first.state, "declined")
        second = first.copy(
            {
                "state": "paid",
                "token_id": first.token_id.id,
                "transaction_id": self._pay_online(invoice).id,
            }
        )
        self._settle_late(invoice, first)
        self.assertEqual(first.state, "paid")
        self.assertIn(second.transaction_id.reference, invoice.recovery_attention)
        self.assertIn(first.transaction_id.reference, invoice.recovery_attention)
        todo = self._find_todos("paid_twice")
        self.assertEqual((todo.res_model, todo.res_id), ("account.move", invoice.id))
        self.assertFalse(self._find_todos("excess"), msg="One to-do for one payment.")
        first.transaction_id.payment_id.action_cancel()
        self._run_cron("follow")
        self.assertFalse(invoice.recovery_attention, msg="The second payment is gone.")

    def test_success_for_an_invoice_that_was_cancelled_is_told(self):
        invoice, attempt = self._charge_pending()
        invoice.button_draft()
        invoice.button_cancel()
        self._run_cron("follow")
        self._settle_late(invoice, attempt)
        self.assertEqual(invoice.state, "cancel")
        self.assertFalse(invoice.recovery_case_id)
        self.assertIn("nothing is owed", invoice.recovery_attention)
        self.assertIn(attempt.transaction_id.reference, invoice.recovery_attention)
        self.assertEqual(len(self._find_todos("excess")), 1)
        self._run_cron("follow")
        self.assertEqual(len(self._find_todos("excess")), 1, msg="Once.")

    def test_success_for_a_cancelled_invoice_with_a_case_is_told(self):
        invoice, case = self._fail_invoice()
        transaction = self._create_portal_transaction(invoice)
        transaction._set_pending()
        invoice.button_draft()
        invoice.button_cancel()
        self._run_cron("follow")
        self.assertEqual(case.state, "cancelled")
        transaction._set_done()
        with self._enter_job_mode():
            transaction._post_process()
        self._run_cron("follow")
        self.assertIn("nothing is owed", invoice.recovery_attention)

    def test_payment_of_the_customer_for_an_invoice_without_case_that_is_paid_is_told(self):
        invoice = self._create_invoice(collect_automatically=False)
        transaction = self._create_portal_transaction(invoice)
        transaction._set_pending()
        self._register_payment(invoice, 100.0)
        transaction._set_done()
        with self._enter_job_mode():
            transaction._post_process()
        self._run_cron("follow")
        self.assertIn("nothing is owed", invoice.recovery_attention)

    def test_what_is_left_of_a_payment_is_told(self):
        invoice = self._create_invoice(collect_automatically=False)
        self._register_payment(invoice, 60.0)
        self._pay_online(invoice)
        self.assertIn(self.env.company.currency_id.format(60.0), invoice.recovery_attention)

    def test_payment_of_what_is_owed_is_nothing_to_tell(self):
        invoice = self._create_invoice(collect_automatically=False)
        self._pay_online(invoice)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertFalse(self._find_todos())

    def test_invoice_that_is_cancelled_after_an_online_payment_is_told_of(self):
        invoice = self._create_invoice(collect_automatically=False)
        self._pay_online(invoice)
        invoice.button_draft()
        invoice.button_cancel()
        self._run_cron("follow")
        self.assertIn("nothing is owed", invoice.recovery_attention)

    def test_excess_is_answered_when_it_pays_another_invoice(self):
        invoice = self._create_invoice(collect_automatically=False)
        self._register_payment(invoice, 100.0)
        payment = self._pay_online(invoice).payment_id
        self.assertTrue(invoice.recovery_attention)
        other = self._create_invoice(collect_automatically=False)
        lines = (payment.move_id + other).line_ids
        lines.filtered(lambda line: line.account_type == "asset_receivable").reconcile()
        self._run_cron("follow")
        self.assertFalse(invoice.recovery_attention)

    def test_excess_is_answered_when_it_is_refunded(self):
        invoice = self._create_invoice(collect_automatically=False)
        self._register_payment(invoice, 100.0)
        transaction = self._pay_online(invoice)
        self.assertTrue(invoice.recovery_attention)
        refund = transaction._create_child_transaction(60.0, is_refund=True)
        refund._set_done()
        refund._post_process()
        self._run_cron("follow")
        self.assertTrue(invoice.recovery_attention, msg="Not all of it.")
        refund = transaction._create_child_transaction(40.0, is_refund=True)
        refund._set_done()
        refund._post_process()
        self._run_cron("follow")
        self.assertFalse(invoice.recovery_attention)

    def test_excess_without_a_journal_entry_is_told(self):
        lines = self.env["account.payment.method.line"].search([])
        lines.payment_account_id = False
        self.patch(  # As where an accounting app matches bank transactions with invoices.
            type(self.env["account.move"]), "_get_invoice_in_payment_state", lambda _: "in_payment"
        )
        invoice = self._create_invoice(collect_automatically=False)
        transaction = self._pay_online(invoice)
        self.assertFalse(transaction.payment_id.move_id)
        self.assertEqual(invoice.payment_state, "in_payment")
        self.assertFalse(invoice.recovery_attention)
        self._pay_online(invoice, reference="second")
        self.assertIn("nothing is owed", invoice.recovery_attention)

    def test_payment_that_odoo_cannot_book_is_told_within_a_day(self):
        invoice = self._create_invoice(collect_automatically=False)
        transaction = self._create_portal_transaction(invoice)
        transaction._set_done()
        self._run_cron("follow")
        self.assertFalse(invoice.recovery_attention, msg="Odoo's own job has its time.")
        transaction.last_state_change -= timedelta(hours=13)
        self._run_cron("follow")
        self.assertIn("could not book", invoice.recovery_attention)
        self._run_cron("follow")
        self.assertEqual(len(self._find_todos()), 1)
        with self._enter_job_mode():
            transaction._post_process()
            transaction.is_post_processed = True
        self._run_cron("follow")
        self.assertFalse(invoice.recovery_attention)

    def test_excess_survives_the_end_of_the_case(self):
        invoice, case = self._fail_invoice()
        alerts.raise_alert(invoice, "Refund it.", "thing:1")
        self._register_payment(invoice, 100.0)
        self._run_cron("follow")
        self.assertEqual((case.state, case.attention), ("recovered", "Refund it."))
