#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Many payments are booked together, in a fraction of the time that stock Odoo takes one by one.

Twice the same payments, of as many invoices in three currencies whose rates have changed since they
were made: stock Odoo's job books the ones, one after the other, the engine the others, many at a
time. Then the entries of both are compared.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark
from environment.progress import Progress

NAME = "settlement"
GOAL = 4.0
WARM = 6


def main() -> int:
    """Measure in turns, print the table, and return the exit code."""
    from benchmarks.bench import settlement

    arguments = _parse()
    progress = Progress(NAME)
    with benchmark.scratch_database(label=NAME) as database:
        stage = settlement.Stage(database)
        stage.compare(WARM, ours_first=False)  # Caches that only the first would fill.
        if arguments.profile:
            _profile(stage, arguments.payments // arguments.turns)
            return 0
        pairs = []
        for turn in range(arguments.turns):
            pairs.append(stage.compare(arguments.payments // arguments.turns, bool(turn % 2)))
            progress.say(f"turn {turn + 1} of {arguments.turns}")
    return _report(arguments, pairs)


def _report(arguments, pairs) -> int:
    from benchmarks.bench.output import Bars, spread, table

    rows = [
        ["payments a second", *(spread([pair.rate(side) for pair in pairs]) for side in _SIDES)]
    ]
    for what, name, factor in (
        ("clock", "ms a payment", 1000),
        ("processor", "ms of processor time", 1000),
        ("statements", "statements a payment", 1),
    ):
        sides = [
            spread([pair.per_payment(side, what) * factor for pair in pairs]) for side in _SIDES
        ]
        ratio = "?"
        if all(pair.per_payment("ours", what) for pair in pairs):
            ratio = spread([pair.ratio(what) for pair in pairs], digits=2)
        rows.append([name, *sides, ratio])
    rows[0].append(rows[1][-1])
    table([f"{arguments.payments} payments booked", "stock, one by one", "ours", "times"], rows)
    bars = Bars()
    rate = median(pair.ratio() for pair in pairs)
    bars.add("ours / stock's rate", rate, "at least", GOAL, digits=1)
    bars.add("entries that differ", sum(pair.different for pair in pairs), "at most", 0)
    return bars.finish()


_SIDES = ("stock", "ours")


def _profile(stage, count) -> None:
    from benchmarks.bench.output import table

    for side in _SIDES:
        profile, spent = stage.profile(side, count)
        whole = ["whole", f"{spent.clock * 1000 / count:.1f}", f"{spent.statements / count:.1f}"]
        rows = [*profile.phase_rows(count), [*whole, ""]]
        table([side, "ms a payment", "statements", "calls"], rows)
        table([f"{side}: statement", "ms", "times"], profile.statement_rows(count))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small run, under a minute")
    parser.add_argument("--payments", type=int, help="payments on each side (500)")
    parser.add_argument("--turns", type=int, help="in which they are booked (5)")
    parser.add_argument("--profile", action="store_true", help="say where the time goes instead")
    arguments = parser.parse_args()
    arguments.payments = arguments.payments or (60 if arguments.quick else 500)
    arguments.turns = arguments.turns or (2 if arguments.quick else 5)
    return arguments


if __name__ == "__main__":
    benchmark.enter()
    sys.exit(main())
