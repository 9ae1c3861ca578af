# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A case of a stream as a card of the simulated gateway: one population for judging and showing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

from ..behaviours import AUTHENTICATION_REQUIRED, SUCCEED, Answer, ChargeRequest
from .cases import Cases, generate
from .issuers import ADVICE, CODES, PAID, advise, answer
from .populations import POPULATIONS
from .zones import day_number

# What a charge took is missing on the account until the payer has spent that much less.
_MISSED_FOR = timedelta(days=14)


class StreamCard:
    """Follows `simulation.behaviours.Behaviour`. Money that was charged is missing for a fortnight.

    :param cases: of the stream
    :param case: number of the case behind this card
    """

    def __init__(self, cases: Cases, case: int) -> None:
        self._case = cases.take(np.array([case]))
        self._last = -np.inf
        self._taken: list[tuple[datetime, int]] = []

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StreamCard:
        """Build a card from JSON values.

        :param values: `population`, `seed` and `count` of the stream, `start` (ISO 8601 date) and
            `days` in which its cases open, and the number of the `case`
        :raises ValueError: for a population or a case that there is none of
        :raises TypeError: when a name is unknown
        """
        values = dict(values)
        case = values.pop("case")
        cases = stream(**values)
        if not 0 <= case < len(cases):
            raise ValueError(f"There are {len(cases)} cases, and no number {case}.")
        return cls(cases, case)

    def answer(self, request: ChargeRequest) -> Answer:
        """Decide on a charge; a success takes the money at once."""
        at = request.instant.timestamp()
        since = request.instant - _MISSED_FOR
        missing = sum(amount for instant, amount in self._taken if instant > since)
        case = self._case
        case.amount = np.array([float(request.amount + missing)])
        vars(case).pop("_funded_days", None)  # It was that of another amount.
        index, when = np.array([0]), np.array([at])
        code = answer(case, index, when, np.array([self._last]))
        advice = ADVICE[advise(case, index, when, code)[0]] or None
        self._last = at
        outcome = SUCCEED if code[0] == PAID else CODES[code[0]]
        if outcome == AUTHENTICATION_REQUIRED and request.authenticated:
            outcome = SUCCEED
        if outcome == SUCCEED:
            self._taken.append((request.instant, request.amount))
        return Answer(outcome, network_advice_code=advice)

    def verify(self, instant: datetime) -> Answer:
        """Let the card be saved: it was on file long before its case opens."""
        return Answer(SUCCEED)

    def give_back(self, amount: int, instant: datetime) -> None:
        """Receive minor units of an earlier success."""
        self._taken.append((instant, -amount))


@lru_cache(maxsize=8)
def stream(population: str, seed: int, count: int, start: str, days: int) -> Cases:
    """Return a stream that opens on given days, kept for the other cards of it.

    :raises ValueError: for an unknown population
    """
    if population not in POPULATIONS:
        raise ValueError(f"There is no population {population!r}.")
    first_day = day_number(date.fromisoformat(start))
    return generate(POPULATIONS[population], seed, count, first_day, days)


def stream_of(
    population: str, seed: int, count: int, start: date, days: int
) -> tuple[Cases, list[dict[str, Any]]]:
    """Return cases that open from a day on, and each one's behaviour for `create_card`."""
    values = {"population": population, "seed": seed, "count": count}
    values |= {"start": start.isoformat(), "days": days}
    cases = stream(**values)
    return cases, [{"stream": {**values, "case": case}} for case in range(len(cases))]
