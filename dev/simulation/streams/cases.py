# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Streams of cases: charges that failed on their due date, over a year of calendar time.

A case is one payer, one card and one amount. Its first charge has failed at `opened`; whatever is
asked of it afterwards is answered by `issuers.answer`. Cases are kept as columns (NumPy arrays).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import numpy as np

from ..countries import COUNTRIES
from .history import HISTORY, HOUR_OF_CHARGE, RUNGS, UNKNOWN, due_days, earlier_payments
from .incomes import Incomes
from .issuers import CODE, Traits, advise, answer, draw_traits
from .paths import Paths, Payers, draw_payers, simulate
from .populations import Population
from .zones import DAY, DAYS, HOUR, Zones, day_number, to_datetime

# The last day of a case's path, counted from the day it opens: two months and a few days.
HORIZON = 63
# Accounts live this long before anything is looked at, so that nobody starts on a special day.
WARM_UP = 31
FIRST_DAY = day_number(date(2025, 1, 15))
TRAINING_DAYS = 272  # cases to learn from open on these days
JUDGED_DAYS = 84  # and then those on which strategies are judged
# Of those whose charge fails although there may be money: most people are not short of it.
STEADY = 0.6
_PRICES = np.array([9.0, 19.0, 29.0, 49.0, 99.0, 199.0])
_PRICE_SHARES = np.array([0.12, 0.2, 0.24, 0.24, 0.14, 0.06])
_REFERENCE_PAY = 250000  # minor units; prices are those of a country with that pay
CAUSES = ("funds", "mood", "technical", "dead", "expired", "authentication")
_BATCH = 6000


