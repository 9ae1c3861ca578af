# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The informed bound: who knows how the population is made, and of the payer what was observed.

It keeps a large pool of people drawn by the population's own generator. For a case it weighs them
by how well they explain the customer's earlier charges, lives through the coming weeks with a few
thousand of the likely ones, and keeps of these lives, by weight, what explains the first failure at
its date and hour and every answer and advice since. On them it looks for the set of instants at
which most of the remaining weight would pay, charges at the first, and looks again with the answer.

Why that is nearly the most any engine can get: as long as charges fail, an answer tells little more
than "not yet", and the best plan is then a fixed set of instants with the largest chance that one
of them pays. Adding the best instant again and again and exchanging single ones comes close to the
best set. What is lost beside that: the number of lives is finite, and months of the history are
taken as independent given the person. It knows the shares of all causes, habits and issuers; an
engine has to learn them.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import numpy as np

from .cases import STEADY, Cases
from .history import HISTORY
from .issuers import (
    ADVICE,
    ADVICE_DAYS,
    ADVICE_RIGHT,
    BACKGROUND_REFUSAL,
    BACKGROUND_TECHNICAL,
    CODE,
    TOLD,
)
from .ladders import BACK_OFF, CLOSES, OPENS
from .paths import day_share
from .people import People
from .planning import Outlook, best_instants
from .populations import Population
from .runner import Player, Setting
from .views import Tried, View
from .zones import DAY, HOUR, to_datetime

_SAMPLE = 1200  # particles on which instants are planned
# Charges that are worth looking at: when charges begin, and right after each hour of booking.
_HOURS = np.array([8.0, 9.0, 12.0, 16.0])
_ADVICE_LOOKS = 12  # days for which an advised wait looks ahead
# Any charge may meet other trouble.
_UNTROUBLED = 1 - BACKGROUND_TECHNICAL - BACKGROUND_REFUSAL


def informed(
    population: Population,
    cases: Cases,
    settings: tuple[Setting, ...],
    seed: int = 0,
    index: np.ndarray | None = None,
    heard=None,
) -> dict[Setting, Player]:
    """Play the informed bound on cases; case by case, because each one's lives fill a megabyte.

    :param index: which cases; all by default
    :param heard: called with the number of cases done
    """
    strategy = Informed(population, cases, max(setting.window for setting in settings), seed)
    players = {setting: Player(cases, strategy, seed, "informed/") for setting in settings}
    for done, case in enumerate(range(len(cases)) if index is None else index):
        for setting, player in players.items():
            player.play(setting, [case])
        if heard:
            heard(done + 1)
    return players


class Informed:
    """The bound in the shape of a strategy. Learns nothing; there is nothing left to learn.

    :param cases: those it will be asked about; only what the merchant knows of them is read
    :param window: days, of the longest window that it will be asked for
    """

    def __init__(self, population: Population, cases: Cases, window: float, seed: int = 0) -> None:
        self.population, self.cases = population, cases
        self.people = People(population, cases, seed)
        self.probability: float | None = None
        self.spacings = (0.0, *sorted(gap * HOUR for gap in population.hostile_gaps))
        self._days = int(window) + _ADVICE_LOOKS + 1
        self._kept: tuple[int, _Futures] | None = None

    def next(self, view: View, now: datetime, rng: random.Random) -> datetime | None:
        """Return the first of the best instants."""
        self.probability = None
        last = view.tried[-1]
        if view.is_dead:
            return None
        row = view.technical_row
        if 0 < row <= len(BACK_OFF):
            return last.at + timedelta(seconds=float(BACK_OFF[row - 1]))
        case = int(view.key.rpartition("/")[2])
        if self._kept is None or self._kept[0] != case:
            self._kept = case, _Futures(self.people, case, self._days)
        look = _Look(self, view, case, self._kept[1])
        at = look.first_instant()
        self.probability = look.probability
        return at

    def learn(self, view: View, tried: Tried) -> None:
        """Everything is known already."""


