# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How an amount is split into dated parts, and what is open of each: plain values, no clock."""

from collections.abc import Sequence
from datetime import date

from dateutil.relativedelta import relativedelta

# So many parts at least, and at most, whatever a policy says.
FEWEST, MOST = 2, 6
# What may lie between two parts.
STEPS = {
    "week": relativedelta(weeks=1),
    "fortnight": relativedelta(weeks=2),
    "month": relativedelta(months=1),
}


def count_units(amount: float, rounding: float) -> int:
    """Return an amount in the smallest units of its currency, where nothing is lost in sums."""
    return round(amount / rounding)


def split(amount: float, count: int, rounding: float) -> tuple[float, ...]:
    """Return an amount in equal parts, of which the last takes the rest: they add up to it.

    :param count: how many; 1 or more
    :param rounding: the smallest unit of the currency
    """
    units = count_units(amount, rounding)
    each = units // count
    parts = [each] * (count - 1) + [units - each * (count - 1)]
    return tuple(_to_amount(part, rounding) for part in parts)


def list_days(first: date, step: str, count: int) -> tuple[date, ...]:
    """Return the days of parts: a month after the 31st is the last day of the next one.

    Each counts from the first day, so that one short month doesn't move those after it.

    :param step: one of :data:`STEPS`
    """
    return tuple(first + STEPS[step] * number for number in range(count))


def list_open(amounts: Sequence[float], owed: float, rounding: float) -> tuple[float, ...]:
    """Return what is open of each part: whatever lessens the debt, lessens the earliest one first.

    They always add up to what is owed. Should more be owed than all parts were, as after an earlier
    payment was taken back, the last part is that much more.

    :param amounts: of the parts as they were agreed, the earliest first
    :param owed: what is owed of all of them now
    """
    parts = [count_units(amount, rounding) for amount in amounts]
    left = max(count_units(owed, rounding), 0)
    settled = max(sum(parts) - left, 0)
    still_open = []
    for part in parts:
        taken = min(part, settled)
        settled -= taken
        still_open.append(part - taken)
    if still_open:
        still_open[-1] += left - sum(still_open)
    return tuple(_to_amount(part, rounding) for part in still_open)


def list_charges(
    still_open: Sequence[float], smallest: float, rounding: float
) -> tuple[tuple[int, float], ...]:
    """Return which parts are charged, by their place, and with how much.

    What is left of a part and is too little to charge is charged with the next one.

    :param smallest: the smallest amount worth a charge
    """
    least = count_units(smallest, rounding)
    charges, carried = [], 0
    for place, amount in enumerate(still_open):
        carried += count_units(amount, rounding)
        is_last = place == len(still_open) - 1
        if carried and (carried >= least or is_last):
            charges.append((place, _to_amount(carried, rounding)))
            carried = 0
    return tuple(charges)


def _to_amount(units: int, rounding: float) -> float:
    # As Odoo rounds: a decimal number that prints as it is written.
    return float(f"{units * rounding:.6f}")
