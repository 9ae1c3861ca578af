# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The smart schedule's decisions: allowed, reproducible, monotone, and never an exception."""

import json
import random
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revenue_recovery.timing.plan import choice
from revenue_recovery.timing.plan.smart import (
    AtMost,
    Case,
    Failure,
    Hint,
    Method,
    Model,
    Never,
    NotBefore,
    NotBetween,
    PastCharge,
    RetryPolicy,
    Sentence,
    SmartDecision,
    Stop,
    decide,
)

NOW = datetime(2026, 3, 20, 14, tzinfo=timezone.utc)
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Apia", "UTC")
RELAXED = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def make_case(**values):
    """Return a case that failed just now for lack of money."""
    base = {
        "failures": (Failure(NOW, "insufficient_funds", "later"),),
        "method": Method("card", "visa", "debit", "US"),
        "amount": 4900,
        "currency": "USD",
        "tz": "America/New_York",
    }
    return Case(**{**base, **values})


instants = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(timezone.utc))
policies = st.builds(
    RetryPolicy,
    tries=st.integers(1, 12),
    window=st.sampled_from([2.0, 7, 14, 21, 30, 60]),
    start=st.sampled_from([0.0, 6, 8, 9.5]),
    end=st.sampled_from([12.0, 18, 20, 24]),
    weekdays=st.sampled_from([frozenset(), frozenset(range(5)), frozenset({6})]),
    attempt_cost=st.sampled_from([0.0, 5.0]),
    pull_only=st.booleans(),
)


@st.composite
def running_cases(draw):
    """A case with one to five failures, and the instant after the last of them."""
    at = draw(instants)
    failures = []
    for _number in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["later", "later", "later", "technical"]))
        reason = draw(st.sampled_from(["insufficient_funds", "do_not_honor", "unknown"]))
        wait = draw(st.sampled_from([None, None, timedelta(days=2), timedelta(days=8)]))
        failures.append(Failure(at, reason, kind, wait_until=wait and at + wait))
        at += draw(st.timedeltas(timedelta(hours=1), timedelta(days=3)))
    past = draw(st.lists(st.tuples(st.integers(1, 180), st.booleans()), max_size=8))
    history = tuple(PastCharge(failures[0].at - timedelta(days=days), paid) for days, paid in past)
    case = make_case(
        failures=tuple(failures),
        history=history,
        tz=draw(st.sampled_from(ZONES)),
        policy=draw(policies),
        method=Method("card", "visa", "debit", draw(st.sampled_from(["US", "DE", "", "XX"]))),
    )
    return case, max(at, failures[-1].at)


@given(running_cases(), st.integers(0, 99))
@RELAXED
def test_a_decision_is_always_allowed_by_the_calendar(scene, seed):
    case, now = scene
    decision = decide(case, now, None, random.Random(seed))
    if isinstance(decision, Stop):
        return
    first = case.failures[0].at
    assert now <= decision.at <= first + timedelta(days=case.policy.window)
    if decision.source == "technical":
        return
    assert case.hours.contains(decision.at)
    local = decision.at.astimezone(case.zone)
    assert not case.policy.weekdays or local.weekday() in case.policy.weekdays
    waits = [f.wait_until for f in case.failures if f.wait_until]
    assert not waits or decision.at >= max(waits)
    assert case.tries_used < case.policy.tries


@given(running_cases(), st.integers(0, 99))
@RELAXED
def test_the_same_generator_gives_the_same_decision(scene, seed):
    case, now = scene
    first = decide(case, now, None, random.Random(seed))
    assert decide(case, now, Model(), random.Random(seed)) == first


@given(running_cases(), st.integers(0, 99))
@RELAXED
def test_probability_interval_and_propensity_make_sense(scene, seed):
    case, now = scene
    decision = decide(case, now, None, random.Random(seed))
    if isinstance(decision, SmartDecision):
        low, high = decision.interval
        assert 0 <= low <= decision.probability <= high <= 1
        assert 0 < decision.propensity <= 1
        assert str(decision.sentence)


def plan_value(case, now):
    """Return the value of the plan behind a decision at the usual hour, 0 for a stop."""
    decision = decide(case, now)
    return 0.0 if isinstance(decision, Stop) else decision.record.get("value")


@given(running_cases(), st.integers(1, 3), st.sampled_from([1, 3, 7, 20]))
@RELAXED
def test_one_more_try_or_a_longer_window_never_lowers_the_value(scene, more, days):
    case, now = scene
    case = replace(case, policy=replace(case.policy, window=min(case.policy.window, 40)))
    value = plan_value(case, now)
    if value is None:  # A quick technical retry has no plan.
        return
    more_tries = replace(case.policy, tries=case.policy.tries + more)
    longer = replace(case.policy, window=case.policy.window + days)
    for policy in (more_tries, longer):
        changed = plan_value(replace(case, policy=policy), now)
        assert changed is None or changed >= value - 1e-4


odd_floats = st.floats(allow_nan=True, allow_infinity=True)
odd_instants = st.datetimes() | instants
texts = st.text(max_size=6)


