# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What happens to a customer's due notices now: each is sent, held or skipped, with a sentence."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ..timing.days import Place
from ..timing.decision import Sentence
from ..tools.instants import aware
from .facts import CaseFacts
from .holds import STANDARD, Hold, Rules, find_hold, find_skip, is_soon_charged, patience
from .hours import MessageHours, message_hours
from .plan import Notice, NoticeKey, order, step_hours
from .step import MESSAGES

SEND, HOLD, SKIP = "send", "hold", "skip"
_ALONE = Sentence("due_now")
_NOT_DUE = "not_due"
_GROUPED = "grouped"
_OVERTAKEN = Sentence("overtaken")
_OTHER_STEP = "other_step"
_DAILY = "one_a_day"
_OTHER_TOPIC = "other_topic"
_RESERVED = "reserved"


@dataclass(frozen=True)
class Sent:
    """A message that went to the customer, of any of their cases.

    :param action: ``email`` or ``sms``
    :param at: aware instant
    """

    action: str
    at: datetime


@dataclass(frozen=True)
class Verdict:
    """What happens to one notice now.

    :ivar act: ``send``, ``hold`` or ``skip``
    :ivar until: of a hold: the UTC instant at which to ask again
    """

    notice: Notice
    act: str
    sentence: Sentence
    until: datetime | None = None


@dataclass(frozen=True)
class Message:
    """Notices that go out together.

    :ivar notices: the one that sets the tone, and the template, first
    :ivar mentions: keys of the customer's other cases that fail: the message names them as well
    """

    action: str
    notices: tuple[Notice, ...]
    mentions: tuple = ()

    @property
    def lead(self) -> Notice:
        return self.notices[0]


@dataclass(frozen=True)
class Outcome:
    """One verdict for each notice, and the messages that the sent ones make."""

    verdicts: tuple[Verdict, ...]
    messages: tuple[Message, ...]


def coordinate(
    due: Iterable[Notice],
    cases: Iterable[CaseFacts],
    sent: Iterable[Sent],
    now: datetime,
    customer: Place,
    company: Place,
    rules: Rules = STANDARD,
) -> Outcome:
    """Decide what happens now to one customer's notices that are due and neither sent nor skipped.

    To be asked in the transaction that sends, with what is true then. The order of what is given
    does not matter.

    :param due: from :func:`plan_notices` with the same facts, of all the customer's cases
    :param cases: all the customer's cases
    :param sent: what they received, at least since yesterday
    :param now: aware instant
    """
    return _Turn(due, cases, sent, now, customer, company, rules).decide()


