# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Fixed schedules, for all cases at once: what the field sells, and a family around it.

A fixed schedule knows its days before the first answer. Decline-aware, it stops at a dead method,
repeats technical failures by the quick back-off without using up a try, and obeys the waits that
the network names; blind, it charges whatever was answered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from revenue_recovery.timing.plan.backoff import WAITS

from .cases import Cases
from .issuers import ADVICE_DAYS, IS_DEAD, IS_TECHNICAL, PAID
from .zones import DAY, HOUR

OPENS, CLOSES = 8.0, 20.0  # local hours in which charges are allowed, quick back-off excepted
BACK_OFF = np.array([wait.total_seconds() for wait in WAITS])


@dataclass(frozen=True)
class Schedule:
    """A fixed schedule.

    :param name: for tables
    :param days: days after the first failure, ascending
    :param hour: local hour of the charges, or of each of them; None keeps that of the first failure
    :param window: days after the first failure in which charges are sent
    :param aware: decline-aware, or blind
    """

    name: str
    days: tuple[float, ...]
    hour: float | tuple[float, ...] | None
    window: float
    aware: bool = True

    def blind(self) -> Schedule:
        """Return the same schedule for somebody who does not read answers."""
        return replace(self, name=self.name + ", blind", aware=False)


@dataclass
class Outcomes:
    """What became of cases, one value each.

    :param recovered: whether they were paid
    :param attempts: charges sent after the first failure
    :param dead_retries: charges sent although the last answer had said that the method is dead
    :param seconds: from the first failure to the payment, nan where there was none
    :param early: charges sent before the network's advice allowed
    """

    recovered: np.ndarray
    attempts: np.ndarray
    dead_retries: np.ndarray
    seconds: np.ndarray
    early: np.ndarray

    @classmethod
    def empty(cls, count: int) -> Outcomes:
        """Return outcomes of cases to which nothing has happened yet."""
        zeros = [np.zeros(count, int) for _ in range(3)]
        return cls(np.zeros(count, bool), zeros[0], zeros[1], np.full(count, np.nan), zeros[2])


def even(tries: int, window: float, hour: float = 10.0) -> Schedule:
    """Return the tries spread evenly over the window: the default ladder of the product."""
    return curve(tries, window, 1.0, hour)


def curve(tries: int, window: float, power: float, hour: float) -> Schedule:
    """Return tries at `window * (k / tries) ** power`: crowded early above 1, late below."""
    steps = np.arange(1, tries + 1) / tries
    days = tuple((window * steps**power).tolist())
    name = "even" if power == 1 else f"curve {power:g}"
    return Schedule(f"{name} {hour:g}h", days, hour, window)


# What the field sells, whatever the tries and the window of the setting.
FIELD = (
    Schedule("1,2,3,5,7,10,14", (1, 2, 3, 5, 7, 10, 14), None, 14.01),
    Schedule("daily, at most 8", (1, 2, 3, 4, 5, 6, 7, 8), None, 14.01),
    Schedule("3 in 3 weeks", (7, 14, 21), None, 21.01),
)


def family(tries: int, window: float) -> list[Schedule]:
    """Return the fixed schedules among which hindsight chooses the best."""
    schedules = [
        curve(tries, window, power, hour)
        for hour in (8.0, 9.0, 10.0, 12.0, 15.0, 19.0)
        for power in (0.6, 0.8, 1.0, 1.25, 1.6, 2.0)
    ]
    usual = (1, 2, 3, 5, 7, 10, 14)
    for hour in (8.0, 10.0):
        days = tuple(day * window / 14 for day in usual[-tries:])
        schedules.append(Schedule(f"1,2,3,… scaled {hour:g}h", days, hour, window))
        first = tuple(float(day) for day in range(1, tries + 1))
        schedules.append(Schedule(f"daily first {hour:g}h", first, hour, window))
        last = tuple(window - tries + day for day in first)
        schedules.append(Schedule(f"daily last {hour:g}h", last, hour, window))
    return schedules


def rungs(cases: Cases, schedule: Schedule) -> np.ndarray:
    """Return the instants of a schedule's charges, seconds; (cases, tries)."""
    end = cases.opened + schedule.window * DAY
    offsets = np.array(schedule.days, float)[None, :] * DAY
    target = cases.opened[:, None] + offsets
    if schedule.hour is None:
        return target
    zone = np.repeat(cases.zone, offsets.size)
    day = cases.zones.local(zone, target.ravel())[0].reshape(target.shape)
    # As `timing.ladder`: the last hours can lie after the end, and then the days move up, one a
    # day, but not to the day of the failure.
    last = cases.zones.local(cases.zone, end)[0]
    hours = np.broadcast_to(schedule.hour, offsets.size)
    last -= cases.zones.instant(cases.zone, last, hours[-1]) > end
    latest = last[:, None] - np.arange(offsets.size)[::-1][None, :]
    first = cases.zones.local(cases.zone, cases.opened)[0][:, None]
    day = np.minimum(day, np.maximum(latest, np.minimum(first + 1, last[:, None])))
    return cases.zones.instant(cases.zone[:, None], day, hours[None, :])


