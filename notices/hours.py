# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""When messages go out: hours of the local day, on working days of the country."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from ..timing.calendar import ChargeHours
from ..timing.days import Place, is_working_day
from ..tools.instants import aware, find_zone

START, END = 8.0, 18.0
_DAY = timedelta(days=1)
# No country rests longer. A calendar that says so is wrong, and no reason never to write.
_MOST_DAYS_OFF = 40


@dataclass(frozen=True)
class MessageHours:
    """The local hours in which messages go out. Made by :func:`message_hours`.

    Every instant taken may be of any zone, a naive one counts as UTC; every one returned is UTC.
    """

    hours: ChargeHours
    place: Place
    working_days: bool = True

    @property
    def zone(self) -> ZoneInfo:
        return self.hours.tz

    def local_day(self, instant: datetime) -> date:
        """Return the day it is at the place."""
        return aware(instant).astimezone(self.zone).date()

    def localise(self, instant: datetime) -> datetime:
        """Return an instant for a sentence: by the customer's clock, to the minute."""
        return aware(instant).astimezone(self.zone).replace(second=0, microsecond=0)

    def opening(self, day: date) -> datetime:
        """Return the instant at which the hours of a local day open, worked or not."""
        return self.hours.local_instant(day, self.hours.start)

    def contains(self, instant: datetime) -> bool:
        """Return whether a message may go out at this instant."""
        instant = aware(instant)
        return self.hours.contains(instant) and self._is_open(self.local_day(instant))

    def next_instant(self, instant: datetime) -> datetime:
        """Return the first instant of message hours that is not before this one.

        Opening hours that a clock change skips begin when it ends; where they are skipped or
        repeated as a whole, that day may be left out.
        """
        instant = aware(instant)
        if self.contains(instant):
            return instant
        day = self.local_day(instant)
        for _number in range(_MOST_DAYS_OFF):
            if self._is_open(day):
                opening = max(self.opening(day), instant)
                if self.hours.contains(opening):
                    return opening
            day += _DAY
        return self.hours.next_instant(instant)

    def previous_instant(self, instant: datetime) -> datetime:
        """Return an instant of message hours at or before this one, for what must not be late.

        After hours it is the last minute of the day; on a day off and before hours it is the
        working day before, at the same clock time or the nearest that is allowed.
        """
        instant = aware(instant)
        if self.contains(instant):
            return instant
        local = instant.astimezone(self.zone)
        day, hour = local.date(), local.hour + local.minute / 60
        for _number in range(_MOST_DAYS_OFF):
            if self._is_open(day):
                candidate = self.hours.local_instant(day, self.hours.nearest_hour(hour))
                if candidate <= instant and self.hours.contains(candidate):
                    return candidate
            day -= _DAY
        return self.next_instant(instant)

    def next_day(self, instant: datetime) -> datetime:
        """Return the first instant of message hours on a later local day than this instant's."""
        return self.next_instant(self.hours.local_instant(self.local_day(instant) + _DAY, 0))

    def _is_open(self, day: date) -> bool:
        return not self.working_days or is_working_day(day, self.place)


@lru_cache(maxsize=4096)
def message_hours(
    place: Place, start: float = START, end: float = END, working_days: bool = True
) -> MessageHours:
    """Return the message hours of a place.

    Hours that leave no time of the day are replaced by 08:00 to 18:00: no message at all would be
    worse, and one at night too.

    :param start: local hour of the day, 0 to 24, fractions allowed
    :param end: hour up to which messages go out, itself not included
    :param working_days: only on days worked at the place
    """
    zone = find_zone(place.tz or "")
    try:
        hours = ChargeHours(start, end, zone)
    except (OverflowError, TypeError, ValueError):
        hours = ChargeHours(START, END, zone)
    return MessageHours(hours, place, bool(working_days))


def shift_days(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the same clock time some local days later: 23 or 25 hours across a clock change."""
    if not days:
        return instant
    # Arithmetic of an aware datetime follows the clock on the wall of its own zone.
    return (instant.astimezone(zone) + timedelta(days=days)).astimezone(timezone.utc)
