# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Accounts as paths: what is on them at every hour of every day, for many payers at once.

The same economy as `simulation.accounts.Account`: pay comes in, the day's spending goes out, what
is not there is not spent, and nothing goes below zero. Here whole populations are computed day by
day as columns, and the hours within a day follow from a formula. Amounts are minor units, float32;
days and hours are local.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .incomes import Incomes
from .populations import Population

SPENDERS = ("steady", "stretched", "committed", "passing", "idle")
# Pay is booked in the night's clearing mostly; instant transfers and cheques come by day.
_PAY_HOURS = ((1.0, 0.35), (5.0, 0.35), (9.0, 0.15), (12.0, 0.1), (16.0, 0.05))
_DAY_BEGINS, _DAY_ENDS = 8.0, 22.0
# Spending rises when pay has come, for some days.
_PAY_DAY_RESPONSE, _RESPONSE_DAYS = 0.6, 3


@dataclass
class Payers:
    """Who people are, apart from the luck of single days; each field has one value per payer.

    :param income: number of the variant in the population's incomes
    :param income_after: the same from the population's shift on
    :param pay: minor units per month of thirty days
    :param pay_hour: local hour at which pay is booked
    :param spender: number in `SPENDERS`
    :param commitments: share of each pay that rent and debts take within three days
    :param appetite: daily spending, relative to pay less commitments, evened over the month
    :param drain: share of the balance that moves on each evening
    :param side_rate: probability of another receipt on a day
    :param late: probability that a pay comes a day late
    """

    income: np.ndarray
    income_after: np.ndarray
    pay: np.ndarray
    pay_hour: np.ndarray
    spender: np.ndarray
    commitments: np.ndarray
    appetite: np.ndarray
    drain: np.ndarray
    side_rate: np.ndarray
    late: np.ndarray

    def __len__(self) -> int:
        return len(self.pay)

    def take(self, index: np.ndarray) -> Payers:
        """Return some of them, or some of them several times."""
        return Payers(**{name: values[index] for name, values in vars(self).items()})


@dataclass
class Paths:
    """Accounts over time, one row per payer and one column per day.

    At an hour the balance is what was there in the morning, plus the day's receipts once they are
    booked, less the part of the day's spending done by then. Commitments leave at the day's end.

    :param opening: balance at midnight
    :param received: booked during the day
    :param spending: wanted for the day; what is not there is not spent
    :param spent: gone by the end of the day, commitments included
    :param pay_hour: local hour of booking, one per payer
    """

    opening: np.ndarray
    received: np.ndarray
    spending: np.ndarray
    spent: np.ndarray
    pay_hour: np.ndarray

    def take(self, index: np.ndarray) -> Paths:
        """Return the rows of some payers."""
        return Paths(**{name: values[index] for name, values in vars(self).items()})

    def from_day(self, day: int) -> Paths:
        """Return the same paths without their first days."""
        return Paths(*(values[:, day:] for values in list(vars(self).values())[:4]), self.pay_hour)

    def balance(self, row: np.ndarray, day: np.ndarray, hour: np.ndarray) -> np.ndarray:
        """Return balances at hours of days, of which the rows' first is 0."""
        came = self.received[row, day] * (hour >= self.pay_hour[row])
        gone = self.spending[row, day] * day_share(hour)
        return np.maximum(self.opening[row, day] + came - gone, 0.0)

    def balances(self, hour: float, days: slice = slice(None)) -> np.ndarray:
        """Return the balances of all payers at an hour of all days."""
        came = self.received[:, days] * (hour >= self.pay_hour)[:, None]
        gone = self.spending[:, days] * np.float32(day_share(hour))
        return np.maximum(self.opening[:, days] + came - gone, 0.0)


def day_share(hour: np.ndarray | float) -> np.ndarray:
    """Return the share of a day's spending that is done by an hour."""
    return np.clip((hour - _DAY_BEGINS) / (_DAY_ENDS - _DAY_BEGINS), 0.0, 1.0)


