# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""All tables of a database as digests, to tell whether anything was written."""

from odoo.tools import SQL


def read_tables(env, left_out=()):
    """Return by table how many rows it has and a digest of them, and where its numbers stand.

    :param left_out: names of tables that may change
    """
    env.flush_all()
    rows = env.execute_query(
        SQL("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    )
    found = {}
    for (name,) in rows:
        if name not in left_out:
            query = SQL(
                "SELECT COUNT(*), MD5(STRING_AGG(t::text, '|' ORDER BY t::text)) FROM %s t",
                SQL.identifier(name),
            )
            found[name] = env.execute_query(query)[0]
    numbers = SQL(
        "SELECT sequencename, last_value FROM pg_sequences WHERE sequencename LIKE %s",
        "ir_sequence_%",
    )
    return found | dict(env.execute_query(numbers))


def find_changed(before, after):
    """Return the names of the tables that differ."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
