# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Intervals of shares, against published examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenue_recovery.timing.stats.intervals import newcombe, wilson


def test_wilson_interval_of_a_published_example():
    # Newcombe 1998 (Statistics in Medicine 17, p. 861): 81 of 263.
    low, high = wilson(81 / 263, 263)
    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_difference_of_a_published_example():
    # Newcombe 1998 (Statistics in Medicine 17, p. 877): 56 of 70 against 48 of 80, method 10.
    low, high = newcombe(56 / 70, 70, 48 / 80, 80)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_nothing_seen_says_nothing():
    assert wilson(0.0, 0) == (0.0, 1.0)


shares = st.floats(0, 1)
counts = st.just(0.0) | st.floats(0.01, 1e6)


@given(shares, counts)
def test_interval_holds_the_share_and_lies_between_none_and_all(share, count):
    low, high = wilson(share, count)
    assert 0 <= low <= high <= 1
    assert count == 0 or low - 1e-9 <= share <= high + 1e-9


@given(shares, counts, shares, counts)
def test_difference_turned_round_has_the_interval_turned_round(one, count, other, other_count):
    low, high = newcombe(one, count, other, other_count)
    assert newcombe(other, other_count, one, count) == pytest.approx((-high, -low))
    assert low - 1e-9 <= one - other <= high + 1e-9
