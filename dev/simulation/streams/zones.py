# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Local days as numbers, so that thousands of cases in many time zones are looked up at once.

A day is the number of days since `ORIGIN`, in the payer's own time zone. Instants are seconds
since 1970 (UTC, float64). Tables hold each zone's local noon: daylight saving changes in the small
hours, so counting from noon is exact for every hour from 4 to 24 of every day.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

ORIGIN = date(2024, 5, 1)
DAYS = 1700  # to the end of 2028
HOUR = 3600.0
DAY = 24 * HOUR


def day_number(day: date) -> int:
    """Return the number of a calendar day."""
    return (day - ORIGIN).days


@cache
def calendar_days() -> tuple[date, ...]:
    """Return all days of the tables."""
    return tuple(ORIGIN + timedelta(days=number) for number in range(DAYS))


@cache
def noons(zone: str) -> np.ndarray:
    """Return the instant of local noon of each day (seconds)."""
    tz = ZoneInfo(zone)
    return np.array(
        [datetime.combine(day, time(12), tz).timestamp() for day in calendar_days()], np.float64
    )


class Zones:
    """The time zones of a set of cases, addressed by number.

    :param names: IANA names
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.noons = np.stack([noons(name) for name in names])

    def instant(self, zone: np.ndarray, day: np.ndarray, hour: np.ndarray | float) -> np.ndarray:
        """Return the instants (seconds) of local hours, exact from 4 o'clock on."""
        return self.noons[zone, day] + (np.asarray(hour) - 12.0) * HOUR

    def local(self, zone: np.ndarray, instant: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the local day numbers and hours of the day (0 to 24) of instants (seconds)."""
        base = self.noons[zone, 0]
        # Off by one at most around midnight and after a clock change; put right below.
        day = np.clip(((instant - base + DAY / 2) // DAY).astype(np.int64), 0, DAYS - 1)
        hour = 12.0 + (instant - self.noons[zone, day]) / HOUR
        day = np.clip(day + (hour >= 24) - (hour < 0), 0, DAYS - 1)
        return day, 12.0 + (instant - self.noons[zone, day]) / HOUR


def to_datetime(instant: float) -> datetime:
    """Return an aware UTC datetime of seconds since 1970."""
    return datetime.fromtimestamp(float(instant), timezone.utc)
