# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The population of the demo."""

from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from simulation.behaviours import CardBehaviour, ChargeRequest
from simulation.countries import COUNTRIES
from simulation.payers import KINDS, generate_payers

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def payers():
    return generate_payers(1, 1000, start=START)


def test_the_same_seed_gives_the_same_people():
    assert generate_payers(5, 20, start=START) == generate_payers(5, 20, start=START)
    assert generate_payers(5, 20, start=START) != generate_payers(6, 20, start=START)


def test_a_larger_population_begins_with_the_smaller_one():
    assert generate_payers(5, 50, start=START)[:10] == generate_payers(5, 10, start=START)


def test_every_country_and_every_kind_of_trouble_occurs(payers):
    assert {payer.country for payer in payers} == set(COUNTRIES)
    shares = Counter(payer.kind for payer in payers)
    for kind, percent in KINDS.items():
        assert shares[kind] == pytest.approx(percent * 10, abs=45), kind


def test_people_can_be_told_apart_and_written_to(payers):
    addresses = [payer.email for payer in payers]
    assert len(set(addresses)) == len(addresses)
    assert all(address.isascii() and address.endswith("@example.com") for address in addresses)


def test_accounts_live_where_their_owners_do(payers):
    for payer in payers:
        country = COUNTRIES[payer.country]
        assert payer.account.time_zone == payer.time_zone in country.time_zones
        assert (payer.language, payer.currency) == (country.language, country.currency)


def test_only_expiring_cards_expire_within_the_time_looked_at(payers):
    end = START + timedelta(days=60)
    for payer in payers:
        expires_within = (payer.exp_year, payer.exp_month) < (end.year, end.month)
        assert expires_within == (payer.kind == "expiring"), payer


def test_the_steady_pay_and_the_short_run_out_of_money(payers):
    paid, asked, reasons = Counter(), Counter(), Counter()
    for payer in payers:
        card = CardBehaviour.from_dict(payer.behaviour(), START)
        for day in range(2, 60, 9):
            instant = START + timedelta(days=day, hours=9)
            outcome = card.answer(
                ChargeRequest(payer.bill, payer.currency.lower(), instant, off_session=True)
            ).outcome
            asked[payer.kind] += 1
            paid[payer.kind] += outcome == "succeed"
            reasons[payer.kind, outcome] += 1
    shares = {kind: paid[kind] / asked[kind] for kind in KINDS}
    assert shares["steady"] > 0.95
    assert 0.5 < shares["short"] < 0.85
    assert reasons["short", "insufficient_funds"] > 0.15 * asked["short"]
    assert shares["authentication"] == 0
    assert 0.2 < shares["technical"] < 0.6
    assert all(0.2 < shares[kind] < 0.7 for kind in ("lost", "stolen", "closed"))


def test_a_payer_becomes_a_card_of_the_gateway(merchant):
    for payer in generate_payers(3, 25, start=merchant.now()):
        saved = merchant.create_card(payer.behaviour(), **payer.card())
        assert saved.details["brand"] == payer.brand
        customer = merchant.api("GET", f"customers/{saved.customer}").body
        assert (customer["name"], customer["email"]) == (payer.name, payer.email)


@pytest.mark.parametrize(
    "arguments",
    [
        {"countries": ("US", "XX")},
        {"countries": ()},
        {"start": START.replace(tzinfo=None)},
        {"count": -1},
        {"days": 0},
    ],
)
def test_a_population_that_cannot_be_is_refused(arguments):
    with pytest.raises(ValueError):
        generate_payers(**{"seed": 1, "count": 1, "start": START, **arguments})
