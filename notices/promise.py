# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The days a customer may promise to pay on, and those on which a method's end is announced."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from ..timing.days import Place
from ..timing.decision import Sentence
from ..tools.instants import aware, find_zone
from .facts import plain_day, within

_DAY = timedelta(days=1)
# Days before the end of a card on which its customer is told.
EXPIRY_DAYS = (30, 7)


@dataclass(frozen=True)
class PromiseBounds:
    """The first and the last local day that may be promised."""

    first: date
    last: date

    def check_day(self, day: date) -> Sentence | None:
        """Return why a day can't be promised, with what to do instead, or None when it can."""
        values = {"first": self.first, "last": self.last}
        if self.first <= day <= self.last:
            return None
        return Sentence("choose_day", values)


def promise_bounds(
    now: datetime, customer: Place, most_days: int = 14, deadline: datetime | None = None
) -> PromiseBounds | None:
    """Return which days may be promised: from tomorrow on, in the customer's time zone.

    :param most_days: the policy's longest wait, in local days from today
    :param deadline: aware instant after which the case ends; a promise lies before it
    :return: None when no day is left
    """
    zone = find_zone(customer.tz or "")
    today = aware(now).astimezone(zone).date()
    last = today + timedelta(days=int(within(most_days, 0, 366, 0)))
    if deadline:
        last = min(last, aware(deadline).astimezone(zone).date())
    return PromiseBounds(today + _DAY, last) if last > today else None


def promise_end(day: date, customer: Place) -> datetime:
    """Return the UTC instant at which a promised local day is over: charges and notices go on."""
    midnight = datetime.combine(plain_day(day) + _DAY, time(), find_zone(customer.tz or ""))
    return midnight.astimezone(timezone.utc)


def card_expiry(year: int, month: int) -> date | None:
    """Return the last day on which a card is valid: the last of the month printed on it.

    :param year: with or without its century
    :return: None for what is no month
    """
    try:
        year, month = int(year), int(month)
        year += 2000 if 0 <= year < 100 else 0
        return date(year, month, monthrange(year, month)[1])
    except (OverflowError, TypeError, ValueError):
        return None


def expiry_notice_days(end: date, days: tuple[int, ...] = EXPIRY_DAYS) -> tuple[date, ...]:
    """Return the days on which the end of a method is announced, before days off move them."""
    return tuple(plain_day(end) - timedelta(days=max(number, 0)) for number in days)
