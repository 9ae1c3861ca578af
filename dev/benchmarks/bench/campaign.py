"""The fault campaign: workers killed, calls lost, webhooks late, customers in the way."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from environment import benchmark
from environment.progress import Progress
from simulation.client import GatewayClient

from . import audit, chaos, rules, scene
from .calendar import Calendar
from .customers import Customers
from .processes import Workers, gateway_process, odoo_server
from .worker import FAILED_JOB

NAME = "faults"
JOBS = ("collect", "charge", "follow", "book")
# How many charges are due at a time, so that retries mix with first charges.
_DUE_AT_ONCE = 40
_SETTLE_SECONDS = 180.0
_WEBHOOKS = {"mode": "immediate", "retries": 50, "retry_seconds": 1.0}

_STATE = """
    SELECT (SELECT count(*) FROM payment_transaction WHERE operation = 'offline'),
           (SELECT count(*) FROM account_move WHERE payment_state IN ('not_paid', 'partial')
                                                AND state = 'posted' AND move_type = 'out_invoice'),
           (SELECT count(*) FROM recovery_attempt WHERE state = 'planned'),
           (SELECT count(*) FROM recovery_attempt
             WHERE state = 'planned' AND planned_at <= now() AT TIME ZONE 'UTC'),
           (SELECT count(*) FROM recovery_attempt WHERE state IN ('running', 'unknown', 'pending')),
           (SELECT count(*) FROM recovery_invoice_queue),
           (SELECT count(*) FROM payment_transaction WHERE NOT is_post_processed
                                                       AND state IN ('done', 'cancel', 'error')),
           (SELECT count(*) FROM account_move WHERE state = 'posted'
               AND move_type = 'out_invoice' AND payment_state = 'not_paid'
               AND NOT EXISTS (SELECT FROM recovery_attempt WHERE move_id = account_move.id))
"""
# A charge holds the attempt's advisory lock from before the call until its outcome is committed.
_HOLDS_CHARGE = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND application_name = %s
"""
_UNFINISHED = """
    SELECT move.name, attempt.state, attempt.sentence
      FROM recovery_attempt attempt JOIN account_move move ON move.id = attempt.move_id
     WHERE attempt.state IN ('planned', 'running', 'unknown', 'pending')
"""
_ASKED = "SELECT id FROM recovery_attempt WHERE state = 'unknown' AND resolve_at IS NULL"


@dataclass(frozen=True)
class Options:
    """How much trouble."""

    attempts: int = 2000
    kills: int = 200
    workers: int = 2
    faults: float = 0.1
    customers: int = 2
    seed: int = 1
    rules: bool = False


@dataclass
class Result:
    """What happened, and what the audit found."""

    findings: audit.Findings = field(default_factory=audit.Findings)
    seconds: float = 0.0
    settle_seconds: float = 0.0
    attempts: int = 0
    invoices: int = 0
    invoices_paid: int = 0
    kills: int = 0
    kills_in_charge: int = 0
    persons: int = 0
    unfinished: list[str] = field(default_factory=list)
    replayed: int = 0
    declined: int = 0
    jobs_failed: int = 0
    rules: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    portal: Counter[str] = field(default_factory=Counter)
    portal_errors: list[str] = field(default_factory=list)
    diaries: list[str] = field(default_factory=list)
    webhooks: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class State:
    """Where the work stands, as the database tells."""

    attempts: int
    open_invoices: int
    planned: int
    due: int
    in_flight: int
    signals: int
    to_book: int
    uncollected: int

    @property
    def is_quiet(self) -> bool:
        """Return whether nobody has anything left to do."""
        return not (self.planned or self.in_flight or self.signals or self.to_book)


