# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is told of a policy that was played: expected, with 90 % intervals, or that nobody can tell.

Everything that is unsure is drawn: the level of the odds and the share of debts that nothing heals
(as `audit.prospect` has them), what the odds can't express, how much later than any real charge
a try is, which cases there happened to be (bootstrap), and the luck of each case. Two policies are
compared on the same draws.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..audit.prospect import (
    BEYOND_SD,
    FEWEST,
    FEWEST_RETRIES,
    MISFIT_SD,
    WIDEST,
    expit,
    learn,
    log_odds,
)
from ..timing.arrays import np
from .messages import Heard
from .odds import Hazards
from .person import Person

_DRAWS = 200
_DAY = 86400.0
# A difference whose interval is wider is not told, whatever it is.
_WIDEST_DIFFERENCE = 0.5


@dataclass
class Side:
    """One policy, as it was played.

    :ivar hazards: by person
    :ivar heard: by person
    :ivar met: kinds and names of rules that held charges back, counted
    :ivar paths: what tells two ways to charge a person apart
    """

    hazards: list[Hazards] = field(default_factory=list)
    heard: list[list[Heard]] = field(default_factory=list)
    met: Counter = field(default_factory=Counter)
    paths: list[tuple] = field(default_factory=list)


class Played(NamedTuple):
    """What was played.

    :ivar persons: those who were
    :ivar retried: chance, outcome and day of each real charge, by case; of the cases themselves or,
        where customers are simulated, of those whom they were drawn from
    :ivar is_own: whether these are the persons' own charges
    :ivar own: share of cases that are paid without being charged within so many days, by day
    :ivar days: that are looked at
    """

    persons: Sequence[Person]
    retried: Sequence[Sequence[tuple[float, bool, float]]]
    is_own: bool
    own: np.ndarray
    days: int


def find_own_shares(persons: Sequence[Person], days: int) -> np.ndarray:
    """Return the share of cases that customers pay by themselves, by day from 0 on.

    Kaplan and Meier's: whoever was charged successfully is followed until then.
    """
    own = np.array(
        [
            (person.own_at - person.opened).total_seconds() / _DAY if person.own_at else np.inf
            for person in persons
        ]
    )
    seen = np.minimum(_find_seen(persons), own)
    alive, shares = 1.0, np.zeros(days + 1)
    for event in np.unique(own[own <= days]).tolist():
        alive *= 1 - int((own == event).sum()) / int((seen >= event).sum())
        shares[min(int(np.ceil(event)), days) :] = 1 - alive
    return shares


def _find_seen(persons):
    """Return for how many days it was seen whether a person pays by themselves."""
    ends = []
    for person in persons:
        paid = next((one.at for one in person.charges if one.failure is None), None)
        end = min(paid, person.seen_until) if paid else person.seen_until
        ends.append(max((end - person.opened).total_seconds() / _DAY, 0.0))
    return np.array(ends)


def sum_up(played: Played, sides: Sequence[Side], count: int, seed: int = 0) -> dict[str, Any]:
    """Return what is told of one policy, or of two beside each other, as plain JSON values.

    :param count: of all the cases that the persons were chosen from
    """
    retries = [one for retried in played.retried for one in retried]
    learned = learn(played.retried)
    level, level_sd, immune = learned.mean()
    table = _Table(played, sides, learned, seed)
    table.draw()
    found = [table.describe(number, count) for number in range(len(sides))]
    result = {
        "count": count,
        "played": len(played.persons),
        "amount": float(table.amount.sum()) * count / max(len(played.persons), 1),
        "days": played.days,
        "retries": len(retries),
        "expected": float(np.mean([one[0] for one in retries])) if retries else 0.0,
        "seen": float(np.mean([one[1] for one in retries])) if retries else 0.0,
        "level": [level, level_sd],
        "immune": immune,
        "sides": found,
        "why": _find_doubt(len(played.persons), len(retries), found),
    }
    if len(sides) == 2:
        difference = table.shares[0, :, -1] - table.shares[1, :, -1]
        low, middle, high = _interval(difference, found[0]["share"][1] - found[1]["share"][1])
        result["difference"] = [low, middle, high]
        result["verdict"] = _judge(result["why"], low, high)
    return result


