# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Doing what commits on its way without leaving anything: a rehearsal within one transaction.

What is rehearsed works as ever: it commits, rolls back and locks. Its commits are savepoints of the
transaction around it, which is taken back to its beginning at the end, whatever happens; a crash
takes it back, too, since nothing of it was ever committed. What waits for a commit, such as e-mails
that go out and browsers that are told, never happens.
"""

from contextlib import closing, contextmanager

from odoo.sql_db import BaseCursor, Savepoint


class RehearsalCursor(BaseCursor):
    """A cursor on top of another one, which commits and rolls back to savepoints of that.

    For :func:`rehearsed`, and the rehearsals of :mod:`tools.clock`.
    """

    def __init__(self, cursor):
        super().__init__()
        self._cursor = cursor
        self._savepoint = None
        self.readonly = False

    def execute(self, query, params=None, log_exceptions=True):
        """Override of `base` to begin at a savepoint."""
        if not self._savepoint:
            self._savepoint = Savepoint(self._cursor)
        return self._cursor.execute(query, params, log_exceptions)

    def commit(self):
        """Override of `base` to commit no further than to the transaction around it."""
        self.flush()
        if self._savepoint:
            self._savepoint.close(rollback=False)
            self._savepoint = None
        self.clear()
        self._forget()

    def rollback(self):
        """Override of `base` to go back to the last commit of its own."""
        self.clear()
        if self._savepoint:
            self._savepoint.close(rollback=True)
            self._savepoint = None
        self._forget()

    def close(self):
        """Override of `base` to leave the cursor below open."""
        self.rollback()

    def dictfetchone(self):
        """Override of `base` to read from the cursor below."""
        return self._cursor.dictfetchone()

    def dictfetchmany(self, size):
        """Override of `base` to read from the cursor below."""
        return self._cursor.dictfetchmany(size)

    def dictfetchall(self):
        """Override of `base` to read from the cursor below."""
        return self._cursor.dictfetchall()

    def _forget(self):
        """Drop what was to happen after a commit."""
        self._now = None
        for hooks in (self.postcommit, self.prerollback, self.postrollback):
            hooks.clear()

    def __getattr__(self, name):
        return getattr(self._cursor, name)


@contextmanager
def rehearsed(env):
    """Give an environment in which everything is done, and of which nothing stays.

    Calls to the outside, such as those to a provider, are real. Numbers of invoices and payments
    are those of the last ones plus one, so that none is missing afterwards.
    """
    try:
        with closing(env.cr.savepoint()):
            cursor = RehearsalCursor(env.cr)
            try:
                yield env(cr=cursor)
            finally:
                cursor.close()
    finally:
        # What was read of records that are no more.
        env.registry.clear_cache()
