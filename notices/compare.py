# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What changed between the notices on record and those that the facts now ask for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ..timing.decision import Sentence
from ..tools.instants import aware
from .plan import Notice, NoticeKey
from .wording import GONE


@dataclass(frozen=True)
class Stored:
    """A notice on record.

    :param at: the aware instant at which it was planned, whatever it was held until since
    :param planned: whether it is still to be sent; what was sent, skipped or failed stays as it is
    """

    key: NoticeKey
    at: datetime
    planned: bool = True


@dataclass(frozen=True)
class Changes:
    """What to write.

    :ivar create: notices to record
    :ivar move: notices on record whose instant, and with it whose sentence, is another
    :ivar skip: keys of notices on record that are not wanted any more, each with the reason
    """

    create: tuple[Notice, ...] = ()
    move: tuple[Notice, ...] = ()
    skip: tuple[tuple[NoticeKey, Sentence], ...] = ()


def compare(stored: Iterable[Stored], wanted: Iterable[Notice]) -> Changes:
    """Return what to write after an event; applied, and asked again, it is nothing.

    Instants are compared in whole seconds, as databases keep them.
    """
    known = {record.key: record for record in stored}
    create, move, skip = [], [], []
    seen = set()
    for notice in wanted:
        seen.add(notice.key)
        record = known.get(notice.key)
        if record is None:
            if not notice.skip:
                create.append(notice)
        elif not record.planned:
            continue
        elif notice.skip:
            skip.append((notice.key, notice.skip))
        elif aware(record.at).replace(microsecond=0) != notice.at.replace(microsecond=0):
            move.append(notice)
    skip += [(key, GONE) for key, record in known.items() if record.planned and key not in seen]
    return Changes(tuple(create), tuple(move), tuple(skip))