@given(
    st.lists(
        st.builds(
            Failure,
            odd_instants,
            texts,
            texts | st.sampled_from(["later", "never", "technical", "fix_data"]),
            texts,
            texts | st.sampled_from(["wait", "never"]),
            st.none() | odd_instants,
        ),
        max_size=4,
    ),
    st.builds(Method, texts, texts, texts, texts, texts, st.none() | odd_instants),
    odd_floats,
    texts | st.sampled_from(ZONES),
    st.lists(st.builds(PastCharge, odd_instants, st.booleans()), max_size=4),
    st.builds(
        RetryPolicy,
        tries=st.integers(-5, 200),
        window=odd_floats,
        waits=st.lists(odd_floats, max_size=3).map(tuple),
        start=odd_floats,
        end=odd_floats,
        weekdays=st.frozensets(st.integers(-3, 9)),
        attempt_cost=odd_floats,
        discount=odd_floats,
        pull_only=st.booleans(),
        exploration=odd_floats,
    ),
    st.none() | st.integers(-5, 20),
    st.lists(
        st.builds(Hint, texts | st.sampled_from(["now", "at", "not_before"]), odd_instants),
        max_size=2,
    ),
    odd_instants,
)
@settings(RELAXED, max_examples=150)
def test_no_facts_make_it_raise(failures, method, amount, tz, past, policy, sent, hints, now):
    case = Case(
        tuple(failures), method, amount, "", tz, tuple(past), policy, (), tuple(hints), sent
    )
    decision = decide(case, now, None, random.Random(1))
    assert isinstance(decision, SmartDecision | Stop)
    assert str(decision.sentence)


@pytest.mark.parametrize("kind", ["never", "fix_data", "customer_action"])
def test_a_dead_method_is_never_charged(kind):
    case = make_case(failures=(Failure(NOW, "x", kind),))
    assert isinstance(decide(case, NOW), Stop)


def test_advice_never_to_try_again_stops():
    case = make_case(failures=(Failure(NOW, "insufficient_funds", "later", advice="never"),))
    assert isinstance(decide(case, NOW), Stop)


def test_a_method_saved_since_opens_the_case_again():
    failures = (Failure(NOW, "lost_card", "never"),)
    method = Method(since=NOW + timedelta(hours=3))
    decision = decide(make_case(failures=failures, method=method), NOW + timedelta(hours=4))
    assert isinstance(decision, SmartDecision)


def test_technical_trouble_is_retried_quickly_whatever_the_hour():
    night = NOW.replace(hour=7)  # three in the morning in New York
    case = make_case(failures=(Failure(night, "issuer_not_available", "technical"),))
    decision = decide(case, night)
    assert (decision.source, decision.at - night) == ("technical", timedelta(minutes=10))
    assert decision.probability > 0


def test_technical_trouble_that_lasts_is_planned_as_any_other():
    failures = tuple(
        Failure(NOW + timedelta(hours=hours), "processing_error", "technical")
        for hours in (0, 1, 2, 8, 32)
    )
    decision = decide(make_case(failures=failures), failures[-1].at)
    assert decision.source != "technical"


def test_tries_and_window_end():
    used = decide(make_case(sent=8), NOW)
    over = decide(make_case(), NOW + timedelta(days=15))
    assert "8" in str(used.sentence)
    assert "14" in str(over.sentence)


def test_a_try_that_costs_more_than_it_brings_is_not_made():
    policy = RetryPolicy(attempt_cost=10_000)
    assert isinstance(decide(make_case(policy=policy), NOW), Stop)


def test_tries_that_promise_nearly_nothing_are_made_as_long_as_they_cost_nothing(monkeypatch):
    monkeypatch.setattr(choice, "_LEAST_WORTH", 1.0)
    assert decide(make_case(), NOW).at > NOW
    policy = RetryPolicy(attempt_cost=10_000)
    assert isinstance(decide(make_case(policy=policy), NOW), Stop)


def test_the_constraint_that_binds_is_told():
    promise = NotBefore("promise", NOW + timedelta(days=6), Sentence("Promised."))
    pause = NotBetween("outage", NOW, NOW + timedelta(days=1), Sentence("Bank down."))
    decision = decide(make_case(constraints=(pause, promise)), NOW)
    assert decision.at >= promise.at
    assert decision.record["binding"] == "promise"


def test_a_constraint_beyond_the_window_stops_with_its_sentence():
    for constraint in (
        NotBefore("promise", NOW + timedelta(days=30), Sentence("Promised.")),
        Never("ceiling", Sentence("Promised.")),
        AtMost("ceiling", (NOW,), 1, timedelta(days=30), Sentence("Promised.")),
    ):
        stop = decide(make_case(constraints=(constraint,)), NOW)
        assert isinstance(stop, Stop)
        assert str(stop.sentence) == "Promised."


def test_constraints_hold_for_quick_retries_too():
    ceiling = NotBefore("ceiling", NOW + timedelta(hours=5), Sentence("Ceiling."))
    failures = (Failure(NOW, "processing_error", "technical"),)
    decision = decide(make_case(failures=failures, constraints=(ceiling,)), NOW)
    assert decision.at == ceiling.at


