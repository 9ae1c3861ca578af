# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a simulated card answers."""

from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from simulation.accounts import Account, PayHabit
from simulation.behaviours import Answer, CardBehaviour, ChargeRequest

NOW = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)


def ask(card, amount=1000, *, days=0, **proof):
    return card.answer(ChargeRequest(amount, "eur", NOW + timedelta(days=days), **proof)).outcome


def test_a_script_comes_before_death_noise_and_money():
    card = CardBehaviour.from_dict(
        {
            "script": ["succeed", "do_not_honor"],
            "account": {"opening": 0},
            "noise": {"processing_error": 1},
            "dies_at": NOW.isoformat(),
        },
        NOW,
    )
    assert [ask(card) for _ in range(3)] == ["succeed", "do_not_honor", "lost_card"]


def test_only_a_success_takes_money():
    card = CardBehaviour.from_dict({"account": {"opening": 1500}, "authentication": "always"}, NOW)
    assert ask(card, off_session=True) == "authentication_required"
    assert card.account.balance == 1500
    assert ask(card, authenticated=True) == "succeed"
    assert ask(card, authenticated=True) == "insufficient_funds"
    assert card.account.balance == 500


def test_money_given_back_is_on_the_account_again():
    card = CardBehaviour.from_dict({"account": {"opening": 1000}}, NOW)
    ask(card)
    card.give_back(400, NOW)
    assert card.account.balance == 400


def test_a_scripted_success_that_took_nothing_gives_nothing_back():
    card = CardBehaviour.from_dict({"script": ["succeed"], "account": {"opening": 10}}, NOW)
    assert ask(card) == "succeed"
    card.give_back(1000, NOW)
    assert card.account.balance == 10


@pytest.mark.parametrize(
    ("authentication", "set_up", "expected"),
    [
        ("never", False, "succeed"),
        ("unless_set_up", False, "authentication_required"),
        ("unless_set_up", True, "succeed"),
        ("always", True, "authentication_required"),
    ],
)
def test_a_method_saved_with_3d_secure_may_be_exempt(authentication, set_up, expected):
    card = CardBehaviour(authentication=authentication)
    assert ask(card, off_session=True, set_up=set_up) == expected


def test_a_scripted_3d_secure_question_is_void_once_answered():
    card = CardBehaviour(script=[Answer("requires_action"), Answer("requires_action")])
    assert ask(card) == "requires_action"
    assert ask(card, authenticated=True) == "succeed"


def test_noise_comes_as_often_as_it_should_and_repeats_with_its_seed():
    noise = {"issuer_not_available": 0.2, "do_not_honor": 0.1}
    runs = [
        [ask(card) for _ in range(3000)]
        for card in (CardBehaviour(noise=noise, seed=seed) for seed in (1, 1, 2))
    ]
    assert runs[0] == runs[1] != runs[2]
    shares = {outcome: count / 3000 for outcome, count in Counter(runs[0]).items()}
    assert shares["issuer_not_available"] == pytest.approx(0.2, abs=0.03)
    assert shares["do_not_honor"] == pytest.approx(0.1, abs=0.03)


def test_a_dead_card_cannot_be_saved():
    card = CardBehaviour(dies_at=NOW, dies_of="stolen_card")
    assert card.verify(NOW - timedelta(seconds=1)).outcome == "succeed"
    assert card.verify(NOW).outcome == "stolen_card"


@pytest.mark.parametrize(
    "values",
    [
        {"noise": {"do_not_honor": 0.6, "processing_error": 0.5}},
        {"noise": {"do_not_honor": -0.1}},
        {"authentication": "sometimes"},
        {"dies_at": "2026-01-01T00:00:00"},
    ],
)
def test_values_that_cannot_be_are_refused(values):
    with pytest.raises(ValueError):
        CardBehaviour.from_dict(values, NOW)


def test_issuer_advises_the_shortest_wait_that_reaches_pay_day():
    opened = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
    account = Account(0, opened, PayHabit(5000, days=(10,)), time_zone="UTC")
    card = CardBehaviour(account=account, advises=1.0)
    advised = {
        day: card.answer(
            ChargeRequest(1000, "usd", opened + timedelta(days=day))
        ).network_advice_code
        for day in range(9)
    }
    assert advised == dict(enumerate(["30", "29", "29", "28", "28", "27", "27", "26", "25"]))
