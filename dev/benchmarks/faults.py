#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""No invoice is charged twice and no outcome is lost, whatever fails: the fault campaign.

Two workers charge, several at once, while a supervisor kills them, a tenth of the gateway's calls
fails, the re-asks after a lost answer are refused, read-backs fail, charges are decided late,
webhooks come late by seconds or days, twice, out of order or never, customers pay the same invoices
in the portal, and persons answer wrongly. Then the gateway's ledger is compared with Odoo's
accounting, invoice by invoice.

With `--hosts` the same on three hosts whose clocks differ, while one of them stands still in
mid-charge, PostgreSQL is restarted, and the network to the gateway is cut. A full run does both.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark


def main() -> int:
    """Run the campaign, print what happened, and return the exit code."""
    from benchmarks.bench import campaign
    from benchmarks.bench.plants import KINDS

    arguments = _parse()
    if arguments.hosts:
        return _run_on_hosts(arguments)
    plant = tuple(KINDS) if arguments.plant == "all" else (arguments.plant,)
    size = _size(arguments, {"attempts": 40, "kills": 6})
    if arguments.plant == "all":
        size["last_days"] = 0  # The audit is on trial, not the addon.
    options = campaign.Options(**size)
    result = campaign.run(options, plant if arguments.plant else ())
    _print(result)
    if arguments.plant == "all":
        return _judge_plants(result)
    code = _judge(options, result)
    if arguments.quick or arguments.plant:
        return code
    # In a process of its own: Odoo knows one PostgreSQL.
    rest = ["--rules"] if arguments.rules else []
    if arguments.seed is not None:
        rest.append(f"--seed={arguments.seed}")
    return subprocess.call([sys.executable, __file__, "--hosts", *rest]) or code


def _run_on_hosts(arguments: argparse.Namespace) -> int:
    from benchmarks.bench import hosts

    quick = {"attempts": 40, "kills": 3, "rounds": 1, "cut_seconds": 8.0, "due_at_once": 16}
    options = hosts.HostOptions(**_size(arguments, quick))
    result = hosts.run(options)
    _print(result)
    return _judge(options, result)


def _size(arguments: argparse.Namespace, quick: dict) -> dict:
    """Return the options of a campaign that were chosen, or are those of a small run."""
    size = {**(quick if arguments.quick else {}), "rules": arguments.rules}
    for name in ("attempts", "kills", "workers", "at_once", "faults", "customers", "seed"):
        if getattr(arguments, name) is not None:
            size[name] = getattr(arguments, name)
    return size


def _parse() -> argparse.Namespace:
    from benchmarks.bench.plants import KINDS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small run, a minute or two")
    parser.add_argument("--attempts", type=int, help="charges at least (2000)")
    parser.add_argument("--kills", type=int, help="workers killed at least (200)")
    parser.add_argument("--workers", type=int, help="worker processes (2)")
    parser.add_argument("--at-once", type=int, help="charges at once of each worker (4)")
    parser.add_argument("--faults", type=float, help="share of the gateway's calls that fail (0.1)")
    parser.add_argument("--customers", type=int, help="customers paying at the same time (2)")
    parser.add_argument("--seed", type=int, help="of chance (1)")
    parser.add_argument(
        "--rules",
        action="store_true",
        help="with automation rules that raise, loop, delete, write, and 50 at once",
    )
    other = parser.add_mutually_exclusive_group()
    other.add_argument(
        "--hosts",
        action="store_true",
        help="three hosts whose clocks differ, one suspended, PostgreSQL restarted, network cut",
    )
    other.add_argument(
        "--plant",
        metavar="KIND",
        choices=(*KINDS, "all"),
        help=f"make a violation by hand, which the audit must find: {', '.join(KINDS)}; with all, "
        "each in turn, and only whether it was found counts",
    )
    return parser.parse_args()


def _print(result) -> None:
    from benchmarks.bench.output import table

    table(
        ["what happened", "count"],
        [
            ["invoices", result.invoices],
            ["  of them paid at the end", result.invoices_paid],
            ["attempts (charges of saved methods)", result.attempts],
            ["  declined by the issuer", result.declined],
            ["charges in the gateway's ledger", result.findings.charges],
            *[[what, count] for what, (count, _sense, _goal) in result.required.items()],
            ["workers killed", result.kills],
            ["  of them with a charge under way", result.kills_in_charge],
            ["calls to the gateway under faults", result.calls],
            *[[f"  {kind}", count] for kind, count in sorted(result.faults.items())],
            ["answers given again for the same key", result.replayed],
            ["days that passed", result.days],
            ["charges taken up late by the gateway", result.late_charges],
            ["outcomes told by a person", result.persons],
            ["  of them wrong: not charged, though it was", result.wrong_answers],
            ["invoices paid twice by a wrong word, with an alert", len(result.findings.excused)],
            ["jobs that raised, and began anew", result.jobs_failed],
            ["automation rules", result.rules],
            *[[f"  actions {word}", count] for word, count in sorted(result.actions.items())],
            *[[f"portal: {word}", count] for word, count in sorted(result.portal.items())],
            *[[f"webhooks {word}", count] for word, count in sorted(result.webhooks.items())],
            ["seconds", f"{result.seconds:.0f}"],
            ["  of them to settle", f"{result.settle_seconds:.0f}"],
            ["attempts per second", f"{result.attempts / max(result.seconds, 1):.2f}"],
        ],
    )
    found = result.findings
    for what, names in (
        ("charged twice", found.double),
        ("not in Odoo", found.unknown_to_odoo),
        ("unresolved", found.unresolved),
        ("paid without money", found.without_money),
        ("alert missing", found.alerts_missing),
        ("over the bound", found.over_bound),
        ("booked twice or otherwise", found.booked_otherwise),
        ("unfinished", result.unfinished),
        ("error in the portal", result.portal_errors),
    ):
        for name in names[:10]:
            print(f"{what}: {name.strip().splitlines()[-1]}")
    for kind, is_caught in result.caught.items():
        print(f"planted {kind}: {'caught' if is_caught else 'NOT CAUGHT'}")
    print("\n".join(result.diaries[:300]))


def _judge(options, result) -> int:
    from benchmarks.bench.output import Bars

    found, bars = result.findings, Bars()
    left = max(len(found.unresolved), len(result.unfinished))
    bars.add("attempts", result.attempts, "at least", options.attempts)
    bars.add("kills", result.kills, "at least", options.kills)
    bars.add("double charges", len(found.double), "at most", 0)
    bars.add("charges unknown to Odoo", len(found.unknown_to_odoo), "at most", 0)
    bars.add("unknown outcomes left", left, "at most", 0)
    if options.rules:
        ran = result.actions["done"] and result.actions["failed"]
        bars.add("kinds of rules that ran: done, failed", 2 if ran else 0, "at least", 2)
    bars.add("invoices paid without money", len(found.without_money), "at most", 0)
    bars.add("alerts missing", len(found.alerts_missing), "at most", 0)
    bars.add("attempts over the bound", len(found.over_bound), "at most", 0)
    bars.add("payments booked twice or otherwise", len(found.booked_otherwise), "at most", 0)
    for what, (count, sense, goal) in result.required.items():
        bars.add(what, count, sense, goal)
    return bars.finish()


def _judge_plants(result) -> int:
    from benchmarks.bench.output import Bars

    bars = Bars()
    for kind, is_caught in result.caught.items():
        bars.add(f"planted {kind} caught", int(is_caught), "at least", 1)
    return bars.finish()


if __name__ == "__main__":
    benchmark.enter()
    sys.exit(main())