class Campaign:
    """One run; use :func:`run`."""

    def __init__(self, options: Options, database: str, gateway: str) -> None:
        self.options = options
        self.database = database
        self.client = GatewayClient(gateway, timeout=600)
        self.result = Result()
        self.progress = Progress(NAME)
        self._chance = random.Random(options.seed)
        self._script = chaos.make_script(options.attempts * 6, options.faults, options.seed)
        self.dsn = {"dbname": database, "application_name": "campaign"}
        self._connection = psycopg2.connect(**self.dsn)
        self._connection.autocommit = True
        self._calendar = Calendar(self._connection)

    # Scene

    def prepare(self, server: str) -> None:
        """Set the scene with the first invoices, the faults and the webhooks."""
        with benchmark.odoo_env(self.database) as env:
            self.scene = scene.prepare(env, members=4)
            env["ir.config_parameter"].sudo().set_param("web.base.url", server)
            if self.options.rules:
                self.result.rules = rules.prepare(env)
        self._webhook_url = f"{server}/payment/stripe/webhook"
        self._add_invoices(int(self.options.attempts / 2.4))
        self.client.set_faults(self._script)
        self._set_webhooks(delay=(0.0, 3.0), doubled=0.3)

    def _add_invoices(self, count: int) -> None:
        """Add invoices whose cards decline up to four times before they pay."""
        for begin in range(0, count, 200):
            scripts = [
                self._chance.choices(scene.DECLINES, k=self._chance.choice((0, 0, 1, 1, 2, 3, 4)))
                for _invoice in range(min(200, count - begin))
            ]
            with benchmark.odoo_env(self.database) as env:
                tokens = scene.create_payers(env, self.scene, self.client, scripts)
                scene.create_invoices(env, self.scene, tokens, self._chance)
            self.result.invoices += len(scripts)
            self.progress.say(f"{self.result.invoices} invoices")

    def _set_webhooks(self, **settings: Any) -> None:
        self.client.set_webhooks(url=self._webhook_url, **{**_WEBHOOKS, **settings})

    # Trouble

    def trouble(self, workers: Workers, customers: Customers) -> None:
        """Let the workers work until enough was charged, with everything going wrong."""
        options, result = self.options, self.result
        next_look = 0.0
        with self._webhooks_in_waves():
            while True:
                time.sleep(self._chance.uniform(0.0, 0.15))
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + 0.5
                    state = self._look(customers)
                    if state.attempts >= options.attempts and result.kills >= options.kills:
                        break
                progress = state.attempts / options.attempts
                if result.kills < options.kills * progress + 1:
                    self._kill(workers)

    def _look(self, customers: Customers) -> State:
        """Move the clock, bring in new invoices when they run out, and tell how it goes."""
        state = self.state()
        customers.budget = 5 + state.attempts // 4
        self._calendar.pass_hours(charges=max(0, _DUE_AT_ONCE - state.due), questions=5)
        self._calendar.leave_forms(customers.abandoned)
        if self.progress.is_due():
            self.progress.say(
                f"{state.attempts} of {self.options.attempts} charges, {self.result.kills} kills, "
                f"{state.due} due, {state.in_flight} in flight, "
                f"{state.open_invoices} invoices open, "
                f"{sum(customers.outcomes.values())} payments in the portal"
            )
        # Planned charges that do not become due wait for a customer.
        missing = self.options.attempts - state.attempts
        if state.due + state.in_flight + state.uncollected < min(_DUE_AT_ONCE, missing) / 2:
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

    @contextmanager
    def _webhooks_in_waves(self) -> Iterator[None]:
        """Hold all webhooks back for a while, again and again, and deliver them shuffled."""
        ended = threading.Event()
        chance = random.Random(self.options.seed)

        def hold_and_flush() -> None:
            while not ended.wait(chance.uniform(4, 8)):
                self._set_webhooks(mode="held", doubled=0.3)
                ended.wait(chance.uniform(2, 6))
                self._set_webhooks(delay=(0.0, 3.0), doubled=0.3)
                self.client.flush_webhooks("shuffled")

        thread = threading.Thread(target=hold_and_flush, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    # Settle

    def settle(self, customers: Customers) -> None:
        """Stop the trouble and wait until everybody is done."""
        begun = time.monotonic()
        consumed = sum(self.client.counters()["faults"].values())
        self.result.calls = consumed
        self.result.faults = chaos.count_faults(self._script, len(self._script) - consumed)
        self.client.clear_faults()
        self._set_webhooks()
        self.client.flush_webhooks("shuffled")
        self.client.wait_for_webhooks(300)
        quiet = 0
        while quiet < 3 and time.monotonic() - begun < _SETTLE_SECONDS:
            time.sleep(0.5)
            state = self.state()
            quiet = quiet + 1 if state.is_quiet and not self.client.webhooks()["waiting"] else 0
            self._calendar.pass_days()
            self._calendar.pass_hours()
            self._calendar.leave_forms(customers.abandoned)
            if not state.due and state.in_flight:
                self._ask_persons()
            if self.progress.is_due():
                self.progress.say(f"settling: {state}")
        self.result.settle_seconds = time.monotonic() - begun
        with self._connection.cursor() as cr:
            cr.execute(_UNFINISHED)
            self.result.unfinished = [": ".join(map(str, row)) for row in cr.fetchall()]

    def _ask_persons(self) -> None:
        """Answer as the accountant who looks the charge up at the provider, when they are asked.

        Who keeps an error under the idempotency key gives the same error to every question; after
        a day the engine asks a person.
        """
        self._calendar.pass_day()
        with self._connection.cursor() as cr:
            cr.execute(_ASKED)
            ids = [row[0] for row in cr.fetchall()]
        for attempt_id in ids:
            with benchmark.odoo_env(self.database) as env:
                attempt = env["recovery.attempt"].browse(attempt_id)
                if self.client.ledger(description=attempt.transaction_id.reference):
                    attempt.action_confirm_charged()
                else:
                    attempt.action_confirm_not_charged()
            self.result.persons += 1

    def state(self) -> State:
        """Return where the work stands."""
        with self._connection.cursor() as cr:
            cr.execute(_STATE)
            return State(*cr.fetchone())

    # Audit

    def audit(self) -> None:
        """Compare the ledger with Odoo's books, and collect the counts."""
        ledger = self.client.ledger()
        with self._connection.cursor() as cr:
            transactions, invoices = audit.read_books(cr)
            found = self.result.findings = audit.compare(ledger, transactions, invoices)
            cr.execute("SELECT state, count(*) FROM recovery_planned_action GROUP BY state")
            self.result.actions = Counter(dict(cr.fetchall()))
            for name in {*found.double, *found.without_money}:
                self.result.diaries += [f"{name}:", *audit.diary(cr, name, ledger)]
        self.result.attempts = self.state().attempts
        self.result.invoices_paid = sum(invoice.paid >= invoice.total for invoice in invoices)
        counters = self.client.counters()
        self.result.replayed = counters["replayed"]
        self.result.declined = counters["charges_declined"]
        for delivery in self.client.webhooks()["deliveries"]:
            arrived = delivery["status"] is not None and 200 <= delivery["status"] < 300
            self.result.webhooks["delivered" if arrived else "failed, sent again"] += 1

    def plant_double_charge(self) -> None:
        """Charge a paid invoice once more at the gateway, behind Odoo's back."""
        entry = self.client.ledger()[0]
        self.client.api(
            "POST",
            "payment_intents",
            {
                "amount": entry["amount"],
                "currency": entry["currency"],
                "customer": entry["customer"],
                "payment_method": entry["payment_method"],
                "payment_method_types[]": "card",
                "description": entry["description"],
                "confirm": "true",
                "off_session": "true",
            },
        )


def run(options: Options, plant: bool = False) -> Result:
    """Run the campaign on a database of its own and return what it found.

    :param plant: make a double charge by hand before the audit, to see that it is found
    """
    with benchmark.scratch_database(label=NAME) as database, gateway_process(NAME) as gateway:
        os.environ["RECOVERY_GATEWAY_URL"] = gateway
        with odoo_server(NAME, database, gateway) as server:
            campaign = Campaign(options, database, gateway)
            campaign.prepare(server)
            begun = time.monotonic()
            with Workers(NAME, database, gateway, JOBS) as workers:
                workers.start(options.workers)
                customers = Customers(
                    server,
                    campaign.dsn,
                    campaign.client,
                    campaign.scene,
                    count=options.customers,
                    seed=options.seed,
                )
                with customers:
                    campaign.trouble(workers, customers)
                campaign.settle(customers)
                workers.end()
                campaign.result.jobs_failed = workers.log.read_text().count(FAILED_JOB)
            campaign.result.seconds = time.monotonic() - begun
            campaign.result.portal = customers.outcomes
            campaign.result.portal_errors = customers.errors
            if plant:
                campaign.plant_double_charge()
            campaign.audit()
            return campaign.result
