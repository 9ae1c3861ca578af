# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Pay days, holidays and time zones of the smart schedule, and its composable constraints."""

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revenue_recovery.notices import is_working_day, message_hours
from revenue_recovery.timing import ChargeHours
from revenue_recovery.timing.case import local_minutes
from revenue_recovery.timing.constraints import (
    AllowedHours,
    AllowedInstants,
    AtMost,
    Never,
    NotBefore,
    NotBetween,
)
from revenue_recovery.timing.days import Place
from revenue_recovery.timing.decision import Sentence
from revenue_recovery.timing.model import bins
from revenue_recovery.timing.model.patterns import (
    COUNT,
    DEAD_AT,
    INDEX,
    LONG_AGO,
    PATTERNS,
    latest_pay,
)
from revenue_recovery.tools.instants import aware

UTC = timezone.utc
SAID = Sentence("Said.")


def pay_days(pattern, country, year):
    """Return the days of a year on which a pattern pays."""
    first = date(year, 1, 1).toordinal()
    days = np.arange(first, date(year, 12, 31).toordinal() + 1)
    latest = latest_pay(days, country)[INDEX[pattern]]
    return [date.fromordinal(int(day)) for day in days[latest == days]]


def test_month_end_is_the_last_working_day_of_the_country():
    german = pay_days("monthly:31", "DE", 2026)
    assert date(2026, 1, 30) in german  # the 31st is a Saturday
    assert date(2026, 5, 29) in german
    assert date(2026, 12, 31) in german
    assert len(german) == 12
    british = pay_days("monthly:31", "GB", 2026)
    assert date(2026, 8, 28) in british  # Monday the 31st is the bank holiday of summer


def test_days_off_move_pay_to_the_working_day_before():
    assert date(2026, 11, 13) in pay_days("monthly:15", "DE", 2026)  # a Sunday
    assert date(2027, 12, 23) in pay_days("monthly:25", "US", 2027)  # Christmas, observed on Friday
    assert date(2025, 12, 31) in pay_days("twice:1,15", "FR", 2025)  # January's pay, early


def test_weeks_and_fortnights():
    weekly = pay_days("weekly:4", "US", 2026)
    assert date(2026, 3, 6) in weekly
    one, two = (pay_days(f"fortnightly:4,{phase}", "US", 2026) for phase in (0, 1))
    assert sorted(one + two) == weekly
    assert not set(one) & set(two)


def test_short_months_pay_on_their_last_day():
    assert date(2027, 2, 26) in pay_days("monthly:30", "", 2027)  # the 28th is a Sunday
    assert len(pay_days("monthly:29", "", 2026)) == 12


@pytest.mark.parametrize("country", ["AE", "SA", "JP", "US", "DE", "XX", "", "??"])
def test_every_country_has_working_days_and_pay_days(country):
    working = [
        is_working_day(date(2026, 1, 1) + timedelta(n), Place(country=country)) for n in range(365)
    ]
    assert 220 < sum(working) < 262
    days = np.arange(date(2025, 12, 20).toordinal(), date(2027, 1, 12).toordinal())
    latest = latest_pay(days, country)
    assert latest.shape == (COUNT, len(days))
    assert (latest <= days).all()
    for number, pattern in enumerate(PATTERNS):
        if pattern.days or pattern.weekday >= 0:
            assert (days - latest[number] < 45).all(), pattern.id
        else:
            assert (latest[number] == LONG_AGO).all()


@pytest.mark.parametrize("year", [2025, 2026, 2027])
@pytest.mark.parametrize("country", ["CN", "HU", "GB", "US", "DE", "SA", "JP", "BR", "ZZ"])
def test_banks_pay_on_the_days_on_which_messages_go_out(country, year):
    hours = message_hours(Place("UTC", country))
    for day in range(1, 32):
        for paid in pay_days(f"monthly:{day}", country, year):
            noon = datetime(paid.year, paid.month, paid.day, 12, tzinfo=UTC)
            assert hours.contains(noon), (day, paid)


@pytest.mark.parametrize("country", ["CN", "HU", "US", "DE", "SA", "JP", "BR"])
def test_working_days_are_the_librarys(country):
    calendar = holidays.country_holidays(country, years=range(2025, 2028))
    days = [date(2025, 1, 1) + timedelta(n) for n in range(3 * 365)]
    place = Place(country=country)
    assert [is_working_day(day, place) for day in days] == [*map(calendar.is_working_day, days)]


def test_saturdays_that_are_worked_are_pay_days():
    assert date(2026, 2, 14) in pay_days("monthly:15", "CN", 2026)  # before the New Year's week


def test_where_most_holidays_are_of_a_part_it_is_the_most_populous():
    summer = date(2026, 8, 31)
    assert not is_working_day(summer, Place(country="GB"))
    assert not is_working_day(summer, Place(country="GB", subdivision="UK12"))  # no part known
    assert is_working_day(summer, Place(country="GB", subdivision="SCT"))


def test_the_weekend_is_the_countrys():
    assert not is_working_day(date(2026, 3, 6), Place(country="SA"))  # a Friday
    assert is_working_day(date(2026, 3, 8), Place(country="SA"))  # a Sunday


