# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The audit of the fault campaign, on books made by hand."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from benchmarks.bench import audit

NOW = datetime(2026, 3, 2, 9)
HOUR = timedelta(hours=1)


def _entry(reference, amount=1000, kind="charge"):
    return {"description": reference, "amount": amount, "currency": "eur", "kind": kind}


def _transaction(reference="INV/1", state="done", amount=1000, booked=None, operation="offline"):
    booked = (amount if state == "done" else 0) if booked is None else booked
    return audit.Transaction(reference, state, operation, (1,), amount, booked)


def _attempt(state, number=1, at=NOW, **values):
    return audit.Attempt(number, 1, state, at, **values)


def _compare(ledger, transactions, *, paid=1000, attempts=(), told=False, denied=(), untold=()):
    """Audit books of the one invoice INV/1, which owed 1000."""
    invoices = [audit.Invoice(1, "INV/1", 1000, paid)]
    alerts = {1} if told else set()
    books = audit.Books(transactions, invoices, attempts, alerts, NOW)
    return audit.compare(ledger, books, audit.Excuses(set(denied), set(untold)))


def _count(found):
    """Return the lists of the findings that have something in them."""
    names = ("double", "unknown_to_odoo", "unresolved", "without_money", "alerts_missing")
    names += ("over_bound", "booked_otherwise", "excused")
    return {name for name in names if getattr(found, name)}


@pytest.mark.parametrize(
    ("payments", "what"),
    [((1000,), set()), ((1000, 1000), {"booked_otherwise"}), ((900,), {"booked_otherwise"})],
)
def test_audit_finds_charges_booked_twice_or_with_another_amount(payments, what):
    transaction = replace(_transaction(), payments=payments)
    assert _count(_compare([_entry("INV/1")], [transaction])) == what


def test_audit_accepts_credit_of_a_charge_that_was_denied_on_another_invoice():
    ledger = [_entry("INV/1-R1"), _entry("INV/1-R2")]
    late = replace(_transaction("INV/1-R1", booked=0), elsewhere=1000)
    transactions = [late, _transaction("INV/1-R2")]
    invoices = [audit.Invoice(1, "INV/1", 1000, 1000), audit.Invoice(2, "INV/2", 1000, 1000, 1000)]
    books = audit.Books(transactions, invoices, (), set(), NOW)
    found = audit.compare(ledger, books, audit.Excuses({"INV/1-R1"}, set()))
    assert _count(found) == {"excused"}
    books = replace(books, invoices=[invoices[0], replace(invoices[1], credited=0)])
    found = audit.compare(ledger, books, audit.Excuses({"INV/1-R1"}, set()))
    assert _count(found) == {"excused", "without_money"}


def test_audit_accepts_one_charge_that_is_booked():
    found = _compare([_entry("INV/1")], [_transaction()])
    assert found.charges == 1
    assert _count(found) == set()


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
        # Two attempts of one debt have two references, whether or not Odoo knows both.
        (
            [_entry("INV/1-R1"), _entry("INV/1-R2")],
            [_transaction("INV/1-R1"), _transaction("INV/1-R2")],
            1000,
            "double",
        ),
        ([_entry("INV/1-R1"), _entry("INV/1-R2-1")], [_transaction("INV/1-R1")], 1000, "double"),
        ([_entry("INV/1")], [], 0, "unknown_to_odoo"),
        ([_entry("INV/1")], [_transaction(state="error")], 0, "unknown_to_odoo"),
        ([_entry("INV/1")], [_transaction(state="cancel")], 0, "unknown_to_odoo"),
        ([_entry("INV/1")], [_transaction(amount=900)], 900, "unknown_to_odoo"),
        ([_entry("INV/1")], [_transaction(booked=0)], 0, "alerts_missing"),
        ([], [_transaction(state="draft")], 0, "unresolved"),
        ([], [_transaction(state="pending")], 0, "unresolved"),
        ([], [_transaction()], 1000, "without_money"),
        ([_entry("INV/1"), _entry("INV/1", kind="refund")], [_transaction()], 1, "without_money"),
    ],
)
def test_audit_finds(ledger, transactions, paid, what):
    assert what in _count(_compare(ledger, transactions, paid=paid))


