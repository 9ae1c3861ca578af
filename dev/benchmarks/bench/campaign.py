# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The fault campaign: workers killed, calls lost, webhooks late, people in the way."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from environment import benchmark
from environment.progress import Progress
from simulation.client import GatewayClient

from . import audit, books, chaos, plants, rules, scene
from .calendar import Calendar
from .customers import Customers
from .patient import Patient
from .persons import Persons
from .processes import Workers, gateway_process, odoo_server
from .standing import State, read_state
from .tally import Result
from .waves import Waves

NAME = "faults"
JOBS = ("collect", "charge", "follow", "book")
# For how long nothing must have come of the work on the last day, and how long any takes at most.
_LAST_STILL_SECONDS, _DAY_SECONDS = 10.0, 600.0
# Share of the persons' answers about charges that went through which are wrong.
_WRONG_ANSWERS = 0.3

_PAID = ("paid", "in_payment")
# A charge holds the attempt's advisory lock from before the call until its outcome is committed.
_HOLDS_CHARGE = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND application_name = %s
"""
_UNFINISHED = """
    SELECT move.name, attempt.state, attempt.sentence::text
      FROM recovery_attempt attempt JOIN account_move move ON move.id = attempt.move_id
     WHERE attempt.state IN ('planned', 'running', 'unknown', 'pending')
