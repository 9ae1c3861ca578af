# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the learned odds expect of fixed schedules, where no draw can tell."""

from datetime import datetime, timedelta, timezone

from revenue_recovery.timing.model.model import Model
from revenue_recovery.timing.plan.ladder import Ladder
from revenue_recovery.timing.plan.smart import Case, Failure, Method, RetryPolicy
from revenue_recovery.timing.stats.expectation import expect, find_instants

OPENED = datetime(2026, 3, 20, 14, tzinfo=timezone.utc)
LADDERS = {"two": Ladder(2, 14), "eight": Ladder(8, 14), "short": Ladder(2, 3)}


def openings(count, recovered=None):
    for number in range(count):
        at = OPENED + timedelta(days=number, hours=number % 5)
        case = Case(
            (Failure(at, "insufficient_funds", "later"),), Method(country="US"), 4900, "USD",
            "America/New_York", policy=RetryPolicy(8, 14),
        )  # fmt: skip
        yield case, recovered


def test_a_schedule_of_more_tries_or_days_is_expected_to_recover_more():
    found = expect(openings(12), Model(), LADDERS)
    assert 0 < found["short"] < found["two"] < found["eight"] < 1


def test_the_control_group_moves_what_is_expected():
    plain = expect(openings(40), Model(), LADDERS)
    better = expect(openings(40, 1.0), Model(), LADDERS)
    worse = expect(openings(40, 0.0), Model(), LADDERS)
    for name in LADDERS:
        assert worse[name] < plain[name] < better[name]


def test_instants_are_those_of_the_ladder():
    case, _recovered = next(openings(1))
    instants = find_instants(case, Ladder(8, 14))
    assert len(instants) == 8
    assert instants == sorted(instants)
    assert instants[-1] <= OPENED + timedelta(days=14)


def test_without_cases_nothing_is_expected():
    assert expect([], Model(), LADDERS) == {}
