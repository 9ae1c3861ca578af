"""Compare the gateway's ledger with Odoo's accounting.

Nothing of the addon is asked: only the gateway's movements of money, Odoo's payment transactions,
and what its accounting reconciled. All amounts are in minor units of the invoice's currency.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Odoo numbers the further transactions of an invoice: INV/2026/00001-2.
_NUMBER = re.compile(r"-\d+$")

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
           ), 0)::bigint AS booked
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
               AS paid
      FROM account_move move
      JOIN res_currency currency ON currency.id = move.currency_id
     WHERE move.move_type = 'out_invoice' AND move.state = 'posted'
"""


@dataclass(frozen=True)
class Transaction:
    """A payment transaction of Odoo, and how much of it is booked on its invoices."""

    reference: str
    state: str
    operation: str
    invoices: tuple[int, ...]
    amount: int
    booked: int


@dataclass(frozen=True)
class Invoice:
    """An invoice, and how much of it Odoo believes to be paid."""

    id: int
    name: str
    total: int
    paid: int


@dataclass
class Findings:
    """What the comparison found; each list names references or invoices."""

    charges: int = 0
    money: dict[str, int] = field(default_factory=dict)
    double: list[str] = field(default_factory=list)
    unknown_to_odoo: list[str] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)
    without_money: list[str] = field(default_factory=list)


def read_books(cr: Any) -> tuple[list[Transaction], list[Invoice]]:
    """Read Odoo's transactions and invoices with a database cursor."""
    cr.execute(_TRANSACTIONS)
    transactions = [
        Transaction(reference, state, operation, tuple(invoices), amount, booked)
        for reference, state, operation, invoices, amount, booked in cr.fetchall()
    ]
    cr.execute(_INVOICES)
    return transactions, [Invoice(*row) for row in cr.fetchall()]


def compare(
    ledger: Iterable[Mapping[str, Any]],
    transactions: Iterable[Transaction],
    invoices: Iterable[Invoice],
) -> Findings:
    """Compare the money that moved with what Odoo knows of it.

    :param ledger: the gateway's entries, as its control API gives them
    """
    found = Findings()
    by_reference = {transaction.reference: transaction for transaction in transactions}
    by_id = {invoice.id: invoice for invoice in invoices}
    id_by_name = {invoice.name: invoice.id for invoice in invoices}
    received: dict[int | None, int] = defaultdict(int)
    taken: dict[str, int] = defaultdict(int)
    for entry in ledger:
        signed = entry["amount"] if entry["kind"] == "charge" else -entry["amount"]
        reference = entry["description"]
        taken[reference] += signed
        found.charges += entry["kind"] == "charge"
        found.money[entry["currency"]] = found.money.get(entry["currency"], 0) + signed
        received[_invoice_of(reference, by_reference, id_by_name)] += signed
    for reference, amount in taken.items():
        transaction = by_reference.get(reference)
        is_known = transaction and transaction.state == "done" and transaction.amount == amount
        if not is_known or transaction.booked != transaction.amount:
            found.unknown_to_odoo.append(reference)
    for invoice in by_id.values():
        if received[invoice.id] > invoice.total:
            found.double.append(invoice.name)
        if invoice.paid > received[invoice.id]:
            found.without_money.append(invoice.name)
    found.unresolved = [
        transaction.reference
        for transaction in by_reference.values()
        if transaction.operation == "offline"
        and transaction.state not in ("done", "error", "cancel")
    ]
    return found


def _invoice_of(
    reference: str, transactions: Mapping[str, Transaction], names: Mapping[str, int]
) -> int | None:
    """Return the invoice that a charge was for, also when Odoo has lost the transaction."""
    if reference in transactions:
        return transactions[reference].invoices[0]
    return names.get(reference) or names.get(_NUMBER.sub("", reference))


_DIARY = """
    SELECT attempt.started_at, 'attempt ' || attempt.id, attempt.state, attempt.sentence
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


def diary(cr: Any, name: str, ledger: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what happened to an invoice, in the order of time, one line for each event."""
    cr.execute(_DIARY, {"name": name})
    events = [(f"{row[0]:%H:%M:%S.%f}" if row[0] else "", *row[1:]) for row in cr.fetchall()]
    for entry in ledger:
        if name in (entry["description"], _NUMBER.sub("", entry["description"])):
            instant = entry["instant"][11:26]
            events.append((instant, entry["description"], "MONEY", str(entry["amount"])))
    return ["  ".join(str(part or "") for part in event) for event in sorted(events)]
