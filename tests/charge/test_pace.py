# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import requests
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from ...declines.limits import BackOff
from ...models.charge import pace
from ...models.charge.pace import MOST_WAIT, ProviderPace
from ..common import RecoveryCommon

PROVIDER_LOGGER = "odoo.addons.payment.models.payment_provider"
CHARGE_LOGGERS = (PROVIDER_LOGGER, "odoo.addons.revenue_recovery.models.charge.sender")
TOO_MANY = {"error": {"type": "invalid_request_error", "code": "rate_limit"}}


class PaceCommon(RecoveryCommon):
    """Cards at Stripe, whose addon is unmodified and whose HTTP calls answer as told."""

    NOW = "2026-03-02 12:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()
        cls.card = cls._create_stripe_card(cls.stripe)

    def setUp(self):
        super().setUp()
        sleep = self.startPatcher(patch.object(pace.time, "sleep"))
        self.get_waits = lambda: [call.args[0] for call in sleep.call_args_list]

    def _plan(self):
        """Return the due charge of a new invoice."""
        invoice = self._create_invoice(token=self.card)
        self._run_cron("collect")
        return invoice.recovery_attempt_ids.sudo()

    def _limit(self, status=429, retry_after=None):
        """Return an answer by which the provider limits its requests."""
        response = self._create_response(status, json.dumps(TOO_MANY).encode())
        if retry_after:
            response.headers["Retry-After"] = retry_after
        return response

    def _answer(self, *answers, job="charge"):
        """Let a job run while the provider answers so; return its requests."""
        with self._patch_requests(side_effect=answers) as request, mute_logger(*CHARGE_LOGGERS):
            self._run_cron(job)
        return request

    @contextmanager
    def _work(self):
        """Give the pace of the provider as a worker has it, whose commits stay within the test."""
        with self._enter_job_mode(), self._cron_cursor() as env:
            yield ProviderPace(self.stripe.with_env(env))
        self.env.invalidate_all()

    def _take_turn(self, gap):
        with self._work() as turns:
            return turns._reserve(gap)

    def _tell(self, **told):
        """Let a worker be told that the provider has too many requests."""
        with self._work() as turns:
            turns.note_error(requests.exceptions.HTTPError(response=self._limit(**told)))

    def _get_pause(self, provider=None):
        """Return for how many seconds the charges of a provider wait."""
        provider = provider or self.stripe
        return (provider.recovery_paused_until - fields.Datetime.now()).total_seconds()