@dataclass
class Cases:
    """Cases as columns.

    :param zones: time zones, addressed by `zone`
    :param seed: uint64, from which the luck of charges follows
    :param country: number in `countries`
    :param amount: minor units
    :param opened: instant of the first failure, seconds
    :param first_day: local day of the paths' first column, `HISTORY` days before the case opened
    :param cause: number in `CAUSES`: why the first charge failed; hidden
    :param dies_at: instant from which the card is declined with `dead_code`; inf for never
    :param replaced_at: instant from which another card is on file; inf for never
    :param due_paid: days before the case opened of earlier monthly payments, see `history`; (n, 6)
    :param bought: days on which the customer bought something; (n, HISTORY)
    """

    population: Population
    zones: Zones
    countries: tuple[str, ...]
    incomes: tuple[Incomes, Incomes]
    seed: np.ndarray
    country: np.ndarray
    zone: np.ndarray
    brand: np.ndarray
    debit: np.ndarray
    amount: np.ndarray
    opened: np.ndarray
    first_day: np.ndarray
    cause: np.ndarray
    payers: Payers
    paths: Paths
    traits: Traits
    outage_ends: np.ndarray
    dies_at: np.ndarray
    dead_code: np.ndarray
    replaced_at: np.ndarray
    shopper: np.ndarray
    due_paid: np.ndarray
    bought: np.ndarray
    acceptance: float = 1.0

    # More than any policy allows: whoever gets there repeats technical failures for ever.
    most_charges = 60

    def __len__(self) -> int:
        return len(self.seed)

    def take(self, index: np.ndarray) -> Cases:
        """Return some of the cases."""
        values = {}
        for name, value in vars(self).items():
            if name in _WHOLE or name not in self.__dataclass_fields__:
                continue
            values[name] = value[index] if isinstance(value, np.ndarray) else value.take(index)
        return Cases(**values, **{name: getattr(self, name) for name in _WHOLE})

    def is_funded(self, index: np.ndarray, day: np.ndarray, hour: np.ndarray) -> np.ndarray:
        """Return whether the account covers the amount at hours of local days."""
        column = np.clip(day - self.first_day[index], 0, self.paths.opening.shape[1] - 1)
        return self.paths.balance(index, column, hour) >= self.amount[index]

    @cached_property
    def _funded_days(self) -> np.ndarray:
        """Whether there is enough at 8 in the morning, or when pay comes later that day."""
        days = slice(HISTORY, None)
        early = self.paths.balances(8.0, days) >= self.amount[:, None]
        return early | (self.paths.balances(17.0, days) >= self.amount[:, None])

    def days_until_funded(self, index: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Return days to the next day with enough money, 99 where none comes."""
        funded = self._funded_days[index]
        column = day - self.first_day[index] - HISTORY
        later = np.arange(funded.shape[1])[None, :] - column[:, None]
        waits = np.where(funded & (later > 0), later, 99)
        return waits.min(axis=1)

    def first_answers(self) -> tuple[np.ndarray, np.ndarray]:
        """Return codes and advice of the charges with which the cases opened."""
        index = np.arange(len(self))
        code = answer(self, index, self.opened, np.full(len(self), -np.inf))
        return code, advise(self, index, self.opened, code)

    def fresh_memory(self) -> np.ndarray:
        """Return what issuers remember when the cases have opened: when the last charge was."""
        return self.opened[:, None].copy()

    def charge(
        self, index: np.ndarray, at: np.ndarray, memory: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return codes and advice of charges, and what issuers remember afterwards.

        :param index: which cases; each may occur any number of times
        :param at: instants, seconds
        :param memory: of these cases before the charge
        """
        code = answer(self, index, at, memory[:, 0])
        return code, advise(self, index, at, code), at[:, None].copy()

    def own_payments(self) -> np.ndarray:
        """Return the instants at which customers pay without being charged: never."""
        return np.full(len(self), np.inf)

    def currency(self, case: int) -> str:
        """Return the currency of a case's amount."""
        return COUNTRIES[self.countries[self.country[case]]].currency

    def funding_of(self, case: int) -> str:
        """Return `debit` or `credit`."""
        return "debit" if self.debit[case] else "credit"

    def issuer_of(self, case: int) -> str:
        """Return the card's first digits: they are not known here."""
        return ""

    def past(self, case: int) -> list[tuple[datetime, bool]]:
        """Return earlier charges of the customer, oldest first, and whether they were paid."""
        zone, today = self.zone[case], self.first_day[case] + HISTORY
        charges = [
            (float(self.zones.instant(zone, today - HISTORY + column, 17.0)), True)
            for column in np.flatnonzero(self.bought[case])
        ]
        for back, paid in zip(due_days(np.array([today]))[0], self.due_paid[case], strict=True):
            if paid == UNKNOWN:
                continue
            for rung in RUNGS:
                before = back - rung
                if before <= 0 or before > HISTORY:
                    continue
                at = float(self.zones.instant(zone, today - before, HOUR_OF_CHARGE))
                charges.append((at, before == paid))
                if before == paid:
                    break
        return [(to_datetime(at), paid) for at, paid in sorted(charges)]


_WHOLE = ("population", "zones", "countries", "incomes", "acceptance")


def generate(
    population: Population, seed: int, count: int, first_day: int = FIRST_DAY, days: int = 356
) -> Cases:
    """Return cases in the order in which they open; the same arguments give the same cases.

    :param first_day: day number from which cases open
    :param days: for that many days
    """
    maker = _Maker(population, seed, first_day, days)
    parts, found, tried = [], 0, 0
    while found < count:
        part, asked = maker.batch()
        parts.append(part)
        found += len(part)
        tried += asked
    cases = _join(parts)
    cases.acceptance = found / tried
    cases = cases.take(np.arange(count))
    return cases.take(np.argsort(cases.opened, kind="stable"))


def _join(parts: list[Cases]) -> Cases:
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    values = {}
    for name in first.__dataclass_fields__:
        if name in _WHOLE:
            values[name] = getattr(first, name)
            continue
        column = [getattr(part, name) for part in parts]
        if isinstance(column[0], np.ndarray):
            values[name] = np.concatenate(column)
        else:
            joined = {
                key: np.concatenate([getattr(part, key) for part in column])
                for key in vars(column[0])
            }
            values[name] = type(column[0])(**joined)
    return Cases(**values)


def world(population: Population) -> tuple[tuple[str, ...], Zones, list[np.ndarray]]:
    """Return a population's countries, its time zones, and each country's numbers of zones."""
    codes = tuple(population.countries)
    names = tuple(dict.fromkeys(zone for code in codes for zone in COUNTRIES[code].time_zones))
    numbers = [
        np.array([names.index(zone) for zone in COUNTRIES[code].time_zones]) for code in codes
    ]
    return codes, Zones(names), numbers


def incomes_of(population: Population) -> tuple[Incomes, Incomes]:
    """Return the ways to be paid before and after the population's shift."""
    shares = [population.habits or COUNTRIES[code].pay_habits for code in population.countries]
    before = Incomes(shares)
    if population.shift is None:
        return before, before
    return before, Incomes([population.habits_after] * len(shares))


class _Maker:
    """Makes batches of cases: payers are drawn, and kept when their charge fails."""

    def __init__(self, population: Population, seed: int, first_day: int, days: int) -> None:
        self.population = population
        self.rng = np.random.default_rng([seed, *population.name.encode()])
        self.first_day, self.days = first_day, days
        self.codes, self.zones, self.country_zones = world(population)
        self.incomes = incomes_of(population)
        self.shift = day_number(population.shift) if population.shift else None

    def batch(self) -> tuple[Cases, int]:
        """Return some cases, and how many of the drawn ones were to fail for lack of money."""
        cases = self._draw(_BATCH)
        code, _advice = cases.first_answers()
        funds = cases.cause == CAUSES.index("funds")
        asked = int(funds.sum())
        # Who was to fail for lack of money and has it pays, and opens no case. The other causes
        # are drawn as often as these are kept, so that their shares come out.
        column = np.full(len(cases), HISTORY)
        hour = cases.zones.local(cases.zone, cases.opened)[1]
        rows = np.arange(len(cases))
        short = cases.paths.balance(rows, column, hour) < cases.amount
        kept = short[funds].mean() if asked else 1.0
        keep = np.where(
            funds, short & (code != 0), (self.rng.random(len(cases)) < kept) & (code != 0)
        )
        return cases.take(np.flatnonzero(keep)), asked

    def _draw(self, n: int) -> Cases:
        rng, population = self.rng, self.population
        shares = np.array([population.causes[name] for name in CAUSES])
        cause = rng.choice(len(CAUSES), size=n, p=shares / shares.sum())
        weights = np.array(list(population.countries.values()))
        country = rng.choice(len(self.codes), size=n, p=weights / weights.sum())
        zone = np.array([self.country_zones[number][0] for number in country])
        for number, options in enumerate(self.country_zones):
            of = country == number
            zone[of] = rng.choice(options, size=int(of.sum()))
        pay = np.array([COUNTRIES[code].monthly_pay for code in self.codes], float)[country]
        brand = self._brands(country)
        debit = np.array([COUNTRIES[code].debit_share for code in self.codes])[country]
        amount = rng.choice(_PRICES, size=n, p=_PRICE_SHARES) * pay / _REFERENCE_PAY * 100
        day = rng.integers(self.first_day, self.first_day + self.days, n)
        opened = self.zones.instant(zone, day, 8 + 4 * rng.random(n))
        first_day = day - HISTORY
        # Dead and unreachable cards are anybody's; who fails for money is short of it at times.
        people = [
            draw_payers(rng, population, self.incomes, country, pay, steady)
            for steady in (0.0, STEADY)
        ]
        fails = cause == CAUSES.index("funds")
        payers = Payers(
            **{k: np.where(fails, v, vars(people[1])[k]) for k, v in vars(people[0]).items()}
        )
        paths = self._live(payers, first_day)
        shopper = rng.random(n) < population.shoppers
        due_paid, bought = earlier_payments(rng, paths, amount, day, shopper)
        mastercard = brand == "mastercard"
        return Cases(
            population, self.zones, self.codes, self.incomes,
            seed=rng.integers(0, 2**63, n, dtype=np.uint64),
            country=country, zone=zone, brand=brand, debit=rng.random(n) < debit,
            amount=np.round(amount), opened=opened, first_day=first_day, cause=cause,
            payers=payers, paths=paths,
            traits=draw_traits(rng, population, cause == CAUSES.index("mood"), mastercard),
            **self._fates(cause, opened),
            shopper=shopper, due_paid=due_paid, bought=bought,
        )  # fmt: skip

    def _live(self, payers: Payers, first_day: np.ndarray) -> Paths:
        days = WARM_UP + HISTORY + HORIZON
        paths = simulate(self.rng, payers, self.incomes, first_day - WARM_UP, days, self.shift)
        return paths.from_day(WARM_UP)

    def _brands(self, country: np.ndarray) -> np.ndarray:
        brand = np.empty(len(country), "<U12")
        for number, code in enumerate(self.codes):
            of = country == number
            shares = COUNTRIES[code].brands
            brand[of] = self.rng.choice(list(shares), size=int(of.sum()), p=list(shares.values()))
        return brand

    def _fates(self, cause: np.ndarray, opened: np.ndarray) -> dict[str, np.ndarray]:
        """Return outages, deaths and replacements."""
        rng, n = self.rng, len(cause)
        names = np.array(CAUSES)[cause]
        # Most outages are over within hours, a few last for days.
        outage = 1.5 * HOUR * np.exp(1.3 * rng.standard_normal(n))
        dead_now = np.isin(names, ("dead", "expired", "authentication"))
        # Three cards in a hundred die within the two months looked at.
        dies = np.where(rng.random(n) < 0.03, rng.uniform(1, 60, n) * DAY, np.inf)
        dies_at = np.where(dead_now, -np.inf, opened + dies)
        dead_code = rng.choice(
            [CODE[c] for c in ("lost_card", "stolen_card", "invalid_account")], n
        )
        dead_code = np.where(names == "expired", CODE["expired_card"], dead_code)
        auth = names == "authentication"
        dead_code = np.where(auth, CODE["authentication_required"], dead_code)
        # A third gets another card on file, by the network's updater or by the customer.
        wait = np.where(rng.random(n) < 0.33, rng.exponential(7 * DAY, n) + DAY / 4, np.inf)
        replaced_at = np.where(dead_now, opened, dies_at) + np.where(auth, np.inf, wait)
        ends = np.where(names == "technical", opened + outage, -np.inf)
        return {
            "outage_ends": ends,
            "dies_at": dies_at,
            "dead_code": dead_code,
            "replaced_at": replaced_at,
        }


assert FIRST_DAY - HISTORY - WARM_UP >= 0 and FIRST_DAY + 356 + HORIZON < DAYS
