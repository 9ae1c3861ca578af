# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Accounts and credit lines, day by day and by the hour within a day, for many people at once.

A bank account receives pay and other money, pays its bills, and is spent in two ways: a wish that
is the same each day, and a share of whatever is there. A credit line is the same turned around:
what is left of the limit falls with spending, and rises when the holder pays. Nothing falls below
zero: what is not there is not spent. Amounts are minor units, float32; days and hours are local.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..streams.zones import calendar_days
from .calendars import CHANCE, pay_days, pays_a_month, variants
from .world import World

IDLE_GAP = 25.0  # mean days between the receipts of an idle account; judgement


@dataclass
class People:
    """Who people are; each field has one value for each.

    :param country: number among the world's countries
    :param paid_by: number of the way to be paid, in `Incomes`
    :param pay: minor units in thirty days
    :param pay_hour: local hour at which pay, or the payment of a credit line, is booked
    :param side_hour: local hour of other receipts
    :param side_rate: probability of one on a day
    :param late: probability that a pay comes a day late
    :param idle: hardly anything happens on the account
    :param bills: share of pay that bills take
    :param bill_hour: local hour at which they leave
    :param bill_day: day of the month on which they do, 0 for after pay, -1 for right after it
    :param wish: minor units wanted each day
    :param drain: share of what is there that goes each day
    :param day_begins: local hour at which spending begins
    :param day_ends: and ends
    :param savings: minor units at the beginning
    :param limit: of a credit line, inf for a bank account
    :param pays_down: share of the debt that is paid each time; 0 for a bank account
    :param pays_on: day of the month on which it is; 0 for the pay day
    :param misses: probability that it isn't
    """

    country: np.ndarray
    paid_by: np.ndarray
    pay: np.ndarray
    pay_hour: np.ndarray
    side_hour: np.ndarray
    side_rate: np.ndarray
    late: np.ndarray
    idle: np.ndarray
    bills: np.ndarray
    bill_hour: np.ndarray
    bill_day: np.ndarray
    wish: np.ndarray
    drain: np.ndarray
    day_begins: np.ndarray
    day_ends: np.ndarray
    savings: np.ndarray
    limit: np.ndarray
    pays_down: np.ndarray
    pays_on: np.ndarray
    misses: np.ndarray

    def __len__(self) -> int:
        return len(self.pay)

    def take(self, index: np.ndarray) -> People:
        """Return some of them, or some of them several times."""
        return People(**{name: values[index] for name, values in vars(self).items()})


class Incomes:
    """All ways to be paid in a world, addressed by number."""

    def __init__(self, world: World) -> None:
        ways: dict[tuple[str, str, int, bool], int] = {}
        self.per_month: list[float] = []
        self.gap: list[float] = []
        before = world.values["pay_before_holiday"]
        self._shares = []
        for habits in (world.habits, world.habits_after):
            for code, shares in zip(world.countries, habits, strict=True):
                numbers, weights = [], []
                for habit, share in shares.items():
                    for part, name, number in variants(habit):
                        for early, of in ((True, before), (False, 1 - before)):
                            way = (code, name, number, early)
                            if way not in ways:
                                ways[way] = len(ways)
                                self.per_month.append(pays_a_month(name))
                                self.gap.append(CHANCE.get(name, 0.0))
                            numbers.append(ways[way])
                            weights.append(share * part * of)
                self._shares.append((np.array(numbers), np.array(weights) / sum(weights)))
        self.days = np.stack([pay_days(*way) for way in ways])
        self.per_month, self.gap = np.array(self.per_month), np.array(self.gap)

    def draw(
        self, rng: np.random.Generator, country: np.ndarray, drifted: np.ndarray
    ) -> np.ndarray:
        """Return the numbers of ways to be paid."""
        found = np.zeros(len(country), int)
        countries = len(self._shares) // 2
        for place in range(countries):
            for after in (False, True):
                of = (country == place) & (drifted == after)
                numbers, weights = self._shares[place + countries * after]
                found[of] = rng.choice(numbers, size=int(of.sum()), p=weights)
        return found