@tagged("post_install", "-at_install")
class TestRate(PaceCommon):
    """No more requests a second than the provider takes."""

    def test_documented_limit_is_the_default_and_follows_the_mode(self):
        self.assertEqual((self.stripe.state, self.stripe.recovery_request_rate), ("test", 25))
        self.assertIn("25 in 1 s (Stripe, Rate limits", self.stripe.recovery_request_source)
        self.stripe.state = "enabled"
        self.assertEqual(self.stripe.recovery_request_rate, 100)
        self.assertEqual(self.demo_provider.recovery_request_rate, 0)
        self.assertFalse(self.demo_provider.recovery_request_source)

    def test_manager_may_set_another_limit_but_none_below_zero(self):
        self.stripe.recovery_request_rate = 7.5
        self.assertEqual(self.stripe.recovery_request_rate, 7.5)
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.stripe.recovery_request_rate = -1

    def test_setting_is_on_the_providers_form(self):
        self.env.user.group_ids += self.env.ref("base.group_system")
        with Form(self.stripe) as form:
            form.recovery_request_rate = 3
        self.assertEqual(self.stripe.recovery_request_rate, 3)

    def test_turns_are_a_gap_apart_and_a_rest_is_not_saved_up(self):
        with self._work() as turns:
            (first, _mine), (second, _mine), (third, is_mine) = (
                turns._reserve(2.0) for _turn in range(3)
            )
            self.assertAlmostEqual(first, 0.0, places=2)
            self.assertAlmostEqual(second, 2.0, delta=0.9)
            self.assertAlmostEqual(third, 4.0, delta=0.9)
            self.assertTrue(is_mine)
            turns._env.cr.execute("UPDATE recovery_provider_pace SET free_at = free_at - 100")
            self.assertAlmostEqual(turns._reserve(2.0)[0], 0.0, places=2)
            self.assertAlmostEqual(turns._reserve(2.0)[0], 2.0, delta=0.9)

    def test_turn_that_is_too_far_away_is_not_taken(self):
        self._take_turn(60.0)
        for _turn in range(2):
            wait, is_mine = self._take_turn(60.0)
            self.assertFalse(is_mine)
            self.assertAlmostEqual(wait, 60.0, delta=9.0)

    def test_charges_wait_for_their_turn_and_are_all_sent(self):
        self.stripe.recovery_request_rate = 0.21
        attempts = self._plan() + self._plan()
        self._answer(self._create_success(), self._create_success())
        self.assertEqual(attempts.mapped("state"), ["paid"] * 2)
        self.assertGreater(max(self.get_waits()), 0.1)
        self.assertLessEqual(max(self.get_waits()), MOST_WAIT.total_seconds())

    def test_charge_whose_turn_is_far_away_is_put_back_and_sent_later(self):
        self.stripe.recovery_request_rate = 0.01
        sent, waits = self._plan(), self._plan()
        request = self._answer(self._create_success())
        self.assertEqual(request.call_count, 1)
        self.assertEqual((sent.state, waits.state), ("paid", "planned"))
        self.assertFalse(waits.transaction_id)
        self.assertFalse(waits.started_at)
        self.assertFalse(waits.token_id, msg="As before: the method that the invoice names.")
        self.assertEqual(waits.move_id.transaction_ids.ids, [])
        self.assertIn("takes no more requests now", waits.sentence)
        self.assertGreater(waits.planned_at, fields.Datetime.now() + timedelta(seconds=60))
        self._run_cron("follow")
        self.assertFalse(waits.move_id.recovery_case_id, msg="Nothing has failed.")
        self.env["recovery.provider.pace"].sudo().search([]).unlink()
        with freeze_time(waits.planned_at + timedelta(seconds=1)):
            self._answer(self._create_success())
        self.assertEqual(waits.state, "paid")
        self.assertEqual(len(waits.move_id.recovery_attempt_ids), 1)

    def test_charge_that_is_put_back_uses_up_no_try(self):
        self.stripe.recovery_request_rate = 0
        attempt = self._plan()
        with self._decline_charges():
            self._run_cron("charge")
        self._run_cron("follow")
        case = attempt.move_id.recovery_case_id
        count, next_attempt = case.attempt_count, case.next_attempt_id
        self.stripe.recovery_request_rate = 0.01
        self._take_turn(100.0)
        self._make_due(case)
        request = self._answer()
        self.assertEqual(request.call_count, 0)
        self._run_cron("follow")
        self.assertEqual((case.state, case.attempt_count), ("in_recovery", count))
        self.assertEqual((case.next_attempt_id, next_attempt.state), (next_attempt, "planned"))

    def test_provider_without_a_limit_costs_no_query(self):
        attempt = self._plan()
        self.stripe.recovery_request_rate = 0
        provider = attempt.move_id._get_collect_token().provider_id.sudo()
        self.env.flush_all()
        provider.read(["name"])
        with self.assertQueryCount(0):
            self.assertIsNone(ProviderPace(provider).take_turn())
        self.assertEqual(self.get_waits(), [])

    def test_look_up_waits_for_its_turn_as_well(self):
        attempt = self._plan()
        with freeze_time("2026-03-02 12:00:01"):
            self._answer(requests.exceptions.ReadTimeout("slow"))
            self.assertEqual(attempt.state, "unknown")
            self._take_turn(100.0)
            self.stripe.recovery_request_rate = 0.01
            request = self._answer(job="follow")
            self.assertEqual(request.call_count, 0)
            self.assertEqual(attempt.state, "unknown")
            self.assertGreater(attempt.resolve_at, fields.Datetime.now() + timedelta(seconds=60))
            self.assertFalse(attempt.is_question and attempt.move_id.recovery_attention)


