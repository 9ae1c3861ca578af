# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The calendar of an example, promises, the ends of cards, and the speed of all of it."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from time import process_time

import pytest

from revenue_recovery.notices import (
    CaseFacts,
    Example,
    FailedAttempt,
    MethodExpiry,
    Place,
    PlannedAttempt,
    Step,
    card_expiry,
    coordinate,
    expiry_notice_days,
    find_due,
    plan_notices,
    preview,
    promise_bounds,
    promise_end,
)
from revenue_recovery.tools.instants import aware

BERLIN = Place("Europe/Berlin", "DE")
DAY = timedelta(days=1)


def utc(text):
    return aware(datetime.fromisoformat(text))


MONDAY = utc("2026-03-02T09:00")  # 10:00 in Berlin
STEPS = (
    Step("failed", "first_failure", hours=1, sequence=1),
    Step("reminder", "first_failure", days=4, sequence=2),
    Step("call", "each_failure", action="activity", sequence=3),
    Step("final", "exhausted", days=1, is_final=True, sequence=4),
    Step("thanks", "recovered", sequence=5),
)
EXAMPLE = Example(
    MONDAY,
    tuple(PlannedAttempt(n, MONDAY + 3 * n * DAY, 0.1 * n) for n in range(1, 4)),
    amount=50.0,
)


def tell(example, steps=STEPS):
    """Return the lines as (local day, what happens)."""
    return [
        (line.at.date().isoformat(), f"{line.lived.act} {line.lived.notice.key.step}")
        if line.lived
        else (line.at.date().isoformat(), line.kind)
        for line in preview(example, steps, BERLIN, BERLIN)
    ]


def test_example_lives_through_its_whole_calendar():
    assert tell(EXAMPLE) == [
        ("2026-03-02", "failure"),
        ("2026-03-02", "send call"),
        ("2026-03-02", "send failed"),
        ("2026-03-05", "attempt"),
        ("2026-03-05", "send call"),
        ("2026-03-06", "send reminder"),
        ("2026-03-08", "attempt"),
        ("2026-03-09", "send call"),
        ("2026-03-11", "attempt"),
        ("2026-03-11", "send call"),
        ("2026-03-12", "send final"),
    ]


def test_payment_ends_the_example_with_thanks():
    lines = tell(replace(EXAMPLE, paid_at=MONDAY + 3 * DAY))
    assert lines[-3:] == [
        ("2026-03-05", "paid"),
        ("2026-03-05", "send thanks"),
        ("2026-03-06", "skip reminder"),
    ]
    assert lines.count(("2026-03-05", "attempt")) == 1
    assert ("2026-03-08", "attempt") not in lines


def test_example_shows_what_a_notice_waits_for():
    example = replace(EXAMPLE, attempts=(PlannedAttempt(1, MONDAY + DAY, 0.8),))
    lines = preview(example, STEPS[:1], BERLIN, BERLIN)
    (lived,) = [line.lived for line in lines if line.lived]
    assert lived.at == MONDAY + DAY + timedelta(hours=1)
    assert str(lived.held[0]) == (
        "A charge at 2026-03-03 10:00:00+01:00 will probably succeed (80 %)."
    )


def test_example_of_an_invoice_without_a_saved_method():
    steps = (
        Step("before", "before_due", days=7),
        Step("due", "after_due"),
        Step("after", "after_due", days=10),
    )
    example = Example(None, due=date(2026, 3, 11), has_method=False)
    assert tell(example, steps) == [
        ("2026-03-04", "send before"),
        ("2026-03-11", "send due"),
        ("2026-03-23", "send after"),
    ]


def test_customer_of_an_example_hears_nothing_of_the_companys_own_fault():
    example = replace(EXAMPLE, attempts=(), decline_class="merchant")
    assert tell(example) == [("2026-03-02", "failure")]


def test_example_of_a_card_that_expires():
    steps = [Step(days, "method_expires", days=days) for days in (30, 7)]
    example = replace(EXAMPLE, attempts=(), expiries=(MethodExpiry("t", card_expiry(26, 4)),))
    assert tell(example, steps)[1:] == [("2026-03-31", "send 30"), ("2026-04-23", "send 7")]


