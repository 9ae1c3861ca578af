#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What many drawn worlds have in common: the beliefs with which timing begins (empirical Bayes).

Needs neither Odoo nor a database, but NumPy. Some cases of each of many teaching worlds are played
with schedules that differ from case to case, and the engine's own fit is made of all of them, drawn
to what the data file says. Printed is how much likelier that makes the answers of cases that it has
not seen: of other worlds, and of populations that another generator makes. `--write` puts what was
found into `timing/data/priors.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark
from environment.progress import Progress
from environment.settings import REPOSITORY

benchmark.enter()  # Here already: NumPy and holidays are there.

from bench import beliefs_fit as fitted
from bench import beliefs_play as worlds
from bench.output import table

from revenue_recovery.timing.model.odds import Odds
from revenue_recovery.timing.model.priors import load

DATA = REPOSITORY / "timing" / "data" / "priors.json"
FIRST = 1000  # no other benchmark plays so late a world


def main() -> int:
    """Play, fit, print, and write if asked."""
    arguments = _parse()
    progress = Progress("beliefs")
    unseen = FIRST + arguments.worlds
    beliefs = fitted.Beliefs(_play(range(FIRST, unseen), arguments), arguments.rounds)
    progress.say(f"{beliefs.cases:,} cases are fitted")
    pools = {"unseen worlds": _play(range(unseen, unseen + arguments.unseen), arguments)}
    pools.update(worlds.play_populations(4 * arguments.cases))
    rows = []
    for name, attempts in pools.items():
        before, after = (
            fitted.log_likelihood(attempts, odds) for odds in (Odds.prior(), beliefs.odds)
        )
        gain = after - before
        error = 1.96 * gain.std() / len(gain) ** 0.5
        rows.append(
            [name, f"{len(gain)}", f"{before.mean():.3f}", f"{gain.mean():+.3f} ±{error:.3f}"]
        )
    table(["log-likelihood of the answers", "cases", "as the file is", "fitted"], rows)
    if arguments.write:
        DATA.write_text(dump(updated(load().values, beliefs.values())), encoding="utf-8")
    return 0


def updated(values: dict[str, Any], found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the data file's values with what was found in its blocks."""
    return {name: {**block, **found.get(name, {})} if isinstance(block, dict) else block
            for name, block in values.items()}  # fmt: skip


def dump(values: dict[str, Any], depth: int = 1) -> str:
    """Return values as the data file has them: what has parts on lines of its own."""
    lines = []
    for name, value in values.items():
        parts = isinstance(value, dict) and any(isinstance(v, dict | list) for v in value.values())
        text = dump(value, depth + 1) if parts else json.dumps(value, ensure_ascii=False)
        lines.append(f"{'  ' * depth}{json.dumps(name)}: {text}")
    end = "  " * (depth - 1) + "}"
    return "{\n" + ",\n".join(lines) + "\n" + end + ("\n" if depth == 1 else "")


def _play(numbers: range, arguments: argparse.Namespace) -> list:
    cases = [arguments.cases] * len(numbers)
    with ProcessPoolExecutor(arguments.processes) as pool:
        return [attempt for part in pool.map(worlds.play, numbers, cases) for attempt in part]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="four worlds, ten cases each, five rounds")
    add("--worlds", type=int, default=240, help="that are fitted (240)")
    add("--unseen", type=int, default=40, help="that are not, and say what the fit is worth (40)")
    add("--cases", type=int, default=36, help="of each world (36)")
    add("--rounds", type=int, default=fitted.ROUNDS, help="of the fit")
    add("--processes", type=int, default=os.cpu_count(), help="played side by side")
    add("--write", action="store_true", help="put what was found into the data file")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.worlds, arguments.unseen, arguments.cases, arguments.rounds = 4, 2, 10, 5
    return arguments


if __name__ == "__main__":
    sys.exit(main())
