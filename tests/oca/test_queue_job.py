# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Charges, notices and what follows them become jobs of the OCA's `queue_job`."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import config, mute_logger

from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.job import Job

from ..common import RecoveryCommon

BRIDGE_LOGGER = "odoo.addons.revenue_recovery.models.bridge.queue_job"


@tagged("post_install", "-at_install")
class TestQueueJob(RecoveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        modules = [*config["server_wide_modules"], "queue_job"]
        cls.classPatch(
            config, "options", config.options.new_child({"server_wide_modules": modules})
        )

    def _plan(self, outcome="done"):
        """Return the due charge of a new invoice."""
        invoice = self._create_invoice(token=self._create_card(outcome))
        self._run_cron("collect")
        return invoice.recovery_attempt_ids.sudo()

    def _find_jobs(self, channel="root.recovery.charge"):
        return self.env["queue.job"].sudo().search([("channel", "=", channel)], order="priority")

    def _perform(self, record):
        """Run a job once, as the runner does but for the request."""
        with self._enter_job_mode(), self._cron_cursor() as env:
            job = Job.load(env, record.uuid)
            try:
                return job.perform()
            finally:
                self.env.invalidate_all()

    def test_due_charge_becomes_one_job_that_people_can_read(self):
        attempt = self._plan()
        for _turn in range(2):
            self._run_cron("charge")
        job = self._find_jobs()
        self.assertEqual(len(job), 1, msg="Its key lets nobody put it twice.")
        self.assertIn(attempt.move_id.name, job.name)
        self.assertIn(self.customer.name, job.name)
        self.assertTrue(job.job_function_id.allow_commit)
        self.assertEqual(attempt.state, "planned", msg="Nothing is charged by the action itself.")

    def test_job_charges_and_says_what_became_of_it(self):
        attempt = self._plan()
        self._run_cron("charge")
        self.assertIn("Paid", self._perform(self._find_jobs()))
        self.assertEqual((attempt.state, attempt.move_id.payment_state), ("paid", "paid"))

    def test_job_that_runs_twice_charges_once(self):
        attempt = self._plan()
        self._run_cron("charge")
        for _turn in range(2):
            self._perform(self._find_jobs())
        self.assertEqual(len(attempt.move_id.transaction_ids), 1)
        self.assertEqual(attempt.state, "paid")

    def test_what_was_declined_is_not_repeated_by_the_queue(self):
        attempt = self._plan("error")
        self._run_cron("charge")
        self.assertIn("Declined", self._perform(self._find_jobs()))
        self.assertEqual(attempt.state, "declined")
        self.assertEqual(attempt.move_id.recovery_case_id.state, "in_recovery")

    def test_only_what_was_put_back_and_not_sent_is_repeated(self):
        self.demo_provider.recovery_request_rate = 0.01
        _sent, waits = self._plan(), self._plan()
        self._run_cron("charge")
        first, second = self._find_jobs()
        self._perform(first)
        with self.assertRaises(RetryableJobError) as caught:
            self._perform(second)
        self.assertEqual(waits.state, "planned")
        self.assertFalse(waits.transaction_id)
        self.assertTrue(caught.exception.ignore_retry)
        self.assertGreater(caught.exception.seconds, 60)

    def test_follow_work_and_notices_become_jobs(self):
        self._plan("error")
        self._run_cron("charge")
        self._perform(self._find_jobs())
        invoice, _case = self._plan("error").move_id, None
        self.env["recovery.invoice.queue"]._put(invoice)
        self._run_cron("follow")
        names = self._find_jobs("root.recovery.follow").mapped("name")
        self.assertIn(f"Follow {invoice.name}, {self.customer.name}", names)
        self.assertIn("Follow what the calendar says", names)
        self.assertEqual(len(self._find_jobs("root.recovery.notice")), 1)
        for job in self._find_jobs("root.recovery.follow") + self._find_jobs(
            "root.recovery.notice"
        ):
            self._perform(job)
        self.assertFalse(self.env["recovery.invoice.queue"].sudo().search([]))

    def test_without_a_runner_on_this_server_all_is_as_without_queue_job(self):
        attempt = self._plan()
        with patch.dict(config.options, {"server_wide_modules": ["base", "web"]}):
            self._run_cron("charge")
        self.assertEqual(attempt.state, "paid")
        self.assertFalse(self._find_jobs())

    def test_runner_that_begins_nothing_is_not_waited_for(self):
        attempt = self._plan()
        self._run_cron("charge")
        self.freeze_time.move_to(fields.Datetime.now() + timedelta(minutes=11))
        with mute_logger(BRIDGE_LOGGER):
            self._run_cron("charge")
        self.assertEqual(attempt.state, "paid")
        self.assertIn("Paid", self._perform(self._find_jobs()), msg="The job comes too late.")
        self.assertEqual(len(attempt.move_id.transaction_ids), 1)
