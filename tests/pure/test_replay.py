# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What other schedules would have recovered, where the truth is known."""

import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenue_recovery.timing.calendar import ChargeHours
from revenue_recovery.timing.plan.ladder import Ladder
from revenue_recovery.timing.stats.replay import (
    CHOICES,
    LADDERS,
    Candidate,
    Journey,
    LoggedDecision,
    choosing,
    following,
    replay,
)

OPENED = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)
HOURS = ChargeHours(0, 24, ZoneInfo("UTC"))
DAY = timedelta(days=1)
# With how many days' wait a charge succeeds, and what the odds wrongly expect of it.
TRUTH = {1: 0.2, 2: 0.5, 3: 0.3}
EXPECTED = {1: 0.4, 2: 0.3, 3: 0.2}
SHARES = {1: 0.4, 2: 0.35, 3: 0.25}
TRIES = 3


def _draw(count, seed=1, shares=SHARES, tries=TRIES):
    """Return cases whose waits were drawn: each charge succeeds by its wait alone."""
    chance = random.Random(seed)
    for _number in range(count):
        last, decisions = OPENED, []
        for _try in range(tries):
            candidates = tuple(
                Candidate(last + wait * DAY, EXPECTED[wait] / 2, EXPECTED[wait], shares[wait])
                for wait in shares
            )
            wait = chance.choices(list(shares), shares.values())[0]
            last += wait * DAY
            paid = float(chance.random() < TRUTH[wait])
            decisions.append(LoggedDecision(last, shares[wait], paid, candidates))
            if paid:
                break
        yield Journey(OPENED, HOURS, decisions, is_exhausted=not paid)


def _truth(waits):
    failed = 1.0
    for wait in waits:
        failed *= 1 - TRUTH[wait]
    return 1 - failed


def _ladder(*waits):
    return following(Ladder(len(waits), 60, tuple(24.0 * wait for wait in waits)))


@pytest.mark.parametrize("waits", [(2, 2, 2), (1, 2, 3), (3, 1, 1), (2,), (1, 1)])
def test_other_ladders_and_fewer_tries_are_estimated_though_the_odds_are_wrong(waits):
    estimate = replay(_draw(20_000), _ladder(*waits))
    assert estimate.snips == pytest.approx(_truth(waits), abs=0.05)
    assert estimate.robust == pytest.approx(_truth(waits), abs=0.05)
    assert estimate.is_enough
    assert estimate.supported == 1


@pytest.mark.parametrize(("name", "wait"), [("best", 1), ("likeliest", 1), ("soonest", 1)])
def test_other_choices_are_followed_over_the_whole_case(name, wait):
    estimate = replay(_draw(8_000), CHOICES[name])
    assert estimate.snips == pytest.approx(_truth([wait] * TRIES), abs=0.04)
    assert estimate.robust == pytest.approx(_truth([wait] * TRIES), abs=0.04)


def test_intervals_hold_the_truth_nineteen_times_in_twenty():
    kept = {"snips": 0, "robust": 0}
    for seed in range(200):
        estimate = replay(_draw(900, seed), _ladder(1, 1, 1))
        for name in kept:
            low, high = getattr(estimate, f"{name}_interval")
            kept[name] += low <= _truth((1, 1, 1)) <= high
    assert min(kept.values()) >= 178, kept


def test_schedule_that_was_always_followed_recovers_what_was_recovered():
    estimate = replay(_draw(500, shares={2: 1.0}), _ladder(2, 2, 2))
    assert estimate.snips == pytest.approx(estimate.logged)
    assert estimate.robust == pytest.approx(estimate.logged)
    assert estimate.effective == pytest.approx(500)
    assert estimate.is_enough


@pytest.mark.parametrize(
    "waits", [(1, 1, 1, 1), (5, 5, 5), (2, 2, 6)], ids=["more tries", "other days", "last day"]
)
def test_what_was_never_drawn_is_not_judged(waits):
    estimate = replay(_draw(5_000), _ladder(*waits))
    assert not estimate.is_enough
    assert estimate.supported < 0.9


def test_few_cases_and_none_say_nothing():
    assert not replay(_draw(80), _ladder(1, 1, 1)).is_enough
    empty = replay([], CHOICES["best"])
    assert (empty.count, empty.snips, empty.robust, empty.is_enough) == (0, None, None, False)


def test_charges_that_every_schedule_makes_count_for_each_alike():
    quick = LoggedDecision(OPENED + timedelta(minutes=10), 1.0, 0.05)
    journeys = [
        journey._replace(decisions=[quick, *journey.decisions]) for journey in _draw(20_000)
    ]
    for wants, waits in ((_ladder(2, 2, 2), (2, 2, 2)), (_ladder(1), (1,))):
        estimate = replay(journeys, wants)
        assert estimate.snips == pytest.approx(0.05 + _truth(waits), abs=0.05)


def test_who_must_wait_charges_as_soon_as_he_may():
    late = tuple(Candidate(OPENED + days * DAY, 0.5, 0.5, 0.5) for days in (4, 5))
    for is_bound, supported in ((True, 1.0), (False, 0.0)):
        decision = LoggedDecision(late[0].at, 0.5, 1.0, late, is_bound)
        estimate = replay([Journey(OPENED, HOURS, [decision])], _ladder(1))
        assert estimate.supported == supported


@pytest.mark.parametrize("name", LADDERS)
def test_schedules_of_the_field_can_be_followed(name):
    estimate = replay(_draw(50), following(LADDERS[name]))
    assert 0 <= estimate.supported <= 1


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(1, 3), st.floats(0.001, 1), st.floats(0, 1), st.floats(0, 1)),
            max_size=4,
        ),
        max_size=12,
    ),
    st.sampled_from([*CHOICES.values(), _ladder(2, 2), _ladder(1), choosing(lambda one: one[-1])]),
)
def test_estimates_are_shares_and_rest_on_no_more_than_there_is(rows, wants):
    journeys = []
    for row in rows:
        last, decisions = OPENED, []
        for wait, propensity, paid, value in row:
            candidates = tuple(
                Candidate(last + days * DAY, value, value, propensity / days) for days in (1, 2, 3)
            )
            last += wait * DAY
            decisions.append(LoggedDecision(last, propensity, paid / 4, candidates))
        journeys.append(Journey(OPENED, HOURS, decisions, bool(row) and row[0][0] == 1))
    estimate = replay(journeys, wants)
    assert 0 <= estimate.effective <= len(rows) + 1e-6
    assert -1e-9 <= estimate.supported <= 1 + 1e-9
    for share in (estimate.snips, estimate.robust):
        assert share is None or 0 <= share <= 1