def test_audit_takes_a_refunded_charge_for_no_payment():
    ledger = [_entry("INV/1"), _entry("INV/1"), _entry("INV/1", kind="refund")]
    assert "double" not in _count(_compare(ledger, [_transaction()]))


def test_audit_wants_an_alert_where_money_is_not_booked():
    ledger = [_entry("INV/1")]
    assert _count(_compare(ledger, [_transaction(booked=0)], paid=0)) == {"alerts_missing"}
    assert _count(_compare(ledger, [_transaction(booked=0)], paid=0, told=True)) == set()
    assert _count(_compare(ledger, [_transaction(state="cancel")], paid=0, told=True)) == set()


def test_audit_excuses_a_customer_who_paid_twice_and_still_wants_an_alert():
    ledger = [_entry("INV/1-1"), _entry("INV/1-2")]
    own = [_transaction(name, operation="online_direct") for name in ("INV/1-1", "INV/1-2")]
    assert _count(_compare(ledger, own)) == {"alerts_missing"}
    assert _count(_compare(ledger, own, told=True)) == {"excused"}
    ours = [own[0], _transaction("INV/1-2")]
    assert _count(_compare(ledger, ours, told=True)) == {"double"}, "one act was ours"
    three = [*ledger, _entry("INV/1-R3")]
    found = _compare(three, [*own, _transaction("INV/1-R3")], told=True)
    assert _count(found) == {"double"}, "the engine charged beside them"


def test_audit_excuses_what_a_person_or_the_provider_denied_and_still_wants_an_alert():
    ledger = [_entry("INV/1-R1"), _entry("INV/1-R2")]
    books = [_transaction("INV/1-R1", state="cancel"), _transaction("INV/1-R2")]
    found = _compare(ledger, books, denied=["INV/1-R1"])
    assert _count(found) == {"alerts_missing", "unknown_to_odoo"}
    assert _count(_compare(ledger, books, denied=["INV/1-R1"], told=True)) == {"excused"}
    untold = _compare(ledger, books, denied=["INV/1-R1"], untold=["INV/1-R1"])
    assert _count(untold) == set(), "nobody could have known"
    assert "unknown_to_odoo" in _count(_compare(ledger, books, untold=["INV/1-R1"]))


@pytest.mark.parametrize("state", ["running", "unknown", "pending"])
def test_audit_wants_a_deadline_or_an_alert_for_what_is_in_flight(state):
    attempt = _attempt(state)
    assert _count(_compare([], [], paid=0, attempts=[attempt])) == {"alerts_missing"}
    assert _count(_compare([], [], paid=0, attempts=[attempt], told=True)) == set()
    waits = _attempt(state, deadline=NOW + HOUR)
    assert _count(_compare([], [], paid=0, attempts=[waits])) == set()
    is_over = _attempt(state, deadline=NOW - HOUR)
    assert _count(_compare([], [], paid=0, attempts=[is_over])) == {"alerts_missing"}


@pytest.mark.parametrize("has_transaction", [True, False])
def test_audit_counts_the_attempts_of_a_day(has_transaction):
    def attempts(count, wait):
        return [
            _attempt("declined", number, NOW + number * wait, has_transaction=has_transaction)
            for number in range(count)
        ]

    bound = audit.ATTEMPTS_A_DAY
    assert _count(_compare([], [], paid=0, attempts=attempts(bound, HOUR))) == set()
    assert _count(_compare([], [], paid=0, attempts=attempts(bound + 1, HOUR))) == {"over_bound"}
    slow = attempts(3 * bound, 3 * HOUR)
    assert _count(_compare([], [], paid=0, attempts=slow)) == set()


def test_audit_counts_charges_and_what_was_refused_apart():
    attempts = [
        _attempt("refused", number, NOW, has_transaction=number % 2 == 0)
        for number in range(2 * audit.ATTEMPTS_A_DAY)
    ]
    assert _count(_compare([], [], paid=0, attempts=attempts)) == set()
