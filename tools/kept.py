# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Settings that a job reads once, in all of its database transactions.

Odoo forgets all that it has read with each commit. A charge commits three or four times, and would
read its currency, its company, its policy and their like anew each time. They are put back after a
commit, for some seconds at most: as if they had been changed a moment later.

What decides whether money may move is never among them: invoices, cases, charges, transactions. Nor
is it kept after a rollback.
"""

import time
from contextlib import contextmanager

# Whoever changes a setting waits so long at most, in seconds, until a running job heeds it.
FRESH = 10.0
# Which do not change from one charge to the next, and decide on no money.
SETTINGS = (
    "payment.method",
    "recovery.decline.reason",
    "recovery.policy",
    "recovery.policy.retry",
    "res.company",
    "res.country",
    "res.country.state",
    "res.currency",
    "res.users",
)

# The name under which a cursor has what is kept over its commits.
_NAME = "_recovery_kept"


class _Kept:
    """What is kept over the commits of one cursor.

    :ivar people: contacts that are settings
    :ivar once: records that are kept over the next commit only
    :ivar left: those that were kept over the last one
    :ivar known: what was asked of settings, by its key
    """

    def __init__(self):
        self.since = time.monotonic()
        self.people = []
        self.once = []
        self.left = []
        self.known = {}

    def take(self, env):
        """Return what has been read, to be put back after the commit."""
        data = env.transaction.field_data
        settings = {
            field: data[field]
            for name in SETTINGS
            for field in _list_fields(env[name])
            if field in data
        }
        taken = []
        for records in (*self.people, *self.once):
            for field in _list_fields(records):
                cache = field._get_cache(records.env)
                known = {id_: cache[id_] for id_ in records._ids if id_ in cache}
                if known:
                    taken.append((field, records.env, known))
        self.once, self.left = [], self.once
        return settings, taken

    @staticmethod
    def put_back(env, settings, taken):
        """Let what was taken count as read."""
        env.transaction.field_data.update(settings)
        for field, own_env, known in taken:
            field._get_cache(own_env).update(known)


def _find(env):
    # Not by `getattr`: cursors hand on to others what they don't have.
    return vars(env.cr).get(_NAME)


def keep_settings(env):
    """Keep what a job reads of settings over its next commits; what is old is read anew.

    And so is whatever else was kept: another charge begins.
    """
    kept = _find(env)
    if not kept or kept.since < time.monotonic() - FRESH:
        setattr(env.cr, _NAME, _Kept())
        for name in (*SETTINGS, "res.partner"):
            env[name].invalidate_model()
    for records in kept.left if kept else ():
        records.invalidate_recordset()


def keep_people(partners):
    """Keep what is read of contacts that are settings, such as the company's own."""
    if kept := _find(partners.env):
        kept.people = [partners]


def keep_once(*records):
    """Keep what was read of these records over the next commit.

    For those that are needed at once afterwards, and that would be locked if one could.
    """
    if records and (kept := _find(records[0].env)):
        kept.once = list(records)


def remember(env, key, ask):
    """Return something about settings that a job asks once in some seconds, unless it is `False`.

    :param tuple key: what is asked, and of what
    :param ask: called without arguments
    """
    kept = _find(env)
    if kept and key in kept.known:
        return kept.known[key]
    answer = ask()
    if kept and answer is not False:
        kept.known[key] = answer
    return answer


@contextmanager
def kept_over_commit(env):
    """Keep over the commit inside what is to be kept; nothing when it fails."""
    kept = _find(env)
    if not kept or kept.since < time.monotonic() - FRESH:
        yield
        return
    env.cr.flush()
    taken = kept.take(env)
    yield
    kept.put_back(env, *taken)


def _list_fields(records):
    """Return the columns of a model, and the lists that settings consist of."""
    return [field for field in records._fields.values() if field.store and field.type != "one2many"]
