# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What plans promise: more tries never promise less, refusals begin the wait of an issuer anew."""

import random
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revenue_recovery.timing.model.odds import Odds
from revenue_recovery.timing.model.sequence import read
from revenue_recovery.timing.plan import slots
from revenue_recovery.timing.plan.plan import Outlook
from revenue_recovery.timing.plan.smart import (
    Case,
    Failure,
    Method,
    Model,
    PastCharge,
    RetryPolicy,
    decide,
)

OPENED = datetime(2026, 3, 10, 14, tzinfo=timezone.utc)
RELAXED = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
PATIENT = np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])  # no issuer refuses what comes soon
HOSTILE = np.array([0.0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])  # all do, for 94 hours


def outlook(failed_after=(0,), cool_downs=PATIENT, days=14):
    """Return the outlook of a case after failures, days after its opening; a slot for each day."""
    odds = replace(Odds.prior(), issuers=np.maximum(cool_downs, 1e-9))
    failures = tuple(
        Failure(OPENED + timedelta(days=after), "insufficient_funds", "later")
        for after in failed_after
    )
    model = Model()
    sequence = read(
        Case(failures, Method(country="US"), 1000, "USD", "America/New_York"), model.priors
    )
    begin = sequence.observations[0].minute // 1440 + failed_after[-1]
    minutes = np.array([(begin + day) * 1440 + 540 for day in range(1, days + 1)])
    return Outlook(odds, sequence, odds.belief(sequence), minutes, 0.0, np.ones(days), slots.REST)


@RELAXED
@given(
    failed=st.sampled_from([(0,), (0, 1), (0, 3), (0, 2, 3)]),
    path=st.lists(st.integers(0, 13), min_size=2, max_size=6, unique=True),
    left_out=st.integers(0, 5),
)
def test_to_leave_a_try_out_never_promises_more(failed, path, left_out):
    view = outlook(failed)
    path = sorted(path)
    fewer = [slot for place, slot in enumerate(path) if place != left_out % len(path)]
    assert view.value(path) >= view.value(fewer) - 1e-6


def test_a_failure_in_between_takes_nothing_from_what_the_first_one_leaves():
    """Chances after two failures, against those that the first one alone leaves over the second."""
    alone, both = outlook((0,), days=10), outlook((0, 1), days=9)
    for pattern in set(alone.which) & set(both.which):
        one = 1 - alone.first[np.flatnonzero(alone.which == pattern)[0]].astype(float)
        two = 1 - both.first[np.flatnonzero(both.which == pattern)[0]].astype(float)
        # The second failure came at 14:00 of the first day: of the slots, nine o'clock is near.
        assert (two <= one[1:] / one[0] + 0.02).all(), pattern


def test_issuers_that_resent_repeats_are_asked_less_often():
    patient, hostile = (outlook(cool_downs=cool_downs).best(8) for cool_downs in (PATIENT, HOSTILE))
    gaps = np.diff([*hostile.slots])
    assert len(hostile.slots) < len(patient.slots)
    assert (gaps >= 4).all()


def test_a_try_that_comes_too_soon_begins_the_wait_anew():
    view = outlook(cool_downs=HOSTILE)
    assert view.value([0]) < 0  # refused unseen, and resented
    assert view.value([4]) > view.value([2, 4]) + 0.05


@pytest.mark.parametrize(("path", "value"), [((), 0.0), ((3,), None)])
def test_the_tail_of_a_plan_is_what_follows_its_first_try(path, value):
    view = outlook()
    tail = view.tail((1, *path))
    if value is not None:
        assert (tail == value).all()
        return
    whole = view.value([1, 3])
    first = float(view.weight @ view.first[:, 1])
    rest = float(view.weight @ ((1 - view.first[:, 1]) * tail[:, 1]))
    assert whole == pytest.approx(first + rest, abs=1e-5)


def test_other_hours_than_the_usual_one_are_for_probable_pay_days():
    """Somebody always paid on the 15th; somebody of whom nothing is known, in between."""
    history = tuple(
        PastCharge(datetime(2025, month, day, 17, tzinfo=timezone.utc), paid)
        for month in range(7, 13)
        for day, paid in ((10, False), (12, False), (14, False), (15, True))
    )
    hours = {}
    for known, day in ((history, 13), ((), 19)):
        opened = datetime(2026, 1, day, 16, tzinfo=timezone.utc)
        case = Case(
            (Failure(opened, "insufficient_funds", "later"),), Method(country="US"), 4900, "USD",
            "America/New_York", known, RetryPolicy(tries=2, window=3),
        )  # fmt: skip
        record = decide(case, opened, Model(), random.Random(1)).record
        instants = [datetime.fromisoformat(each["at"]) for each in record["candidates"]]
        hours[bool(known)] = [at.astimezone(case.zone) for at in instants]
    assert {at.date() for at in hours[True]} == {datetime(2026, 1, 15).date()}
    assert len(hours[True]) > 4
    assert {at.hour for at in hours[False]} <= {9, 11}  # and the first instant that is allowed
