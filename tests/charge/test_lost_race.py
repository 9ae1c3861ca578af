# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import psycopg2
from psycopg2.pool import PoolError

from odoo import fields
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from ...models.charge.sender import SOON
from ..common import RecoveryCommon

PROVIDER_LOGGER = "odoo.addons.payment.models.payment_provider"


@tagged("post_install", "-at_install")
class TestLostRace(RecoveryCommon):
    """Our own database is in the way: before anything was sent, and afterwards."""

    NOW = "2026-03-02 12:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()
        cls.stripe.recovery_request_rate = 0
        cls.card = cls._create_stripe_card(cls.stripe)

    def _plan(self):
        """Return the due charge of a new invoice."""
        invoice = self._create_invoice(token=self.card)
        self._run_cron("collect")
        return invoice.recovery_attempt_ids.sudo()

    @contextmanager
    def _lose(self, error, when):
        """Let a charge meet an error of the database: before its call, or after its answer."""
        transactions = type(self.env["payment.transaction"])
        charge = transactions._charge_with_token

        def meet(transaction):
            if when == "after":
                charge(transaction)
            raise error

        with patch.object(transactions, "_charge_with_token", meet):
            yield

    def _charge(self):
        """Run the job while Stripe pays; return how often it was asked to."""
        with self._patch_requests(return_value=self._create_success()) as request:
            self._run_cron("charge")
        return request.call_count

    def _assert_sent_soon(self, attempt):
        self.assertEqual(attempt.state, "planned")
        self.assertEqual(attempt.planned_at, fields.Datetime.now() + SOON)
        self.assertIn("others were at the same records", attempt.sentence)
        self.assertFalse(attempt.transaction_id)
        self.assertFalse(attempt.move_id.transaction_ids)
        with freeze_time(attempt.planned_at + timedelta(seconds=1)):
            self.assertEqual(self._charge(), 1)
        self.assertEqual(attempt.state, "paid")
        self.assertEqual(attempt.move_id.recovery_attempt_ids, attempt)

    def test_race_that_is_lost_before_the_call_only_delays_it(self):
        for error in (psycopg2.errors.SerializationFailure(), PoolError("Too many")):
            attempt = self._plan()
            with self.subTest(error=type(error)), self._lose(error, "before"):
                self.assertEqual(self._charge(), 0)
            self._assert_sent_soon(attempt)

    def test_race_that_is_lost_before_the_call_opens_no_case_and_uses_up_no_try(self):
        attempt = self._plan()
        with self._lose(psycopg2.errors.DeadlockDetected(), "before"):
            self._charge()
        self._run_cron("follow")
        self.assertFalse(attempt.move_id.recovery_case_id)
        self.assertEqual(attempt.move_id.activity_ids.ids, [])

    def test_race_that_is_lost_after_the_answer_loses_no_outcome(self):
        attempt = self._plan()
        with self._lose(psycopg2.errors.SerializationFailure(), "after"):
            self.assertEqual(self._charge(), 1)
        self.assertEqual(attempt.state, "paid")

    def test_repeat_of_a_charge_whose_outcome_is_unknown_stays_unknown(self):
        attempt = self._plan()
        with (
            self._patch_requests(side_effect=TimeoutError),
            mute_logger(PROVIDER_LOGGER, "odoo.addons.revenue_recovery.models.charge.sender"),
        ):
            self._run_cron("charge")
        self.assertEqual(attempt.state, "unknown")
        with (
            freeze_time(fields.Datetime.now() + timedelta(hours=1)),
            self._lose(psycopg2.errors.SerializationFailure(), "before"),
        ):
            self._run_cron("follow")
            self._run_cron("charge")
        self.assertEqual(attempt.state, "unknown")
        self.assertTrue(attempt.transaction_id)
