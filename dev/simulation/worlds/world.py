# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A world: everything that is the same for all cases of one merchant, drawn by its number."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from ..streams.cases import CAUSES
from .places import PLACES
from .ranges import RANGES

# Draws of one set are never those of another: the set is part of the seed.
KINDS = {"teaching": 1, "judging": 2, "final": 3}
NOTHING = ("luck", "renewal")
_STRUCTURE = 0.75  # share of worlds in which there is something to find
_FIRST_OPENING = (260, 700)  # day numbers: a year of cases begins in 2025 or 2026
YEAR = 365
# When banks book deposits, local hours with weights. Most do in the night's clearing; same-day
# windows, instant payments and cheques make noon and evening (Nacha: four settlements a day; SEPA
# Instant and Faster Payments: any hour; Regulation CC: by the evening of the next day).
_POSTING = {
    "night": (0.45, {0: 1.0, 2: 1.0, 4: 1.0, 5: 1.0, 6: 1.0}),
    "morning": (0.1, {7: 1.0, 8: 1.0, 9: 1.0}),
    "noon": (0.15, {11: 1.0, 12: 1.0, 13: 1.0, 14: 1.0}),
    "evening": (0.2, {16: 1.0, 17: 1.0, 18: 1.0, 19: 0.7, 22: 0.6}),
    "any hour": (0.1, dict.fromkeys(range(24), 1.0)),
}


@dataclass(frozen=True)
class World:
    """One world.

    :param kind: `teaching`, `judging` or `final`
    :param number: in its set, from 0
    :param nothing: empty, or how success has nothing to do with the time: `luck` (each try pays by
        chance, more often with some customers) or `renewal` (money comes and goes by chance)
    :param size: failures a year
    :param values: of `RANGES`, by name
    :param countries: shares, by ISO code
    :param habits: for each country the shares of pay habits
    :param posting: when deposits are booked: a name of `_POSTING`
    :param posting_shares: of local hours; (24,)
    :param posting_spread: share of people whose deposits are booked at any hour
    :param causes: why first charges fail, in the order of `CAUSES`
    :param prices: of monthly pay, and each one's share
    :param first_day: day number from which cases open, for a year
    :param drift_day: days after that on which part of what is drawn for cases changes, or None
    """

    kind: str
    number: int
    nothing: str
    size: int
    values: dict[str, float]
    countries: dict[str, float]
    habits: tuple[dict[str, float], ...]
    habits_after: tuple[dict[str, float], ...]
    posting: str
    posting_shares: np.ndarray
    posting_spread: float
    causes: np.ndarray
    prices: np.ndarray
    price_shares: np.ndarray
    first_day: int
    drift_day: int | None

    @property
    def name(self) -> str:
        """Short, for tables."""
        return f"{self.kind} {self.number}"

    def rng(self, *purpose: int) -> np.random.Generator:
        """Return a generator of this world for one purpose."""
        return np.random.default_rng([KINDS[self.kind], self.number, *purpose])

    def tags(self) -> tuple[str, ...]:
        """Return what kind of world this is, for tables that split by it."""
        values = self.values
        found = [f"nothing: {self.nothing}"] if self.nothing else [f"deposits: {self.posting}"]
        if not self.nothing:
            share = values["resentful_share"]
            counts = values["counting_share"] > 0.5
            how = ("issuers count" if counts else "issuers resent") if share else "no memory"
            found.append(how)
            found.append("credit" if values["credit_share"] > 0.5 else "debit")
            found.append("drift" if self.drift_day is not None else "steady")
            found.append("daily limits" if values["limited_share"] else "no limits")
        return tuple(found)


def draw(kind: str, number: int) -> World:
    """Return the world of a number; the same arguments give the same world.

    :param kind: `teaching` to tune on, `judging` to look at rarely, `final` to be played once
    :raises ValueError: for another kind or a negative number
    """
    if kind not in KINDS or number < 0:
        raise ValueError(f"There is no draw {number} of {kind!r}; there are {', '.join(KINDS)}.")
    rng = np.random.default_rng([KINDS[kind], number])
    # A generator for each range: a new one changes nothing of the others.
    values = {
        name: one.draw(np.random.default_rng([KINDS[kind], number, crc32(name.encode())]))
        for name, one in RANGES.items()
    }
    nothing = "" if rng.random() < _STRUCTURE else str(rng.choice(NOTHING))
    countries = _countries(rng)
    names = list(_POSTING)
    posting = str(rng.choice(names, p=[_POSTING[name][0] for name in names]))
    hours = np.zeros(24)
    for hour, weight in _POSTING[posting][1].items():
        hours[hour] = weight * rng.gamma(1.0)
    weights = np.array([values[f"cause_{name}"] for name in _CAUSE_NAMES])
    prices = int(rng.integers(1, 7))
    spread = np.exp(values["price_spread"] * rng.standard_normal(prices))
    drifts = values["drift_share"] > 0
    drift_day = int(rng.integers(90, 276))
    return World(
        kind=kind,
        number=number,
        nothing=nothing,
        size=round(values["failures_a_year"]),
        values=values,
        countries=countries,
        habits=tuple(_habits(rng, code, values) for code in countries),
        habits_after=tuple(_habits(rng, code, values, 4.0) for code in countries),
        posting=posting,
        posting_shares=hours / hours.sum(),
        posting_spread=float(rng.beta(1, 3)),
        causes=weights / weights.sum(),
        prices=values["price_of_monthly_pay"] * spread,
        price_shares=rng.dirichlet(np.full(prices, 2.0)),
        first_day=int(rng.integers(*_FIRST_OPENING)),
        drift_day=drift_day if drifts and not nothing else None,
    )


_CAUSE_NAMES = tuple("risk" if name == "mood" else name for name in CAUSES)


def _countries(rng: np.random.Generator) -> dict[str, float]:
    """Return countries with their shares: most merchants sell in one, some in up to four."""
    number = int(rng.choice([1, 2, 3, 4], p=[0.55, 0.2, 0.13, 0.12]))
    # The large markets of card subscriptions come more often.
    weights = np.array([{"US": 5.0, "GB": 3.0, "DE": 2.0}.get(code, 1.0) for code in PLACES])
    codes = rng.choice(list(PLACES), size=number, replace=False, p=weights / weights.sum())
    shares = rng.dirichlet(np.full(number, 1.2))
    order = np.argsort(-shares)
    return {str(codes[at]): float(shares[at]) for at in order}


def _habits(
    rng: np.random.Generator, country: str, values: dict[str, float], around: float = 12.0
) -> dict[str, float]:
    """Return shares of pay habits near those of a country: a merchant's customers are some of it.

    :param around: how near
    """
    place = PLACES[country]
    wages, benefits, gig = place.wages, place.benefits, values["gig_share"]
    shares: dict[str, float] = {}

    def add(names: dict[str, float], total: float) -> None:
        weights = np.array(list(names.values()))
        drawn = rng.dirichlet(np.maximum(weights / weights.sum() * around, 0.05))
        for name, share in zip(names, drawn, strict=True):
            shares[name] = shares.get(name, 0.0) + total * float(share)

    rest = 1 - gig - (1 - gig) * values["benefit_share"]
    add(wages, rest)
    add(benefits, (1 - gig) * values["benefit_share"])
    add({"gig": 0.6, "freelance": 0.4}, gig)
    return {name: share for name, share in shares.items() if share > 1e-4}
