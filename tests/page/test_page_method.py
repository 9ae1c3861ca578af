# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .page_common import PageCommon

FUTURE_CHECKED = r'id="o_recovery_future"[^>]*checked="checked"'


@tagged("post_install", "-at_install")
class TestPageMethod(PageCommon):
    """Another payment method is saved on the page, and charged at once."""

    def _replace(self, outcome="done", **values):
        """Save a new method on the page; its charges end as given."""
        transaction = self._simulate(self._save_method(**values))
        transaction.token_id.demo_simulated_state = outcome
        return transaction.token_id

    def test_form_saves_a_method_without_a_payment(self):
        page = self._get(f"{self.path}/method").text
        self.assertIn('data-mode="validation"', page)
        self.assertIn("4242", page, msg="The customer sees which method is replaced.")
        self.assertIn('id="o_recovery_future"', page)
        self.assertNotRegex(page, FUTURE_CHECKED, msg="They have to agree themselves.")
        self.customer.collect_token_id = self.case._get_default_token()
        page = self._get(f"{self.path}/method").text
        self.assertRegex(page, FUTURE_CHECKED)

    def test_new_method_pays_the_failing_invoice_at_once(self):
        token = self._replace()
        self.assertEqual(self.invoice.collect_token_id, token)
        self.assertIn("being processed", self._get().text)
        self._run_cron("follow")
        attempt = self.case.next_attempt_id
        self.assertEqual(attempt.source, "method")
        self.assertIn("replaced the payment method", attempt.sentence)
        self._make_due(self.case)
        self._run_cron("charge")
        self.assertEqual((self.invoice.payment_state, self.case.state), ("paid", "recovered"))
        self.assertIn("Paid, thank you", self._get().text)

    def test_new_method_is_charged_within_the_same_minute(self):
        self.env["ir.cron.trigger"].sudo().search([]).unlink()
        self._replace()
        self.assertTrue(self._find_wake_ups("follow"))
        self._run_cron("follow")
        attempt = self.case.next_attempt_id
        self.assertLessEqual(attempt.planned_at, fields.Datetime.now())
        self.assertTrue(self._find_wake_ups("charge"))
        self._run_cron("charge")
        self.assertEqual(self.invoice.payment_state, "paid")

    def _find_wake_ups(self, name):
        job = self.env.ref(f"revenue_recovery.ir_cron_recovery_{name}")
        due = [("cron_id", "=", job.id), ("call_at", "<=", fields.Datetime.now())]
        return self.env["ir.cron.trigger"].sudo().search(due)

    def test_case_whose_method_was_dead_charges_the_new_one(self):
        self.case.first_attempt_id.sudo().decline_class = "never"
        self.case.sudo().write({"decline_class": "never", "blocked_class": "never"})
        self._replace()
        self._run_cron("follow")
        self.assertFalse(self.case.blocked_class)
        self.assertEqual(self.case.next_attempt_id.source, "method")

    def test_case_in_grace_charges_the_new_method(self):
        self.case.sudo()._cancel_planned("Test")
        self.case.sudo()._begin_grace("Test")
        self._replace()
        self._run_cron("follow")
        self.assertEqual(self.case.state, "in_recovery")
        self.assertEqual(self.case.next_attempt_id.source, "method")

    def test_paused_case_keeps_the_method_and_waits(self):
        self.case.sudo()._pause(False, "Test")
        token = self._replace()
        self._run_cron("follow")
        self.assertEqual(self.invoice.collect_token_id, token)
        self.assertFalse(self.case.next_attempt_id)

    def test_customer_decides_about_his_other_invoices(self):
        token = self._replace(recovery_future=True)
        self.assertEqual(self.customer.collect_token_id, token)
        other = self._replace(recovery_future=False)
        self.assertEqual(self.customer.collect_token_id, token)
        self.assertEqual(self.invoice.collect_token_id, other)

    def test_new_method_withdraws_the_promise(self):
        self.case.sudo()._promise(fields.Date.add(fields.Date.today(), days=3))
        self._replace()
        self._run_cron("follow")
        self.assertFalse(self.case.promise_date)
        self.assertEqual(self.case.next_attempt_id.source, "method")

    def test_new_method_that_is_declined_says_so(self):
        self._replace("error")
        self._run_cron("follow")
        self._make_due(self.case)
        self._run_cron("charge")
        self._run_cron("follow")
        page = self._get().text
        self.assertIn("o_payment_form", page)
        self.assertEqual(self.invoice.payment_state, "not_paid")

    @mute_logger("odoo.http")
    def test_saved_method_cannot_be_passed_off_as_a_new_one(self):
        card = self._create_card()
        self.assertIn("enter a payment method", self._save_method(flow="token", token_id=card.id))

    def test_link_of_an_expiring_card_replaces_it_wherever_it_is_charged(self):
        card = self._create_card()
        invoice = self._create_invoice(token=card, due=fields.Date.add(fields.Date.today(), days=9))
        self.customer.collect_token_id = card
        link = card._get_recovery_method_link()
        path = link[link.index("/recovery/pay/") : -len("/method")]
        page = self._get(f"{path}/method").text
        self.assertIn('data-mode="validation"', page)
        self.assertNotIn(invoice.name, page)
        token = self._replace(path=path)
        self.assertEqual((invoice.collect_token_id, self.customer.collect_token_id), (token, token))
        self.assertFalse(invoice.recovery_attempt_ids, msg="It is not due yet.")
        self.assertIn("is saved", self._get(f"{path}/method?done=method").text)

    def test_link_of_a_card_that_is_gone_is_closed(self):
        card = self._create_card()
        link = card._get_recovery_method_link()
        card.active = False
        self.assertEqual(self._get(link[link.index("/recovery/") :]).status_code, 410)
