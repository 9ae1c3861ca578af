# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""When a charge is planned: charge hours, fixed retry schedules and quick technical retries."""

import json
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from revenue_recovery.timing import (
    ChargeHours,
    Decision,
    Ladder,
    Sentence,
    Stop,
    plan_ladder,
    plan_technical_retry,
)
from revenue_recovery.tools.instants import aware

UTC = ZoneInfo("UTC")
PARIS = ZoneInfo("Europe/Paris")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # Its clock changes by half an hour.
KOLKATA = ZoneInfo("Asia/Kolkata")  # Half an hour off.
KATHMANDU = ZoneInfo("Asia/Kathmandu")  # Three quarters of an hour off.
ZONES = [UTC, PARIS, NEW_YORK, LORD_HOWE, KOLKATA, KATHMANDU, ZoneInfo("Pacific/Kiritimati")]

OFFICE = ChargeHours(8, 20, PARIS)
ANY_TIME = ChargeHours(0, 24, PARIS)

minutes_of_day = st.integers(0, 24 * 60)
instants = st.datetimes(
    min_value=datetime(2025, 1, 1), max_value=datetime(2028, 1, 1), timezones=st.just(UTC)
)


@st.composite
def charge_hours(draw):
    start, end = sorted(draw(st.tuples(minutes_of_day, minutes_of_day)))
    assume(start < end)
    return ChargeHours(start / 60, end / 60, draw(st.sampled_from(ZONES)))


@st.composite
def even_ladders(draw):
    window = draw(st.integers(1, 62))
    return Ladder(draw(st.integers(1, min(30, window * 24))), window)


