# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A database with very many cases and charges, and the time the dashboard's data takes."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import Any

from environment import benchmark

from . import scene
from .cost import Cost, measure

# Rows are copied from one real invoice, so that every constraint holds.
_COLUMNS = """
    SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
     WHERE table_name = %s
       AND column_name NOT IN ('id', 'name', 'complete_name', 'sequence_number', 'access_token',
                               'partner_id', 'commercial_partner_id')
"""
_PARTNERS = """
    INSERT INTO res_partner ({columns}, name, complete_name)
    SELECT {columns}, 'Payer ' || number, 'Payer ' || number
      FROM res_partner, generate_series(1, %(partners)s) number
     WHERE id = %(partner)s
"""
_COMMERCIAL = "UPDATE res_partner SET commercial_partner_id = id WHERE name LIKE 'Payer %%'"
_MOVES = """
    INSERT INTO account_move ({columns}, name, sequence_number, partner_id, commercial_partner_id)
    SELECT {columns}, 'REPORT/' || number, number, payer.id, payer.id
      FROM (SELECT {columns} FROM account_move WHERE id = %(invoice)s) original,
           generate_series(1, %(cases)s) number
      JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS position
              FROM res_partner WHERE name LIKE 'Payer %%') payer
        ON payer.position = number %% %(partners)s
"""
# Failures of two years up to today: of each hundred 58 recovered, 36 lost, 2 cancelled and, where
# they are of the last weeks, all the others in recovery.
_CASES = """
    INSERT INTO recovery_case (move_id, company_id, partner_id, policy_id, state, currency_id,
                               due_date, first_failure_at, deadline_at, closed_at, failed_amount,
                               recovered_amount, asked_company_amount, failed_company_amount,
                               recovered_company_amount, lost_company_amount,
                               postponed_company_amount, corrected_company_amount,
                               refunded_company_amount, discounted_company_amount,
                               company_rate, failed_on, first_reason_id,
                               decline_reason_id, first_class, decline_class, reported_channel,
                               channel, arm, network, funding, issuer_country, figures_outdated,
                               active, life, opened_by, began_by)
    SELECT id, company_id, commercial_partner_id, %(policy)s, state, currency_id, failed_at::date,
           failed_at, failed_at + interval '14 days',
           CASE WHEN state != 'in_recovery'
                THEN failed_at + power(spread, 2) * interval '30 days' END,
           amount, recovered, amount, CASE WHEN state = 'cancelled' THEN 0 ELSE amount END,
           recovered, CASE WHEN state = 'lost' THEN amount - recovered ELSE 0 END,
           0, 0, 0, 0, 1, failed_at::date, reason, reason, 'later', 'later',
           CASE WHEN recovered > 0
                THEN (ARRAY['retry', 'new_method', 'notice', 'portal', 'bank_transfer', 'manual',
                            'updated', 'backup'])[1 + floor(power(chance, 2) * 8)] END,
           CASE WHEN state = 'recovered' THEN 'retry' END,
           CASE WHEN spread < 0.1 THEN 'control' ELSE 'smart' END,
           CASE WHEN chance < 0.6 THEN 'visa' ELSE 'mastercard' END, 'credit', 'FR', FALSE, TRUE,
           1, 'failure', 'failure'
      FROM (
        SELECT *, CASE WHEN state = 'recovered' THEN amount
                       WHEN chance < 0.05 THEN round(amount / 3, 2) ELSE 0 END AS recovered
          FROM (
            SELECT *, now() - age AS failed_at,
                   CASE WHEN age < interval '25 days' AND chance > 0.4 THEN 'in_recovery'
                        WHEN chance < 0.58 THEN 'recovered'
                        WHEN chance < 0.60 THEN 'cancelled'
                        ELSE 'lost' END AS state
              FROM (
                SELECT id, company_id, commercial_partner_id, currency_id, random() AS chance,
                       random() AS spread,
                       round((5 + 300 * power(random(), 3))::numeric, 2) AS amount,
                       random() * interval '23 months' AS age,
                       (%(reasons)s)[1 + floor(power(random(), 2) * %(reason_count)s)::integer]
                           AS reason
                  FROM account_move WHERE name LIKE 'REPORT/%%'
            ) drawn
        ) decided
    ) counted
"""
# One of twenty recovered cases was paid through two channels.
_SETTLEMENTS = """
    INSERT INTO recovery_settlement (case_id, company_id, failed_on, began_by, channel, amount,
                                     company_amount)
    SELECT id, company_id, failed_on, began_by,
           CASE WHEN part = 2 THEN 'bank_transfer' ELSE reported_channel END,
           recovered_amount / parts, recovered_company_amount / parts
      FROM (SELECT *, CASE WHEN state = 'recovered' AND id %% 20 = 0 THEN 2 ELSE 1 END AS parts
              FROM recovery_case WHERE recovered_amount > 0) paid
CROSS JOIN LATERAL generate_series(1, parts) part
"""
# The first charge is the one that failed; the record of a decision is as wide as a real one.
_ATTEMPTS = """
    INSERT INTO recovery_attempt (case_id, move_id, company_id, state, source, planned_at,
                                  started_at, finished_at, due_date, currency_id, amount,
                                  company_amount, charged_on, retry_number, decline_reason_id,
                                  decline_class, rule_id, decision)
    SELECT recovery_case.id, move_id, company_id,
           CASE WHEN number = %(charges)s - 1 AND state = 'recovered' THEN 'paid'
                ELSE 'declined' END,
           CASE WHEN number = 0 THEN 'collect' ELSE 'smart' END,
           at, at, at, due_date, currency_id, failed_amount, asked_company_amount, at::date, number,
           first_reason_id, 'later',
           CASE WHEN number > 0 AND recovery_case.id %% 50 = 0 THEN %(rule)s END,
           CASE WHEN number > 0 THEN %(decision)s::jsonb END
      FROM recovery_case
CROSS JOIN generate_series(0, %(charges)s - 1) number
CROSS JOIN LATERAL (SELECT first_failure_at + number * interval '70 hours' AS at) times
"""
_TABLES = "account_move, recovery_attempt, recovery_case, recovery_settlement, res_partner"