def draw_payers(
    rng: np.random.Generator,
    population: Population,
    incomes: tuple[Incomes, Incomes],
    country: np.ndarray,
    monthly_pay: np.ndarray,
    steady: float,
) -> Payers:
    """Draw people.

    :param incomes: before and after the population's shift; the same twice without one
    :param country: number of each one's country
    :param monthly_pay: usual pay there, minor units
    :param steady: share of those who nearly always have the money
    """
    n = len(monthly_pay)
    before = incomes[0].draw(rng, country)
    after = before if incomes[1] is incomes[0] else incomes[1].draw(rng, country)
    shares = np.array([population.spenders[name] for name in SPENDERS[1:]])
    weights = np.concatenate([[steady], (1 - steady) * shares / shares.sum()])
    spender = rng.choice(len(SPENDERS), size=n, p=weights)
    hours, hour_weights = zip(*_PAY_HOURS, strict=True)

    def by_spender(*ranges: tuple[float, float]) -> np.ndarray:
        low, high = np.array(ranges).T
        return low[spender] + (high - low)[spender] * rng.random(n)

    return Payers(
        income=before,
        income_after=after,
        pay=monthly_pay * np.exp(rng.normal(0, 0.35, n)),
        pay_hour=rng.choice(hours, size=n, p=hour_weights),
        spender=spender,
        commitments=by_spender((0.2, 0.4), (0.15, 0.35), (0.4, 0.75), (0.0, 0.2), (0.0, 0.0)),
        appetite=by_spender((0.6, 0.85), (1.05, 1.4), (1.2, 2.2), (0.8, 1.2), (0.1, 0.5)),
        drain=by_spender((0.0, 0.0), (0.0, 0.05), (0.05, 0.25), (0.35, 0.75), (0.1, 0.5)),
        side_rate=population.side_income / 30 * rng.gamma(1.5, 1 / 1.5, n),
        late=rng.choice([0.0, 0.03, 0.15], size=n, p=[0.6, 0.3, 0.1]),
    )


def simulate(
    rng: np.random.Generator,
    payers: Payers,
    incomes: tuple[Incomes, Incomes],
    first_day: np.ndarray,
    days: int,
    shift: int | None = None,
) -> Paths:
    """Live through some days and return what was on the accounts.

    :param first_day: day number of each payer's first column
    :param shift: day number from which `income_after` holds
    """
    n = len(payers)
    flags = incomes[0].pay_flags(rng, payers.income, first_day, days, payers.late)
    per_pay = np.broadcast_to(incomes[0].per_month[payers.income], (days, n))
    if shift is not None:
        later = incomes[1].pay_flags(rng, payers.income_after, first_day, days, payers.late)
        has_shifted = first_day[None, :] + np.arange(days)[:, None] >= shift
        flags = np.where(has_shifted, later, flags)
        per_pay = np.where(has_shifted, incomes[1].per_month[payers.income_after], per_pay)
    # Somebody without a wage is not paid the same each time.
    spread = np.where(incomes[0].is_irregular[payers.income], 0.6, 0.05)
    paid = flags & (payers.spender != SPENDERS.index("idle"))
    wages = np.zeros((days, n), np.float32)
    when, who = np.nonzero(paid)
    luck = np.exp(spread[who] * rng.standard_normal(len(who)))
    wages[when, who] = payers.pay[who] / per_pay[when, who] * luck
    received = wages.copy()
    when, who = np.nonzero(rng.random((days, n), np.float32) < payers.side_rate.astype(np.float32))
    received[when, who] += 0.04 * payers.pay[who] * np.exp(0.8 * rng.standard_normal(len(who)))
    return _live(rng, payers, wages, received)


def _live(
    rng: np.random.Generator, payers: Payers, wages: np.ndarray, received: np.ndarray
) -> Paths:
    """Spend day by day. Inside, days are rows, because a day is computed for all at once."""
    days, n = wages.shape
    f32 = np.float32
    third, kept = (payers.commitments / 3).astype(f32), (1 - payers.drain).astype(f32)
    daily = (payers.pay * (1 - payers.commitments) * payers.appetite / 30).astype(f32)
    spending = rng.random((days, n), f32) * f32(1.2)
    spending += f32(0.4)
    spending *= daily
    when, who = np.nonzero(rng.random((days, n), f32) < f32(0.02))
    spending[when, who] += 0.25 * payers.pay[who] * rng.random(len(who))
    opening, spent = np.empty((days, n), f32), np.empty((days, n), f32)
    savings = np.where(payers.spender == 0, 1.0, 0.15) * payers.pay * rng.random(n)
    balance = savings.astype(f32)
    owed = np.zeros((3, n), f32)  # commitments of the coming days
    response = np.zeros(n, np.int8)
    for day in range(days):
        paid = wages[day]
        response = np.where(paid > 0, np.int8(_RESPONSE_DAYS + 1), response - np.int8(1))
        # A third of what a pay must cover leaves on each of three days.
        owed += paid * third
        want = spending[day]
        want *= np.where(response > 0, f32(1 + _PAY_DAY_RESPONSE), f32(1))
        there = balance + received[day]
        left = np.maximum(there - want - owed[0], f32(0))
        left *= kept
        response = np.maximum(response, np.int8(0))
        opening[day] = balance
        np.subtract(there, left, out=spent[day])
        balance = left
        owed = np.roll(owed, -1, axis=0)
        owed[2] = 0
    return Paths(opening.T, received.T, spending.T, spent.T, payers.pay_hour.astype(f32))
