# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Plays policies over one case, which no other case has a part in."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from ..timing.arrays import np
from ..timing.ceiling import Rule
from ..timing.model.model import Model
from .messages import Heard, listen
from .odds import Hazards, find_hazards, find_retried
from .person import Person, Terms
from .walk import walk


class Task(NamedTuple):
    """What is to be done about a case.

    :ivar is_real: whether the odds are held against its real charges
    :ivar is_played: whether the policies are played over it
    """

    person: Person
    is_real: bool
    is_played: bool


class Life(NamedTuple):
    """A case under one policy.

    :ivar instants: of its charges
    :ivar met: kinds and names of the rules that held something back, counted
    """

    hazards: Hazards
    instants: tuple[datetime, ...]
    met: Counter
    heard: list[Heard]


class Found(NamedTuple):
    """What came of a task.

    :ivar retried: chance, outcome and day of each real charge, where that was asked
    :ivar lives: by policy, where it was played
    """

    retried: list[tuple[float, bool, float]] | None
    lives: tuple[Life, ...]


@dataclass(frozen=True)
class Player:
    """Policies, and what is needed to play them over any case.

    :ivar rules: of card networks and bank schemes
    :ivar own: share of cases that are paid without being charged within so many days, by day
    :ivar days: that are looked at
    """

    terms: Sequence[Terms]
    model: Model
    rules: Sequence[Rule]
    own: np.ndarray
    days: int

    def work(self, task: Task) -> Found:
        """Do a task; the same comes of it in whatever order, and whichever process does it."""
        person = task.person
        retried = find_retried(person, self.model) if task.is_real else None
        policies = self.terms if task.is_played else ()
        return Found(retried, tuple(self._play(person, terms) for terms in policies))

    def _play(self, person, terms):
        walked = walk(person, terms, self.model, self.rules, random.Random(f"walk {person.key}"))
        hazards = find_hazards(person, walked, self.model)
        rng = random.Random(f"life {person.key}")
        paid_at = self._draw_payment(person, walked, hazards, rng)
        met = walked.count_rules(paid_at)
        heard = listen(person, terms, walked, paid_at, self.days)
        met["message_hours", ""] += sum(one.is_moved for one in heard)
        return Life(hazards, walked.instants, met, heard)

    def _draw_payment(self, person, walked, hazards, rng):
        """Return when a person pays in one life of the case, for what they would hear."""
        own = person.own_at or self._draw_own(person, rng)
        chances = hazards.chance.tolist()
        for at, chance in zip(walked.instants, chances, strict=True):
            if own and own <= at:
                break
            if rng.random() < chance:
                return at
        end = person.opened + timedelta(days=self.days)
        return own if own and own <= end else None

    def _draw_own(self, person, rng):
        """Return when somebody pays by themselves of whom it was not seen, if they do."""
        end = next((one.at for one in person.charges if one.failure is None), person.seen_until)
        seen = min(max((end - person.opened).days, 0), self.days)
        left = 1 - self.own
        draw = rng.random() * left[seen]
        later = [day for day in range(seen, self.days + 1) if left[day] < draw]
        return person.opened + timedelta(days=later[0]) if later else None
