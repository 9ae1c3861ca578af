# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What must not disturb the database transaction it happens in."""


def run_isolated(env, work):
    """Do something that, should it fail, leaves no trace in the database transaction around it.

    Not Odoo's flushing savepoint: that one also runs the hooks that wait for the commit, in the
    middle of somebody's work.

    :param work: called without arguments
    :raise Exception: what was pending before and can't be written, which is not the work's fault
    :return: what the work returned, and the exception that it raised, one of them
    """
    env.flush_all()  # What is rolled back below must be the work's own.
    try:
        with env.cr.savepoint(flush=False):
            result = work()
            env.flush_all()
        return result, None
    except Exception as error:
        env.transaction.clear()
        return None, error
