# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Which notices a case has, and when: triggers, conditions, silence, and planning again."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from revenue_recovery.notices import (
    ACTIONS,
    CaseFacts,
    Conditions,
    FailedAttempt,
    MethodExpiry,
    Place,
    PlannedAttempt,
    Step,
    Stored,
    compare,
    plan_notices,
)
from revenue_recovery.tools.instants import aware

BERLIN = Place("Europe/Berlin", "DE")
NEW_YORK = Place("America/New_York", "US")


def utc(text):
    return aware(datetime.fromisoformat(text))


MONDAY = utc("2026-03-02T09:00")  # 10:00 in Berlin
FAILURE = FailedAttempt("a1", MONDAY, "insufficient_funds", "later")
CASE = CaseFacts("case", amount=100.0, failures=(FAILURE,))


def technical(key, at):
    return FailedAttempt(key, at, "issuer_unavailable", "technical")


def plan(case, *steps, customer=BERLIN):
    return plan_notices(case, steps, customer, BERLIN)


@pytest.mark.parametrize(
    ("step", "facts", "expected"),
    [
        (Step(1, "first_failure"), {}, "2026-03-02T09:00"),
        (Step(1, "first_failure", hours=2), {}, "2026-03-02T11:00"),
        (Step(1, "first_failure", hours=10), {}, "2026-03-03T07:00"),
        (Step(1, "first_failure", days=3), {}, "2026-03-05T09:00"),
        (Step(1, "first_failure", days=5), {}, "2026-03-09T07:00"),
        (Step(1, "first_failure", days=5, working_days=False), {}, "2026-03-07T09:00"),
        (Step(1, "first_failure", days=28), {}, "2026-03-30T08:00"),  # 10:00 in summer time
        (Step(1, "first_failure", start=13), {}, "2026-03-02T12:00"),
        (Step(1, "first_failure", hours=20, action="server_action"), {}, "2026-03-03T05:00"),
        (Step(1, "each_failure"), {}, "2026-03-02T09:00"),
        (
            Step(1, "before_attempt", days=2),
            {"attempts": (PlannedAttempt("a2", utc("2026-03-10T11:00"), 0.9),)},
            "2026-03-06T11:00",  # two days before is a Sunday
        ),
        (
            Step(1, "before_due", days=3),
            {"due": date(2026, 3, 12), "has_method": False},
            "2026-03-09T07:00",
        ),
        (
            Step(1, "before_due", days=3),
            {"due": date(2026, 3, 11), "has_method": False},
            "2026-03-06T07:00",
        ),
        (
            Step(1, "after_due", days=3),
            {"due": date(2026, 3, 11), "has_method": False},
            "2026-03-16T07:00",
        ),
        (
            Step(1, "after_due", days=1),
            {"due": date(2026, 3, 11), "is_one_off": True},
            "2026-03-12T07:00",
        ),
        (
            Step(1, "method_expires", days=30),
            {"expiries": (MethodExpiry("t", date(2026, 4, 30)),)},
            "2026-03-31T06:00",
        ),
        (
            Step(1, "exhausted", days=1),
            {"exhausted_at": utc("2026-03-16T09:00")},
            "2026-03-17T09:00",
        ),
        (Step(1, "recovered"), {"paid_at": utc("2026-03-04T22:00")}, "2026-03-05T07:00"),
    ],
)
def test_each_trigger_has_its_instant(step, facts, expected):
    (notice,) = plan(replace(CASE, **facts), step)
    assert (notice.at, notice.skip) == (utc(expected), None)
    assert str(notice.sentence).endswith(".")
    assert "%" not in str(notice.sentence)


def test_messages_follow_the_customers_day_and_work_the_companys():
    steps = [Step(action, action=action) for action in ACTIONS]
    at = {notice.key.step: notice.at for notice in plan(CASE, *steps, customer=NEW_YORK)}
    assert at["email"] == at["sms"] == utc("2026-03-02T13:00")
    assert at["letter"] == at["activity"] == at["server_action"] == MONDAY


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        (Conditions(), True),
        (Conditions(decline_classes=frozenset(["later"])), True),
        (Conditions(decline_classes=frozenset(["never", "fix_data"])), False),
        (Conditions(reasons=frozenset(["insufficient_funds"])), True),
        (Conditions(reasons=frozenset(["lost_card"])), False),
        (Conditions(amount_min=100), True),
        (Conditions(amount_min=100.01), False),
        (Conditions(amount_max=99), False),
        (Conditions(attempt_max=1), True),
        (Conditions(attempt_min=2), False),
    ],
)
def test_conditions_decide_whom_a_step_is_for(conditions, fits):
    (notice,) = plan(CASE, Step(1, conditions=conditions))
    assert (notice.skip is None) is fits


def test_step_after_each_failure_has_a_notice_for_each_attempt():
    failures = [FailedAttempt(key, MONDAY + timedelta(days=key)) for key in range(4)]
    case = replace(CASE, failures=tuple(failures))
    step = Step(1, "each_failure", conditions=Conditions(attempt_min=2, attempt_max=3))
    fits = {notice.key.occurrence: notice.skip is None for notice in plan(case, step)}
    assert fits == {"0": False, "1": True, "2": True, "3": False}


def test_technical_trouble_is_silent_until_the_quick_tries_are_used_up():
    step, work = Step("mail", "each_failure"), Step("work", "each_failure", action="activity")
    failures = [technical(key, MONDAY + timedelta(hours=key)) for key in range(5)]
    notices = plan(replace(CASE, failures=tuple(failures)), step, work)
    mailed = [notice.skip is None for notice in notices if notice.key.step == "mail"]
    assert mailed == [False, False, False, False, True]
    assert all(notice.skip is None for notice in notices if notice.key.step == "work")


