#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a charge costs beside stock Odoo's bare one; what several at once and two workers bring.

Bare is what Odoo does anyway: create a transaction, charge it, post-process it, each committed.
Ours is the whole way of an attempt: blocks, the same three steps, the case and the next plan.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark
from environment.progress import Progress

NAME = "throughput"
GOALS = {"declined": 1.3, "declined, first": 1.5, "paid": 1.25}
STATEMENTS_GOAL = 55
WORKERS_GOAL = 1.5
# Requests a second, by which two workers are held back in any case; a tenth for what is measured.
LIMIT = 5.0
LIMIT_GOAL = 1.1
# How long the provider takes to answer where several charges wait for it at once, in seconds; how
# many do; and how often as much has to be done then as by one at once.
LATENCY = 0.5
AT_ONCE = (1, 4, 8, 16)
AT_ONCE_GOALS = {8: 6.0, 16: 10.0}
# The same number through `queue_job`, and what share of the rate it has to keep.
QUEUE_JOB_AT_ONCE, QUEUE_JOB_GOAL = 8, 0.8


def main() -> int:
    """Measure, print the tables, and return the exit code."""
    from benchmarks.bench import cost, output, processes

    arguments = _parse()
    if arguments.queue_job:
        return _compare_queue_job(arguments)
    with (
        benchmark.scratch_database(label=NAME) as database,
        processes.gateway_process(NAME) as gateway,
    ):
        os.environ["RECOVERY_GATEWAY_URL"] = gateway
        stage = cost.Stage(database, gateway)
        for outcome in cost.OUTCOMES:  # Caches that only the first block would fill.
            stage.compare(outcome, 5)
        if arguments.profile:
            _profile(stage, arguments.invoices)
            return 0
        bars = output.Bars()
        progress = Progress(NAME)
        ratios, statements = _compare(stage, arguments, progress)
        for outcome, ratio in ratios.items():
            bars.add(f"{outcome}, ours / bare", ratio, "at most", GOALS[outcome], digits=2)
        gains = _compare_at_once(stage, arguments, progress)
        for number, goal in AT_ONCE_GOALS.items():
            bars.add(f"{number} charges at once / one", gains[number], "at least", goal, digits=1)
        bars.add("statements of a declined retry", statements, "at most", STATEMENTS_GOAL, digits=1)
        gain = _compare_workers(stage, arguments, progress)
        bars.add("two workers / one", gain, "at least", WORKERS_GOAL, digits=2)
        share = _keep_limit(stage, arguments, progress)
        bars.add("two workers / limit of the provider", share, "at most", LIMIT_GOAL, digits=2)
    return bars.finish()


# One worker: ours beside the bare charge


def _compare(stage, arguments, progress) -> tuple[dict[str, float], float]:
    """Return how often ours takes what the bare charge takes, and the statements of a retry."""
    from benchmarks.bench import cost, output

    ratios, rows, statements = {}, [], 0.0
    for outcome in cost.OUTCOMES:
        pairs = []
        for turn in range(arguments.repetitions):
            pairs += stage.compare(outcome, arguments.invoices)
            progress.say(f"{outcome}: block {turn + 1} of {arguments.repetitions}")
        ratios[outcome] = median(pair.ratio("clock", slice(None)) for pair in pairs)
        if outcome == "declined":
            first, retries = slice(0, 1), slice(1, None)
            ratios["declined, first"] = median(pair.ratio("clock", first) for pair in pairs)
            statements = median(pair.statements("ours", retries) for pair in pairs)
        rows += _rows(outcome, pairs)
    headers = ["ms per attempt: median (min–max)", "bare Odoo", "ours", "ratio", "processor time"]
    output.table([*headers, "statements", "ours"], rows)
    return ratios, statements


