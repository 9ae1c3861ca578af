# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Which hours of the customer's day a charge may go out in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

_FEWEST_HOURS = 4.0


@dataclass(frozen=True)
class ChargeHours:
    """The local hours in which charges are allowed, from ``start`` up to, not including, ``end``.

    :param start: hour of the day, 0 to 24, fractions allowed (8.5 is half past eight)
    :param end: hour of the day, after ``start``, at most 24
    :param tz: the customer's time zone
    :raise ValueError: when the hours leave no time of the day
    """

    start: float
    end: float
    tz: ZoneInfo

    def __post_init__(self) -> None:
        if not (0 <= self.start < self.end <= 24 and self._minutes):
            raise ValueError(
                f"Charge hours from {self.start} to {self.end} leave no time to charge."
            )

    @property
    def _minutes(self) -> range:
        """The allowed minutes of the day: whole ones, so that no fraction decides a comparison."""
        return range(round(self.start * 60), round(self.end * 60))

    def nearest_hour(self, hour: float) -> float:
        """Return the allowed hour of the day that is nearest to this one."""
        minutes = self._minutes
        return min(max(round(hour * 60), minutes[0]), minutes[-1]) / 60

    def local_instant(self, day: date, hour: float) -> datetime:
        """Return the UTC instant of a local hour of a local day.

        An hour that daylight saving skips is read with the offset before the change, and the
        first of two equal hours is taken, as Python's ``fold=0`` defines both.
        """
        minutes = round(hour * 60)
        # Arithmetic of an aware datetime follows the clock on the wall.
        local = datetime.combine(day, time(), self.tz) + timedelta(minutes=minutes)
        return local.astimezone(timezone.utc)

    def contains(self, instant: datetime) -> bool:
        """Return whether a charge may go out at this aware instant."""
        local = instant.astimezone(self.tz)
        return local.hour * 60 + local.minute in self._minutes

    def within(self, zones: Sequence[ZoneInfo], instant: datetime) -> "ChargeHours":
        """Return those of the hours that are allowed in each of several time zones.

        For customers of whom nobody knows in which of them they live. Where hardly any hour is
        allowed in all of them, the hours stay as they are: the zone is the likeliest.

        :param instant: aware; the zones' offsets then count
        """

        def offset(zone: ZoneInfo) -> float:
            return (instant.astimezone(zone).utcoffset() or timedelta()) / timedelta(hours=1)

        ahead = [offset(self.tz) - offset(zone) for zone in zones] or [0.0]
        start, end = self.start + max(*ahead, 0.0), self.end + min(*ahead, 0.0)
        if end - start < min(_FEWEST_HOURS, self.end - self.start):
            return self
        return replace(self, start=start, end=end)

    def next_instant(self, instant: datetime) -> datetime:
        """Return the first allowed UTC instant that is not before this aware instant.

        Where a clock change skips or repeats the opening hour, that day may be left out.
        """
        if self.contains(instant):
            return instant.astimezone(timezone.utc)
        day = instant.astimezone(self.tz).date()
        while True:
            opening = self.local_instant(day, self.start)
            if opening >= instant and self.contains(opening):
                return opening
            day += timedelta(days=1)