class _Futures:
    """The lives of a case, days as rows: a day is one stretch of memory."""

    def __init__(self, people: People, case: int, days: int) -> None:
        lives = people.lives(case, days)
        self.lives, self.traits = lives, lives.traits
        self.amount = people.cases.amount[case]
        self._pay_hour = lives.paths.pay_hour
        self._opening, self._received, self._spending = (
            np.ascontiguousarray(values.T)
            for values in (lives.paths.opening, lives.paths.received, lives.paths.spending)
        )
        self._grid = np.stack([self._funded_at(slice(None), hour) for hour in _HOURS], axis=1)
        any_time = self._grid.any(axis=1)
        later = [any_time[day : len(any_time) - _ADVICE_LOOKS + day] for day in range(13)]
        #: Days until there is money, for each day and life.
        self.waits = np.full(later[0].shape, 99)
        for day in range(_ADVICE_LOOKS, 0, -1):
            self.waits[later[day]] = day

    def _funded_at(self, row, hour: float) -> np.ndarray:
        came = self._received[row] * (hour >= self._pay_hour)
        gone = self._spending[row] * np.float32(day_share(hour))
        return self._opening[row] + came - gone >= self.amount

    def funded(self, row: int, hour: float) -> np.ndarray:
        """Tell for each life whether there is enough money at an hour of a day."""
        return self._funded_at(row, hour)

    def funded_at_slots(self, rows: np.ndarray, hours: np.ndarray, who: np.ndarray) -> np.ndarray:
        """Tell the same for some lives at several of `_HOURS`; (slots, lives)."""
        return self._grid[rows, np.searchsorted(_HOURS, hours)][:, who]


