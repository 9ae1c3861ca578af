#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The dashboard's whole data comes in a second, however many charges there have been.

Databases that differ in their number of cases, each with failures of two years and four charges a
case. What the browser asks for, for the last year and the one before it, is read in turns. The
processor time, with one process of PostgreSQL, is what other work on the machine hardly moves.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark
from environment.progress import Progress

NAME = "reports"
GOAL = 1.5
CHARGES = 4
PERIODS = ("year", "two_years")


def main() -> int:
    """Fill the databases, measure, print the tables, and return the exit code."""
    from benchmarks.bench import reports

    arguments = _parse()
    progress = Progress(NAME)
    sizes = (arguments.small, arguments.large)
    with ExitStack() as stack:
        ledgers = {}
        for size in sizes:
            database = stack.enter_context(benchmark.scratch_database(label=f"reports{size}"))
            progress.say(f"{size:,} charges of {size // CHARGES:,} cases in their own database")
            ledgers[size] = stack.enter_context(reports.Ledger(database, size // CHARGES, CHARGES))
        counts = {size: ledgers[size].count() for size in sizes}
        times = {size: {} for size in sizes}
        for period in PERIODS:
            progress.say(f"reading the dashboard: {period}")
            runs = {size: ([], []) for size in sizes}
            for turn in range(arguments.repetitions + 1):
                for size in sizes if turn % 2 else reversed(sizes):
                    seconds = ledgers[size].load(period).clock
                    processor = ledgers[size].load_alone(period).processor
                    if turn:  # The first one fills the caches.
                        runs[size][0].append(seconds)
                        runs[size][1].append(processor)
            for size in sizes:
                times[size][period], times[size][f"{period}, processor"] = runs[size]
        parts = ledgers[arguments.large].time_parts("year")
    return _report(arguments, counts, times, parts)


def _report(arguments, counts, times, parts) -> int:
    from benchmarks.bench.output import Bars, spread, table

    sizes = (arguments.small, arguments.large)
    growth = counts[sizes[1]]["recovery_attempt"] / counts[sizes[0]]["recovery_attempt"]
    rows = list(times[sizes[0]])
    ratios = {row: median(times[sizes[1]][row]) / median(times[sizes[0]][row]) for row in rows}
    table(
        ["seconds", *(f"{counts[size]['recovery_attempt']:,} charges" for size in sizes), "ratio"],
        [
            [
                row.replace("_", " "),
                *(spread(times[size][row], digits=3) for size in sizes),
                f"{ratios[row]:.2f}",
            ]
            for row in rows
        ],
    )
    slowest = sorted(parts.items(), key=lambda item: -item[1])[:8]
    table(
        ["slowest statements, year, the many", "seconds"],
        [[text if arguments.verbose else text[:90], f"{seconds:.3f}"] for text, seconds in slowest],
    )
    bars = Bars()
    largest = max(median(times[sizes[1]][period]) for period in PERIODS)
    bars.add("seconds for the whole data, the many", largest, "at most", GOAL, 2)
    bars.add("growth of the time", max(ratios.values()), "at most", growth, 2)
    return bars.finish()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="4,000 beside 40,000 charges")
    parser.add_argument("--small", type=int, help="charges of the small database (100,000)")
    parser.add_argument("--large", type=int, help="charges of the large one (1,000,000)")
    parser.add_argument("--repetitions", type=int, default=5, help="measurements of each (5)")
    parser.add_argument("--verbose", action="store_true", help="print whole statements")
    arguments = parser.parse_args()
    arguments.small = arguments.small or (4_000 if arguments.quick else 100_000)
    arguments.large = arguments.large or (40_000 if arguments.quick else 1_000_000)
    return arguments


if __name__ == "__main__":
    benchmark.enter()
    sys.exit(main())
