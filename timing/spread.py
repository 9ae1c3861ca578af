# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The even spread of tries over a window, which needs to know nothing of the payer. Plain Python.

Days are whole numbers of the customer's calendar, instants its local minutes, counted from 1970.
"""

_DAY = 1440


def spread_days(
    opened: int, failed: int, window: float, tries: int, left: int, last: int
) -> list[int]:
    """Return the days of the tries that are left.

    They are those of the whole case's schedule: which of its days are over does not move the
    others. Where tries were saved, or used early, what is left is spread over what is left.

    :param opened: local minute of the first failure
    :param failed: local minute of the latest one
    :param window: days after the first failure
    :param tries: of the policy
    :param left: of them, those that may still be made
    :param last: the last day on which a charge is possible
    """
    today = failed // _DAY
    days = [day for day in _place(opened, window, tries, last) if day > today]
    if len(days) == left:
        return days
    return _place(failed, window - (failed - opened) / _DAY, left, last)


def _place(begun: int, window: float, tries: int, last: int) -> list[int]:
    """Return as many days, each another one, up to the last; all there are where they are fewer."""
    day, days = begun // _DAY, []
    for number in range(1, tries + 1):
        wanted = int(begun + window * _DAY * number / tries) // _DAY
        day = max(day + 1, min(wanted, last - tries + number))
        days.append(day)
    return [day for day in days if day <= last]
