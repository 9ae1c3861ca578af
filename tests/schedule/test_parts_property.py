# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Whatever happens in between: parts, charges, partial payments and the residual add up.

The histories are drawn by a seed. RR_PARTS sets how many; RR_PARTS_SEED plays a single one again.
"""

import os
import random
from collections import Counter
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.case import recovery_part_plan
from ...tools.parts import count_units, list_open, split
from ..case.owed_common import OwedCommon

COUNT = int(os.environ.get("RR_PARTS", "6"))
ONE = os.environ.get("RR_PARTS_SEED")
ACTS = 14


class PartsPropertyCommon(OwedCommon):
    NOW = "2026-03-02 12:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls._enable_currency("EUR")
        cls.env["res.currency.rate"].create(
            [
                {
                    "currency_id": cls.euro.id,
                    "name": f"{2026 + n // 12}-{n % 12 + 1:02}-01",
                    "rate": rate,
                }
                for n, rate in enumerate((2.0, 2.5, 1.7, 2.2) * 6)
            ]
        )
        cls.policy.write(
            {"parts_most": 6, "parts_from": 0.0, "parts_least": 1.0, "parts_days": 366}
        )
        cls.begin, cls.first_customer = fields.Datetime.now(), cls.customer

    def setUp(self):
        super().setUp()
        type(self).customer = self.first_customer  # That of another test is gone.
        self.played = Counter()

    def _run_cron(self, name):
        result = super()._run_cron(name)
        # The job has given numbers of entries that this cursor has not heard of.
        self.env.cr.precommit.data.pop("sequence.mixin", None)
        return result

    def _play(self, seed):
        """Play one history, and look at the books after each act."""
        rng = random.Random(seed)
        # Always later: Odoo's numbers of entries go with the time.
        type(self).begin += timedelta(days=1)
        self.freeze_time.move_to(max(self.begin, fields.Datetime.now()))
        self._draw_scene(rng)
        self._check()
        for _number in range(ACTS):
            if self.case.state not in ("in_recovery", "grace"):
                break
            act = rng.choice(
                ("wait", "wait", "wait", "wait", "pay", "credit", "undo", "now", "end")
            )
            getattr(self, f"_{act}")(rng)
            self.played[act] += 1
            self._check()
        self.played[f"plan {self.plan.state}"] += 1
        type(self).begin = fields.Datetime.now()

    def _draw_scene(self, rng):
        self.customer = self.customer.copy({"name": f"Customer {rng.random()}"})
        type(self).customer = self.customer
        self.token = self._create_card()
        self.payments = []
        self.policy.write(
            {
                "parts_failure": rng.choice(("wait", "go_on")),
                "tries": rng.randint(1, 3),
                "window_days": rng.randint(4, 10),
            }
        )
        currency = rng.choice([self.env.company.currency_id, self.euro])
        amount = round(rng.uniform(40, 300), 2)
        self.invoice, self.case = self._fail_invoice(
            amount=amount, token=self.token, currency_id=currency.id
        )
        first = self.invoice._get_recovery_today() + timedelta(days=rng.randint(0, 4))
        amounts = self._draw_amounts(rng, amount, currency.rounding)
        step = rng.randint(1, 6)
        agreed = [(first + timedelta(days=step * n), part) for n, part in enumerate(amounts)]
        self.assertFalse(self.case.sudo()._begin_parts(agreed, "I agree."))
        self.env.invalidate_all()
        self.plan = self.case.part_plan_id

    def _draw_amounts(self, rng, amount, rounding):
        count = rng.randint(2, 6)
        if rng.random() < 0.6:
            return split(amount, count, rounding)
        shares = [rng.uniform(0.5, 2) for _n in range(count)]
        parts = [round(amount * share / sum(shares), 2) for share in shares]
        return [*parts[:-1], round(amount - sum(parts[:-1]), 2)]

    # === WHAT HAPPENS === #

    def _wait(self, rng):
        self.token.demo_simulated_state = rng.choice(("done", "done", "error", "pending"))
        now = fields.Datetime.now() + timedelta(
            days=rng.choice((1, 1, 2, 3)), hours=rng.randint(0, 3)
        )
        self.freeze_time.move_to(now)
        self._settle_pending(rng)
        self._run_cron("follow")
        self._charge()

    def _settle_pending(self, rng):
        for attempt in self.invoice.recovery_attempt_ids.filtered(lambda a: a.state == "pending"):
            if rng.random() < 0.7:
                transaction = attempt.transaction_id
                transaction._set_done() if rng.random() < 0.6 else transaction._set_error("No.")
                transaction._post_process()
        self.env.cr.precommit.data.pop("sequence.mixin", None)

    def _now(self, rng):
        self.token.demo_simulated_state = rng.choice(("done", "error"))
        if not self.case.sudo()._get_retry_block():
            self.case.action_retry_now()
            self._charge()

    def _pay(self, rng):
        if amount := self._draw_part(rng):
            self.payments.append(self._register_payment(self.invoice, amount))
            self._run_cron("follow")

    def _credit(self, rng):
        if amount := self._draw_part(rng):
            self._create_credit_note(amount, currency_id=self.invoice.currency_id.id)

    def _draw_part(self, rng):
        """Return an amount less than what is open, which is not under way."""
        if self.invoice.sudo().recovery_in_flight_state or self.invoice.amount_residual < 1:
            return 0
        return round(rng.uniform(0.01, 0.6) * self.invoice.amount_residual, 2)

    def _undo(self, _rng):
        if self.payments:
            payment = self.payments.pop()
            payment.action_draft()
            payment.action_cancel()
            self._run_cron("follow")

    def _end(self, rng):
        if rng.random() < 0.2 and not self.invoice.sudo().recovery_in_flight_state:
            self.case.action_cancel_parts()

    def _charge(self):
        """Let the job charge, and compare each charge with what was to be charged."""
        self.env.invalidate_all()
        before = self.invoice.amount_residual
        expected = dict(self.plan._list_charges())
        is_running = self.plan.state == "running"
        earlier = self.invoice.recovery_attempt_ids.transaction_id
        with mute_logger("odoo.sql_db"):
            self._run_cron("charge")
        self._run_cron("follow")
        charged = self.invoice.recovery_attempt_ids.filtered(
            lambda each: each.transaction_id and each.transaction_id not in earlier
        )
        self.assertLessEqual(len(charged), 1, "One charge at a time.")
        if not charged:
            return
        paid = charged.amount if charged.state == "paid" else 0.0
        # What the customer had of credit is used first, and lessens the earliest parts.
        credit = before - self._read_residual() - paid
        self.assertGreater(credit, -0.001, "More was charged than was booked.")
        self.assertLess(charged.amount, before - credit + 0.001, "Never more than is owed.")
        if not is_running:
            return
        if credit < 0.001:
            self.assertAlmostEqual(charged.amount, expected[charged.part_id], msg="The part.")
        self.assertLess(
            charged.amount, max(expected.values()) + 0.001, "A part, and not the whole debt."
        )
        self.played[f"charge {charged.state}"] += 1

    # === WHAT ALWAYS HOLDS === #

    def _read_residual(self):
        self.env.invalidate_all()
        return self.invoice.amount_residual

    def _check(self):
        residual, rounding = self._read_residual(), self.invoice.currency_id.rounding
        lines = self.invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        matches = lines.matched_credit_ids
        matched = sum(matches.mapped("debit_amount_currency"))
        self.assertAlmostEqual(self.invoice.amount_total, residual + matched, msg="The books.")
        self._check_charges(matches)
        self.assertEqual(self.case.state == "recovered", not residual or self._is_rest(residual))
        if self.plan.state != "running":
            self.assertFalse(self.case.next_attempt_id.part_id)
            return
        self.assertIn(self.case.state, ("in_recovery", "suspended"))
        self.assertEqual(
            sum(count_units(part.amount_open, rounding) for part in self.plan.part_ids),
            count_units(residual, rounding),
            "What is open of the parts is what is owed.",
        )
        self._check_order(residual)
        planned = self.case.next_attempt_id
        if planned:
            expected = dict(self.plan._list_charges())
            self.assertIn(planned.part_id, expected)
            self.assertAlmostEqual(planned._get_amount(), expected[planned.part_id])

    def _check_charges(self, matches):
        """Every charge that was paid is a partial payment of its amount, and no more."""
        attempts = self.invoice.recovery_attempt_ids
        paid = attempts.filtered(lambda each: each.state == "paid")
        ours = paid.transaction_id.payment_id.move_id
        booked = matches.filtered(lambda match: match.credit_move_id.move_id in ours)
        self.assertAlmostEqual(
            sum(paid.mapped("amount")), sum(booked.mapped("debit_amount_currency")), msg="Booked."
        )
        times = sorted(paid.filtered(lambda each: each.source == "part").mapped("started_at"))
        for first, second in zip(times, times[1:], strict=False):
            self.assertGreaterEqual(second - first, timedelta(days=1), "Two parts on one day.")

    def _check_order(self, residual):
        """What was settled is taken from the earliest parts: counted here once more."""
        left = max(self.plan.amount - residual, 0.0)
        for part in self.plan.part_ids[:-1]:
            taken = min(part.amount, left)
            left = round(left - taken, 2)
            self.assertAlmostEqual(part.amount_open, part.amount - taken, msg="Earliest first.")

    def _is_rest(self, residual):
        return self.invoice._is_too_small(residual)


@tagged("post_install", "-at_install")
class TestPartsProperty(PartsPropertyCommon):
    def test_parts_charges_partial_payments_and_residual_add_up(self):
        for seed in [int(ONE)] if ONE else range(COUNT):
            with self.subTest(seed=seed):
                self._play(seed)
        if not ONE:
            self.assertGreater(self.played["charge paid"], COUNT / 2)
            self.assertTrue(self.played["charge declined"])
            self.assertGreater(self.played["pay"] + self.played["credit"], COUNT)


@tagged("post_install", "-at_install")
class TestPartsPlanted(PartsPropertyCommon):
    """Each of these faults of ours is found, or the test above would prove nothing."""

    def _assert_found(self, *patchers):
        for patcher in patchers:
            patcher.start()
            self.addCleanup(patcher.stop)
        for seed in range(6):
            try:
                self._play(seed)
            except (AssertionError, KeyError):
                return
        self.fail("Nobody noticed.")

    def test_charge_of_the_whole_debt_is_found(self):
        attempts = type(self.env["recovery.attempt"])
        self._assert_found(patch.object(attempts, "_limit_debt", lambda _self, debt: debt))

    def test_latest_part_first_is_found(self):
        def list_latest(amounts, owed, rounding):
            return tuple(reversed(list_open(tuple(reversed(amounts)), owed, rounding)))

        self._assert_found(patch.object(recovery_part_plan, "list_open", list_latest))

    def test_payments_by_hand_that_are_forgotten_are_found(self):
        self._assert_found(
            patch.object(
                recovery_part_plan,
                "list_open",
                lambda amounts, _owed, rounding: list_open(amounts, sum(amounts), rounding),
            )
        )
