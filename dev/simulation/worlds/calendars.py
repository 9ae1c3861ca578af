# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""On which days pay comes: habits by name, on the calendar of a country with its holidays."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np

from ..streams.zones import DAYS, ORIGIN, calendar_days

# Days that a chance habit has between receipts on average, by name.
CHANCE = {"gig": 3.0, "freelance": 16.0}
_FRIDAY_OF_A_FORTNIGHT = date(2024, 5, 3)


@cache
def worked_days(country: str) -> np.ndarray:
    """Return whether banks of a country work, for each day of the tables."""
    import holidays

    last = calendar_days()[-1].year
    try:
        off = holidays.country_holidays(country, years=range(ORIGIN.year, last + 1))
    except NotImplementedError:
        off = {}
    return np.array([day.weekday() < 5 and day not in off for day in calendar_days()])


@cache
def variants(habit: str) -> tuple[tuple[float, str, int], ...]:
    """Return the ways to follow a habit: share, habit and a number that tells them apart.

    Weekdays and fortnights differ between people; most are paid on Fridays, then on Thursdays.
    """
    weekdays = {4: 0.5, 3: 0.2, 2: 0.12, 1: 0.08, 0: 0.1}
    weeks = {"weekly": 1, "biweekly": 2, "4-weekly": 4}.get(habit)
    if weeks:
        return tuple(
            (share / weeks, habit, weekday + 7 * phase)
            for weekday, share in weekdays.items()
            for phase in range(weeks)
        )
    if habit == "any day":
        return tuple((1 / 28, "any day", day) for day in range(1, 29))
    return ((1.0, habit, 0),)


@cache
def pay_days(country: str, habit: str, number: int, before: bool) -> np.ndarray:
    """Return whether somebody is paid, for each day of the tables; all False for chance habits.

    :param habit: `weekly`, `biweekly`, `4-weekly`, `any day`, `day 25`, `15 and last`,
        `last working day`, `working day 5`, `wednesday 2`, …
    :param before: whether pay of a day off comes on the working day before it, else after it
    """
    worked = worked_days(country)
    flags = np.zeros(DAYS, bool)
    if habit in CHANCE:
        return flags
    days = calendar_days()
    for at, day in enumerate(days):
        if _is_nominal(habit, number, day, worked, at):
            while 0 < at < DAYS - 1 and not worked[at]:
                at += -1 if before else 1
            flags[at] = True
    return flags


def _is_nominal(habit: str, number: int, day: date, worked: np.ndarray, at: int) -> bool:
    weeks = {"weekly": 1, "biweekly": 2, "4-weekly": 4}.get(habit)
    if weeks:
        since = (day - _FRIDAY_OF_A_FORTNIGHT).days + 4
        return day.weekday() == number % 7 and since // 7 % weeks == number // 7
    last = (day + timedelta(days=1)).day == 1
    if habit == "any day":
        return day.day == number
    if habit == "last working day":
        return last
    if habit.startswith("wednesday"):
        return day.weekday() == 2 and (day.day - 1) // 7 + 1 == int(habit.split()[1])
    if habit.startswith("working day"):
        wanted = int(habit.split()[2])
        nth = worked[max(at - day.day + 1, 0) : at + 1].sum() == wanted and worked[at]
        return bool(nth) or habit.endswith("and 20") and day.day == 20
    named = habit.removeprefix("day ").replace(" and ", " ").split()
    return str(day.day) in named or last and "last" in named


def pays_a_month(habit: str) -> float:
    """Return how often a habit pays in thirty days."""
    weekly = {"weekly": 30 / 7, "biweekly": 30 / 14, "4-weekly": 30 / 28}
    if habit in CHANCE:
        return 30 / CHANCE[habit]
    return weekly.get(habit, 2.0 if " and " in habit else 1.0)
