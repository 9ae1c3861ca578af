# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Baselines in the shape of strategies, for a look at a single case and to check the runner."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from revenue_recovery.timing import ChargeHours, Ladder, plan_ladder, plan_technical_retry
from revenue_recovery.timing.decision import Stop

from .ladders import BACK_OFF, CLOSES, OPENS
from .views import Tried, View

_WAITS = {"24": 1, "25": 24, "26": 48, "27": 96, "28": 144, "29": 192, "30": 240}  # hours


class EvenLadder:
    """The product's default ladder by its own code: even tries at 10:00, decline-aware."""

    probability = None

    def next(self, view: View, now: datetime, rng: random.Random) -> datetime | None:
        """Return the next rung, the quick repeat after technical trouble, or None."""
        last = view.tried[-1]
        if view.is_dead:
            return None
        row = view.technical_row
        if 0 < row <= len(BACK_OFF):
            return plan_technical_retry(row, last.at).at
        wait = timedelta(hours=_WAITS.get(last.advice, 0))
        decision = plan_ladder(
            Ladder(view.tries, view.window),
            first_failure=view.tried[0].at,
            last_failure=last.at,
            sent=view.tries - view.tries_left,
            rungs_used=0,
            now=now,
            hours=ChargeHours(OPENS, CLOSES, ZoneInfo(view.time_zone)),
        )
        if isinstance(decision, Stop):
            return None
        at = max(decision.at, last.at + wait)
        return ChargeHours(OPENS, CLOSES, ZoneInfo(view.time_zone)).next_instant(at)

    def learn(self, view: View, tried: Tried) -> None:
        """A ladder learns nothing."""