def _find_doubt(persons, retries, found):
    if persons < FEWEST:
        return "few"
    if retries < FEWEST_RETRIES:
        return "no_retries"
    return "wide" if any(one["share"][2] - one["share"][0] > WIDEST for one in found) else ""


def _judge(why, low, high):
    if why in ("few", "no_retries") or high - low > _WIDEST_DIFFERENCE:
        return "unknown"
    if low == high == 0:
        return "same"
    return "better" if low > 0 else "worse" if high < 0 else "unknown"


def _interval(drawn, middle):
    low, high = np.quantile(drawn, (0.05, 0.95))
    return [min(float(low), middle), middle, max(float(high), middle)]


class _Table:
    """Persons by tries, drawn."""

    def __init__(self, played, sides, learned, seed):
        self.played, self.sides, self.learned = played, sides, learned
        persons = played.persons
        self.rng = np.random.default_rng(seed)
        self.amount = np.array([person.amount for person in persons], float)
        own = [person.own_at and (person.own_at - person.opened) for person in persons]
        self.own_days = np.array([one.total_seconds() / _DAY if one else np.inf for one in own])
        self.grids = [_Grid(side, learned.reached, played.days) for side in sides]
        self.real = _pad([[(c, p) for c, p, _d in one] for one in played.retried])
        days = np.arange(played.days + 1)
        self.is_own = self.own_days[:, None] <= days
        self.unseen = self._find_unseen()
        # Where two policies do the same, luck is the same.
        paths = zip(*(side.paths for side in sides), strict=True)
        self.is_same = np.array([len(set(each)) == 1 for each in paths])

    def _find_unseen(self):
        """Return the chance that a person pays by themselves by a day when nobody saw it."""
        seen = np.floor(_find_seen(self.played.persons)).astype(int)
        seen = np.where(np.isfinite(self.own_days), self.played.days, seen)
        left = 1 - self.played.own
        before = left[np.minimum(seen, self.played.days)]
        chance = 1 - left[None, :] / np.maximum(before[:, None], 1e-9)
        return np.maximum(chance, 0.0)

    def draw(self):
        count, sides, days = len(self.amount), len(self.sides), self.played.days
        self.shares = np.zeros((sides, _DRAWS, days + 1))
        self.means = np.zeros((sides, _DRAWS, days + 1))
        self.tries = np.zeros((sides, _DRAWS))
        self.known = np.zeros((sides, _DRAWS))
        self.middle = [np.zeros((count, days + 1)) for _side in range(sides)]
        self.picked = np.zeros((_DRAWS, count))
        for number in range(_DRAWS):
            level, immune = self.learned.draw(self.rng)
            misfit, beyond = self.rng.standard_normal(2) * (MISFIT_SD, BEYOND_SD)
            picked = np.bincount(self.rng.integers(0, count, count), minlength=count)
            self.picked[number] = picked
            weight = picked * self.amount
            weight = weight / max(weight.sum(), 1e-9)
            lucky = self.rng.random(count)
            dead = self._find_immune(level, immune)
            for side, grid in enumerate(self.grids):
                back, reach = self._play(grid, level + misfit, beyond, dead)
                own_luck = np.where(self.is_same, lucky, self.rng.random(count))
                luck = own_luck if side else lucky
                self.shares[side, number] = weight @ (luck[:, None] < back)
                self.means[side, number] = (self.amount @ back) / max(self.amount.sum(), 1e-9)
                self.tries[side, number] = (picked[:, None] * reach).sum()
                self.known[side, number] = (picked[:, None] * reach * grid.known).sum()
                self.middle[side] += back / _DRAWS

    def _find_immune(self, level, immune):
        """Return how likely nothing heals each case, given what came of its real charges."""
        if not self.played.is_own:
            return np.full(len(self.amount), immune)
        chance, paid = self.real
        is_real = np.isfinite(chance)
        moved = expit(log_odds(np.where(is_real, chance, 0.5)) + level)
        likely = np.where(is_real, np.where(paid > 0, moved, 1 - moved), 1.0).prod(axis=1)
        none = ~((paid > 0) & is_real).any(axis=1)
        return immune * none / np.maximum(immune * none + (1 - immune) * likely, 1e-12)

    def _play(self, grid, level, beyond, dead):
        """Return the chance of being back by each day, and of each charge to be made."""
        chance = expit(grid.odds + level + beyond * grid.is_beyond)
        chance = np.where(grid.known, grid.told, np.where(grid.is_try, chance, 0.0))
        left = np.cumprod(1 - chance, axis=1)
        left_dead = np.cumprod(1 - np.where(grid.known, grid.told, 0.0), axis=1)
        left = (1 - dead[:, None]) * left + dead[:, None] * left_dead
        left = np.concatenate([np.ones((len(left), 1)), left], axis=1)
        charged = 1 - np.take_along_axis(left, grid.by_day, axis=1)
        back = np.where(self.is_own, 1.0, 1 - (1 - charged) * (1 - self.unseen))
        day = np.minimum(grid.days.astype(int), self.played.days)
        unseen = np.take_along_axis(self.unseen, day, axis=1)
        alive = (self.own_days[:, None] > grid.days) * (1 - unseen)
        return back, left[:, :-1] * alive * grid.is_try

    def describe(self, side, count):
        """Return what is told of one policy."""
        times = count / max(len(self.amount), 1)
        curve = []
        for day in range(self.played.days + 1):
            middle = float(self.means[side, :, day].mean())
            curve.append(_interval(self.shares[side, :, day], middle))
        tries = times * self.tries[side]
        return {
            "share": curve[-1],
            "curve": curve,
            "tries": _interval(tries, float(tries.mean())),
            "known": float(self.known[side].sum() / max(self.tries[side].sum(), 1e-9)),
            "met": [[*name, times * n] for name, n in self.sides[side].met.most_common() if n],
            **self._describe_messages(side, times),
        }

    def _describe_messages(self, side, times):
        heard = self.sides[side].heard
        by_day, by_step = np.zeros(self.played.days + 1), Counter()
        counts = np.zeros(len(heard))
        for number, some in enumerate(heard):
            for one in some:
                by_step[one.step] += 1
                if one.reaches_customer:
                    by_day[one.day] += 1
                    counts[number] += 1
        total = times * (self.picked @ counts)
        return {
            "messages": _interval(total, float(times * counts.sum())),
            "messages_by_day": (times * by_day).tolist(),
            "steps": [[step, times * n] for step, n in by_step.most_common()],
        }


