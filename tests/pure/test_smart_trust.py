# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How far the smart schedule trusts itself: promises, issuers that remember, hours, the spread."""

import random
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from revenue_recovery.timing.model import bins
from revenue_recovery.timing.model.calibration import Calibration, Promise, calibrate, moved
from revenue_recovery.timing.model.model import Model
from revenue_recovery.timing.model.odds import Odds
from revenue_recovery.timing.model.patterns import INDEX
from revenue_recovery.timing.model.sequence import read
from revenue_recovery.timing.plan.smart import (
    Case,
    Failure,
    FinishedAttempt,
    Method,
    RetryPolicy,
    believe,
    decide,
)
from revenue_recovery.timing.spread import spread_days

NOW = datetime(2026, 3, 20, 14, tzinfo=timezone.utc)
NOTHING = Calibration().moves


def make_case(number=0, policy=None, **method):
    at = NOW + timedelta(days=3 * number, hours=number % 7)
    return Case(
        (Failure(at, "insufficient_funds", "later"),), Method("card", "visa", **method), 4900,
        "USD", "America/New_York", policy=policy or RetryPolicy(8, 14, exploration=0.0),
    )  # fmt: skip


# === PROMISES === #


def test_a_handful_of_charges_moves_a_small_merchants_expectation():
    """As seen: a fifth was promised, three fifths were paid, of 77 charges."""
    promises = [Promise(0.2, 1, False, 0, number % 5 < 3) for number in range(77)]
    after = {
        count: moved(0.2, calibrate(promises[:count]).move(1, False, 0)) for count in (0, 10, 77)
    }
    assert after[0] == pytest.approx(0.2)
    assert 0.3 < after[10] < 0.6
    assert 0.53 < after[77] < 0.61


def test_promises_are_kept_by_the_number_of_the_try():
    rng = random.Random(3)
    promises = [
        Promise(0.3, number, False, 0, rng.random() < 0.3 / number)
        for _case in range(400)
        for number in (1, 2, 3)
    ]
    found = calibrate(promises)
    for number in (1, 2, 3):
        assert moved(0.3, found.move(number, False, 0)) == pytest.approx(0.3 / number, abs=0.05)


def test_promises_move_before_the_first_fit_and_are_stored():
    model, rng = Model(), random.Random(4)
    plain = decide(make_case(), NOW, model, rng)
    for number in range(20):
        case = make_case(number)
        decision = decide(case, case.failures[0].at, model, rng)
        model.learn(
            FinishedAttempt(
                f"case {number}", case, decision.at, number % 4 < 3, None,
                decision.probability, decision.record["believed"],
            )
        )  # fmt: skip
    assert not model.refresh()
    moved_on = decide(make_case(), NOW, model, random.Random(4))
    assert moved_on.probability > plain.probability + 0.1
    again = Model.from_json(model.to_json())
    assert again.calibration == model.calibration
    once_more = decide(make_case(), NOW, again, random.Random(4))
    assert once_more.probability == pytest.approx(moved_on.probability, abs=1e-3)


def test_who_tells_only_promises_is_understood_too():
    """Promises that were moved already are not moved once more for what moved them."""
    model = Model()
    for number in range(240):
        case = make_case(number)
        at = case.failures[0].at + timedelta(days=1)
        promise = moved(0.2, model.calibration.move(1, False, 0))
        model.learn(FinishedAttempt(f"{number}", case, at, number % 5 < 3, None, promise))
        model._calibrate()
    assert moved(0.2, model.calibration.move(1, False, 0)) == pytest.approx(0.6, abs=0.04)


# === THE CONTROL GROUP === #


def test_what_the_odds_say_of_a_charge_is_what_a_decision_for_it_had_said():
    model = Model()
    for number in range(8):
        case = make_case(number)
        decision = decide(case, case.failures[0].at, model)
        told = believe(case, decision.at, model)
        assert told == pytest.approx(decision.record["believed"], abs=1e-3)


def test_nothing_is_believed_of_a_charge_right_after_technical_trouble():
    case = make_case()
    trouble = Failure(case.failures[0].at, "processing_error", "technical")
    case = replace(case, failures=(trouble,))
    assert believe(case, trouble.at + timedelta(hours=1), Model()) is None


def test_the_control_group_tells_what_leaving_the_spread_is_worth():
    """Its charges do better than the odds say, those that left the spread do as they say."""
    model = Model()
    for number in range(200):
        case = make_case(number)
        at = case.failures[0].at + timedelta(days=2)  # The spread's first day.
        model.learn(
            FinishedAttempt(
                f"control {number}", case, at, number % 2 == 0, believed=believe(case, at, model)
            )
        )
    before = model.calibration.gain_factor(0)
    model.refresh()
    assert model.calibration.count == 200
    assert model.calibration.move(1, False, 0) > 0.3
    assert model.calibration.gain_factor(0) == pytest.approx(before, abs=0.02)
    again = Model.from_json(model.to_json())
    for one in (model, again):
        one._calibrate()
    assert again.calibration == model.calibration


# === THE SPREAD === #


def test_leaving_the_spread_has_to_prove_itself():
    model = Model()
    plans = {}
    for worth in (-3.0, 0.0):
        model.calibration = Calibration((*NOTHING[:-2], worth, worth), 1000)
        plans[worth] = [
            decide(case := make_case(number), case.failures[0].at, model).record["spread"]
            for number in range(12)
        ]
    assert all(plans[-3.0]), "Plans that never kept a promise are not followed."
    assert not all(plans[0.0])


