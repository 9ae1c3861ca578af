#!/usr/bin/env python3
"""Smart timing against fixed schedules and against what could be known at all.

Needs neither Odoo nor a database.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import uplift_play as play
from bench import uplift_report as report
from bench.output import Bars, Progress, table
from bench.uplift_engine import Smart

from simulation.streams import POPULATIONS

NAME = "uplift"


def main() -> int:
    """Play, print the tables and the bars; return the exit code."""
    arguments = _parse()
    progress = Progress(NAME)
    bars = Bars()
    for name in arguments.populations:
        result = _play(POPULATIONS[name], arguments, progress)
        _print(result, arguments)
    return bars.finish()


def _play(population, arguments, progress) -> play.Result:
    cases = play.judged_cases(population, arguments.seed, arguments.cases)
    result = play.Result(population, cases)
    play.play_ladders(result, arguments.settings, arguments.seed)
    progress.say(f"{population.name}: fixed schedules")

    def heard(what):
        return lambda n: progress.is_due() and progress.say(f"{population.name}, {what}: {n}")

    for learned in arguments.learned:
        engine = Smart()
        name = f"smart, {learned:,} cases" if learned else play.COLD
        if learned:
            play.learn(
                engine, population, arguments.seed + learned, learned, arguments.settings,
                heard(f"learns {learned}"),
            )  # fmt: skip
        for setting in arguments.settings:
            play.play(result, name, engine, setting, arguments.seed, heard(f"{name}, {setting}"))
    return result


def _print(result, arguments) -> None:
    resampling = report.Resampling(result, arguments.seed)
    for setting in arguments.settings:
        outcomes = result.outcomes[setting]
        shares = {name: resampling.amount_share(values) for name, values in outcomes.items()}
        best = shares["best fixed"]
        rows = []
        for name, values in outcomes.items():
            title = f"best fixed: {result.best[setting]}" if name == "best fixed" else name
            rows.append([title, *report.row(values, shares[name], best)])
        title = f"{result.population.name}, {setting} days"
        table([title, *report.HEADERS], rows)
        for name, log in result.logs.get(setting, {}).items():
            error = play.calibration_error(log.predictions)
            milliseconds = 1000 * sorted(log.seconds)[len(log.seconds) // 2]
            print(f"{name}: ECE {error:.3f}, {milliseconds:.2f} ms, {log.misses} misses")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small run, under a minute")
    parser.add_argument("--populations", default=",".join(POPULATIONS), help="names, by commas")
    parser.add_argument("--settings", default="8/14,8/28,4/14", help="tries/days, by commas")
    parser.add_argument("--learned", default="0,1000,5000", help="cases learned from, by commas")
    parser.add_argument("--cases", type=int, help="judged cases of each population (3000)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.populations = arguments.populations.split(",")
    arguments.settings = tuple(
        play.Setting(*map(int, text.split("/"))) for text in arguments.settings.split(",")
    )
    arguments.learned = [int(number) for number in arguments.learned.split(",") if number]
    arguments.cases = arguments.cases or (300 if arguments.quick else 3000)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
