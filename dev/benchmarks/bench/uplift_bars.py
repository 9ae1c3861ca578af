# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The goals of the uplift benchmark, each with its figure."""

from __future__ import annotations

from simulation.streams.runner import Setting

from .output import Bars
from .uplift_play import BEST, CLAIRVOYANT, INFORMED, LADDER, Result, engine_name
from .uplift_report import Figures, mean

# Points of the amount above the best fixed schedule, on average over the populations.
POINTS = {Setting(8, 14): 1.0, Setting(8, 28): 3.0, Setting(4, 14): 2.5}
WORST_LEARNED, MEAN_COLD, WORST_COLD = -0.5, 0.0, -1.0
WAY = 60.0  # percent of the informed bound's points
# Points above what the field sells, with eight tries in fourteen days.
FIELD = {"1,2,3,5,7,10,14": 3.0, "daily, at most 8, blind": 9.0, "3 in 3 weeks": 7.0}
CALIBRATION, MILLISECONDS, RELEARN_SECONDS, MEGABYTES = 0.03, 3.0, 120.0, 2.0


def add_uplift(bars: Bars, figures: dict[Setting, list[Figures]], learned: int) -> None:
    """Add the goals that compare recovered amounts, after `learned` cases."""
    name, cold = engine_name(learned), engine_name(0)
    for setting, each in figures.items():
        points = mean([one.points[name] for one in each])
        if setting in POINTS:
            bars.add(
                f"{name}, {setting}: mean points", points.value, "at least", POINTS[setting], 2
            )
        if all(INFORMED in one.points for one in each):
            ways = [one.way(name) for one in each]
            gain, bound = (mean(list(column)).value for column in zip(*ways, strict=True))
            share = 100 * gain / bound if bound > 0 else float("nan")
            bars.add(f"{name}, {setting}: % of the way to informed", share, "at least", WAY)
        worst = min(one.points[name].value for one in each)
        bars.add(f"{name}, {setting}: worst population", worst, "at least", WORST_LEARNED, 2)
        if any(cold not in one.points for one in each):
            continue
        points = mean([one.points[cold] for one in each])
        bars.add(f"{cold}, {setting}: mean points", points.value, "at least", MEAN_COLD, 2)
        worst = min(one.points[cold].value for one in each)
        bars.add(f"{cold}, {setting}: worst population", worst, "at least", WORST_COLD, 2)
    first = next(iter(POINTS))
    for sold, goal in FIELD.items() if first in figures else ():
        points = mean([one.points[name] - one.points[sold] for one in figures[first]])
        bars.add(f"{name}, {first}: points to {sold}", points.value, "at least", goal, 2)


def add_bounds(bars: Bars, figures: dict[Setting, list[Figures]]) -> None:
    """Add whether the bounds stand in their order, but for what chance explains.

    The figure is the upper end of the interval, of the population where it is lowest.
    """
    for upper, lower in ((CLAIRVOYANT, INFORMED), (INFORMED, BEST)):
        gaps = [one.points[upper] - one.points[lower] for each in figures.values() for one in each]
        least = min(gap.interval()[1] for gap in gaps)
        bars.add(f"{upper} above {lower}, at most", least, "at least", 0.0, 2)


def add_conduct(bars: Bars, results: list[Result]) -> None:
    """Add what must never happen: retries of dead methods, charges that are not allowed."""
    dead = early = 0
    for result in results:
        for outcomes in result.outcomes.values():
            for name, played in outcomes.items():
                if name in {LADDER, BEST, INFORMED} or name.startswith("smart"):
                    dead += int(played.dead_retries.sum())
                    early += int(played.early.sum())
    bars.add("retries of dead methods", dead, "at most", 0)
    bars.add("charges before the network allows", early, "at most", 0)
    misses = sum(
        log.misses for result in results for logs in result.logs.values() for log in logs.values()
    )
    bars.add("decisions outside the allowed hours", misses, "at most", 0)


def add_calibration(bars: Bars, results: list[Result], learned: int) -> None:
    """Add the calibration of the worst population."""
    errors = [result.calibration_error(engine_name(learned)) for result in results]
    bars.add("calibration error, worst population", max(errors), "at most", CALIBRATION, 3)


def add_cost(bars: Bars, milliseconds: float, relearn: float, size: float) -> None:
    """Add what the engine costs; the size in bytes."""
    bars.add("decision ms, 8 in 60, median", milliseconds, "at most", MILLISECONDS, 2)
    bars.add("1,000,000 attempts relearned, s", relearn, "at most", RELEARN_SECONDS)
    bars.add("model MB", size / 1e6, "at most", MEGABYTES, 2)
