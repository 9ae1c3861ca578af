#!/usr/bin/env python3
# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A policy is tried on 5,000 cases in two minutes, nothing else is written, and its estimates hold.

A database is filled with a simulated merchant's past. A policy is played over it as the job does
it, beside another one, in a process of its own, and then a case of it is walked through by the
test clock: all tables are compared before and after. Then, for merchants of several populations,
what a trial tells of two schedules is compared with what they would have brought: without a
database.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from environment import benchmark
from environment.progress import Progress

NAME = "trial"
SECONDS = 120
COVERED = 0.8
# An interval that holds everything says nothing.
WIDEST = 0.40
POPULATION = "mixture"
DAYS = 330
_CORES = 2
# What a trial is allowed to write, and what notes the runs of jobs.
_OWN = ("recovery_policy_trial", "recovery_clock_wizard", "ir_cron_trigger")
# A digest of each table, and where the numbers of Odoo's own sequences stand.
_DIGEST = """SELECT COUNT(*), MD5(STRING_AGG(MD5(t::text), '' ORDER BY MD5(t::text))) FROM "{}" t"""


def main() -> int:
    """Fill, try, compare, print the tables, and return the exit code."""
    arguments = _parse()
    if arguments.measure:
        return _measure(*arguments.measure)
    from benchmarks.bench import past, past_books
    from simulation.streams.cases import FIRST_DAY

    progress = Progress(NAME)
    drawn = past.make(POPULATION, 500, arguments.debts, FIRST_DAY, DAYS)
    until = past.end_of(drawn)
    with benchmark.scratch_database(label="trial") as database:
        progress.say(f"a database with {arguments.debts:,} failed debts")
        with benchmark.odoo_env(database) as env:
            past_books.fill(env, drawn, 0)
        with benchmark.odoo_env(database) as env:
            past_books.analyze(env)
        progress.say("a policy is tried")
        measured = _run_measured(database, until)
    if measured["state"] != "done":
        sys.exit(f"The trial failed: {measured['error']}")
    rows = []
    for seed in range(arguments.seeds):
        progress.say(f"merchant {seed + 1} of {arguments.seeds}")
        rows.append(_compare(seed, arguments.merchants))
    return _report(measured, rows)


def _compare(seed, debts):
    """Return the population, and what a trial tells of a merchant beside the truth."""
    from benchmarks.bench import past, trial
    from simulation.streams import POPULATIONS
    from simulation.streams.cases import FIRST_DAY

    population = list(POPULATIONS)[seed % len(POPULATIONS)]
    return population, trial.play(past.make(population, 2000 + seed, debts, FIRST_DAY, DAYS))


def _run_measured(database, until):
    done = subprocess.run(
        [sys.executable, __file__, "--measure", database, until.isoformat()],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def _measure(database, until) -> int:
    from datetime import datetime, timedelta
    from unittest.mock import patch

    from odoo import fields

    now = datetime.fromisoformat(until).replace(tzinfo=None)
    with (
        benchmark.odoo_env(database) as env,
        patch.object(fields.Datetime, "now", lambda *_args: now),
    ):
        env["recovery.timing"]._get_row(env.company)._learn()
        policies = env["recovery.policy"].with_context(active_test=False)
        smart = policies.search([("retry_schedule", "=", "smart")], limit=1)
        fixed = smart.copy({"name": "Even", "retry_schedule": "fixed", "spread_evenly": True})
        clock = _make_clock(env, smart, now)
        trial = env["recovery.policy.trial"].create(
            {
                "policy_id": smart.id,
                "beside_id": fixed.id,
                "date_from": now.date() - timedelta(days=500),
                "date_to": now.date(),
            }
        )
        trial.write({"state": "waiting"})
        env.cr.commit()
        before = _read_tables(env)
        begun, used = time.perf_counter(), os.times()
        env["recovery.policy.trial"]._cron_try()
        seconds, used = time.perf_counter() - begun, _subtract(os.times(), used)
        trial.invalidate_recordset()
        after = _read_tables(env)
        walked = time.perf_counter()
        clock.action_walk()
        walked = time.perf_counter() - walked
        env.cr.commit()
        print(
            json.dumps(
                {
                    "state": trial.state,
                    "error": trial.error or "",
                    "seconds": seconds,
                    "used": used,
                    "walked": walked,
                    "lines": (clock.page or "").count("<tr"),
                    "result": trial.result,
                    "changed": _find_changed(before, after),
                    "changed_by_clock": _find_changed(after, _read_tables(env)),
                }
            )
        )
    return 0


def _subtract(after, before):
    """Return the seconds of the processor of this process, and of those that it started."""
    own = after.user + after.system - before.user - before.system
    return own, (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def _make_clock(env, policy, now):
    """Return a test clock for an open case."""
    from datetime import timedelta

    token = env["payment.token"].search([("provider_ref", "=like", "past_%")], limit=1)
    move = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": token.partner_id.id,
            "invoice_date": now.date() - timedelta(days=10),
            "collect_automatically": True,
            "collect_token_id": token.id,
            "invoice_line_ids": [(0, 0, {"name": "Service", "price_unit": 100.0})],
        }
    )
    move.action_post()
    case = env["recovery.case"]._open(move, policy_id=policy.id, token_id=token.id)
    case._plan_next_charge()
    return env["recovery.clock.wizard"].create({"case_id": case.id, "days": 30})