class _Turn:
    """One customer, one instant."""

    def __init__(self, due, cases, sent, now, customer, company, rules) -> None:
        self.due = sorted({notice.key: notice for notice in due}.values(), key=order)
        self.cases = {(case.key, case.life): case for case in cases}
        self.now, self.rules = aware(now), rules
        self.customer, self.company = customer.or_else(company), company
        self.day = message_hours(self.customer).local_day(self.now)
        local_day = message_hours(self.customer).local_day
        self.served = {message.action for message in sent if local_day(message.at) == self.day}
        self.verdicts: list[Verdict] = []
        self.messages: list[Message] = []

    def decide(self) -> Outcome:
        ready: dict[str, list[Notice]] = {}
        shut: dict[str, list[tuple[Notice, Hold]]] = {}
        for notice in self.due:
            action = notice.step.action
            case = self.cases.get((notice.key.case, notice.key.life))
            if skip := find_skip(notice, case, self.now):
                self.verdicts.append(Verdict(notice, SKIP, skip))
            elif notice.at > self.now:
                self._hold(notice, notice.at, _NOT_DUE)
            elif hold := self._find_hold(notice, case):
                self.verdicts.append(Verdict(notice, HOLD, hold.sentence, hold.until))
                if hold.by_hours and action in MESSAGES:
                    shut.setdefault(action, []).append((notice, hold))
            elif action not in MESSAGES:
                self._send([notice])
            else:
                ready.setdefault(action, []).append(notice)
        for action, notices in ready.items():
            self._share(action, notices, shut.get(action, []))
        verdicts = tuple(sorted(self.verdicts, key=lambda verdict: order(verdict.notice)))
        return Outcome(verdicts, tuple(self.messages))

    def _share(self, action: str, notices: list[Notice], shut: list) -> None:
        """Send the customer's one message of the day, or hold it."""
        if action in self.served:
            for notice in notices:
                self._hold(notice, self._next_day(notice), _DAILY)
            return
        if opening := self._find_reserved(notices, shut):
            for notice in notices:
                self._hold(notice, self._hours(notice).next_instant(opening), _RESERVED)
            return
        topic = min(notices, key=self._turn).step.topic
        chosen = [notice for notice in notices if notice.step.topic == topic]
        for notice in notices:
            if notice.step.topic != topic:
                self._hold(notice, self._next_day(notice), _OTHER_TOPIC)
        self._send(self._choose(chosen))

    def _find_reserved(self, notices: list[Notice], shut: list) -> datetime | None:
        """Return the instant of today for which the message is kept.

        A step whose own hours open later than those of others would otherwise find the day's
        message gone, each day anew.
        """
        openings = [
            hold.until
            for notice, hold in shut
            if self._is_late(notice) and self._hours(notice).local_day(hold.until) == self.day
        ]
        if not openings or any(self._is_pressing(notice) for notice in notices):
            return None
        return min(openings)

    def _choose(self, notices: list[Notice]) -> list[Notice]:
        """Return one notice per case, the one that sets the tone first."""
        cases: dict[tuple, list[Notice]] = {}
        for notice in notices:
            key = (notice.key.case, notice.key.life)
            if notice.step.topic == "method":  # Each method has an expiry of its own.
                key = (*key, notice.key.occurrence)
            cases.setdefault(key, []).append(notice)
        best = [self._choose_step(steps) for steps in cases.values()]
        return sorted(best, key=_weigh, reverse=True)

    def _choose_step(self, notices: list[Notice]) -> Notice:
        """Return what goes out of one case's notices, and hold or skip the others.

        A case hears its latest step; older ones are overtaken by it. What announces a date, or is
        final, is never overtaken: where several are due, all but one wait a day.
        """
        firm = [notice for notice in notices if notice.step.is_final or _announces(notice)]
        ordinary = sorted((notice for notice in notices if notice not in firm), key=order)
        kept = [] if any(notice.step.is_final for notice in firm) else ordinary[-1:]
        for notice in ordinary:
            if notice not in kept:
                self.verdicts.append(Verdict(notice, SKIP, _OVERTAKEN))
        # Ordinary steps that have waited for long go before a date that is announced.
        if kept and any(self._is_late(notice) for notice in ordinary):
            firm, kept = kept, firm
        candidates = sorted(firm, key=_weigh, reverse=True) + kept
        for notice in candidates[1:]:
            self._hold(notice, self._next_day(notice), _OTHER_STEP)
        return candidates[0]

    def _send(self, notices: list[Notice]) -> None:
        count = len(notices)
        sentence = Sentence(_GROUPED, {"count": count}) if count > 1 else _ALONE
        self.verdicts += [Verdict(notice, SEND, sentence) for notice in notices]
        step = notices[0].step
        mentions: tuple = ()
        if step.action in MESSAGES and step.topic == "invoice":
            told = {notice.key.case for notice in notices}
            mentions = tuple(
                case.key
                for (key, _life), case in sorted(self.cases.items(), key=lambda item: str(item[0]))
                if key not in told and self._is_mentioned(case)
            )
        self.messages.append(Message(step.action, tuple(notices), mentions))

    def _is_mentioned(self, case: CaseFacts) -> bool:
        """Return whether a message about other invoices names this failing one, too."""
        if case.is_over or case.paused or case.waiting or case.promise or case.excluded:
            return False
        if not case.heard or case.heard[-1].silent:
            return False
        return not is_soon_charged(case, self.now, self.rules)

    def _hold(self, notice: Notice, until: datetime, source: str) -> None:
        at = self._hours(notice).localise(until)
        self.verdicts.append(Verdict(notice, HOLD, Sentence(source, {"at": at}), until))

    def _find_hold(self, notice: Notice, case: CaseFacts) -> Hold | None:
        return find_hold(notice, case, self.now, self._hours(notice), self.customer, self.rules)

    def _hours(self, notice: Notice) -> MessageHours:
        return step_hours(notice.step, self.customer, self.company)

    def _next_day(self, notice: Notice) -> datetime:
        return self._hours(notice).next_day(self.now)

    # === PRIORITY === #

    def _is_late(self, notice: Notice) -> bool:
        """Whether it has waited for longer than anything may make it wait."""
        return self.now - notice.at >= patience(notice.step, self.rules)

    def _is_pressing(self, notice: Notice) -> bool:
        """Whether it would be useless tomorrow."""
        return notice.until is not None and self._next_day(notice) >= notice.until

    def _turn(self, notice: Notice) -> tuple:
        """Sort by what must go first: what has waited for long, what is useless tomorrow."""
        return not self._is_late(notice), not self._is_pressing(notice), order(notice)


def _announces(notice: Notice) -> bool:
    return notice.step.is_dated and notice.step.topic == "invoice"


def _weigh(notice: Notice) -> tuple:
    """Sort by what the customer must read first."""
    return notice.step.is_final, notice.step.is_dated, order(notice)


def find_due(
    notices: Iterable[Notice], done: frozenset[NoticeKey] | set[NoticeKey], now: datetime
) -> tuple[Notice, ...]:
    """Return the notices that are due and not done.

    :param done: keys of what was sent, skipped or failed
    """
    now = aware(now)
    return tuple(notice for notice in notices if notice.at <= now and notice.key not in done)
