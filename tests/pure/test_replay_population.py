# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What other schedules would have recovered of simulated payers: played, it is known."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from revenue_recovery.timing.calendar import ChargeHours
from revenue_recovery.timing.decision import Stop
from revenue_recovery.timing.plan.backoff import plan_technical_retry
from revenue_recovery.timing.plan.ladder import Ladder, plan_ladder
from revenue_recovery.timing.stats.replay import (
    Candidate,
    Journey,
    LoggedDecision,
    following,
    replay,
)
from simulation.streams import POPULATIONS, generate
from simulation.streams.ladders import CLOSES, OPENS
from simulation.streams.runner import Player, Setting

DEAD = {"never", "fix_data", "customer_action"}
SHARES = {1: 0.3, 2: 0.4, 3: 0.3}  # days from one charge to the next
SETTING = Setting(4, 14)


class _Schedule:
    """Charges as `_pick` says; who knows better than to charge a dead method, or too early."""

    def next(self, view, now, rng):
        last = view.tried[-1]
        if last.decline_class in DEAD:
            return None
        row = 0
        for tried in reversed(view.tried):
            row = row + 1 if tried.decline_class == "technical" and row >= 0 else row
            if tried.decline_class != "technical":
                break
        quick = row and plan_technical_retry(row, last.at)
        if quick and not isinstance(quick, Stop):
            return quick.at
        at = self._pick(view, _hours(view), rng)
        return at if at and at <= view.deadline else None

    def learn(self, view, tried):
        """Nothing is learned."""


class _Drawn(_Schedule):
    """Draws the wait, and writes down what it had to choose from and what came of it."""

    def __init__(self):
        self.chances, self.charges = {}, {}

    def _pick(self, view, hours, rng):
        last = view.tried[-1].at
        candidates = [
            Candidate(hours.next_instant(last + timedelta(days=days)), 0.2, 0.4, share)
            for days, share in SHARES.items()
        ]
        chosen = rng.choices(candidates, SHARES.values())[0]
        self.chances[view.key, len(view.tried)] = candidates
        return chosen.at

    def learn(self, view, tried):
        candidates = self.chances.get((view.key, len(view.tried)), ())
        taken = [one for one in candidates if abs(one.at - tried.at) < timedelta(minutes=1)]
        decision = LoggedDecision(
            taken[0].at if taken else tried.at,
            taken[0].propensity if taken else 1.0,
            float(tried.paid),
            candidates if taken else (),
        )
        self.charges.setdefault(view.key, [view.tried[0].at, _hours(view), []])[2].append(decision)
        self.charges[view.key][3:] = [tried.decline_class not in {"", *DEAD}]

    def journeys(self):
        return [Journey(*rest) for rest in self.charges.values()]


class _Fixed(_Schedule):
    def __init__(self, ladder):
        self.ladder = ladder

    def _pick(self, view, hours, rng):
        sent = view.tries - view.tries_left
        plan = plan_ladder(
            self.ladder,
            first_failure=view.tried[0].at,
            last_failure=view.tried[-1].at,
            sent=sent,
            rungs_used=sent,
            now=view.tried[-1].at,
            hours=hours,
        )
        return None if isinstance(plan, Stop) else plan.at


def _hours(view):
    return ChargeHours(OPENS, CLOSES, ZoneInfo(view.time_zone))


@pytest.fixture(scope="module")
def played():
    """The cases of one population, and their journeys under waits that were drawn."""
    cases = generate(next(iter(POPULATIONS.values())), 5, 6000)
    drawn = _Drawn()
    Player(cases, drawn, seed=3).play(SETTING, learn=True)
    return cases, drawn.journeys()


@pytest.mark.parametrize(
    "days", [(2, 2, 2, 2), (1, 2, 3, 3), (3, 3), (1,)], ids=["even", "later", "two", "one"]
)
def test_estimates_come_close_to_what_the_schedule_recovers_when_it_is_played(played, days):
    cases, journeys = played
    ladder = Ladder(len(days), 14, tuple(24.0 * day for day in days))
    outcomes = Player(cases, _Fixed(ladder)).play(Setting(len(days), 14))
    # What follows another card on file is no choice of the schedule, and none of a replay's.
    charged = [number for number in range(len(cases)) if outcomes.attempts[number]]
    truth = float(outcomes.recovered[charged].mean())
    estimate = replay(journeys, following(ladder))
    low, high = estimate.robust_interval
    assert low - 0.03 <= truth <= high + 0.03
    assert estimate.robust == pytest.approx(truth, abs=0.06)
    assert estimate.snips == pytest.approx(truth, abs=0.06)


def test_much_longer_schedule_is_not_judged(played):
    _cases, journeys = played
    assert not replay(journeys, following(Ladder(8, 28))).is_enough
