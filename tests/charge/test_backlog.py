# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is due and not charged yet: how much, until when, and what comes first."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ...models.charge import backlog as backlog_module
from ...models.charge.backlog import Backlog
from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestBacklog(RecoveryCommon):
    NOW = "2026-03-02 17:00:00"  # A Monday, six o'clock in Paris.

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.partner_id.tz = "Europe/Paris"
        cls.policy.write({"charge_hour_from": 8, "charge_hour_to": 20})
        cls.token = cls._create_card("done")

    def _plan(self, count=1, minutes=0, amount=100.0, **values):
        """Return attempts that have been due for some minutes."""
        attempts = self.env["recovery.attempt"].sudo()
        for _number in range(count):
            invoice = self._create_invoice(token=self.token, amount=amount)
            invoice.sudo()._plan_collection()
            attempts += invoice.recovery_attempt_ids.sudo()
        planned_at = fields.Datetime.now() - timedelta(minutes=minutes, seconds=1)
        attempts.write({"planned_at": planned_at, **values})
        return attempts

    def _begin(self, count, minutes=1):
        """Let charges have been begun some minutes ago."""
        for attempt in self._plan(count):
            transaction = self._create_portal_transaction(
                attempt.move_id, reference=f"begun {attempt.id}", token_id=self.token.id
            )
            attempt.write(
                {
                    "state": "paid",
                    "started_at": fields.Datetime.now() - timedelta(minutes=minutes),
                    "finished_at": fields.Datetime.now(),
                    "transaction_id": transaction.id,
                }
            )

    def _read(self):
        return self.env["recovery.attempt"]._get_backlog(self.env.company)

    def test_nothing_due_is_said_so(self):
        self._plan(minutes=-60)
        backlog = self._read()
        self.assertEqual((backlog.due, backlog.oldest_at, backlog.done_at), (0, None, None))
        self.assertFalse(backlog.is_late)
        self.assertEqual(backlog.describe(self.env), "Nothing is due to be charged.")

    def test_it_will_be_done_at_the_rate_of_late(self):
        attempts = self._plan(20, minutes=10)
        self._begin(2)
        backlog = self._read()
        self.assertEqual((backlog.due, backlog.at_once), (20, 4))
        self.assertEqual(backlog.oldest_at, attempts[0].planned_at)
        self.assertAlmostEqual(backlog.rate, 12.0, delta=0.1, msg="Two in ten minutes.")
        self.assertAlmostEqual(
            backlog.done_at,
            fields.Datetime.now() + timedelta(minutes=100),
            delta=timedelta(minutes=1),
        )
        self.assertFalse(backlog.is_late)
        self.assertIn("12 an hour", backlog.describe(self.env))
        self.assertEqual(backlog.to_dict()["due"], 20)

    def test_what_does_not_fit_into_the_hours_goes_on_when_they_begin_again(self):
        self._plan(30, minutes=10)
        self._begin(2)
        backlog = self._read()
        self.assertEqual(backlog.hours_end_at, fields.Datetime.to_datetime("2026-03-02 19:00:00"))
        self.assertTrue(backlog.is_late, msg="Two and a half hours, and two are left.")
        self.assertAlmostEqual(
            backlog.done_at,
            fields.Datetime.to_datetime("2026-03-03 07:30:00"),
            delta=timedelta(minutes=2),
        )
        self.assertIn("after the charging hours", backlog.describe(self.env))

    def test_no_rate_is_no_verdict(self):
        self._plan(30, minutes=10)
        backlog = self._read()
        self.assertEqual((backlog.rate, backlog.done_at, backlog.is_late), (None, None, False))
        self.assertIn("None was begun", backlog.describe(self.env))

    def test_months_of_work_are_said_so(self):
        self.patch(backlog_module, "MOST_DAYS", 2)
        self._plan(30, minutes=14)
        self._begin(1)
        self.policy.charge_hour_to = 9
        backlog = self._read()
        self.assertTrue(backlog.is_late)
        self.assertIn("more than a month", backlog.describe(self.env))

    def test_alert_is_raised_once_and_taken_back_when_it_fits_again(self):
        self.patch(backlog_module, "LEAST_ALERT", 20)
        attempts = self._plan(30, minutes=10)
        self._begin(2)
        todos = self.env["mail.activity"].sudo()
        domain = [("recovery_subject", "=", f"backlog:{self.env.company.id}")]
        for _turn in range(2):
            self.env["recovery.attempt"]._follow_backlog()
            todo = todos.search(domain)
            self.assertEqual(len(todo), 1)
            self.assertEqual(todo.res_model, "payment.provider")
            self.assertEqual(todo.res_id, self.demo_provider.id)
            self.assertIn("Charges at Once", todo.recovery_sentence)
        attempts[10:]._set_state("cancelled")
        self.env["recovery.attempt"]._follow_backlog()
        self.assertFalse(todos.search(domain))

    def test_most_worth_comes_first_when_not_all_can_be_done(self):
        self.patch(backlog_module, "LEAST_ALERT", 2)
        small = self._plan(25, minutes=10)
        large = self._plan(amount=900.0, minutes=1)
        unlikely = self._plan(amount=1000.0, minutes=5, probability=0.01)
        self._begin(1)
        with self._enter_job_mode(), self._cron_cursor() as env:
            due = env["recovery.attempt"]._list_due()
            taken = [due.take(env) for _number in range(27)]
        self.assertEqual(taken[0], large.id)
        self.assertEqual(taken[-1], unlikely.id)
        self.assertEqual(taken[1:-1], small.ids, msg="Of what is worth the same, the oldest.")

    def test_what_has_no_other_chance_comes_before_all(self):
        self.patch(backlog_module, "LEAST_ALERT", 2)
        _invoice, case = self._fail_invoice(amount=10.0)
        case.sudo().deadline_at = fields.Datetime.now() + timedelta(hours=20)
        last = case.sudo().next_attempt_id
        last.planned_at = fields.Datetime.now() - timedelta(minutes=1)
        self._plan(30, amount=500.0, minutes=10)
        self._begin(1)
        with self._enter_job_mode(), self._cron_cursor() as env:
            due = env["recovery.attempt"]._list_due()
            self.assertEqual(due.take(env), last.id)
            self.assertNotEqual(due.take(env), last.id)

    def test_order_is_that_of_time_as_long_as_all_can_be_done(self):
        self.patch(backlog_module, "LEAST_ALERT", 2)
        small, large = self._plan(3, minutes=10), self._plan(amount=900.0, minutes=1)
        self._begin(5)
        with self._enter_job_mode(), self._cron_cursor() as env:
            due = env["recovery.attempt"]._list_due()
            taken = [due.take(env) for _number in range(4)]
        self.assertEqual(taken, [*small.ids, *large.ids])

    def test_backlog_is_read_the_same_however_much_there_is(self):
        self.assertIsInstance(self._read(), Backlog)
        self._plan(5, minutes=10)
        self._begin(1)
        self.env.flush_all()
        with self.assertQueryCount(8):
            self._read()