class _Look:
    """One look at a case: what is believed now, and the instants that follow from it.

    There are three kinds of particles: people without money when the first charge failed, people
    whose issuer was in a mood, and steady payers whose issuer was.
    """

    def __init__(self, informed: Informed, view: View, case: int, futures: _Futures) -> None:
        self.informed, self.view = informed, view
        self.cases, self.futures = informed.cases, futures
        self.opened = float(self.cases.opened[case])
        self.zone = self.cases.zone[case : case + 1]
        self.first_day = int(self.cases.first_day[case]) + HISTORY
        lives, causes = futures.lives, informed.population.causes
        # A first failure for another reason says nothing about money: the payer is anybody.
        unseen = view.tried[0].decline_class != "later"
        funds = 0.0 if unseen else causes["funds"] / informed.people.short_share
        other = causes["technical"] if unseen else causes["mood"]
        n = len(lives)
        self.short = np.full(n, lives.explained * funds / n)
        self.moody = np.full(n, lives.explained * other * (1 - STEADY) / n)
        self.steady = np.full(n, other * STEADY * lives.steady / n)
        self.has_mood = not unseen
        self.probability: float | None = None
        for number, tried in enumerate(view.tried):
            self._weigh(number, tried)

    def first_instant(self) -> datetime | None:
        """Return when to charge, None where no allowed instant is left."""
        at, rows, hours = self._slots()
        if not len(at):
            return None
        outlook = self._outlook(at, rows, hours)
        tries = min(self.view.tries_left or 1, len(at))
        others = [
            _spread(at, np.flatnonzero(hours == hour), outlook.last, tries, power)
            for hour in (9.0, 12.0)
            for power in (0.8, 1.0, 1.25)
            if (hours == hour).any()
        ] or [[0]]
        chosen, unseen = best_instants(outlook, tries, self.informed.spacings, others)
        self.probability = _UNTROUBLED * unseen.value(chosen[:1])
        return to_datetime(at[chosen[0]])

    def _local(self, instant: float) -> tuple[int, float]:
        day, hour = self.cases.zones.local(self.zone, np.array([instant]))
        return int(day[0]) - self.first_day, float(hour[0])

    def _weigh(self, number: int, tried: Tried) -> None:
        """Multiply the weights by the probability of one answer."""
        if tried.decline_class != "later":
            return
        instant, code = tried.at.timestamp(), CODE[tried.code]
        row, hour = self._local(instant)
        traits = self.futures.traits
        lacks = ~self.futures.funded(row, hour)
        soon = np.zeros(len(lacks), bool)
        if number:
            last = self.view.tried[number - 1].at.timestamp()
            soon = instant - last < traits.gap
        told = np.where(traits.masks, TOLD["funds_masked"][code], TOLD["funds"][code])
        refused = BACKGROUND_REFUSAL if code == CODE["do_not_honor"] else 1e-4
        plain = np.where(lacks, told, refused)
        moody, later = self._moods(instant)
        for weights, money, mood in (
            (self.short, plain, later),
            (self.moody, plain, moody),
            (self.steady, refused, moody),
        ):
            weights *= np.where(soon, TOLD["soon"][code], np.where(mood, TOLD["mood"][code], money))
        if tried.advice:
            right = self._advised(row, tried.advice)
            self.short *= right
            self.moody *= right
            self.steady *= 0

    def _moods(self, instant: float) -> tuple[np.ndarray, np.ndarray]:
        """Tell for each life whether the issuer is in a mood, if one opened the case and if not."""
        moods = self.futures.traits.moods
        since = instant - self.opened
        later = moods[:, 1] - moods[:, :1, 1]
        second = (later[:, 0] <= since) & (since < later[:, 1])
        if not self.has_mood:
            return second, second
        first = since < moods[:, 0, 1]
        return first | (moods[:, 1, 0] <= since) & (since < moods[:, 1, 1]), second

    def _advised(self, row: int, advice: str) -> np.ndarray:
        """Return the probability of an advice for each life: it tells when money comes."""
        code = ADVICE.index(advice)
        right = np.searchsorted(ADVICE_DAYS[1:-1], self.futures.waits[row]) + 1
        guessed = 0.25 if 2 <= code <= 5 else 0.0
        return ADVICE_RIGHT * (right == code) + (1 - ADVICE_RIGHT) * guessed + 1e-4

    def _slots(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the allowed instants, and their rows and hours."""
        last = self.view.tried[-1]
        earliest = last.at.timestamp() + HOUR
        if last.advice:
            earliest = last.at.timestamp() + ADVICE_DAYS[ADVICE.index(last.advice)] * DAY
        deadline = self.view.deadline.timestamp()
        first, hour = self._local(earliest)
        end = self._local(deadline)[0]
        rows = np.arange(first, end + 1)
        days = np.repeat(rows, len(_HOURS)) + self.first_day
        hours = np.tile(_HOURS, len(rows))
        at = self.cases.zones.instant(np.repeat(self.zone, len(days)), days, hours)
        open_now = OPENS <= hour < CLOSES - 0.1
        if open_now:
            # The first instant may lie between two hours; it stands for the one before.
            passed = np.flatnonzero(at < earliest)
            if len(passed):
                at[passed[-1]] = earliest
        allowed = (at >= earliest) & (at <= deadline)
        return at[allowed], days[allowed] - self.first_day, hours[allowed]

    def _outlook(self, at: np.ndarray, rows: np.ndarray, hours: np.ndarray) -> Outlook:
        """Return what a sample of the particles says about instants."""
        n = len(self.futures.lives)
        weights = np.concatenate([self.short, self.moody, self.steady]).astype(np.float64)
        edges = np.cumsum(weights)
        draws = (np.arange(_SAMPLE) + 0.5) / _SAMPLE * edges[-1]
        drawn = np.minimum(np.searchsorted(edges, draws), len(weights) - 1)
        who, count = np.unique(drawn, return_counts=True)
        person = who % n
        funded = self.futures.funded_at_slots(rows, hours, person) | (who >= 2 * n)[None, :]
        moods = self.futures.traits.moods[person]
        opens_case = self.has_mood & (who >= n)
        after = np.where(opens_case, 0.0, moods[:, 0, 1])
        since = (at - self.opened)[:, None]
        funded &= ~((moods[:, 1, 0] - after <= since) & (since < moods[:, 1, 1] - after))
        funded &= ~(opens_case & (since < moods[:, 0, 1]))
        last = self.view.tried[-1].at.timestamp()
        gaps = self.futures.traits.gap[person]
        return Outlook(at, last, funded, count / _SAMPLE, gaps)


def _spread(
    at: np.ndarray, allowed: np.ndarray, last: float, tries: int, power: float
) -> list[int]:
    """Return some of the allowed instants, spread over what is left of the window."""
    steps = (np.arange(1, tries + 1) / tries) ** power
    targets = last + (at[-1] - last) * steps
    nearest = np.abs(at[allowed][:, None] - targets[None, :]).argmin(axis=0)
    return np.unique(allowed[nearest]).tolist()