class _Grid:
    """The charges of all persons under a policy, persons by tries."""

    def __init__(self, side, reached, days):
        width = max([len(each.chance) for each in side.hazards] + [1])
        shape = (len(side.hazards), width)
        self.odds, self.told = np.zeros(shape), np.zeros(shape)
        self.days = np.full(shape, float(days) + 1)
        self.known, self.is_try = np.zeros(shape, bool), np.zeros(shape, bool)
        for row, each in enumerate(side.hazards):
            count = len(each.chance)
            self.is_try[row, :count] = True
            self.days[row, :count], self.known[row, :count] = each.days, each.known
            self.odds[row, :count] = log_odds(each.chance)
            self.told[row, :count] = np.where(each.known, each.chance, 0.0)
        self.is_beyond = (self.days > reached) & ~self.known
        # How many charges were made by each day.
        self.by_day = (self.days[:, :, None] <= np.arange(days + 1)).sum(axis=1)


def _pad(rows):
    """Return chances and outcomes as arrays; chances of none are infinite."""
    width = max([len(row) for row in rows] + [1])
    chance, paid = np.full((len(rows), width), np.inf), np.zeros((len(rows), width))
    for number, row in enumerate(rows):
        for place, (value, is_paid) in enumerate(row):
            chance[number, place], paid[number, place] = value, is_paid
    return chance, paid
