# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The cases that a policy is tried on, and the policy, as plain values. Instants are aware, UTC."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import blake2b

from ..declines.taxonomy import PASSING_CLASSES
from ..notices import Rules, Step
from ..timing.case import Case, Failure, RetryPolicy
from ..timing.days import Place
from ..timing.plan.ladder import Ladder

# So many are played; the others are like them.
MOST = 5000


@dataclass(frozen=True)
class Recorded:
    """A charge of the method that really was made, after the first failure.

    :ivar failure: what was answered, none where it paid
    """

    at: datetime
    failure: Failure | None = None


@dataclass(frozen=True)
class Person:
    """A case to play.

    :ivar key: names it, the same whenever it is read
    :ivar case: as it stood right after its first failure; its policy does not matter
    :ivar amount: that failed, in the company's currency
    :ivar minor: the same in the smallest unit of the case's currency, as networks count it
    :ivar has_method: whether there was a saved method to charge
    :ivar charges: made of that method, oldest first
    :ivar own_at: when it was paid without being charged, if it was: online, by transfer, after the
        method was replaced
    :ivar seen_until: up to when it was seen whether it would be
    :ivar barred: keys of the steps whose conditions its invoice does not fulfil
    """

    key: str
    case: Case
    amount: float
    seen_until: datetime
    minor: int = 0
    has_method: bool = True
    charges: tuple[Recorded, ...] = ()
    own_at: datetime | None = None
    due: date | None = None
    place: Place = Place()
    barred: frozenset = frozenset()

    @property
    def opened(self) -> datetime:
        """The instant of the first failure."""
        return self.case.failures[0].at

    @property
    def is_charged(self) -> bool:
        """Whether a policy can do anything by charging the method again."""
        return self.has_method and self.case.failures[0].decline_class in PASSING_CLASSES


@dataclass(frozen=True)
class Terms:
    """A policy.

    :ivar ladder: tries and window; none where nothing is charged
    :ivar is_smart: whether the smart schedule times its charges
    :ivar start: local hour from which charges are allowed, up to :attr:`end`
    :ivar cost: of a charge, in the unit of the amounts
    :ivar company: where the company is
    """

    ladder: Ladder | None
    is_smart: bool = False
    start: float = 8.0
    end: float = 20.0
    cost: float = 0.0
    pull_only: bool = False
    steps: tuple[Step, ...] = ()
    rules: Rules = Rules()
    company: Place = Place()

    @property
    def window(self) -> float:
        """Days in which charges lie."""
        return self.ladder.window if self.ladder else 0.0

    def to_policy(self) -> RetryPolicy:
        """Return the terms as the timing engine reads them."""
        ladder = self.ladder
        return RetryPolicy(
            tries=ladder.tries,
            window=ladder.window,
            waits=ladder.waits,
            start=self.start,
            end=self.end,
            attempt_cost=self.cost,
            pull_only=self.pull_only,
        )


def choose(persons: Sequence[Person], most: int = MOST) -> list[Person]:
    """Return some of them, drawn by a hash of their keys: always the same ones."""
    if len(persons) <= most:
        return list(persons)
    return sorted(persons, key=lambda person: _hash(person.key))[:most]


def simulate(persons: Sequence[Person], count: int, seed: int = 0) -> list[Person]:
    """Return customers drawn from a database's cases: who they are is theirs, not what they do.

    Drawn with their instant, amount, method and decline; no charge of theirs is known, and neither
    is whether they pay by themselves.
    """
    rng = random.Random(f"people {seed}")
    drawn = rng.choices(persons, k=count)
    return [
        replace(person, key=f"{number}", charges=(), own_at=None, seen_until=person.opened)
        for number, person in enumerate(drawn)
    ]


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()
