# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Instants: aware and in UTC where things are decided, naive and in UTC in Odoo's fields.

Plain Python: no Odoo, no clock.
"""

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

# Years outside are no instants of payments, and Python can't convert all of them.
EARLIEST = datetime(1990, 1, 1, tzinfo=timezone.utc)
LATEST = datetime(2150, 1, 1, tzinfo=timezone.utc)
# By how much two hosts may disagree about the time: one five minutes ahead, one as much behind.
CLOCKS_APART = timedelta(minutes=10)


def aware(instant: datetime) -> datetime:
    """Return the instant in UTC, a naive one read as UTC, and within the years known here."""
    # Compared before it is converted: the first and last instants of Python can't be.
    if not EARLIEST.year <= instant.year < LATEST.year:
        year = min(max(instant.year, EARLIEST.year), LATEST.year - 1)
        return datetime(year, 1, 2, tzinfo=timezone.utc)
    if instant.tzinfo is None:
        return instant.replace(tzinfo=timezone.utc)
    # Most are in UTC already, and this is asked more often than anything else.
    return instant if instant.tzinfo is timezone.utc else instant.astimezone(timezone.utc)


def naive(instant: datetime) -> datetime:
    """Return the instant as Odoo's fields keep it: in UTC, without saying so."""
    return aware(instant).replace(tzinfo=None)


@lru_cache(maxsize=1024)
def find_zone(name: str) -> ZoneInfo:
    """Return the time zone of this name, UTC when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, TypeError, ValueError):
        return ZoneInfo("UTC")


def local_day(instant: datetime, zone: ZoneInfo | str) -> date:
    """Return the calendar day of an instant in a time zone."""
    if isinstance(zone, str):
        zone = find_zone(zone)
    return aware(instant).astimezone(zone).date()


def to_seconds(instant: datetime | None) -> int:
    """Return whole seconds since 1970, UTC; 0 for none. :func:`from_seconds` reads them."""
    return int(aware(instant).timestamp()) if instant else 0


def from_seconds(seconds: int | None) -> datetime | None:
    """Return the aware instant of whole seconds since 1970, UTC; none for 0."""
    return datetime.fromtimestamp(seconds, timezone.utc) if seconds else None


def to_iso(instant: datetime | None) -> str | None:
    """Return an instant as other programs read it, in UTC and to the second; none for none."""
    return f"{naive(instant).replace(microsecond=0).isoformat()}Z" if instant else None
