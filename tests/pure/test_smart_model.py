# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the timing model learns, keeps, forgets, and how it is stored and merged."""

import json
import random
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revenue_recovery.timing.model import bins
from revenue_recovery.timing.model.odds import Odds
from revenue_recovery.timing.model.patterns import COUNT, INDEX
from revenue_recovery.timing.model.priors import load
from revenue_recovery.timing.model.reservoir import Reservoir, hash_key, unite
from revenue_recovery.timing.model.sequence import ChargeSequence, Observation, read
from revenue_recovery.timing.plan.smart import (
    Case,
    Failure,
    FinishedAttempt,
    Method,
    Model,
    PastCharge,
    RetryPolicy,
    decide,
)
from revenue_recovery.timing.stats import statistics

START = datetime(2025, 1, 6, 10, tzinfo=timezone.utc)
RELAXED = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def stream(count, pay_day, seed=1, start=START, days=120, country="DE"):
    """Return finished attempts of people who are paid on a day of the month and spend in a week.

    They are charged every two days.
    """
    rng = random.Random(seed)
    attempts = []
    for number in range(count):
        at = start + timedelta(days=rng.uniform(0, days))
        while (at.day - pay_day) % 30 < 6:
            at += timedelta(days=1)
        failures = [Failure(at, "insufficient_funds", "later")]
        for _try in range(8):
            case = Case(
                tuple(failures), Method("card", "visa", "debit", country), 1000, "EUR",
                "Europe/Berlin",
            )  # fmt: skip
            at += timedelta(days=2)
            paid = (at.day - pay_day) % 30 < 6 and rng.random() < 0.95
            failure = None if paid else Failure(at, "insufficient_funds", "later")
            attempts.append(
                FinishedAttempt(f"{seed}/{number}", case, at, paid, failure, rng.random() / 2)
            )
            if paid:
                break
            failures.append(failure)
    return attempts


def teach(attempts):
    """Return a model that has learned attempts and is fitted."""
    model = Model()
    for attempt in attempts:
        model.learn(attempt)
    model.refresh(force=True)
    return model


@pytest.fixture(scope="module")
def on_the_tenth():
    """A model of people who are paid on the 10th."""
    return teach(stream(300, 10))


def chance(model, at, opened):
    """Return what the odds give one try that may only be made at one instant.

    The promise is another thing: what was promised in these streams was drawn, and is not kept.
    """
    case = Case(
        (Failure(opened, "insufficient_funds", "later"),), Method(country="DE"), 1000, "EUR",
        "Europe/Berlin", policy=RetryPolicy(tries=1, window=20, start=10, end=10.5),
    )  # fmt: skip
    return decide(case, at - timedelta(hours=1), model).record["believed"]


def test_pay_days_are_learned(on_the_tenth):
    opened = datetime(2025, 6, 3, 8, tzinfo=timezone.utc)
    case = Case(
        (Failure(opened, "insufficient_funds", "later"),), Method("card", "visa", "debit", "DE"),
        1000, "EUR", "Europe/Berlin", policy=RetryPolicy(tries=1, window=14),
    )  # fmt: skip
    decision = decide(case, opened, on_the_tenth, random.Random(1))
    assert datetime(2025, 6, 10).date() <= decision.at.date() <= datetime(2025, 6, 14).date()
    # What was promised in this stream was drawn, and nothing that anybody had believed.
    believed = decision.record["believed"]
    assert believed > 0.6
    assert believed > decide(case, opened, Model(), random.Random(1)).record["believed"]


def test_the_order_of_attempts_makes_no_difference():
    attempts = stream(80, 15)
    shuffled = random.Random(2).sample(attempts, len(attempts))
    one, two = teach(attempts), teach(shuffled)
    assert one.reservoir.cases == two.reservoir.cases
    for name in ("bins", "effects", "habits", "issuers"):
        np.testing.assert_allclose(getattr(one.odds, name), getattr(two.odds, name))


def test_what_is_learned_twice_is_learned_once():
    attempts = stream(70, 15)
    one, two = teach(attempts), teach(attempts + attempts[::3])
    np.testing.assert_allclose(one.odds.bins, two.odds.bins)


def test_models_are_merged_as_if_one_had_learned_all():
    first, second = stream(70, 15, seed=1), stream(70, 15, seed=2)
    merged = teach(first)
    merged.merge(teach(second))
    together = teach(first + second)
    assert merged.reservoir.cases == together.reservoir.cases
    np.testing.assert_allclose(merged.odds.bins, together.odds.bins)
    assert merged.attempts == together.attempts


