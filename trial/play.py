# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Plays policies over cases, one after the other, so that somebody can watch and cancel."""

import math
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from ..timing.ceiling import Rule
from ..timing.model.model import Model
from .messages import listen
from .odds import find_hazards, find_retried
from .person import Person, Terms, choose, simulate
from .result import Played, Side, find_own_shares, sum_up
from .walk import walk


class Play:
    """Policies on trial.

    :param persons: the cases of the period
    :param terms: the policy on trial first, then the one beside it, if there is one
    :param rules: of card networks and bank schemes
    :param count: so many customers like those of the cases are played instead of the cases
    """

    def __init__(
        self,
        persons: Sequence[Person],
        terms: Sequence[Terms],
        model: Model,
        rules: Sequence[Rule] = (),
        count: int = 0,
    ) -> None:
        self.terms, self.model, self.rules = terms, model, rules
        self.count = count or len(persons)
        self.real = choose(persons)
        self.is_own = not count
        self.persons = choose(simulate(self.real, count)) if count else self.real
        self.days = max([math.ceil(each.window) for each in terms] + [1])
        self.sides = [Side() for _each in terms]
        self.retried: list[list] = []
        # Of all cases, as it is cheap: how many are paid by themselves.
        self.own = find_own_shares(persons, self.days)

    def go(self) -> Iterator[float]:
        """Play one case after the other; yield the share that is done."""
        total = len(self.persons) + (0 if self.is_own else len(self.real))
        if not self.is_own:
            for number, person in enumerate(self.real, 1):
                self.retried.append(find_retried(person, self.model))
                yield number / total
        done = total - len(self.persons)
        for number, person in enumerate(self.persons, done + 1):
            if self.is_own:
                self.retried.append(find_retried(person, self.model))
            for side, terms in zip(self.sides, self.terms, strict=True):
                self._play(person, terms, side)
            yield number / total

    def sum_up(self) -> dict[str, Any]:
        """Return what is told of those who were played so far, as plain JSON values."""
        persons = self.persons[: len(self.sides[0].paths)]
        played = Played(persons, self.retried, self.is_own, self.own, self.days)
        return sum_up(played, self.sides, self.count)

    def _play(self, person, terms, side):
        walked = walk(person, terms, self.model, self.rules, random.Random(f"walk {person.key}"))
        hazards = find_hazards(person, walked, self.model)
        side.hazards.append(hazards)
        side.paths.append(walked.instants)
        rng = random.Random(f"life {person.key}")
        paid_at = self._draw_payment(person, walked, hazards, rng)
        side.met.update(walked.count_rules(paid_at))
        heard = listen(person, terms, walked, paid_at, self.days)
        side.heard.append(heard)
        side.met["message_hours", ""] += sum(one.is_moved for one in heard)

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