@dataclass
class Paths:
    """What was on accounts; one row for each person, one column for each day.

    At an hour there is what was there at midnight, and what has been booked by then, less what
    bills and spending have taken by then.

    :param opening: at midnight
    :param paid: pay, or payment of a credit line
    :param other: other receipts
    :param billed: bills
    :param wanted: spending that is wanted
    """

    people: People
    opening: np.ndarray
    paid: np.ndarray
    other: np.ndarray
    billed: np.ndarray
    wanted: np.ndarray

    def take(self, index: np.ndarray) -> Paths:
        """Return the rows of some people."""
        return Paths(
            self.people.take(index),
            *(getattr(self, name)[index] for name in _COLUMNS),
        )

    def balance(self, row: np.ndarray, day: np.ndarray, hour: np.ndarray) -> np.ndarray:
        """Return what is there at hours of days, of which the rows' first is 0."""
        people = self.people
        found = self.opening[row, day] + self.paid[row, day] * (hour >= people.pay_hour[row])
        found = found + self.other[row, day] * (hour >= people.side_hour[row])
        found = found - self.billed[row, day] * (hour >= people.bill_hour[row])
        begins, ends = people.day_begins[row], people.day_ends[row]
        share = np.clip((hour - begins) / (ends - begins), 0.0, 1.0)
        return np.maximum(found - self.wanted[row, day] * share, 0.0)

    def balances(self, hour: float | np.ndarray, days: slice = slice(None)) -> np.ndarray:
        """Return what everybody has at an hour (one, or one for each) of days."""
        people = self.people

        def by_then(when: np.ndarray) -> np.ndarray:
            return (hour >= when).astype(np.float32)[:, None]

        share = np.clip((hour - people.day_begins) / (people.day_ends - people.day_begins), 0, 1)
        found = self.opening[:, days] + self.paid[:, days] * by_then(people.pay_hour)
        found += self.other[:, days] * by_then(people.side_hour)
        found -= self.billed[:, days] * by_then(people.bill_hour)
        found -= self.wanted[:, days] * share.astype(np.float32)[:, None]
        return np.maximum(found, 0.0, out=found)


_COLUMNS = ("opening", "paid", "other", "billed", "wanted")


def draw_people(
    rng: np.random.Generator,
    world: World,
    incomes: Incomes,
    country: np.ndarray,
    monthly_pay: np.ndarray,
    credit: np.ndarray,
    steady: np.ndarray,
    drifted: np.ndarray,
) -> People:
    """Draw people.

    :param monthly_pay: usual pay in each one's country, minor units
    :param credit: who pays from a credit line
    :param steady: who nearly always has the money
    :param drifted: who is drawn by what holds after the world's change
    """
    n, values = len(country), world.values
    pay = monthly_pay * np.exp(rng.normal(-0.1, 0.5, n))

    def around(name: str, spread: float = 0.4) -> np.ndarray:
        return values[name] * np.exp(spread * rng.standard_normal(n))

    hours = rng.choice(24, size=n, p=world.posting_shares) + 0.0
    odd = rng.random(n) < world.posting_spread
    hours = np.where(odd | (drifted & (rng.random(n) < 0.3)), rng.integers(0, 24, n), hours)
    revolves = rng.random(n) < values["revolver_share"]
    pays_down = np.where(revolves, np.clip(around("minimum_payment"), 0.01, 0.9), 1.0)
    on_pay_day = rng.random(n) < values["pays_line_on_pay_day"]
    bills = np.where(credit, 0.0, np.clip(around("commitments", 0.3), 0.0, 0.97))
    after_pay = rng.random(n) < values["bills_after_pay"]
    # Who moves the pay on to another account at once leaves hardly anything.
    at_once = after_pay & (rng.random(n) < values["bills_at_once"]) & ~credit & ~steady
    bills = np.where(at_once, rng.uniform(0.75, 1.0, n), bills)
    bills = np.where(steady, bills * 0.5, bills)
    appetite = np.where(steady, rng.uniform(0.4, 0.8, n), around("appetite", 0.25))
    limit = np.clip(around("limit_of_monthly_pay", 0.5), 0.1, 12) * pay
    # Who revolves uses the line up; who pays in full spends what fits into a month of it.
    wish_line = np.where(steady, 0.15, rng.uniform(0.5, 1.3, n)) * np.minimum(limit, pay) / 30
    wish_line = np.where(revolves, wish_line * pays_down * rng.uniform(1.5, 8, n), wish_line)
    day_begins = rng.uniform(6, 11, n)
    return People(
        country=country,
        paid_by=incomes.draw(rng, country, drifted),
        pay=pay,
        pay_hour=hours,
        side_hour=rng.integers(7, 23, n) + 0.0,
        side_rate=np.clip(around("side_receipts_a_month", 0.6) / 30, 0, 0.6) * ~credit,
        late=np.clip(around("pay_late"), 0, 0.4),
        idle=~steady & (rng.random(n) < values["idle_share"]),
        bills=bills,
        bill_hour=np.where(
            rng.random(n) < values["bills_at_night"],
            rng.choice([0.5, 2.0, 4.0, 6.0], size=n),
            rng.choice([8.0, 9.0, 12.0, 13.0, 15.0, 17.0], size=n),
        ),
        bill_day=np.where(at_once, -1, np.where(after_pay, 0, rng.integers(1, 29, n))),
        wish=np.where(credit, wish_line, pay * (1 - bills) * appetite / 30),
        drain=np.where(steady | credit, 0.0, 1 - np.exp(-around("drain_a_day", 0.9))),
        day_begins=day_begins,
        day_ends=day_begins + rng.uniform(8, 15, n),
        savings=np.where(steady, 1.5, 0.1) * pay * rng.random(n),
        limit=np.where(credit, limit, np.inf),
        pays_down=np.where(credit, pays_down, 0.0),
        pays_on=np.where(on_pay_day, 0, rng.integers(1, 29, n)),
        misses=np.where(steady, 0.0, np.clip(around("misses_payment"), 0, 0.6)) * credit,
    )


