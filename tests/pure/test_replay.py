"""What other choices would have recovered, where the truth is known."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timing.replay import POLICIES, Candidate, Decision, replay

# What each time really recovers, and what the odds wrongly expect of it.
TRUTH = {"a": 0.3, "b": 0.6, "c": 0.5}
EXPECTED = {"a": 0.4, "b": 0.5, "c": 0.2}
SHARES = {"a": 0.6, "b": 0.1, "c": 0.3}


def _draw(count, seed=1, shares=SHARES):
    chance = random.Random(seed)
    candidates = tuple(
        Candidate(at, EXPECTED[at] / 2, EXPECTED[at], shares.get(at, 0.0)) for at in TRUTH
    )
    for _number in range(count):
        at = chance.choices(list(shares), shares.values())[0]
        yield Decision(at, shares[at], float(chance.random() < TRUTH[at]), candidates)


@pytest.mark.parametrize(("policy", "at"), [("best", "b"), ("likeliest", "b"), ("soonest", "a")])
def test_estimates_find_the_truth_though_the_odds_are_wrong(policy, at):
    estimate = replay(_draw(20_000), POLICIES[policy])
    assert estimate.snips == pytest.approx(TRUTH[at], abs=0.04)
    assert estimate.robust == pytest.approx(TRUTH[at], abs=0.04)
    assert estimate.is_enough


def test_intervals_hold_the_truth_nineteen_times_in_twenty():
    kept = {"snips": 0, "robust": 0}
    for seed in range(200):
        estimate = replay(_draw(600, seed), POLICIES["best"])
        for name in kept:
            low, high = getattr(estimate, f"{name}_interval")
            kept[name] += low <= TRUTH["b"] <= high
    assert min(kept.values()) >= 178, kept


def test_way_that_was_always_taken_recovers_what_was_recovered():
    estimate = replay(_draw(500, shares={"b": 1.0}), POLICIES["best"])
    assert estimate.snips == pytest.approx(estimate.logged)
    assert estimate.robust == pytest.approx(estimate.logged)
    assert estimate.effective == pytest.approx(500)


def test_without_any_draw_of_the_wanted_time_nothing_can_be_said():
    estimate = replay(_draw(500, shares={"a": 0.7, "c": 0.3}), POLICIES["best"])
    assert (estimate.snips, estimate.effective, estimate.supported) == (None, 0, 0)
    assert not estimate.is_enough
    empty = replay([], POLICIES["best"])
    assert (empty.count, empty.snips, empty.robust, empty.is_enough) == (0, None, None, False)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.floats(0.001, 1), st.floats(0, 1), st.floats(0, 1)),
        max_size=30,
    ),
    st.sampled_from(sorted(POLICIES)),
)
def test_estimates_are_shares_and_rest_on_no_more_than_there_is(rows, policy):
    decisions = [
        Decision(at, propensity, reward, tuple(Candidate(x, value, value, 0.5) for x in "abc"))
        for at, propensity, reward, value in rows
    ]
    estimate = replay(decisions, POLICIES[policy])
    assert 0 <= estimate.effective <= len(rows) + 1e-6
    for share in (estimate.snips, estimate.robust):
        assert share is None or -1e-9 <= share <= 1 + 1e-9
