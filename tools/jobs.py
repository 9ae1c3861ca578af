# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The loop of a job: lock one, work, commit; on failure roll back, write why, commit.

Each record is worked on in a database transaction of its own, so that what is done stays done and
what fails stops nobody else.
"""

import logging
from functools import partial

import psycopg2

from .kept import kept_over_commit
from .shift import Shift

_logger = logging.getLogger(__name__)

# How often a worker looks again for work that others take from under its hands.
LOCK_TRIES = 10
# What PostgreSQL raises when two workers meet: nothing is wrong, one of them comes later.
LOST_RACE = (psycopg2.OperationalError, psycopg2.errors.UniqueViolation)


def commit(env, processed=0, **progress):
    """Commit, and tell Odoo's job how far it is.

    :return: whether the job has time left; always, outside of one
    """
    shift = Shift.of(env)
    with kept_over_commit(env):
        if not shift:
            return bool(env["ir.cron"]._commit_progress(processed, **progress))
        if "ir_cron_progress_id" in env.context:  # The job's own hand writes for all.
            env["ir.cron"]._commit_progress(processed + shift.take_done(), **progress)
        else:
            env.cr.commit()
            shift.add(processed)
    return shift.has_time()


def has_time(env):
    """Return whether several hands may take on anything more; always, where there is but one."""
    shift = Shift.of(env)
    return not shift or shift.has_time()


def lock_one(env, query):
    """Return the one value of a query that locks its row, or none.

    A row that another worker finished between our snapshot and our lock makes PostgreSQL raise
    instead of skipping it; the database transaction, in which nothing has been done yet, is begun
    anew.

    :param odoo.tools.SQL query: ends in ``FOR NO KEY UPDATE SKIP LOCKED`` or the like
    """
    for _turn in range(LOCK_TRIES):
        try:
            rows = env.execute_query(query)
            return rows[0][0] if rows else None
        except psycopg2.OperationalError:
            env.cr.rollback()
    return None


def work(env, act, *, busy=None, failed=None, doing="", level=logging.ERROR):
    """Do something in a database transaction of its own, and commit it.

    :param act: called without arguments
    :param busy: called after the rollback when somebody else works on the same rows
    :param failed: called after the rollback with the exception, to write down why; without it the
        failure is only logged
    :param str doing: for the log: what could not be done
    :param int level: of the log, lower where people are told in another way
    :return: whether it was done
    """
    return _work(env, act, busy, failed, doing, level)[0]


def work_on_each(env, keys, act, *, busy=None, failed=None, doing=""):
    """Do something with each of many, as :func:`work` does, as long as the job has time.

    :param keys: of the records, which are browsed anew: a rollback outdates what was read of them
    :param act: called with a key; so are `busy`, and `failed` before the exception
    :return: whether the job has time left
    """
    for key in keys:
        _done, has_time = _work(
            env,
            partial(act, key),
            busy and partial(busy, key),
            failed and partial(failed, key),
            f"{doing} {key}",
        )
        if not has_time:
            return False
    return True


def _work(env, act, busy, failed, doing, level=logging.ERROR):
    """Return whether it was done, and whether the job has time left."""
    try:
        act()
        return True, commit(env)
    except LOST_RACE as error:
        env.cr.rollback()
        _logger.info("%s: somebody else is at it: %s", doing, error)
        return False, _note(env, busy, doing)
    except Exception as error:
        env.cr.rollback()
        _logger.log(level, "%s failed", doing or "A part of a job", exc_info=True)
        return False, _note(env, failed and partial(failed, error), doing)


def _note(env, note, doing):
    """Write something down after a rollback, and commit; what can't be written waits."""
    try:
        if note:
            note()
        return commit(env)
    except LOST_RACE:
        env.cr.rollback()
    except Exception:
        env.cr.rollback()
        _logger.exception("%s: not even that could be written down", doing)
    return True
