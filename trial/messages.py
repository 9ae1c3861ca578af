# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What customers and the team hear of a case that a policy is played on."""

from collections.abc import Hashable
from datetime import datetime
from typing import NamedTuple

from ..notices import Example, PlannedAttempt, preview
from .person import Person, Terms
from .walk import Walk

_DAY = 86400.0


class Heard(NamedTuple):
    """One notice.

    :ivar step: key of its step
    :ivar day: whole days after the first failure
    :ivar reaches_customer: whether it is for the customer
    :ivar is_moved: whether hours, or a day off, put it off
    """

    step: Hashable
    day: int
    reaches_customer: bool
    is_moved: bool


def listen(
    person: Person, terms: Terms, walk: Walk, paid_at: datetime | None, days: int
) -> list[Heard]:
    """Return the notices of a case within so many days.

    :param paid_at: when it is paid in this life, if it is
    """
    if not terms.steps:
        return []
    first = person.case.failures[0]
    attempts = [PlannedAttempt(number, at) for number, at in enumerate(walk.instants, 1)]
    example = Example(
        first.at,
        tuple(each for each in attempts if paid_at is None or each.at <= paid_at),
        decline_class=first.decline_class,
        reason=first.reason,
        amount=person.amount,
        due=person.due,
        has_method=person.has_method,
        paid_at=paid_at,
    )
    steps = [step for step in terms.steps if step.key not in person.barred]
    lines = preview(example, steps, person.place, terms.company, terms.rules)
    found: list[Heard] = []
    for line in lines:
        day = int((line.at - first.at).total_seconds() // _DAY)
        if line.lived and line.lived.act == "send" and 0 <= day <= days:
            notice = line.lived.notice
            step = notice.step
            found.append(Heard(step.key, day, step.reaches_customer, bool(notice.moved)))
    return found