@tagged("post_install", "-at_install")
class TestBackOff(PaceCommon):
    """A provider that has too many requests is left alone by everybody."""

    def test_charge_is_not_sent_and_the_others_wait_for_as_long_as_it_asks(self):
        limited, other = self._plan(), self._plan()
        request = self._answer(self._limit(retry_after="90"))
        self.assertEqual(request.call_count, 1)
        self.assertEqual((limited.state, other.state), ("not_sent", "planned"))
        self.assertEqual(self._get_pause(), 90)
        self.assertIn("HTTP 429", self.stripe.recovery_pause_reason)
        self.assertIn("90 seconds", self.stripe.recovery_pause_reason)
        self.assertEqual(other.planned_at, self.stripe.recovery_paused_until)
        self.assertFalse(limited.move_id.recovery_case_id, msg="No try is used up.")
        with freeze_time(other.planned_at + timedelta(seconds=1)):
            self._answer(self._create_success())
        self.assertEqual(other.state, "paid")

    def test_job_is_woken_when_the_wait_is_over(self):
        job = self.env.ref("revenue_recovery.ir_cron_recovery_charge")
        self._plan()
        self._answer(self._limit(retry_after="90"))
        instants = self.env["ir.cron.trigger"].sudo().search([("cron_id", "=", job.id)])
        self.assertIn(self.stripe.recovery_paused_until, instants.mapped("call_at"))

    def test_date_is_obeyed_and_so_is_the_one_of_an_outage(self):
        for status, state in ((429, "not_sent"), (503, "unknown")):
            with self.subTest(status=status):
                attempt = self._plan()
                self._answer(self._limit(status, "Mon, 02 Mar 2026 12:05:00 GMT"))
                self.assertEqual(attempt.state, state)
                self.assertEqual(self._get_pause(), 300)
                self.stripe._recovery_resume()

    def test_outage_that_asks_for_nothing_is_no_limit(self):
        self._plan()
        self._answer(self._limit(503))
        self.assertFalse(self.stripe.recovery_paused_until)

    def test_without_its_word_the_wait_doubles_while_it_goes_on(self):
        waits = []
        instant = fields.Datetime.now()
        for _turn in range(4):
            with freeze_time(instant):
                self._plan()
                self.env["recovery.attempt"].sudo().search(
                    [("state", "=", "planned")]
                ).planned_at = fields.Datetime.now()
                self._answer(self._limit())
                waits.append(self._get_pause())
                instant = self.stripe.recovery_paused_until + timedelta(seconds=1)
        self.assertEqual(waits, [2, 4, 8, 16])

    def test_workers_that_are_told_the_same_at_once_wait_once(self):
        for _worker in range(3):
            self._tell()
        self.assertEqual((self._get_pause(), self.stripe.recovery_back_off), (2, 2))

    def test_pause_of_a_person_is_not_shortened_and_keeps_its_reason(self):
        self.stripe._recovery_pause(timedelta(hours=5), "Christmas.")
        self._tell(retry_after="9")
        self.assertEqual(self._get_pause(), 5 * 3600)
        self.assertEqual(self.stripe.recovery_pause_reason, "Christmas.")

    def test_whoever_resumes_the_charges_has_the_last_word(self):
        attempt = self._plan()
        self._answer(self._limit(retry_after="3600"))
        self.stripe.action_recovery_resume_charges()
        self.assertIsNone(self.stripe._recovery_get_limited_until())
        attempt = self._plan()
        self._answer(self._create_success())
        self.assertEqual(attempt.state, "paid")

    def test_charge_that_was_claimed_before_the_limit_is_put_back(self):
        attempt = self._plan()
        with self._enter_job_mode(), self._cron_cursor() as env:
            claimed = env["recovery.attempt"]._claim()
            self.assertEqual((claimed.id, claimed.state), (attempt.id, "running"))
            self.stripe.with_env(env)._recovery_back_off(BackOff(429, timedelta(seconds=60)))
            with self._patch_requests() as request:
                claimed._carry_out()
        self.env.invalidate_all()
        self.assertEqual(request.call_count, 0)
        self.assertEqual((attempt.state, attempt.transaction_id.ids), ("planned", []))
        self.assertEqual(attempt.planned_at, self.stripe.recovery_limited_until)

    def test_repeat_that_is_limited_waits_and_tells_nothing_of_the_charge(self):
        attempt = self._plan()
        self._answer(requests.exceptions.ReadTimeout("slow"))
        request = self._answer(self._limit(retry_after="45"), job="follow")
        self.assertEqual(request.call_count, 1, msg="It isn't asked for the charge either.")
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("unknown", "draft"))
        self.assertEqual(attempt.resolve_at, self.stripe.recovery_limited_until)
        request = self._answer(job="follow")
        self.assertEqual(request.call_count, 0)
        with freeze_time(attempt.resolve_at + timedelta(seconds=1)):
            self._answer(self._create_success(), job="follow")
        self.assertEqual(attempt.state, "paid")

    def test_look_up_that_is_limited_lets_the_charges_wait_too(self):
        invoice = self._create_invoice(token=self.card)
        transaction = self._create_portal_transaction(
            invoice,
            provider_id=self.stripe.id,
            provider_reference="pi_7",
            operation="online_direct",
        )
        transaction.last_state_change -= timedelta(hours=2)
        self._run_cron("collect")
        request = self._answer(self._limit(retry_after="45"), job="follow")
        self.assertEqual(request.call_count, 1)
        self.assertEqual(self._get_pause(), 45)
        self.assertEqual(transaction.state, "draft")
        transaction.recovery_ask_at = fields.Datetime.now()
        self.assertEqual(self._answer(job="follow").call_count, 0)
        self.assertEqual(transaction.recovery_ask_at, self.stripe.recovery_limited_until)
        self.assertFalse(invoice.recovery_attention)
