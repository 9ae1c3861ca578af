# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a merchant has seen of a customer before: payments that succeeded.

Nothing is told about hidden accounts: only days on which money was there.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from .paths import Paths
from .zones import calendar_days

HISTORY = 185  # days before the case opens that a merchant remembers: six months
MONTHS = 6
UNPAID, UNKNOWN = -1, -2  # in the column of days: never paid; not a customer then
# Earlier invoices were retried as well: eight times in two weeks at this local hour.
HOUR_OF_CHARGE = 10.0
RUNGS = (0, 2, 4, 5, 7, 9, 11, 12, 14)
_BUYS_PER_DAY = 0.035
_BUYING_HOUR = 17.0


@cache
def _calendar() -> np.ndarray:
    return np.array(calendar_days(), "datetime64[D]")


def due_days(day: np.ndarray) -> np.ndarray:
    """Return how many days before `day` the monthly invoices of six months were due; (n, 6)."""
    days = _calendar()[day]
    months = days.astype("datetime64[M]")
    of_month = (days - months.astype("datetime64[D]")).astype(int)
    back = []
    for months_ago in range(1, MONTHS + 1):
        month = months - months_ago
        length = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int)
        due = month.astype("datetime64[D]") + np.minimum(of_month, length - 1)
        back.append((days - due).astype(int))
    return np.stack(back, axis=1)


def earlier_payments(
    rng: np.random.Generator,
    paths: Paths,
    amount: np.ndarray,
    day: np.ndarray,
    shopper: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many days before the case the monthly invoices were paid, and own purchases.

    An earlier invoice was charged on its due day and then by the ladder, and paid by the first
    charge for which there was money, or never. Customers are new, too: those months are missing.

    :param day: local day on which the case opens; column `HISTORY` of the paths
    :param shopper: who buys something now and then
    :return: days before the case or `UNPAID` or `UNKNOWN` (n, 6); purchases (n, HISTORY)
    """
    n = len(amount)
    rows = np.arange(n)
    tenure = np.minimum(rng.geometric(0.12, n), 60)
    back = due_days(day)
    paid = np.full((n, MONTHS), UNPAID)
    funded = paths.balances(HOUR_OF_CHARGE, slice(0, HISTORY)) >= amount[:, None]
    for month in range(MONTHS):
        for rung in reversed(RUNGS):
            column = HISTORY - back[:, month] + rung
            there = (
                (column >= 0) & (column < HISTORY) & funded[rows, np.clip(column, 0, HISTORY - 1)]
            )
            paid[:, month] = np.where(there, HISTORY - column, paid[:, month])
        paid[:, month] = np.where(month < tenure, paid[:, month], UNKNOWN)
    there = paths.balances(_BUYING_HOUR, slice(0, HISTORY)) >= amount[:, None]
    bought = there & (rng.random((n, HISTORY), np.float32) < _BUYS_PER_DAY) & shopper[:, None]
    known = HISTORY - np.arange(HISTORY)[None, :] <= 31 * tenure[:, None]
    return paid, bought & known
