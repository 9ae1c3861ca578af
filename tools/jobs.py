"""The loop of a job: lock one, work, commit; on failure roll back, write why, commit.

Each record is worked on in a database transaction of its own, so that what is done stays done and
what fails stops nobody else.
"""

import logging
from functools import partial

import psycopg2

_logger = logging.getLogger(__name__)

# How often a worker looks again for work that others take from under its hands.
LOCK_TRIES = 10
# What PostgreSQL raises when two workers meet: nothing is wrong, one of them comes later.
LOST_RACE = (psycopg2.OperationalError, psycopg2.errors.UniqueViolation)


def commit(env, processed=0, **progress):
    """Commit, and tell Odoo's job how far it is.

    :return: whether the job has time left; always, outside of one
    """
    return bool(env["ir.cron"]._commit_progress(processed, **progress))


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


def work(env, act, *, busy=None, failed=None, doing=""):
    """Do something in a database transaction of its own, and commit it.

    :param act: called without arguments
    :param busy: called after the rollback when somebody else works on the same rows
    :param failed: called after the rollback with the exception, to write down why; without it the
        failure is only logged
    :param str doing: for the log: what could not be done
    :return: whether it was done
    """
    try:
        act()
        commit(env)
        return True
    except LOST_RACE as error:
        env.cr.rollback()
        _logger.debug("%s: somebody else is at it: %s", doing, error)
        _note(env, busy, doing)
    except Exception as error:
        env.cr.rollback()
        _logger.exception("%s failed", doing or "A part of a job")
        _note(env, failed and partial(failed, error), doing)
    return False


def _note(env, note, doing):
    """Write something down after a rollback, and commit; what can't be written waits."""
    if note is None:
        return
    try:
        note()
        commit(env)
    except LOST_RACE:
        env.cr.rollback()
    except Exception:
        env.cr.rollback()
        _logger.exception("%s: not even that could be written down", doing)
