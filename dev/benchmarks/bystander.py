#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the addon costs those who don't use it: Odoo's everyday work, beside a database without it.

The same acts in two databases that differ by the addon, each in a process of its own: invoices are
posted and paid, lists and forms are read, a customer opens their invoices in the portal.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark
from environment.progress import Progress

NAME = "bystander"
SIDES = ("base", "addon")
STATEMENTS_GOAL = 1.02
PROCESSOR_GOAL = 1.03
MEMORY_GOAL = 8.0  # Megabytes.
ROWS = (5, 50)


def main() -> int:
    """Measure both sides in turns, print the tables, and return the exit code."""
    arguments = _parse()
    if arguments.measure:
        return _measure(arguments)
    progress = Progress(NAME)
    runs: dict[str, list[dict]] = {side: [] for side in SIDES}
    with (
        benchmark.scratch_database("base", label=f"{NAME}_base") as base,
        benchmark.scratch_database("addon", label=f"{NAME}_addon") as addon,
    ):
        databases = dict(zip(SIDES, (base, addon), strict=True))
        for turn in range(arguments.repetitions):
            for side in SIDES if turn % 2 else reversed(SIDES):
                progress.say(f"turn {turn + 1} of {arguments.repetitions}: {side}")
                runs[side].append(_run(databases[side], arguments))
    return _report(runs)


def _run(database: str, arguments: argparse.Namespace) -> dict:
    """Return what a process of its own measured in a database."""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as result:
        options = ["--measure", database, result.name, "--turns", str(arguments.turns)]
        subprocess.run([sys.executable, __file__, *options], check=True)
        return json.load(result)


def _measure(arguments: argparse.Namespace) -> int:
    from benchmarks.bench.bystander import Bystander

    database, result = arguments.measure
    measured = Bystander(database, ROWS).measure(arguments.turns)
    Path(result).write_text(json.dumps(measured))
    return 0


def _report(runs: dict[str, list[dict]]) -> int:
    from benchmarks.bench.output import Bars, table

    acts = list(runs["base"][0]["acts"])
    figures = {
        (side, act, what): median(run["acts"][act][what] for run in runs[side])
        for side in SIDES
        for act in acts
        for what in ("statements", "processor")
    }
    rows = []
    for act in acts:
        base, addon = (figures[side, act, "statements"] for side in SIDES)
        seconds = [figures[side, act, "processor"] * 1000 for side in SIDES]
        ratio = f"{seconds[1] / seconds[0]:.2f}"
        rows.append([act, f"{base:g}", f"{addon:g}", *(f"{each:.1f}" for each in seconds), ratio])
    table(["", "statements", "with it", "processor ms", "with it", "ratio"], rows)
    memory = {side: median(run["memory"] for run in runs[side]) for side in SIDES}
    table(["resident memory", "MB"], [[side, f"{memory[side]:.1f}"] for side in SIDES])
    grown = {
        name: median(run["grown"][name] for run in runs["addon"])
        for name in runs["addon"][0]["grown"]
    }
    table(
        [f"statements more for {ROWS[1]} rows than for {ROWS[0]}", "more"],
        [[name, f"{more:g}"] for name, more in grown.items()],
    )

    def total(side: str, what: str) -> float:
        return sum(figures[side, act, what] for act in acts)

    bars = Bars()
    statements = total("addon", "statements") / total("base", "statements")
    bars.add("statements with / without", statements, "at most", STATEMENTS_GOAL, digits=3)
    processor = total("addon", "processor") / total("base", "processor")
    bars.add("processor time with / without", processor, "at most", PROCESSOR_GOAL, digits=3)
    more = memory["addon"] - memory["base"]
    bars.add("resident memory, MB more", more, "at most", MEMORY_GOAL, digits=1)
    bars.add("statements that grow with rows", max(grown.values()), "at most", 0)
    return bars.finish()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small run, under a minute")
    parser.add_argument("--turns", type=int, help="how often each act is done in a process (15)")
    parser.add_argument("--repetitions", type=int, help="processes of each side (5)")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.turns = arguments.turns or (1 if arguments.quick else 15)
    arguments.repetitions = arguments.repetitions or (1 if arguments.quick else 5)
    return arguments


if __name__ == "__main__":
    benchmark.enter()
    sys.exit(main())
