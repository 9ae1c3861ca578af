# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Parts add up to the cent, whatever is paid of them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenue_recovery.tools.parts import count_units, list_charges, list_days, list_open, split

ROUNDINGS = st.sampled_from((0.01, 1.0, 0.001, 0.05))


@st.composite
def debts(draw):
    """Return an amount of a currency, and the smallest unit of that."""
    rounding = draw(ROUNDINGS)
    return draw(st.integers(6, 10**9)) * rounding, rounding


def add_up(amounts, rounding):
    return sum(count_units(amount, rounding) for amount in amounts)


@given(debts(), st.integers(2, 6))
def test_parts_add_up_and_the_last_one_takes_the_rest(debt, count):
    amount, rounding = debt
    parts = split(amount, count, rounding)
    assert add_up(parts, rounding) == count_units(amount, rounding)
    assert len(set(parts[:-1])) == 1 and 0 <= count_units(parts[-1] - parts[0], rounding) < count


@given(debts(), st.integers(2, 6), st.floats(0, 1.5))
def test_what_is_open_adds_up_and_the_earliest_part_is_lessened_first(debt, count, share):
    amount, rounding = debt
    parts = split(amount, count, rounding)
    owed = round(amount * share / rounding) * rounding
    still_open = list_open(parts, owed, rounding)
    assert add_up(still_open, rounding) == count_units(owed, rounding)
    touched = [place for place, part in enumerate(still_open) if part]
    assert touched == list(range(count - len(touched), count)), "No hole between open parts."


@given(debts(), st.integers(2, 6), st.floats(0, 1), st.floats(0, 1))
def test_charges_add_up_to_what_is_open_and_none_but_the_last_is_too_small(
    debt, count, share, least
):
    amount, rounding = debt
    still_open = list_open(
        split(amount, count, rounding), round(amount * share / rounding) * rounding, rounding
    )
    smallest = amount * least
    charges = list_charges(still_open, smallest, rounding)
    assert add_up([part for _place, part in charges], rounding) == add_up(still_open, rounding)
    for _place, part in charges[:-1]:
        assert count_units(part, rounding) >= count_units(smallest, rounding)


@pytest.mark.parametrize(
    ("first", "step", "days"),
    [
        (date(2026, 1, 31), "month", (date(2026, 2, 28), date(2026, 3, 31))),
        (date(2026, 12, 24), "week", (date(2026, 12, 31), date(2027, 1, 7))),
        (date(2028, 2, 15), "fortnight", (date(2028, 2, 29), date(2028, 3, 14))),
    ],
)
def test_days_count_from_the_first_one(first, step, days):
    assert list_days(first, step, 3) == (first, *days)
