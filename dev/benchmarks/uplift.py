#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Smart timing against fixed schedules, and against what could be known at all.

Needs neither Odoo nor a database, but NumPy. Every strategy meets the same cases with the same
luck. `--draws` judges on worlds drawn at random; without it, on the populations of
`simulation.streams`, with intervals of 95 % of a paired bootstrap over cases.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

# One core, as the goals say; small matrices only suffer from more. NumPy reads it when it loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark
from environment.progress import Progress

benchmark.enter()  # Here already: NumPy and holidays are there.

from bench import uplift_bars as goals
from bench import uplift_figures as figures_of
from bench import uplift_play as play
from bench import uplift_report as report
from bench import uplift_worlds as worlds
from bench.output import Bars, table
from bench.uplift_engine import Smart

from simulation.streams import POPULATIONS
from simulation.worlds import KINDS

NAME = "uplift"
# Nearly without structure, as another one is already, and so left out of the means.
NOT_JUDGED = {"gig"}
QUICK = ("month_end", "hostile")


def main() -> int:
    """Play, print the tables and the bars; return the exit code."""
    arguments = _parse()
    bars = Bars()
    if arguments.draws:
        _judge_worlds(bars, arguments)
    if not arguments.draws or arguments.quick:
        _judge_populations(bars, arguments)
    return bars.finish()


def _judge_worlds(bars: Bars, arguments: argparse.Namespace) -> None:
    """Play drawn worlds, print the tables, and add the goals."""
    results = list(_play_worlds(arguments))
    settings = arguments.settings
    for setting in settings:
        figures_of.print_worlds(results, setting)
    if worlds.SMART in arguments.arms:
        figures_of.print_kinds(results, settings)
        figures_of.print_promises(results, settings)
        if not arguments.quick:
            figures_of.add_bars(bars, results, settings)
    figures_of.add_conduct(bars, results)


def _play_worlds(arguments: argparse.Namespace) -> Iterator[worlds.WorldResult]:
    played = partial(_play_world, arguments=arguments)
    numbers = arguments.worlds
    if arguments.processes == 1 or len(numbers) == 1:
        yield from map(played, numbers)
        return
    with ProcessPoolExecutor(arguments.processes) as pool:
        yield from pool.map(played, numbers)


def _play_world(number: int, arguments: argparse.Namespace) -> worlds.WorldResult:
    progress, kind = Progress(NAME), arguments.draws

    def heard(what: str) -> None:
        if progress.is_due():
            progress.say(f"{kind} {number}: {what}")

    plan = worlds.Plan(arguments.cases, arguments.most, arguments.bound)
    settings, arms = arguments.settings, arguments.arms
    result = worlds.play_world(kind, number, settings, arms, plan, heard, not arguments.quick)
    progress.say(f"{kind} {number}: done")
    return result


def _judge_populations(bars: Bars, arguments: argparse.Namespace) -> None:
    """Play the populations, print the tables, and add the goals."""
    progress = Progress(NAME)
    results, figures = [], {setting: [] for setting in arguments.settings}
    for result in _play_all(arguments):
        results.append(result)
        for setting in arguments.settings:
            figures[setting].append(report.Figures(result, setting, arguments.seed))
            figures[setting][-1].print()
    for setting, each in figures.items():
        report.print_summary(each, setting, arguments.learned)
    if arguments.learned:
        _print_calibration(results, arguments.learned)
        if not arguments.quick:
            goals.add_uplift(bars, figures, arguments.learned[-1])
            goals.add_calibration(bars, results, arguments.learned[-1])
    goals.add_conduct(bars, results)
    if not arguments.no_bounds:
        goals.add_bounds(bars, figures)
    if arguments.learned and not arguments.quick:
        _measure_cost(bars, results[-1], arguments, progress)


def _play_all(arguments: argparse.Namespace) -> Iterator[play.Result]:
    """Yield the results in the populations' order; each is played in a process of its own."""
    names = arguments.populations
    played = partial(_play, arguments=arguments)
    if arguments.processes == 1 or len(names) == 1:
        yield from map(played, names)
        return
    with ProcessPoolExecutor(arguments.processes) as pool:
        yield from pool.map(played, names)


