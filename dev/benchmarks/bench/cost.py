# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a charge costs: stock Odoo's bare three steps, and the whole path of the engine."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from environment import benchmark
from simulation.client import GatewayClient

from . import scene
from .profiling import BARE_PHASES, PHASES, Profile, profiled

OUTCOMES = ("declined", "paid")
# Charges of an invoice that is declined: the first opens the case, the others are retries.
ROUNDS = {"declined": 4, "paid": 1}
# Bare charges and ours take turns after so many, so that a busy machine slows both alike.
_CHUNK = 5

_MAKE_DUE = """
    UPDATE recovery_attempt SET planned_at = now() AT TIME ZONE 'UTC' - interval '2 seconds'
     WHERE state = 'planned' AND move_id = ANY (%s)
"""
_CHARGE_JOB = "revenue_recovery.ir_cron_recovery_charge"
_OTHER_JOBS = """
    UPDATE ir_cron SET nextcall = '2099-01-01' WHERE id != %(job)s;
    DELETE FROM ir_cron_trigger WHERE cron_id != %(job)s;
"""
_UNCHARGED = """
    SELECT count(*) FROM recovery_attempt
     WHERE (state = 'running' OR state = 'planned' AND planned_at <= now() AT TIME ZONE 'UTC')
       AND move_id = ANY (%s)
"""


class Cost(NamedTuple):
    """What a turn costs.

    :ivar clock: seconds
    :ivar processor: seconds of processor time, of Python and PostgreSQL together
    :ivar statements: sent to PostgreSQL
    """

    clock: float
    processor: float
    statements: int


@dataclass
class Pair:
    """The same number of invoices charged barely and by the engine, one cost for each round."""

    count: int
    bare: list[Cost] = field(default_factory=list)
    ours: list[Cost] = field(default_factory=list)

    def per_attempt(self, side: str, what: str, rounds: slice) -> float:
        """Return the milliseconds of an attempt: `bare` or `ours`, `clock` or `processor`."""
        return self._per_attempt(side, what, rounds) * 1000

    def statements(self, side: str, rounds: slice) -> float:
        """Return the statements of an attempt."""
        return self._per_attempt(side, "statements", rounds)

    def _per_attempt(self, side: str, what: str, rounds: slice) -> float:
        costs = [getattr(cost, what) for cost in getattr(self, side)[rounds]]
        return sum(costs) / len(costs) / self.count

    def ratio(self, what: str, rounds: slice) -> float:
        """Return how often ours takes what the bare charge takes."""
        return self.per_attempt("ours", what, rounds) / self.per_attempt("bare", what, rounds)


class Stage:
    """A database with a company, a gateway without faults, and invoices to charge."""

    def __init__(self, database: str, gateway: str) -> None:
        self.database = database
        self.client = GatewayClient(gateway)
        self._chance = random.Random(1)
        with self.env() as env:
            self._scene = scene.prepare(env)

    @contextmanager
    def env(self) -> Iterator[Any]:
        """Give an environment with an empty cache, as each run of a job has it."""
        with benchmark.odoo_env(self.database, log_level="error") as env:
            # A declined charge is an error to Odoo, with the provider's whole answer.
            logging.getLogger("odoo.addons.payment").setLevel(logging.CRITICAL)
            yield env

    @property
    def policy(self) -> int:
        """Id of the policy that takes all invoices."""
        return self._scene.policy

    def set_limit(self, rate: float) -> None:
        """Let the provider take so many requests a second; 0: as many as there are."""
        with self.env() as env:
            env["payment.provider"].browse(self._scene.provider).recovery_request_rate = rate

    def set_at_once(self, number: int) -> None:
        """Let a job send so many charges at once."""
        with self.env() as env:
            env["ir.config_parameter"].sudo().set_param(scene.AT_ONCE, number)

    def keep_other_jobs(self) -> None:
        """Let a server run the job that charges, and no other."""
        with self.env() as env:
            job = env.ref(_CHARGE_JOB)
            env.cr.execute(_OTHER_JOBS, {"job": job.id})

    def wake(self) -> None:
        """Let a server run the job that charges at once."""
        with self.env() as env:
            env["recovery.attempt"]._make_due()

    def create(self, outcome: str, count: int) -> list[int]:
        """Create invoices whose cards all answer alike."""
        script = {"paid": [], "declined": ["insufficient_funds"] * 50}[outcome]
        with self.env() as env:
            tokens = scene.create_payers(env, self._scene, self.client, [script] * count)
            return scene.create_invoices(env, self._scene, tokens, self._chance)

    def plan(self, invoices: Sequence[int]) -> None:
        """Plan the first charge of each invoice, as the collecting job does, but not due yet."""
        with self.env() as env:
            for invoice in env["account.move"].browse(invoices):
                invoice._plan_collection()
            env.flush_all()
            env.cr.execute(
                "UPDATE recovery_attempt SET planned_at = planned_at + interval '1 day' "
                "WHERE state = 'planned'"
            )

    def make_due(self, invoices: Sequence[int]) -> None:
        """Let the planned charges of these invoices be due."""
        with self.env() as env:
            env.cr.execute(_MAKE_DUE, [list(invoices)])

    def wait_until_charged(self, invoices: Sequence[int]) -> None:
        """Wait until no charge of these invoices is due or running; look seldom, looking costs."""
        with self.env() as env:
            while True:
                env.cr.execute(_UNCHARGED, [list(invoices)])
                if not env.cr.fetchone()[0]:
                    return
                env.cr.rollback()
                time.sleep(0.1)

    def park(self) -> None:
        """Stop the open cases, so that their retries stay out of what follows."""
        with self.env() as env:
            env["recovery.case"].search([("state", "=", "in_recovery")]).action_stop()

    # The comparison

    def compare(self, outcome: str, count: int) -> list[Pair]:
        """Charge invoices barely and by the engine, in turns of five; return the pairs of turns."""
        invoices = self.create(outcome, 2 * count)
        self.plan(invoices[count:])
        begins = range(0, count, _CHUNK)
        pairs = [Pair(len(invoices[begin : min(begin + _CHUNK, count)])) for begin in begins]
        for _round in range(ROUNDS[outcome]):
            for begin, pair in zip(begins, pairs, strict=True):
                bare = invoices[begin : begin + pair.count]
                ours = invoices[count + begin : count + begin + pair.count]
                self.make_due(ours)
                turns = [
                    (pair.bare, lambda env, bare=bare: charge_bare(env, bare)),
                    (pair.ours, lambda env, ours=ours: charge(env, len(ours))),
                ]
                for times, turn in turns if begin // _CHUNK % 2 else reversed(turns):
                    with self.env() as env:
                        times.append(measure(env, turn))
        self.park()
        return pairs

    # Profiles

    def profile_ours(self, outcome: str, count: int, rounds: int) -> tuple[Profile, Cost]:
        """Return what the last of some rounds of charges did, and what it cost."""
        invoices = self.create(outcome, count)
        self.plan(invoices)
        for _round in range(rounds - 1):
            self.make_due(invoices)
            with self.env() as env:
                charge(env, count)
        self.make_due(invoices)
        with self.env() as env, profiled(env, {"recovery.attempt": PHASES}) as profile:
            spent = measure(env, lambda env: charge(env, count))
        self.park()
        return profile, spent

    def profile_bare(self, outcome: str, count: int) -> tuple[Profile, Cost]:
        """Return what bare charges did, and what they cost."""
        invoices = self.create(outcome, count)
        with self.env() as env, profiled(env, {"payment.transaction": BARE_PHASES}) as profile:
            return profile, measure(env, lambda env: charge_bare(env, invoices))


