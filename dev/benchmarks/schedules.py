#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What fixed schedules recover in worlds drawn at random: what timing may believe of all of them.

Needs neither Odoo nor a database, but NumPy. The first table says by how much an even schedule at
each hour succeeds more often than at nine, in log-odds of a charge: that is what is believed of
hours before anything is learned. Then come schedules that change the hour from try to try, beside
the same at nine, and how many points each shape recovers more than the product's own schedule,
which is how the even spread of tries got its shape.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark
from environment.progress import Progress

benchmark.enter()  # Here already: NumPy and holidays are there.

import numpy as np
from bench.output import table

from simulation.streams import ladders
from simulation.worlds import draw, generate

STREAM = 100
HOURS = (8.25, 9.0, 10.0, 11.5, 13.0, 14.5, 16.0, 17.5, 19.0)
CHANGING = ((9.0, 15.0), (9.0, 19.0), (9.0, 13.0, 19.0), (12.0,), (15.0,), (19.0,))
SETTINGS = ((8, 14), (8, 28), (4, 14))
SHOWN = 8


def main() -> int:
    """Play, and print the tables."""
    arguments = _parse()
    progress = Progress("schedules")
    hours, points, changing = (
        [],
        *({setting: defaultdict(list) for setting in SETTINGS} for _table in range(2)),
    )
    for number in range(arguments.first, arguments.first + arguments.worlds):
        cases = generate(draw("teaching", number), STREAM, arguments.cases)
        hours.append(compare_hours(cases))
        for setting in SETTINGS:
            for name, value in compare_shapes(cases, *setting).items():
                points[setting][name].append(value)
            for name, value in compare_changing(cases, *setting).items():
                changing[setting][name].append(value)
        progress.say(f"world {number} is done")
    _print_hours(np.array(hours))
    for setting in SETTINGS:
        _print_changing(setting, changing[setting])
        _print_shapes(setting, points[setting])
    return 0


def compare_hours(cases) -> list[float]:
    """Return the log-odds of a charge's success at each hour, beside those at nine."""
    found = []
    for hour in HOURS:
        outcomes = ladders.run(cases, replace(ladders.even(8, 14), hour=hour))
        share = np.clip(outcomes.recovered.sum() / max(outcomes.attempts.sum(), 1), 0.001, 0.999)
        found.append(float(np.log(share / (1 - share))))
    return [value - found[HOURS.index(9.0)] for value in found]


def compare_changing(cases, tries: int, window: float) -> dict[str, float]:
    """Return by hours of an even schedule's tries, in turn, the points of cases above nine."""

    def recovered(hours: tuple[float, ...]) -> float:
        each = tuple(hours[number % len(hours)] for number in range(tries))
        schedule = replace(ladders.even(tries, window), hour=each)
        return 100 * float(ladders.run(cases, schedule).recovered.mean())

    nine = recovered((9.0,))
    return {", ".join(f"{hour:g}" for hour in each): recovered(each) - nine for each in CHANGING}


def compare_shapes(cases, tries: int, window: float) -> dict[str, float]:
    """Return by schedule the points of the amount above the product's own."""
    own = ladders.run(cases, ladders.even(tries, window)).recovered.astype(float)
    amount = cases.amount / cases.amount.sum()
    return {
        schedule.name: 100 * float((ladders.run(cases, schedule).recovered - own) @ amount)
        for schedule in ladders.family(tries, window)
    }


def _print_hours(hours: np.ndarray) -> None:
    rows = [
        [f"{hour:g}", f"{column.mean():+.3f}", f"{column.std():.3f}"]
        for hour, column in zip(HOURS, hours.T, strict=True)
    ]
    table(["even, 8 in 14, at", "log-odds beside 9:00", "between worlds"], rows)


def _print_changing(setting: tuple[int, float], points: dict[str, list[float]]) -> None:
    rows = [
        [name, *(f"{value:+.2f}" for value in (np.mean(found), *np.percentile(found, (5, 95))))]
        for name, found in points.items()
    ]
    table([f"even, {setting[0]} in {setting[1]} days, at", "points, mean", "5 %", "95 %"], rows)


def _print_shapes(setting: tuple[int, float], points: dict[str, list[float]]) -> None:
    best = sorted(points, key=lambda name: -np.mean(points[name]))[:SHOWN]
    rows = [
        [name, *(f"{value:+.2f}" for value in (np.mean(points[name]), *_ends(points[name])))]
        for name in best
    ]
    hindsight = np.mean(np.max(list(points.values()), axis=0))
    rows.append(["each world's own best", f"{hindsight:+.2f}", "", ""])
    table([f"{setting[0]} in {setting[1]} days", "points, mean", "lowest", "highest"], rows)


def _ends(values: list[float]) -> tuple[float, float]:
    return min(values), max(values)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two worlds, fifty cases each")
    parser.add_argument("--first", type=int, default=20, help="number of the first world (20)")
    parser.add_argument("--worlds", type=int, default=24, help="how many (24)")
    parser.add_argument("--cases", type=int, default=800, help="of each world (800)")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.worlds, arguments.cases = 2, 50
    return arguments


if __name__ == "__main__":
    sys.exit(main())
