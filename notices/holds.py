# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What keeps a due notice from going out: for good, or until an instant."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from ..timing.days import Place
from ..timing.decision import Sentence
from ..tools.instants import aware
from . import wording
from .facts import CaseFacts, plain_day, within
from .hours import MessageHours
from .plan import Notice, find_end
from .promise import promise_end
from .step import Step

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# A charge that should have gone out is still on its way for so long; after that it is no reason.
_LATE_ATTEMPT = timedelta(hours=6)
# How long a charge and its answer take.
_SETTLING = timedelta(hours=1)


@dataclass(frozen=True)
class Rules:
    """What a company wants of its messages.

    :param likely: an attempt of this probability or more is worth waiting for; above 1, none is
    :param calm: hours before such an attempt in which its customer is left alone
    :param patience: days that one notice waits at most for such attempts
    :param final_patience: the same for a step that is final
    """

    likely: float = 0.5
    calm: float = 24.0
    patience: float = 3.0
    final_patience: float = 1.0


STANDARD = Rules()


@dataclass(frozen=True)
class Hold:
    """Not before :attr:`until` (UTC).

    :ivar by_hours: whether it is the hours of the day that hold it
    """

    until: datetime
    sentence: Sentence
    by_hours: bool = False


def patience(step: Step, rules: Rules) -> timedelta:
    """Return how long a notice of a step waits at most for a likely attempt."""
    days = rules.final_patience if step.is_final else rules.patience
    return timedelta(days=within(days, 0.0, 30.0, 3.0))


def find_skip(notice: Notice, case: CaseFacts | None, now: datetime) -> Sentence | None:
    """Return why a notice is not sent any more, or None.

    :param case: as it stands now; None when it does not exist in this life any more
    :param now: aware UTC instant
    """
    if case is None:
        return wording.NO_CASE
    if end := find_end(case, notice.step):
        return end
    if notice.skip:
        return notice.skip
    if case.excluded and notice.step.reaches_customer and notice.step.topic == "recovered":
        return wording.EXCLUDED
    if notice.until and now >= notice.until:
        return wording.TOO_LATE.get(notice.step.trigger, wording.GONE)
    return None


def find_hold(
    notice: Notice,
    case: CaseFacts,
    now: datetime,
    hours: MessageHours,
    customer: Place,
    rules: Rules,
) -> Hold | None:
    """Return what a notice waits for, or None: a person, a promise, an attempt, the hour.

    :param hours: of the notice's step
    """
    return (
        _find_exclusion(notice, case, now, hours)
        or _find_pause(case, now, hours)
        or _find_waiting(notice, case, now, hours)
        or _find_promise(notice, case, now, hours, customer)
        or _find_attempt(notice, case, now, hours, rules)
        or _find_hours(notice, now, hours)
    )


def _find_exclusion(
    notice: Notice, case: CaseFacts, now: datetime, hours: MessageHours
) -> Hold | None:
    if not case.excluded or not notice.step.reaches_customer:
        return None
    if not case.excluded_until:
        return Hold(hours.next_day(now), Sentence("notices_excluded"))
    day = {"day": plain_day(case.excluded_until)}
    until = hours.next_instant(datetime.combine(case.excluded_until, time(), hours.zone))
    return Hold(
        max(until, hours.next_instant(now + _HOUR)),
        Sentence("notices_excluded_until", day),
    )


def _find_pause(case: CaseFacts, now: datetime, hours: MessageHours) -> Hold | None:
    if case.paid_at:
        return None  # There is nothing left to pause.
    until = aware(case.paused_until) if case.paused_until else None
    if until and until > now:
        at = {"at": hours.localise(until)}
        return Hold(hours.next_instant(until), Sentence("case_paused_until", at))
    if case.paused and not until:
        return Hold(hours.next_day(now), Sentence("case_paused"))
    return None


def _find_waiting(
    notice: Notice, case: CaseFacts, now: datetime, hours: MessageHours
) -> Hold | None:
    if not case.waiting or case.paid_at or notice.step.topic != "invoice":
        return None
    sentence = Sentence("silent_until_mended")
    return Hold(hours.next_day(now), sentence)


def _find_promise(
    notice: Notice, case: CaseFacts, now: datetime, hours: MessageHours, customer: Place
) -> Hold | None:
    if case.promise is None or notice.step.topic != "invoice" or case.paid_at:
        return None
    end = promise_end(case.promise, customer)
    if end <= now:
        return None
    day = {"day": plain_day(case.promise)}
    sentence = Sentence("promised", day)
    return Hold(hours.next_instant(end), sentence)


def _find_attempt(
    notice: Notice, case: CaseFacts, now: datetime, hours: MessageHours, rules: Rules
) -> Hold | None:
    step = notice.step
    # An announcement of the attempt is not held because of it; thanks and cards have no attempt.
    if not step.reaches_customer or step.trigger == "before_attempt" or step.topic != "invoice":
        return None
    if not is_soon_charged(case, now, rules):
        return None
    end = notice.at + patience(step, rules)
    if now >= end:
        return None
    attempt = case.next_attempt
    until = hours.next_instant(min(max(aware(attempt.at), now) + _SETTLING, max(end, now + _HOUR)))
    if notice.until and until >= notice.until:
        return None
    percent = round(100 * within(attempt.probability, 0.0, 1.0, 0.0))
    values = {"percent": percent, "at": hours.localise(attempt.at)}
    sentence = Sentence("probably_paid_at", values)
    return Hold(until, sentence)


def _find_hours(notice: Notice, now: datetime, hours: MessageHours) -> Hold | None:
    if notice.step.action == "server_action" or hours.contains(now):
        return None
    until = hours.next_instant(now)
    sentence = Sentence("held_until", {"at": hours.localise(until)})
    return Hold(until, sentence, by_hours=True)


def is_soon_charged(case: CaseFacts, now: datetime, rules: Rules) -> bool:
    """Return whether a charge that is likely to succeed comes within the calm."""
    attempt = case.next_attempt
    if attempt is None or within(attempt.probability, 0.0, 1.0, -1.0) < rules.likely:
        return False
    wait = aware(attempt.at) - now
    return -_LATE_ATTEMPT <= wait <= timedelta(hours=within(rules.calm, 0.0, 240.0, 24.0))