def test_tries_that_leave_the_spread_are_told_apart():
    rng = random.Random(5)
    promises = [
        Promise(0.3, 1, left, 0, rng.random() < (0.15 if left else 0.3))
        for _case in range(300)
        for left in (False, True)
    ]
    found = calibrate(promises)
    assert found.gain_factor(0) < 0.75
    assert found.gain_factor(1) == pytest.approx(Calibration().gain_factor(1))


def test_what_is_left_is_spread_over_what_is_left():
    """Two tries were made of eight when two days of the window were to be left."""
    opened, day = 9 * 60, 1440
    whole = spread_days(opened, opened, 14, 8, 8, 14)
    assert len(whole) == 8
    assert whole[-1] == 14
    # Whoever keeps to the schedule stays on its days.
    assert spread_days(opened, whole[0] * day + 540, 14, 8, 7, 14) == whole[1:]
    # A plan that waited has six tries for six days.
    assert len(spread_days(opened, 8 * day + 540, 14, 8, 6, 14)) == 6
    assert spread_days(opened, 8 * day + 540, 14, 8, 2, 14)[-1] == 14


# === ISSUERS === #


def test_where_issuers_remember_fewer_tries_are_made():
    tries = {}
    for name, kinds in (("none", [0]), ("remember", [8]), ("count", [9])):
        shares = np.full(bins.KIND_COUNT, 1e-9)
        shares[kinds] = 1.0
        model = Model()
        model.odds = replace(Odds.prior(), issuers=shares)
        model.calibration = Calibration((*NOTHING[:-2], 2.0, 2.0), 1000)
        tries[name] = len(decide(make_case(), NOW, model).record["plan"])
    assert tries["none"] > tries["remember"]
    assert tries["none"] > tries["count"]


def test_what_issuers_look_at():
    looks = bins.looks([0, 1440, 2880], [2890, 2880 + 1440, 2880 + 200 * 1440])
    assert (looks[0] == 1).all(), "Most look at everything."
    assert looks[5].tolist() == [0, 0, 1], "94 hours."
    for kind in bins.MINDFUL:
        assert (np.diff(looks[kind]) >= 0).all(), "What is forgotten is not held against anybody."
    assert looks[9, 0] < 0.2, "The fourth charge after three failures."
    assert looks[10, 0] == 1


# === HOURS === #


def test_the_usual_hour_is_the_best_allowed_one():
    odds = Odds.prior()
    effects = odds.effects.copy()
    first = bins.OFFSETS["hour"]
    effects[first + bins.HOURS.index("18-19")] += 0.5
    effects[first + bins.HOURS.index("22-24")] += 2.0
    evening = replace(odds, effects=effects)
    assert odds.usual_hour(8, 20) == 9
    assert evening.usual_hour(8, 20) == 18
    assert evening.usual_hour(8, 17) == 9
    assert odds.usual_hour(9.25, 9.75) == 9.25
    model = Model()
    model.odds = evening
    decision = decide(make_case(policy=RetryPolicy(4, 14, exploration=0.0)), NOW, model)
    local = decision.at.astimezone(make_case().zone)
    assert local.hour == 18


# === WHAT IS LEARNED APART === #


def test_issuers_are_learned_by_their_first_digits():
    """One looks at every charge, the other refuses what comes within two days of the last."""
    rng, model = random.Random(6), Model()
    for number in range(160):
        digits, days = ("411111", "522222")[number // 2 % 2], 1 + 2 * (number % 2)
        at = NOW + timedelta(hours=13 * number)
        failures = [Failure(at, "insufficient_funds", "later")]
        for _try in range(6):
            case = Case(
                tuple(failures), Method("card", "visa", country="US", issuer=digits), 4900, "USD",
                "America/New_York",
            )  # fmt: skip
            at += timedelta(days=days)
            looks = digits == "411111" or days > 2
            paid = looks and rng.random() < 0.4
            reason = "insufficient_funds" if looks else "do_not_honor"
            failure = None if paid else Failure(at, reason, "later")
            model.learn(FinishedAttempt(f"{number}", case, at, paid, failure))
            if paid:
                break
            failures.append(failure)
    model.refresh(force=True)
    patient, strict = (model.odds.issuers_of[digits] for digits in ("411111", "522222"))
    too_soon = slice(3, 6)  # kinds that refuse within 46, 70 and 94 hours
    assert strict[too_soon].sum() > patient[too_soon].sum() + 0.2
    again = Model.from_json(model.to_json())
    np.testing.assert_allclose(again.odds.issuers_of["522222"], strict, atol=1e-4)


def test_credit_cards_have_habits_of_their_own():
    """A habit that only one of them has is not believed of the other."""
    model = Model()
    prior = np.exp([model.priors.habits("US", credit) for credit in (0, 1)])
    assert prior.sum(axis=1) == pytest.approx([1, 1])
    days = [INDEX[f"monthly:{day}"] for day in range(1, 29)]
    assert np.ptp(prior[1, days]) < 1e-9, "Nobody's pay day."
    assert np.ptp(prior[0, days]) > 0.001
    habits = model.odds.habits.copy()
    habits[1, INDEX["monthly:12"]] = 6.0
    model.odds = replace(model.odds, habits=habits)
    belief = {
        funding: model.odds.belief(read(make_case(country="US", funding=funding), model.priors))
        for funding in ("credit", "debit")
    }
    on_the_twelfth = {name: each.sum(axis=0)[INDEX["monthly:12"]] for name, each in belief.items()}
    assert on_the_twelfth["credit"] > 0.5
    assert on_the_twelfth["debit"] < 0.1
