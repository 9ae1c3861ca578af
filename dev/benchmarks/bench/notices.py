# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A database whose customers have failing invoices, and the time it takes to write to them."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from environment import benchmark

from . import scene

# Invoices and cases are copied from real ones, so that every constraint holds.
_MOVES = """
    INSERT INTO account_move ({columns}, name, sequence_number, partner_id, commercial_partner_id,
                              access_token)
    SELECT {prefixed}, 'NOTICE/' || number, number, customer.id, customer.id, 'token' || number
      FROM account_move
CROSS JOIN generate_series(1, %(count)s) number
      JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM res_partner
             WHERE name LIKE 'Debtor %%') customer ON customer.place = number %% %(customers)s
     WHERE account_move.id = %(invoice)s
"""
_LINES = """
    INSERT INTO account_move_line ({columns}, move_id, move_name, partner_id)
    SELECT {prefixed}, move.id, move.name, move.partner_id
      FROM account_move_line
CROSS JOIN account_move move
     WHERE account_move_line.move_id = %(invoice)s AND move.name LIKE 'NOTICE/%%'
"""
_CASES = """
    INSERT INTO recovery_case ({columns}, move_id, partner_id)
    SELECT {prefixed}, move.id, move.partner_id
      FROM recovery_case
CROSS JOIN account_move move
     WHERE recovery_case.id = %(case)s AND move.name LIKE 'NOTICE/%%'
"""
_LATEST = """
    UPDATE account_move SET recovery_case_id = recovery_case.id
      FROM recovery_case WHERE recovery_case.move_id = account_move.id
"""
_COLUMNS = """
    SELECT column_name FROM information_schema.columns
     WHERE table_name = %s AND column_name NOT IN %s
"""
CHUNK = 200


@dataclass(frozen=True)
class Run:
    """Seconds of one turn, and what came of it."""

    stock: float
    plan: float
    send: float
    mails: int
    sent: int

    @property
    def ratio(self) -> float:
        return (self.plan + self.send) / self.stock