def test_outside_advice_is_followed_within_what_is_allowed():
    now = decide(make_case(hints=(Hint("now"),)), NOW.replace(hour=6))
    assert now.source == "hint"
    assert now.at.astimezone(make_case().zone).hour == 8  # asked for at night: when charges open
    wanted = NOW + timedelta(days=3, hours=1)
    told = Sentence("The customer called.")
    at = decide(make_case(hints=(Hint("at", wanted, told),)), NOW)
    assert (at.at, at.sentence) == (wanted, told)
    later = decide(make_case(hints=(Hint("not_before", wanted),)), NOW)
    assert later.at >= wanted


def test_a_cautious_merchant_is_never_charged_later_than_by_the_ladder():
    policy = RetryPolicy(pull_only=True)
    decision = decide(make_case(policy=policy), NOW, None, random.Random(3))
    assert decision.at <= datetime(2026, 3, 22, 14, tzinfo=timezone.utc)


def test_the_wait_a_network_asks_for_is_obeyed_and_named():
    wait = NOW + timedelta(days=4)
    failure = Failure(NOW, "insufficient_funds", "later", advice="wait", wait_until=wait)
    decision = decide(make_case(failures=(failure,)), NOW, None, random.Random(1))
    assert decision.at >= wait


def test_somebody_always_paid_after_month_end_is_charged_then():
    opened = datetime(2026, 3, 24, 9, tzinfo=timezone.utc)
    history = []
    for month in range(9, 15):
        year, number = 2025 + (month - 1) // 12, (month - 1) % 12 + 1
        due = datetime(year, number, 24, 9, tzinfo=timezone.utc)
        history += [PastCharge(due + timedelta(days=days), False) for days in (0, 2, 4)]
        history.append(PastCharge(due + timedelta(days=8), True))
    case = make_case(
        failures=(Failure(opened, "insufficient_funds", "later"),),
        history=tuple(history),
        tz="Europe/Berlin",
        method=Method("card", "visa", "debit", "DE"),
        policy=RetryPolicy(tries=1, window=14),
    )
    decision = decide(case, opened, None, random.Random(1))
    assert datetime(2026, 3, 30, tzinfo=timezone.utc) < decision.at
    assert decision.at < datetime(2026, 4, 3, tzinfo=timezone.utc)
    assert decision.source == "payday"


def test_the_record_is_plain_and_small():
    record = decide(make_case(), NOW, None, random.Random(1)).record
    assert len(json.dumps(record)) < 4000
    assert {"model", "features", "candidates", "plan", "value", "binding"} <= set(record)


def test_the_example_of_the_readme_runs():
    readme = Path(__file__).parents[2] / "timing" / "README.md"
    code = re.search(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)[1]
    names = {"other_model": Model()}
    exec(code, names)
    assert isinstance(names["decision"], SmartDecision)
    assert len(names["model"].reservoir) == 1


def test_tries_left_near_the_end_are_not_spent_within_minutes():
    opened = NOW - timedelta(days=13, hours=22)
    failures = (Failure(opened, "insufficient_funds", "later"), Failure(NOW, "do_not_honor"))
    for now in (NOW, NOW + timedelta(hours=1)):
        decision = decide(make_case(failures=failures, sent=1), now)
        assert isinstance(decision, Stop)
        assert "window" in str(decision.sentence)
    longer = RetryPolicy(tries=8, window=15)
    decision = decide(make_case(failures=failures, sent=1, policy=longer), NOW)
    assert decision.at >= NOW + timedelta(hours=4)


def test_a_person_may_charge_right_after_a_decline():
    assert decide(make_case(hints=(Hint("now"),)), NOW).at == NOW


def test_a_share_of_decisions_looks_at_instants_that_are_nearly_as_good():
    # With waits of the merchant's own there is no even ladder to keep to.
    policy = RetryPolicy(waits=(24.0,) * 8)
    case = make_case(policy=policy)
    usual = decide(case, NOW).record["plan"]
    drawn = [decide(case, NOW, None, random.Random(seed)) for seed in range(400)]
    # A propensity is one given the hour that was drawn before.
    drawn = [decision for decision in drawn if decision.record["plan"] == usual]
    assert 250 < len(drawn) < 380
    stated = {decision.at: decision.propensity for decision in drawn}
    seen = {at: sum(decision.at == at for decision in drawn) / len(drawn) for at in stated}
    assert all(abs(seen[at] - stated[at]) < 0.08 for at in stated)
    candidates = drawn[0].record["candidates"]
    best = candidates[0]["value"]
    cheap = [one for one in candidates if one["value"] > best - 0.0019]
    assert len(cheap) > 1
    assert all(one["propensity"] >= policy.exploration / 24 - 1e-4 for one in cheap)


def test_without_exploration_only_what_is_best_by_some_draw_is_chosen():
    greedy = RetryPolicy(waits=(24.0,) * 8, exploration=0.0)
    candidates = decide(make_case(policy=greedy), NOW).record["candidates"]
    best = candidates[0]["value"]
    assert all(one["propensity"] == 0 for one in candidates if one["value"] < best - 0.0006)
