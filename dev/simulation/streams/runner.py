# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Lets a strategy work on cases, one charge after the other, and keeps the score.

What holds for everybody is here: tries and window, hours for charges, quick repeats of technical
failures that use up no try, and the charge that follows at once when another method comes on file.
"""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from .cases import Cases
from .issuers import DEAD_CLASSES, IS_TECHNICAL, PAID
from .ladders import BACK_OFF, Outcomes, next_allowed
from .views import Desk, Strategy, View, tried
from .zones import DAY, HOUR

_ROUNDING = 1.0  # seconds; instants of views have microseconds, those of cases are floats
_LEARNING_SPAN = 6 * HOUR


@dataclass(frozen=True)
class Setting:
    """Tries and window of a policy.

    :param window: days
    """

    tries: int
    window: float

    def __str__(self) -> str:
        return f"{self.tries} in {self.window:g}"


@dataclass
class Log:
    """What is measured beside the outcomes.

    :param predictions: probability that was stated for a charge, and whether it was paid
    :param tries: of each of these charges the case and the number of the try, from 1;
        0 for quick repeats of technical failures, which are none
    :param seconds: time that single decisions took
    :param misses: decisions outside the hours, in the past, or against the network's advice
    """

    predictions: list[tuple[float, bool]] = field(default_factory=list)
    tries: list[tuple[int, int]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    misses: int = 0


class Player:
    """Plays cases with a strategy.

    :param strategy: asked and taught; its `probability`, if it has one, is what it states for the
        charge it has just decided on
    :param seed: of the strategy's generators, one per decision: cases do not disturb each other
    """

    def __init__(self, cases: Cases, strategy: Strategy, seed: int = 0, label: str = "") -> None:
        self.cases, self.strategy = cases, strategy
        self.desk = Desk(cases, label)
        self.seed = seed
        self.outcomes = Outcomes.empty(len(cases))
        self.log = Log()
        self.memory = cases.fresh_memory()
        self.own_payments = cases.own_payments()

    def rng(self, play: _Play) -> random.Random:
        """Return the generator of a decision: it depends on the case and on the charges so far."""
        return random.Random(hash((self.seed, play.case, len(play.view.tried))))

    def play(
        self,
        setting: Setting | Callable[[int], Setting],
        index: Iterable[int] | None = None,
        learn: bool = False,
        heard: Callable[[int], None] | None = None,
    ) -> Outcomes:
        """Play cases to their ends, and return the outcomes of all.

        A strategy that learns hears the answers in the order of their instants, within a few
        hours. One that doesn't is asked for all cases in turn, which is faster.

        :param setting: for all cases, or a function of the case's number
        :param learn: whether the strategy hears the answers
        :param heard: called with the number of charges so far, now and then
        """
        choose = setting if callable(setting) else lambda _case: setting
        cases = range(len(self.cases)) if index is None else index
        plays = [_Play(self, int(case), choose(int(case))) for case in cases]
        queue = [(play.planned, play.case, play) for play in plays]
        heapq.heapify(queue)
        span = _LEARNING_SPAN if learn else np.inf
        charges = 0
        while queue:
            until = queue[0][0] + span
            batch = []
            while queue and queue[0][0] <= until:
                batch.append(heapq.heappop(queue)[2])
            charges += len(batch)
            for play in self._go_on(batch, learn):
                heapq.heappush(queue, (play.planned, play.case, play))
            if heard:
                heard(charges)
        for play in plays:
            play.end_by_own_payment()
        return self.outcomes

    def _go_on(self, batch: list[_Play], learn: bool) -> list[_Play]:
        """Send the charges that are due, ask what is next, and return the cases that go on."""
        sent = [play for play in batch if play.view is not None]
        index = np.array([play.case for play in sent], int)
        at = np.array([play.planned for play in sent], float)
        codes, advice, self.memory[index] = self.cases.charge(index, at, self.memory[index])
        for play, code, advised in zip(sent, codes.tolist(), advice.tolist(), strict=True):
            play.hear(code, advised, learn)
        going = [play for play in batch if not play.is_paid and play.plan()]
        index = np.array([play.case for play in going], int)
        at = np.array([play.planned for play in going], float)
        allowed = next_allowed(self.cases, index, at)
        for play, instant in zip(going, allowed.tolist(), strict=True):
            play.hold_to_hours(instant)
        return [play for play in going if play.planned <= play.end]


class _Play:
    """One case being played: it waits for its opening or its next charge."""

    def __init__(self, player: Player, case: int, setting: Setting) -> None:
        self.player, self.case, self.setting = player, case, setting
        self.view: View | None = None
        self.planned = self.last = float(player.cases.opened[case])
        self.probability: float | None = None
        self.end = min(self.last + setting.window * DAY, float(player.own_payments[case]))
        self.technical = 0
        self.is_paid = False
        self.forced = False  # the charge that follows another method on file

    @property
    def _is_quick(self) -> bool:
        """Whether the next charge may be a quick repeat after technical trouble."""
        return 0 < self.technical <= len(BACK_OFF)

    def hear(self, code: int, advice: int, learn: bool) -> None:
        """Note the answer to the charge that was planned."""
        outcomes, case = self.player.outcomes, self.case
        answered = tried(self.planned, code, advice)
        outcomes.attempts[case] += 1
        was_dead = self.view.is_dead
        outcomes.dead_retries[case] += was_dead and not self.forced
        if code == PAID:
            self.is_paid = True
            outcomes.recovered[case] = True
            outcomes.seconds[case] = self.planned - self.player.cases.opened[case]
        if self.probability is not None:
            self.player.log.predictions.append((self.probability, answered.paid))
            number = self.view.tries - self.view.tries_left + 1
            self.player.log.tries.append((case, 0 if self._is_quick else number))
        if learn:
            self.player.strategy.learn(self.view, answered)
        free = self._is_quick or bool(IS_TECHNICAL[code])
        self.last = self.planned
        self.view = replace(
            self.view,
            tried=(*self.view.tried, answered),
            tries_left=self.view.tries_left - (not free),
            method_since=answered.at if self.forced else self.view.method_since,
        )

    def plan(self) -> bool:
        """Ask for the next charge; return whether there is to be one."""
        if self.view is None:
            setting = self.setting
            self.view = self.player.desk.open(self.case, setting.tries, setting.window)
        last = self.view.tried[-1]
        self.technical = self.technical + 1 if last.decline_class == "technical" else 0
        self.forced, self.probability = False, None
        if len(self.view.tried) > self.player.cases.most_charges:
            return False
        if self.view.tries_left <= 0 and not self._is_quick:
            return False
        at = self._ask()
        replaced = float(self.player.cases.replaced_at[self.case])
        # A method that has answered since it came on file is not replaced once more.
        if at is None and last.decline_class in DEAD_CLASSES and self.last < replaced < np.inf:
            self.forced, self.probability = True, None
            at = max(replaced, self.last + HOUR)
        if at is None:
            return False
        wait = _WAITS.get(last.advice, 0.0)
        if at < self.last + wait - _ROUNDING:
            self.player.log.misses += 1
            self.player.outcomes.early[self.case] += wait > 0
        self.planned = max(at, self.last + 1)
        return True

    def _ask(self) -> float | None:
        strategy, log = self.player.strategy, self.player.log
        begun = time.perf_counter()
        at = strategy.next(self.view, self.view.tried[-1].at, self.player.rng(self))
        log.seconds.append(time.perf_counter() - begun)
        self.probability = getattr(strategy, "probability", None)
        return None if at is None else at.timestamp()

    def end_by_own_payment(self) -> None:
        """Count the case as recovered where the customer paid by themselves, without a charge."""
        outcomes, opened = self.player.outcomes, float(self.player.cases.opened[self.case])
        at = float(self.player.own_payments[self.case])
        if not self.is_paid and at <= opened + self.setting.window * DAY:
            outcomes.recovered[self.case] = True
            outcomes.seconds[self.case] = at - opened

    def hold_to_hours(self, allowed: float) -> None:
        """Move the planned charge to the allowed instant, unless it is a quick repeat."""
        if self._is_quick and self.planned <= self.last + BACK_OFF[self.technical - 1] + _ROUNDING:
            return
        self.player.log.misses += allowed > self.planned + _ROUNDING and not self.forced
        self.planned = allowed


_WAITS = {
    "24": HOUR,
    **{
        code: 24 * HOUR * days
        for code, days in zip(
            ("25", "26", "27", "28", "29", "30"), (1, 2, 4, 6, 8, 10), strict=True
        )
    },
}
