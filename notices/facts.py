# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is known of a case when its notices are planned. Frozen values; nothing here decides.

As in :mod:`timing.case` nothing is refused: a planner that raises leaves a customer unaware.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

from ..timing.plan.backoff import WAITS
from ..tools.instants import EARLIEST, LATEST, aware


@dataclass(frozen=True)
class FailedAttempt:
    """One charge that failed.

    :param key: stable name of it: the attempt's id
    :param at: aware instant
    :param reason: id of a reason of `declines`
    :param decline_class: one of the classes of `declines`, but for `merchant`: the customer hears
        nothing of the company's own faults
    """

    key: Hashable
    at: datetime
    reason: str = "unknown"
    decline_class: str = "later"


@dataclass(frozen=True)
class PlannedAttempt:
    """One charge that is planned.

    :param key: stable name of it: the attempt's id
    :param at: aware instant
    :param probability: that it succeeds, 0 to 1; None when it is not known
    """

    key: Hashable
    at: datetime
    probability: float | None = None


@dataclass(frozen=True)
class MethodExpiry:
    """The end of a saved payment method.

    :param key: stable name of the method: the token's id
    :param day: the last local day on which it is valid: of a card, the last of the month
    """

    key: Hashable
    day: date


@dataclass(frozen=True)
class CaseFacts:
    """A case as it stands; also an invoice or a method that has not failed and may need a notice.

    Instants are aware; a naive one counts as UTC.

    :param key: stable name of the case: the record's id
    :param life: how often it was opened: a payment that is taken back begins another life, with
        notices of its own
    :param amount: owed now, in the company's currency
    :param failures: every failed charge of this life, in any order
    :param attempts: every planned charge
    :param due: the invoice's due date
    :param has_method: whether a saved method is charged; then its due date is no one's concern
    :param is_one_off: an invoice that is reminded of although a method is saved
    :param expiries: of the methods that this case, or this customer, is charged from
    :param exhausted_at: instant at which the last retry was used up
    :param paid_at: instant at which nothing was owed any more
    :param lost: the end action has run
    :param cancelled: the invoice was cancelled or credited
    :param promise: the local day until which the customer promised to pay
    :param paused: by a person, or because the invoice is blocked; with :attr:`paused_until` for a
        time that is known
    :param waiting: for the company, which has to mend its own set-up before anything is asked of
        the customer
    :param excluded: from messages to the customer
    :param excluded_until: the day on which that is over; none until somebody ends it
    :param once: one message reaches the customer at most, that of the first failure
    :param told: they had one, in this life
    :param beginning: what the first failure is told apart by, where a case has several: when it is
        paid in parts, each of which may fail
    :param barred_steps: keys of steps whose conditions on the invoice it does not fulfil
    """

    key: Hashable
    life: int = 1
    amount: float = 0.0
    failures: tuple[FailedAttempt, ...] = ()
    attempts: tuple[PlannedAttempt, ...] = ()
    due: date | None = None
    has_method: bool = True
    is_one_off: bool = False
    expiries: tuple[MethodExpiry, ...] = ()
    exhausted_at: datetime | None = None
    paid_at: datetime | None = None
    lost: bool = False
    cancelled: bool = False
    promise: date | None = None
    paused: bool = False
    paused_until: datetime | None = None
    waiting: bool = False
    barred_steps: frozenset = frozenset()
    excluded: bool = False
    excluded_until: date | None = None
    once: bool = False
    told: bool = False
    beginning: str = ""

    @cached_property
    def heard(self) -> tuple["Heard", ...]:
        """The failures in their order, each once, numbered, silent ones marked."""
        seen: dict[Hashable, FailedAttempt] = {}
        for failure in sorted(self.failures, key=_by_time):
            seen.setdefault(failure.key, failure)
        result, run = [], 0
        for number, failure in enumerate(seen.values(), 1):
            technical = failure.decline_class == "technical"
            run = run + 1 if technical else 0
            silent = technical and run <= len(WAITS)
            # What the quick back-off could not mend is a failure as any other.
            decline_class = "later" if technical and not silent else failure.decline_class
            result.append(
                Heard(replace(failure, at=aware(failure.at)), number, decline_class, silent)
            )
        return tuple(result)

    @property
    def is_over(self) -> bool:
        """Whether nothing is asked of the customer any more."""
        return bool(self.paid_at or self.lost or self.cancelled)

    @property
    def next_attempt(self) -> PlannedAttempt | None:
        """The planned charge that comes next; one that is late is about to go out."""
        return min(self.attempts, key=_by_time, default=None)


@dataclass(frozen=True)
class Heard:
    """A failure in its place among the others.

    :ivar number: the first failure is 1
    :ivar silent: technical trouble that the quick back-off still tries to mend: the customer hears
        nothing
    """

    failure: FailedAttempt
    number: int
    decline_class: str
    silent: bool


def _by_time(thing: FailedAttempt | PlannedAttempt) -> tuple[datetime, str]:
    return aware(thing.at), str(thing.key)


def plain_day(day: date) -> date:
    """Return a day without a clock time, within the years that can be reckoned with."""
    year = min(max(day.year, EARLIEST.year + 1), LATEST.year - 2)
    return date(day.year, day.month, day.day) if year == day.year else date(year, 1, 2)


def within(value: float | None, low: float, high: float, otherwise: float) -> float:
    """Return a number brought into its range, or another where there is none."""
    if value is None or math.isnan(value):
        return otherwise
    return float(min(max(value, low), high))
