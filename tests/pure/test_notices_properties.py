# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What holds for every customer's calendar, whatever the policy, the cases and the clock.

Each example is one customer who lives through some weeks: charges fail, are planned, succeed; a
worker comes, sometimes late, and does what the calendar says.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import holidays
from hypothesis import given, settings
from hypothesis import strategies as st

from revenue_recovery.notices import (
    ACTIONS,
    TRIGGERS,
    CaseFacts,
    Conditions,
    FailedAttempt,
    MethodExpiry,
    Place,
    PlannedAttempt,
    Rules,
    Sent,
    Step,
    Stored,
    Verdict,
    compare,
    coordinate,
    find_due,
    plan_notices,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 3, 20, 6, tzinfo=timezone.utc)  # Easter, clock changes, Ramadan's end
COMPANY = Place("Europe/Berlin", "DE")
PLACES = [
    Place("Europe/Berlin", "DE", "BY"),
    Place("America/New_York", "US"),
    Place("Africa/Cairo", "EG"),
    Place("Asia/Tehran", "IR"),
    Place("Pacific/Auckland", "NZ"),
    Place("Asia/Shanghai", "CN"),
    Place("Asia/Kathmandu", "NP"),
    Place("America/Los_Angeles", "US", "XX"),
    Place("Pacific/Kiritimati", "ZZ"),
    Place("No/Where", ""),
    Place(),
]
CLASSES = ("later", "technical", "fix_data", "customer_action", "never")
MESSAGES = ("email", "sms")
# Hours; sometimes workers are in time, or they would never meet the hours of a step.
LATENESS = st.lists(st.sampled_from([0, 0, 1 / 60, 3, 9, 26]), max_size=3).map(
    lambda late: [*late, 0]
)


@dataclass(frozen=True)
class Life:
    """What happens to one case: all of it, as nobody knows it in advance."""

    key: str
    charges: tuple[tuple[datetime, str, float | None], ...]  # instant, class, probability named
    paid_at: datetime | None
    promise: tuple[datetime, date] | None  # when it was given, and the day
    pause: tuple[datetime, datetime, bool] | None  # from, to, whether the end is known
    due: date | None
    has_method: bool
    expiry: date | None

    def facts_at(self, now: datetime) -> CaseFacts:
        paid_at = self.paid_at if self.paid_at and self.paid_at <= now else None
        past = [charge for charge in self.charges if charge[0] <= now and not self._is_paid(charge)]
        coming = [] if paid_at else [charge for charge in self.charges if charge[0] > now][:1]
        pause = self.pause if self.pause and self.pause[0] <= now < self.pause[1] else None
        return CaseFacts(
            self.key,
            amount=100.0,
            failures=tuple(
                FailedAttempt(at.isoformat(), at, "unknown", cls) for at, cls, _chance in past
            ),
            attempts=tuple(
                PlannedAttempt(at.isoformat(), at, chance) for at, _cls, chance in coming if past
            ),
            due=self.due,
            has_method=self.has_method,
            expiries=(MethodExpiry("t", self.expiry),) if self.expiry else (),
            exhausted_at=past[-1][0] if past and not coming and not paid_at else None,
            paid_at=paid_at,
            promise=self.promise[1] if self.promise and self.promise[0] <= now else None,
            paused=bool(pause),
            paused_until=pause[1] if pause and pause[2] else None,
        )

    def _is_paid(self, charge) -> bool:
        return self.paid_at is not None and charge[0] >= self.paid_at

    @property
    def events(self) -> list[datetime]:
        events = [at for at, _cls, _chance in self.charges]
        events += [self.paid_at] if self.paid_at else []
        events += [self.promise[0]] if self.promise else []
        return events + (list(self.pause[:2]) if self.pause else [])


@st.composite
def lives(draw, key):
    offset = draw(st.integers(0, 24 * 20))
    often = st.lists(st.just(20), min_size=4, max_size=7)
    gaps = draw(st.lists(st.integers(1, 24 * 5), max_size=6) | often)
    instants = [START + (offset + sum(gaps[:number])) * HOUR for number in range(len(gaps) + 1)]
    chance = st.sampled_from([None, 0.1, 0.5, 0.95])
    charges = tuple((at, draw(st.sampled_from(CLASSES)), draw(chance)) for at in instants)
    paid_at = draw(
        st.none() | st.integers(1, 24 * 30).map(lambda hours: instants[0] + hours * HOUR)
    )
    given_at = instants[0] + draw(st.integers(1, 200)) * HOUR
    promise = st.integers(0, 14).map(lambda days: (given_at, given_at.date() + days * DAY))
    pause = st.tuples(
        st.just(given_at), st.integers(1, 200).map(lambda h: given_at + h * HOUR), st.booleans()
    )
    days = st.integers(-5, 40).map(lambda number: START.date() + number * DAY)
    return Life(
        key,
        charges if draw(st.integers(0, 9)) else (),
        paid_at,
        draw(st.none() | promise),
        draw(st.none() | pause),
        draw(st.none() | days),
        draw(st.booleans()),
        draw(st.none() | days),
    )


