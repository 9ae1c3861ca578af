# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The benchmarks run, reach their ends, and their audits find what was planted.

They run side by side, but for those of one benchmark: the first word of a test says whose it is.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "dev" / "benchmarks"
# Seconds after which one that runs beside another is taken to stand still.
HANGS = 900
BAR = re.compile(r"^bar (.+): (\S+) \(goal (at most|at least) (\S+)\) (ok|missed)$", re.M)

COUNTS = {
    "double charges",
    "charges unknown to Odoo",
    "unknown outcomes left",
    "invoices paid without money",
    "alerts missing",
    "attempts over the bound",
    "payments booked twice or otherwise",
}
# What must have happened on hosts that disagree, for the counts to say anything.
ON_HOSTS = {
    "workers suspended in mid-charge",
    "PostgreSQL restarts",
    "seconds without a way to the gateway",
    "charges of lost workers that others settled",
    "charges taken from living workers",
}

pytestmark = pytest.mark.skipif(
    not os.environ.get("RECOVERY_TEST_DB"), reason="dev/test gives the environment"
)


def run(name, *options):
    """Run a benchmark in its quick size; return its exit code and its bars with their verdicts."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / f"{name}.py", "--quick", *options],
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    bars = {match[1]: match[5] for match in BAR.finditer(done.stdout)}
    assert bars, done.stdout + done.stderr
    return done.returncode, bars, done.stdout + done.stderr


def test_fault_campaign_finds_no_double_charge_and_no_lost_outcome():
    code, bars, output = run("faults")
    assert set(bars.values()) == {"ok"}, output
    assert code == 0
    assert bars.keys() >= COUNTS


def test_fault_campaign_finds_nothing_with_rules_that_do_what_they_must_not():
    code, bars, output = run("faults", "--rules")
    assert set(bars.values()) == {"ok"}, output
    assert code == 0


def test_fault_campaign_finds_each_kind_of_violation_that_was_planted():
    code, bars, output = run("faults", "--attempts", "16", "--kills", "1", "--plant", "all")
    assert set(bars.values()) == {"ok"}, output
    assert code == 0
    assert len(bars) == len(COUNTS), "one kind for each of the counts"


def test_fault_campaign_finds_nothing_on_hosts_that_disagree():
    code, bars, output = run("faults", "--hosts")
    assert set(bars.values()) == {"ok"}, output
    assert code == 0
    assert bars.keys() >= COUNTS | ON_HOSTS


def test_throughput_reports_its_goals_and_keeps_the_limit():
    # A short run on a busy machine says nothing about speed; that it runs is what counts.
    code, bars, output = run("throughput")
    assert code == int("missed" in bars.values()), output
    limit = "two workers / limit of the provider"
    ratios = [f"{what}, ours / bare" for what in ("declined", "declined, first", "paid")]
    at_once = [f"{number} charges at once / one" for number in (8, 16)]
    statements = "statements of a declined retry"
    assert list(bars) == [*ratios, *at_once, statements, "two workers / one", limit]
    assert bars[limit] == "ok", output


def test_throughput_tells_where_the_time_goes():
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "throughput.py", "--quick", "--profile", "--invoices", "1"],
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ours, declined, retry" in done.stdout


def test_payments_booked_together_are_booked_as_stock_odoo_books_them():
    # A short run on a busy machine says nothing about speed; that the entries are equal counts.
    code, bars, output = run("settlement")
    assert code == int("missed" in bars.values()), output
    assert list(bars) == ["ours / stock's rate", "entries that differ"]
    assert bars["entries that differ"] == "ok", output


def test_month_begins_in_all_phases():
    # So few invoices say nothing of growth; that every phase does its work is what counts.
    code, bars, output = run("month_start")
    assert bars == {"memory of a worker, MB": "ok"}, output
    assert code == 0
    assert "write" in output


def test_bystander_adds_no_statements_that_grow_with_rows():
    # A short run on a busy machine says nothing of processor time and memory; statements count.
    code, bars, output = run("bystander")
    assert code == int("missed" in bars.values()), output
    assert bars["statements with / without"] == "ok", output
    assert bars["statements that grow with rows"] == "ok", output


def test_notices_are_grouped_into_one_message_a_customer():
    # A short run on a busy machine says nothing about speed; that all are handed over counts.
    _code, bars, output = run("notices")
    assert bars["e-mails per customer"] == "ok", output
    assert bars["notices handed over"] == "ok", output
    assert "ours / stock" in bars


def test_customers_at_once_on_their_page_lose_nothing():
    # A short run on a busy machine says nothing about speed; that nothing is lost counts.
    code, bars, output = run("page")
    assert code == int("missed" in bars.values()), output
    speed = {"median, the page / Odoo's list", "95th percentile, the page / Odoo's list"}
    speed.add("standings a second on two cores")
    assert bars.keys() > speed
    assert {bars[name] for name in bars.keys() - speed} == {"ok"}, output


def test_due_work_is_found_through_the_index_of_planned_attempts():
    _code, bars, output = run("due_work")
    assert bars["plans on an index of planned attempts only"] == "ok", output
    assert "time with the many / with the few" in bars


def test_dashboard_reads_all_its_data_and_the_parts_add_up():
    # Few charges say nothing about speed; that it runs, and adds up, is what counts.
    code, bars, output = run("reports")
    assert code == int("missed" in bars.values()), output
    assert list(bars) == ["seconds for the whole data, the many", "growth of the time"]


def test_audit_sees_all_transactions_and_compares_its_estimates():
    # So few merchants say nothing of the intervals; that all is read, and compared, is what counts.
    code, bars, output = run("audit")
    assert code == int("missed" in bars.values()), output
    assert bars["transactions that were not seen"] == "ok", output
    assert bars["seconds for all transactions"] == "ok", output
    assert "merchants whose truth is in the interval, 8 in 14" in bars


def test_trial_writes_nothing_else_and_compares_its_estimates():
    # So few merchants say nothing of the intervals; that nothing is written is what counts.
    code, bars, output = run("trial")
    assert code == int("missed" in bars.values()), output
    for name in ("the trial", "the test clock"):
        assert bars[f"tables changed by {name}"] == "ok", output
    assert "merchants whose difference is in the interval" in bars


def test_uplift_keeps_the_rules_and_its_bounds_in_order():
    # So few cases say nothing about uplift; that the rules are kept is what counts.
    code, bars, output = run("uplift")
    assert set(bars.values()) == {"ok"}, output
    assert code == 0
    assert "retries of dead methods" in bars


def test_schedules_are_compared_over_drawn_worlds():
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "schedules.py", "--quick"],
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("each world's own best") == 3