def measure(env: Any, turn: Callable[[Any], object]) -> Cost:
    """Return what a turn costs; the processor time is 0 where the system does not tell it."""
    env.cr.execute("SELECT pg_backend_pid()")
    backend = Path(f"/proc/{env.cr.fetchone()[0]}/schedstat")
    statements = env.cr.sql_log_count
    begun, used = time.perf_counter(), time.process_time() + _read_seconds(backend)
    turn(env)
    used = time.process_time() + _read_seconds(backend) - used
    return Cost(time.perf_counter() - begun, used, env.cr.sql_log_count - statements)


def _read_seconds(schedstat: Path) -> float:
    try:
        return int(schedstat.read_text().split()[0]) / 1e9
    except OSError:  # Not Linux, or PostgreSQL runs elsewhere.
        return 0.0


def charge_bare(env: Any, invoice_ids: Sequence[int]) -> None:
    """Charge each invoice as stock Odoo would, committing after each step.

    The addon's own work is switched off: neither its refusals nor its signals take part.
    """
    from odoo.addons.revenue_recovery.models.case.recovery_invoice_queue import OWN_WORK
    from odoo.addons.revenue_recovery.models.charge.payment_transaction import CLAIM

    transactions = env["payment.transaction"].with_context(
        recovery_claim=CLAIM, recovery_own_work=OWN_WORK
    )
    model = type(transactions)
    with (
        patch.object(model, "_recovery_queue_invoices", lambda self: None),
        patch.object(model, "_recovery_keep_failure", lambda self, answer: None),
    ):
        for invoice in env["account.move"].browse(invoice_ids):
            transaction = transactions.create(_prepare_bare_vals(invoice))
            env.cr.commit()
            transaction._charge_with_token()
            env.cr.commit()
            transaction._post_process()
            env.cr.commit()


def _prepare_bare_vals(invoice: Any) -> dict[str, Any]:
    token = invoice.collect_token_id
    links = [(6, 0, invoice.ids)]
    return {
        "provider_id": token.provider_id.id,
        "payment_method_id": token.payment_method_id.id,
        "reference": invoice.env["payment.transaction"]._compute_reference(
            token.provider_id.code, invoice_ids=links
        ),
        "amount": invoice.amount_residual,
        "currency_id": invoice.currency_id.id,
        "partner_id": invoice.partner_id.id,
        "token_id": token.id,
        "operation": "offline",
        "invoice_ids": links,
    }


def charge(env: Any, count: int) -> None:
    """Charge attempts the way the job does.

    :raise AssertionError: when fewer than `count` are due
    """
    from odoo.addons.revenue_recovery.models.charge.due import DueCharges

    attempts, due = env["recovery.attempt"], DueCharges()
    for number in range(count):
        attempt = attempts._claim(due)
        assert attempt, f"Only {number} of {count} attempts were due."
        attempt._carry_out()
        due.finish(attempt.id)
