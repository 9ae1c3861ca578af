# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Bank accounts: money that comes in on pay days, is spent every day, and may cover a charge.

Amounts are integers in the currency's minor unit (cents). Instants are aware `datetime` objects in
any zone; days, pay days and spending hours are those of the account's own time zone. There is no
wall clock here: an account lives only as far as it is advanced.
"""

from __future__ import annotations

import calendar
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

# Salaries are booked in the night's clearing, before anybody spends; spending is booked as one sum
# in the evening. Both hours are local.
PAY_HOUR = time(6)
SPENDING_HOUR = time(18)
# A Friday, from which fortnights are counted.
FORTNIGHT_ANCHOR = date(2024, 1, 5)


@dataclass(frozen=True)
class PayHabit:
    """When and how much somebody is paid.

    Either `days` of the month (31 means the last day of any month; a day that falls on a weekend
    is paid on the Friday before) or a `weekday` (Monday is 0) every `every_weeks` weeks.

    :param amount: minor units per pay day, not negative
    :raises ValueError: when neither or both of `days` and `weekday` are given, or out of range
    """

    amount: int
    days: tuple[int, ...] = ()
    weekday: int | None = None
    every_weeks: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "days", tuple(self.days))
        if bool(self.days) == (self.weekday is not None):
            raise ValueError("A pay habit has either days of the month or a weekday.")
        if self.amount < 0 or self.every_weeks < 1:
            raise ValueError("Pay cannot be negative, and comes at most once a week.")
        if any(not 1 <= day <= 31 for day in self.days) or self.weekday not in {None, *range(7)}:
            raise ValueError("Days of the month are 1 to 31, weekdays 0 (Monday) to 6.")

    def pays_on(self, day: date) -> bool:
        """Return whether money arrives on that local day."""
        if self.weekday is not None:
            weeks = (day - FORTNIGHT_ANCHOR).days // 7
            return day.weekday() == self.weekday and weeks % self.every_weeks == 0
        if day.weekday() > 4:
            return False
        weekend = (1, 2) if day.weekday() == 4 else ()
        return any(self._is_nominal(day + timedelta(ahead)) for ahead in (0, *weekend))

    def _is_nominal(self, day: date) -> bool:
        last = calendar.monthrange(day.year, day.month)[1]
        return any(min(nominal, last) == day.day for nominal in self.days)


@dataclass
class Account:
    """A bank account that never goes below zero.

    At any instant `opening + received - spent - charged + refunded == balance`, whatever the steps
    in which the account was advanced.

    :param opening: minor units on the account at `opened`
    :param opened: aware instant at which the account starts to live
    :param pay: the income, or None
    :param daily_spending: mean minor units spent each day; what is not there is not spent
    :param spending_spread: 0 to 1, half the width of the day's spending relative to its mean
    :param time_zone: IANA name
    :param seed: makes the spending of each day reproducible
    :raises ValueError: for a negative amount, a naive instant or an unknown time zone
    """

    opening: int
    opened: datetime
    pay: PayHabit | None = None
    daily_spending: int = 0
    spending_spread: float = 0.0
    time_zone: str = "UTC"
    seed: int = 0
    received: int = field(default=0, init=False)
    spent: int = field(default=0, init=False)
    charged: int = field(default=0, init=False)
    refunded: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.opening < 0 or self.daily_spending < 0 or not 0 <= self.spending_spread <= 1:
            raise ValueError("Amounts cannot be negative, and the spread is between 0 and 1.")
        if self.opened.tzinfo is None:
            raise ValueError("The opening instant of an account must have a time zone.")
        try:
            self._zone = ZoneInfo(self.time_zone)
        except (KeyError, OSError, ValueError) as error:
            raise ValueError(f"There is no time zone {self.time_zone!r}.") from error
        self._now = self.opened.astimezone(timezone.utc)

    @classmethod
    def from_dict(cls, values: dict[str, Any], now: datetime) -> Account:
        """Build an account from JSON values; `opened` (ISO 8601) is `now` when it is missing.

        :raises ValueError: when a value is out of range
        :raises TypeError: when a name is unknown
        """
        values = dict(values)
        opened = values.pop("opened", None)
        pay = values.pop("pay", None)
        return cls(
            opened=datetime.fromisoformat(opened) if opened else now,
            pay=PayHabit(**pay) if pay else None,
            **values,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON values from which `from_dict` builds the same account, as it opened."""
        names = ("opening", "daily_spending", "spending_spread", "time_zone", "seed")
        values = {name: getattr(self, name) for name in names}
        pay = asdict(self.pay) if self.pay else None
        return {**values, "opened": self.opened.isoformat(), "pay": pay}

    @property
    def balance(self) -> int:
        """Minor units on the account at the instant to which it was last advanced."""
        return self.opening + self.received - self.spent - self.charged + self.refunded

    def advance(self, instant: datetime) -> None:
        """Live until `instant`, included. An instant in the account's past changes nothing."""
        until = instant.astimezone(timezone.utc)
        if until <= self._now:
            return
        for kind, day in self._triggers(self._now, until):
            if kind == "pay":
                self.received += self.pay.amount
            else:
                self.spent += min(self.balance, self._spending(day))
        self._now = until

    def debit(self, amount: int, instant: datetime) -> bool:
        """Take `amount` minor units if they are there, and return whether they were."""
        self.advance(instant)
        if amount > self.balance:
            return False
        self.charged += amount
        return True

    def credit(self, amount: int, instant: datetime) -> None:
        """Give `amount` minor units of an earlier debit back."""
        self.advance(instant)
        self.refunded += amount

    def days_to_pay(self, instant: datetime, limit: int = 31) -> int | None:
        """Return how many days from an instant's local day the next pay day is, or none so soon."""
        today = instant.astimezone(self._zone).date()
        days = range(1, limit + 1)
        return next(
            (ahead for ahead in days if self.pay and self.pay.pays_on(today + timedelta(ahead))),
            None,
        )

    def _triggers(self, after: datetime, until: datetime) -> Iterator[tuple[str, date]]:
        day = after.astimezone(self._zone).date()
        last = until.astimezone(self._zone).date()
        while day <= last:
            if self.pay and self.pay.pays_on(day):
                yield from self._if_between(after, until, day, PAY_HOUR, "pay")
            if self.daily_spending:
                yield from self._if_between(after, until, day, SPENDING_HOUR, "spending")
            day += timedelta(days=1)

    def _if_between(
        self, after: datetime, until: datetime, day: date, hour: time, kind: str
    ) -> Iterator[tuple[str, date]]:
        at = datetime.combine(day, hour, self._zone).astimezone(timezone.utc)
        if after < at <= until:
            yield kind, day

    def _spending(self, day: date) -> int:
        # Drawn from the day, not from a running generator: the same days cost the same whether
        # the account was asked once or a hundred times in between.
        draw = random.Random(f"{self.seed}/{day.toordinal()}").uniform(-1, 1)
        return round(self.daily_spending * (1 + self.spending_spread * draw))
