# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Plays drawn worlds with schedules that differ from case to case, and keeps what was answered.

No plan chooses the instants: what is seen of each of them is seen of all kinds of payers.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo

from revenue_recovery.timing import ChargeHours, plan_technical_retry
from revenue_recovery.timing.plan.smart import FinishedAttempt
from simulation.streams import POPULATIONS
from simulation.streams.cases import Cases
from simulation.streams.ladders import BACK_OFF, CLOSES, OPENS
from simulation.streams.runner import Player, Setting
from simulation.streams.views import Tried, View
from simulation.worlds import draw, generate

from .uplift_engine import finished
from .uplift_play import begin

STREAM = 7  # of the merchants' customers; no other benchmark plays it
SETTINGS = (Setting(8, 14), Setting(8, 28), Setting(4, 14), Setting(6, 21))
_POWERS = (0.7, 1.0, 1.25, 1.6)
_REST = timedelta(hours=14)
_WAITS = {"24": 1, "25": 24, "26": 48, "27": 96, "28": 144, "29": 192, "30": 240}  # hours


class Varied:
    """Early or late, at one hour or at several, as the case's key draws it."""

    probability = None

    def __init__(self) -> None:
        self.attempts: list[FinishedAttempt] = []

    def next(self, view: View, now: datetime, rng: random.Random) -> datetime | None:
        """Return the next instant of the case's own schedule."""
        last, row = view.tried[-1], view.technical_row
        if view.is_dead or not view.tries_left:
            return None
        if 0 < row <= len(BACK_OFF):
            return plan_technical_retry(row, last.at).at
        own = random.Random(crc32(view.key.encode()))
        power, usual = own.choice(_POWERS), own.uniform(OPENS, CLOSES)
        number = view.tries - view.tries_left + rng.uniform(0.7, 1.2)
        days = view.window * min(number / view.tries, 1.0) ** power
        earliest = max(now, last.at + timedelta(hours=_WAITS.get(last.advice, 0)))
        wanted = max(view.tried[0].at + timedelta(days=days), last.at + _REST, earliest)
        zone = ZoneInfo(view.time_zone)
        hours = ChargeHours(OPENS, CLOSES, zone)
        hour = usual if rng.random() < 0.5 else rng.uniform(OPENS, CLOSES)
        at = hours.local_instant(wanted.astimezone(zone).date(), hour)
        return at if at >= earliest else hours.next_instant(wanted)

    def learn(self, view: View, tried: Tried) -> None:
        """Keep an answer."""
        self.attempts.append(finished(view, tried))


def play_populations(cases: int) -> dict[str, list[FinishedAttempt]]:
    """Return the same of the populations, which owe nothing to drawn worlds, by name."""
    found = {}
    for number, population in enumerate(POPULATIONS.values()):
        stream = begin(population, STREAM, cases).cases
        found[population.name] = _answers(stream, number, SETTINGS[number % len(SETTINGS)])
    return found


def play(number: int, cases: int) -> list[FinishedAttempt]:
    """Return the finished attempts of some cases of a teaching world."""
    stream = generate(draw("teaching", number), STREAM, cases)
    return _answers(stream, number, SETTINGS[number % len(SETTINGS)])


def _answers(cases: Cases, seed: int, setting: Setting) -> list[FinishedAttempt]:
    strategy = Varied()
    Player(cases, strategy, seed=seed, label=f"{seed}/").play(setting, learn=True)
    return strategy.attempts
