# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Instants, and lists whose places the rooms fill."""

from datetime import date, datetime, timedelta, timezone

import pytest

from revenue_recovery.tools.instants import (
    LATEST,
    aware,
    find_zone,
    from_seconds,
    local_day,
    naive,
    to_seconds,
)
from revenue_recovery.tools.places import Places

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def test_a_naive_instant_is_one_in_utc():
    assert aware(NOON.replace(tzinfo=None)) == NOON
    assert naive(NOON) == NOON.replace(tzinfo=None)


def test_an_instant_of_another_zone_is_brought_to_utc():
    paris = NOON.astimezone(find_zone("Europe/Paris"))
    assert naive(paris) == NOON.replace(tzinfo=None)


@pytest.mark.parametrize("instant", [datetime.min, datetime.max])
def test_instants_at_the_end_of_time_are_brought_into_it(instant):
    assert aware(instant) < LATEST


def test_the_local_day_is_another_one_where_it_is_another_one():
    late = datetime(2026, 3, 1, 23, 30)
    assert local_day(late, "UTC") == date(2026, 3, 1)
    assert local_day(late, "Europe/Paris") == date(2026, 3, 2)
    assert local_day(late, "Nowhere/Land") == date(2026, 3, 1)


def test_seconds_are_read_as_they_were_written():
    assert from_seconds(to_seconds(NOON)) == NOON
    assert from_seconds(to_seconds(NOON + timedelta(milliseconds=900))) == NOON
    assert to_seconds(None) == 0
    assert from_seconds(0) is None


def test_places_keep_their_order_whoever_fills_them_first():
    places = Places("first", "second", "third")
    places.fill("third", 3)
    places.fill("first", 1)
    assert list(places) == [1, 3]
    assert places.names == ("first", "second", "third")


def test_a_place_is_filled_once_and_only_where_there_is_one():
    places = Places("first")
    places.fill("first", 1)
    with pytest.raises(KeyError):
        places.fill("first", 2)
    with pytest.raises(KeyError):
        places.fill("nowhere", 1)
