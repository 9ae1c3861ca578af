"""The benchmarks run, reach their ends, and their audits can fail."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bench import audit

BENCHMARKS = Path(__file__).resolve().parents[2] / "dev" / "benchmarks"
BAR = re.compile(r"^bar (.+): (\S+) \(goal (at most|at least) (\S+)\) (ok|missed)$", re.M)

pytestmark = pytest.mark.skipif(
    not os.environ.get("RECOVERY_TEST_DB"), reason="dev/test gives the environment"
)


def run(name, *options):
    """Run a benchmark in its quick size; return its exit code and its bars with their verdicts."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / f"{name}.py", "--quick", *options],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    bars = {match[1]: match[5] for match in BAR.finditer(done.stdout)}
    assert bars, done.stdout + done.stderr
    return done.returncode, bars, done.stdout + done.stderr


def test_fault_campaign_finds_no_double_charge_and_no_lost_outcome():
    code, bars, output = run("faults")
    assert set(bars.values()) == {"ok"}, output
    assert code == 0
    assert {"double charges", "charges unknown to Odoo", "unknown outcomes left"} <= bars.keys()


def test_fault_campaign_finds_nothing_with_rules_that_do_what_they_must_not():
    code, bars, output = run("faults", "--rules")
    assert set(bars.values()) == {"ok"}, output
    assert code == 0


def test_fault_campaign_finds_a_double_charge_that_was_planted():
    code, bars, _output = run("faults", "--attempts", "10", "--kills", "1", "--plant")
    assert code == 1
    assert bars["double charges"] == "missed"


def test_throughput_reports_its_three_goals():
    # A short run on a busy machine says nothing about speed; that it runs is what counts.
    code, bars, output = run("throughput")
    assert code == int("missed" in bars.values()), output
    assert list(bars) == ["declined, ours / bare", "paid, ours / bare", "two workers / one"]


def test_notices_are_grouped_into_one_message_a_customer():
    # A short run on a busy machine says nothing about speed; that all are handed over counts.
    _code, bars, output = run("notices")
    assert bars["e-mails per customer"] == "ok", output
    assert bars["notices handed over"] == "ok", output
    assert "ours / stock" in bars


def test_due_work_is_found_through_the_index_of_planned_attempts():
    _code, bars, output = run("due_work")
    assert bars["plans on an index of planned attempts only"] == "ok", output
    assert "time with the many / with the few" in bars


def test_dashboard_reads_all_its_data_and_the_parts_add_up():
    # Few charges say nothing about speed; that it runs, and adds up, is what counts.
    code, bars, output = run("reports")
    assert code == int("missed" in bars.values()), output
    assert list(bars) == ["seconds for the whole data, the many", "growth of the time"]


def test_uplift_keeps_the_rules_and_its_bounds_in_order():
    # So few cases say nothing about uplift; that the rules are kept is what counts.
    code, bars, output = run("uplift")
    assert set(bars.values()) == {"ok"}, output
    assert code == 0
    assert "retries of dead methods" in bars


# The audit itself, on books made by hand


def _entry(reference, amount=1000, kind="charge"):
    return {"description": reference, "amount": amount, "currency": "eur", "kind": kind}


def _transaction(reference="INV/1", state="done", amount=1000, booked=None):
    booked = (amount if state == "done" else 0) if booked is None else booked
    return audit.Transaction(reference, state, "offline", (1,), amount, booked)


def _invoice(paid=1000):
    return audit.Invoice(1, "INV/1", 1000, paid)


def test_audit_accepts_one_charge_that_is_booked():
    found = audit.compare([_entry("INV/1")], [_transaction()], [_invoice()])
    assert (found.charges, found.double, found.unknown_to_odoo) == (1, [], [])
    assert (found.unresolved, found.without_money) == ([], [])


@pytest.mark.parametrize(
    ("ledger", "transactions", "paid", "what"),
    [
        ([_entry("INV/1"), _entry("INV/1")], [_transaction()], 1000, "double"),
        (
            [_entry("INV/1"), _entry("INV/1-1")],
            [_transaction(), _transaction("INV/1-1")],
            1000,
            "double",
        ),
        # Odoo rolled the transaction of the second charge back.
        ([_entry("INV/1"), _entry("INV/1-1")], [_transaction()], 1000, "double"),
        ([_entry("INV/1")], [], 0, "unknown_to_odoo"),
        ([_entry("INV/1")], [_transaction(state="error")], 0, "unknown_to_odoo"),
        ([_entry("INV/1")], [_transaction(booked=0)], 0, "unknown_to_odoo"),
        ([], [_transaction(state="draft")], 0, "unresolved"),
        ([], [_transaction(state="pending")], 0, "unresolved"),
        ([], [_transaction()], 1000, "without_money"),
        ([_entry("INV/1"), _entry("INV/1", kind="refund")], [_transaction()], 1, "without_money"),
    ],
)
def test_audit_finds(ledger, transactions, paid, what):
    assert getattr(audit.compare(ledger, transactions, [_invoice(paid)]), what)


def test_audit_takes_a_refunded_charge_for_no_payment():
    ledger = [_entry("INV/1"), _entry("INV/1"), _entry("INV/1", kind="refund")]
    assert not audit.compare(ledger, [_transaction()], [_invoice()]).double
