# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The steps of a policy as plain values: what each waits for, for whom it is, what it does."""

from collections.abc import Hashable
from dataclasses import dataclass

from ..timing.decision import Sentence
from .hours import END, START

# What a step counts from, and which notices of one customer share a message.
TOPICS = {
    "first_failure": "invoice",
    "each_failure": "invoice",
    "before_attempt": "invoice",
    "before_due": "invoice",
    "after_due": "invoice",
    "exhausted": "invoice",
    "method_expires": "method",
    "recovered": "recovered",
}
TRIGGERS = tuple(TOPICS)
BEFORE = frozenset(("before_attempt", "before_due", "method_expires"))
ACTIONS = ("email", "sms", "letter", "activity", "server_action")
_INTERNAL = frozenset(("activity", "server_action"))
# One message a day and customer, on each of these.
MESSAGES = frozenset(("email", "sms"))


@dataclass(frozen=True)
class Conditions:
    """For which failures and amounts a step is; what is empty or None does not matter.

    :param decline_classes: as in `declines`
    :param reasons: ids of reasons of `declines`
    :param amount_min: of what is owed, in the company's currency; the bounds are included
    :param attempt_min: number of the failed charge, the first failure is 1
    """

    decline_classes: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    amount_min: float | None = None
    amount_max: float | None = None
    attempt_min: int | None = None
    attempt_max: int | None = None

    def find_unmet(
        self, decline_class: str, reason: str, number: int, amount: float
    ) -> Sentence | None:
        """Return why a step is not for a case, or None when it is.

        :param number: of the failed charge, 0 when none failed
        """
        if self.decline_classes and decline_class not in self.decline_classes:
            return Sentence("for_other_classes")
        if self.reasons and reason not in self.reasons:
            return Sentence("for_other_reasons")
        if _is_outside(amount, self.amount_min, self.amount_max):
            return Sentence("for_other_amounts")
        if _is_outside(number, self.attempt_min, self.attempt_max):
            return Sentence("for_other_attempts")
        return None


def _is_outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


@dataclass(frozen=True)
class Step:
    """One dunning step of a policy.

    :param key: stable name of the step: the record's id
    :param trigger: one of :data:`TRIGGERS`; a step with another one never has a notice
    :param days: local days after the trigger, or before it where the trigger says *before*
    :param hours: hours in addition
    :param action: one of :data:`ACTIONS`
    :param sequence: of two steps due at the same instant the higher one is the later
    :param is_final: names a consequence and its date: it is held for one day at most, never for
        other steps, and never given up for one
    :param start: local hour from which its messages go out; to :attr:`end`, not included
    :param working_days: only on working days
    """

    key: Hashable
    trigger: str = "first_failure"
    days: int = 0
    hours: float = 0.0
    action: str = "email"
    sequence: int = 10
    conditions: Conditions = Conditions()
    is_final: bool = False
    start: float = START
    end: float = END
    working_days: bool = True

    @property
    def is_dated(self) -> bool:
        """Whether it announces a date and is useless after it."""
        return self.trigger in BEFORE

    @property
    def reaches_customer(self) -> bool:
        return self.action not in _INTERNAL

    @property
    def topic(self) -> str:
        return TOPICS.get(self.trigger, "")
