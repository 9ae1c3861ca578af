# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What becomes of every notice of one customer as time goes by, with the very functions that send:
planned after each event, coordinated whenever something is due."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..timing.days import Place
from ..timing.decision import Sentence
from ..tools.instants import LATEST, aware
from .coordinate import HOLD, SKIP, Message, Sent, Verdict, coordinate, find_due
from .facts import CaseFacts
from .holds import STANDARD, Rules
from .plan import Notice, NoticeKey, order, plan_notices
from .step import MESSAGES, Step
from .wording import GONE

_MOST_TURNS = 2000


@dataclass(frozen=True)
class Lived:
    """One notice at its end.

    :ivar at: UTC instant at which it was sent or skipped
    :ivar act: ``send``, ``skip``, or ``hold`` when time ended before
    :ivar held: what it was held for before, each sentence once
    """

    at: datetime
    notice: Notice
    act: str
    sentence: Sentence
    held: tuple[Sentence, ...] = ()
    message: Message | None = None


def live(
    cases_at: Callable[[datetime], Sequence[CaseFacts]],
    events: Iterable[datetime],
    steps: Sequence[Step],
    customer: Place,
    company: Place,
    rules: Rules = STANDARD,
    end: datetime = LATEST,
) -> tuple[Lived, ...]:
    """Return what becomes of every notice of one customer, in the order in which it happens.

    :param cases_at: what is known of all the customer's cases at an instant
    :param events: the aware instants at which that changes
    :param end: the aware instant at which to stop
    """
    changes = sorted({aware(event) for event in events})
    if not changes:
        return ()
    diary = _Diary(steps, customer, company, rules)
    notices = diary.plan(cases_at(changes[0]))
    now = min([changes[0], *(notice.at for notice in notices if not notice.skip)])
    for _turn in range(_MOST_TURNS):
        cases = cases_at(now)
        diary.pass_instant(now, cases)
        coming = [event for event in changes if event > now]
        coming += diary.coming(now)
        if not coming or min(coming) > aware(end):
            break
        now = min(coming)
    return diary.close(now)


class _Diary:
    """What one customer has received, and what waits for them."""

    def __init__(self, steps, customer, company, rules) -> None:
        self.steps, self.customer, self.company, self.rules = steps, customer, company, rules
        self.lived: list[Lived] = []
        self.sent: list[Sent] = []
        self.done: set[NoticeKey] = set()
        self.held: dict[NoticeKey, tuple[datetime, Notice, list[Sentence]]] = {}
        self.notices: tuple[Notice, ...] = ()

    def plan(self, cases: Sequence[CaseFacts]) -> tuple[Notice, ...]:
        plans = [plan_notices(case, self.steps, self.customer, self.company) for case in cases]
        return tuple(notice for plan in plans for notice in plan)

    def pass_instant(self, now: datetime, cases: Sequence[CaseFacts]) -> None:
        self.notices = self.plan(cases)
        self._forget(now)
        due = find_due(self.notices, self.done, now)
        waiting = {key for key, (until, _notice, _held) in self.held.items() if until > now}
        # A hold ends early when what is due now concerns the same customer: as the worker asks for
        # all of a customer's due notices at once.
        if all(notice.key in waiting for notice in due):
            return
        outcome = coordinate(due, cases, self.sent, now, self.customer, self.company, self.rules)
        leads = {notice.key: message for message in outcome.messages for notice in message.notices}
        for verdict in outcome.verdicts:
            self._note(now, verdict, leads.get(verdict.notice.key))
        self.sent += [
            Sent(message.action, now) for message in outcome.messages if message.action in MESSAGES
        ]

    def _forget(self, now: datetime) -> None:
        """Skip what was held and is not planned any more."""
        known = {notice.key for notice in self.notices}
        for key in [key for key in self.held if key not in known]:
            _until, notice, held = self.held.pop(key)
            self.done.add(key)
            self.lived.append(Lived(now, notice, SKIP, GONE, tuple(held)))

    def _note(self, now: datetime, verdict: Verdict, message: Message | None) -> None:
        notice = verdict.notice
        _until, _notice, held = self.held.get(notice.key, (now, notice, []))
        if verdict.act == HOLD:
            if verdict.sentence not in held:
                held.append(verdict.sentence)
            self.held[notice.key] = (verdict.until, notice, held)
            return
        self.held.pop(notice.key, None)
        self.done.add(notice.key)
        self.lived.append(Lived(now, notice, verdict.act, verdict.sentence, tuple(held), message))

    def coming(self, now: datetime) -> list[datetime]:
        """Return the instants at which something may happen."""
        planned = [
            notice.at for notice in self.notices if notice.key not in self.done and notice.at > now
        ]
        held = [until for until, _notice, _held in self.held.values()]
        return planned + [until for until in held if until > now]

    def close(self, now: datetime) -> tuple[Lived, ...]:
        for until, notice, held in self.held.values():
            self.lived.append(Lived(until, notice, HOLD, held[-1], tuple(held[:-1])))
        return tuple(sorted(self.lived, key=lambda line: (line.at, order(line.notice))))