def _read_tables(env):
    env.cr.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    names = [name for (name,) in env.cr.fetchall() if name not in _OWN]
    found = {}
    for name in names:
        env.cr.execute(_DIGEST.format(name))
        found[name] = list(env.cr.fetchone())
    env.cr.execute(
        "SELECT sequencename, last_value FROM pg_sequences WHERE sequencename LIKE 'ir_sequence_%'"
    )
    found.update(env.cr.fetchall())
    return found


def _find_changed(before, after):
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _report(measured, rows) -> int:
    from benchmarks.bench.output import Bars, table
    from benchmarks.bench.trial import NAMES

    result = measured["result"]
    print(
        f"{result['count']} cases, of which {result['played']} were played charge by charge; the "
        f"test clock: {measured['walked']:.1f} seconds for {measured['lines']} lines"
    )
    needed, each = _find_needed(measured)
    print(f"{measured['seconds']:.0f} seconds; {1000 * each:.1f} ms of the processor for each case")
    lines = []
    for population, one in rows:
        for number, name in enumerate(NAMES):
            share, truth = one["sides"][number]["share"], one["truths"][number]
            lines.append([population, name, *_figures(share, truth)])
        lines.append([population, "difference", *_figures(one["difference"], one["truth"])])
    table(["merchant", "", "low", "estimate", "high", "truth", ""], lines)
    bars = Bars()
    bars.add("seconds of the job", measured["seconds"], "at most", SECONDS)
    bars.add("seconds for all cases on two cores", needed, "at most", SECONDS)
    bars.add("tables changed by the trial", len(measured["changed"]), "at most", 0)
    bars.add("tables changed by the test clock", len(measured["changed_by_clock"]), "at most", 0)
    if changed := measured["changed"] + measured["changed_by_clock"]:
        print("changed:", ", ".join(changed))
    least = int(COVERED * len(rows))
    for number, name in enumerate(NAMES):
        held = sum(_holds(one["sides"][number]["share"], one["truths"][number]) for _p, one in rows)
        bars.add(f"merchants whose truth is in the interval, {name}", held, "at least", least)
    held = sum(_holds(one["difference"], one["truth"]) for _population, one in rows)
    bars.add("merchants whose difference is in the interval", held, "at least", least)
    wrong = sum(
        one["verdict"] == ("worse" if one["truth"] > 0 else "better") for _population, one in rows
    )
    bars.add("merchants who are told the wrong one", wrong, "at most", 0)
    widths = [one["sides"][0]["share"][2] - one["sides"][0]["share"][0] for _p, one in rows]
    bars.add("mean width of the intervals", sum(widths) / len(widths), "at most", WIDEST, 2)
    return bars.finish()


def _find_needed(measured):
    """Return the seconds that two cores need that do nothing else, and of a processor for a case.

    By what processors were busy with those that were played; few are played by the job itself.
    """
    own, beside = measured["used"]
    each = (beside or own) / max(measured["result"]["played"], 1)
    return (own if beside else 0.0) + each * measured["result"]["count"] / _CORES, each


def _holds(interval, truth):
    return interval[0] <= truth <= interval[2]


def _figures(interval, truth):
    verdict = "" if _holds(interval, truth) else "missed"
    return [*(f"{value:.3f}" for value in (*interval, truth)), verdict]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="60 cases, 2 merchants")
    parser.add_argument("--debts", type=int, help="cases in the database (5,000)")
    parser.add_argument("--seeds", type=int, help="merchants (16)")
    parser.add_argument("--merchants", type=int, help="debts of each merchant (200)")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    quick = arguments.quick
    arguments.debts = arguments.debts or (60 if quick else 5_000)
    arguments.seeds = arguments.seeds or (2 if quick else 16)
    arguments.merchants = arguments.merchants or (60 if quick else 200)
    return arguments


if __name__ == "__main__":
    benchmark.enter()
    sys.exit(main())
