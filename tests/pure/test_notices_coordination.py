# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What happens to due notices: each is sent, held or skipped, and the customer reads why."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import permutations

import pytest

from revenue_recovery.notices import (
    CaseFacts,
    FailedAttempt,
    MethodExpiry,
    Place,
    PlannedAttempt,
    Rules,
    Sent,
    Step,
    coordinate,
    find_due,
    plan_notices,
)
from revenue_recovery.tools.instants import aware

BERLIN = Place("Europe/Berlin", "DE")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def utc(text):
    return aware(datetime.fromisoformat(text))


MONDAY = utc("2026-03-02T09:00")  # 10:00 in Berlin
FAILED = Step("failed", "first_failure", sequence=1)
REMINDER = Step("reminder", "first_failure", hours=2, sequence=2)
FINAL = Step("final", "exhausted", is_final=True, sequence=9)
CARD = Step("card", "method_expires", days=30)
THANKS = Step("thanks", "recovered")


def make_case(key="A", at=MONDAY, **facts):
    return CaseFacts(key, amount=10.0, failures=(FailedAttempt(f"{key}1", at),), **facts)


def decide(cases, steps, now, *, sent=(), done=(), rules=None, customer=BERLIN):
    """Plan and coordinate as the worker does; return verdicts by case and step, and messages."""
    notices = [n for case in cases for n in plan_notices(case, steps, customer, BERLIN)]
    due = find_due(notices, set(done), now)
    outcome = coordinate(due, cases, sent, now, customer, BERLIN, rules or Rules())
    verdicts = {(v.notice.key.case, v.notice.key.step): v for v in outcome.verdicts}
    assert set(verdicts) == {(notice.key.case, notice.key.step) for notice in due}
    return verdicts, outcome.messages


def test_due_notice_is_sent():
    verdicts, (message,) = decide([make_case()], [FAILED], MONDAY)
    assert verdicts["A", "failed"].act == "send"
    assert message.lead.key.step == "failed"


def test_one_message_names_all_failing_invoices():
    cases = [make_case("A"), make_case("B"), make_case("C", at=MONDAY + HOUR)]
    # The notice of C is due later on, but the invoice fails already.
    verdicts, (message,) = decide(
        cases, [replace(FAILED, hours=1), replace(CARD, days=1)], MONDAY + 1.5 * HOUR
    )
    assert {notice.key.case for notice in message.notices} == {"A", "B"}
    assert message.mentions == ("C",)
    assert "2 in all" in str(verdicts["A", "failed"].sentence)


@pytest.mark.parametrize(
    "facts",
    [
        {"promise": date(2026, 3, 20)},
        {"paused": True},
        {"paid_at": MONDAY},
        {"lost": True},
        {"attempts": (PlannedAttempt("x", MONDAY + 20 * HOUR, 0.9),)},
    ],
)
def test_message_does_not_mention_an_invoice_that_is_to_be_left_alone(facts):
    _verdicts, (message,) = decide(
        [make_case("A"), make_case("B", **facts)],
        [FAILED],
        MONDAY,
        done={("B", 1, "failed", "first")},
    )
    assert message.mentions == ()


def test_second_message_of_the_day_waits_for_the_next_working_day():
    sent = [Sent("email", utc("2026-03-06T08:00"))]
    case = make_case(at=utc("2026-03-06T10:00"))
    verdicts, messages = decide([case], [FAILED], utc("2026-03-06T10:00"), sent=sent)
    assert (verdicts["A", "failed"].act, messages) == ("hold", ())
    assert verdicts["A", "failed"].until == utc("2026-03-09T07:00")
    assert "2026-03-09 08:00" in str(verdicts["A", "failed"].sentence)


def test_day_is_the_customers():
    tokyo = Place("Asia/Tokyo", "JP")
    case = make_case(at=utc("2026-03-02T23:30"))  # Tuesday morning in Tokyo
    sent = [Sent("email", utc("2026-03-02T08:00"))]
    verdicts, _messages = decide(
        [case], [FAILED], utc("2026-03-02T23:30"), sent=sent, customer=tokyo
    )
    assert verdicts["A", "failed"].act == "send"


def test_sms_and_e_mail_have_a_day_each():
    steps = [FAILED, replace(FAILED, key="sms", action="sms")]
    _verdicts, messages = decide([make_case()], steps, MONDAY)
    assert {message.action for message in messages} == {"email", "sms"}


