# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A database with very many open cases, and the time it takes to find what is due."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from environment import benchmark

from . import scene

# Rows are copied from one real invoice, so that every constraint holds.
_MOVES = """
    INSERT INTO account_move ({columns}, name, sequence_number)
    SELECT {columns}, 'BACKLOG/' || number, number
      FROM account_move, generate_series(1, %(count)s) number
     WHERE id = %(invoice)s
"""
_CASES = """
    INSERT INTO recovery_case (move_id, company_id, partner_id, policy_id, state, currency_id,
                               due_date, first_failure_at, deadline_at, failed_amount, active,
                               opened_by, life)
    SELECT id, company_id, partner_id, %(policy)s, 'in_recovery', currency_id,
           invoice_date_due, now() - interval '3 days', now() + interval '30 days', 100, TRUE,
           'failure', 1
      FROM account_move WHERE name LIKE 'BACKLOG/%%'
"""
# Each case has a charge behind it and one before it; these are due, those later.
_ATTEMPTS = """
    INSERT INTO recovery_attempt (case_id, move_id, company_id, state, source, planned_at,
                                  due_date, currency_id, finished_at)
    SELECT recovery_case.id, move_id, company_id, state.name, 'ladder',
           CASE WHEN state.name = 'declined' THEN first_failure_at
                WHEN number <= %(due)s THEN now() - number * interval '1 second'
                ELSE now() + interval '1 day' + number %% 2000000 * interval '1 second' END,
           due_date, currency_id, CASE WHEN state.name = 'declined' THEN first_failure_at END
      FROM (SELECT *, row_number() OVER (ORDER BY md5(id::text)) AS number FROM recovery_case)
               recovery_case,
           (VALUES ('declined'), ('planned')) AS state(name)
"""
_COLUMNS = """
    SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
     WHERE table_name = 'account_move'
       AND column_name NOT IN ('id', 'name', 'sequence_number', 'access_token')
"""
_INDEXES = """
    SELECT indexrelname, pg_relation_size(indexrelid) / 1024 FROM pg_stat_user_indexes
     WHERE relname = 'recovery_attempt' ORDER BY indexrelname
"""
# The other questions that the jobs ask each time, whether or not anything is due.
_QUESTIONS = {
    "count due charges": lambda env: env["recovery.attempt"]._count_due(),
    "resolve outcomes": lambda env: env["recovery.attempt"]._resolve_due(),
    "end cases": lambda env: env["recovery.case"]._end_due(),
    "send notices": lambda env: env["recovery.notice"]._send_due(),
    "collect invoices": lambda env: len(env["account.move"]._search_to_collect()),
}


@dataclass(frozen=True)
class Claims:
    """Milliseconds of finding and locking due work: the first, with the list, and on average."""

    first: float
    per_claim: float


@dataclass(frozen=True)
class Plan:
    """How PostgreSQL finds the list of due work."""

    index: str
    definition: str
    buffers: int
    text: str


class Backlog:
    """One database; a context manager.

    :param size: open cases, each with a finished attempt and a planned one
    :param due: how many of the planned ones are due
    """

    def __init__(self, database: str, size: int, due: int) -> None:
        self._database = database
        self._stack = ExitStack()
        with benchmark.odoo_env(database) as env:
            self._fill(env, size, due)
        scene.vacuum(database, "account_move, recovery_case, recovery_attempt")

    def _fill(self, env: Any, size: int, due: int) -> None:
        the_scene = scene.prepare(env)
        invoice = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": env["res.partner"].create({"name": "Backlog"}).id,
                "invoice_line_ids": [(0, 0, {"name": "Service", "price_unit": 100.0})],
            }
        )
        invoice.action_post()
        env.flush_all()
        env.cr.execute(_COLUMNS)
        columns = env.cr.fetchone()[0]
        values = {"count": size, "invoice": invoice.id, "policy": the_scene.policy, "due": due}
        for statement in (_MOVES.format(columns=columns), _CASES, _ATTEMPTS):
            env.cr.execute(statement, values)

    def __enter__(self) -> Backlog:
        self._env = self._stack.enter_context(benchmark.odoo_env(self._database))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def claim(self, count: int) -> Claims:
        """Lock due attempts one after the other, each committed as running; return the times."""
        attempts, cr, due = self._env["recovery.attempt"], self._env.cr, self._list_due()
        times = []
        for _number in range(count):
            begun = time.perf_counter()
            attempt_id = attempts._lock_due(due.take(self._env))
            times.append((time.perf_counter() - begun) * 1000)
            assert attempt_id, "Nothing is due any more."
            due.finish(attempt_id)
            cr.execute("UPDATE recovery_attempt SET state = 'running' WHERE id = %s", [attempt_id])
            cr.commit()
        return Claims(first=times[0], per_claim=sum(times) / count)

    def ask(self) -> dict[str, float]:
        """Ask the other questions of the jobs; return the milliseconds of each."""
        times = {}
        for name, question in _QUESTIONS.items():
            begun = time.perf_counter()
            question(self._env)
            times[name] = (time.perf_counter() - begun) * 1000
            self._env.cr.rollback()
        return times

    def explain(self) -> Plan:
        """Return the plan of the statement that finds due work."""
        statement = self._catch_statement()
        cr = self._env.cr
        cr.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement)
        plan = cr.fetchone()[0]
        cr.rollback()
        plan = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
        cr.execute("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) " + statement)
        text = "\n".join(row[0] for row in cr.fetchall())
        index = _find_index(plan) or "none"
        cr.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [index])
        definition = (cr.fetchone() or [""])[0]
        cr.rollback()
        blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        return Plan(index, definition, blocks, text)

    def _catch_statement(self) -> str:
        """Return the statement that the engine itself sends, its values filled in."""
        self._env.execute_query(self._list_due()._prepare_query())
        statement = self._env.cr._obj.query.decode()
        self._env.cr.rollback()
        return statement

    def _list_due(self) -> Any:
        from odoo.addons.revenue_recovery.models.charge.due import DueCharges

        return DueCharges()

    def index_sizes(self) -> dict[str, int]:
        """Return the size of each index of the attempts, in kB."""
        self._env.cr.execute(_INDEXES)
        sizes = dict(self._env.cr.fetchall())
        self._env.cr.rollback()
        return sizes


def _find_index(plan: dict[str, Any]) -> str | None:
    """Return the index by which attempts are found."""
    is_ours = plan.get("Relation Name") == "recovery_attempt"
    if "Index Name" in plan and (is_ours or plan["Node Type"] == "Bitmap Index Scan"):
        return plan["Index Name"]
    return next(filter(None, map(_find_index, plan.get("Plans", []))), None)
