# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Time zones of countries."""

import pytest
import pytz

from revenue_recovery.tools.instants import find_zone
from revenue_recovery.tools.zones import _FURTHER, _MAIN, _OUTLYING, _STATES, zone_of, zones_of


@pytest.mark.parametrize(
    ("country", "state", "near", "zone"),
    [
        ("FR", "", "", "Europe/Paris"),
        ("jp", "", "", "Asia/Tokyo"),
        ("US", "CA", "", "America/Los_Angeles"),
        ("US", "NY", "America/Chicago", "America/New_York"),
        ("US", "", "America/Chicago", "America/Chicago"),
        ("US", "", "Europe/Paris", "America/New_York"),
        ("DE", "", "", "Europe/Berlin"),
        ("", "", "Europe/Paris", ""),
        ("XX", "", "", ""),
    ],
)
def test_zone_is_that_of_the_place(country, state, near, zone):
    assert zone_of(country, state, near) == zone


def test_every_zone_that_is_named_is_one_of_its_country():
    named = [(country, zone) for country, zone in _MAIN.items()]
    named += [(country, zone) for country, zones in _STATES.items() for zone in zones]
    named += [(country, zone) for country, zones in _FURTHER.items() for zone in zones]
    for country, zone in named:
        assert zone in pytz.country_timezones[country], zone


def test_every_country_of_several_zones_names_its_main_one_or_has_islands_only():
    for country, zones in pytz.country_timezones.items():
        assert find_zone(zone_of(country)).key in zones


def test_zones_that_somebody_may_live_in():
    assert set(zones_of("US")) >= {"America/New_York", "America/Chicago", "America/Los_Angeles"}
    assert not _OUTLYING & set(zones_of("US"))
    assert zones_of("US", "CA") == ("America/Los_Angeles",)
    assert zones_of("DE") == ("Europe/Berlin",)
    assert zones_of("", "") == zones_of("XX") == ()