def next_allowed(cases: Cases, index: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the first instants, not before `at`, within the hours for charges."""
    zone = cases.zone[index]
    day, hour = cases.zones.local(zone, at)
    day = day + (hour >= CLOSES)
    opening = cases.zones.instant(zone, day, OPENS)
    return np.where((hour >= OPENS) & (hour < CLOSES), at, opening)


def run(cases: Cases, schedule: Schedule) -> Outcomes:
    """Run a fixed schedule on all cases."""
    return _Run(cases, schedule).outcomes()


class _Run:
    def __init__(self, cases: Cases, schedule: Schedule) -> None:
        n = len(cases)
        self.cases, self.schedule = cases, schedule
        self.rungs = rungs(cases, schedule)
        self.rung = np.zeros(n, int)
        self.end = last_instants(cases, schedule.window)
        self.last = cases.opened.copy()
        self.memory = cases.fresh_memory()
        code, advice = cases.first_answers()
        self.technical = np.zeros(n, int)  # technical answers in a row
        self.dead = np.zeros(n, bool)
        self.not_before = np.full(n, -np.inf)
        self.renewed = np.zeros(n, bool)
        self._read(np.arange(n), code, advice)
        self.result = Outcomes.empty(n)

    def outcomes(self) -> Outcomes:
        """Charge until nothing is left to charge."""
        index = np.arange(len(self.cases))
        while len(index):
            at = self._next(index)
            going = at <= self.end[index]
            going &= self.result.attempts[index] < self.cases.most_charges
            index, at = index[going], at[going]
            index = self._charge(index, at)
        return add_own_payments(self.cases, self.result, self.schedule.window)

    def _next(self, index: np.ndarray) -> np.ndarray:
        """Return when each case is charged next, inf for never."""
        at = self._next_rung(index)
        if not self.schedule.aware:
            return at
        quick = self.technical[index]
        repeats = (quick > 0) & (quick <= len(BACK_OFF))
        back_off = self.last[index] + BACK_OFF[np.clip(quick - 1, 0, len(BACK_OFF) - 1)]
        at = np.where(repeats, back_off, at)
        renewed = next_allowed(
            self.cases,
            index,
            np.maximum(
                np.nan_to_num(self.cases.replaced_at[index], posinf=0), self.last[index] + HOUR
            ),
        )
        renewed = np.where(np.isinf(self.cases.replaced_at[index]), np.inf, renewed)
        # Another card on file is charged at once; it answers for itself from then on.
        return np.where(self.dead[index], np.where(self.renewed[index], np.inf, renewed), at)

    def _next_rung(self, index: np.ndarray) -> np.ndarray:
        earliest = self.last[index]
        if self.schedule.aware:
            waiting = self.not_before[index]
            waiting = next_allowed(self.cases, index, np.maximum(waiting, earliest))
            earliest = np.where(self.not_before[index] > earliest, waiting, earliest)
        # Rungs that were passed are gone; the latest of them is made up for when a wait ends.
        ahead = self.rungs[index] > self.last[index][:, None]
        ahead &= np.arange(self.rungs.shape[1])[None, :] >= self.rung[index][:, None]
        first = ahead.argmax(axis=1)
        at = np.where(ahead.any(axis=1), self.rungs[index, first], np.inf)
        self.rung[index] = np.where(ahead.any(axis=1), first, self.rung[index])
        at = np.where(at < np.inf, np.maximum(at, earliest), np.inf)
        return next_allowed_or_inf(self.cases, index, at)

    def _charge(self, index: np.ndarray, at: np.ndarray) -> np.ndarray:
        cases, result = self.cases, self.result
        code, advice, self.memory[index] = cases.charge(index, at, self.memory[index])
        result.attempts[index] += 1
        still_dead = self.dead[index] & (at < cases.replaced_at[index])
        result.dead_retries[index] += still_dead
        result.early[index] += at < self.not_before[index]
        paid = code == PAID
        result.recovered[index[paid]] = True
        result.seconds[index[paid]] = (at - cases.opened[index])[paid]
        self.renewed[index] |= self.dead[index] & ~still_dead
        quick = self.technical[index]
        free = self.schedule.aware & IS_TECHNICAL[code] | (quick > 0) & (quick <= len(BACK_OFF))
        self.rung[index] += ~free | (not self.schedule.aware)
        self.last[index] = at
        self._read(index, code, advice)
        return index[~paid]

    def _read(self, index: np.ndarray, code: np.ndarray, advice: np.ndarray) -> None:
        self.technical[index] = np.where(IS_TECHNICAL[code], self.technical[index] + 1, 0)
        self.dead[index] = IS_DEAD[code]
        wait = np.where(advice > 0, ADVICE_DAYS[advice] * DAY, -np.inf)
        self.not_before[index] = self.last[index] + wait


def last_instants(cases: Cases, window: float) -> np.ndarray:
    """Return the instants up to which cases are charged: a customer's own payment ends them."""
    return np.minimum(cases.opened + window * DAY, cases.own_payments())


def add_own_payments(cases: Cases, outcomes: Outcomes, window: float) -> Outcomes:
    """Count cases that customers paid by themselves within the window; without a charge."""
    at = cases.own_payments()
    paid = ~outcomes.recovered & (at <= cases.opened + window * DAY)
    outcomes.recovered |= paid
    outcomes.seconds = np.where(paid, at - cases.opened, outcomes.seconds)
    return outcomes


def next_allowed_or_inf(cases: Cases, index: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the next allowed instants, and inf where there is none to begin with."""
    never = np.isinf(at)
    allowed = next_allowed(cases, index, np.where(never, cases.opened[index], at))
    return np.where(never, np.inf, allowed)
