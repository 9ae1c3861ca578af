#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Fifty customers at once on their page while charges go out, and a product that asks meanwhile.

Real HTTP to four processes of Odoo; the jobs charge against the simulated gateway. The same
customers open Odoo's own list of invoices in turn.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark

# As much slower as Odoo's list the page may be: it shows a payment form, and leads there first.
SLOWER_GOAL = 2.0
STANDING_GOAL = 500
_CORES = 2


def main() -> int:
    """Run the load, print what came of it, and return the exit code."""
    from benchmarks.bench import page_load

    arguments = _parse()
    size = (
        {"customers": 8, "rounds": 2, "pause": 1.0, "charges": 12, "asking": 2.0}
        if arguments.quick
        else {}
    )
    for name in ("customers", "rounds", "pause", "charges", "asking"):
        if getattr(arguments, name) is not None:
            size[name] = getattr(arguments, name)
    options = page_load.Options(**size)
    result = page_load.run(options, only_asking=arguments.only_asking)
    if not arguments.only_asking:
        _print_visits(options, result)
    _print_asked(result)
    return _judge(options, result, arguments.only_asking)


def _print_visits(options, result) -> None:
    from benchmarks.bench.output import table

    answers = result.answers
    table(
        [f"{options.customers} customers in {result.seconds:.0f} s", "opened", "median ms", "95 %"],
        [
            [name, len(times), *(f"{figure * 1000:.0f}" for figure in _describe(times))]
            for name, times in (
                ("the recovery page, by its link", answers.page),
                ("Odoo's own /my/invoices", answers.stock),
            )
        ],
    )
    table(
        ["meanwhile", "count"],
        [
            ["charges made by the jobs", result.charged],
            ["jobs that raised, and began anew", result.jobs_failed],
            *[
                [f"customers who came to {act}", list(answers.done.values()).count(act)]
                for act in sorted(set(answers.done.values()))
            ],
        ],
    )
    for text in (*answers.errors[:10], *result.lost[:10]):
        print(f"error: {text}")


def _print_asked(result) -> None:
    from benchmarks.bench.output import table

    asked = result.asked
    table(
        ["how does a customer stand?", ""],
        [
            ["answers", asked.count],
            ["answers a second, on this machine", f"{asked.count / max(asked.clock, 1e-9):.0f}"],
            ["median ms", f"{median(asked.seconds or [0]) * 1000:.1f}"],
            ["ms of processor time each", f"{1000 * asked.cost:.2f}"],
            ["of one that is remembered", f"{1000 * result.known.cost:.2f}"],
            ["of one that is found anew", f"{1000 * result.anew.cost:.2f}"],
        ],
    )
    for text in asked.errors[:10]:
        print(f"error: {text}")


def _describe(times) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    if len(times) < 2:
        return (times or [0.0])[0], (times or [0.0])[0]
    return median(times), quantiles(times, n=20, method="inclusive")[-1]


def _judge(options, result, only_asking) -> int:
    from benchmarks.bench.asking import find_rate
    from benchmarks.bench.output import Bars
    from benchmarks.bench.page_load import KEPT

    bars = Bars()
    if not only_asking:
        _judge_visits(options, result, bars)
    bars.add("errors of the standing", len(result.asked.errors), "at most", 0)
    rate = find_rate(result.anew, result.known, options.customers, KEPT, _CORES)
    bars.add("standings a second on two cores", rate, "at least", STANDING_GOAL)
    return bars.finish()


def _judge_visits(options, result, bars) -> None:
    answers = result.answers
    bars.add("errors of customers", len(answers.errors), "at most", 0)
    bars.add("acts of customers", len(answers.done), "at least", options.customers)
    bars.add("acts lost", len(result.lost), "at most", 0)
    bars.add("charges meanwhile", result.charged, "at least", 1)
    page, stock = _describe(answers.page), _describe(answers.stock)
    for name, ours, theirs in zip(("median", "95th percentile"), page, stock, strict=True):
        ratio = ours / max(theirs, 1e-9)
        bars.add(f"{name}, the page / Odoo's list", ratio, "at most", SLOWER_GOAL, 2)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="8 customers, under a minute")
    parser.add_argument(
        "--only-asking", action="store_true", help="the product that asks, without the customers"
    )
    parser.add_argument("--customers", type=int, help="customers at once (50)")
    parser.add_argument("--rounds", type=int, help="how often each opens both pages (6)")
    parser.add_argument("--pause", type=float, help="seconds that each reads a page (5)")
    parser.add_argument("--charges", type=int, help="charges that are due meanwhile (200)")
    parser.add_argument("--asking", type=float, help="seconds for which a product asks (20)")
    return parser.parse_args()


if __name__ == "__main__":
    benchmark.enter()
    sys.exit(main())