def _rows(outcome, pairs):
    from benchmarks.bench.output import spread

    parts = {outcome: slice(None)}
    if outcome == "declined":
        parts |= {"  first, opens the case": slice(0, 1), "  retries": slice(1, None)}
    for name, rounds in parts.items():
        sides = [
            spread([pair.per_attempt(side, "clock", rounds) for pair in pairs])
            for side in ("bare", "ours")
        ]
        ratio = spread([pair.ratio("clock", rounds) for pair in pairs], digits=2)
        has_processor = all(cost.processor for pair in pairs for cost in pair.bare)
        processor = (
            f"{median(pair.ratio('processor', rounds) for pair in pairs):.2f}"
            if has_processor
            else "?"
        )
        statements = [
            f"{median(pair.statements(side, rounds) for pair in pairs):.1f}"
            for side in ("bare", "ours")
        ]
        yield name, *sides, ratio, processor, *statements


# Several charges at once beside one


def _compare_at_once(stage, arguments, progress) -> dict[int, float]:
    """Return how often as much one job does that sends several charges at once."""
    from benchmarks.bench.output import spread, table
    from benchmarks.bench.processes import Workers

    rates: dict[int, list[float]] = {number: [] for number in AT_ONCE}
    turns = min(arguments.repetitions, 3)
    stage.client.set_faults(rates={"delay_after": 1.0}, seconds=LATENCY)
    try:
        with Workers(NAME, stage.database, stage.client.url, ("charge",), slice=10.0) as workers:
            for turn in range(turns):
                for number in AT_ONCE if turn % 2 else reversed(AT_ONCE):
                    stage.set_at_once(number)
                    count = max(arguments.invoices * number // 2, 10)
                    rates[number].append(_drain(stage, workers, 1, {"declined": count}))
                progress.say(f"at once: block {turn + 1} of {turns}")
    finally:
        stage.client.clear_faults()
        stage.set_at_once(1)
    gains = {
        number: [many / one for one, many in zip(rates[1], rates[number], strict=True)]
        for number in AT_ONCE
    }
    table(
        [f"charges at once, at {LATENCY * 1000:g} ms", "charges per second", "times one at once"],
        [
            [number, spread(rates[number], digits=2), spread(gains[number], digits=2)]
            for number in AT_ONCE
        ],
    )
    return {number: median(gains[number]) for number in AT_ONCE}


# Through queue_job beside at once


def _compare_queue_job(arguments) -> int:
    """Let the same be charged by the job runner of `queue_job`; return the exit code."""
    from benchmarks.bench import cost, output, processes

    number, rates = QUEUE_JOB_AT_ONCE, {"at once": [], "queue_job": []}
    progress = Progress(NAME)
    with (
        benchmark.scratch_database("oca", label=NAME) as database,
        processes.gateway_process(NAME) as gateway,
    ):
        os.environ["RECOVERY_GATEWAY_URL"] = gateway
        stage = cost.Stage(database, gateway)
        stage.keep_other_jobs()
        stage.client.set_faults(rates={"delay_after": 1.0}, seconds=LATENCY)
        stage.set_at_once(number)
        count = {"declined": max(arguments.invoices * number // 2, 10)}
        channels = f"root:{number},root.recovery.charge:{number}"
        with processes.Workers(NAME, database, gateway, ("charge",), slice=10.0) as workers:
            for _turn in range(min(arguments.repetitions, 3)):
                rates["at once"].append(_drain(stage, workers, 1, count))
                progress.say("at once: a block")
        with processes.odoo_server(NAME, database, gateway, jobs=1, channels=channels):
            for _turn in range(min(arguments.repetitions, 3)):
                rates["queue_job"].append(_drain_by_jobs(stage, count))
                progress.say("queue_job: a block")
    output.table(
        [f"charges per second, {number} at once, at {LATENCY * 1000:g} ms", "median (min–max)"],
        [[name, output.spread(found, digits=2)] for name, found in rates.items()],
    )
    bars = output.Bars()
    share = median(rates["queue_job"]) / median(rates["at once"])
    bars.add("through queue_job / at once", share, "at least", QUEUE_JOB_GOAL, digits=2)
    return bars.finish()


def _drain_by_jobs(stage, counts) -> float:
    """Return how many due attempts a server's job runner charges per second."""
    invoices = [each for item in counts.items() for each in stage.create(*item)]
    stage.plan(invoices)
    stage.make_due(invoices)
    begun = time.perf_counter()
    stage.wake()
    stage.wait_until_charged(invoices)
    seconds = time.perf_counter() - begun
    stage.park()
    return len(invoices) / seconds


# Two workers beside one


def _compare_workers(stage, arguments, progress) -> float:
    from benchmarks.bench.output import spread, table
    from benchmarks.bench.processes import Workers

    # Else one would send several at once, too.
    stage.set_at_once(1)
    rates: dict[int, list[float]] = {1: [], 2: []}
    with Workers(NAME, stage.database, stage.client.url, ("charge",)) as workers:
        for turn in range(arguments.repetitions):
            for number in (1, 2) if turn % 2 else (2, 1):
                rates[number].append(_drain(stage, workers, number, _mix(arguments.invoices)))
            progress.say(f"workers: block {turn + 1} of {arguments.repetitions}")
    gains = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    table(
        ["attempts per second, half of them declined", "one worker", "two workers", "gain"],
        [["median (min–max)", spread(rates[1]), spread(rates[2]), spread(gains, digits=2)]],
    )
    return median(gains)


def _keep_limit(stage, arguments, progress) -> float:
    """Return the charges per second of two workers beside what the provider takes."""
    from benchmarks.bench.output import spread, table
    from benchmarks.bench.processes import Workers

    stage.set_limit(LIMIT)
    stage.set_at_once(4)  # Each worker.
    try:
        with Workers(NAME, stage.database, stage.client.url, ("charge",)) as workers:
            rates = []
            for turn in range(min(arguments.repetitions, 3)):
                rates.append(_drain(stage, workers, 2, _mix(max(arguments.invoices, 10))))
                progress.say(f"limit: block {turn + 1}")
    finally:
        stage.set_limit(0.0)
    table(
        ["attempts per second, two workers", "limit", "done"],
        [["median (min–max)", f"{LIMIT:g}", spread(rates, digits=2)]],
    )
    return median(rates) / LIMIT


def _mix(count) -> dict[str, int]:
    return dict.fromkeys(("paid", "declined"), count)


def _drain(stage, workers, number, counts) -> float:
    """Return how many due attempts workers charge per second.

    :param counts: of the attempts by outcome
    """
    invoices = [each for item in counts.items() for each in stage.create(*item)]
    stage.plan(invoices)
    workers.start(number)
    time.sleep(1.0)  # They look for work, and find none yet.
    stage.make_due(invoices)
    begun = time.perf_counter()
    stage.wait_until_charged(invoices)
    seconds = time.perf_counter() - begun
    workers.end()
    stage.park()
    return len(invoices) / seconds


# Profile


def _profile(stage, count) -> None:
    from benchmarks.bench.output import table

    scenes = [
        ("bare, declined", lambda: stage.profile_bare("declined", count)),
        ("ours, declined, first", lambda: stage.profile_ours("declined", count, 1)),
        ("ours, declined, retry", lambda: stage.profile_ours("declined", count, 2)),
        ("bare, paid", lambda: stage.profile_bare("paid", count)),
        ("ours, paid", lambda: stage.profile_ours("paid", count, 1)),
    ]
    for name, run in scenes:
        profile, spent = run()
        whole = ["whole", f"{spent.clock * 1000 / count:.1f}", "", ""]
        rows = [*profile.phase_rows(count), whole]
        table([name, "ms per attempt", "statements", "calls"], rows)
        table([f"{name}: statement", "ms", "times"], profile.statement_rows(count))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small run, under a minute")
    parser.add_argument("--invoices", type=int, help="invoices of a block (20)")
    parser.add_argument("--repetitions", type=int, help="blocks of each kind (9)")
    parser.add_argument(
        "--queue-job", action="store_true", help="beside the job runner of queue_job instead"
    )
    parser.add_argument("--profile", action="store_true", help="say where the time goes instead")
    arguments = parser.parse_args()
    arguments.invoices = arguments.invoices or (5 if arguments.quick else 20)
    arguments.repetitions = arguments.repetitions or (1 if arguments.quick else 9)
    return arguments


if __name__ == "__main__":
    benchmark.enter()
    sys.exit(main())
