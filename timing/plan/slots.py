# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The instants on which plans are made, and the even spread of tries over them.

Days are planned at one hour of the customer's clock, the one that has been seen to be the best.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from ..arrays import np
from ..calendar import ChargeHours
from ..case import Case, local_minutes
from ..constraints import AllowedHours, AllowedInstants
from ..model import bins
from ..spread import spread_days

_FAR = 24  # days ahead after which not every day is planned
# An account that was empty in the morning is empty at noon: planned tries are this far apart.
REST = 15 * 60


@dataclass(frozen=True)
class Slots:
    """Allowed instants: UTC, and the local minutes that odds and plans work with."""

    instants: Sequence[datetime]
    minutes: np.ndarray


def find_slots(case: Case, allowed: AllowedInstants, earliest: datetime, hour: float) -> Slots:
    """Return the instants on which plans are made: the first allowed one, then hours of days.

    :param hour: of the day, local
    """
    hours = case.hours
    zone = case.zone
    start = local_minutes(earliest, zone)
    last = local_minutes(allowed.end, zone)
    first_day, last_day = start // 1440, last // 1440
    others = [c for c in allowed.constraints if not isinstance(c, AllowedHours)]
    weekdays = case.policy.weekdays
    usual = round(hours.nearest_hour(hour) * 60)
    # The window ends at the time of day at which it began: where that is before the usual hour, it
    # is the hour of the last day, so that it is not lost.
    final = min(usual, last % 1440) if last % 1440 >= hours.start * 60 else usual
    rested = local_minutes(case.failures[-1].at, zone) + REST
    found = {start: earliest}
    for day in range(first_day, last_day + 1):
        # Far days will be planned again before they come.
        ahead = day - first_day
        if ahead > _FAR and ahead % (2 if ahead < 3 * _FAR else 7):
            continue
        if weekdays and (day + bins.EPOCH_DAY - 1) % 7 not in weekdays:
            continue
        minute = final if day == last_day else usual
        at = instant_of(hours, day, minute)
        if earliest < at <= allowed.end and all(c.first_allowed(at) == at for c in others):
            found.setdefault(day * 1440 + minute, at)
    # Too soon after the last failure is worse than anything but never.
    minutes = sorted(m for m in found if m >= rested) or sorted(found)
    return Slots([found[minute] for minute in minutes], np.array(minutes))


def spread(case: Case, slots: Slots) -> list[int]:
    """Return the numbers of the slots on which the tries that are left are spread evenly.

    The schedule is that of the whole case: which of its days are over does not move the others.
    Where a plan has saved tries, or used them early, what is left is spread over what is left.
    """
    policy, zone = case.policy, case.zone
    days = slots.minutes // 1440
    opened, failed = (local_minutes(f.at, zone) for f in (case.failures[0], case.failures[-1]))
    left = policy.tries - case.tries_used
    wanted = spread_days(opened, failed, policy.window, policy.tries, left, int(days[-1]))
    return np.flatnonzero(np.isin(days, wanted)).tolist()[:left]


@lru_cache(maxsize=65536)
def instant_of(hours: ChargeHours, day: int, minute: int) -> datetime:
    """Return the UTC instant of a minute of a local day, counted from 1970."""
    return hours.local_instant(date(1970, 1, 1) + timedelta(days=day), minute / 60)
