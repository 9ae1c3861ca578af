# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How many statements a charge sends to PostgreSQL: the figure of its cost that has no noise."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ...tools.kept import FRESH
from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestStatements(RecoveryCommon):
    # Charges before the one that is counted: the job has read the settings by then.
    WARM = 2

    def _count_charge(self):
        """Return how many statements the last of the due charges takes, claim and reaction too."""
        self._queue_changed()
        with self._enter_job_mode(), self._cron_cursor() as env:
            for _number in range(self.WARM):
                env["recovery.attempt"]._claim()._carry_out()
            before = self.cr.sql_log_count
            attempt = env["recovery.attempt"]._claim()
            attempt._carry_out()
            statements = self.cr.sql_log_count - before
            state = attempt.state
        self.env.invalidate_all()
        return statements, state

    def _create_invoices(self):
        invoices = self.env["account.move"]
        for _number in range(self.WARM + 1):
            invoices |= self._create_invoice(token=self._create_card("error"))
        return invoices

    def _fail_invoices(self):
        invoices = self._create_invoices()
        self._collect()
        for case in invoices.recovery_case_id:
            self._make_due(case)
        return invoices.recovery_case_id

    def test_declined_retry(self):
        self._fail_invoices()
        statements, state = self._count_charge()
        self.assertEqual(state, "declined")
        self.assertLessEqual(statements, 55)

    def test_declined_first_charge_that_opens_the_case(self):
        self._create_invoices()
        self._run_cron("collect")
        statements, state = self._count_charge()
        self.assertEqual(state, "declined")
        self.assertLessEqual(statements, 72)

    def test_paid_retry(self):
        self._fail_invoices().move_id.collect_token_id.demo_simulated_state = "done"
        statements, state = self._count_charge()
        self.assertEqual(state, "paid")
        self.assertLessEqual(statements, 260)

    def test_setting_that_is_changed_meanwhile_is_heeded_within_seconds(self):
        self._fail_invoices()
        with self._enter_job_mode(), self._cron_cursor() as env:
            env["recovery.attempt"]._claim()._carry_out()
            # As another worker would: what was read of it is not told.
            env.cr.execute(
                "UPDATE recovery_policy SET charge_hour_from = 20, charge_hour_to = 21 "
                "WHERE id = %s",
                [self.policy.id],
            )
            self.freeze_time.move_to(fields.Datetime.now() + timedelta(seconds=FRESH + 1))
            self.assertFalse(env["recovery.attempt"]._claim(), msg="It is out of hours now.")

    def test_provider_that_was_paused_meanwhile_is_not_charged(self):
        self._fail_invoices()
        with self._enter_job_mode(), self._cron_cursor() as env:
            env["recovery.attempt"]._claim()._carry_out()
            env.cr.execute(
                "UPDATE payment_provider SET recovery_paused_until = '2098-01-01' WHERE id = %s",
                [self.demo_provider.id],
            )
            self.assertFalse(env["recovery.attempt"]._claim())
