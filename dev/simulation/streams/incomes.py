# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""When pay reaches an account: `PayHabit` on a grid of days, for many payers at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..accounts import PayHabit
from ..countries import PAY_HABITS, PAYS_PER_MONTH
from .populations import IRREGULAR
from .zones import DAYS, calendar_days

# Of those who are paid by the week: most on Fridays. Half of the fortnights are the other ones.
_WEEKDAYS = {4: 0.6, 3: 0.25, 2: 0.15}
# Mean days between the receipts of somebody without a wage.
IRREGULAR_GAP = 10.0


@dataclass(frozen=True)
class Variant:
    """One way to be paid, out of those that a habit stands for.

    :param share: of the habit's people
    :param per_month: pays in thirty days
    :param pay: the habit, or None for chance
    :param shift: days by which the habit's calendar is moved
    """

    share: float
    per_month: float
    pay: PayHabit | None
    shift: int = 0


@cache
def variants(name: str) -> tuple[Variant, ...]:
    """Return the ways to be paid that a habit stands for; their shares add up to 1."""
    if name == IRREGULAR:
        return (Variant(1.0, 30 / IRREGULAR_GAP, None),)
    if name in {"first", "fifteenth"}:
        return (Variant(1.0, 1.0, PayHabit(0, days=(1 if name == "first" else 15,))),)
    per_month = PAYS_PER_MONTH[name]
    options = PAY_HABITS[name]
    if "weekday" not in options[0]:
        return tuple(Variant(1 / len(options), per_month, PayHabit(0, **o)) for o in options)
    (option,) = options
    every = option.get("every_weeks", 1)
    return tuple(
        Variant(share / every, per_month, PayHabit(0, **{**option, "weekday": weekday}), 7 * phase)
        for weekday, share in _WEEKDAYS.items()
        for phase in range(every)
    )


@cache
def _pay_days(variant: Variant) -> np.ndarray:
    days = np.zeros(DAYS, bool)
    if variant.pay is not None:
        days[:] = [variant.pay.pays_on(day) for day in calendar_days()]
    return np.roll(days, variant.shift)


class Incomes:
    """All ways to be paid that a population knows, addressed by number.

    :param shares: share of each habit, by name, for each country
    """

    def __init__(self, shares: Sequence[Mapping[str, float]]) -> None:
        names = list(dict.fromkeys(name for country in shares for name in country))
        pairs = [(name, variant) for name in names for variant in variants(name)]
        weights = np.array(
            [
                [country.get(name, 0) * variant.share for name, variant in pairs]
                for country in shares
            ]
        )
        self.variants = tuple(variant for _name, variant in pairs)
        self.weights = weights / weights.sum(axis=1, keepdims=True)
        self.per_month = np.array([variant.per_month for variant in self.variants])
        self.is_irregular = np.array([variant.pay is None for variant in self.variants])
        self.days = np.stack([_pay_days(variant) for variant in self.variants])

    def draw(self, rng: np.random.Generator, country: np.ndarray) -> np.ndarray:
        """Return numbers of variants by the shares of each payer's country."""
        edges = self.weights.cumsum(axis=1)[country]
        draws = rng.random(len(country))[:, None]
        return np.minimum((draws >= edges).sum(axis=1), len(self.variants) - 1)

    def pay_flags(
        self,
        rng: np.random.Generator,
        variant: np.ndarray,
        first_day: np.ndarray,
        days: int,
        late: np.ndarray,
    ) -> np.ndarray:
        """Return for each day and payer whether pay arrives; (days, payers).

        :param first_day: day number of each payer's first column
        :param late: each payer's probability that a pay comes one day late
        """
        columns = first_day[None, :] + np.arange(days)[:, None]
        flags = self.days[variant[None, :], columns]
        when, who = np.nonzero(flags)
        moves = rng.random(len(who)) < late[who]
        flags[when[moves], who[moves]] = False
        moves &= when < days - 1
        flags[when[moves] + 1, who[moves]] = True
        chance = self.is_irregular[variant]
        if chance.any():
            draws = rng.random((days, int(chance.sum())), np.float32)
            flags[:, chance] = draws < 1 / IRREGULAR_GAP
        return flags
