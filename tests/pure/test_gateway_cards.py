# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Cards that change at the gateway, and the events that tell of it."""

import pytest


@pytest.fixture
def told(merchant, gateway, monkeypatch):
    """What the gateway's events were about, by their type."""
    events = []
    monkeypatch.setattr(gateway.state, "emit_to", events.append)
    return events


def test_network_that_replaces_a_card_changes_its_fingerprint(merchant, told):
    saved = merchant.create_card(last4="4242")
    merchant.update_card(saved.payment_method, exp_year=2031, last4="1881")
    card = merchant.api("GET", f"payment_methods/{saved.payment_method}").body["card"]
    assert (card["last4"], card["exp_year"]) == ("1881", 2031)
    assert card["fingerprint"] != saved.details["fingerprint"]
    [event] = told
    assert event["type"] == "payment_method.automatically_updated"
    assert event["data"]["previous_attributes"]["card"]["last4"] == "4242"


def test_network_that_renews_a_card_keeps_its_fingerprint(merchant):
    saved = merchant.create_card()
    merchant.update_card(saved.payment_method, exp_year=2031)
    card = merchant.api("GET", f"payment_methods/{saved.payment_method}").body["card"]
    assert card["fingerprint"] == saved.details["fingerprint"]


def test_merchant_edits_the_validity_of_a_saved_card(merchant, told):
    saved = merchant.create_card(exp_month=1, exp_year=2030)
    answer = merchant.api(
        "POST",
        f"payment_methods/{saved.payment_method}",
        {"card[exp_year]": 2033, "billing_details[name]": "Ada"},
    )
    assert answer.body["card"]["exp_year"] == 2033
    assert answer.body["billing_details"]["name"] == "Ada"
    [event] = told
    assert event["type"] == "payment_method.updated"
    assert event["data"]["previous_attributes"]["card"] == {"exp_year": 2030}
    assert event["data"]["previous_attributes"]["billing_details"] == {"name": None}


@pytest.mark.parametrize(
    ("method", "params", "status"),
    [("pm_nobody", {}, 404), (None, {"card[exp_year]": "soon"}, 400)],
)
def test_wrong_edit_is_refused(merchant, told, method, params, status):
    saved = merchant.create_card()
    path = f"payment_methods/{method or saved.payment_method}"
    assert merchant.api("POST", path, params).status == status
    assert not told


def test_detached_method_belongs_to_nobody(merchant, told):
    saved = merchant.create_card()
    merchant.api("POST", f"payment_methods/{saved.payment_method}/detach")
    found = merchant.api("GET", f"payment_methods/{saved.payment_method}").body
    assert found["customer"] is None
    assert [event["type"] for event in told] == ["payment_method.detached"]
