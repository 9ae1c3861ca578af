# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The whole calendar that a case would live through, for a look before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from ..timing.days import Place
from ..timing.decision import Sentence
from ..tools.instants import aware
from .facts import CaseFacts, FailedAttempt, MethodExpiry, PlannedAttempt
from .holds import STANDARD, Rules
from .hours import message_hours
from .live import Lived, live
from .step import Step


@dataclass(frozen=True)
class Example:
    """A made-up case for the preview: its charges fail alike until it is paid, if it is.

    :param failed_at: aware instant of the first failure; None for an invoice that only falls due
    :param attempts: all later charges, each as it would be planned
    :param decline_class: of every failure, as :attr:`reason`
    :param paid_at: aware instant of the payment; an attempt at that instant is what pays
    """

    failed_at: datetime | None
    attempts: tuple[PlannedAttempt, ...] = ()
    decline_class: str = "later"
    reason: str = "insufficient_funds"
    amount: float = 0.0
    due: date | None = None
    has_method: bool = True
    is_one_off: bool = False
    expiries: tuple[MethodExpiry, ...] = ()
    paid_at: datetime | None = None

    def facts_at(self, now: datetime) -> CaseFacts:
        """Return the case as it stands at an aware instant. One attempt is planned at a time."""
        now = aware(now)
        paid_at = aware(self.paid_at) if self.paid_at else None
        facts = CaseFacts(
            "example",
            amount=self.amount,
            due=self.due,
            has_method=self.has_method,
            is_one_off=self.is_one_off,
            expiries=self.expiries,
            paid_at=paid_at if paid_at and paid_at <= now else None,
        )
        if not self.failed_at or aware(self.failed_at) > now:
            return facts
        tries = sorted(self.attempts, key=lambda attempt: aware(attempt.at))
        tries = [attempt for attempt in tries if not paid_at or aware(attempt.at) <= paid_at]
        past = [attempt for attempt in tries if aware(attempt.at) <= now]
        coming = tuple(attempt for attempt in tries if aware(attempt.at) > now)[:1]
        failed = [PlannedAttempt("first", self.failed_at)]
        failed += [attempt for attempt in past if not paid_at or aware(attempt.at) != paid_at]
        used_up = bool(self.attempts) and not coming and not paid_at
        if self.decline_class == "merchant":
            return replace(facts, waiting=True)
        return replace(
            facts,
            failures=tuple(
                FailedAttempt(attempt.key, attempt.at, self.reason, self.decline_class)
                for attempt in failed
            ),
            attempts=coming if not facts.paid_at else (),
            exhausted_at=aware(failed[-1].at) if used_up else None,
        )

    @property
    def events(self) -> list[datetime]:
        """The aware instants at which something happens to the case."""
        events = [attempt.at for attempt in self.attempts]
        events += [at for at in (self.failed_at, self.paid_at) if at]
        if not self.failed_at and self.due:
            events.append(message_hours(Place()).opening(self.due))
        return events


@dataclass(frozen=True)
class Line:
    """One line of the calendar.

    :ivar at: aware UTC instant
    :ivar kind: ``failure``, ``attempt``, ``paid`` or ``notice``
    :ivar lived: of a notice
    """

    at: datetime
    kind: str
    sentence: Sentence
    lived: Lived | None = None


_KINDS = {
    "failure": Sentence("first_charge_fails"),
    "attempt": Sentence("another_attempt"),
    "paid": Sentence("invoice_paid"),
}


def preview(
    example: Example,
    steps: Sequence[Step],
    customer: Place,
    company: Place,
    rules: Rules = STANDARD,
) -> tuple[Line, ...]:
    """Return everything that would happen to the example, in its order: charges and notices.

    A notice that is not for the example is a line as well, with the reason, at the instant at which
    it would have been due.
    """
    lived = live(
        lambda now: [example.facts_at(now)], example.events, steps, customer, company, rules
    )
    lines = [Line(line.at, "notice", line.sentence, line) for line in lived]
    charges = [(attempt.at, "attempt") for attempt in example.attempts]
    charges.append((example.failed_at, "failure"))
    paid_at = aware(example.paid_at) if example.paid_at else None
    for at, kind in charges:
        if at and (paid_at is None or aware(at) <= paid_at):
            lines.append(Line(aware(at), kind, _KINDS[kind]))
    if paid_at:
        lines.append(Line(paid_at, "paid", _KINDS["paid"]))
    ranks = {"failure": 0, "attempt": 0, "paid": 1, "notice": 2}
    return tuple(sorted(lines, key=lambda line: (line.at, ranks[line.kind])))
