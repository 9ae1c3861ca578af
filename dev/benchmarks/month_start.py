#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""On the first of the month 100,000 invoices cost no more each than 10,000 do.

Two databases in which so many invoices of as many customers fall due at once, at a gateway without
latency. In both the same number is planned, charged and booked, followed and written to, by the
jobs' own loops, while all others wait in the same lists.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark
from environment.progress import Progress

NAME = "month_start"
GROWTH_GOAL = 1.15
MEMORY_GOAL = 400.0  # megabytes
LONGEST_GOAL = 1.0  # seconds


def main() -> int:
    """Play both sizes, print the table, and return the exit code."""
    from benchmarks.bench import month, processes

    arguments = _parse()
    progress = Progress(NAME)
    played = {}
    for size in (arguments.small, arguments.large):
        with (
            benchmark.scratch_database(label=f"month{size}") as database,
            processes.gateway_process(NAME) as gateway,
        ):
            os.environ["RECOVERY_GATEWAY_URL"] = gateway
            progress.say(f"{size:,} invoices in a database of their own")
            played[size] = month.Month(database, gateway, size, arguments.sample).play(progress.say)
    return _report(arguments, played, month.read_memory())


def _report(arguments, played, memory: float) -> int:
    from benchmarks.bench.month import PHASES
    from benchmarks.bench.output import Bars, table

    few, many = (played[size] for size in (arguments.small, arguments.large))
    headers = [f"{arguments.small:,} and {arguments.large:,} invoices", "worked on", "ms each"]
    headers += ["processor", "growth", "statements", "growth", "longest lock, ms"]
    rows = []
    for name in PHASES:
        one, two = few[name], many[name]
        rows.append(
            [
                name,
                f"{one.done:,} {two.done:,}",
                f"{one.milliseconds:.1f} {two.milliseconds:.1f}",
                f"{one.processor_milliseconds:.1f} {two.processor_milliseconds:.1f}",
                f"{_grow(one, two, 'processor_milliseconds'):.2f}",
                f"{one.per_invoice:.1f} {two.per_invoice:.1f}",
                f"{_grow(one, two, 'per_invoice'):.2f}",
                f"{1000 * one.longest:.0f} {1000 * two.longest:.0f}",
            ]
        )
    table(headers, rows)
    bars = Bars()
    for name in () if arguments.quick else PHASES:
        growth = _grow(few[name], many[name], "processor_milliseconds")
        bars.add(f"{name}: processor time, many / few", growth, "at most", GROWTH_GOAL, 2)
        growth = _grow(few[name], many[name], "per_invoice")
        bars.add(f"{name}: statements, many / few", growth, "at most", GROWTH_GOAL, 2)
    if not arguments.quick:
        longest = max(phase.longest for phase in many.values())
        bars.add("longest time that others are locked out, s", longest, "at most", LONGEST_GOAL, 2)
    bars.add("memory of a worker, MB", memory, "at most", MEMORY_GOAL)
    return bars.finish()


def _grow(one, two, what: str) -> float:
    few = getattr(one, what)
    return getattr(two, what) / few if few else 1.0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="100 beside 1,000 invoices, too few for the growth"
    )
    parser.add_argument("--small", type=int, help="invoices of the small database (10,000)")
    parser.add_argument("--large", type=int, help="invoices of the large one (100,000)")
    parser.add_argument("--sample", type=int, help="of them, that are worked on (400)")
    arguments = parser.parse_args()
    arguments.small = arguments.small or (100 if arguments.quick else 10_000)
    arguments.large = arguments.large or (1_000 if arguments.quick else 100_000)
    arguments.sample = arguments.sample or (20 if arguments.quick else 400)
    return arguments


if __name__ == "__main__":
    benchmark.enter()
    sys.exit(main())