def _play(name: str, arguments: argparse.Namespace) -> play.Result:
    population, progress = POPULATIONS[name], Progress(NAME)
    result = play.begin(population, arguments.seed, arguments.cases)
    settings, seed = arguments.settings, arguments.seed
    last = name == arguments.populations[-1]

    def heard(what):
        def say(number):
            if progress.is_due():
                progress.say(f"{population.name}, {what}: {number}")

        return say

    play.play_ladders(result, settings, seed)
    progress.say(f"{population.name}: fixed schedules done")
    for learned in arguments.learned:
        engine, smart = Smart(), play.engine_name(learned)
        if learned:
            taught = heard(f"charges to learn from, {learned:,} cases")
            play.teach(engine, population, seed + learned, learned, settings, taught)
        for setting in settings:
            said = heard(f"{smart}, {setting}")
            play.play_engine(result, smart, engine, setting, seed, said)
        # Its cost is measured once; every attempt it has heard of would come back with it.
        result.engine = engine if last else None
        progress.say(f"{population.name}: {smart} done")
    if not arguments.no_bounds:
        play.play_bounds(result, settings, seed, heard("cases of the informed bound"))
        progress.say(f"{population.name}: bounds done")
    return result


def _print_calibration(results, learned) -> None:
    names = [play.engine_name(number) for number in learned]
    rows = [
        [result.population.name, *(f"{result.calibration_error(name):.3f}" for name in names)]
        for result in results
    ]
    table(["expected calibration error", *names], rows)


def _measure_cost(bars, result, arguments, progress) -> None:
    engine = result.engine
    milliseconds = play.decision_milliseconds(result, engine, 300)
    progress.say(f"relearns {arguments.relearn:,} attempts")
    relearn = play.relearn_seconds(engine, arguments.relearn) if engine.attempts else 0.0
    goals.add_cost(bars, milliseconds, relearn, engine.size())


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="a small run, under a minute: only conduct is judged")
    add("--settings", help="tries/days, by commas (8/14,8/28,4/14)")
    add("--processes", "--jobs", type=int, default=os.cpu_count(), help="played side by side")
    add("--cases", type=int, help="judged cases of each population, or at least of each world")
    drawn = parser.add_argument_group("worlds drawn at random")
    add = drawn.add_argument
    add("--draws", choices=KINDS, help="teaching to tune on, judging to look at rarely, final once")
    add("--worlds", help="how many (20), or numbers: 3,7 or 20-39")
    add("--arms", help=f"beside the fixed schedules: {','.join(worlds.ARMS)} (smart,informed)")
    add("--most", type=int, help="thin merchants with more failures a year to so many")
    add("--bound", type=int, help="cases of a world that the informed bound plays (300)")
    kept = parser.add_argument_group("populations (without --draws)")
    add = kept.add_argument
    add("--populations", help=f"of {', '.join(POPULATIONS)}; by commas")
    add("--learned", help="cases learned from, by commas (0,1000,5000)")
    add("--relearn", type=int, help="attempts relearned and scaled up (200000)")
    add("--no-bounds", action="store_true", help="leave both bounds out")
    add("--seed", type=int, default=1)
    arguments = parser.parse_args()
    _fill_worlds(arguments)
    _fill(arguments)
    return arguments


def _fill(arguments: argparse.Namespace) -> None:
    """Read the options of the populations, and what they have by default."""
    quick = arguments.quick
    names = arguments.populations or ",".join(
        QUICK if quick else [one for one in POPULATIONS if one not in NOT_JUDGED]
    )
    arguments.populations = names.split(",")
    settings = arguments.settings or ("8/14" if quick else "8/14,8/28,4/14")
    arguments.settings = tuple(
        play.Setting(*map(int, text.split("/"))) for text in settings.split(",")
    )
    learned = arguments.learned if arguments.learned is not None else ("0,60" if quick else None)
    arguments.learned = (
        play.LEARNED if learned is None else tuple(int(text) for text in learned.split(",") if text)
    )
    arguments.cases = arguments.cases or (100 if quick else 3000)
    arguments.relearn = arguments.relearn or 200_000


def _fill_worlds(arguments: argparse.Namespace) -> None:
    """Read the options of drawn worlds, and what they have by default."""
    quick = arguments.quick
    if quick and not arguments.draws:
        arguments.draws = "teaching"
    text = arguments.worlds or ("2" if quick else "20")
    if "," in text or "-" in text:
        parts = [part.partition("-") for part in text.split(",")]
        arguments.worlds = [
            number for low, _, high in parts for number in range(int(low), int(high or low) + 1)
        ]
    else:
        arguments.worlds = list(range(int(text)))
    arguments.arms = (arguments.arms or f"{worlds.SMART},{worlds.INFORMED}").split(",")
    arguments.most = arguments.most or (80 if quick else 10**6)
    arguments.bound = arguments.bound or (10 if quick else 300)


if __name__ == "__main__":
    sys.exit(main())
