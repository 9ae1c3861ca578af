# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What schedules would have brought back: estimates move with what was seen, and say doubts."""

import numpy as np
import pytest

from benchmarks.bench import past
from revenue_recovery.audit.prospect import FEWEST, FEWEST_RETRIES, Look, combine
from revenue_recovery.timing.plan.ladder import Ladder
from simulation.streams.cases import FIRST_DAY

LADDERS = {"one": Ladder(4, 14)}


def make_look(hazard=0.2, retried=(), own=np.inf, amount=10.0):
    days = np.array([3.0, 7.0, 10.0, 14.0])
    return Look(amount, {"one": np.full(4, hazard)}, {"one": days}, list(retried), own, 100.0)


def estimate(looks, count=None, **values):
    return combine(looks, count or len(looks), LADDERS, **values).by_schedule["one"]


def test_share_is_what_the_tries_bring_together_of_those_that_can_heal():
    looks = [make_look(0.2, [(0.2, number % 5 == 0, 14.0)]) for number in range(400)]
    outlooks = combine(looks, len(looks), LADDERS)
    found, (level, _deviation) = outlooks.by_schedule["one"], outlooks.level
    hazard = 1 / (1 + 4 * np.exp(-level))
    assert found.share == pytest.approx((1 - outlooks.immune) * (1 - (1 - hazard) ** 4), abs=0.02)
    assert 0.05 < outlooks.immune < 0.25 and level > 0, "the others then answer better"
    assert found.low < found.share < found.high and not found.why


def test_debts_that_fail_and_fail_again_raise_the_share_that_nothing_heals():
    often = [(0.3, False, day) for day in (3.0, 7.0, 10.0, 14.0)]
    paid = [(0.3, True, 3.0)]
    stubborn = [make_look(0.3, often if number % 2 else paid) for number in range(200)]
    plain = [make_look(0.3, [(0.3, number % 10 < 3, 3.0)]) for number in range(200)]
    shares = [combine(looks, 200, LADDERS).immune for looks in (stubborn, plain)]
    assert shares[0] > shares[1] + 0.1


def test_merchants_own_retries_move_the_estimate_and_narrow_it():
    none = [make_look() for _number in range(200)]
    good = [make_look(0.2, [(0.2, number % 5 < 2, 14.0)]) for number in range(200)]
    bad = [make_look(0.2, [(0.2, number % 10 == 0, 14.0)]) for number in range(200)]
    shares = [estimate(looks) for looks in (bad, none, good)]
    assert shares[0].share < shares[1].share < shares[2].share
    widths = [one.high - one.low for one in shares]
    assert widths[1] > 2 * max(widths[0], widths[2])


def test_tries_beyond_those_that_were_made_are_less_sure():
    early = [make_look(0.2, [(0.2, number % 5 == 0, 3.0)]) for number in range(400)]
    late = [make_look(0.2, [(0.2, number % 5 == 0, 14.0)]) for number in range(400)]
    first, second = estimate(early), estimate(late)
    assert first.high - first.low > second.high - second.low + 0.05


def test_customers_who_paid_by_themselves_within_the_window_count_as_back():
    retried = [(0.2, False, 14.0)]
    looks = [make_look(0.01, retried, own=5.0 if number % 2 else 30.0) for number in range(100)]
    assert 0.5 <= estimate(looks).share < 0.56


@pytest.mark.parametrize(
    ("looks", "readable", "why"),
    [
        ([make_look(0.2, [(0.2, True, 3.0)] * 9)] * (FEWEST - 1), 1.0, "few"),
        ([make_look(0.2, [(0.2, True, 3.0)])] * 100, 0.2, "unread"),
        ([make_look(0.2, [(0.2, True, 3.0)])] * (FEWEST_RETRIES - 1) + [make_look()] * 90, 1.0,
         "no_retries"),
    ],
)  # fmt: skip
def test_what_can_not_be_told_is_said(looks, readable, why):
    assert estimate(looks, readable=readable).why == why


def test_fewer_of_many_are_less_sure_than_all_of_few():
    looks = [
        make_look((0.02, 0.6)[number % 2], [(0.3, number % 10 < 3, 14.0)]) for number in range(200)
    ]
    some, every = estimate(looks, 20000), estimate(looks, 200)
    assert some.high - some.low != every.high - every.low


def test_estimate_of_a_simulated_merchant_covers_the_truth():
    drawn = past.make("mixture", 1, 300, FIRST_DAY, 100)
    found, _count, model = past.audit(drawn, past.end_of(drawn))
    assert model.attempts == found.retries or model.attempts > 100
    for name in ("8 in 14", "4 in 7"):
        one = found.by_schedule[name]
        assert one.low <= past.truth(drawn, past.SCHEDULES[name]) <= one.high, name
        assert one.high - one.low < 0.35, "An interval that holds everything says nothing."
