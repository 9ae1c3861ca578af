# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_dashboard import DashboardCommon


@tagged("post_install", "-at_install")
class TestReplay(DashboardCommon):
    """What other retry schedules would have recovered."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.write({"retry_schedule": "smart", "control_share": 0})

    def _ask(self, user, *args):
        dashboards = self.env["recovery.dashboard"].with_user(user)
        return dashboards.with_context(allowed_company_ids=user.company_ids.ids).get_replay(*args)

    def _recover(self, **values):
        """Return a case whose first retry, decided by the smart schedule, was paid."""
        card = self._create_card()
        _invoice, case = self._fail_invoice(token=card, **values)
        card.demo_simulated_state = "done"
        self._charge_next(case)
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")
        return case

    def test_decisions_of_the_smart_schedule_are_replayed(self):
        case = self._recover()
        _invoice, lost = self._fail_invoice(amount=10.0)
        self._charge_next(lost)
        self._run_cron("follow")
        lost.action_stop()
        data = self._ask(self.accountant, 3)
        self.assertEqual((data["count"], data["recovered"]), (2, 0.5))
        journeys = self.env["recovery.dashboard"]._read_journeys(self.env.company, 3)
        (decision,) = journeys[-1].decisions
        self.assertEqual([journey.is_exhausted for journey in journeys], [False, False])
        record = case.attempt_ids.filtered(lambda attempt: attempt.retry_number == 1).decision
        self.assertEqual(decision.at.replace(tzinfo=None), datetime.fromisoformat(record["at"]))
        self.assertEqual(decision.paid, 1.0)
        self.assertIn(
            decision.at,
            [candidate.at for candidate in decision.candidates],
            msg="A chosen time that is not found among the candidates would never count.",
        )
        for policy in data["policies"]:
            self.assertFalse(policy["is_enough"], msg="Two decisions prove nothing.")
            self.assertIn(policy["why"], ("few", "unsupported"))
            self.assertLessEqual(policy["effective"], 2.0)

    def test_schedule_of_ones_own_is_replayed_too(self):
        self._recover()
        data = self._ask(self.accountant, 3, None, 5, 10)
        self.assertEqual(data["policies"][0]["name"], "5 tries, evenly in 10 days")
        self.assertNotIn("own", [policy["id"] for policy in self._ask(self.accountant)["policies"]])
        for tries, window in ((0, 10), (5, None), (5, 500), ("x", 10), (31, 90)):
            with self.subTest(tries=tries, window=window), self.assertRaises(UserError):
                self._ask(self.accountant, 3, None, tries, window)

    def test_open_cases_and_older_ones_are_left_out(self):
        case = self._recover()
        self._fail_invoice()
        self.assertEqual(self._ask(self.accountant, 1)["count"], 1)
        case.sudo().failed_on = fields.Date.today() - timedelta(days=40)
        self.assertEqual(self._ask(self.accountant, 1)["count"], 0)
        self.assertIsNone(self._ask(self.accountant, 1)["recovered"])

    def test_replay_is_for_who_may_see_the_company(self):
        self._recover()
        self.assertEqual(self._ask(self.stranger)["count"], 0)
        with self.assertRaises(AccessError):
            self._ask(self.stranger, 6, self.env.company.ids)
        clerk = self._create_user("clerk", "base.group_user", self.env.company)
        with self.assertRaises(AccessError):
            self._ask(clerk)

    def test_months_that_are_none_are_refused_with_a_sentence(self):
        for months in (0, 25, "many", None):
            with self.subTest(months=months), self.assertRaises(UserError):
                self._ask(self.accountant, months)