@st.composite
def steps(draw, key):
    start, length = draw(st.sampled_from([(8, 10), (8, 10), (0, 24), (13, 4.5), (9.25, 1)]))
    conditions = Conditions(
        decline_classes=frozenset(draw(st.sampled_from([(), (), CLASSES[:2], CLASSES[2:]]))),
        attempt_min=draw(st.sampled_from([None, None, 1, 2])),
    )
    trigger = draw(st.sampled_from(TRIGGERS))
    return Step(
        key,
        trigger,
        days=draw(st.integers(0, 10)),
        hours=draw(st.sampled_from([0, 0, 1, 30])),
        action=draw(st.sampled_from((*ACTIONS, "email", "email", "email"))),
        sequence=key,
        conditions=conditions,
        is_final=trigger == "exhausted" and draw(st.booleans()),
        start=start,
        end=start + length,
        working_days=draw(st.integers(0, 3)) > 0,
    )


@st.composite
def customers(draw):
    count, number = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    return (
        [draw(lives(key)) for key in "ABCD"[:count]],
        [draw(steps(key)) for key in range(number)],
        draw(st.sampled_from(PLACES)),
        draw(LATENESS),
    )


@dataclass(frozen=True)
class Deed:
    at: datetime
    verdict: Verdict
    case: CaseFacts


def work(cases, policy, place, lateness):
    """Let workers do what the calendar says until nothing is left; return what they did."""
    events = sorted({at for life in cases for at in life.events})
    late = [hours * HOUR for hours in lateness]
    deeds, sent, done, held, ever = [], [], set(), {}, {}
    now = START - 20 * DAY
    for turn in range(1000):
        facts = [life.facts_at(now) for life in cases]
        notices = [n for case in facts for n in plan_notices(case, policy, place, COMPANY)]
        ever.update({notice.key: notice for notice in notices})
        outcome = coordinate(find_due(notices, done, now), facts, sent, now, place, COMPANY)
        by_key = {case.key: case for case in facts}
        for verdict in outcome.verdicts:
            deeds.append(Deed(now, verdict, by_key[verdict.notice.key.case]))
            held[verdict.notice.key] = verdict.until
            if verdict.act != "hold":
                done.add(verdict.notice.key)
                del held[verdict.notice.key]
        sent += [Sent(message.action, now) for message in outcome.messages]
        known = {notice.key for notice in notices}
        held = {key: until for key, until in held.items() if key in known}
        coming = [event for event in events if event > now] + list(held.values())
        coming += [n.at for n in notices if n.at > now and n.key not in done]
        if not coming:
            return deeds, sent, done, known
        assert min(coming) > now, "A hold ends in the future."
        now = min(coming) + late[turn % len(late)]
    raise AssertionError("The worker never came to an end.")


def zone_of(place):
    return ZoneInfo(place.tz if place.tz in available_timezones() else COMPANY.tz)


def is_day_off(day, place):
    """Say it anew, straight from the library, for the countries used here."""
    country = place.country or COMPANY.country
    if country == "ZZ":
        return day.weekday() >= 5 or (day.month, day.day) == (1, 1)
    subdivision = place.subdivision if place.subdivision != "XX" else None
    calendar = holidays.country_holidays(country, subdiv=subdivision or None, years=day.year)
    return not calendar.is_working_day(day)


@settings(max_examples=60)
@given(customers())
def test_every_calendar_respects_the_customer(customer):
    cases, policy, place, lateness = customer
    deeds, sent, done, known = work(cases, policy, place, lateness)
    zone = zone_of(place)
    # Every step is sent, held or skipped, with a sentence.
    assert known <= done
    assert all(str(deed.verdict.sentence).endswith(".") for deed in deeds)
    assert all(deed.verdict.until is None for deed in deeds if deed.verdict.act != "hold")
    # No two messages on one local day.
    days = [(s.action, s.at.astimezone(zone).date()) for s in sent if s.action in MESSAGES]
    assert len(days) == len(set(days))
    for deed in deeds:
        if deed.verdict.act == "send":
            check_sent(deed, zone, place)


def check_sent(deed, zone, place):
    notice, case = deed.verdict.notice, deed.case
    step = notice.step
    local = deed.at.astimezone(zone)
    if step.action in MESSAGES:
        assert step.start * 60 <= local.hour * 60 + local.minute < step.end * 60
        assert not (step.working_days and is_day_off(local.date(), place))
    assert not case.cancelled
    assert not case.paused or case.paid_at
    assert notice.until is None or deed.at < notice.until
    if step.topic != "invoice":
        return
    assert not case.paid_at, "Nothing is asked of who has paid."
    if case.promise:
        assert local.date() > case.promise
    loud = [str(heard.failure.key) for heard in case.heard if not heard.silent]
    if step.trigger == "first_failure" and step.reaches_customer:
        assert loud
    if step.trigger == "each_failure" and step.reaches_customer:
        assert notice.key.occurrence in loud
    if step.reaches_customer and step.trigger != "before_attempt" and case.attempts:
        (attempt,) = case.attempts
        soon = attempt.at - deed.at <= DAY and (attempt.probability or 0) >= 0.5
        waited = deed.at - notice.at >= (DAY if step.is_final else 3 * DAY)
        useless = notice.until is not None and attempt.at + 5 * DAY >= notice.until
        assert not soon or waited or useless