def test_a_model_survives_json(on_the_tenth):
    text = on_the_tenth.to_json()
    again = Model.from_json(text)
    assert again.to_json() == text
    assert again.reservoir.cases == on_the_tenth.reservoir.cases
    opened = datetime(2025, 6, 3, 8, tzinfo=timezone.utc)
    at = datetime(2025, 6, 11, 8, tzinfo=timezone.utc)
    assert chance(again, at, opened) == pytest.approx(chance(on_the_tenth, at, opened), abs=1e-3)
    json.loads(text)


def test_a_model_of_another_version_is_refused():
    with pytest.raises(ValueError, match="version"):
        Model.from_dict({"version": 99})


def test_a_change_of_pay_days_is_followed_within_weeks():
    old = stream(250, 5, seed=1, days=120)
    new = stream(120, 20, seed=2, start=START + timedelta(days=120), days=45)
    model = teach(old + new)
    opened = datetime(2025, 6, 17, 8, tzinfo=timezone.utc)
    habits = load().habits("DE") + model.odds.habits[0] + model.odds.habits_of["DE"]
    assert habits[INDEX["monthly:20"]] > habits[INDEX["monthly:5"]]
    at = datetime(2025, 6, 21, 8, tzinfo=timezone.utc)
    assert chance(model, at, opened) > 0.5


def test_customers_who_are_paid_otherwise_by_now_are_not_judged_by_their_past():
    """The pay day moves from the 5th to the 20th; earlier charges still tell of the 5th, or not."""
    old = stream(250, 5, seed=1, days=120)
    new = stream(120, 20, seed=2, start=START + timedelta(days=120), days=45)
    moved = []
    for told in (20, 5):
        model = Model()
        for attempts, day in ((old, 5), (new, told)):
            for attempt in attempts:
                case = replace(attempt.case, history=paid_monthly(attempt, day))
                model.learn(replace(attempt, case=case))
            model.refresh(force=True)
        moved.append(model.odds.moved)
    assert moved[1] > 2 * moved[0]


def paid_monthly(attempt, day):
    """Return charges of four months: one failed a week before the pay day, one paid after it."""
    opened = attempt.case.failures[0].at
    past = []
    for months in range(1, 5):
        pay = (opened - timedelta(days=30 * months)).replace(day=day)
        past += [PastCharge(pay - timedelta(days=7), False), PastCharge(pay + timedelta(days=1))]
    return tuple(sorted(past, key=lambda charge: charge.at))


def test_a_reset_forgets_everything():
    model = teach(stream(70, 10))
    model.reset()
    assert (len(model.reservoir), model.attempts, model.odds.evidence) == (0, 0, 0)


def test_refreshing_waits_until_enough_is_new():
    model = Model()
    attempts = stream(100, 10)
    for attempt in attempts[:50]:
        model.learn(attempt)
    assert not model.refresh()
    for attempt in attempts[50:]:
        model.learn(attempt)
    assert model.refresh()
    assert not model.refresh()
    assert model.odds.evidence > 0


def test_fewer_finished_cases_than_needed_leave_the_priors():
    model = Model()
    assert not model.refresh(force=True)
    np.testing.assert_array_equal(model.odds.bins, load().bins)


sequences = st.builds(
    lambda born, minutes, paid: ChargeSequence(
        float(born),
        "DE",
        "debit",
        "card",
        "",
        tuple(
            Observation(born * 1440 + m, 9 if paid and not n else 0, "x")
            for n, m in enumerate(minutes)
        ),
        (),
    ),  # fmt: skip
    st.integers(19000, 20000),
    st.lists(st.integers(0, 20000), min_size=1, max_size=5, unique=True).map(sorted),
    st.booleans(),
)


@given(st.lists(st.tuples(st.text(max_size=4), sequences), max_size=30), st.integers(1, 12))
@RELAXED
def test_memories_keep_the_same_cases_in_any_order_and_any_parts(pairs, limit):
    known = {}
    for key, sequence in pairs:
        known.setdefault(hash_key(key), sequence)

    def remember(items):
        reservoir = Reservoir(limit, 30.0)
        for key, sequence in items:
            reservoir.add(key, sequence)
        return reservoir

    items = list(known.items())
    forth, back = remember(items), remember(reversed(items))
    assert forth.cases == back.cases
    assert len(forth) <= limit
    half = len(items) // 2
    parts = remember(items[:half])
    parts.merge(remember(items[half:]))
    assert parts.cases == forth.cases
    assert parts.gone == pytest.approx(forth.gone)
    again = Reservoir.from_dict(json.loads(json.dumps(forth.to_dict())))
    assert again.cases == forth.cases
    assert again.gone == forth.gone


