# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is owed on invoices: one place says so, as Odoo's own payment dialog would.

Due days and the days of discounts are days where the customer lives.
"""

from types import MappingProxyType
from typing import NamedTuple

from odoo.tools import SQL


class Debt(NamedTuple):
    """What is owed on an invoice at an instant, in its currency.

    :ivar owed: what is asked for: what is open, without the discount for paying early
    :ivar is_excluded: whether the invoice is excluded from follow-ups
    :ivar residual: what the books have open of it
    :ivar balance: what is asked for, in the company's currency
    :ivar is_small: whether it is too little to ask for, and waits
    """

    owed: float
    is_excluded: bool
    residual: float = 0.0
    balance: float = 0.0
    is_small: bool = False

    @property
    def discount(self):
        return self.residual - self.owed


def read_debts(asked, day=None):
    """Return what is owed of the instalments that are due up to a date, of each invoice.

    In SQL, since each charge asks it several times: the invoice's own fields are computed from
    every line of it. Only where there may be a discount Odoo itself is asked.

    :param asked: pairs of an invoice, in whatever mode, and a date
    :param datetime.date day: on which it would be paid, where the customer lives; today by default
    :return: in the same order
    :rtype: list[Debt]
    """
    rows = _read_rows(asked)
    return [
        _make_debt(move, due_date, row, day)
        for (move, due_date), row in zip(asked, rows, strict=True)
    ]


def read_debt_and(move, due_date, **further):
    """Return what is owed of one invoice, and what else is asked of the database with it.

    :param further: SQL of single values by their names
    :rtype: tuple[Debt, dict]
    """
    row = _read_rows([(move, due_date)], further)[0]
    return _make_debt(move, due_date, row, None), {name: row[name] for name in further}


def _read_rows(asked, further=MappingProxyType({})):
    if not asked:
        return []
    env = asked[0][0].env
    env.flush_all()
    columns = [SQL(", %s AS %s", sql, SQL.identifier(name)) for name, sql in further.items()]
    values = SQL(", ").join(
        SQL("(%s, %s, %s::date)", number, move.id, due_date or None)
        for number, (move, due_date) in enumerate(asked)
    )
    return env.execute_query_dict(
        SQL(
            """
            SELECT asked.number,
                   COALESCE(SUM(line.amount_residual_currency)
                       FILTER (WHERE line.date_maturity IS NULL
                                  OR line.date_maturity <= asked.due_date), 0) AS residual,
                   COALESCE(SUM(line.amount_residual)
                       FILTER (WHERE line.date_maturity IS NULL
                                  OR line.date_maturity <= asked.due_date), 0) AS balance,
                   COALESCE(BOOL_OR(line.no_followup), FALSE) AS is_excluded,
                   COALESCE(BOOL_OR(line.discount_date IS NOT NULL), FALSE) AS has_discount
                   %(columns)s
              FROM (VALUES %(asked)s) asked (number, move_id, due_date)
         LEFT JOIN account_move_line line ON line.move_id = asked.move_id
                                         AND line.display_type = 'payment_term'
                                         AND line.reconciled IS NOT TRUE
          GROUP BY asked.number
          ORDER BY asked.number
            """,
            asked=values,
            columns=SQL("").join(columns),
        )
    )


def _make_debt(move, due_date, row, day):
    currency = move.currency_id
    residual, balance = currency.round(float(row["residual"])), float(row["balance"])
    owed = residual
    if row["has_discount"] and residual:
        for installment in list_discounted(move, day or move._get_recovery_today()):
            if due_date and installment["date_maturity"] <= due_date:
                owed -= installment["discount_amount_currency"]
                balance -= installment["discount_amount"]
        owed = currency.round(owed)
    return Debt(owed, row["is_excluded"], residual, balance, move._is_too_small(owed))


def list_discounted(move, day):
    """Return the instalments that Odoo asks less for when they are paid on a day.

    :rtype: list[dict]
    """
    # In sudo mode: a customer may read no journal items, and what they owe is theirs to know.
    lines_sudo = move.sudo().line_ids.filtered(lambda line: line.display_type == "payment_term")
    if not lines_sudo:
        return []
    installments = lines_sudo._get_installments_data(
        payment_currency=move.currency_id, payment_date=day
    )
    return [
        installment
        for installment in installments
        if installment["type"] == "early_payment_discount" and not installment["reconciled"]
    ]
