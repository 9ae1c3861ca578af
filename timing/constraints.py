# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What forbids or delays a charge, as one composable set: each with the sentence that explains it.

A constraint answers one question: from this instant on, when is the first one it allows? The set
asks all of them until they agree, so the order in which they are added never matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from typing import Protocol

from .calendar import ChargeHours
from .decision import Sentence

_DAY = timedelta(days=1)
# Constraints that go on for ever are a stop, not a delay.
_HORIZON = timedelta(days=800)


class Constraint(Protocol):
    """Anything that can hold a charge back.

    :ivar kind: a short name for the record, as ``ceiling`` or ``promise``
    :ivar sentence: for people; shown when this is what binds
    """

    kind: str
    sentence: Sentence

    def first_allowed(self, instant: datetime) -> datetime | None:
        """Return the first allowed UTC instant that is not before this one; None for never."""


@dataclass(frozen=True)
class NotBefore:
    """No charge before an instant: an advice to wait, a promise, a ceiling, a cool-down.

    :param at: aware instant
    """

    kind: str
    at: datetime
    sentence: Sentence

    def first_allowed(self, instant: datetime) -> datetime | None:
        return max(instant, self.at)


@dataclass(frozen=True)
class NotBetween:
    """No charge from one aware instant up to, not including, another: an outage, a holiday."""

    kind: str
    since: datetime
    until: datetime
    sentence: Sentence

    def first_allowed(self, instant: datetime) -> datetime | None:
        return self.until if self.since <= instant < self.until else instant


@dataclass(frozen=True)
class Never:
    """No charge at all: a network's rule that does not end."""

    kind: str
    sentence: Sentence

    def first_allowed(self, instant: datetime) -> datetime | None:
        return None


@dataclass(frozen=True)
class AtMost:
    """At most :attr:`limit` charges in any :attr:`window`: a ceiling while it is not yet reached.

    :param sent: aware instants of the charges that count
    """

    kind: str
    sent: tuple[datetime, ...]
    limit: int
    window: timedelta
    sentence: Sentence

    def first_allowed(self, instant: datetime) -> datetime | None:
        if self.limit < 1:
            return None
        sent = sorted(at for at in self.sent if at <= instant)
        if len(sent) < self.limit:
            return instant
        return max(instant, sent[-self.limit] + self.window)


@dataclass(frozen=True)
class AllowedHours:
    """The charge hours of the customer's day, and the weekdays when only some are allowed."""

    hours: ChargeHours
    weekdays: frozenset[int] = frozenset()
    kind: str = "hours"
    sentence: Sentence = Sentence("hours_only")

    def first_allowed(self, instant: datetime) -> datetime | None:
        for _attempt in range(30):
            instant = self.hours.next_instant(instant)
            local = instant.astimezone(self.hours.tz)
            if not self.weekdays or local.weekday() in self.weekdays:
                return instant
            # Midnight is not skipped by the change that a zone makes there: the hour after it is
            # found by `next_instant`.
            midnight = datetime.combine(local.date() + _DAY, time(), self.hours.tz)
            instant = max(midnight.astimezone(timezone.utc), instant + timedelta(minutes=1))
        return None


@dataclass(frozen=True)
class AllowedInstants:
    """All constraints of a case, and the end of its window.

    :param end: aware instant after which nothing is charged
    """

    constraints: Sequence[Constraint]
    end: datetime

    def first(self, instant: datetime) -> tuple[datetime | None, Constraint | None]:
        """Return the first allowed UTC instant not before this one, and what delayed it most.

        No instant is returned when the window ends before; then the constraint is the one that
        holds the charge back beyond it, or None when the window alone is over.
        """
        asked = instant = instant.astimezone(timezone.utc)
        binding, longest = None, timedelta()
        for _round in range(100):
            before = instant
            for constraint in self.constraints:
                allowed = constraint.first_allowed(instant)
                if allowed is None or allowed - asked > _HORIZON:
                    return None, constraint
                if allowed - instant > longest:
                    binding, longest = constraint, allowed - instant
                instant = max(instant, allowed)
            if instant > self.end:
                return None, binding
            if instant == before:
                return instant, binding
        return None, binding

    def allows(self, instant: datetime) -> bool:
        """Return whether a charge may go out at exactly this aware instant."""
        return instant <= self.end and all(
            constraint.first_allowed(instant) == instant for constraint in self.constraints
        )
