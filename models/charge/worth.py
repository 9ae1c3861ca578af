# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is worth most comes first, where the charging hours do not suffice for all."""

from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

# How far back what charges have brought tells what they will bring.
LOOK_BACK = timedelta(days=30)
# Whose window ends within it has no other chance.
LAST_CHANCE = timedelta(days=1)


def order_by_worth(env, company_ids, chance):
    """Return an order of due attempts as SQL on `attempt`, `move` and `recovery_case`.

    First come those that have no other chance; of them, and of the others, those that are expected
    to bring most, in the company's currency.

    :param company_ids: for which it holds; of the others what has been due longest comes first
    :param SQL chance: of a charge, NULL where nobody has estimated it: then it is what charges like
        it had of late, first ones or retries
    """
    first, retry = (_read_share(env, company_ids, is_first) for is_first in (True, False))
    return SQL(
        """
        CASE WHEN %(is_late)s AND recovery_case.deadline_at < %(tomorrow)s THEN 0 ELSE 1 END,
        CASE WHEN %(is_late)s THEN move.amount_residual_signed * COALESCE(
            %(chance)s, CASE WHEN attempt.source = 'collect' THEN %(first)s ELSE %(retry)s END) END
        DESC NULLS LAST,
        attempt.planned_at, attempt.id
        """,
        is_late=SQL("attempt.company_id = ANY (%s)", company_ids),
        tomorrow=fields.Datetime.now() + LAST_CHANCE,
        chance=chance,
        first=first,
        retry=retry,
    )


def _read_share(env, company_ids, is_first):
    """Return the share of charges that were paid of late; half of them where none was made."""
    rows = env.execute_query(
        SQL(
            """
            SELECT (count(*) FILTER (WHERE state = 'paid') + 1.0) / (count(*) + 2.0)
              FROM recovery_attempt
             WHERE state IN ('paid', 'declined', 'returned') AND finished_at > %s
               AND company_id = ANY (%s) AND (source = 'collect') = %s
            """,
            fields.Datetime.now() - LOOK_BACK,
            company_ids,
            is_first,
        )
    )
    return float(rows[0][0])
