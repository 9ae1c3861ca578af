# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Money is safe: any order of faults, webhooks, kills, customers and people, by the real jobs.

Each history is one invoice at one provider, whose HTTP calls a provider in memory answers. More of
them are played with `RR_HISTORIES=20000`, others with `RR_SEED=7`, and one again with
`RR_HISTORY='{"provider": …}'`, as a failure prints it.
"""

import json
import os
import sys
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from unittest.mock import patch

from freezegun import api as frozen

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...declines import answer, calls
from ...models.case import alerts
from ...models.case.recovery_invoice_queue import FOLLOW
from ...models.charge import recovery_attempt
from ...models.schedule import decider
from ...models.schedule.planner import Planner
from .histories import ENDING, describe, draw, shrink
from .memory import PROVIDERS
from .providers import ProviderCommon
from .world import Acts

HISTORIES = int(os.environ.get("RR_HISTORIES", "100"))
IS_LONG = "RR_HISTORIES" in os.environ
# After so many violations, each with its shortest history, it is enough.
MOST = int(os.environ.get("RR_VIOLATIONS", "1"))
SEED = int(os.environ.get("RR_SEED", "1"))
# A planted fault is found within so many.
PLANTED = 100
# What the job does beside, which has nothing to do with money.
FAR = "2099-01-01"
BESIDE = ("events of the day", "failing providers", "planned actions", "promises", "notices")
BESIDE += ("figures of charges", "figures of cases")
QUIET = ("odoo.addons", "odoo.sql_db", "odoo.models.unlink", "odoo.models")


class MoneyCommon(ProviderCommon):
    """An invoice that is due at each of some providers, and histories that begin there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.clock = cls.freeze_time
        cls.is_jammed = []
        cls.start = fields.Datetime.now()
        cls.cards = {code: cls._create_provider_card(code) for code in PROVIDERS}
        cls.stripe = cls.cards["stripe"].provider_id
        cls.invoices = {code: cls._create_invoice(token=card) for code, card in cls.cards.items()}
        for invoice in cls.invoices.values():
            invoice.sudo()._plan_collection()
        # In nobody's way, but for the one of the history that is played.
        cls.env["recovery.attempt"].sudo().search([]).planned_at = FAR
        cls.env.flush_all()
        for patcher in cls._leave_out():
            cls.startClassPatcher(patcher)

    @classmethod
    def _leave_out(cls):
        """Return patchers of what takes time and has nothing to do with money."""
        yield patch.dict(FOLLOW._values, dict.fromkeys(BESIDE))
        transactions = type(cls.env["payment.transaction"])
        yield patch.object(transactions, "_log_message_on_linked_documents", lambda *_args: None)
        create_payment = transactions._create_payment

        def create_unless_jammed(transaction, **values):
            if cls.is_jammed == [True]:
                raise UserError(transaction.env._("The period is locked."))
            return create_payment(transaction, **values)

        yield patch.object(transactions, "_create_payment", create_unless_jammed)

    def _play_history(self, history):
        """Play a history and forget it.

        :return: what is wrong, or nothing, and the number of acts
        """
        savepoint = self.env.cr.savepoint(flush=True)
        self.clock.move_to(self.start)
        self.is_jammed[:] = []
        code = history["provider"]
        acts = Acts(self, self.invoices[code], self.cards[code])
        if not history["entries"]:
            self._book_without_entries()
        try:
            with self._patch_requests(side_effect=acts.memory.request):
                self._play_acts(acts, history)
            return "", acts.count
        except AssertionError as error:
            return str(error), acts.count
        finally:
            self.env.clear()
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)

    def _book_without_entries(self):
        self.env["account.payment.method.line"].search(
            [("payment_provider_id", "in", [card.provider_id.id for card in self.cards.values()])]
        ).payment_account_id = False

    def _play_acts(self, acts, history):
        acts.get_attempts().planned_at = fields.Datetime.now()
        for act in history["acts"]:
            acts.do(*act)
        decision, is_told = history["end"]
        for minutes in ENDING:
            acts.do("decide", 0, decision)
            for number in range(len(acts.memory.events) if is_told else 0):
                acts.do("tell", number)
            acts.do("wait", minutes)
            acts.do("work", decision)
            if acts.is_over():
                break
        acts.judge.look_at_the_end()

    def _find_violations(self, seed, histories, most=1, shrinks=True):
        """Play histories until enough of them went wrong.

        :return: for each that did, its shortest form and what is wrong; and what was played
        """
        random, acts, begun, found = Random(seed), 0, frozen.real_perf_counter(), []
        for number in range(histories):
            history = draw(random)
            wrong, count = self._play_history(history)
            acts += count
            if wrong:
                if shrinks:
                    history = shrink(history, lambda each: bool(self._play_history(each)[0]))
                    wrong = self._play_history(history)[0]
                found.append(f"{wrong}\nRR_HISTORY='{describe(history)}'")
                if IS_LONG:
                    sys.__stderr__.write(f"{found[-1]}\n")
            minutes = (frozen.real_perf_counter() - begun) / 60
            played = (
                f"{number + 1} histories of seed {seed}, {acts} acts, {minutes:.1f} minutes, "
                f"{len(found)} violations"
            )
            if IS_LONG and number % 100 == 99:
                sys.__stderr__.write(f"{played}\n")
            if len(found) >= most:
                break
        return found, played

    @contextmanager
    def _quiet(self):
        with self.enter_registry_test_mode(), mute_logger(*QUIET):
            yield


