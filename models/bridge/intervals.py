# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How often the contracts and subscriptions of the OCA make an invoice, in the words of a case."""

# A unit of `contract` or of `subscription_oca`: in months, or in days.
_MONTHS = {
    "monthly": 1,
    "monthlylastday": 1,
    "months": 1,
    "quarterly": 3,
    "semesterly": 6,
    "yearly": 12,
    "years": 12,
}
_DAYS = {"daily": 1, "days": 1, "weekly": 7, "weeks": 7}
_BY_MONTHS = {1: "monthly", 3: "quarterly", 12: "yearly"}


def name_interval(unit, count):
    """Return the one of `RECURRENCES` that an interval is."""
    count = count or 1
    if unit in _MONTHS:
        return _BY_MONTHS.get(_MONTHS[unit] * count, "other")
    return "weekly" if _DAYS.get(unit, 0) * count == 7 else "other"