@given(sequences, sequences)
@RELAXED
def test_uniting_two_readings_of_a_case_does_not_depend_on_their_order(one, two):
    assert unite(one, two) == unite(two, one)
    assert unite(one, one) == one


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    st.text(max_size=5),
    st.text(max_size=5),
    st.booleans(),
    st.none() | st.floats(),
)
@RELAXED
def test_no_attempt_makes_learning_raise(at, key, reason, paid, predicted):
    past = (PastCharge(datetime(1, 1, 1), False), PastCharge(datetime(9999, 12, 31), True))
    case = Case((Failure(at, reason, reason),), Method(country=reason), tz=key, history=past)
    model = Model()
    model.learn(FinishedAttempt(key, case, at, paid, None, predicted))
    model.learn(FinishedAttempt(key, Case(()), at + timedelta(days=1), paid, None, predicted))
    model.refresh(force=True)
    assert np.isfinite(model.odds.bins).all()


def test_a_full_memory_stays_below_two_megabytes():
    model = Model()
    limit = model.reservoir.limit
    minute = 29_000_000
    for number in range(limit + 500):
        events = tuple(
            Observation(minute + number + 2600 * n, 0, "insufficient_funds", 0, 123, 87, 1)
            for n in range(9)
        )
        past = tuple(2 * (minute - 9000 * n) for n in range(24, 0, -1))
        sequence = ChargeSequence(
            20000.1234 + number / 100, "DE", "debit", "card", "", events, past
        )
        model.reservoir.add(hash_key(str(number)), sequence)
    assert len(model.reservoir) == limit
    assert len(model.to_json().encode()) <= 2_000_000


def test_what_was_learned_is_told_as_tables(on_the_tenth):
    tables = statistics.learned_tables(on_the_tenth)
    assert set(tables) == {"hour", "weekday", "payday", "attempt", "gap", "reason"}
    for rows in tables.values():
        assert rows
        for row in rows:
            assert row.tries >= 0
            assert row.seen is None or 0 <= row.seen <= 1
    hours = {row.label: row for row in tables["hour"]}
    total = sum(row.tries for row in hours.values())
    assert total == sum(len(t.observations) - 1 for t in on_the_tenth.reservoir.cases.values())
    reason = tables["reason"][0]
    assert abs(reason.learned - reason.seen) < abs(reason.prior - reason.seen)
    habits = statistics.pay_habits(on_the_tenth, "DE")
    assert "monthly:10" in [row.label for row in habits[:3]]


def test_an_empty_model_has_empty_tables():
    tables = statistics.learned_tables(Model())
    assert not any(tables.values())
    assert statistics.calibration(Model()) == ([], None)


def test_calibration_counts_promises_and_outcomes(on_the_tenth):
    curve, error = statistics.calibration(on_the_tenth)
    assert sum(point.tries for point in curve) == sum(
        event.predicted >= 0
        for t in on_the_tenth.reservoir.cases.values()
        for event in t.observations
    )
    assert 0 <= error <= 1


def test_priors_are_complete_and_every_block_has_its_source():
    priors = load()
    for country in ("US", "DE", "JP", ""):
        assert np.exp(priors.habits(country)).sum() == pytest.approx(1)
        assert len(priors.habits(country)) == COUNT
    assert len(priors.bins) == bins.BIN_COUNT
    for name, block in priors.values.items():
        if isinstance(block, dict) and name != "sample":
            assert block["source"], name


def test_outcomes_that_never_came_keep_a_chance_when_a_model_is_stored():
    odds = Model().odds
    odds = replace(odds, answers=np.full_like(odds.answers, 1e-9))
    assert (Odds.from_dict(odds.to_dict()).answers > 0).all()


def test_an_old_charge_says_less_than_a_recent_one():
    opened = datetime(2025, 6, 20, 10, tzinfo=timezone.utc)
    odds = Odds.prior()

    def belief(*days_ago):
        past = tuple(PastCharge(opened - timedelta(days=days), True) for days in days_ago)
        case = Case((Failure(opened, "insufficient_funds"),), history=past, tz="Europe/Berlin")
        return odds.belief(read(case, load()))

    nothing = belief()
    # On the same weekday.
    recent, old = (abs(belief(days) - nothing).sum() for days in (14, 14 + 140))
    assert recent > 1.5 * old > 0