@tagged("post_install", "-at_install")
class TestMoney(MoneyCommon):
    def test_no_history_takes_money_twice_or_leaves_it_unnoticed(self):
        with self._quiet():
            if given := os.environ.get("RR_HISTORY"):
                self.assertFalse(self._play_history(json.loads(given))[0])
                return
            found, played = self._find_violations(SEED, HISTORIES, MOST)
        if IS_LONG:
            sys.__stderr__.write(f"{played}\n")
        self.assertFalse(found, "\n\n".join((played, *found)))

    def test_histories_that_once_went_wrong(self):
        for name, provider, acts in (
            (
                "the answer to the customer's payment with the saved card got lost",
                "stripe",
                [["pay_saved", "paid", ["lost_after"]]],
            ),
            (
                "the same, and the provider had not decided",
                "stripe",
                [["pay_saved", "pending", ["lost_after"]]],
            ),
            (
                "what became of the customer's pending payment is told by nobody",
                "stripe",
                [["job", "charge", "stolen", [], []], ["pay_saved", "pending", []]],
            ),
            (
                "the jobs stood still until Odoo had given up booking",
                "stripe",
                [["busy", 14], ["begin", []], ["finish", 0, "paid", True], ["wait", 21600]],
            ),
            (
                "the answer got lost, and the provider never decides",
                "stripe",
                [["pay_saved", "pending", ["lost_after"]], ["wait", 21600], ["work", "pending"]],
            ),
            (
                "the worker died that asked for the last time",
                "razorpay",
                [
                    ["job", "charge", "technical", [None, "killed_before"], []],
                    ["wait", 7200],
                    ["job", "follow", "paid", ["killed_before"], []],
                ],
            ),
            (
                "the customer paid after all at a form where their card had been declined",
                "stripe",
                [
                    ["begin", []],
                    ["finish", 0, "funds", True],
                    ["finish", 0, "pending", False],
                ],
            ),
        ):
            for entries in (True, False):
                end = ["pending" if name.endswith("never decides") else "paid", False]
                history = {"provider": provider, "entries": entries, "acts": acts, "end": end}
                with self.subTest(name, entries=entries), self._quiet():
                    self.assertFalse(self._play_history(history)[0])


@tagged("post_install", "-at_install")
class TestPlanted(MoneyCommon):
    """Each of these faults of ours is found, or the test above would prove nothing.

    The seeds are such that it is found soon; where histories are drawn otherwise, choose others.
    """

    def _assert_found(self, words, seed=1):
        with self._quiet():
            found, played = self._find_violations(seed, PLANTED, shrinks=False)
        if IS_LONG:
            sys.__stderr__.write(f"{self._testMethodName}: {played} {found}\n")
        self.assertTrue(found, played)
        self.assertRegex(found[0], words)

    def test_repeat_that_is_judged_like_a_first_request(self):
        def judge(error, provider="", *, is_repeat=False):
            return calls._judge_exception(error, provider)

        with patch.object(answer, "judge_exception", judge):
            self._assert_found("are under way|nobody sees it", seed=15443)

    def test_success_that_is_refused_after_a_cancellation(self):
        transactions = type(self.env["payment.transaction"])
        with patch.object(transactions, "_recovery_may_revive", lambda _self, _state: False):
            self._assert_found("nobody sees it", seed=15190)

    def test_alerts_that_are_dropped(self):
        with patch.object(alerts, "put_alert"):
            self._assert_found("nobody is asked|nobody sees it")

    def test_deadline_that_is_never_set(self):
        never = timedelta(days=3650)
        with patch.object(recovery_attempt, "get_outcome_wait", lambda *_args: never):
            self._assert_found("has no deadline")

    def test_refused_charges_that_are_planned_again_at_once(self):
        with (
            patch.object(Planner, "_slow_down", lambda _self, charge, _attempts: charge),
            patch.object(decider, "_was_refused_at_once", lambda *_args: False),
        ):
            self._assert_found("charges by day", seed=121)
