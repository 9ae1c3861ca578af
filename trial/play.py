# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Plays policies over many cases, so that somebody can watch and cancel."""

import logging
import math
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import Any

from ..timing.ceiling import Rule
from ..timing.model.model import Model
from .person import Person, Terms, choose, simulate
from .player import Found, Player, Task
from .processes import Lost, Processes
from .result import Played, Side, find_own_shares, sum_up

_logger = logging.getLogger(__name__)

# Fewer are played before another process has begun.
_FEWEST = 100


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
        self.count = count or len(persons)
        self.real = choose(persons)
        self.is_own = not count
        self.persons = choose(simulate(self.real, count)) if count else self.real
        days = max([math.ceil(each.window) for each in terms] + [1])
        self.sides = [Side() for _each in terms]
        self.retried: list[list] = []
        # Of all cases, as it is cheap: how many are paid by themselves.
        own = find_own_shares(persons, days)
        self.player = Player(tuple(terms), model, tuple(rules), own, days)

    @property
    def played(self) -> int:
        """How many were played so far."""
        return len(self.sides[0].paths)

    def go(self, processes: int = 1) -> Iterator[float]:
        """Play all cases; yield the share that is done, now and then.

        :param processes: that play at once; the result does not depend on it
        """
        tasks, done = self._list_tasks(), 0
        for some in self._work(tasks, processes):
            for found in some:
                self._keep(found)
            done += len(some)
            yield done / len(tasks)

    def sum_up(self) -> dict[str, Any]:
        """Return what is told of those who were played so far, as plain JSON values."""
        player = self.player
        played = Played(
            self.persons[: self.played], self.retried, self.is_own, player.own, player.days
        )
        return sum_up(played, self.sides, self.count)

    def _list_tasks(self):
        if self.is_own:
            return [Task(person, True, True) for person in self.real]
        # In turn, as there may not be time for all.
        played = (Task(person, False, True) for person in self.persons)
        real = (Task(person, True, False) for person in self.real)
        return list(filter(None, chain.from_iterable(zip_longest(played, real))))

    def _work(self, tasks, processes):
        """Yield what came of all tasks, some at a time, in their order."""
        done = 0
        if processes > 1 and len(tasks) >= _FEWEST:
            try:
                with Processes(self.player, processes) as running:
                    for some in running.work(tasks):
                        done += len(some)
                        yield some
            except Lost:
                _logger.info("A trial goes on in one process", exc_info=True)
        for task in tasks[done:]:
            yield [self.player.work(task)]

    def _keep(self, found: Found):
        if found.retried is not None:
            self.retried.append(found.retried)
        for side, life in zip(self.sides, found.lives, strict=False):
            side.hazards.append(life.hazards)
            side.paths.append(life.instants)
            side.met.update(life.met)
            side.heard.append(life.heard)
