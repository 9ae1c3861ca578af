# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Instalments that fall due while their invoice is in recovery: they are asked for together."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Domain
from odoo.tools import SQL

from .recovery_attempt import IN_FLIGHT
from .states import OPEN_STATES


def take_in_instalments(cases):
    """Let each open case be about all that is due by now, as Odoo asks for it.

    :param cases: the model `recovery.case`, as the job sees it
    """
    cases.env.flush_all()
    rows = cases.env.execute_query(
        SQL(
            """
            SELECT DISTINCT recovery_case.id
              FROM recovery_case
              JOIN account_move_line line ON line.move_id = recovery_case.move_id
             WHERE recovery_case.state IN %s
               AND line.display_type = 'payment_term'
               AND NOT line.reconciled
               AND line.date_maturity > recovery_case.due_date
               AND line.date_maturity <= %s
            """,
            OPEN_STATES,
            fields.Date.today() + timedelta(days=1),  # It is tomorrow somewhere on earth.
        )
    )
    if rows:
        cases._work_on_each(Domain("id", "in", [case_id for (case_id,) in rows]), _take_in)


def _take_in(case):
    move = case.move_id
    today = move._get_recovery_today()
    due = move._get_next_due(after=case.due_date)
    in_flight = move.recovery_attempt_ids.filtered(lambda attempt: attempt.state in IN_FLIGHT)
    if not due or due > today or in_flight:
        return
    more = move._get_amount_owed(today) - move._get_amount_owed(case.due_date)
    case.write({"due_date": today, "failed_amount": case.failed_amount + more})
    planned = case.attempt_ids.filtered(lambda attempt: attempt.state == "planned")
    planned.due_date = today
    case._on_changed()
    case.message_post(
        body=case.env._(
            "Another instalment has fallen due: %(amount)s more are in recovery.",
            amount=case.currency_id.format(more),
        )
    )
