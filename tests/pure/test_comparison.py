# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What one arm recovers more than the other, and when that is sure."""

from hypothesis import given
from hypothesis import strategies as st

from revenue_recovery.timing.stats.comparison import compare

COUNTS = st.integers(1, 5000).flatmap(
    lambda count: st.tuples(st.integers(0, count), st.just(count))
)


@given(one=COUNTS, other=COUNTS)
def test_difference_lies_in_its_interval_and_turns_with_the_arms(one, other):
    forth, back = compare(*one, *other), compare(*other, *one)
    assert forth.low <= forth.difference <= forth.high
    assert abs(forth.low + back.high) < 1e-9 and abs(forth.difference + back.difference) < 1e-9
    assert forth.is_conclusive == (forth.low > 0 or forth.high < 0)
    assert (forth.cases_needed == 0) == forth.is_conclusive


def test_few_cases_prove_nothing_and_tell_how_many_more_would():
    few = compare(150, 250, 25, 50)
    assert not few.is_conclusive
    factor = (few.cases_needed + 300) / 300
    enough = compare(*(round(count * factor) for count in (150, 250, 25, 50)))
    assert abs(enough.low) < 0.01, "As many as told bring the interval to zero."


def test_many_cases_with_the_same_shares_are_conclusive():
    assert compare(6000, 10000, 500, 1000).is_conclusive


def test_equal_shares_never_become_conclusive():
    assert compare(50, 100, 5, 10).cases_needed is None


def test_handful_of_cases_is_not_extrapolated():
    assert compare(1, 2, 0, 2).cases_needed >= 50
