# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Customers at once on their page while charges go out, and a product that asks meanwhile."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from environment import benchmark
from environment.progress import Progress
from simulation.client import GatewayClient

from . import scene
from .asking import Asked, Product, family_of, processor_seconds
from .processes import Workers, gateway_process, odoo_workers
from .visitors import ACTS, Answers, Guest, Visitor, visit

NAME = "page"
JOBS = ("collect", "charge", "follow", "book")
# Odoo's prefork server as the page's customers meet it.
SERVER_WORKERS = 4
# So many threads of the product ask at once.
_ASKING_THREADS = 8
# For how many seconds answers are kept, and how often each is asked for when it is forgotten.
KEPT = 4.0
_ROUNDS = 3
_WAIT_SECONDS = 600.0
_CHARGED = "SELECT count(*) FROM recovery_attempt WHERE state IN ('declined', 'paid')"
_CASES = "SELECT count(*) FROM recovery_case"
_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"


@dataclass(frozen=True)
class Options:
    """How many come, and for how long.

    :ivar customers: at once, each with two failed invoices
    :ivar rounds: how often each opens the page and Odoo's list
    :ivar pause: seconds that each reads a page, on average
    :ivar charges: that are due meanwhile
    :ivar asking: seconds for which the product asks; for half as many before, which don't count
    """

    customers: int = 50
    rounds: int = 6
    pause: float = 5.0
    charges: int = 200
    asking: float = 20.0


class Form(NamedTuple):
    """What the payment form sends: ids of the provider and of the method."""

    provider: int
    method: int


@dataclass
class Result:
    """What the customers and the product got, and what came of it.

    :ivar asked: for all customers in turn
    :ivar known: for one, whose standing was remembered
    :ivar anew: for all when nothing was
    """

    answers: Answers = field(default_factory=Answers)
    asked: Asked = field(default_factory=Asked)
    known: Asked = field(default_factory=Asked)
    anew: Asked = field(default_factory=Asked)
    lost: list[str] = field(default_factory=list)
    charged: int = 0
    jobs_failed: int = 0
    seconds: float = 0.0


