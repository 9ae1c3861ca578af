"""Let the hours pass that the engine would wait. Dates are moved, outcomes never written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# Planned charges become due, but those that wait for a customer's payment: they go on waiting.
_CHARGES = """
    UPDATE recovery_attempt SET planned_at = now() AT TIME ZONE 'UTC'
     WHERE id IN (
        SELECT attempt.id FROM recovery_attempt attempt
         WHERE attempt.state = 'planned' AND attempt.planned_at > now() AT TIME ZONE 'UTC'
           AND NOT EXISTS (
               SELECT FROM account_invoice_transaction_rel rel
                 JOIN payment_transaction tx ON tx.id = rel.transaction_id
                WHERE rel.invoice_id = attempt.move_id AND tx.operation != 'offline'
                  AND (tx.state IN ('draft', 'pending')
                       OR tx.state = 'error' AND tx.recovery_unclear)
                  AND tx.last_state_change > now() AT TIME ZONE 'UTC' - interval '1 hour')
      ORDER BY random() LIMIT %s
         FOR NO KEY UPDATE SKIP LOCKED)
"""
_QUESTIONS = """
    UPDATE recovery_attempt SET resolve_at = now() AT TIME ZONE 'UTC'
     WHERE id IN (
        SELECT id FROM recovery_attempt
         WHERE state = 'unknown' AND resolve_at > now() AT TIME ZONE 'UTC'
         LIMIT %s FOR NO KEY UPDATE SKIP LOCKED)
"""
_SIGNALS = """
    UPDATE recovery_invoice_queue SET not_before = NULL
     WHERE id IN (SELECT id FROM recovery_invoice_queue WHERE not_before IS NOT NULL
                     FOR NO KEY UPDATE SKIP LOCKED)
"""
# The provider forgets its idempotency keys after a day.
_NEXT_DAY = """
    UPDATE recovery_attempt
       SET started_at = started_at - interval '1 day', resolve_at = now() AT TIME ZONE 'UTC'
     WHERE state = 'unknown' AND resolve_at IS NOT NULL
       AND started_at > now() AT TIME ZONE 'UTC' - interval '23 hours'
"""
_ABANDONED = """
    UPDATE payment_transaction SET last_state_change = last_state_change - interval '2 hours'
     WHERE reference IN %s AND state = 'draft'
       AND last_state_change > now() AT TIME ZONE 'UTC' - interval '1 hour'
"""
# Customers' payments whose answer got lost, and of which no webhook tells after all these days.
_LOST = """
    UPDATE payment_transaction SET last_state_change = last_state_change - interval '4 days'
     WHERE state = 'error' AND recovery_unclear
       AND last_state_change > now() AT TIME ZONE 'UTC' - interval '3 days'
"""


class Calendar:
    """Moves dates of one database back.

    :param connection: of `psycopg2`, in autocommit
    """

    def __init__(self, connection: Any) -> None:
        self._cr = connection.cursor()

    def pass_hours(self, charges: int = 100_000, questions: int = 100_000) -> None:
        """Make planned charges, questions to the provider and put-off signals due.

        :param charges: how many planned charges at most
        :param questions: how many unknown outcomes at most
        """
        self._cr.execute(_CHARGES, [charges])
        self._cr.execute(_QUESTIONS, [questions])
        self._cr.execute(_SIGNALS)

    def pass_day(self) -> None:
        """Let the provider forget what it was asked, so that a person has to look."""
        self._cr.execute(_NEXT_DAY)

    def pass_days(self) -> None:
        """Let days pass in which no webhook tells of a customer's payment that got lost."""
        self._cr.execute(_LOST)

    def leave_forms(self, references: Iterable[str]) -> None:
        """Let an hour and more pass since customers left these payments at the form."""
        if references := tuple(references):
            self._cr.execute(_ABANDONED, [references])