class Mailing:
    """One database; a context manager.

    :param customers: with an address each
    :param count: their failing invoices in all
    """

    def __init__(self, database: str, customers: int, count: int) -> None:
        self._database = database
        self._stack = ExitStack()
        self._customers, self._count = customers, count
        with benchmark.odoo_env(database) as env:
            self._fill(env)
        scene.vacuum(database)

    def __enter__(self) -> Mailing:
        self._env = self._stack.enter_context(benchmark.odoo_env(self._database))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    # === SCENE === #

    def _fill(self, env: Any) -> None:
        the_scene = scene.prepare(env)
        template = env.ref("revenue_recovery.mail_template_payment_failed")
        policy = env["recovery.policy"].browse(the_scene.policy)
        policy.write(
            {
                "retry_schedule": "none",
                "step_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "Payment failed",
                            "delay_hours": 1,
                            "mail_template_id": template.id,
                            "hour_from": 0,
                            "hour_to": 24,
                            "working_days": False,
                        },
                    )
                ],
            }
        )
        env["res.partner"].create(
            [
                {"name": f"Debtor {number}", "email": f"debtor{number}@example.com"}
                for number in range(self._customers)
            ]
        )
        invoice = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": env["res.partner"].create({"name": "Original"}).id,
                "invoice_payment_term_id": False,
                "invoice_date": scene.find_day(env),
                "invoice_date_due": scene.find_day(env),
                "invoice_line_ids": [(0, 0, {"name": "Service", "price_unit": 100.0})],
            }
        )
        invoice.action_post()
        case = env["recovery.case"]._open(
            invoice,
            transaction=invoice.transaction_ids.browse(),
            decline_class="later",
        )
        env.flush_all()
        self._copy(env, invoice, case)

    def _copy(self, env: Any, invoice: Any, case: Any) -> None:
        values = {
            "count": self._count,
            "customers": self._customers,
            "invoice": invoice.id,
            "case": case.id,
        }
        steps = (
            (_MOVES, "account_move", ("name", "sequence_number", "partner_id")),
            (_LINES, "account_move_line", ("move_id", "move_name", "partner_id")),
            (_CASES, "recovery_case", ("move_id", "partner_id")),
        )
        more = ("id", "commercial_partner_id", "access_token", "recovery_case_id")
        for statement, table, own in steps:
            env.cr.execute(_COLUMNS, [table, (*more, *own)])
            columns = [f'"{name}"' for (name,) in env.cr.fetchall()]
            prefixed = ", ".join(f"{table}.{name}" for name in columns)
            plain = ", ".join(columns)
            env.cr.execute(statement.format(columns=plain, prefixed=prefixed), values)
        env.cr.execute(_LATEST)
        env.cr.execute("DELETE FROM recovery_notice")
        env.cr.execute(
            "UPDATE recovery_case SET state = 'lost', notices_outdated = FALSE WHERE id = %(case)s",
            values,
        )
        env.cr.execute(
            "UPDATE recovery_case SET first_failure_at = now() AT TIME ZONE 'UTC'"
            " - INTERVAL '2 hours', notices_outdated = TRUE WHERE id != %(case)s",
            values,
        )

    # === MEASURE === #

    def measure(self, progress: Any, ours_first: bool = False) -> Run:
        """Let stock Odoo and the addon queue the e-mails, one after the other."""
        if ours_first:
            ours = self._run_ours(progress)
            stock = self._run_stock(progress)
        else:
            stock = self._run_stock(progress)
            ours = self._run_ours(progress)
        return Run(stock, *ours)

    def _run_stock(self, progress: Any) -> float:
        """Return the seconds in which stock Odoo queues one e-mail for each customer."""
        env = self._env
        env.invalidate_all()
        cases = self._lead_cases(env)
        template = env.ref("revenue_recovery.mail_template_payment_failed")
        layout = template.email_layout_xmlid or "mail.mail_notification_light"
        begun = time.perf_counter()
        for start in range(0, len(cases), CHUNK):
            chunk = cases[start : start + CHUNK]
            template.send_mail_batch(chunk.ids, email_layout_xmlid=layout)
            env.cr.commit()
            if progress.is_due():
                progress.say(f"stock: {start:,} of {len(cases):,} e-mails")
        seconds = time.perf_counter() - begun
        env.cr.execute("DELETE FROM mail_mail")
        env.cr.execute("DELETE FROM mail_message WHERE model = 'recovery.case'")
        env.cr.commit()
        progress.say(f"stock: {len(cases):,} e-mails in {seconds:.1f} s")
        return seconds

    def _run_ours(self, progress: Any) -> tuple[float, float, int, int]:
        """Return the seconds of planning and of sending, the e-mails, and the notices sent."""
        env = self._env
        env.invalidate_all()
        begun = time.perf_counter()
        env["recovery.case"]._plan_outdated_notices()
        planned = time.perf_counter()
        progress.say(f"ours: planned in {planned - begun:.1f} s")
        env["recovery.notice"]._send_due()
        ended = time.perf_counter()
        env.cr.execute("SELECT COUNT(*) FROM mail_mail")
        mails = env.cr.fetchone()[0]
        env.cr.execute("SELECT COUNT(*) FROM recovery_notice WHERE state = 'sent'")
        sent = env.cr.fetchone()[0]
        progress.say(f"ours: {mails:,} e-mails for {sent:,} notices in {ended - begun:.1f} s")
        self._reset(env)
        return planned - begun, ended - planned, mails, sent

    def _reset(self, env: Any) -> None:
        """Forget what was sent, for another turn."""
        for table in ("recovery_notice", "mail_notification", "mail_mail"):
            env.cr.execute(f"DELETE FROM {table}")  # pylint: disable=sql-injection
        env.cr.execute("DELETE FROM mail_message WHERE model = 'recovery.case'")
        env.cr.execute("UPDATE recovery_case SET notices_outdated = TRUE WHERE state != 'lost'")
        env.cr.commit()

    def _lead_cases(self, env: Any) -> Any:
        """Return one case of each customer."""
        env.cr.execute(
            "SELECT MIN(id) FROM recovery_case WHERE state != 'lost' GROUP BY partner_id"
        )
        return env["recovery.case"].browse(case_id for (case_id,) in env.cr.fetchall())
