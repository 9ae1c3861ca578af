# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The ledger tells the truth, whatever happened to requests and answers."""

import http.client
import json
from collections import Counter
from datetime import datetime, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation.gateway import Gateway
from simulation.gateway.faults import KINDS

START = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)
OUTCOMES = ("succeed", "insufficient_funds", "do_not_honor", "requires_action")
QUICK = [kind for kind in KINDS if not kind.startswith("delay")]


def test_totals_are_by_currency_and_month(merchant):
    merchant.reset(START)
    saved = merchant.create_card()
    merchant.pay(saved, 1000)
    merchant.pay(saved, 300, currency="eur")
    merchant.set_clock(START.replace(month=2))
    merchant.pay(saved, 500)
    assert merchant.totals() == {
        "usd": {
            "charges": 1500,
            "refunds": 0,
            "net": 1500,
            "months": {"2026-01": 1000, "2026-02": 500},
        },
        "eur": {"charges": 300, "refunds": 0, "net": 300, "months": {"2026-01": 300}},
    }


def test_an_entry_names_what_was_paid_by_whom(merchant):
    merchant.reset(START)
    saved = merchant.create_card()
    intent = merchant.pay(saved, description="INV/9-1", **{"metadata[case]": "42"}).body
    assert merchant.ledger() == [
        {
            "instant": START.isoformat(),
            "kind": "charge",
            "payment_intent": intent["id"],
            "charge": intent["latest_charge"],
            "amount": 2500,
            "currency": "usd",
            "customer": saved.customer,
            "payment_method": saved.payment_method,
            "description": "INV/9-1",
            "metadata": {"case": "42"},
            "provider": "stripe",
        }
    ]


def test_entries_can_be_found_by_their_description(merchant):
    saved = merchant.create_card()
    for description in ("INV/1", "INV/2", "INV/1"):
        merchant.pay(saved, description=description)
    assert len(merchant.ledger(description="INV/1")) == 2
    assert merchant.counters()["charged_twice"] == {"INV/1": 2}


def test_a_file_gets_a_line_for_each_movement_at_once(tmp_path, merchant):
    path = tmp_path / "ledger.jsonl"
    with Gateway(ledger_path=path, now=START) as gateway:
        client = type(merchant)(gateway.url)
        client.pay(client.create_card(), 700)
        (line,) = path.read_text().splitlines()
    assert json.loads(line)["amount"] == 700


def test_the_clock_may_stand_before_the_last_run_after_a_reset(merchant):
    merchant.set_clock(START.replace(year=2027))
    merchant.pay(merchant.create_card())
    merchant.reset(START)
    assert merchant.now() == START
    assert merchant.ledger() == []
    assert merchant.counters()["charges_attempted"] == 0


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.lists(
        st.tuples(st.sampled_from(OUTCOMES), st.sampled_from([None, *QUICK]), st.integers(0, 3)),
        max_size=12,
    )
)
def test_the_ledger_has_each_success_once_however_often_it_was_asked_for(merchant, calls):
    merchant.reset(START)
    saved = merchant.create_card({"script": [outcome for outcome, _fault, _replays in calls]})
    for number, (_outcome, fault, replays) in enumerate(calls):
        merchant.set_faults([fault])
        for _ in range(replays + 1):
            try:
                merchant.pay(saved, key=f"key-{number}", description=f"INV/{number}")
            except (OSError, ValueError, http.client.HTTPException):
                continue  # an answer that got lost
    counters = merchant.counters()
    charged = Counter(entry["description"] for entry in merchant.ledger())
    assert set(charged.values()) <= {1}, "a key charges once"
    assert counters["charged_twice"] == {}
    assert sum(charged.values()) == counters["charges_succeeded"]
    assert counters["charges_succeeded"] + counters["charges_declined"] <= len(calls)
    assert counters["charges_attempted"] <= len(calls)
    intents = merchant.api("GET", "payment_intents", {"limit": 100}).body["data"]
    paid = {intent["description"] for intent in intents if intent["status"] == "succeeded"}
    assert paid == set(charged)