def test_letters_and_activities_are_not_counted():
    steps = [replace(FAILED, key=action, action=action) for action in ("letter", "activity")]
    _verdicts, messages = decide([make_case()], steps, MONDAY, sent=[Sent("email", MONDAY)])
    assert len(messages) == 2


def test_later_step_takes_the_place_of_an_older_one():
    verdicts, (message,) = decide([make_case()], [FAILED, REMINDER], MONDAY + 3 * HOUR)
    assert verdicts["A", "failed"].act == "skip"
    assert [notice.key.step for notice in message.notices] == ["reminder"]


def test_final_step_leads_and_overtakes_ordinary_ones():
    cases = [make_case("A", exhausted_at=MONDAY), make_case("B")]
    verdicts, (message,) = decide(cases, [FAILED, FINAL], MONDAY)
    assert message.lead.key[0::2] == ("A", "final")
    assert verdicts["A", "failed"].act == "skip"
    assert verdicts["B", "failed"].act == "send"


def test_announced_charge_does_not_swallow_the_message_of_the_failure():
    announce = Step("announce", "before_attempt", days=3)
    case = make_case(attempts=(PlannedAttempt("a2", MONDAY + 4 * DAY),))
    verdicts, (message,) = decide([case], [FAILED, announce], MONDAY + DAY)
    assert message.lead.key.step == "announce"
    assert verdicts["A", "failed"].act == "hold"
    assert verdicts["A", "failed"].until == utc("2026-03-04T07:00")


def test_thanks_and_reminders_are_messages_of_their_own():
    cases = [make_case("A", paid_at=MONDAY - HOUR), make_case("B")]
    verdicts, (message,) = decide(cases, [FAILED, THANKS], MONDAY)
    assert len(message.notices) == 1
    acts = sorted(verdict.act for verdict in verdicts.values())
    assert acts == ["hold", "send", "skip"]


@pytest.mark.parametrize(
    ("probability", "hours", "act"),
    [
        (0.5, 23, "hold"),
        (0.5, 24, "hold"),
        (0.5, 24.1, "send"),
        (0.49, 1, "send"),
        (None, 1, "send"),
        (float("nan"), 1, "send"),
        (0.9, -1, "hold"),  # it should have gone out, and is about to
        (0.9, -48, "send"),
    ],
)
def test_nothing_goes_out_just_before_a_charge_that_will_probably_succeed(probability, hours, act):
    case = make_case(attempts=(PlannedAttempt("a2", MONDAY + hours * HOUR, probability),))
    verdicts, _messages = decide([case], [FAILED], MONDAY)
    assert verdicts["A", "failed"].act == act
    if act == "hold":
        assert verdicts["A", "failed"].until >= MONDAY + hours * HOUR
        assert "%" in str(verdicts["A", "failed"].sentence)


@pytest.mark.parametrize(("step", "days"), [(FAILED, 3), (FINAL, 1)])
def test_likely_charges_do_not_put_a_notice_off_for_ever(step, days):
    for day in range(5):
        now = MONDAY + day * DAY
        case = make_case(
            exhausted_at=MONDAY, attempts=(PlannedAttempt("next", now + 20 * HOUR, 0.9),)
        )
        verdicts, _messages = decide([case], [step], now)
        assert verdicts["A", step.key].act == ("hold" if day < days else "send")


@pytest.mark.parametrize(
    ("facts", "act", "words"),
    [
        ({"paid_at": MONDAY}, "skip", "is paid"),
        ({"lost": True}, "skip", "lost"),
        ({"cancelled": True}, "skip", "cancelled"),
        ({"paused": True}, "hold", "is paused"),
        ({"paused_until": MONDAY + 3 * DAY}, "hold", "paused until 2026-03-05 10:00"),
        ({"waiting": True}, "hold", "until the provider is mended"),
        ({"waiting": True, "paid_at": MONDAY}, "skip", "is paid"),
        ({"paused": True, "paused_until": MONDAY - DAY}, "send", ""),
        ({"promise": date(2026, 3, 2)}, "hold", "promised to pay by 2026-03-02"),
        ({"promise": date(2026, 3, 1)}, "send", ""),
        ({"barred_steps": frozenset(["failed"])}, "skip", "conditions"),
    ],
)
def test_payment_promise_and_pause_are_respected_at_the_last_moment(facts, act, words):
    planned = plan_notices(make_case(), [FAILED], BERLIN, BERLIN)
    now = make_case(**facts)
    due = planned if "barred_steps" not in facts else plan_notices(now, [FAILED], BERLIN, BERLIN)
    outcome = coordinate(due, [now], [], MONDAY, BERLIN, BERLIN)
    (verdict,) = outcome.verdicts
    assert verdict.act == act
    assert words in str(verdict.sentence)
    assert bool(outcome.messages) is (act == "send")
    if act == "hold":
        assert verdict.until > MONDAY


