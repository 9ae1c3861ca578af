# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What has been charged to a card, by whomever, and which of its declines shuts it."""

from datetime import datetime
from typing import NamedTuple

from odoo.tools import SQL

from ...declines import NO_DECLINE, Decline
from ...declines.taxonomy import BLOCKING_CLASSES
from ...timing.ceiling import PastAttempt
from ...tools.instants import aware, naive


class CardCharge(NamedTuple):
    """One charge of a card or bank account, by us or by anybody else.

    :ivar decline_class: of a charge of the saved method; what a customer types wrong on a form
        says nothing of what is saved
    :ivar answered_at: aware UTC instant of the decline, which for a bank's return is days later
    """

    attempt: PastAttempt
    decline_class: str
    answered_at: datetime


class CardHistory:
    """The charges of a card or account, over all saved methods with the same fingerprint.

    A charge remembers the fingerprint of its time, so that a renewed card starts afresh.

    :param token: one of the saved methods
    """

    def __init__(self, token):
        self._token = token
        self._env = token.env

    def read_charges(self, supposed=None):
        """Return the charges that were sent, oldest first.

        :param supposed: declines, as dictionaries, by the id of the transaction that they would be
            of: to ask what would be if it were taken back
        :rtype: list[CardCharge]
        """
        token = self._token
        fields_to_flush = ["state", "recovery_decline", "recovery_fingerprint"]
        self._env["payment.transaction"].flush_model(fields_to_flush)
        token.flush_model(["recovery_fingerprint"])
        token._recovery_flush_charges()
        rows = self._env.execute_query_dict(
            SQL(
                """
                SELECT transaction.id,
                       COALESCE(attempt.started_at, transaction.last_state_change) AS at,
                       transaction.state,
                       transaction.amount,
                       transaction.currency_id,
                       transaction.company_id,
                       transaction.recovery_decline AS decline,
                       transaction.recovery_decline ->> 'at' AS declined_at,
                       transaction.token_id IS NOT NULL AS is_saved,
                       COALESCE(attempt.move_id, (
                           SELECT MIN(invoice_id) FROM account_invoice_transaction_rel
                            WHERE transaction_id = transaction.id)) AS move_id
                  FROM payment_transaction transaction
             LEFT JOIN recovery_attempt attempt ON attempt.transaction_id = transaction.id
                 WHERE (%(is_of_card)s)
                   AND (attempt.started_at IS NOT NULL OR transaction.last_state_change IS NOT NULL)
                   AND transaction.operation NOT IN ('validation', 'refund')
                   AND (transaction.state != 'draft'
                        OR attempt.state IN ('running', 'unknown'))
                   AND (transaction.state != 'cancel'
                        OR transaction.recovery_decline IS NOT NULL
                        OR attempt.state = 'declined')
                   AND COALESCE(attempt.state, '') NOT IN ('not_sent', 'cancelled')
              ORDER BY at, transaction.id
                """,
                is_of_card=self._get_condition(),
            )
        )
        for row in rows:
            if decline := (supposed or {}).get(row["id"]):
                row.update(decline=decline, declined_at=decline["at"])
        return [self._prepare_charge(row) for row in rows]

    def _get_condition(self):
        fingerprint = self._token.recovery_fingerprint
        if not fingerprint:
            return SQL("transaction.token_id = %s", self._token.id)
        return SQL(
            """
            transaction.recovery_fingerprint = %(fingerprint)s
            OR transaction.recovery_fingerprint IS NULL AND transaction.token_id IN (
                SELECT id FROM payment_token WHERE recovery_fingerprint = %(fingerprint)s)
            """,
            fingerprint=fingerprint,
        )

    def _prepare_charge(self, row):
        decline = Decline.from_dict(row["decline"])
        currency = self._env["res.currency"].browse(row["currency_id"])
        # A payment that the bank took back stays done, with the bank's reason.
        is_paid = row["state"] == "done" and decline is NO_DECLINE
        attempt = PastAttempt(
            at=aware(row["at"]),
            amount=to_minor_units(row["amount"], currency),
            currency=currency.name,
            outcome="paid" if is_paid else "declined",
            network=decline.network,
            code=decline.network_code,
            reason=decline.reason,
            category=decline.category,
            advice_code=decline.advice_code,
            company=row["company_id"],
            debt=row["move_id"],
        )
        return CardCharge(
            attempt,
            decline.decline_class if row["is_saved"] else "",
            datetime.fromisoformat(row["declined_at"]) if row["declined_at"] else attempt.at,
        )


def find_blocking_charge(history, charge, updated_at):
    """Return the latest decline that shuts a method for a charge, or none.

    Expired data, and a method that is dead, concern all invoices; a confirmation that the bank asks
    of the customer concerns the one invoice.

    :param history: of :meth:`CardHistory.read_charges`
    :param timing.ceiling.Charge charge:
    :param updated_at: naive UTC: declines before it say nothing of the method as it is now
    """
    return next(
        (
            earlier
            for earlier in _find_standing(history, updated_at)
            if earlier.decline_class in BLOCKING_CLASSES
            and (earlier.decline_class != "customer_action" or earlier.attempt.debt == charge.debt)
        ),
        None,
    )


def find_dead_charge(history, updated_at):
    """Return the latest decline by which a method counts as dead, or none.

    :param history: of :meth:`CardHistory.read_charges`
    :param updated_at: naive UTC: declines before it say nothing of the method as it is now
    """
    standing = _find_standing(history, updated_at)
    return next((earlier for earlier in standing if earlier.decline_class == "never"), None)


def _find_standing(history, updated_at):
    """Yield the failures since the latest success that still say something, the latest first."""
    # In the order of the answers: a debit that succeeded meanwhile, and may be returned yet, says
    # nothing against a return.
    by_answer = sorted(history, key=lambda earlier: earlier.answered_at)
    for earlier in reversed(by_answer):
        if earlier.attempt.outcome == "paid":
            return
        if not updated_at or naive(earlier.attempt.at) >= updated_at:
            yield earlier


def to_minor_units(amount, currency):
    """Return an amount in the smallest unit of its currency, as the rules count it."""
    return round((amount or 0) * 10**currency.decimal_places)
