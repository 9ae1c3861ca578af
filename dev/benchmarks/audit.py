#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The audit of 200,000 transactions takes under two minutes and 1 GB, and its estimates hold.

A database is filled with a simulated merchant's past, whose truth is known, and audited as a job
does it, in a process of its own. Then, for twenty merchants of different populations, what the
audit estimates of three schedules is compared with what they would have brought back: without a
database, on the debts that it would read there.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark
from environment.progress import Progress

NAME = "audit"
SECONDS, MEGABYTES = 120, 1000
# An interval that holds everything says nothing.
WIDEST = 0.40
COVERED = 0.9
POPULATION = "mixture"
# Debts fail on so many days; the simulation's calendar has no more.
DAYS = 330


def main() -> int:
    """Fill, audit, compare, print the tables, and return the exit code."""
    arguments = _parse()
    if arguments.measure:
        return _measure(*arguments.measure)
    from benchmarks.bench import past, past_books
    from simulation.streams.cases import FIRST_DAY

    progress = Progress(NAME)
    drawn = past.make(POPULATION, 500, arguments.debts, FIRST_DAY, DAYS)
    until = past.end_of(drawn)
    with benchmark.scratch_database(label="audit") as database:
        progress.say(f"{arguments.transactions:,} transactions of {arguments.debts:,} debts")
        with benchmark.odoo_env(database) as env:
            count = past_books.fill(env, drawn, arguments.transactions)
        with benchmark.odoo_env(database) as env:
            past_books.analyze(env)
        progress.say("auditing the database")
        measured = _run_measured(database, until)
    rows = []
    for seed in range(arguments.seeds):
        progress.say(f"merchant {seed + 1} of {arguments.seeds}")
        rows += _compare(seed, arguments.merchants)
    return _report(count, measured, drawn, rows)


def _compare(seed, debts):
    """Return population, schedule, estimate and truth, for each schedule, of one merchant."""
    from benchmarks.bench import past
    from simulation.streams import POPULATIONS
    from simulation.streams.cases import FIRST_DAY

    population = list(POPULATIONS)[seed % len(POPULATIONS)]
    drawn = past.make(population, 1000 + seed, debts, FIRST_DAY, DAYS)
    found, _count, _model = past.audit(drawn, past.end_of(drawn))
    return [
        (population, name, found.by_schedule[name], past.truth(drawn, ladder))
        for name, ladder in past.SCHEDULES.items()
    ]


def _run_measured(database, until):
    """Audit a database in a process of its own; return its figures."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure", database, until.isoformat()],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def _measure(database, until) -> int:
    from datetime import datetime
    from unittest.mock import patch

    from odoo import fields

    now = datetime.fromisoformat(until).replace(tzinfo=None)
    with (
        benchmark.odoo_env(database) as env,
        patch.object(fields.Datetime, "now", lambda *_args: now),
    ):
        audit = env["recovery.audit"].create({})
        policies = env["recovery.policy"].with_context(active_test=False)
        shipped = policies.search([("name", "like", "8 tries")])
        env.cr.commit()
        begun, processor = time.perf_counter(), time.process_time()
        audit.write({"state": "waiting"})
        env["recovery.audit"]._cron_audit()
        seconds = time.perf_counter() - begun
        processor = time.process_time() - processor
        audit.invalidate_recordset()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        print(
            json.dumps(
                {
                    "state": audit.state,
                    "error": audit.error or "",
                    "seconds": seconds,
                    "processor": processor,
                    "memory": memory,
                    "result": audit.result,
                    "policies": {
                        f"{policy.tries} in {policy.window_days}": policy.id for policy in shipped
                    },
                }
            )
        )
    return 0


def _report(count, measured, drawn, rows) -> int:
    from benchmarks.bench import past
    from benchmarks.bench.output import Bars, table

    result = measured["result"] or {}
    if measured["state"] != "done":
        sys.exit(f"The audit failed: {measured['error']}")
    print(f"processor time of the audit, without PostgreSQL: {measured['processor']:.0f} seconds")
    bars = Bars()
    bars.add("seconds for all transactions", measured["seconds"], "at most", SECONDS)
    bars.add("megabytes for all transactions", measured["memory"], "at most", MEGABYTES)
    bars.add("transactions that were not seen", count - result["payments"][0], "at most", 0)
    prospects = {one["policy"]: one for one in result["prospects"]}
    lines = []
    for name, policy in measured["policies"].items():
        one, truth = prospects[policy], past.truth(drawn, past.SCHEDULES[name])
        lines.append(["database", name, *_figures(one["share"], one["low"], one["high"], truth)])
        held = float(one["low"] <= truth <= one["high"])
        bars.add(f"the database's truth in its interval, {name}", held, "at least", 1)
    lines += [
        [population, name, *_figures(one.share, one.low, one.high, truth)]
        for population, name, one, truth in rows
    ]
    table(["merchant", "schedule", "estimate", "low", "high", "truth", ""], lines)
    for name in past.SCHEDULES:
        mine = [(one, truth) for _population, each, one, truth in rows if each == name]
        covered = sum(one.low <= truth <= one.high for one, truth in mine)
        least = int(COVERED * len(mine))
        bars.add(f"merchants whose truth is in the interval, {name}", covered, "at least", least)
    widths = [one.high - one.low for *_names, one, _truth in rows]
    bars.add("mean width of the intervals", sum(widths) / len(widths), "at most", WIDEST, 2)
    return bars.finish()


def _figures(share, low, high, truth):
    verdict = "" if low <= truth <= high else "missed"
    return [f"{share:.3f}", f"{low:.3f}", f"{high:.3f}", f"{truth:.3f}", verdict]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3,000 transactions, 2 merchants")
    parser.add_argument("--transactions", type=int, help="in the database (200,000)")
    parser.add_argument("--debts", type=int, help="of which failed first (15,000)")
    parser.add_argument("--seeds", type=int, help="merchants (20)")
    parser.add_argument("--merchants", type=int, help="debts of each merchant (250)")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    quick = arguments.quick
    arguments.transactions = arguments.transactions or (3_000 if quick else 200_000)
    arguments.debts = arguments.debts or (200 if quick else 15_000)
    arguments.seeds = arguments.seeds or (2 if quick else 20)
    arguments.merchants = arguments.merchants or (100 if quick else 250)
    return arguments


if __name__ == "__main__":
    benchmark.enter()
    sys.exit(main())
