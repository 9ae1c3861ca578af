# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import re
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .page_common import PageCommon


@tagged("post_install", "-at_install")
class TestPageParts(PageCommon):
    """The customer agrees to parts on their page, and the jobs charge them."""

    NOW = "2026-03-02 09:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.write(
            {"parts_most": 4, "parts_from": 0.0, "parts_least": 20.0, "tries": 3, "window_days": 9}
        )

    def setUp(self):
        self.freeze_time.move_to(self.NOW)
        super().setUp()
        self.token = self.invoice.collect_token_id

    def _choose(self, path=None, **values):
        """Open the page of the parts with what is chosen, and return it."""
        query = "&".join(f"{name}={value}" for name, value in values.items())
        return self._get(f"{path or self.path}/parts?{query}")

    def _agree(self, path=None, **values):
        """Choose, then agree as a browser would send the second form."""
        page = self._choose(path, **values).text
        form = page[page.index('name="agree"') :] if 'name="agree"' in page else ""
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        hidden.pop("csrf_token", None)
        return self._post("parts", path, **{**hidden, "agree": "1", **values})

    def _pass(self, days):
        self.freeze_time.move_to(fields.Datetime.now() + timedelta(days=days))
        for name in ("follow", "charge", "follow"):
            self._run_cron(name)
        self.env.invalidate_all()

    def test_the_whole_way(self):
        self.assertIn(f"/parts?only={self.case.id}", self._get().text)
        page = self._choose().text
        for words in ("$\xa033.33", "$\xa033.34", "I agree to these charges", "in 3 parts"):
            self.assertIn(words, page.replace("&nbsp;", "\xa0"))
        self.assertFalse(self.case.part_plan_id, msg="Looking changes nothing.")
        first = fields.Date.today() + timedelta(days=4)
        answer = self._agree(count=3, first=first, step="fortnight")
        self.assertIn("We charge each part on its day", answer.text)
        self.assertIn("You pay in parts", answer.text)
        self.assertIn("To come", answer.text)
        plan = self.case.part_plan_id
        self.assertEqual(
            (plan.state, plan.agreed_by, plan.author_id), ("running", "customer", self.customer)
        )
        self.assertEqual(plan.part_ids.mapped("amount"), [33.33, 33.33, 33.34])
        self.assertEqual(
            plan.part_ids.mapped("day"), [first + timedelta(days=days) for days in (0, 14, 28)]
        )
        self.assertIn("I pay INV", plan.consent)
        self.assertIn("33.34", plan.consent)
        self.assertIn("I pay INV", self.case.message_ids[0].body)
        self.assertEqual(self.case.message_ids[0].author_id, self.customer)
        self.token.demo_simulated_state = "done"
        self._pass(4)
        self.assertEqual(plan.part_ids.mapped("state"), ["paid", "planned", "planned"])
        self.assertEqual(
            (self.invoice.payment_state, self.invoice.amount_residual), ("partial", 66.67)
        )
        self.assertIn("Paid, thank you", self._get(self._get_path(self.case)).text)
        self.token.demo_simulated_state = "error"
        self._pass(14)
        self.assertEqual(plan.part_ids.mapped("state"), ["paid", "failed", "planned"])
        self.assertIn("Failed; we try again", self._get(self._get_path(self.case)).text)
        self.assertEqual(self.case.next_attempt_id.source, "ladder")
        self.token.demo_simulated_state = "done"
        self._pass(5)
        self.assertEqual(plan.part_ids.mapped("state"), ["paid", "paid", "planned"])
        self._pass(11)
        self.assertEqual((self.invoice.payment_state, self.case.state), ("paid", "recovered"))
        self.assertEqual((plan.state, self.case.recovered_amount), ("paid", 100.0))
        partials = self.invoice.line_ids.matched_credit_ids.mapped("amount")
        self.assertEqual(sorted(partials), [33.33, 33.33, 33.34])
        settled = self.case.settlement_ids
        self.assertEqual(sorted(settled.mapped("amount")), [33.33, 33.33, 33.34])
        self.assertEqual(set(settled.mapped("channel")), {"retry"})

    def test_customer_is_written_to_about_the_parts(self):
        self._agree(count=2, first=fields.Date.today() + timedelta(days=9), step="month")
        self._pass(0)
        sent = self.case.notice_ids.filtered(lambda each: each.state == "sent")
        self.assertEqual(sent.mapped("name"), ["Recovery: Payment in parts agreed"])
        self.assertIn("I pay INV", sent.mail_message_id.body)
        reminder = self.case.notice_ids.filtered("part_id")
        self.assertEqual(reminder.part_id, self.case.part_plan_id.part_ids[0])
        self.assertEqual(reminder.planned_at.date(), fields.Date.today() + timedelta(days=7))
        self._pass(7)
        self.assertEqual(reminder.state, "sent")
        self.assertIn("50.00", reminder.mail_message_id.body)
        self.token.demo_simulated_state = "done"
        self._pass(2)
        others = self.case.notice_ids.filtered("part_id") - reminder
        self.assertEqual(others.part_id, self.case.part_plan_id.part_ids[1])
        self._register_payment(self.invoice, 50.0)
        self._pass(0)
        self.assertNotEqual(others.state, "planned", msg="Nothing is left to be reminded of.")

    def test_nobody_is_reminded_of_a_part_that_was_paid_by_hand(self):
        self.policy.parts_remind_days = 2
        self._agree(count=2, first=fields.Date.today() + timedelta(days=9), step="month")
        self._register_payment(self.invoice, 50.0)
        self._pass(7)
        reminder = self.case.notice_ids.filtered("part_id")[:1]
        self.assertNotIn("sent", reminder.mapped("state"))

    def test_what_failed_before_is_not_reminded_of_while_parts_are_paid(self):
        self._agree(count=2, first=fields.Date.today() + timedelta(days=9), step="week")
        # However fast the machine: both in one second.
        self.case.sudo().first_failure_at = self.case.part_plan_id.agreed_at
        self._pass(3)
        about_failure = self.case.notice_ids.filtered(
            lambda each: each.step_id.trigger in ("first_failure", "each_failure")
        )
        self.assertNotIn("planned", about_failure.mapped("state"))
        self._pass(6)
        begun = self.case._get_notice_facts()[self.case]
        self.assertEqual(len(begun.failures), 1, msg="The part that has just failed.")

    def test_consent_and_what_was_shown_count(self):
        values = {"count": "2", "first": "2026-03-05", "step": "week"}
        self.assertIn("Please tick", self._agree(**values, agree="").text)
        self.assertIn("Something has changed", self._agree(**values, mark="0").text)
        self.assertFalse(self.case.part_plan_id)
        self._register_payment(self.invoice, 10.0)
        page = self._choose(**values).text
        self.assertIn("45.00", page)

    def test_choices_that_are_out_of_bounds_are_answered(self):
        for values, words in (
            ({"count": 2, "first": "2026-03-01", "step": "week"}, "Choose days from"),
            ({"count": 2, "first": "2027-03-01", "step": "week"}, "Choose days from"),
            ({"count": 4, "first": "2026-03-03", "step": "month"}, "Choose days from"),
        ):
            with self.subTest(values):
                self.assertIn(words, self._choose(**values).text)
                self.assertEqual(self._agree(**values).status_code, 422)
        for values in (
            {"count": "99", "first": "nonsense", "step": "eon"},
            {"count": "-1", "first": "2026-02-31"},
            {"count": "<b>", "only": "0"},
            {"only": "999999999999"},
        ):
            with self.subTest(values):
                self.assertEqual(self._choose(**values).status_code, 200)
        self.assertFalse(self.case.part_plan_id)

    def test_page_offers_nothing_where_the_policy_does_not(self):
        self.policy.parts_most = 0
        self.assertNotIn("/parts?", self._get().text)
        self.assertIn("be paid in parts now", self._choose().text)
        self.assertIn("be paid in parts now", self._agree(count=2).text)
        self.assertFalse(self.case.part_plan_id)

    def test_who_pays_in_parts_promises_nothing_and_agrees_once(self):
        self._agree(count=2, first=fields.Date.today() + timedelta(days=5), step="week")
        page = self._get().text
        self.assertNotIn("/parts?", page)
        self.assertNotIn('name="day"', page)
        self.assertIn("is paid in parts", self._post("promise", day="2026-03-05").text)
        self.assertIn("agreed to pay in parts within the last year", self._choose().text)

    def test_promise_gives_way_to_the_parts(self):
        self._post("promise", day="2026-03-05")
        self.assertTrue(self.case.promise_date)
        self._agree(count=2, first="2026-03-03", step="week")
        self.assertFalse(self.case.promise_date)
        self.assertEqual(self.case._get_local_day(self.case.next_attempt_at).day, 3)

    def test_customer_pays_all_at_once_meanwhile(self):
        self._agree(count=2, first=fields.Date.today() + timedelta(days=9), step="week")
        self._simulate(self._pay(amount=100.0))
        self._run_cron("follow")
        self.assertEqual((self.invoice.payment_state, self.case.state), ("paid", "recovered"))
        self.assertEqual(self.case.part_plan_id.state, "paid")

    def test_one_of_several_invoices_is_paid_in_parts(self):
        _other, other_case = self._fail_invoice(amount=55.0)
        path = self._get_path(self.case | other_case)
        page = self._get(path).text
        self.assertIn(f"/parts?only={other_case.id}", page)
        self._agree(path, only=other_case.id, count=2, first="2026-03-05", step="week")
        self.assertEqual(other_case.part_plan_id.part_ids.mapped("amount"), [27.5, 27.5])
        self.assertFalse(self.case.part_plan_id)

    def test_link_of_another_customer_opens_no_parts(self):
        stranger = self.customer.copy({"name": "Stranger"})
        card = self._create_card(partner_id=stranger.id)
        _invoice, other_case = self._fail_invoice(token=card, partner_id=stranger.id)
        self._agree(only=other_case.id, count=2, first="2026-03-05", step="week")
        self.assertFalse(other_case.part_plan_id)

    def test_standing_tells_of_the_parts(self):
        from ...models.standing.standing import read_standing

        company = self.env.company.sudo()
        self.assertFalse(read_standing(company, self.customer).in_parts)
        self._agree(count=2, first=fields.Date.today() + timedelta(days=9), step="week")
        self.assertTrue(read_standing(company, self.customer).in_parts)
