# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The providers on one gateway, as far as no Odoo is needed."""

import ast
from pathlib import Path

import pytest
import requests

from simulation.gateway import Gateway
from simulation.gateway.declines import DECLINES
from simulation.providers import CODES, House, detour

ROWS = Path(__file__).parents[1] / "providers"
# Words for what concerns bank accounts, which no card of the gateway answers.
OF_ACCOUNTS = {"account_closed"}


@pytest.fixture
def house():
    with Gateway(seed=1) as gateway:
        yield House(gateway)


def charge_at_xendit(card, key="xnd_development_simulated"):
    """Charge a card as Odoo's addon does; return the answer."""
    return requests.post(
        "https://api.xendit.co/credit_card_charges",
        json={"token_id": card.token, "external_id": "INV/1", "amount": 25.0, "currency": "USD"},
        auth=(key, ""),
        timeout=10,
    )


def test_events_go_to_this_machine_only():
    with Gateway() as gateway, pytest.raises(ValueError, match="loopback"):
        House(gateway, "https://odoo.example.com")


@pytest.mark.parametrize("code", CODES)
def test_cards_know_the_words_for_refusals(house, code):
    assert set(house[code].declines) <= set(DECLINES) | OF_ACCOUNTS
    assert {house[code].poor, house[code].dead} <= set(house[code].declines)


@pytest.mark.parametrize("code", CODES)
def test_what_is_impossible_is_a_row_of_the_matrix(house, code):
    rows = {
        node.name.removeprefix("test_")
        for path in ROWS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert set(house[code].impossible) <= rows


def test_money_of_all_providers_is_in_one_ledger(house):
    saved = house["stripe"].add_card()
    card = house["xendit"].add_card({"script": ["insufficient_funds", "succeed"]})
    with detour(house):
        assert charge_at_xendit(card, key="wrong").status_code == 401
        assert charge_at_xendit(card).json()["failure_reason"] == "INSUFFICIENT_BALANCE"
        assert charge_at_xendit(card).json()["status"] == "CAPTURED"
        done = requests.post(
            "https://api.stripe.com/v1/payment_intents",
            data={
                "amount": 1000,
                "currency": "usd",
                "customer": saved.customer,
                "payment_method": saved.token,
                "confirm": "true",
            },
            headers={"Authorization": "Bearer sk_test_x"},
            timeout=10,
        )
    assert done.json()["status"] == "succeeded"
    entries = [(each.provider, each.amount) for each in house.gateway.ledger.entries()]
    assert entries == [("xendit", 2500), ("stripe", 1000)]


def test_same_key_brings_the_first_answer_again(house):
    provider = house["adyen"]
    card = provider.add_card()
    with detour(house):
        answers = [
            requests.post(
                "https://simulated-checkout.adyen.com/checkout/V71/payments",
                json={
                    "amount": {"value": 2500, "currency": "EUR"},
                    "merchantAccount": provider.settings["adyen_merchant_account"],
                    "paymentMethod": {"storedPaymentMethodId": card.token},
                    "reference": "INV/1",
                    "shopperReference": card.customer,
                },
                headers={"X-API-Key": provider.settings["adyen_api_key"], "idempotency-key": "k"},
                timeout=10,
            ).json()
            for _time in range(2)
        ]
    assert answers[0] == answers[1]
    assert len(house.gateway.ledger.entries()) == 1
