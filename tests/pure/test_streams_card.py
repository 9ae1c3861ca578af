# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Cases of a stream behind the simulated gateway: the demo meets whom strategies are judged on."""

from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest

from simulation.behaviours import ChargeRequest, behaviour_from
from simulation.streams.card import StreamCard, stream_of
from simulation.streams.issuers import CODES, answer
from simulation.streams.zones import to_datetime

START = date(2026, 11, 2)
COUNT = 60


@pytest.fixture(scope="module")
def cases():
    return stream_of("mixture", 4, COUNT, START, 30)[0]


def charge(cases, case, at, **values):
    return ChargeRequest(int(cases.amount[case]), "usd", at, off_session=True, **values)


def test_cases_open_on_the_days_that_are_asked_for(cases):
    first = datetime.combine(START, datetime.min.time(), timezone.utc) - timedelta(days=1)
    for opened in map(to_datetime, cases.opened):
        assert first < opened < first + timedelta(days=33)


def test_a_card_answers_what_its_case_does(cases):
    for case in range(COUNT):
        card, last = StreamCard(cases, case), -np.inf
        for days in (0.0, 2.0, 5.0, 9.0):
            at = to_datetime(cases.opened[case]) + timedelta(days=days)
            index, when = np.array([case]), np.array([at.timestamp()])
            expected = CODES[answer(cases, index, when, np.array([last]))[0]]
            got = card.answer(charge(cases, case, at)).outcome
            assert got == ("succeed" if expected == "paid" else expected)
            if got == "succeed":
                break
            last = at.timestamp()


def test_money_that_was_charged_is_missing_until_it_is_given_back(cases):
    paid = 0
    for case in range(COUNT):
        at = to_datetime(cases.opened[case]) + timedelta(days=20)
        earlier = at - timedelta(days=5)
        if StreamCard(cases, case).answer(charge(cases, case, at)).outcome != "succeed":
            continue
        paid += 1
        card = StreamCard(cases, case)
        card.give_back(-(10**9), earlier)  # As a charge of that much would have left it.
        assert card.answer(charge(cases, case, at)).outcome != "succeed"
        card = StreamCard(cases, case)
        card.give_back(-(10**9), earlier)
        card.give_back(10**9, earlier)
        assert card.answer(charge(cases, case, at)).outcome == "succeed"
    assert paid > 5


def test_the_gateway_takes_a_case_for_a_card(cases, merchant):
    _cases, behaviours = stream_of("mixture", 4, COUNT, START, 30)
    case = 7
    merchant.set_clock(to_datetime(cases.opened[case]))
    saved = merchant.create_card(behaviours[case])
    response = merchant.pay(saved, int(cases.amount[case]))
    assert response.status == 402
    assert response.error["decline_code"] in CODES


def test_what_there_is_not_is_refused():
    values = {"population": "mixture", "seed": 4, "count": 3, "start": "2026-11-02", "days": 9}
    with pytest.raises(ValueError, match="no number 3"):
        behaviour_from({"stream": {**values, "case": 3}}, None)
    with pytest.raises(ValueError, match="no population"):
        behaviour_from({"stream": {**values, "population": "rich", "case": 0}}, None)
