#!/usr/bin/env python3
"""Smart timing against fixed schedules, and against what could be known at all.

Needs neither Odoo nor a database, but NumPy. Every strategy meets the same cases with the same
luck; intervals are 95 % of a paired bootstrap over cases.
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
from bench import uplift_play as play
from bench import uplift_report as report
from bench.output import Bars, table
from bench.uplift_engine import Smart

from simulation.streams import POPULATIONS

NAME = "uplift"
# Nearly without structure, as another one is already, and so left out of the means.
NOT_JUDGED = {"gig"}
QUICK = ("month_end", "hostile")


def main() -> int:
    """Play, print the tables and the bars; return the exit code."""
    arguments = _parse()
    progress = Progress(NAME)
    results, figures = [], {setting: [] for setting in arguments.settings}
    for result in _play_all(arguments):
        results.append(result)
        for setting in arguments.settings:
            figures[setting].append(report.Figures(result, setting, arguments.seed))
            figures[setting][-1].print()
    for setting, each in figures.items():
        report.print_summary(each, setting, arguments.learned)
    bars = Bars()
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
    return bars.finish()


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
    parser.add_argument(
        "--quick", action="store_true", help="a small run, under a minute: only the bars of conduct"
    )
    parser.add_argument("--populations", help=f"of {', '.join(POPULATIONS)}; by commas")
    parser.add_argument("--settings", help="tries/days, by commas (8/14,8/28,4/14)")
    parser.add_argument("--learned", help="cases learned from, by commas (0,1000,5000)")
    parser.add_argument("--cases", type=int, help="judged cases of each population (3000)")
    parser.add_argument("--relearn", type=int, help="attempts relearned and scaled up (200000)")
    parser.add_argument("--no-bounds", action="store_true", help="leave both bounds out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="populations played side by side"
    )
    arguments = parser.parse_args()
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
    return arguments


if __name__ == "__main__":
    sys.exit(main())