def live(
    rng: np.random.Generator, people: People, incomes: Incomes, first_day: np.ndarray, days: int
) -> Paths:
    """Live through some days and return what was on the accounts.

    :param first_day: day number of each one's first column
    """
    n, f32 = len(people), np.float32
    columns = first_day[None, :] + np.arange(days)[:, None]
    credit = people.pays_down > 0
    flags = _pay_flags(rng, people, incomes, columns)
    of_month = np.array([day.day for day in calendar_days()], np.int8)[columns]
    each = (people.pay / incomes.per_month[people.paid_by]).astype(f32)
    gap = incomes.gap[people.paid_by]
    # Wages are nearly the same each time; gigs and fees are not.
    luck = np.where(gap > 0, np.where(gap < 5, 0.5, 0.9), 0.04).astype(f32)
    paid = np.zeros((days, n), f32)
    when, who = np.nonzero(flags & ~credit)
    paid[when, who] = each[who] * np.exp(luck[who] * rng.standard_normal(len(who), f32))
    other = np.zeros((days, n), f32)
    when, who = np.nonzero(rng.random((days, n), f32) < people.side_rate.astype(f32))
    other[when, who] = 0.04 * people.pay[who] * np.exp(0.9 * rng.standard_normal(len(who)))
    pays_line = np.where(people.pays_on > 0, of_month == people.pays_on, flags) & credit
    pays_line &= rng.random((days, n), f32) >= people.misses.astype(f32)
    wanted = rng.random((days, n), f32)
    # Days differ: half of them are quiet, some are expensive.
    np.multiply(wanted, wanted, out=wanted)
    wanted *= (3 * people.wish).astype(f32)
    billed = np.zeros((days, n), f32)
    monthly = (people.pay * people.bills).astype(f32)
    when, who = np.nonzero((of_month == people.bill_day) & (people.bills > 0))
    billed[when, who] = monthly[who]
    share = np.stack([(people.bill_day == 0) * people.bills / 3] * 3).astype(f32)
    share[0] += (people.bill_day < 0) * people.bills
    return _flow(people, paid, other, billed, wanted, pays_line, share)


def _pay_flags(
    rng: np.random.Generator, people: People, incomes: Incomes, columns: np.ndarray
) -> np.ndarray:
    days, n = columns.shape
    flags = incomes.days[people.paid_by[None, :], columns]
    when, who = np.nonzero(flags)
    late = rng.random(len(who)) < people.late[who]
    flags[when[late], who[late]] = False
    late &= when < days - 1
    flags[when[late] + 1, who[late]] = True
    gap = np.where(people.idle, IDLE_GAP, incomes.gap[people.paid_by])
    chance = np.flatnonzero(gap > 0)
    flags[:, chance] = rng.random((days, len(chance)), np.float32) < 1 / gap[chance]
    return flags


def _flow(
    people: People,
    paid: np.ndarray,
    other: np.ndarray,
    billed: np.ndarray,
    wanted: np.ndarray,
    pays_line: np.ndarray,
    bill_share: np.ndarray,
) -> Paths:
    """Go through the days; inside, days are rows, because a day is computed for all at once."""
    days, n = paid.shape
    f32 = np.float32
    credit = people.pays_down > 0
    limit, down = people.limit.astype(f32), people.pays_down.astype(f32)
    drain = people.drain.astype(f32)
    idle = people.idle
    paid[:, idle & ~credit] *= f32(0.3)
    there = np.where(credit, people.limit * 0.4, people.savings).astype(f32)
    opening = np.empty((days, n), f32)
    owed = np.zeros((3, n), f32)
    room = np.where(credit, limit, f32(0))
    for day in range(days):
        opening[day] = there
        paid[day] += np.where(pays_line[day], down * (room - there).clip(0), f32(0))
        # Bills that follow pay leave on the next day, or a third on each of three.
        billed[day] += owed[0]
        owed[:-1] = owed[1:]
        owed[-1] = 0
        owed += paid[day] * bill_share
        there = there + paid[day] + other[day]
        wanted[day] += drain * there
        there = np.maximum(there - billed[day] - wanted[day], f32(0))
        np.minimum(there, limit, out=there)
    names = (opening, paid, other, billed, wanted)
    return Paths(people, *(np.ascontiguousarray(values.T) for values in names))
