# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The fault campaign on three hosts that disagree about the time, and lose what joins them.

Each host is a process with a clock of its own. Beside all that happens in :mod:`.campaign`, one of
them stands still in mid-charge for longer than the others wait for it, PostgreSQL is restarted and
crashes, and the network to the gateway is cut.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from environment import benchmark
from environment.postgres import Cluster
from simulation.client import GatewayClient

from . import chaos
from .campaign import JOBS, Campaign, Options
from .customers import Customers
from .processes import Workers, gateway_process, odoo_server
from .tally import Result
from .wire import Wire

NAME = "hosts"
# By how many seconds the clocks of the hosts are ahead. Customers and webhooks meet the last one.
CLOCKS = {"ahead": 300.0, "right": 0.0, "behind": -300.0}
# Answers that come later than Odoo waits, so that others ask while a charge is still being made.
SHARES = {**chaos.KINDS, "delay_before": 12, "delay_after": 4}

# How often a worker is stopped to see whether it has a charge under way just now, and how long
# PostgreSQL needs for what it was told last.
_TRIES, _LAST_WORD_SECONDS = 10, 0.2
# How long a worker that can't be reached any more stands still at least, and how long at most until
# others have settled its charges.
_STILL_SECONDS, _SETTLE_SECONDS = 12.0, 120.0
# After this much of a claim's time nobody takes its worker for alive, by whatever clock.
_AGE = timedelta(minutes=15)
_LOOK_SECONDS = 0.4