def test_first_failure_is_the_first_that_the_customer_hears_of():
    failures = (technical("t1", MONDAY), replace(FAILURE, at=MONDAY + timedelta(hours=1)))
    case = replace(CASE, failures=failures)
    mail, work = plan(case, Step("mail"), Step("work", action="activity"))[::-1]
    assert mail.at == MONDAY + timedelta(hours=1)
    assert work.at == MONDAY
    (silent,) = plan(replace(CASE, failures=failures[:1]), Step("mail"))
    assert "Technical trouble" in str(silent.skip)


def test_nobody_is_thanked_for_what_he_never_heard_of():
    case = replace(CASE, failures=(technical("t1", MONDAY),), paid_at=MONDAY + timedelta(hours=1))
    (notice,) = plan(case, Step(1, "recovered"))
    assert notice.skip


@pytest.mark.parametrize(
    ("facts", "open_steps"),
    [
        ({}, {"failure", "exhausted", "card"}),
        ({"paid_at": MONDAY}, {"thanks", "card"}),
        ({"lost": True}, {"exhausted", "card"}),
        ({"cancelled": True}, set()),
        ({"barred_steps": frozenset(["failure"])}, {"exhausted", "card"}),
    ],
)
def test_end_of_a_case_ends_its_steps(facts, open_steps):
    steps = [
        Step("failure"),
        Step("exhausted", "exhausted"),
        Step("thanks", "recovered"),
        Step("card", "method_expires", days=7),
    ]
    expiries = (MethodExpiry("t", date(2026, 4, 30)),)
    case = replace(CASE, exhausted_at=MONDAY, expiries=expiries, **facts)
    assert {n.key.step for n in plan(case, *steps) if not n.skip} == open_steps


def test_due_date_is_no_concern_of_who_is_charged_from_a_saved_method():
    (notice,) = plan(replace(CASE, due=date(2026, 3, 12)), Step(1, "before_due", days=3))
    assert "saved payment method" in str(notice.skip)


def test_planning_again_changes_nothing():
    case = replace(CASE, attempts=(PlannedAttempt("a2", utc("2026-03-10T11:00")),))
    steps = (Step(1), Step(2, "before_attempt", days=1))
    first = compare([], plan(case, *steps))
    assert [notice.key.step for notice in first.create] == [1, 2]
    stored = [Stored(notice.key, notice.at) for notice in first.create]
    again = compare(stored, plan(case, *steps))
    assert not (again.create or again.move or again.skip)


def test_moved_attempt_moves_its_announcement_and_a_cancelled_one_withdraws_it():
    step = Step(1, "before_attempt", days=1)
    case = replace(CASE, attempts=(PlannedAttempt("a2", utc("2026-03-11T11:00")),))
    stored = [Stored(notice.key, notice.at) for notice in plan(case, step)]
    later = replace(case, attempts=(PlannedAttempt("a2", utc("2026-03-12T11:00")),))
    (moved,) = compare(stored, plan(later, step)).move
    assert moved.at == utc("2026-03-11T11:00")
    ((key, sentence),) = compare(stored, plan(CASE, step)).skip
    assert key == stored[0].key
    assert "will not come" in str(sentence)


def test_what_was_sent_stays_as_it_is():
    case = replace(CASE, paid_at=MONDAY)
    stored = [Stored(notice.key, notice.at, planned=False) for notice in plan(CASE, Step(1))]
    changes = compare(stored, plan(case, Step(1)))
    assert not (changes.create or changes.move or changes.skip)


def test_payment_withdraws_what_is_planned_with_the_reason():
    stored = [Stored(notice.key, notice.at) for notice in plan(CASE, Step(1, days=3))]
    ((_key, sentence),) = compare(stored, plan(replace(CASE, paid_at=MONDAY), Step(1, days=3))).skip
    assert str(sentence) == "The invoice is paid."


def test_case_that_opens_again_has_notices_of_its_own():
    one, two = plan(CASE, Step(1)) + plan(replace(CASE, life=2), Step(1))
    assert one.key != two.key


@pytest.mark.parametrize(
    "facts",
    [
        {"failures": (FailedAttempt(None, datetime(1, 1, 1)),)},
        {"failures": (FailedAttempt("x", datetime.max, None, None), FailedAttempt("x", MONDAY))},
        {"attempts": (PlannedAttempt("x", datetime.min, float("nan")),)},
        {"attempts": (PlannedAttempt("x", datetime.max, 7.0),)},
        {"due": date.max, "has_method": False},
        {"due": date.min, "has_method": False},
        {"due": MONDAY, "has_method": False},
        {"expiries": (MethodExpiry(None, date.max), MethodExpiry("t", date.min))},
        {"exhausted_at": datetime.max, "amount": float("nan")},
        {"paid_at": datetime.min, "lost": True, "promise": date.max},
    ],
)
def test_absurd_facts_are_planned_without_an_error(facts):
    steps = [
        Step(trigger, trigger, days=days, hours=hours)
        for trigger, days, hours in [
            ("first_failure", -3, 0),
            ("each_failure", 10**9, 0),
            ("before_attempt", 10**9, 1e300),
            ("before_due", 1, float("inf")),
            ("after_due", None, float("nan")),
            ("method_expires", 30, 0),
            ("exhausted", 1, -5),
            ("recovered", 0, 0.001),
            ("no such trigger", 0, 0),
        ]
    ]
    notices = plan(replace(CASE, **facts), *steps, customer=Place("X/Y", "??", "!"))
    assert all(str(notice.sentence) and notice.at.tzinfo is timezone.utc for notice in notices)
