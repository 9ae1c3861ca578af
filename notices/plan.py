# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Which notices a case has, and when each is due: the same facts give the same notices."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from typing import NamedTuple

from ..timing.days import Place
from ..timing.decision import Sentence
from ..tools.instants import LATEST, aware
from . import wording
from .facts import CaseFacts, Heard, plain_day, within
from .hours import MessageHours, message_hours, shift_days
from .step import TRIGGERS, Step

_DAY = timedelta(days=1)
_MOST_DAYS = 3660
_FAILURES = ("first_failure", "each_failure")
_CUSTOMER_HOURS = frozenset(("email", "sms"))


class NoticeKey(NamedTuple):
    """What a notice is known by, whatever else of it changes.

    :ivar occurrence: which of the trigger's events: the first failure, a failed or planned attempt,
        a due date, a method's expiry
    """

    case: Hashable
    life: int
    step: Hashable
    occurrence: str


@dataclass(frozen=True)
class Notice:
    """One step of one case at one occurrence.

    :ivar at: UTC instant at which it is due
    :ivar counted: UTC instant that the step counts, before hours and days off move it
    :ivar sentence: why then
    :ivar moved: why not at the very instant that the step counts, when hours or days off moved it
    :ivar until: UTC instant from which it is useless; None when it never is
    :ivar skip: why it is not for this case; None when it is
    """

    key: NoticeKey
    step: Step
    at: datetime
    counted: datetime
    sentence: Sentence
    moved: Sentence | None = None
    until: datetime | None = None
    skip: Sentence | None = None


@dataclass(frozen=True)
class _Cause:
    """An event that a step counts from."""

    occurrence: str
    at: datetime
    heard: Heard | None = None
    until: datetime | None = None
    skip: Sentence | None = None


def step_hours(step: Step, customer: Place, company: Place) -> MessageHours:
    """Return the hours of a step: e-mails and SMS follow the customer's day, people's work the
    company's.

    :param customer: already completed by :meth:`Place.or_else`
    """
    place = customer if step.action in _CUSTOMER_HOURS else company
    return message_hours(place, step.start, step.end, step.working_days)


def plan_notices(
    case: CaseFacts, steps: Iterable[Step], customer: Place, company: Place
) -> tuple[Notice, ...]:
    """Return every notice of a case, those included that are not for it, in the order of instants.

    Nothing here depends on the present: what is sent already is told to :func:`coordinate`.
    """
    customer = customer.or_else(company)
    notices: dict[NoticeKey, Notice] = {}
    for step in steps:
        if step.trigger not in TRIGGERS:
            continue
        hours = step_hours(step, customer, company)
        for cause in _find_causes(case, step, hours):
            notice = _make_notice(case, step, cause, hours)
            notices.setdefault(notice.key, notice)
    planned = tuple(sorted(notices.values(), key=order))
    return _keep_first(case, planned) if case.once else planned


def _keep_first(case: CaseFacts, notices: tuple[Notice, ...]) -> tuple[Notice, ...]:
    """Leave one notice to the customer, of the first failure; what is for the team stays."""
    reaching = [notice for notice in notices if notice.step.reaches_customer and not notice.skip]
    about_failure = (notice for notice in reaching if notice.step.trigger in _FAILURES)
    first = None if case.told else next(about_failure, None)
    return tuple(
        replace(notice, skip=wording.ONCE) if notice in reaching and notice is not first else notice
        for notice in notices
    )


def order(notice: Notice) -> tuple:
    """Sort notices by instant, then by the order of steps; never by chance."""
    key = notice.key
    return (
        notice.at,
        notice.counted,
        notice.step.sequence,
        str(key.case),
        str(key.step),
        key.occurrence,
    )


def _make_notice(case: CaseFacts, step: Step, cause: _Cause, hours: MessageHours) -> Notice:
    days = int(within(step.days, 0, _MOST_DAYS, 0))
    wait = timedelta(hours=within(step.hours, 0, _MOST_DAYS * 24, 0))
    sign = -1 if step.is_dated else 1
    wanted = aware(shift_days(aware(cause.at), sign * days, hours.zone) + sign * wait)
    at = wanted
    if step.action != "server_action":
        at = hours.previous_instant(wanted) if step.is_dated else hours.next_instant(wanted)
    return Notice(
        NoticeKey(case.key, case.life, step.key, cause.occurrence),
        step,
        at,
        wanted,
        wording.explain_plan(step, days, wait),
        wording.explain_move(step, hours.localise(at)) if at != wanted else None,
        cause.until,
        _find_skip(case, step, cause),
    )


