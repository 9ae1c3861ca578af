# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .page_common import PageCommon


@tagged("post_install", "-at_install")
class TestPromise(PageCommon):
    def setUp(self):
        super().setUp()
        self.today = fields.Date.today()

    def _day(self, days):
        return self.today + timedelta(days=days)

    def _promise(self, days=3):
        return self._post("promise", day=self._day(days).isoformat())

    def test_customer_promises_a_day_and_nothing_is_charged_before_it_is_over(self):
        answer = self._promise()
        self.assertIn("We wait until the day you promised", answer.text)
        self.assertEqual(self.case.promise_date, self._day(3))
        self.assertGreaterEqual(self.case.next_attempt_at, self.case._get_promise_end())
        self.assertIn("promised to pay by", self.case.next_attempt_id.sentence)
        self.assertIn("promised to pay by", self.case.message_ids[0].body)
        self.assertEqual(self.case.message_ids[0].author_id, self.customer)
        self.assertFalse(self.case.attention, msg="A promise needs nobody, a broken one does.")
        self.assertIn("You promised to pay by", self._get().text)

    def test_charge_that_comes_before_is_held_back_by_the_gate(self):
        self._promise()
        self._charge_next(self.case)
        self.assertEqual(self.case.next_attempt_at, self.case._get_promise_end())
        self.assertEqual(len(self.case.attempt_ids.filtered("transaction_id")), 1)

    def test_days_out_of_bounds_are_refused_with_the_right_ones(self):
        for days in (-1, 0, 15, 4000):
            with self.subTest(days=days):
                answer = self._promise(days)
                self.assertEqual(answer.status_code, 422)
                self.assertIn("Choose a day from", answer.text)
        for day in ("", "nonsense", "2026-02-31", "<b>"):
            self.assertIn("Please choose a day", self._post("promise", day=day).text)
        self.assertFalse(self.case.promise_date)

    def test_customer_promises_once_unless_a_person_allows_another(self):
        self._promise()
        self.assertNotIn('name="day"', self._get().text)
        self.assertIn("promised before", self._promise(5).text)
        self.case.action_allow_promise()
        self._promise(5)
        self.assertEqual(self.case.promise_date, self._day(5))

    def test_promise_is_for_all_invoices_of_the_page_or_for_none(self):
        _other, other_case = self._fail_invoice(amount=55.0)
        path = self._get_path(self.case | other_case)
        other_case.sudo().promise_count = 1
        self._post("promise", path, day=self._day(3).isoformat())
        self.assertFalse(self.case.promise_date)
        other_case.action_allow_promise()
        self._post("promise", path, day=self._day(3).isoformat())
        self.assertEqual((self.case | other_case).mapped("promise_date"), [self._day(3)] * 2)

    def test_policy_may_offer_no_promise(self):
        self.policy.promise_days = 0
        self.assertNotIn('name="day"', self._get().text)
        self.assertIn("No day can be promised", self._promise().text)

    def test_days_of_a_policy_are_bounded(self):
        for days in (-1, 367):
            with self.assertRaises(ValidationError):
                self.policy.promise_days = days

    def test_promise_that_is_kept_ends_with_the_payment(self):
        self._promise()
        self._register_payment(self.invoice, 100.0)
        self._run_cron("follow")
        self.assertEqual(self.case.state, "recovered")
        self.assertFalse(self.case.promise_date)

    def test_broken_promise_asks_for_attention_and_charges_go_on(self):
        self._promise()
        end = self.case._get_promise_end()
        with freeze_time(end - timedelta(hours=1)):
            self._run_cron("follow")
            self.assertTrue(self.case.promise_date, msg="The day is not over where they live.")
        with freeze_time(end + timedelta(minutes=1)):
            self._run_cron("follow")
            self.assertFalse(self.case.promise_date)
            self.assertIn("and did not", self.case.attention)
            self.assertLess(self.case.next_attempt_at, end + timedelta(days=1))

    def test_accountant_writes_a_promise_down_and_withdraws_it(self):
        action = self.case.action_promise()
        wizard = self.env["recovery.plan.wizard"].with_context(**action["context"]).create({})
        wizard.promise_date = self._day(4)
        wizard.action_apply()
        self.assertEqual((self.case.promise_date, self.case.promise_count), (self._day(4), 0))
        with self.assertRaisesRegex(UserError, "Withdraw the promise first"):
            self.case.action_retry_now()
        self.case.action_withdraw_promise()
        self.assertFalse(self.case.promise_date)
        self.assertLess(self.case.next_attempt_at.date(), self._day(4))

    def test_accountants_promise_lies_in_the_future(self):
        wizard = self.env["recovery.plan.wizard"].create(
            {"mode": "promise", "case_ids": self.case.ids, "promise_date": self.today}
        )
        with self.assertRaises(UserError):
            wizard.action_apply()

    def test_day_ends_where_the_customer_lives(self):
        self.customer.tz = "Pacific/Honolulu"
        self.case.sudo()._promise(self._day(2))
        self.assertEqual(self.case._get_promise_end().hour, 10)

    def test_promise_lies_before_the_case_ends(self):
        bounds = self.case._get_promise_bounds()
        self.assertLess(bounds.last, self.case.deadline_at.date())