@pytest.mark.parametrize(
    ("zone", "instant", "hour"),
    [
        ("America/New_York", datetime(2026, 3, 8, 14, tzinfo=UTC), 10),  # the clocks have changed
        ("America/New_York", datetime(2026, 3, 7, 14, tzinfo=UTC), 9),
        ("Asia/Kolkata", datetime(2026, 3, 7, 4, 30, tzinfo=UTC), 10),
        ("Pacific/Apia", datetime(2026, 3, 7, 21, tzinfo=UTC), 10),
        ("Australia/Lord_Howe", datetime(2026, 4, 5, 0, 30, tzinfo=UTC), 11),
    ],
)
def test_hours_are_those_of_the_local_clock(zone, instant, hour):
    minutes = local_minutes(instant, ZoneInfo(zone))
    day, minute = bins.split(np.array([minutes]))
    assert int(minute[0]) // 60 == hour
    local = instant.astimezone(ZoneInfo(zone))
    assert date.fromordinal(int(day[0])) == local.date()


def test_odd_instants_are_brought_into_known_years():
    assert aware(datetime(1, 1, 1)).year == 1990
    assert aware(datetime(9999, 12, 31, tzinfo=ZoneInfo("Asia/Tokyo"))).year == 2149
    assert aware(datetime(2026, 1, 1)).tzinfo is UTC


def test_a_charge_after_pay_day_is_told_from_one_before():
    def bin(failed, charged):
        pair = (np.array([local_minutes(at, ZoneInfo("UTC"))]) for at in (failed, charged))
        return bins.find_bins(*pair, np.array([bins.FUNDS]), "DE")[:, 0]

    failed = datetime(2026, 3, 27, 10, tzinfo=UTC)
    before = bin(failed, datetime(2026, 3, 30, 10, tzinfo=UTC))
    after = bin(failed, datetime(2026, 3, 31, 10, tzinfo=UTC))
    month_end = INDEX["monthly:31"]
    assert bins.DRY <= before[month_end] < bins.FREE
    assert after[month_end] == bins.CAME + 1  # the day itself, from 9 to 12
    assert before[DEAD_AT] == after[DEAD_AT] == bins.GONE
    same_day = bin(datetime(2026, 3, 31, 8, tzinfo=UTC), datetime(2026, 4, 1, 10, tzinfo=UTC))
    assert same_day[month_end] == bins.LATE + 1


instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))


@st.composite
def constraint_sets(draw):
    """Some constraints of every kind but the endless one."""
    zone = ZoneInfo(draw(st.sampled_from(["America/New_York", "Pacific/Apia", "Europe/Dublin"])))
    start = draw(st.integers(0, 20))
    hours = ChargeHours(start, draw(st.integers(start + 1, 24)), zone)
    weekdays = draw(st.frozensets(st.integers(0, 6), min_size=1))
    since = draw(instants)
    return [
        AllowedHours(hours, weekdays),
        NotBefore("promise", draw(instants), SAID),
        NotBetween("outage", since, since + timedelta(days=draw(st.integers(0, 20))), SAID),
        AtMost("ceiling", tuple(draw(st.lists(instants, max_size=4))), 2, timedelta(days=9), SAID),
    ]


@given(constraint_sets(), instants)
@settings(max_examples=150, derandomize=True)
def test_the_first_allowed_instant_is_allowed_by_all_in_any_order(constraints, instant):
    end = datetime(2027, 6, 1, tzinfo=UTC)
    first, _binding = AllowedInstants(constraints, end).first(instant)
    again, _binding = AllowedInstants(constraints[::-1], end).first(instant)
    assert first == again
    assert first >= instant
    assert AllowedInstants(constraints, end).allows(first)
    assert all(constraint.first_allowed(first) == first for constraint in constraints)


@given(constraint_sets(), instants)
@settings(max_examples=60, derandomize=True)
def test_one_more_constraint_never_allows_anything_earlier(constraints, instant):
    end = datetime(2028, 6, 1, tzinfo=UTC)
    fewer, _binding = AllowedInstants(constraints[1:], end).first(instant)
    more, _binding = AllowedInstants(constraints, end).first(instant)
    assert more >= fewer


def test_never_is_never_and_tells_why():
    allowed = AllowedInstants([Never("ceiling", SAID)], datetime(2026, 2, 1, tzinfo=UTC))
    instant, binding = allowed.first(datetime(2026, 1, 1, tzinfo=UTC))
    assert (instant, binding.sentence) == (None, SAID)


def test_hours_of_several_time_zones_are_those_of_all():
    hours = ChargeHours(8, 20, ZoneInfo("America/New_York"))
    noon = datetime(2026, 1, 5, 17, tzinfo=timezone.utc)
    zones = [ZoneInfo(name) for name in ("America/New_York", "America/Los_Angeles")]
    both = hours.within(zones, noon)
    assert (both.start, both.end, both.tz) == (11, 20, hours.tz)
    assert hours.within([], noon) == hours.within(zones[:1], noon) == hours
    # Nobody is charged at all where no hour is right for everybody: then the likeliest zone is.
    assert hours.within([ZoneInfo("Asia/Tokyo")], noon) == hours
