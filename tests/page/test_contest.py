# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo.tests import tagged

from ..notice.notice_common import NoticeCommon
from .page_common import PageCommon


@tagged("post_install", "-at_install")
class TestContest(NoticeCommon):
    """A customer says that the invoice is wrong: it is left alone until a person decides."""

    NOW = "2026-11-23 09:00:00"

    def setUp(self):
        super().setUp()
        self.invoice, self.case = self._fail_invoice()
        self.case = self.case.sudo()

    def _contest(self, reason="amount", text="It was ten less."):
        self.assertIsNone(self.case._ask_question(text, self.customer, reason))

    def test_contested_invoice_is_neither_charged_nor_reminded_of(self):
        with self._at("2026-11-23 09:00:00") as clock:
            self._contest()
            case = self.case
            self.assertEqual((case.contest_state, case.contest_reason), ("open", "amount"))
            self.assertFalse(case.next_attempt_at)
            self.assertIn("contests the invoice: the amount is wrong", case.attention)
            self.assertEqual(len(case.activity_ids), 1)
            self.assertIn("It was ten less.", case.message_ids.mapped("body")[0])
            self._follow_at(clock, "2026-12-30 12:00:00")
            self.assertEqual((case.state, case.next_attempt_id.id), ("in_recovery", False))
            self.assertNotIn("sent", self._get_notice(case).mapped("state"))
            self.assertIn("send no reminders", case._get_page_next())

    def test_person_decides_that_it_stands_and_all_goes_on(self):
        with self._at("2026-11-23 09:00:00") as clock:
            deadline = self.case.deadline_at
            self._contest()
            clock.move_to("2026-11-26 09:00:00")
            self.case.sudo(False).action_contest_stands()
            self.assertEqual(self.case.contest_state, "stands")
            self.assertTrue(self.case.next_attempt_at)
            self.assertEqual(self.case.deadline_at, deadline + timedelta(days=3))
            self.assertFalse(self.case.attention or self.case.activity_ids)

    def test_what_was_decided_is_not_contested_again_but_asked(self):
        self._contest()
        self.case.action_contest_stands()
        self._contest("paid", "")
        self.assertEqual(self.case.contest_state, "stands")
        self.assertTrue(self.case.next_attempt_at)
        self.assertIn("asks a question", self.case.attention)

    def test_policy_may_go_on_and_only_tell(self):
        self.policy.contest_action = "tell"
        self._contest("other")
        self.assertTrue(self.case.next_attempt_at)
        self.assertIn("contests the invoice", self.case.attention)
        self.assertNotIn("send no reminders", self.case._get_page_next() or "")

    def test_end_of_the_case_says_what_came_of_it_and_it_is_counted(self):
        self._contest("delivery")
        other, other_case = self._fail_invoice()
        other_case.sudo()._ask_question("", self.customer, "paid")
        self._register_payment(self.invoice, 100.0)
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=other.ids)
            .create({"journal_id": other.journal_id.id})
        )
        wizard.modify_moves()
        self._run_cron("follow")
        self.assertEqual((self.case.state, self.case.contest_state), ("recovered", "paid"))
        self.assertEqual((other_case.state, other_case.contest_state), ("cancelled", "dropped"))
        self.assertFalse(self.case.attention or other_case.attention)
        self.env.flush_all()
        groups = self.env["recovery.case.report"]._read_group(
            [("move_id", "in", (self.invoice | other).ids)], ["contest_reason"], ["__count"]
        )
        self.assertEqual(dict(groups), {"delivery": 1, "paid": 1})

    def test_contest_is_no_dispute_of_a_payment(self):
        self._contest()
        self.assertFalse(self.case.dispute_state)

    def test_reason_without_words_is_enough_unless_it_is_another_one(self):
        self.assertTrue(self.case._ask_question("", self.customer, "other"))
        self.assertTrue(self.case._ask_question(" ", self.customer))
        self._contest("paid", "")

    def test_question_is_asked_until_somebody_answers(self):
        self.assertIsNone(self.case._ask_question("When?", self.customer))
        self._run_cron("follow")
        self.assertIn("asks a question", self.case.attention)
        self.case.message_post(
            body=self.customer.name,
            author_id=self.env.user.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self._run_cron("follow")
        self.assertFalse(self.case.attention or self.case.activity_ids)


@tagged("post_install", "-at_install")
class TestContestPage(PageCommon):
    """The form of the page."""

    def test_customer_chooses_a_reason_and_the_invoice(self):
        other, other_case = self._fail_invoice()
        path = self._get_path(self.case | other_case)
        page = self._post("question", path, question="", reason="paid", invoice=f"{other_case.id}")
        self.assertIn("We look into it", page.text)
        self.env.invalidate_all()
        self.assertEqual((self.case | other_case).mapped("contest_state"), [False, "open"])
        page = self._post("question", path, question="", reason="nonsense")
        self.assertEqual(page.status_code, 422)
        self._post("question", path, question="Both.", reason="amount", invoice="")
        self.env.invalidate_all()
        self.assertEqual(self.case.contest_state, "open")
