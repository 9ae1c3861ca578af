# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""When messages go out: hours of the day, weekends, holidays, clock changes, missing facts."""

from datetime import date, datetime, timedelta, timezone

import pytest

from revenue_recovery.notices import Place, is_working_day, message_hours
from revenue_recovery.tools.instants import aware

BERLIN = Place("Europe/Berlin", "DE", "BY")


def utc(text):
    return aware(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("place", "day", "working"),
    [
        (Place(country="DE"), "2026-03-02", True),
        (Place(country="DE"), "2026-03-01", False),
        (Place(country="DE"), "2026-04-03", False),  # Good Friday
        (Place(country="de"), "2026-04-03", False),
        (Place(country="DE"), "2026-01-06", True),
        (Place(country="DE", subdivision="BY"), "2026-01-06", False),  # Epiphany, in Bavaria
        (Place(country="DE", subdivision="XX"), "2026-01-06", True),
        (Place(country="DE", subdivision="XX"), "2026-04-03", False),
        (Place(country="US"), "2026-11-26", False),  # Thanksgiving
        (Place(country="EG"), "2026-03-06", False),  # a Friday
        (Place(country="EG"), "2026-03-07", False),
        (Place(country="EG"), "2026-03-08", True),  # a Sunday
        (Place(country="BN"), "2026-02-06", False),  # Friday and Sunday
        (Place(country="BN"), "2026-02-07", True),
        (Place(country="IR"), "2026-04-10", False),  # Friday only
        (Place(country="IR"), "2026-04-11", True),
        (Place(country="CN"), "2026-02-14", True),  # a Saturday worked for the New Year's week
        (Place(country="ZZ"), "2026-03-07", False),
        (Place(country="ZZ"), "2026-01-01", False),
        (Place(country="ZZ"), "2026-12-25", True),
        (Place(), "2026-03-07", False),
        (Place(country=None, subdivision=False), "2026-03-09", True),
        (Place(country="DE"), "2148-03-05", True),
    ],
)
def test_working_days_are_those_of_the_country(place, day, working):
    assert is_working_day(date.fromisoformat(day), place) is working


@pytest.mark.parametrize(
    ("place", "instant", "expected"),
    [
        (BERLIN, "2026-03-02T09:30", "2026-03-02T09:30"),
        (BERLIN, "2026-03-02T06:59", "2026-03-02T07:00"),
        (BERLIN, "2026-03-02T16:59", "2026-03-02T16:59"),
        (BERLIN, "2026-03-02T17:00", "2026-03-03T07:00"),
        (BERLIN, "2026-03-06T20:00", "2026-03-09T07:00"),  # over the weekend
        (BERLIN, "2026-03-27T18:00", "2026-03-30T06:00"),  # over the change to summer time
        (BERLIN, "2026-10-23T18:00", "2026-10-26T07:00"),  # and back
        (BERLIN, "2026-04-02T20:00", "2026-04-07T06:00"),  # Easter
        (Place("Africa/Cairo", "EG"), "2026-03-05T18:00", "2026-03-08T06:00"),
        (Place("America/New_York", "US"), "2026-03-06T23:30", "2026-03-09T12:00"),
        (Place("Asia/Kolkata", "IN"), "2026-03-09T20:00", "2026-03-10T02:30"),
        (Place("Pacific/Kiritimati", "KI"), "2026-03-02T05:00", "2026-03-02T18:00"),
        (Place("Nowhere/Atall", "ZZ"), "2026-03-07T12:00", "2026-03-09T08:00"),
        (Place(), "2026-03-09T03:00", "2026-03-09T08:00"),
    ],
)
def test_next_message_goes_out_in_the_local_hours_of_a_working_day(place, instant, expected):
    assert message_hours(place).next_instant(utc(instant)) == utc(expected)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-03-02T09:30", "2026-03-02T09:30"),
        ("2026-03-02T20:00", "2026-03-02T16:59"),  # after hours: the day's last minute
        ("2026-03-08T09:30", "2026-03-06T09:30"),  # a Sunday: on Friday, at the same time
        ("2026-03-03T02:00", "2026-03-02T07:00"),
        ("2026-03-29T09:30", "2026-03-27T10:30"),  # 11:30 local on either side of the change
    ],
)
def test_what_must_not_be_late_goes_out_before(instant, expected):
    assert message_hours(BERLIN).previous_instant(utc(instant)) == utc(expected)


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "America/Havana"]
)
def test_every_day_of_a_year_with_clock_changes_opens_at_eight_local(zone):
    hours = message_hours(Place(zone), working_days=False)
    instant = utc("2026-01-01T00:00")
    for _number in range(365):
        opening = hours.next_day(instant)
        assert opening.astimezone(hours.zone).strftime("%H:%M") == "08:00"
        assert hours.local_day(opening) == hours.local_day(instant) + timedelta(days=1)
        instant = opening


def test_opening_hour_that_the_clock_skips_begins_when_the_change_ends():
    hours = message_hours(Place("Europe/Berlin"), 2.5, 6, False)
    assert hours.next_instant(utc("2026-03-29T00:00")) == utc("2026-03-29T01:30")
    assert hours.contains(utc("2026-03-29T01:30"))


@pytest.mark.parametrize(
    ("start", "end"), [(18, 8), (8, 8), (-1, 30), (None, None), (float("nan"), 5), (1e99, 1e99)]
)
def test_hours_that_leave_no_time_are_replaced_by_the_usual_ones(start, end):
    hours = message_hours(BERLIN, start, end)
    assert hours.next_instant(utc("2026-03-02T00:00")) == utc("2026-03-02T07:00")


@pytest.mark.parametrize("year", [1, 1989, 2149, 2300, 9999])
def test_absurd_years_are_answered(year):
    hours = message_hours(BERLIN)
    instant = datetime(year, 12, 31, 23, 59)
    for answer in (hours.next_instant, hours.previous_instant, hours.next_day):
        assert answer(instant).tzinfo is timezone.utc


def test_customer_without_place_lives_where_the_company_is():
    company = Place("Europe/Berlin", "DE", "BY")
    assert Place().or_else(company) == company
    assert Place("Mars/Base", "", "CA").or_else(company) == company
    assert Place("", "EG").or_else(company) == Place("Europe/Berlin", "EG", "")
    assert Place("Africa/Cairo", "").or_else(company) == Place("Africa/Cairo", "DE", "BY")
    assert Place(None, None, None).or_else(Place()) == Place()
