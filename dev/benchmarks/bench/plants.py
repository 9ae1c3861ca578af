# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Violations made by hand, one of each kind: the audit must find them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulation.client import GatewayClient

from .audit import ATTEMPTS_A_DAY, name_of

_PAID = """
    SELECT tx.id, tx.reference FROM payment_transaction tx
      JOIN recovery_attempt attempt ON attempt.transaction_id = tx.id
      JOIN account_payment payment ON payment.payment_transaction_id = tx.id
     WHERE tx.state = 'done' AND tx.is_post_processed AND attempt.state = 'paid'
       AND (SELECT count(*) FROM account_invoice_transaction_rel rel
              JOIN payment_transaction other ON other.id = rel.transaction_id
             WHERE rel.invoice_id = attempt.move_id AND other.state = 'done') = 1
  ORDER BY tx.id LIMIT 1 OFFSET %s
"""
_TELL_NOBODY = """
    WITH told AS (SELECT DISTINCT rel.invoice_id FROM account_invoice_transaction_rel rel
                    JOIN payment_transaction tx ON tx.id = rel.transaction_id
                   WHERE tx.reference = %(reference)s),
         activities AS (DELETE FROM mail_activity
                         WHERE res_model = 'account.move'
                           AND res_id IN (SELECT invoice_id FROM told)
                            OR res_model = 'recovery.case'
                           AND res_id IN (SELECT id FROM recovery_case
                                           WHERE move_id IN (SELECT invoice_id FROM told)))
    UPDATE recovery_case SET attention = NULL WHERE move_id IN (SELECT invoice_id FROM told)
"""
_UNBOOK = """
    DELETE FROM account_partial_reconcile WHERE credit_move_id IN (
        SELECT line.id FROM account_move_line line
          JOIN account_move entry ON entry.id = line.move_id
          JOIN account_payment payment ON payment.id = entry.origin_payment_id
         WHERE payment.payment_transaction_id = %s)
"""
_FORGET_OUTCOME = """
    UPDATE payment_transaction SET state = 'draft' WHERE id = (
        SELECT tx.id FROM payment_transaction tx
          JOIN recovery_attempt attempt ON attempt.transaction_id = tx.id
         WHERE tx.state = 'error' ORDER BY tx.id LIMIT 1)
"""
_BOOK_AS_ANOTHER = """
    UPDATE account_payment SET payment_transaction_id = %s WHERE payment_transaction_id = %s
"""
# More attempts of one invoice: other invoices' declined ones are laid to it.
_ADD_ATTEMPTS = """
    UPDATE recovery_attempt attempt
       SET move_id = one.move_id, case_id = one.case_id, started_at = one.started_at
      FROM (SELECT move_id, case_id, started_at FROM recovery_attempt
             WHERE state = 'declined' AND case_id IS NOT NULL ORDER BY id LIMIT 1) one
     WHERE attempt.id IN (SELECT id FROM recovery_attempt
                           WHERE state = 'declined' AND transaction_id IS NOT NULL
                        ORDER BY id LIMIT %s)
"""


class Plants:
    """Makes violations in a campaign's gateway and database, whose audit then must find them.

    :param connection: of `psycopg2`, in autocommit
    """

    def __init__(self, connection: Any, client: GatewayClient) -> None:
        self._cr = connection.cursor()
        self._client = client
        self._used = 0

    def make(self, kind: str) -> None:
        """Make the violation of a kind of :data:`KINDS`."""
        self._client.set_webhooks(mode="off")  # Odoo is not to hear of it.
        KINDS[kind][1](self)

    def _choose_paid(self) -> tuple[int, str]:
        """Return id and reference of a transaction that paid an invoice, each time another."""
        self._cr.execute(_PAID, [self._used])
        self._used += 1
        row = self._cr.fetchone()
        if row is None:
            raise RuntimeError("The campaign was too small: nothing was paid to plant this on.")
        self._cr.execute(_TELL_NOBODY, {"reference": row[1]})
        return row

    def _charge_twice(self) -> None:
        """Charge a paid invoice under another reference, as another attempt would."""
        _id, reference = self._choose_paid()
        self._charge(reference, f"{name_of(reference)}-R999999")

    def _charge_unknown(self) -> None:
        """Take money of which Odoo knows nothing, for no invoice."""
        _id, reference = self._choose_paid()
        self._charge(reference, "LOST/1")

    def _take_money_away(self) -> None:
        """Give a paid charge back at the gateway."""
        _id, reference = self._choose_paid()
        (entry,) = self._client.ledger(description=reference)
        self._client.api("POST", "refunds", {"payment_intent": entry["payment_intent"]})

    def _forget_outcome(self) -> None:
        self._cr.execute(_FORGET_OUTCOME)

    def _unbook(self) -> None:
        id, _reference = self._choose_paid()
        self._cr.execute(_UNBOOK, [id])

    def _book_twice(self) -> None:
        """Lay the payment of one transaction to another, which then has two."""
        (id, _reference), (other, _reference) = self._choose_paid(), self._choose_paid()
        self._cr.execute(_BOOK_AS_ANOTHER, [id, other])

    def _add_attempts(self) -> None:
        self._cr.execute(_ADD_ATTEMPTS, [ATTEMPTS_A_DAY + 1])

    def _charge(self, like: str, description: str) -> None:
        entry = self._client.ledger(description=like)[0]
        self._client.api(
            "POST",
            "payment_intents",
            {
                "amount": entry["amount"],
                "currency": entry["currency"],
                "customer": entry["customer"],
                "payment_method": entry["payment_method"],
                "payment_method_types[]": "card",
                "description": description,
                "confirm": "true",
                "off_session": "true",
            },
        )


# Which list of the audit's findings must grow, and how the violation is made.
KINDS: dict[str, tuple[str, Callable[[Plants], None]]] = {
    "double": ("double", Plants._charge_twice),
    "unknown-money": ("unknown_to_odoo", Plants._charge_unknown),
    "without-money": ("without_money", Plants._take_money_away),
    "unresolved": ("unresolved", Plants._forget_outcome),
    "unbooked": ("alerts_missing", Plants._unbook),
    "attempts": ("over_bound", Plants._add_attempts),
    "booked-twice": ("booked_otherwise", Plants._book_twice),
}
