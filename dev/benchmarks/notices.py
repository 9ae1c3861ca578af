#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Many due notices are planned, grouped and queued in little more time than stock Odoo needs to
queue the resulting e-mails.

Customers with two or three failing invoices each; every case has one notice that is due. Stock
Odoo's `mail.template.send_mail_batch` queues one e-mail for each customer, from the same template
about the same case; then the addon plans all notices, decides on them, and queues its own.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark
from environment.progress import Progress

NAME = "notices"
GOAL = 1.3


def main() -> int:
    """Fill a database, measure in turns, print the table, and return the exit code."""
    from benchmarks.bench import notices

    arguments = _parse()
    progress = Progress(NAME)
    runs = []
    with benchmark.scratch_database() as database:
        progress.say(f"{arguments.notices:,} failing invoices of {arguments.customers:,} customers")
        with notices.Mailing(database, arguments.customers, arguments.notices) as mailing:
            for turn in range(arguments.repetitions):
                progress.say(f"turn {turn + 1} of {arguments.repetitions}")
                runs.append(mailing.measure(progress, ours_first=bool(turn % 2)))
    return _report(arguments, runs)


def _report(arguments, runs) -> int:
    from benchmarks.bench.output import Bars, spread, table

    table(
        [f"{arguments.notices:,} notices of {arguments.customers:,} customers", "seconds"],
        [
            ["stock: queue the e-mails", spread([run.stock for run in runs])],
            ["ours: plan the notices", spread([run.plan for run in runs])],
            ["ours: re-check, group and queue", spread([run.send for run in runs])],
            ["ours / stock", spread([run.ratio for run in runs], digits=2)],
        ],
    )
    bars = Bars()
    first = runs[0]
    bars.add("e-mails per customer", first.mails / arguments.customers, "at most", 1, 2)
    bars.add("notices handed over", min(run.sent for run in runs), "at least", arguments.notices)
    ratio = sorted(run.ratio for run in runs)[len(runs) // 2]
    bars.add("ours / stock", ratio, "at most", GOAL, 2)
    return bars.finish()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="500 notices of 200 customers")
    parser.add_argument("--customers", type=int, help="customers (4,000)")
    parser.add_argument("--notices", type=int, help="failing invoices, a notice each (10,000)")
    parser.add_argument("--repetitions", type=int, help="turns (3)")
    arguments = parser.parse_args()
    arguments.customers = arguments.customers or (200 if arguments.quick else 4_000)
    arguments.notices = arguments.notices or (500 if arguments.quick else 10_000)
    arguments.repetitions = arguments.repetitions or (1 if arguments.quick else 3)
    return arguments


if __name__ == "__main__":
    benchmark.enter()
    sys.exit(main())