@st.composite
def own_ladders(draw):
    waits = tuple(draw(st.lists(st.integers(1, 24 * 10), min_size=1, max_size=10)))
    room = draw(st.integers(0, 10))
    return Ladder(len(waits), -(-sum(waits) // 24) + room, waits)


ladders = even_ladders() | own_ladders()


def utc(text):
    return aware(datetime.fromisoformat(text))


def plan(ladder, *, first="2026-03-02 12:00", last=None, sent=0, used=0, now=None, hours=OFFICE):
    """Plan with times given as text in UTC."""
    return plan_ladder(
        ladder,
        first_failure=utc(first),
        last_failure=utc(last or first),
        sent=sent,
        rungs_used=used,
        now=utc(now or last or first),
        hours=hours,
    )


def play(ladder, first, hours, delay=timedelta(0)):
    """Return the instants of a case whose charges all fail, each made `delay` after its time."""
    charged, last = [], first
    while True:
        decision = plan_ladder(
            ladder,
            first_failure=first,
            last_failure=last,
            sent=len(charged),
            rungs_used=len(charged),
            now=last,
            hours=hours,
        )
        if isinstance(decision, Stop):
            return charged
        charged.append(decision.at)
        last = decision.at + delay


# === CHARGE HOURS === #


@pytest.mark.parametrize(
    ("start", "end"),
    [(8, 8), (20, 8), (-1, 8), (8, 24.5), (24, 24), (float("nan"), 8), (10, 10.001)],
)
def test_hours_that_leave_no_time_of_the_day_are_refused(start, end):
    with pytest.raises(ValueError, match="no time to charge"):
        ChargeHours(start, end, UTC)


@pytest.mark.parametrize(
    ("local", "allowed"),
    [
        ("07:59:59.999999", False),
        ("08:00:00", True),
        ("19:59:59.999999", True),
        ("20:00:00", False),
    ],
)
def test_hours_begin_with_their_first_second_and_end_before_their_last(local, allowed):
    instant = datetime.fromisoformat(f"2026-06-01T{local}").replace(tzinfo=PARIS)
    assert OFFICE.contains(instant) is allowed


def test_the_last_half_hour_of_the_day_can_be_the_only_one():
    hours = ChargeHours(23.5, 24, PARIS)
    assert hours.next_instant(utc("2026-01-10 12:00")) == utc("2026-01-10 22:30")
    assert hours.contains(utc("2026-01-10 22:59:59"))
    assert not hours.contains(utc("2026-01-10 23:00"))


@pytest.mark.parametrize("start", [8.34, 8.333, 8 + 7 / 60, 0.1])
def test_hours_that_no_minute_matches_exactly_still_open_every_day(start):
    hours = ChargeHours(start, start + 0.25, UTC)
    opening = hours.next_instant(utc("2026-01-10 12:50"))
    assert hours.contains(opening)
    assert opening.date() == date(2026, 1, 11)


@pytest.mark.parametrize(
    ("zone", "day", "before", "after"),
    [
        (PARIS, date(2026, 3, 29), "07:00", "06:00"),
        (PARIS, date(2026, 10, 25), "06:00", "07:00"),
        (NEW_YORK, date(2026, 3, 8), "13:00", "12:00"),
        (NEW_YORK, date(2026, 11, 1), "12:00", "13:00"),
    ],
)
def test_eight_o_clock_stays_eight_o_clock_when_the_clock_changes(zone, day, before, after):
    hours = ChargeHours(8, 20, zone)
    openings = [hours.local_instant(day + timedelta(days=days), 8) for days in (-1, 0)]
    assert [f"{opening:%H:%M}" for opening in openings] == [before, after]


def test_lord_howe_changes_its_clock_by_half_an_hour():
    hours = ChargeHours(8, 20, LORD_HOWE)
    assert hours.local_instant(date(2026, 4, 4), 8) == utc("2026-04-03 21:00")
    assert hours.local_instant(date(2026, 4, 5), 8) == utc("2026-04-04 21:30")


def test_hours_that_a_clock_change_skips_open_on_the_next_day():
    hours = ChargeHours(2, 3, PARIS)  # There is no such hour on 29 March 2026.
    assert hours.next_instant(utc("2026-03-28 12:00")) == utc("2026-03-30 00:00")


def test_hours_that_a_clock_change_repeats_are_open_both_times():
    hours = ChargeHours(2, 3, PARIS)
    assert hours.contains(utc("2026-10-25 00:30"))
    assert hours.contains(utc("2026-10-25 01:30"))


def test_zones_off_by_half_an_hour_open_by_their_own_clock():
    noon = utc("2026-01-10 12:00")
    assert ChargeHours(18, 19, KOLKATA).next_instant(noon) == utc("2026-01-10 12:30")
    assert ChargeHours(18, 19, KATHMANDU).next_instant(noon) == utc("2026-01-10 12:15")


@given(hours=charge_hours(), instant=instants)
@example(hours=ChargeHours(2, 2.5, LORD_HOWE), instant=utc("2026-10-03 12:00"))
@example(hours=ChargeHours(2, 3, PARIS), instant=utc("2026-03-29 00:59"))
def test_next_instant_is_allowed_soon_and_not_before_the_asked_one(hours, instant):
    found = hours.next_instant(instant)
    assert found.tzinfo is timezone.utc
    assert hours.contains(found)
    assert instant <= found <= instant + timedelta(days=2, hours=1)


@given(hours=charge_hours(), instant=instants)
def test_next_instant_is_the_first_allowed_one(hours, instant):
    offsets = {hours.tz.utcoffset(instant + timedelta(days=days)) for days in (-2, 0, 2)}
    assume(len(offsets) == 1)
    found = hours.next_instant(instant)
    minute = instant
    while minute < found:
        assert not hours.contains(minute)
        minute += timedelta(minutes=7)
    assert found == instant or not hours.contains(found - timedelta(microseconds=1))


# === LADDERS === #


@pytest.mark.parametrize(
    "values",
    [
        (0, 14),
        (-1, 14),
        (8, 0),
        (8, -3),
        (25, 1),
        (2, 14, (24, 0)),
        (2, 14, (24, -1)),
        (2, 3, (24, 72)),
        (3, 14, (24,)),
        (1, 14, (24, 24)),
    ],
)
def test_contradictory_ladder_is_refused(values):
    with pytest.raises(ValueError, match="ladder"):
        Ladder(*values)


def test_waits_may_fill_the_window_to_the_hour():
    assert Ladder(2, 4, (24, 72)).window == 4


@given(ladders)
def test_ladder_survives_being_stored_as_json(ladder):
    assert Ladder.from_dict(json.loads(json.dumps(ladder.to_dict()))) == ladder


def test_eight_tries_in_two_weeks_are_spread_evenly_at_ten_local():
    charged = play(Ladder(8, 14), utc("2026-03-02 12:00"), OFFICE)
    # The clock changes on the 29th, after the window; 10:00 in Paris is 9:00 UTC.
    assert [f"{at:%d %H:%M}" for at in charged] == [
        f"{day:02} 09:00" for day in (4, 6, 7, 9, 11, 13, 14, 16)
    ]


def test_even_ladder_stays_at_ten_local_across_a_clock_change():
    charged = play(Ladder(3, 3), utc("2026-03-27 12:00"), OFFICE)
    assert [f"{at:%d %H:%M}" for at in charged] == ["28 09:00", "29 08:00", "30 08:00"]


def test_even_ladder_keeps_to_hours_without_ten_o_clock():
    late = plan(Ladder(2, 4), hours=ChargeHours(23.5, 24, PARIS))
    early = plan(Ladder(2, 4), hours=ChargeHours(6, 7.5, PARIS))
    assert (late.at, early.at) == (utc("2026-03-04 22:30"), utc("2026-03-04 06:29"))


def test_even_ladder_with_more_tries_than_days_charges_once_a_day():
    charged = play(Ladder(20, 5), utc("2026-03-02 12:00"), OFFICE)
    assert [at.day for at in charged] == [3, 4, 5, 6, 7]


def test_last_even_try_moves_a_day_ahead_when_ten_o_clock_is_after_the_window():
    decision = plan(Ladder(1, 3), first="2026-03-02 06:00")
    assert decision.at == utc("2026-03-04 09:00")


def test_even_tries_that_were_missed_are_not_made_up_for():
    decision = plan(Ladder(8, 14), now="2026-03-10 12:00")
    assert decision.at == utc("2026-03-11 09:00")
    assert str(decision.sentence) == "Retry 5 of 8, spread evenly over 14 days."


def test_own_waits_count_from_the_latest_failure():
    ladder = Ladder(2, 14, (6, 72))
    assert plan(ladder, hours=ANY_TIME).at == utc("2026-03-02 18:00")
    second = plan(ladder, last="2026-03-02 19:30", sent=1, used=1, hours=ANY_TIME)
    assert second.at == utc("2026-03-05 19:30")


def test_own_wait_that_ends_at_night_waits_for_the_morning():
    assert plan(Ladder(1, 14, (9,))).at == utc("2026-03-03 07:00")


def test_own_wait_in_hours_counts_the_hours_that_pass_when_the_clock_changes():
    decision = plan(Ladder(1, 14, (24,)), first="2026-03-28 12:00", hours=ANY_TIME)
    assert decision.at == utc("2026-03-29 12:00")


def test_own_wait_that_is_over_by_now_charges_at_once():
    decision = plan(Ladder(1, 14, (24,)), now="2026-03-06 12:00")
    assert decision.at == utc("2026-03-06 12:00")


@pytest.mark.parametrize(
    ("ladder", "changes", "sentence"),
    [
        (Ladder(8, 14), {}, "Retry 1 of 8, spread evenly over 14 days."),
        (Ladder(1, 14, (48,)), {}, "Retry 1 of 1: 2 days after the last failure."),
        (Ladder(1, 14, (36,)), {}, "Retry 1 of 1: 36 hours after the last failure."),
        (Ladder(8, 14), {"sent": 8}, "All 8 tries have been made."),
        (Ladder(2, 14, (24, 24)), {"sent": 1, "used": 2}, "All 2 retries are used up."),
        (
            Ladder(8, 14),
            {"now": "2026-03-20 12:00"},
            "The window of 14 days for retries is over.",
        ),
        (
            Ladder(1, 14, (24,)),
            {"last": "2026-03-16 11:00"},
            "The window of 14 days for retries is over.",
        ),
    ],
)
def test_every_answer_of_a_ladder_explains_itself(ladder, changes, sentence):
    assert str(plan(ladder, **changes).sentence) == sentence


@given(
    ladder=even_ladders(),
    first=instants,
    hours=charge_hours(),
    failed_after=st.timedeltas(timedelta(0), timedelta(days=70)),
    waited=st.timedeltas(timedelta(0), timedelta(days=70)),
)
@example(
    ladder=Ladder(1, 1),
    first=utc("2026-03-28 00:30"),
    hours=ChargeHours(2, 3, PARIS),
    failed_after=timedelta(0),
    waited=timedelta(0),
)
def test_even_try_lies_in_the_window_in_the_hours_and_ahead(
    ladder, first, hours, failed_after, waited
):
    last = first + failed_after
    now = last + waited
    decision = plan_ladder(
        ladder,
        first_failure=first,
        last_failure=last,
        sent=0,
        rungs_used=0,
        now=now,
        hours=hours,
    )
    if isinstance(decision, Decision):
        assert now < decision.at <= first + timedelta(days=ladder.window)
        assert hours.contains(decision.at)
        if hours.start <= 10 < hours.end:
            assert f"{decision.at.astimezone(hours.tz):%H:%M:%S}" == "10:00:00"


@given(ladder=own_ladders(), first=instants, hours=charge_hours(), late=st.integers(0, 100))
def test_own_try_lies_in_the_window_in_the_hours_and_after_its_wait(ladder, first, hours, late):
    now = first + timedelta(hours=late)
    decision = plan_ladder(
        ladder,
        first_failure=first,
        last_failure=first,
        sent=0,
        rungs_used=0,
        now=now,
        hours=hours,
    )
    if isinstance(decision, Decision):
        assert max(now, first + timedelta(hours=ladder.waits[0])) <= decision.at
        assert decision.at <= first + timedelta(days=ladder.window)
        assert hours.contains(decision.at)


@given(
    ladder=ladders,
    first=instants,
    hours=charge_hours(),
    delay=st.timedeltas(timedelta(0), timedelta(hours=30)),
)
def test_a_case_that_always_fails_is_tried_at_most_as_often_as_the_ladder_says(
    ladder, first, hours, delay
):
    charged = play(ladder, first, hours, delay)
    assert len(charged) <= ladder.tries
    assert charged == sorted(set(charged))


@given(tries=st.integers(1, 30), extra=st.integers(0, 30), first=instants)
def test_even_ladder_makes_every_try_where_there_is_a_day_for_each(tries, extra, first):
    ladder = Ladder(tries, tries + 1 + extra)
    assert len(play(ladder, first, ChargeHours(0, 24, KOLKATA))) == tries


@given(ladder=ladders, first=instants, hours=charge_hours(), zone=st.sampled_from(ZONES))
@example(
    ladder=Ladder(1, 14, (24,)), first=utc("2026-03-28 12:00"), hours=ANY_TIME, zone=PARIS
).via("the clock changes in between")
def test_the_zone_in_which_an_instant_is_told_changes_nothing(ladder, first, hours, zone):
    assert play(ladder, first.astimezone(zone), hours) == play(ladder, first, hours)


# === TECHNICAL RETRIES === #


def test_technical_retries_back_off_quickly():
    failed = utc("2026-03-02 12:00")
    waits = [plan_technical_retry(count, failed).at - failed for count in (1, 2, 3, 4)]
    assert [wait.total_seconds() / 60 for wait in waits] == [10, 60, 360, 1440]


def test_technical_retries_end_after_the_last_wait():
    stop = plan_technical_retry(5, utc("2026-03-02 12:00"))
    assert isinstance(stop, Stop)
    assert str(stop.sentence) == "The provider could not be reached 5 times in a row."


def test_technical_retry_names_its_number():
    decision = plan_technical_retry(2, utc("2026-03-02 12:00"))
    assert decision.source == "technical"
    assert str(decision.sentence) == "The provider could not be reached; quick try 2 of 4."


def test_technical_retry_waits_real_hours_when_the_clock_changes():
    failed = datetime(2026, 3, 28, 12, tzinfo=PARIS)
    assert plan_technical_retry(4, failed).at == utc("2026-03-29 11:00")


# === SENTENCES === #


def test_sentence_puts_its_values_in_and_leaves_percent_signs_of_values_alone():
    sentence = Sentence("%(method)s costs %(rate)s", {"method": "5% card", "rate": "2%"})
    assert str(sentence) == "5% card costs 2%"
