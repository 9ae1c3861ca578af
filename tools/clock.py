# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A rehearsal at another time: the real engine at work in days to come, of which nothing is left.

It has a database transaction of its own, which is rolled back at the end (:mod:`tools.rehearsal`).
For the thread of the rehearsal, and for no other one, the clock stands at another instant, no
connection can be opened to anybody, and no file is written. Others wait on the rows that it touches
until it is over: it takes seconds. Numbers of rows that PostgreSQL gave out are not given back.
"""

import socket
import threading
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, fields

from odoo.addons.base.models.ir_actions_report import IrActionsReport
from odoo.addons.base.models.ir_attachment import IrAttachment

from .rehearsal import RehearsalCursor

# How long it waits for rows that others are at work on.
_LOCK_TIMEOUT = "2s"
_local = threading.local()
_lock = threading.Lock()
_replaced = []
_count = 0


class RehearsalBlocked(Exception):
    """Something wanted to leave this machine."""


class Rehearsal:
    """A clock, and an environment in which nothing is kept.

    :ivar env: of the superuser, as a job has it
    """

    def __init__(self, cursor, now, context):
        self._now = now
        cursor.now = lambda: self._now
        self.env = api.Environment(cursor, SUPERUSER_ID, context)

    @property
    def now(self):
        """The instant at which it stands, naive UTC."""
        return self._now

    def move_to(self, instant):
        """Go to a later naive UTC instant; what is earlier stays as it is."""
        self._now = max(self._now, instant)


@contextmanager
def rehearse(registry, context=None):
    """Give a rehearsal that begins now.

    :param dict context: of its environment
    """
    below = registry.cursor()
    try:
        below.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        cursor = RehearsalCursor(below)
        rehearsal = Rehearsal(cursor, fields.Datetime.now(), dict(context or {}))
        _begin(rehearsal)
        try:
            yield rehearsal
        finally:
            _end()
            cursor.close()
            below.rollback()
    finally:
        below.close()
        registry.reset_changes()


def is_rehearsing():
    """Return whether this thread is in a rehearsal."""
    return getattr(_local, "rehearsal", None) is not None


# What is replaced while anybody rehearses: each asks whether it is their thread that does.


def _begin(rehearsal):
    global _count
    _local.rehearsal = rehearsal
    with _lock:
        if not _count:
            for owner, name, make in _REPLACED:
                own = getattr(owner, name)
                _replaced.append((owner, name, vars(owner).get(name)))
                setattr(owner, name, make(own))
        _count += 1


def _end():
    global _count
    _local.rehearsal = None
    with _lock:
        _count -= 1
        if not _count:
            while _replaced:
                owner, name, own = _replaced.pop()
                if own is None:  # It had been inherited.
                    delattr(owner, name)
                else:
                    setattr(owner, name, own)


def _replace_clock(tell):
    """Return what makes a static method that tells the time of the rehearsal's."""

    def make(own):
        def now(*args, **kwargs):
            rehearsal = getattr(_local, "rehearsal", None)
            return tell(rehearsal.now, *args, **kwargs) if rehearsal else own(*args, **kwargs)

        return staticmethod(now)

    return make


def _tell_context_today(now, record, timestamp=None):
    return fields.Datetime.context_timestamp(record, timestamp or now).date()


def _replace(act):
    """Return what makes a method that does something else in a rehearsal."""

    def make(own):
        def method(*args, **kwargs):
            return act(*args, **kwargs) if is_rehearsing() else own(*args, **kwargs)

        return method

    return make


def _refuse(*_args, **_kwargs):
    raise RehearsalBlocked("Nothing leaves this machine in a rehearsal.")


def _name_file(_attachment, _content, checksum):
    """Return where a file would be, without writing it."""
    return f"{checksum[:2]}/{checksum}"


def _print_nothing(*_args, **_kwargs):
    return b"%PDF-1.4"


_REPLACED = [
    (fields.Datetime, "now", _replace_clock(lambda now, *_args: now.replace(microsecond=0))),
    (fields.Date, "today", _replace_clock(lambda now, *_args: now.date())),
    (fields.Date, "context_today", _replace_clock(_tell_context_today)),
    (socket.socket, "connect", _replace(_refuse)),
    (socket.socket, "connect_ex", _replace(_refuse)),
    (IrAttachment, "_file_write", _replace(_name_file)),
    (IrAttachment, "_mark_for_gc", _replace(lambda *_args: None)),
    (IrActionsReport, "_run_wkhtmltopdf", _replace(_print_nothing)),
]
