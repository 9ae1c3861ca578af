# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.tests import tagged

from ...models.case.follower import InvoiceFollower
from ...models.charge import recovery_attempt as charging
from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestWakeUp(RecoveryCommon):
    """Whatever puts work off wakes the job for that time."""

    NOW = "2026-03-02 10:00:00"

    def _get_wake_ups(self, name):
        job = self.env.ref(f"revenue_recovery.ir_cron_recovery_{name}")
        triggers = self.env["ir.cron.trigger"].sudo().search([("cron_id", "=", job.id)])
        return set(triggers.mapped("call_at"))

    def _in(self, **wait):
        return fields.Datetime.now() + timedelta(**wait)

    def test_charge_that_is_put_off_wakes_the_job_for_then(self):
        _invoice, case = self._fail_invoice()
        case.sudo().next_attempt_id._postpone(self._in(hours=3), "Test")
        self.assertIn(self._in(hours=3), self._get_wake_ups("charge"))

    def test_charge_of_a_locked_invoice_is_tried_a_few_times_then_put_off(self):
        _invoice, case = self._fail_invoice()
        attempt = case.sudo().next_attempt_id
        self._make_due(case)
        tries = []
        attempts = type(self.env["recovery.attempt"])
        with (
            patch.object(attempts, "_lock_invoice", lambda _attempt: tries.append(1)),
            patch.object(charging, "LOCK_PAUSE", 0),
        ):
            self._run_cron("charge")
        self.assertEqual(len(tries), charging.LOCK_TURNS)
        self.assertEqual(attempt.planned_at, self._in(minutes=1))
        self.assertIn(self._in(minutes=1), self._get_wake_ups("charge"))

    def test_invoice_that_somebody_is_at_work_on_is_followed_at_once_afterwards(self):
        invoice, case = self._fail_invoice()
        self.env["recovery.invoice.queue"]._add(invoice)
        follow, turns = InvoiceFollower.follow, []

        def meet(follower, transactions):
            turns.append(1)
            if len(turns) < 3:
                raise psycopg2.errors.SerializationFailure
            return follow(follower, transactions)

        with patch.object(InvoiceFollower, "follow", meet):
            self._run_cron("follow")
        self.assertEqual(len(turns), 3)
        self.assertFalse(self.env["recovery.invoice.queue"].sudo().search([]))

    def test_invoice_that_stays_busy_is_put_off_and_the_job_woken_for_then(self):
        invoice, _case = self._fail_invoice()
        self.env["recovery.invoice.queue"]._add(invoice)
        error = psycopg2.errors.SerializationFailure()
        with patch.object(InvoiceFollower, "follow", side_effect=error):
            self._run_cron("follow")
        queued = self.env["recovery.invoice.queue"].sudo().search([])
        self.assertEqual(set(queued.mapped("not_before")), {self._in(minutes=1)})
        self.assertIn(self._in(minutes=1), self._get_wake_ups("follow"))

    def test_invoice_that_can_not_be_followed_wakes_the_job_for_the_next_try(self):
        invoice, _case = self._fail_invoice()
        self.env["recovery.invoice.queue"]._add(invoice)
        with (
            patch.object(InvoiceFollower, "follow", side_effect=ValueError("Test")),
            self.assertLogs("odoo.addons.revenue_recovery.tools.jobs", "ERROR"),
        ):
            self._run_cron("follow")
        self.assertIn(self._in(hours=1), self._get_wake_ups("follow"))

    def test_case_that_is_put_aside_wakes_the_job_for_then(self):
        _invoice, case = self._fail_invoice()
        case.sudo()._put_aside(ValueError("Test"))
        self.assertIn(self._in(days=1), self._get_wake_ups("follow"))

    def test_notice_that_is_kept_back_wakes_the_job_for_then(self):
        _invoice, case = self._fail_invoice()
        step = {"name": "S", "policy_id": self.policy.id, "action_type": "activity"}
        step["activity_type_id"] = self.env.ref("mail.mail_activity_data_todo").id
        notice = (
            self.env["recovery.notice"]
            .sudo()
            .create(
                {
                    "case_id": case.id,
                    "name": "N",
                    "step_id": self.env["recovery.policy.step"].create(step).id,
                    "action_type": "activity",
                    "planned_at": fields.Datetime.now(),
                }
            )
        )
        notice._keep_back(self._in(hours=2), "Test")
        self.assertIn(self._in(hours=2), self._get_wake_ups("follow"))

    def test_charge_that_is_asked_for_wakes_the_job(self):
        _invoice, case = self._fail_invoice()
        self.assertFalse(case.sudo()._plan_by_user(self._in(hours=4), "Test"))
        self.assertIn(self._in(hours=4), self._get_wake_ups("charge"))

    def test_unknown_outcome_wakes_the_job_for_the_next_look(self):
        _invoice, case = self._fail_invoice()
        case.sudo().next_attempt_id._resolve_later(self._in(minutes=5))
        self.assertIn(self._in(minutes=5), self._get_wake_ups("follow"))