"""


@dataclass(frozen=True)
class Options:
    """How much trouble.

    :ivar at_once: charges that each worker sends at once
    :ivar due_at_once: how many are due at a time, so that retries mix with first charges
    """

    attempts: int = 2000
    kills: int = 200
    workers: int = 2
    at_once: int = 4
    due_at_once: int = 40
    faults: float = 0.1
    customers: int = 2
    seed: int = 1
    rules: bool = False
    # How many nights pass at most until everything has come to its end: webhooks come up to two and
    # a half days late, and a payment of which nothing is known holds charges up for three.
    last_days: int = 5

    @property
    def days(self) -> int:
        """How many nights lie in the trouble."""
        return 1 + self.attempts // 1000


class Campaign:
    """One run; use :func:`run`.

    :cvar shares: of the kinds of faults
    :cvar slack: by how much a worker's clock may be behind
    :cvar still_seconds: a day of the end is over when nothing has come of the work for so long
    """

    shares = chaos.KINDS
    slack = timedelta()
    still_seconds = 3.0

    def __init__(self, options: Options, database: str, gateway: str) -> None:
        self.options = options
        self.database = database
        self.client = GatewayClient(gateway, timeout=600)
        self.result = Result()
        self.progress = Progress(NAME)
        self._chance = random.Random(options.seed)
        self._script = chaos.make_script(
            options.attempts * 6, options.faults, options.seed, self.shares
        )
        self.dsn = {"dbname": database, "application_name": "campaign"}
        self._connection = Patient(**self.dsn)
        self._calendar = Calendar(self._connection, self.slack)
        self._persons = Persons(
            database, self._connection, self.client, wrong=_WRONG_ANSWERS, chance=self._chance
        )

    # Scene

    def prepare(self, server: str) -> None:
        """Set the scene with the first invoices, the faults and the webhooks."""
        with benchmark.odoo_env(self.database) as env:
            self.scene = scene.prepare(env, members=4, unit="days")
            parameters = env["ir.config_parameter"].sudo()
            parameters.set_param("web.base.url", server)
            parameters.set_param(scene.AT_ONCE, self.options.at_once)
            if self.options.rules:
                self.result.rules = rules.prepare(env)
        self._waves = Waves(self.client, f"{server}/payment/stripe/webhook", self.options.seed)
        self._add_invoices(int(self.options.attempts / 2.8))
        read_backs = chaos.make_read_backs(self.options.faults, self.options.seed)
        self.client.set_faults(self._script, further=[read_backs])

    def _add_invoices(self, count: int) -> None:
        """Add invoices whose cards decline up to four times before they pay."""
        for begin in range(0, count, 200):
            scripts = [
                chaos.leave_some_undecided(
                    self._chance.choices(
                        scene.DECLINES, k=self._chance.choice((0, 1, 1, 2, 3, 4, 4))
                    ),
                    self._chance,
                )
                for _invoice in range(min(200, count - begin))
            ]
            with benchmark.odoo_env(self.database) as env:
                tokens = scene.create_payers(env, self.scene, self.client, scripts)
                scene.create_invoices(env, self.scene, tokens, self._chance)
            self.result.invoices += len(scripts)
            self.progress.say(f"{self.result.invoices} invoices")

    # Trouble

    def trouble(self, workers: Workers, customers: Customers) -> None:
        """Let the workers work until enough was charged, with everything going wrong."""
        options, result = self.options, self.result
        next_look = 0.0
        with self._waves.rolling():
            while True:
                time.sleep(self._chance.uniform(0.0, 0.15))
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + 0.5
                    state = self.look(customers)
                    is_enough = state.attempts >= options.attempts and self.is_through()
                    if is_enough and result.kills >= options.kills:
                        break
                progress = state.attempts / options.attempts
                self.let_happen(progress, workers, customers)
                if result.kills < options.kills * progress + 1:
                    self._kill(workers)
                if result.days < options.days and progress > (result.days + 0.7) / options.days:
                    self._pass_night(workers, customers)
                    self._persons.answer_alerts()

    def let_happen(self, progress: float, workers: Workers, customers: Customers) -> None:
        """Hook for other campaigns: let happen what is due of what is planned.

        :param progress: share of the charges that were made
        """

    def is_through(self) -> bool:
        """Hook for other campaigns: return whether all that was planned has happened."""
        return True

    def look(self, customers: Customers, brings_more: bool = True) -> State:
        """Move the clock, bring in new invoices when they run out, and tell how it goes.

        :param brings_more: whether new invoices are wanted now
        """
        state = self.state()
        customers.budget = 5 + state.attempts // 4
        self._calendar.pass_hours(charges=max(0, self.options.due_at_once - state.due), questions=5)
        self._calendar.leave_forms(customers.abandoned)
        if self.progress.is_due():
            self.progress.say(
                f"{state.attempts} of {self.options.attempts} charges, {self.result.kills} kills, "
                f"{state.due} due, {state.in_flight} in flight, "
                f"{state.open_invoices} invoices open, "
                f"{sum(customers.outcomes.values())} payments in the portal"
            )
        if self._chance.random() < 0.4:
            self._persons.answer_unasked(1)
        # Planned charges that do not become due wait for a customer, and what is in flight may wait
        # for a person.
        missing = self.options.attempts - state.attempts
        if not self.is_through():
            missing = max(missing, self.options.due_at_once)
        enough = min(self.options.due_at_once, missing) / 2
        if brings_more and state.due + state.uncollected < enough:
            self._add_invoices(max(10, missing // 3))
        return state

    def _kill(self, workers: Workers) -> None:
        """Kill a worker as a power failure would, and start another in its place."""
        pid = self._chance.choice(workers.pids)
        os.kill(pid, signal.SIGSTOP)  # So that it is not somewhere else when it is killed.
        with self._connection.cursor() as cr:
            cr.execute(_HOLDS_CHARGE, [f"odoo-{pid}"])
            self.result.kills_in_charge += cr.fetchone()[0]
        workers.kill(pid)
        self.result.kills += 1
        workers.start()

    def _pass_night(self, workers: Workers, customers: Customers) -> None:
        """Let a day pass for Odoo and for the gateway at once, while nobody is at work.

        A worker that asked for a charge on one day, and got the answer on another, would not be a
        fault but nonsense.
        """
        with customers.asleep():
            count = len(workers.pids)
            workers.end()
            while self.client.faults()["running"]:
                time.sleep(0.05)
            self._calendar.pass_day()
            self.client.put_ahead(timedelta(days=1))
            self.result.days += 1
            workers.start(count)

    # Settle

    def settle(self, workers: Workers, customers: Customers) -> None:
        """Stop the trouble and let days pass until everybody is done."""
        begun = time.monotonic()
        left = self.client.faults()["scripted"]
        self.result.calls = len(self._script) - left
        self.result.faults = chaos.count_faults(self._script, left)
        self.result.faults += self._count_refusals()
        self.client.clear_faults()
        self._waves.calm()
        for _day in range(self.options.last_days):
            # What is still to come by the gateway's clock may change what is over.
            if self._end_day(customers, self.still_seconds) and not self.client.health()["waiting"]:
                break
            self._pass_night(workers, customers)
        self._end_day(customers, _LAST_STILL_SECONDS)
        self.result.settle_seconds = time.monotonic() - begun
        with self._connection.cursor() as cr:
            cr.execute(_UNFINISHED)
            self.result.unfinished = [": ".join(map(str, row)) for row in cr.fetchall()]

    def _count_refusals(self) -> Counter[str]:
        """Return how often a re-ask or a read-back met trouble, beside what was scripted."""
        happened = Counter(self.client.faults()["happened"])
        scripted = Counter(item["kind"] for item in self._script[: self.result.calls])
        refused = happened - scripted
        return Counter({f"re-ask or read-back, {kind}": n for kind, n in refused.items()})

    def _end_day(self, customers: Customers, still_seconds: float) -> bool:
        """Wait until nothing comes of the work any more today; return whether all is done.

        :param still_seconds: for how long nothing must have come
        """
        begun = changed = time.monotonic()
        before = None
        quiet = 0
        while time.monotonic() - begun < _DAY_SECONDS:
            state = self.state()
            waiting = self.client.webhook_counts()["waiting"]
            quiet = quiet + 1 if state.is_quiet and not waiting else 0
            if quiet == 3:
                return True
            if (state.achieved, waiting) != before:
                before, changed = (state.achieved, waiting), time.monotonic()
            elif not waiting and time.monotonic() - changed > still_seconds:
                return False
            self._calendar.pass_hours()
            self._calendar.leave_forms(customers.abandoned)
            if not state.due and (state.in_flight or state.pending):
                self._persons.answer_alerts()
            if self.progress.is_due():
                self.progress.say(f"settling: {state}, {waiting} webhooks on their way")
            time.sleep(0.4)
        return False

    def state(self) -> State:
        """Return where the work stands."""
        with self._connection.cursor() as cr:
            return read_state(cr)

    # Audit

    def audit(self) -> None:
        """Compare the ledger with Odoo's books, and collect the counts."""
        result, ledger = self.result, self.client.ledger()
        found = result.findings = self.compare()
        ahead = timedelta(days=result.days)
        with self._connection.cursor() as cr:
            cr.execute("SELECT state, count(*) FROM recovery_planned_action GROUP BY state")
            result.actions = Counter(dict(cr.fetchall()))
            for name in sorted(found.names)[:20]:
                result.diaries += [f"{name}:", *books.diary(cr, name, ledger, ahead)]
            cr.execute("SELECT count(*) FROM account_move WHERE payment_state IN %s", [_PAID])
            result.invoices_paid = cr.fetchone()[0]
        result.attempts = self.state().attempts
        result.persons, result.wrong_answers = self._persons.answers, self._persons.wrong_answers
        result.late_charges = len(self.client.faults()["late"])
        counters = self.client.counters()
        result.replayed = counters["replayed"]
        result.declined = counters["charges_declined"]
        webhooks = self.client.webhooks()
        result.webhooks["that never came"] = len(webhooks["lost"])
        for delivery in webhooks["deliveries"]:
            arrived = delivery["status"] is not None and 200 <= delivery["status"] < 300
            result.webhooks["delivered" if arrived else "failed, sent again"] += 1

    def compare(self) -> audit.Findings:
        """Return what the audit finds now."""
        denied = self._persons.denied | set(self.client.faults()["late"])
        untold = {
            event["description"]
            for event in self.client.webhooks()["lost"]
            if event["type"] == "payment_intent.succeeded"
        }
        with self._connection.cursor() as cr:
            return audit.compare(
                self.client.ledger(), books.read_books(cr), audit.Excuses(denied, untold)
            )

    def plant(self, kinds: tuple[str, ...]) -> None:
        """Make a violation of each kind in turn, and note whether the audit found one more."""
        planter = plants.Plants(self._connection, self.client)
        for kind in kinds:
            name = plants.KINDS[kind][0]
            before = len(getattr(self.compare(), name))
            planter.make(kind)
            self.result.caught[kind] = len(getattr(self.compare(), name)) > before

    def play(self, server: str, workers: Workers, plant: tuple[str, ...] = ()) -> Result:
        """Let everything happen, then compare the books; return what was found.

        :param server: address of Odoo
        :param plant: kinds of violations to make by hand before the audit
        """
        options, result, begun = self.options, self.result, time.monotonic()
        workers.start(options.workers)
        customers = Customers(
            server,
            self.dsn,
            self.client,
            self.scene,
            count=options.customers,
            seed=options.seed,
        )
        with customers:
            self.trouble(workers, customers)
        self.settle(workers, customers)
        workers.end()
        result.jobs_failed = workers.count_failed_jobs()
        result.seconds = time.monotonic() - begun
        result.portal, result.portal_errors = customers.outcomes, customers.errors
        self.plant(plant)
        self.audit()
        return result


def run(options: Options, plant: tuple[str, ...] = ()) -> Result:
    """Run the campaign on a database of its own and return what it found.

    :param plant: kinds of violations to make by hand before the audit, to see that it finds them
    """
    with benchmark.scratch_database(label=NAME) as database, gateway_process(NAME) as gateway:
        # Odoo calls an address that faults may shut; the campaign's commands keep to the other.
        front = os.environ["RECOVERY_GATEWAY_URL"] = GatewayClient(gateway).open_front()
        with odoo_server(NAME, database, front) as server:
            campaign = Campaign(options, database, gateway)
            campaign.prepare(server)
            with Workers(NAME, database, front, JOBS, is_warm=True) as workers:
                return campaign.play(server, workers, plant)
