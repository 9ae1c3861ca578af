# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What Odoo's database says of invoices, transactions, attempts and alerts, for the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from .audit import Attempt, Books, Invoice, Transaction, name_of

_TRANSACTIONS = """
    SELECT tx.reference, tx.state, tx.operation,
           array_agg(rel.invoice_id) AS invoices,
           round(tx.amount * 10 ^ currency.decimal_places)::bigint AS amount,
           COALESCE((
               SELECT round(sum(part.debit_amount_currency) * 10 ^ currency.decimal_places)
                 FROM account_partial_reconcile part
                 JOIN account_move_line debit ON debit.id = part.debit_move_id
                 JOIN account_move_line credit ON credit.id = part.credit_move_id
                 JOIN account_move entry ON entry.id = credit.move_id
                 JOIN account_payment payment ON payment.id = entry.origin_payment_id
                WHERE payment.payment_transaction_id = tx.id
                  AND debit.move_id = ANY (array_agg(rel.invoice_id))
           ), 0)::bigint AS booked,
           COALESCE((
               SELECT round(sum(part.credit_amount_currency) * 10 ^ currency.decimal_places)
                 FROM account_partial_reconcile part
                 JOIN account_move_line debit ON debit.id = part.debit_move_id
                 JOIN account_move_line credit ON credit.id = part.credit_move_id
                 JOIN account_move entry ON entry.id = credit.move_id
                 JOIN account_payment payment ON payment.id = entry.origin_payment_id
                 JOIN account_move other ON other.id = debit.move_id
                WHERE payment.payment_transaction_id = tx.id AND other.move_type = 'out_invoice'
                  AND debit.move_id != ALL (array_agg(rel.invoice_id))
           ), 0)::bigint AS elsewhere,
           ARRAY(
               SELECT round(payment.amount * 10 ^ currency.decimal_places)::bigint
                 FROM account_payment payment
                WHERE payment.payment_transaction_id = tx.id
                  AND payment.state NOT IN ('draft', 'canceled')
           ) AS payments
      FROM payment_transaction tx
      JOIN account_invoice_transaction_rel rel ON rel.transaction_id = tx.id
      JOIN res_currency currency ON currency.id = tx.currency_id
     WHERE tx.operation NOT IN ('validation', 'refund')
  GROUP BY tx.id, currency.decimal_places
"""
_INVOICES = """
    SELECT move.id, move.name,
           round(move.amount_total * 10 ^ currency.decimal_places)::bigint AS total,
           round((move.amount_total - move.amount_residual) * 10 ^ currency.decimal_places)::bigint
               AS paid,
           COALESCE((
               SELECT round(sum(part.debit_amount_currency) * 10 ^ currency.decimal_places)
                 FROM account_partial_reconcile part
                 JOIN account_move_line debit ON debit.id = part.debit_move_id
                 JOIN account_move_line credit ON credit.id = part.credit_move_id
                 JOIN account_move entry ON entry.id = credit.move_id
                 JOIN account_payment payment ON payment.id = entry.origin_payment_id
                WHERE debit.move_id = move.id AND payment.payment_transaction_id IS NOT NULL
                  AND NOT EXISTS (SELECT FROM account_invoice_transaction_rel rel
                                   WHERE rel.transaction_id = payment.payment_transaction_id
                                     AND rel.invoice_id = move.id)
           ), 0)::bigint AS credited
      FROM account_move move
      JOIN res_currency currency ON currency.id = move.currency_id
     WHERE move.move_type = 'out_invoice' AND move.state = 'posted'
"""
_ATTEMPTS = """
    SELECT id, move_id, state, COALESCE(started_at, finished_at, create_date),
           transaction_id IS NOT NULL, GREATEST(deadline_at, resolve_at)
      FROM recovery_attempt
"""
_ALERTS = """
    SELECT COALESCE(recovery_case.move_id, activity.res_id)
      FROM mail_activity activity
 LEFT JOIN recovery_case ON activity.res_model = 'recovery.case'
       AND recovery_case.id = activity.res_id
     WHERE activity.active AND activity.recovery_subject IS NOT NULL
       AND (recovery_case.id IS NOT NULL OR activity.res_model = 'account.move')
"""


def read_books(cr: Any) -> Books:
    """Read what the audit compares, with a database cursor."""
    cr.execute(_TRANSACTIONS)
    transactions = [
        Transaction(reference, state, operation, tuple(invoices), *amounts, tuple(payments))
        for reference, state, operation, invoices, *amounts, payments in cr.fetchall()
    ]
    cr.execute(_INVOICES)
    invoices = [Invoice(*row) for row in cr.fetchall()]
    cr.execute(_ATTEMPTS)
    attempts = [Attempt(*row) for row in cr.fetchall()]
    cr.execute("SELECT now() AT TIME ZONE 'UTC'")
    (now,) = cr.fetchone()
    return Books(transactions, invoices, attempts, read_alerts(cr), now)


def read_alerts(cr: Any) -> frozenset[int]:
    """Return the ids of the invoices of which somebody has been told that they must look.

    An alert is an activity with a subject, on the case or on the invoice.
    """
    cr.execute(_ALERTS)
    return frozenset(row[0] for row in cr.fetchall())


_DIARY = """
    SELECT attempt.started_at, 'attempt ' || attempt.id, attempt.state, attempt.sentence::text
      FROM recovery_attempt attempt JOIN account_move move ON move.id = attempt.move_id
     WHERE move.name = %(name)s
     UNION ALL
    SELECT tx.create_date, tx.reference || ' created', tx.operation, NULL
      FROM payment_transaction tx
      JOIN account_invoice_transaction_rel rel ON rel.transaction_id = tx.id
      JOIN account_move move ON move.id = rel.invoice_id
     WHERE move.name = %(name)s
     UNION ALL
    SELECT tx.last_state_change, tx.reference || ' last changed', tx.state, tx.state_message
      FROM payment_transaction tx
      JOIN account_invoice_transaction_rel rel ON rel.transaction_id = tx.id
      JOIN account_move move ON move.id = rel.invoice_id
     WHERE move.name = %(name)s
"""


def diary(cr: Any, name: str, ledger: Iterable[Mapping[str, Any]], ahead: Any) -> list[str]:
    """Return what happened to an invoice, in the order of time, one line for each event.

    :param ahead: `timedelta` by which the gateway's clock is ahead; the days that Odoo's instants
        were moved back are the days that the gateway's went on
    """
    cr.execute(_DIARY, {"name": name})
    events = [(f"{row[0]:%d %H:%M:%S.%f}" if row[0] else "", *row[1:]) for row in cr.fetchall()]
    for entry in ledger:
        if name in (entry["description"], name_of(entry["description"] or "")):
            instant = datetime.fromisoformat(entry["instant"]) - ahead
            events.append(
                (f"{instant:%d %H:%M:%S.%f}", entry["description"], "MONEY", str(entry["amount"]))
            )
    return ["  ".join(str(part or "") for part in event) for event in sorted(events)]
