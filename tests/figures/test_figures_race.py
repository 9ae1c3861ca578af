# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from unittest.mock import patch

import psycopg2

from odoo.tests import tagged

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestFiguresRace(RecoveryCommon):
    """Figures are worked out beside workers who change the same charges."""

    NOW = "2026-03-02 12:00:00"

    def test_race_that_is_lost_is_no_error_and_the_next_run_goes_on(self):
        invoice = self._create_invoice(token=self._create_card())
        self._run_cron("collect")
        self._run_cron("charge")
        attempt = invoice.recovery_attempt_ids.sudo().filtered("transaction_id")
        attempts = type(self.env["recovery.attempt"])
        error = psycopg2.errors.SerializationFailure()
        with patch.object(attempts, "_prepare_figures", side_effect=error) as prepare:
            self._run_cron("follow")
        self.assertEqual(prepare.call_count, 1)
        self.assertFalse(attempt.charged_on)
        self.assertEqual(invoice.recovery_case_id.state, "in_recovery")
        self._run_cron("follow")
        self.assertTrue(attempt.charged_on)

    def test_charge_that_is_on_its_way_is_left_to_its_worker(self):
        invoice = self._create_invoice(token=self._create_card())
        self._run_cron("collect")
        attempt = invoice.recovery_attempt_ids.sudo()
        with self._enter_job_mode(), self._cron_cursor() as env:
            env["recovery.attempt"]._claim()
            env["recovery.attempt"]._fill_due_figures()
        self.env.invalidate_all()
        self.assertEqual(attempt.state, "running")
        self.assertFalse(attempt.charged_on)