@settings(max_examples=60)
@given(customers())
def test_held_notice_comes_to_its_end_in_a_bounded_time(customer):
    cases, policy, place, _lateness = customer
    cases = [replace(life, pause=None, promise=None) for life in cases]
    deeds, _sent, _done, _known = work(cases, policy, place, [0])
    # A likely attempt, the longest holidays, and a message a day for every case and topic.
    bound = timedelta(days=3 + 9 + 2 * len(cases) * 3)
    for deed in deeds:
        notice, waited = deed.verdict.notice, deed.at - deed.verdict.notice.at
        if deed.verdict.act == "send":
            assert waited <= bound
        elif "probably succeed" in str(deed.verdict.sentence):
            assert waited < (DAY if notice.step.is_final else 3 * DAY)


@settings(max_examples=60)
@given(customers(), st.integers(0, 24 * 40), st.randoms(use_true_random=False))
def test_planning_twice_or_in_another_order_changes_nothing(customer, hours, random):
    cases, policy, place, _lateness = customer
    now = START + hours * HOUR
    facts = [life.facts_at(now) for life in cases]
    shuffled = [
        replace(case, failures=tuple(random.sample(case.failures, len(case.failures))))
        for case in facts
    ]
    random.shuffle(shuffled)
    again = random.sample(policy, len(policy))
    first = {n.key: n for case in facts for n in plan_notices(case, policy, place, COMPANY)}
    second = {n.key: n for case in shuffled for n in plan_notices(case, again, place, COMPANY)}
    assert first == second
    created = compare([], first.values()).create
    stored = [Stored(notice.key, notice.at) for notice in created]
    changes = compare(stored, second.values())
    assert not (changes.create or changes.move or changes.skip)
    due = list(find_due(first.values(), set(), now))
    outcome = coordinate(due, facts, [], now, place, COMPANY)
    random.shuffle(due)
    assert coordinate(due, shuffled, [], now, place, COMPANY).verdicts == outcome.verdicts
    assert {verdict.notice.key for verdict in outcome.verdicts} == {notice.key for notice in due}


INSTANTS = st.datetimes() | st.datetimes(timezones=st.just(timezone.utc))
TEXTS = st.sampled_from(["", "DE", "zz", "Europe/Berlin", "../x", "\0", "💶"]) | st.none()
NUMBERS = st.none() | st.floats() | st.integers()
DAYS = st.dates() | st.none()


@settings(max_examples=150)
@given(st.data())
def test_absurd_facts_never_raise(data):
    draw = data.draw
    places = [Place(draw(TEXTS), draw(TEXTS), draw(TEXTS)) for _number in range(2)]
    case = CaseFacts(
        draw(TEXTS),
        amount=draw(st.floats()),
        failures=tuple(
            FailedAttempt(draw(TEXTS), at, draw(TEXTS), draw(TEXTS | st.sampled_from(CLASSES)))
            for at in draw(st.lists(INSTANTS, max_size=4))
        ),
        attempts=tuple(
            PlannedAttempt(draw(TEXTS), at, draw(NUMBERS))
            for at in draw(st.lists(INSTANTS, max_size=2))
        ),
        due=draw(DAYS),
        has_method=draw(st.booleans()),
        expiries=tuple(MethodExpiry("t", day) for day in draw(st.lists(st.dates(), max_size=2))),
        exhausted_at=draw(st.none() | INSTANTS),
        paid_at=draw(st.none() | st.none() | INSTANTS),
        promise=draw(DAYS),
        paused=draw(st.booleans()),
        paused_until=draw(st.none() | INSTANTS),
    )
    policy = [
        Step(
            key,
            draw(st.sampled_from((*TRIGGERS, ""))),
            days=draw(NUMBERS),
            hours=draw(NUMBERS),
            action=draw(st.sampled_from((*ACTIONS, ""))),
            start=draw(NUMBERS),
            end=draw(NUMBERS),
        )
        for key in range(draw(st.integers(0, 4)))
    ]
    now = draw(INSTANTS)
    rules = Rules(likely=draw(st.floats(0, 2)), calm=draw(NUMBERS), patience=draw(NUMBERS))
    sent = [Sent("email", at) for at in draw(st.lists(INSTANTS, max_size=2))]
    notices = plan_notices(case, policy, *places)
    outcome = coordinate(notices, [case], sent, now, *places, rules)
    assert len(outcome.verdicts) == len(notices)
    assert all(str(verdict.sentence) for verdict in outcome.verdicts)
    compare([Stored(n.key, now) for n in notices], notices)
