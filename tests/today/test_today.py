# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The page *Today*: its numbers, whose they are, and the buttons that settle what needs you."""

from contextlib import nullcontext
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from ..common import RecoveryCommon


class TodayCommon(RecoveryCommon):
    NOW = "2027-03-10 09:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.tz = "Europe/Paris"
        cls.card = cls._create_card(outcome="error")

    def _fail(self, **values):
        return self._fail_invoice(token=self.card, **values)[1].sudo()


@tagged("post_install", "-at_install")
class TestToday(TodayCommon):
    def _get_data(self, user=None):
        today = self.env["recovery.today"].with_context(tz="Europe/Paris")
        return (today.with_user(user) if user else today).get_data()

    def test_nothing_to_do(self):
        data = self._get_data()
        self.assertEqual(data["needs"]["count"], 0)
        self.assertEqual([day["count"] for day in data["charges"]], [0, 0])
        self.assertEqual(data["stopped"]["count"], 0)
        self.assertFalse(data["providers"])
        self.assertFalse(data["late"]["count"])

    def test_what_needs_a_person(self):
        case = self._fail()
        case._ask_for_attention("Call them.")
        other = self._fail()
        attempt = other.next_attempt_id
        attempt.write({"state": "unknown", "deadline_at": fields.Datetime.now()})
        other._ask_for_attention("Was it charged?")
        needs = self._get_data()["needs"]
        self.assertEqual(needs["count"], 2)
        row = next(row for row in needs["rows"] if row["id"] == case.id)
        self.assertEqual(
            (row["model"], row["sentence"], row["amount"], row["acts"]),
            ("recovery.case", "Call them.", 100.0, ["done"]),
        )
        if other.has_question:
            self.assertEqual(needs["rows"][0]["id"], other.id)
            self.assertEqual(needs["rows"][0]["acts"], ["charged", "not_charged"])

    def test_charges_of_today_and_tomorrow(self):
        first, second, third = (self._fail(amount=amount) for amount in (100.0, 50.0, 30.0))
        # Midnight is that of whoever reads: the second is tomorrow's in Paris.
        first.next_attempt_id.write({"planned_at": "2027-03-10 22:59:00", "probability": 0.25})
        second.next_attempt_id.write({"planned_at": "2027-03-10 23:00:00", "probability": 0})
        third.next_attempt_id.write({"planned_at": "2027-03-12 09:00:00", "probability": 0.5})
        today, tomorrow = self._get_data()["charges"]
        self.assertEqual((today["count"], today["amount"]), (1, 100.0))
        self.assertEqual((today["known_count"], today["expected"]), (1, 25.0))
        self.assertEqual((tomorrow["count"], tomorrow["amount"]), (1, 50.0))
        self.assertEqual((tomorrow["known_count"], tomorrow["expected"]), (0, 0.0))
        self.assertEqual(
            self.env["recovery.attempt"].search(tomorrow["domain"]), second.next_attempt_id
        )

    def test_what_has_been_paid_in_part_counts_with_its_rest(self):
        case = self._fail()
        self._register_payment(case.move_id, 40.0)
        case.next_attempt_id.planned_at = fields.Datetime.now()
        self.assertEqual(self._get_data()["charges"][0]["amount"], 60.0)

    def test_methods_that_have_stopped_and_that_stop(self):
        case = self._fail()
        case.blocked_class = "fix_data"
        self._fail(amount=70.0)
        self.card.recovery_expiry = "2027-03-31"
        data = self._get_data()
        self.assertEqual((data["stopped"]["count"], data["stopped"]["amount"]), (1, 100.0))
        self.assertEqual(self.env["recovery.case"].search(data["stopped"]["domain"]), case)
        self.assertEqual(data["stopping"]["count"], 1)
        self.assertEqual(data["stopping"]["amount"], 170.0)
        row = data["stopping"]["rows"][0]
        self.assertEqual((row["ends"], row["has_ended"]), ("on Wed, Mar 31", False))
        self.card.recovery_expiry = "2027-03-09"
        for row in self._get_data()["stopping"]["rows"]:
            self.assertEqual((row["ends"], row["has_ended"]), ("yesterday", True))

    def test_what_stands_still(self):
        case = self._fail()
        case.next_attempt_id.planned_at = fields.Datetime.now() - timedelta(hours=2)
        self.demo_provider._recovery_pause(timedelta(hours=3), "Too many failures.")
        job = self.env.ref("revenue_recovery.ir_cron_recovery_learn")
        job.active = False
        data = self._get_data()
        self.assertEqual(data["late"]["count"], 1)
        self.assertIn("Charges due: 1", data["late"]["sentence"])
        self.assertEqual(len(data["late"]["jobs"]), 1)
        self.assertIn(job.name, data["late"]["jobs"][0])
        self.assertEqual([row["name"] for row in data["providers"]], [self.demo_provider.name])

    def test_months(self):
        case = self._fail()
        self._register_payment(case.move_id, 40.0)
        self._run_cron("follow")
        this_month, last_month = self._get_data()["months"]
        self.assertEqual((this_month["from"], this_month["to"]), ("2027-03-01", "2027-03-10"))
        self.assertEqual((last_month["from"], last_month["to"]), ("2027-02-01", "2027-02-10"))
        self.assertEqual((this_month["failed"], this_month["recovered"]), (100.0, 40.0))
        self.assertEqual((last_month["failed"], last_month["recovered"]), (0.0, 0.0))

    def test_whose_numbers_they_are(self):
        other = self.env["res.company"].create({"name": "Other"})
        case = self._fail()
        case._ask_for_attention("Call them.")
        accountant = new_test_user(
            self.env, "accountant", "account.group_account_invoice", company_id=self.env.company.id
        )
        self.assertEqual(self._get_data(accountant)["needs"]["count"], 1)
        accountant.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        self.assertEqual(self._get_data(accountant)["needs"]["count"], 0)
        with self.assertRaises(AccessError):
            self._get_data(new_test_user(self.env, "clerk", "base.group_user"))


@tagged("post_install", "-at_install")
class TestTodayTour(TodayCommon, HttpCase):
    def _enter_job_mode(self):
        return nullcontext()

    def test_from_today_to_a_settled_case(self):
        new_test_user(
            self.env,
            login="accountant",
            groups="account.group_account_invoice",
            company_id=self.env.company.id,
            company_ids=[self.env.company.id],
        )
        self.customer.name = "Tour Customer"
        case = self._fail()
        case._ask_for_attention("Call them.")
        self.start_tour("/odoo/recovery-today", "recovery_today", login="accountant")
        self.assertFalse(case.attention)