class Ledger:
    """One database; a context manager.

    :param cases: how many failed payments
    :param charges: how many charges each case has, the first one included
    """

    def __init__(self, database: str, cases: int, charges: int = 4) -> None:
        self._database = database
        self._stack = ExitStack()
        with benchmark.odoo_env(database) as env:
            self._fill(env, cases, charges)
        scene.vacuum(database, _TABLES)

    def _fill(self, env: Any, cases: int, charges: int) -> None:
        the_scene = scene.prepare(env)
        partner = env["res.partner"].create(
            {"name": "Original", "country_id": env.ref("base.fr").id}
        )
        invoice = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_line_ids": [(0, 0, {"name": "Service", "price_unit": 100.0})],
            }
        )
        invoice.action_post()
        env.flush_all()
        reasons = env["recovery.decline.reason"].search([], limit=30).ids
        candidates = [[number / 7, number / 11, number / 13] for number in range(40)]
        values = {
            "cases": cases,
            "charges": charges,
            "decision": json.dumps({"candidates": candidates}),
            "invoice": invoice.id,
            "partner": partner.id,
            "partners": max(cases // 10, 1),
            "policy": the_scene.policy,
            "reason_count": len(reasons),
            "reasons": reasons,
            "rule": env["recovery.network.rule"].search([], limit=1).id,
        }
        env.cr.execute("SELECT setseed(0.4)")
        for statement, table in (
            (_PARTNERS, "res_partner"),
            (_COMMERCIAL, None),
            (_MOVES, "account_move"),
            (_CASES, None),
            (_SETTLEMENTS, None),
            (_ATTEMPTS, None),
        ):
            if table:
                env.cr.execute(_COLUMNS, [table])
                statement = statement.format(columns=env.cr.fetchone()[0])
            env.cr.execute(statement, values)

    def __enter__(self) -> Ledger:
        self._env = self._stack.enter_context(benchmark.odoo_env(self._database))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def count(self) -> dict[str, int]:
        """Return how many rows there are of each table."""
        counts = {}
        for table in ("recovery_case", "recovery_attempt"):
            self._env.cr.execute(f"SELECT COUNT(*) FROM {table}")
            counts[table] = self._env.cr.fetchone()[0]
        self._env.cr.rollback()
        return counts

    def load(self, period: str) -> Cost:
        """Read the dashboard's data as a request does; return what it costs on the clock."""
        return self._load(period)

    def load_alone(self, period: str) -> Cost:
        """Read it in one process of PostgreSQL, whose processor time then is all there is."""
        self._env.cr.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        return self._load(period)

    def _load(self, period: str) -> Cost:
        env, answers = self._env, []
        env.invalidate_all()
        cost = measure(env, lambda env: answers.append(env["recovery.dashboard"].get_data(period)))
        (data,) = answers
        assert data["total"]["count"] and data["retries"], "There is nothing to show."
        total = data["total"]
        parts = total["recovered"] + total["in_recovery"] + total["lost"]
        assert abs(parts - total["failed"]) < 0.01, "The parts don't add up."
        env.cr.rollback()
        return cost

    def time_parts(self, period: str) -> dict[str, float]:
        """Return the seconds of each statement that took more than a hundredth of one."""
        cursor = self._env.cr
        times, execute = {}, type(cursor).execute

        def timed(self, query, *args, **kwargs):
            begun = time.perf_counter()
            result = execute(self, query, *args, **kwargs)
            seconds = time.perf_counter() - begun
            if seconds > 0.01:
                text = " ".join(self._obj.query.decode().split())
                times[text] = times.get(text, 0.0) + seconds
            return result

        type(cursor).execute = timed
        try:
            self.load(period)
        finally:
            type(cursor).execute = execute
        return times