# Charges that a process has under way: it holds their locks, and PostgreSQL waits for it.
_UNDER_WAY = """
    SELECT lock.objid::bigint FROM pg_locks lock JOIN pg_stat_activity USING (pid)
     WHERE lock.locktype = 'advisory' AND application_name = %s
       AND lock.classid = 'recovery_attempt'::regclass::oid AND state = 'idle in transaction'
"""
_STATES = "SELECT state FROM recovery_attempt WHERE id = ANY (%s)"
_END_SESSIONS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s
"""


@dataclass(frozen=True)
class HostOptions(Options):
    """How much trouble, with hosts that disagree.

    :ivar workers: on all hosts together
    :ivar rounds: how often each thing happens
    :ivar cut_seconds: for how long the network to the gateway is cut
    """

    attempts: int = 400
    kills: int = 40
    workers: int = len(CLOCKS)
    last_days: int = 8
    rounds: int = 2
    cut_seconds: float = 60.0


class Hosts:
    """The workers of all hosts, as :class:`.processes.Workers` are those of one."""

    def __init__(self, each: dict[str, Workers]) -> None:
        self._each = each

    @property
    def pids(self) -> list[int]:
        """The workers of all hosts."""
        return [pid for workers in self._each.values() for pid in workers.pids]

    def start(self, count: int = 1) -> None:
        """Start further workers, on the hosts that have the fewest."""
        for _number in range(count):
            min(self._each.values(), key=lambda workers: len(workers.pids)).start()

    def kill(self, pid: int) -> None:
        """Kill a worker as a power failure would, and wait until it is gone."""
        next(workers for workers in self._each.values() if pid in workers.pids).kill(pid)

    def end(self) -> None:
        """Let every worker finish what it does, and wait for it."""
        for workers in self._each.values():
            workers.end()

    def count_failed_jobs(self) -> int:
        """Return how many jobs raised, by the logs."""
        return sum(workers.count_failed_jobs() for workers in self._each.values())


class HostCampaign(Campaign):
    """One run; use :func:`run`.

    :param cluster: PostgreSQL, which nobody else uses
    :param wire: to the gateway
    """

    shares = SHARES
    slack = timedelta(seconds=-min(CLOCKS.values()))
    still_seconds = 6.0

    def __init__(
        self, options: HostOptions, database: str, gateway: str, cluster: Cluster, wire: Wire
    ) -> None:
        super().__init__(options, database, gateway)
        self._cluster, self._wire = cluster, wire
        self._planned = self._plan(options.rounds)
        self._count = len(self._planned)
        self._seen: Counter[str] = Counter()

    def _plan(self, rounds: int) -> list[Callable[[Any, Customers], bool]]:
        """Return what happens, in turn, each as the share of the charges comes to it.

        Each returns whether it has happened; what has not is tried again.
        """
        plan: list[Callable[[Any, Customers], bool]] = []
        for _round in range(rounds):
            plan += [
                self._suspend,
                self._suspend_and_restart,
                partial(self._suspend, cut_off=self._lose),
                self._crash,
            ]
        plan.insert(2, self._cut)
        return plan

    # Hooks

    def let_happen(self, progress: float, workers: Any, customers: Customers) -> None:
        """Override to let the next thing happen once enough was charged since the last."""
        done = self._count - len(self._planned)
        is_due = self._planned and progress > (done + 0.5) / self._count
        if is_due and self._planned[0](workers, customers):
            self._planned.pop(0)

    def is_through(self) -> bool:
        """Override to go on until everything has happened."""
        return not self._planned

    def audit(self) -> None:
        """Override to tell what must have happened for the audit to say anything."""
        super().audit()
        options, seen = self.options, self._seen
        self.result.required = {
            "workers suspended in mid-charge": (seen["suspended"], "at least", 3 * options.rounds),
            "charges of lost workers that others settled": (seen["settled"], "at least", 1),
            "charges taken from living workers": (seen["taken"], "at most", 0),
            "PostgreSQL restarts": (seen["restarts"], "at least", 2 * options.rounds),
            "seconds without a way to the gateway": (
                seen["seconds cut"],
                "at least",
                round(options.cut_seconds),
            ),
        }

    # What happens

    def _suspend(
        self,
        workers: Any,
        customers: Customers,
        cut_off: Callable[[int], None] | None = None,
    ) -> bool:
        """Stop a worker in mid-charge, let the others go on without it, and let it continue.

        :param cut_off: ends its database sessions, so that nobody can tell that it lives
        :return: whether one was found with a charge under way
        """
        pid, attempts = self._stop_in_charge(workers)
        if not attempts:
            return False
        self._seen["suspended"] += 1
        self.progress.say(f"worker {pid} stands still with {len(attempts)} charges under way")
        begun = time.monotonic()
        if cut_off:
            cut_off(pid)
            self._calendar.age_claims(attempts, _AGE)
        while time.monotonic() - begun < _STILL_SECONDS or (
            cut_off
            and self._count_in(attempts, "running", "unknown")
            and time.monotonic() - begun < _SETTLE_SECONDS
        ):
            self.look(customers, brings_more=False)
            time.sleep(_LOOK_SECONDS)
        left = self._count_in(attempts, "running", "unknown")
        self._seen["settled" if cut_off else "taken"] += len(attempts) - left
        os.kill(pid, signal.SIGCONT)
        self.progress.say(f"worker {pid} goes on; {left} of its charges are open")
        return True

    def _stop_in_charge(self, workers: Any) -> tuple[int, list[int]]:
        """Stop a worker whose request is at the gateway; return it, and its charges, if any."""
        for _turn in range(_TRIES):
            pid = self._chance.choice(workers.pids)
            if self.client.faults()["running"]:
                os.kill(pid, signal.SIGSTOP)
                time.sleep(_LAST_WORD_SECONDS)
                with self._connection.cursor() as cr:
                    cr.execute(_UNDER_WAY, [f"odoo-{pid}"])
                    attempts = [row[0] for row in cr.fetchall()]
                if attempts and self._count_in(attempts, "running") == len(attempts):
                    return pid, attempts
                os.kill(pid, signal.SIGCONT)
            time.sleep(self._chance.uniform(0.0, 0.05))
        return pid, []

    def _lose(self, pid: int) -> None:
        """End the database sessions of a worker, as when its host can't be reached any more."""
        with self._connection.cursor() as cr:
            cr.execute(_END_SESSIONS, [f"odoo-{pid}"])

    # Odoo keeps a customer's own charge of a saved method only once the provider has answered, as
    # the README says: so they do nothing while PostgreSQL is restarted.

    def _suspend_and_restart(self, workers: Any, customers: Customers) -> bool:
        """Suspend a worker, and restart PostgreSQL meanwhile, as for an update."""
        with customers.asleep():
            return self._suspend(workers, customers, lambda _pid: self._restart("fast"))

    def _crash(self, _workers: Any, customers: Customers) -> bool:
        """Let PostgreSQL crash, with all workers in the middle of something, and start again."""
        with customers.asleep():
            self._restart("immediate")
        return True

    def _restart(self, how: str) -> None:
        from odoo.sql_db import close_all

        self.progress.say(f"PostgreSQL is restarted ({how})")
        self._cluster.restart(how)
        close_all()  # Those of this process, which looks on.
        self._seen["restarts"] += 1

    def _cut(self, _workers: Any, customers: Customers) -> bool:
        """Cut the network to the gateway: it refuses at first, then nothing gets through."""
        seconds = self.options.cut_seconds
        self.progress.say(f"the gateway can't be reached for {seconds:.0f} seconds")
        with self._waves.cut():
            for act in (self._wire.refuse, self._wire.be_silent):
                act()
                until = time.monotonic() + seconds / 2
                while time.monotonic() < until:
                    self.look(customers, brings_more=False)
                    time.sleep(_LOOK_SECONDS)
            self._wire.mend()
        self._seen["seconds cut"] += round(seconds)
        return True

    def _count_in(self, attempts: list[int], *states: str) -> int:
        with self._connection.cursor() as cr:
            cr.execute(_STATES, [attempts])
            return sum(row[0] in states for row in cr.fetchall())


@contextmanager
def _host_workers(database: str, gateway: str) -> Iterator[Hosts]:
    """Give the workers of hosts with these clocks."""
    with ExitStack() as stack:
        yield Hosts(
            {
                name: stack.enter_context(
                    Workers(f"{NAME}-{name}", database, gateway, JOBS, is_warm=True, ahead=ahead)
                )
                for name, ahead in CLOCKS.items()
            }
        )


def run(options: HostOptions) -> Result:
    """Run the campaign on a PostgreSQL of its own and return what it found."""
    with (
        benchmark.private_database(NAME) as (database, cluster),
        gateway_process(NAME) as gateway,
        Wire(GatewayClient(gateway).open_front()) as wire,
    ):
        os.environ["RECOVERY_GATEWAY_URL"] = wire.url
        *_others, ahead = CLOCKS.values()
        with odoo_server(NAME, database, wire.url, ahead=ahead) as server:
            campaign = HostCampaign(options, database, gateway, cluster, wire)
            campaign.prepare(server)
            with _host_workers(database, wire.url) as workers:
                return campaign.play(server, workers)