def find_end(case: CaseFacts, step: Step) -> Sentence | None:
    """Return why a step is over for a case as a whole."""
    if case.cancelled:
        return wording.CANCELLED
    if case.paid_at and step.topic == "invoice":
        return wording.PAID
    # What is said after the last retry may be that it is lost.
    if case.lost and step.topic == "invoice" and step.trigger != "exhausted":
        return wording.LOST
    return None


def _find_skip(case: CaseFacts, step: Step, cause: _Cause) -> Sentence | None:
    if end := find_end(case, step):
        return end
    if step.key in case.barred_steps:
        return wording.BARRED
    if cause.skip:
        return cause.skip
    heard = cause.heard
    if heard is None:
        return step.conditions.find_unmet("", "", 0, case.amount)
    return step.conditions.find_unmet(
        heard.decline_class, heard.failure.reason, heard.number, case.amount
    )


# === WHAT A STEP COUNTS FROM === #


def _find_causes(case: CaseFacts, step: Step, hours: MessageHours) -> Iterator[_Cause]:
    if step.trigger in _FAILURES:
        return _find_failures(case, step)
    if step.trigger == "before_attempt":
        return _find_attempts(case, step)
    if step.trigger in ("before_due", "after_due"):
        return _find_due(case, step, hours)
    if step.trigger == "method_expires":
        return _find_expiries(case, hours)
    return _find_ends(case, step)


def _find_failures(case: CaseFacts, step: Step) -> Iterator[_Cause]:
    failures = case.heard
    if step.trigger == "each_failure":
        for heard in failures:
            silent = wording.SILENT if heard.silent and step.reaches_customer else None
            yield _Cause(str(heard.failure.key), heard.failure.at, heard, skip=silent)
    elif failures:
        # For the customer the first failure is the first that they hear of.
        loud = (heard for heard in failures if not (heard.silent and step.reaches_customer))
        first = next(loud, None)
        silent = wording.SILENT if first is None else None
        heard = first or failures[0]
        yield _Cause(f"first{case.beginning}", heard.failure.at, heard, skip=silent)


def _find_attempts(case: CaseFacts, step: Step) -> Iterator[_Cause]:
    latest = case.heard[-1] if case.heard else None
    silent = wording.SILENT if latest and latest.silent and step.reaches_customer else None
    for attempt in case.attempts:
        at = aware(attempt.at)
        yield _Cause(str(attempt.key), at, latest, until=at, skip=silent)


def _find_due(case: CaseFacts, step: Step, hours: MessageHours) -> Iterator[_Cause]:
    if case.due is None:
        return
    day = plain_day(case.due)
    skip = wording.CHARGED if case.has_method and not case.is_one_off else None
    until = _start_of(day + _DAY, hours) if step.is_dated else None
    latest = case.heard[-1] if case.heard else None
    yield _Cause(day.isoformat(), hours.opening(day), latest, until, skip)


def _find_expiries(case: CaseFacts, hours: MessageHours) -> Iterator[_Cause]:
    for expiry in case.expiries:
        day = plain_day(expiry.day)
        until = _start_of(day + _DAY, hours)
        yield _Cause(f"{expiry.key} {day.isoformat()}", hours.opening(day), None, until)


def _find_ends(case: CaseFacts, step: Step) -> Iterator[_Cause]:
    at = case.exhausted_at if step.trigger == "exhausted" else case.paid_at
    if not at:
        return
    latest = case.heard[-1] if case.heard else None
    occurrence = "paid"
    skip = None
    if step.trigger == "exhausted":
        # Retries used up once more, after a method was added, are another occurrence.
        occurrence = f"{aware(at).replace(microsecond=0):%Y-%m-%dT%H:%M:%S}"
    elif step.reaches_customer and case.heard and all(heard.silent for heard in case.heard):
        skip = wording.SILENT
    yield _Cause(occurrence, aware(at), latest, skip=skip)


def _start_of(day: date, hours: MessageHours) -> datetime:
    """Return the UTC instant at which a local day begins."""
    midnight = datetime.combine(day, time(), hours.zone)
    return min(midnight.astimezone(timezone.utc), LATEST)