def test_message_about_another_invoice_does_not_name_one_that_waits_for_the_company():
    waiting = make_case("B", waiting=True)
    _verdicts, messages = decide([make_case(), waiting], [FAILED], MONDAY)
    assert [(message.notices[0].key.case, message.mentions) for message in messages] == [("A", ())]


def test_promise_ends_with_the_customers_day():
    verdicts, _messages = decide([make_case(promise=date(2026, 3, 5))], [FAILED], MONDAY)
    assert verdicts["A", "failed"].until == utc("2026-03-06T07:00")


@pytest.mark.parametrize("now", ["2026-03-02T19:00", "2026-03-07T10:00", "2026-04-03T10:00"])
def test_worker_that_comes_at_night_or_on_a_holiday_holds(now):
    verdicts, messages = decide([make_case()], [FAILED], utc(now))
    assert (verdicts["A", "failed"].act, messages) == ("hold", ())


def test_announcement_that_comes_too_late_is_skipped():
    case = make_case(due=date(2026, 3, 3), has_method=False)
    verdicts, _messages = decide([case], [Step("due", "before_due")], utc("2026-03-04T09:00"))
    assert "due date has passed" in str(verdicts["A", "due"].sentence)


def test_case_that_is_gone_is_skipped():
    due = plan_notices(make_case(), [FAILED], BERLIN, BERLIN)
    (verdict,) = coordinate(due, [], [], MONDAY, BERLIN, BERLIN).verdicts
    assert (verdict.act, str(verdict.sentence)) == ("skip", "The case does not exist any more.")


def test_each_card_is_announced():
    expiries = (MethodExpiry("t1", date(2026, 4, 1)), MethodExpiry("t2", date(2026, 4, 1)))
    case = CaseFacts("customer", expiries=expiries)
    due = plan_notices(case, [CARD, replace(CARD, key="7", days=7)], BERLIN, BERLIN)
    now = utc("2026-03-25T09:00")
    outcome = coordinate(due, [case], [], now, BERLIN, BERLIN)
    assert len(outcome.messages[0].notices) == 2
    assert {notice.key.step for notice in outcome.messages[0].notices} == {"7"}


def test_step_with_later_hours_does_not_find_the_message_of_the_day_gone_for_ever():
    early, late = FAILED, replace(FAILED, key="late", start=15.0)
    case = make_case("late", at=MONDAY, barred_steps=frozenset(["failed"]))
    sent, instant = [], MONDAY
    for day in range(8):
        fresh = make_case(f"B{day}", at=instant - HOUR, barred_steps=frozenset(["late"]))
        for now in (instant, instant + 6 * HOUR):
            verdicts, messages = decide([case, fresh], [early, late], now, sent=sent)
            sent += [Sent("email", now) for _message in messages]
            verdict = verdicts.get(("late", "late"))
            if verdict and verdict.act == "send":
                assert day <= 4
                return
        instant += DAY
    pytest.fail("The step with later hours was never sent.")


def test_order_in_which_things_are_told_does_not_matter():
    cases = [make_case("A", exhausted_at=MONDAY), make_case("B"), make_case("C", paid_at=MONDAY)]
    steps = [FAILED, REMINDER, FINAL, THANKS]
    now = MONDAY + 3 * HOUR
    due = [n for case in cases for n in plan_notices(case, steps, BERLIN, BERLIN) if n.at <= now]
    outcomes = {
        repr(coordinate(due[turn:] + due[:turn], order, [], now, BERLIN, BERLIN))
        for turn in range(len(due))
        for order in permutations(cases)
    }
    assert len(outcomes) == 1
