# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A year of cases of a world: charges that failed when they were due, and what is behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from ..streams.cases import CAUSES
from ..streams.issuers import ADVICE_DAYS, CODE, PAID, tell
from ..streams.noise import uniform
from ..streams.zones import HOUR, Zones, to_datetime
from .banks import MEMORY, Banks, is_out, refusal, remember
from .money import Paths
from .places import PLACES
from .world import World

HISTORY = 155  # days before the case that a merchant remembers
OPENINGS = 31  # days on one of which the case opens; then
HORIZON = 44  # days after these
MONTHS = 5  # earlier charges, one a month
BACKGROUND = 0.01  # any charge may meet trouble that has nothing to do with anything
STEADY_PAYS = 0.98


@dataclass
class WorldCases:
    """Cases as columns; whoever plays them asks `fresh_memory` and `charge`, and what is public.

    :param zone: number of the time zone that the merchant takes for the customer's
    :param home: number of the one in which the customer lives
    :param row: of the case's person in `paths`
    :param first_day: local day of the paths' first column
    :param cause: number in `CAUSES`; hidden
    :param bank: number in `banks`
    :param luck: chance that a try pays, in worlds of mere luck
    :param risk_until: instant until which the issuer's score refuses everything
    :param limited: share of days on which the daily limit is reached, in their second half
    :param funded_from: instant from which the customer has put money aside for this, inf for never
    :param pays_at: instant at which the customer pays without a charge, inf for never
    :param away_until: instant until which the issuer cannot be reached
    :param dies_at: instant from which the card is declined with `dead_code`; inf for never
    :param replaced_at: instant from which another card is on file; inf for never
    :param tenure: months of earlier charges
    :param due_hour: local hour at which invoices are charged when they are due
    :param steady: nearly always has the money
    """

    world: World
    zones: Zones
    banks: Banks
    paths: Paths
    seed: np.ndarray
    row: np.ndarray
    country: np.ndarray
    zone: np.ndarray
    home: np.ndarray
    brand: np.ndarray
    funding: np.ndarray
    amount: np.ndarray
    opened: np.ndarray
    first_day: np.ndarray
    cause: np.ndarray
    bank: np.ndarray
    issuer_known: np.ndarray
    luck: np.ndarray
    risk_until: np.ndarray
    limited: np.ndarray
    funded_from: np.ndarray
    pays_at: np.ndarray
    away_until: np.ndarray
    dies_at: np.ndarray
    dead_code: np.ndarray
    replaced_at: np.ndarray
    tenure: np.ndarray
    due_hour: np.ndarray
    steady: np.ndarray

    # What Visa allows in thirty days, after the first: the product blocks whatever is beyond it.
    most_charges = 14

    def __len__(self) -> int:
        return len(self.seed)

    @property
    def countries(self) -> tuple[str, ...]:
        """ISO codes, addressed by `country`."""
        return tuple(self.world.countries)

    @property
    def worth(self) -> np.ndarray:
        """Amounts as shares of a usual pay, so that those of several currencies can be added."""
        pay = np.array([PLACES[code].pay for code in self.countries])
        return self.amount / pay[self.country]

    def take(self, index: np.ndarray) -> WorldCases:
        """Return some of the cases."""
        values = {
            name: getattr(self, name)[index] if name not in WHOLE else getattr(self, name)
            for name in self.__dataclass_fields__
        }
        return WorldCases(**values)

    # What a merchant sees

    def currency(self, case: int) -> str:
        """Return the currency of a case's amount."""
        return PLACES[self.countries[self.country[case]]].currency

    def funding_of(self, case: int) -> str:
        """Return `debit`, `credit` or `prepaid`."""
        return FUNDING[self.funding[case]]

    def issuer_of(self, case: int) -> str:
        """Return the card's first digits, where the provider tells them."""
        return self.banks.digits[self.bank[case]] if self.issuer_known[case] else ""

    def past(self, case: int) -> list[tuple[datetime, bool]]:
        """Return earlier charges of the customer, oldest first, and whether they were paid."""
        at, paid, known = (values[case] for values in self._history)
        return [
            (to_datetime(instant), bool(was))
            for instant, was, there in zip(at, paid, known, strict=True)
            if there
        ]

    # What happens

    def own_payments(self) -> np.ndarray:
        """Return the instants at which customers pay without being charged, inf for never."""
        return self.pays_at

    def fresh_memory(self) -> np.ndarray:
        """Return what issuers remember after the charges with which the cases opened."""
        index = np.arange(len(self))
        nothing = np.zeros((len(self), MEMORY))
        return remember(self.banks, self.bank, self.opened, self.opened[index], nothing)

    def first_answers(self) -> tuple[np.ndarray, np.ndarray]:
        """Return codes and advice of the charges with which the cases opened."""
        index = np.arange(len(self))
        return self.charge(index, self.opened, np.zeros((len(self), MEMORY)))[:2]

    def charge(
        self, index: np.ndarray, at: np.ndarray, memory: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return codes and advice of charges, and what issuers remember afterwards.

        :param index: which cases; each may occur any number of times
        :param at: instants, seconds
        :param memory: of these cases before the charge
        """
        seed, number, bank = self.seed[index], memory[:, 0], self.bank[index]
        opened = self.opened[index]
        day, hour = self.zones.local(self.home[index], at)
        banks, first = self.banks, number == 0
        told = uniform(seed, number, 1)
        funded = self._has_money(index, day, hour, at, number)
        code = np.where(funded, PAID, CODE["insufficient_funds"])
        trouble = uniform(seed, number, 2)
        code = np.where(funded & (trouble < BACKGROUND), CODE["do_not_honor"], code)
        over = (self.limited[index] > 0) & self._over_limit(index, day, hour)
        code = np.where(over, CODE["card_velocity_exceeded"], code)
        code = np.where(at < self.risk_until[index], tell("mood", told), code)
        refused = ~first & (uniform(seed, number, 3) < refusal(banks, bank, at, opened, memory))
        code = np.where(refused, tell("soon", told), code)
        code = self._blur(code, bank, seed, number)
        away = (at < self.away_until[index]) | (trouble > 1 - BACKGROUND)
        since = (hour - banks.window[bank]) % 24
        closed = (banks.window[bank] >= 0) & (since < banks.window_hours[bank])
        closed &= uniform(seed, at // HOUR, 4) < self.world.values["window_fails"]
        away |= closed & ~first
        away |= ~first & is_out(banks, bank, at)
        code = np.where(away, tell("technical", told), code)
        gone = (at >= self.dies_at[index]) & (at < self.replaced_at[index])
        hidden = uniform(seed, number, 5) < 0.3 * banks.vague[bank]
        dead = np.where(hidden, CODE["do_not_honor"], self.dead_code[index])
        code = np.where(gone, dead, code)
        advice = self._advise(index, day, at, code, number)
        return code, advice, remember(banks, bank, at, opened, memory)

    def _has_money(self, index, day, hour, at, number) -> np.ndarray:
        world = self.world
        if world.nothing == "luck":
            # Each try has its own luck, the same for whoever makes it and whenever.
            found = uniform(self.seed[index], number, 6) < self.luck[index]
            return found & ((number > 0) | (self.cause[index] != FUNDS))
        column = np.clip(day - self.first_day[index], 0, self.paths.opening.shape[1] - 1)
        found = self.paths.balance(self.row[index], column, hour) >= self.amount[index]
        # A charge soon after midnight may be an hour off on the day of a clock change.
        found &= (number > 0) | (self.cause[index] != FUNDS)
        return found | (at >= self.funded_from[index])

    def _over_limit(self, index, day, hour) -> np.ndarray:
        seed = self.seed[index]
        reached = 10 + 14 * uniform(seed, day, 7)  # Purchases of the day add up to the limit.
        return (uniform(seed, day, 8) < self.limited[index]) & (hour >= reached)

    def _blur(self, code, bank, seed, number) -> np.ndarray:
        vague = (code != PAID) & (uniform(seed, number, 9) < self.banks.vague[bank])
        general = np.where(
            uniform(seed, number, 10) < 0.8, CODE["do_not_honor"], CODE["generic_decline"]
        )
        return np.where(vague, general, code)

    def _advise(self, index, day, at, code, number) -> np.ndarray:
        """Return advice: a wait until there is money that day, or a guess."""
        asked = self.banks.advises[self.bank[index]] & (self.brand[index] == "mastercard")
        asked &= np.isin(code, (1, 2, 3))
        advice = np.zeros(len(index), np.int64)
        if not asked.any():
            return advice
        index, day, number = index[asked], day[asked], number[asked]
        funded = self._funded_days[index]
        column = (day - self.first_day[index])[:, None]
        later = np.arange(funded.shape[1])[None, :] - column
        wait = np.where(funded & (later > 0), later, 99).min(axis=1)
        right = np.searchsorted(ADVICE_DAYS[1:-1], wait) + 1
        seed = self.seed[index]
        guess = 2 + (uniform(seed, number, 11) * 4).astype(np.int64)
        is_right = uniform(seed, number, 12) < self.world.values["advice_right"]
        advice[asked] = np.where(is_right, right, guess)
        return advice

    @cached_property
    def _funded_days(self) -> np.ndarray:
        """Whether there is enough at noon or in the evening of days; (n, days)."""
        found = [
            self.paths.balances(hour)[self.row] >= self.amount[:, None] for hour in (12.0, 18.0)
        ]
        return found[0] | found[1]

    @cached_property
    def _history(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return instants of earlier charges, whether they paid, and whether they happened.

        An invoice of each month was charged on its due day and then by the merchant's ladder of
        those days, until it was paid.
        """
        n, today = len(self), self.first_day + self._opening_column
        ladder = np.array([0, 3, 7, 12])
        back = 30.4375 * np.arange(MONTHS, 0, -1)
        days = np.rint(today[:, None] - back[None, :]).astype(np.int64)
        days = np.minimum(days[:, :, None] + ladder, today[:, None, None] - 1)
        column = (days - self.first_day[:, None, None]).clip(0)
        hours = np.repeat(self.due_hour, MONTHS * len(ladder)).reshape(days.shape)
        hours = np.where(ladder > 0, 10.0, hours)
        flat = column.ravel()
        each = np.repeat(np.arange(n), MONTHS * len(ladder))
        paid = self.paths.balance(self.row[each], flat, hours.ravel()) >= self.amount[each]
        if self.world.nothing == "luck":
            chance = np.where(self.cause == FUNDS, self.luck, STEADY_PAYS)
            paid = uniform(self.seed[each], flat, 13) < chance[each]
        paid |= self.steady[each] & (uniform(self.seed[each], flat, 14) < STEADY_PAYS)
        paid = paid.reshape(days.shape)
        before = np.cumsum(paid, axis=2) - paid
        months = np.arange(MONTHS, 0, -1)[None, :, None]
        known = (before == 0) & (months <= self.tenure[:, None, None])
        distinct = np.ones(days.shape, bool)
        distinct[:, :, 1:] = days[:, :, 1:] > days[:, :, :-1]
        at = self.zones.instant(self.home[each], days.ravel(), hours.ravel()).reshape(n, -1)
        known = (known & distinct).reshape(n, -1) & (at < self.opened[:, None] - HOUR)
        order = np.argsort(at, axis=1, kind="stable")
        pick = np.arange(n)[:, None], order
        return at[pick], paid.reshape(n, -1)[pick], known[pick]

    @cached_property
    def _opening_column(self) -> np.ndarray:
        return self.zones.local(self.home, self.opened)[0] - self.first_day


WHOLE = {"world", "zones", "banks", "paths"}
FUNDS = CAUSES.index("funds")
FUNDING = ("debit", "credit", "prepaid")
