# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How many requests a provider takes, and for how long it is left alone when it has too many."""

from datetime import date, datetime, timedelta, timezone

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from revenue_recovery.declines.limits import (
    FIRST_WAIT,
    LONGEST_OWN_WAIT,
    LONGEST_WAIT,
    BackOff,
    choose_wait,
    find_limit,
    read_back_off,
    read_retry_after,
)
from revenue_recovery.declines.taxonomy import DATA

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)


def answer(status, retry_after=None):
    response = requests.Response()
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = retry_after
    return requests.exceptions.HTTPError(response=response)


def test_documented_limits_are_those_of_the_mode():
    assert find_limit("stripe").rate == 100
    assert find_limit("stripe", is_test=True).rate == 25
    assert find_limit("xendit").rate == 10
    assert find_limit("xendit", is_test=True).rate == 1


@pytest.mark.parametrize("provider", ["adyen", "authorize", "flutterwave", "razorpay", "demo", ""])
def test_where_no_number_is_documented_none_is_invented(provider):
    assert find_limit(provider) is find_limit(provider, is_test=True) is None


def test_every_limit_says_where_it_comes_from():
    rows = (DATA / "limits.csv").read_text().splitlines()[1:]
    for row in rows:
        provider, mode = row.split(",")[:2]
        limit = find_limit(provider, is_test=mode == "test")
        assert limit.source
        assert date.fromisoformat(limit.date) > date(2025, 1, 1)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("30", 30 * SECOND),
        (" 120 ", 120 * SECOND),
        ("Mon, 02 Mar 2026 12:01:30 GMT", 90 * SECOND),
        ("Monday, 02-Mar-26 12:00:10 GMT", 10 * SECOND),
        ("Mon Mar  2 12:00:05 2026", 5 * SECOND),
        ("Mon, 02 Mar 2026 13:00:00 +0100", None),
        ("Mon, 02 Mar 2026 11:59:00 GMT", None),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("", None),
        (None, None),
        ("99999999999999999999", LONGEST_WAIT),
        ("Mon, 02 Mar 2099 12:00:00 GMT", LONGEST_WAIT),
    ],
)
def test_header_asks_for_seconds_or_for_a_date(value, wait):
    assert read_retry_after(value, NOW) == wait


@given(st.text(max_size=40))
def test_no_header_makes_reading_fail(text):
    wait = read_retry_after(text, NOW)
    assert wait is None or timedelta(0) < wait <= LONGEST_WAIT


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (answer(429), BackOff(429, None)),
        (answer(429, "7"), BackOff(429, 7 * SECOND)),
        (answer(503, "7"), BackOff(503, 7 * SECOND)),
        (answer(503), None),
        (answer(500, "7"), None),
        (answer(402), None),
        (requests.exceptions.ConnectTimeout(), None),
        (ValueError("?"), None),
        (None, None),
    ],
)
def test_only_too_many_requests_and_an_outage_with_a_date_limit(error, told):
    assert read_back_off(error, NOW) == told


def test_limit_is_found_behind_the_exceptions_that_it_led_to():
    try:
        try:
            raise answer(429, "9")
        except requests.exceptions.HTTPError:
            raise ValueError("as Odoo's addons tell it")  # noqa: B904
    except ValueError as error:
        other = RuntimeError("unclear")
        other.__cause__ = error
        assert read_back_off(other, NOW) == BackOff(429, 9 * SECOND)


def test_circle_of_causes_ends():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert read_back_off(first, NOW) is None


def test_provider_is_left_alone_for_as_long_as_it_asks():
    assert choose_wait(7 * SECOND, LONGEST_OWN_WAIT, NOW, NOW) == 7 * SECOND
    assert choose_wait(timedelta(milliseconds=1200), None, None, NOW) == 2 * SECOND
    assert choose_wait(timedelta(days=3), None, None, NOW) == LONGEST_WAIT


def test_without_its_word_the_wait_doubles_until_it_helps():
    wait, ended, waits = None, None, []
    for _turn in range(15):
        wait = choose_wait(None, wait, ended, NOW)
        ended = NOW
        waits.append(wait)
    assert waits[:3] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert waits[-1] == LONGEST_OWN_WAIT
    assert choose_wait(None, wait, NOW - wait - SECOND, NOW) == FIRST_WAIT
