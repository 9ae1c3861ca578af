# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Several hands at one job: threads of this process, each with a database connection of its own.

A job of Odoo's runs once at a time, on all hosts together. Where it mostly waits for somebody
outside, threads let it wait for many at once; they need no processor meanwhile, and no scheduled
action of their own.
"""

import logging
import math
import threading
import time
from contextlib import suppress
from weakref import WeakSet

import psycopg2
from psycopg2.pool import PoolError

from odoo import api
from odoo.modules import module
from odoo.service.server import CommonServer
from odoo.sql_db import Cursor
from odoo.tools import config

from . import jobs
from .shift import Shift

_logger = logging.getLogger(__name__)

# A hand needs its own connection, and now and then one more for a moment; so does the job itself,
# beside the connection by which Odoo keeps others from running it.
PER_HAND, PER_JOB = 2, 4
# How long a server that stops waits for what is under way: longer than providers' addons do.
STOP_SECONDS = 15.0
# How often the job says how far it is while its own hand has nothing to do any more.
NOTE_SECONDS = 1.0
# Who is at work in this process.
_at_work = WeakSet()
# What was said of too few connections, by database: it is said once, not every few minutes.
_said = {}


class Crew:
    """The hands of one job, this thread's being the first of them.

    :param env: the environment of the job
    :param work: called with an environment for each hand. It takes on one thing after the other as
        long as :func:`tools.jobs.has_time`, and holds no database transaction while it waits
    :param int hands: how many at most
    """

    def __init__(self, env, work, hands):
        self._shift = Shift(env.context.get("cron_end_time", math.inf))
        self._env = env(context={**env.context, "recovery_shift": self._shift})
        self._work = work
        self._hands = hands if can_have_hands(env) else 1
        self._threads, self._errors = [], []
        self._finished = threading.Event()

    def run(self):
        """Let all hands work until each has come to its end.

        :raise Exception: the first that a hand raised; the others have finished what they did
        """
        _at_work.add(self)
        try:
            self._hire()
            self._work(self._env)
        except BaseException:
            self._shift.end()
            raise
        finally:
            self._wait_for_others()
            _at_work.discard(self)
            self._finished.set()
        if self._threads:
            jobs.commit(self._env)  # What the others did last counts, too.
        if self._errors:
            raise self._errors[0]

    def end(self):
        """Let each hand finish what it has begun, and take on nothing more."""
        self._shift.end()

    def wait(self, seconds):
        """Return whether all hands have finished within some seconds."""
        return self._finished.wait(max(seconds, 0.0))

    def _hire(self):
        """Begin with as many further hands as there are connections for."""
        most = max((config["db_maxconn"] - PER_JOB) // PER_HAND, 1)
        cursors, reason = self._open(min(self._hands, most) - 1)
        for cr in cursors:
            number = len(self._threads) + 2
            thread = threading.Thread(
                target=self._be_hand, args=(cr,), name=f"{cr.dbname}.hand{number}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        self._say_how_many(reason or f"db_maxconn is {config['db_maxconn']}")

    def _open(self, count):
        """Return so many cursors, or fewer and why: as many are left for what needs a moment."""
        cursors = []
        try:
            for _number in range(count):
                cursors.append(self._env.registry.cursor())
        except (PoolError, psycopg2.OperationalError) as error:
            kept = max(len(cursors) - 1, 0) // PER_HAND
            for cr in cursors[kept:]:
                cr.close()
            return cursors[:kept], str(error).strip()
        return cursors, ""

    def _say_how_many(self, reason):
        """Log that there are fewer hands than wanted, once as long as it stays so."""
        database, hands = self._env.cr.dbname, 1 + len(self._threads)
        if hands == self._hands:
            _said.pop(database, None)
        elif _said.get(database) != hands:
            _said[database] = hands
            _logger.warning(
                "Out of connections: %s instead of %s at once (%s)", hands, self._hands, reason
            )

    def _be_hand(self, cr):
        """Work in a thread of its own, as Odoo's own threads do."""
        env, registry = self._env, self._env.registry
        # How far the job is, is written by its own hand: one row, many hands.
        context = {
            name: value for name, value in env.context.items() if name != "ir_cron_progress_id"
        }
        thread = threading.current_thread()
        thread.dbname, thread.uid = cr.dbname, env.uid
        try:
            with cr:
                self._work(api.Environment(cr, env.uid, context, env.su))
                registry.signal_changes()
        except Exception as error:
            registry.reset_changes()
            _logger.exception("One of several hands at once failed")
            self._errors.append(error)

    def _wait_for_others(self):
        """Wait until the other hands have finished, and write down how far the job is."""
        told = time.monotonic()
        for thread in self._threads:
            while thread.is_alive():
                thread.join(NOTE_SECONDS)
                if time.monotonic() - told > NOTE_SECONDS:
                    told = time.monotonic()
                    # Where PostgreSQL has ended the job's own session, the hands are waited for.
                    with suppress(psycopg2.InterfaceError):
                        jobs.work(self._env, lambda: None, doing="Saying how far the job is")


def can_have_hands(env):
    """Return whether the work may go to several threads: in a job, and on connections of its own.

    The cursors of a test are one connection, and a clock that is moved is everybody's.
    """
    return "cron_end_time" in env.context and isinstance(env.cr, Cursor) and not module.current_test


def end_all():
    """Let what is under way come to its end before the server stops."""
    until = time.monotonic() + STOP_SECONDS
    crews = list(_at_work)
    for crew in crews:
        crew.end()
    for crew in crews:
        if not crew.wait(until - time.monotonic()):
            _logger.warning("The server stops with work under way; it is looked at again")


CommonServer.on_stop(end_all)
