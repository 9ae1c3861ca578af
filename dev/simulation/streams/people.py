# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Who a payer may be, given the merchant's record of them: people drawn by the population's rules.

Amounts are minor units; days are local day numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..countries import COUNTRIES
from .cases import FIRST_DAY, JUDGED_DAYS, TRAINING_DAYS, Cases, incomes_of
from .history import HISTORY, HOUR_OF_CHARGE, RUNGS, UNKNOWN, UNPAID, due_days
from .issuers import Traits, draw_traits
from .paths import Paths, Payers, draw_payers, simulate
from .populations import Population
from .zones import day_number

PEOPLE, LIVES = 6000, 5  # of a country that has the population for itself
SAMPLED = 4000  # lives in which a case's future is looked at
_WARM_UP = 45
_BUYING_HOUR = 17.0
# Somebody who always has money, against invoices that were paid late or never.
_STEADY_ON_TIME, _STEADY_LATE = 0.97, 0.02
# So little that a person remains possible whom none of their lives explains.
_FLOOR = 0.003


@dataclass
class Pool:
    """People of a country, each with several lives, on the days before cases are judged.

    :param at_ten: balances when invoices are charged, at 10:00; (days, people * lives)
    :param at_five: when people buy
    """

    payers: Payers
    at_ten: np.ndarray
    at_five: np.ndarray


@dataclass
class Lives:
    """Possible futures of one case's payer. Column 0 is the day on which the case opened.

    :param explained: mean probability of the customer's record among those who run short
    :param steady: the same of somebody who always has money
    """

    paths: Paths
    traits: Traits
    explained: float
    steady: float

    def __len__(self) -> int:
        return len(self.paths.pay_hour)


class People:
    """All who may stand behind the cases of a population.

    :param cases: read are the columns that a merchant knows, and no others
    """

    def __init__(self, population: Population, cases: Cases, seed: int = 0) -> None:
        self.population, self.cases = population, cases
        self._seed = seed
        self._incomes = incomes_of(population)
        self._shift = day_number(population.shift) if population.shift else None
        self._first_day = FIRST_DAY + TRAINING_DAYS - HISTORY
        rng = np.random.default_rng([seed, 77])
        self._pools = [self._draw(rng, number) for number in range(len(cases.countries))]
        #: How often somebody who runs short cannot pay, all days and amounts alike.
        self.short_share = self._find_short_share()

    def _draw(self, rng: np.random.Generator, number: int) -> Pool:
        persons = int(PEOPLE * max(1 / len(self.cases.countries), 0.25))
        pay = float(COUNTRIES[self.cases.countries[number]].monthly_pay)
        payers = draw_payers(
            rng, self.population, self._incomes, np.full(persons, number), np.full(persons, pay), 0
        )
        lives = payers.take(np.repeat(np.arange(persons), LIVES))
        days = _WARM_UP + HISTORY + JUDGED_DAYS
        first = np.full(len(lives), self._first_day - _WARM_UP)
        paths = simulate(rng, lives, self._incomes, first, days, self._shift)
        at_ten, at_five = (
            np.ascontiguousarray(paths.balances(hour, slice(_WARM_UP, None)).T)
            for hour in (HOUR_OF_CHARGE, _BUYING_HOUR)
        )
        return Pool(payers, at_ten, at_five)

    def _find_short_share(self) -> float:
        shares = []
        for number, pool in enumerate(self._pools):
            amounts = self.cases.amount[self.cases.country == number]
            for amount in np.unique(amounts):
                lacks = float((pool.at_ten[HISTORY:] < amount).mean())
                shares.append((lacks, float((amounts == amount).sum())))
        values, counts = np.array(shares).T
        # Amounts of cases are those that could not be paid: each stands for fewer of its kind.
        return float(counts.sum() / (counts / values).sum())

    def lives(self, case: int, days: int) -> Lives:
        """Return possible futures of a case's payer, weighted alike.

        :param days: how many of them after the day of the opening
        """
        rng = np.random.default_rng([self._seed, 78, case])
        pool = self._pools[self.cases.country[case]]
        people, steady = self._explain(pool, case)
        edges = np.cumsum(people)
        draws = (np.arange(SAMPLED) + rng.random()) / SAMPLED * edges[-1]
        drawn = np.minimum(np.searchsorted(edges, draws), len(people) - 1)
        payers = _blur(rng, pool.payers.take(drawn))
        today = self.cases.first_day[case] + HISTORY
        first = np.full(SAMPLED, today - _WARM_UP)
        paths = simulate(rng, payers, self._incomes, first, _WARM_UP + days + 1, self._shift)
        unknown = np.ones(SAMPLED, bool)
        traits = draw_traits(rng, self.population, unknown, unknown)
        return Lives(paths.from_day(_WARM_UP), traits, float(people.mean()), steady)

    def _explain(self, pool: Pool, case: int) -> tuple[np.ndarray, float]:
        """Return the probability of the customer's record for each person and a steady payer."""
        cases = self.cases
        today = int(cases.first_day[case]) + HISTORY
        row, amount = today - self._first_day, cases.amount[case]
        people = np.ones(len(pool.payers))
        steady = 1.0

        def multiply(happened: np.ndarray) -> None:
            nonlocal people
            share = happened.reshape(-1, LIVES).sum(axis=1)
            people = people * (share + 0.3 * happened.mean() + _FLOOR) / (LIVES + 0.3)

        for back, paid in zip(due_days(np.array([today]))[0], cases.due_paid[case], strict=True):
            if paid == UNKNOWN:
                continue
            days = np.array([back - rung for rung in RUNGS if 0 < back - rung <= HISTORY])
            funded = pool.at_ten[row - days] >= amount
            until = int(np.flatnonzero(days == paid)[0]) if paid != UNPAID else len(days)
            happened = ~funded[:until].any(axis=0)
            if paid != UNPAID:
                happened &= funded[until]
            multiply(happened)
            steady *= _STEADY_ON_TIME if paid == back else _STEADY_LATE
        for column in np.flatnonzero(cases.bought[case]):
            multiply(pool.at_five[row - HISTORY + column] >= amount)
        return people, steady


def _blur(rng: np.random.Generator, payers: Payers) -> Payers:
    """Return people near the drawn ones, so that a few likely ones do not stand for all."""

    def near(values: np.ndarray, spread: float) -> np.ndarray:
        return values * np.exp(spread * rng.standard_normal(len(values)))

    return replace(
        payers,
        pay=near(payers.pay, 0.1),
        commitments=np.clip(near(payers.commitments, 0.1), 0, 0.9),
        appetite=near(payers.appetite, 0.07),
        drain=np.clip(near(payers.drain, 0.2), 0, 0.95),
        side_rate=near(payers.side_rate, 0.2),
    )
