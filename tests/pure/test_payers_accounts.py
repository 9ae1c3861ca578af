# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The arithmetic of simulated bank accounts."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.accounts import Account, PayHabit

OPENED = datetime(2026, 1, 1, tzinfo=timezone.utc)
ZONES = ("UTC", "America/New_York", "Asia/Tokyo", "Europe/Berlin", "Pacific/Auckland")

habits = st.one_of(
    st.builds(
        PayHabit,
        amount=st.integers(0, 500_000),
        days=st.lists(st.integers(1, 31), min_size=1, max_size=3).map(tuple),
    ),
    st.builds(
        PayHabit,
        amount=st.integers(0, 500_000),
        weekday=st.integers(0, 6),
        every_weeks=st.integers(1, 4),
    ),
)
accounts = st.fixed_dictionaries(
    {
        "opening": st.integers(0, 300_000),
        "opened": st.just(OPENED),
        "pay": st.none() | habits,
        "daily_spending": st.integers(0, 20_000),
        "spending_spread": st.floats(0, 1),
        "time_zone": st.sampled_from(ZONES),
        "seed": st.integers(0, 2**32),
    }
)
hours = st.integers(0, 24 * 90)


@given(values=accounts, steps=st.lists(st.tuples(hours, st.integers(0, 100_000), st.booleans())))
def test_money_neither_appears_nor_vanishes_and_never_falls_below_zero(values, steps):
    account = Account(**values)
    taken = returned = 0
    for hour, amount, refund in steps:
        instant = OPENED + timedelta(hours=hour)
        before = account.balance
        if refund:
            amount = min(amount, taken - returned)
            account.credit(amount, instant)
            returned += amount
        elif account.debit(amount, instant):
            taken += amount
        else:
            assert account.balance < amount
            assert account.charged == taken
        assert account.balance >= 0
        assert (account.charged, account.refunded) == (taken, returned)
        assert account.balance == (
            account.opening + account.received - account.spent - taken + returned
        )
        assert before >= 0


@given(values=accounts, stops=st.lists(hours), end=hours)
def test_it_does_not_matter_how_often_one_looks(values, stops, end):
    looked_at, left_alone = Account(**values), Account(**values)
    for stop in sorted(stop for stop in stops if stop <= end):
        looked_at.advance(OPENED + timedelta(hours=stop))
    for account in (looked_at, left_alone):
        account.advance(OPENED + timedelta(hours=end))
    assert looked_at == left_alone


@given(values=accounts, hour=hours)
def test_json_values_give_the_same_account(values, hour):
    account = Account(**values)
    copy = Account.from_dict(account.to_dict(), now=OPENED)
    for each in (account, copy):
        each.advance(OPENED + timedelta(hours=hour))
    assert (copy.balance, copy.received, copy.spent) == (
        account.balance,
        account.received,
        account.spent,
    )


@given(values=accounts, hour=hours)
def test_the_past_of_an_account_cannot_be_changed(values, hour):
    account = Account(**values)
    account.advance(OPENED + timedelta(hours=hour))
    balance = account.balance
    account.advance(OPENED)
    assert account.balance == balance


@pytest.mark.parametrize(
    ("habit", "month", "days"),
    [
        (PayHabit(1, days=(1, 15)), (2026, 4), [1, 15]),
        (PayHabit(1, days=(31,)), (2026, 2), [27]),  # 28 February 2026 is a Saturday
        (PayHabit(1, days=(31,)), (2026, 5), [29]),  # 31 May 2026 is a Sunday
        (PayHabit(1, days=(1,)), (2026, 1), [1, 30]),  # 1 February 2026 is a Sunday
        (PayHabit(1, weekday=4), (2026, 1), [2, 9, 16, 23, 30]),
        (PayHabit(1, weekday=4, every_weeks=2), (2026, 1), [2, 16, 30]),
    ],
)
def test_pay_days_avoid_weekends_and_keep_their_rhythm(habit, month, days):
    year, number = month
    all_days = [date(year, number, day) for day in range(1, 32) if _exists(year, number, day)]
    assert [day.day for day in all_days if habit.pays_on(day)] == days


def _exists(year, month, day):
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def test_pay_arrives_at_six_in_the_morning_of_the_account():
    account = Account(0, OPENED, PayHabit(1000, days=(5,)), time_zone="America/New_York")
    account.advance(datetime(2026, 1, 5, 10, 59, tzinfo=timezone.utc))
    assert account.balance == 0
    account.advance(datetime(2026, 1, 5, 11, 0, tzinfo=timezone.utc))
    assert account.balance == 1000


def test_the_change_to_summer_time_costs_no_pay():
    account = Account(0, OPENED, PayHabit(1000, weekday=6), time_zone="Europe/Berlin")
    account.advance(datetime(2026, 3, 30, tzinfo=timezone.utc))
    assert account.received == 13 * 1000, "the Sundays from 4 January to 29 March"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: PayHabit(1),
        lambda: PayHabit(1, days=(1,), weekday=4),
        lambda: PayHabit(-1, weekday=4),
        lambda: PayHabit(1, days=(32,)),
        lambda: PayHabit(1, weekday=7),
        lambda: PayHabit(1, weekday=1, every_weeks=0),
        lambda: Account(-1, OPENED),
        lambda: Account(1, OPENED, spending_spread=1.5),
        lambda: Account(1, OPENED.replace(tzinfo=None)),
        lambda: Account(1, OPENED, time_zone="Moon/Base"),
    ],
)
def test_values_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError):
        wrong()