class Load:
    """One run; use :func:`run`."""

    def __init__(self, options: Options, database: str, gateway: str) -> None:
        self.options, self.database = options, database
        self.client = GatewayClient(gateway, timeout=600)
        self.result = Result()
        self.progress = Progress(NAME)
        self._chance = random.Random(1)

    def prepare(self, url: str) -> None:
        """Let each customer have two invoices whose saved cards are declined."""
        count = self.options.customers
        with benchmark.odoo_env(self.database) as env:
            self._scene = scene.prepare(env, members=count)
            env["ir.config_parameter"].sudo().set_param("web.base.url", url)
            tokens = self._save_cards(env, self._scene.members)
            # One currency, so that a customer's invoices can be paid together.
            self._add_invoices(env, tokens)
            provider = env["payment.provider"].browse(self._scene.provider)
            provider.write({"is_published": True, "state": "test"})
            self.form = Form(provider.id, env.ref("payment.payment_method_card").id)
            self._make_key(env)
        self.progress.say(f"{2 * count} invoices of {count} customers")

    def _save_cards(self, env: Any, partner_ids: Sequence[int]) -> list[int]:
        """Save two cards of each contact that decline; no two invoices are charged to one."""
        simulation = env["recovery.simulation"]
        provider = env["payment.provider"].browse(self._scene.provider)
        partners = env["res.partner"].browse(partner_ids)
        return [
            simulation._save_method(
                provider, self.client.create_card({"script": ["insufficient_funds"] * 50}), partner
            ).id
            for partner in partners
            for _card in range(2)
        ]

    def _add_invoices(self, env: Any, tokens: Sequence[int]) -> list[int]:
        only = scene.Scene(
            provider=self._scene.provider,
            policy=self._scene.policy,
            currencies={"EUR": self._scene.currencies["EUR"]},
            members=(),
        )
        return scene.create_invoices(env, only, tokens, self._chance)

    def _make_key(self, env: Any) -> None:
        key = env["recovery.standing.key"].create({"name": "Product", "rate": 600_000})
        self._secret = key.action_make_secret()["context"]["default_secret"]

    def wait_until_failed(self) -> None:
        """Wait until the jobs have charged all invoices once, and have opened their cases."""
        wanted = 2 * self.options.customers
        until = time.monotonic() + _WAIT_SECONDS
        while (count := self._count(_CASES)) < wanted:
            if time.monotonic() > until:
                raise RuntimeError(f"Only {count} of {wanted} invoices have a case.")
            self.progress.say(f"{count} of {wanted} invoices have failed")
            time.sleep(2)

    def _count(self, statement: str) -> int:
        with benchmark.odoo_env(self.database) as env:
            env.cr.execute(statement)
            return env.cr.fetchone()[0]

    def add_charges(self) -> None:
        """Create invoices of others that are due now, for the jobs to charge meanwhile."""
        with benchmark.odoo_env(self.database) as env:
            scripts = [
                self._chance.choice(([], ["insufficient_funds"] * 50))
                for _each in range(self.options.charges)
            ]
            tokens = scene.create_payers(env, self._scene, self.client, scripts)
            for invoice in env["account.move"].browse(self._add_invoices(env, tokens)):
                invoice._plan_collection()
        self.progress.say(f"{self.options.charges} further charges are due")

    def let_visit(self, url: str) -> None:
        """Let all customers come while the jobs charge others."""
        guests = self.invite()
        self.add_charges()
        self.receive(url, guests)
        self.check_acts(guests)

    def invite(self) -> list[Guest]:
        """Give each customer the link of a message, and something to do."""
        guests = []
        with benchmark.odoo_env(self.database) as env:
            cases = env["recovery.case"].search([("partner_id", "in", self._scene.members)])
            by_partner = cases.grouped("partner_id")
            for number, partner_id in enumerate(self._scene.members):
                own = by_partner[env["res.partner"].browse(partner_id)].sorted("id")
                link = own._get_recovery_link()
                path = link[link.index("/recovery/pay/") :]
                act = ACTS[number % len(ACTS)]
                login = f"member{number}@example.com"
                guests.append(Guest(number, path, login, tuple(own.ids), act))
        return guests

    def receive(self, url: str, guests: Sequence[Guest]) -> None:
        """Let the customers come, all at once."""
        before = self._count(_CHARGED)
        visitors = [(guest, Visitor(url, guest, self.form, self.client)) for guest in guests]
        for _guest, visitor in visitors:
            visitor.log_in(self.database)
        visitors[0][1].open_page()  # Odoo builds its scripts and styles at the first page.
        visitors[0][1].open_stock()
        begun = time.monotonic()
        self.result.answers = visit(visitors, self.options.rounds, self.options.pause)
        self.result.seconds = time.monotonic() - begun
        self.result.charged = self._count(_CHARGED) - before

    def check_acts(self, guests: Sequence[Guest]) -> None:
        """Note what customers did and nobody knows of, once all payments are booked."""
        until = time.monotonic() + 60
        done = [guest for guest in guests if guest.number in self.result.answers.done]
        while (lost := self._find_lost(done)) and time.monotonic() < until:
            time.sleep(1)
        self.result.lost = lost

    def _find_lost(self, guests: Sequence[Guest]) -> list[str]:
        with benchmark.odoo_env(self.database) as env:
            return [
                f"{guest.act} of {guest.number}"
                for guest in guests
                if not _is_kept(env["recovery.case"].browse(guest.cases), guest)
            ]

    def ask_standing(self, url: str, pid: int) -> None:
        """Let the product ask how the customers stand, and measure the processor time of it."""
        customers, seconds = self._scene.members, self.options.asking
        product = Product(url, self._secret, self.database, _ASKING_THREADS)
        product.ask_for(customers, seconds / 2)
        with benchmark.odoo_env(self.database) as env:
            env.cr.execute(_BACKENDS)
            pids = [backend for (backend,) in env.cr.fetchall()] + family_of(pid)
        result = self.result
        result.asked = _measure(pids, lambda: product.ask_for(customers, seconds))
        result.known = _measure(pids, lambda: product.ask_for(customers[:1], seconds / 2))
        for _round in range(_ROUNDS):
            time.sleep(KEPT + 0.5)
            found = _measure(pids, lambda: product.ask(customers))
            result.anew.count += found.count
            result.anew.processor += found.processor


def _measure(pids: Sequence[int], ask: Callable[[], Asked]) -> Asked:
    before = processor_seconds(pids)
    asked = ask()
    asked.processor = processor_seconds(pids) - before
    return asked


def _is_kept(cases: Any, guest: Guest) -> bool:
    if guest.act == "pay":
        return set(cases.move_id.mapped("payment_state")) <= {"paid", "in_payment"}
    if guest.act == "promise":
        return all(cases.mapped("promise_date"))
    if guest.act == "question":
        return f"Question {guest.number}." in str(cases.message_ids.mapped("body"))
    return True


def run(options: Options, only_asking: bool = False) -> Result:
    """Run the load on a database of its own and return what came of it.

    :param only_asking: whether only the product comes, to customers whose charges have failed
    """
    with benchmark.scratch_database(label=NAME) as database, gateway_process(NAME) as gateway:
        os.environ["RECOVERY_GATEWAY_URL"] = gateway
        with odoo_workers(NAME, database, gateway, SERVER_WORKERS) as (url, pid):
            load = Load(options, database, gateway)
            load.prepare(url)
            with Workers(NAME, database, gateway, JOBS) as workers:
                workers.start(2)
                load.wait_until_failed()
                if not only_asking:
                    load.let_visit(url)
                workers.end()
                load.result.jobs_failed = workers.count_failed_jobs()
            load.ask_standing(url, pid)
            return load.result
