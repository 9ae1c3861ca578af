#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A million open cases do not slow down the search for the charges that are due.

Two databases, alike but for the number of open cases with a charge planned in the future; in both
a thousand charges are due. The real statement that locks due work is timed in turns.
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

NAME = "due_work"
GOAL = 2.0
QUESTION_GOAL_MS = 50
# The index that holds planned attempts only, however many there have been.
PREDICATE = "WHERE ((state)::text = 'planned'::text)"


def main() -> int:
    """Fill both databases, measure, print the tables, and return the exit code."""
    from benchmarks.bench import backlog

    arguments = _parse()
    progress = Progress(NAME)
    sizes = (arguments.small, arguments.large)
    with ExitStack() as stack:
        backlogs = {}
        for size in sizes:
            database = stack.enter_context(benchmark.scratch_database(label=f"due{size}"))
            progress.say(f"{size:,} open cases in a database of their own")
            backlogs[size] = stack.enter_context(backlog.Backlog(database, size, arguments.due))
        progress.say("claiming")
        runs = {size: [] for size in sizes}
        for turn in range(arguments.repetitions):
            for size in sizes if turn % 2 else reversed(sizes):
                runs[size].append(backlogs[size].claim(arguments.batch))
        asked = {size: [] for size in sizes}
        for _turn in range(5):
            for size in sizes:
                asked[size].append(backlogs[size].ask())
        plans = {size: backlogs[size].explain() for size in sizes}
        indexes = {size: backlogs[size].index_sizes() for size in sizes}
    return _report(arguments, runs, asked, plans, indexes)


def _report(arguments, runs, asked, plans, indexes) -> int:
    from benchmarks.bench.output import Bars

    slowest = _print(arguments, runs, asked, plans, indexes)
    bars = Bars()
    bars.add("time with the many / with the few", _ratio(runs, "per_claim"), "at most", GOAL, 2)
    bars.add("slowest other question of the jobs, ms", slowest, "at most", QUESTION_GOAL_MS)
    # Of a small table PostgreSQL may as well read all.
    used = int(plans[arguments.large].definition.endswith(PREDICATE))
    bars.add("plans on an index of planned attempts only", used, "at least", 1)
    return bars.finish()


def _print(arguments, runs, asked, plans, indexes) -> float:
    """Print the tables; return the milliseconds of the slowest other question with the many."""
    from benchmarks.bench.output import spread, table

    small, large = arguments.small, arguments.large
    table(
        [f"claims of {arguments.due:,} due", f"{small:,} cases", f"{large:,} cases", "ratio"],
        [
            [
                f"ms per claim, batch of {arguments.batch}",
                *(spread([run.per_claim for run in runs[size]], digits=3) for size in runs),
                f"{_ratio(runs, 'per_claim'):.2f}",
            ],
            [
                "ms of the first, cold",
                *(spread([run.first for run in runs[size]], digits=3) for size in runs),
                f"{_ratio(runs, 'first'):.2f}",
            ],
            ["buffers read (EXPLAIN)", *(plans[size].buffers for size in runs), ""],
            ["index used", *(plans[size].index for size in runs), ""],
        ],
    )
    times = {
        size: {name: median(one[name] for one in asked[size]) for name in asked[size][0]}
        for size in asked
    }
    table(
        ["ms of the jobs' other questions", f"{small:,} cases", f"{large:,} cases"],
        [[name, *(f"{times[size][name]:.1f}" for size in runs)] for name in times[large]],
    )
    table(
        ["size in kB", f"{small:,} cases", f"{large:,} cases"],
        [[name, *(f"{indexes[size][name]:,}" for size in runs)] for name in indexes[large]],
    )
    print(plans[large].text)
    return max(times[large].values())


def _ratio(runs, what: str) -> float:
    few, many = (runs[size] for size in runs)
    return median(
        getattr(two, what) / getattr(one, what) for one, two in zip(few, many, strict=True)
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="2,000 beside 20,000 cases")
    parser.add_argument("--small", type=int, help="open cases of the small database (10,000)")
    parser.add_argument("--large", type=int, help="open cases of the large one (1,000,000)")
    parser.add_argument("--due", type=int, default=1000, help="charges that are due (1,000)")
    parser.add_argument("--batch", type=int, default=100, help="claims of a measurement (100)")
    parser.add_argument("--repetitions", type=int, default=9, help="measurements of each (9)")
    arguments = parser.parse_args()
    arguments.small = arguments.small or (2_000 if arguments.quick else 10_000)
    arguments.large = arguments.large or (20_000 if arguments.quick else 1_000_000)
    return arguments


if __name__ == "__main__":
    benchmark.enter()
    sys.exit(main())