@pytest.mark.parametrize("example", [Example(None), Example(MONDAY), Example(datetime.max)])
def test_empty_examples_have_short_calendars(example):
    assert len(preview(example, STEPS, Place(), Place())) <= 4


@pytest.mark.parametrize(
    ("now", "days", "deadline", "expected"),
    [
        ("2026-03-02T09:00", 14, None, ("2026-03-03", "2026-03-16")),
        ("2026-03-02T23:30", 14, None, ("2026-03-04", "2026-03-17")),  # Tuesday in Berlin
        ("2026-03-02T09:00", 14, "2026-03-05T12:00", ("2026-03-03", "2026-03-05")),
        ("2026-03-02T09:00", 14, "2026-03-02T12:00", None),
        ("2026-03-02T09:00", 0, None, None),
        ("2026-03-02T09:00", -5, None, None),
        ("2026-03-02T09:00", 10**9, None, ("2026-03-03", "2027-03-03")),
    ],
)
def test_promise_lies_between_tomorrow_and_the_policys_last_day(now, days, deadline, expected):
    bounds = promise_bounds(utc(now), BERLIN, days, utc(deadline) if deadline else None)
    if expected is None:
        assert bounds is None
        return
    first, last = map(date.fromisoformat, expected)
    assert (bounds.first, bounds.last) == (first, last)
    assert bounds.check_day(first) is bounds.check_day(last) is None
    assert expected[0] in str(bounds.check_day(first - DAY))
    assert bounds.check_day(last + DAY)


def test_promise_is_over_when_the_customers_day_is():
    assert promise_end(date(2026, 3, 28), BERLIN) == utc("2026-03-28T23:00")
    assert promise_end(date(2026, 3, 29), BERLIN) == utc("2026-03-29T22:00")
    assert promise_end(date.max, Place()).tzinfo is timezone.utc


@pytest.mark.parametrize(
    ("year", "month", "end"),
    [
        (2028, 2, date(2028, 2, 29)),
        (27, 12, date(2027, 12, 31)),
        ("26", "04", date(2026, 4, 30)),
        (2026, 13, None),
        (None, None, None),
        ("", "x", None),
        (10**6, 1, None),
    ],
)
def test_card_is_valid_to_the_last_day_of_its_month(year, month, end):
    assert card_expiry(year, month) == end


def test_end_of_a_card_is_announced_thirty_and_seven_days_before():
    assert expiry_notice_days(date(2026, 4, 30)) == (date(2026, 3, 31), date(2026, 4, 23))


def measure_slowness():
    """Return how often longer plain work takes now than on the machine of the goal, at least 1."""
    start, total = process_time(), 0
    for number in range(3_000_000):
        total += number % 7
    return max((process_time() - start) / 0.2, 1.0)


def coordinate_ten_thousand():
    """Plan and coordinate 10,000 due notices of 4,000 customers; return the processor seconds."""
    steps = (Step("failed"), Step("two", "first_failure", days=2), Step("final", "exhausted"))
    places = [BERLIN, Place("America/New_York", "US"), Place("Africa/Cairo", "EG"), Place()]
    now = utc("2026-03-03T14:00")
    start, due, messages = process_time(), 0, 0
    for customer in range(4000):
        place = places[customer % 4]
        cases = [
            CaseFacts(
                f"{customer}/{number}",
                failures=(FailedAttempt(1, now - DAY),),
                attempts=(PlannedAttempt(2, now + 3 * DAY, 0.4),),
            )
            for number in range(2 + customer % 2)
        ]
        notices = [n for case in cases for n in plan_notices(case, steps, place, BERLIN)]
        ready = find_due(notices, set(), now)
        outcome = coordinate(ready, cases, (), now, place, BERLIN)
        due += len(ready)
        messages += len(outcome.messages)
    taken = process_time() - start
    assert due == 10000
    assert messages == 4000
    return taken


def test_ten_thousand_due_notices_of_four_thousand_customers_take_less_than_two_seconds():
    # Two seconds of the machine of the goal; what else is at work makes all turns slower.
    taken = []
    while len(taken) < 4 and (not taken or taken[-1] >= 2):
        slowness = measure_slowness()
        taken.append(coordinate_ten_thousand() / slowness)
    assert min(taken) < 2, taken
