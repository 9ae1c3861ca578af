# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Let hours and days pass that the engine would wait. Dates are moved, outcomes never written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

# Planned charges become due, but those that wait for a customer's payment: they go on waiting.
_CHARGES = """
    UPDATE recovery_attempt SET planned_at = now() AT TIME ZONE 'UTC' - %(slack)s
     WHERE id IN (
        SELECT attempt.id FROM recovery_attempt attempt
         WHERE attempt.state = 'planned'
           AND attempt.planned_at > now() AT TIME ZONE 'UTC' - %(slack)s
           AND NOT EXISTS (
               SELECT FROM account_invoice_transaction_rel rel
                 JOIN payment_transaction tx ON tx.id = rel.transaction_id
                WHERE rel.invoice_id = attempt.move_id AND tx.operation != 'offline'
                  AND (tx.state IN ('draft', 'pending')
                       OR tx.state = 'error'
                      AND (tx.recovery_unclear OR tx.recovery_stays_open))
                  AND tx.last_state_change > now() AT TIME ZONE 'UTC' - interval '1 hour')
      ORDER BY random() LIMIT %(most)s
         FOR NO KEY UPDATE SKIP LOCKED)
"""
_QUESTIONS = """
    UPDATE recovery_attempt SET resolve_at = now() AT TIME ZONE 'UTC' - %(slack)s
     WHERE id IN (
        SELECT id FROM recovery_attempt
         WHERE state = 'unknown' AND resolve_at > now() AT TIME ZONE 'UTC' - %(slack)s
         LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED)
"""
# A pause of seconds, told to a host whose clock is ahead, would last for minutes on the others.
_PAUSES = """
    UPDATE payment_provider SET recovery_limited_until = now() AT TIME ZONE 'UTC' - %(slack)s
     WHERE id IN (SELECT id FROM payment_provider
                   WHERE recovery_limited_until > now() AT TIME ZONE 'UTC' + interval '1 minute'
                     FOR NO KEY UPDATE SKIP LOCKED)
"""
# Claims grow old whose worker has been silent for long.
_CLAIMS = """
    UPDATE recovery_attempt SET started_at = started_at - %s
     WHERE id = ANY (%s) AND state = 'running'
"""
_SIGNALS = """
    UPDATE recovery_invoice_queue SET not_before = NULL
     WHERE id IN (SELECT id FROM recovery_invoice_queue WHERE not_before IS NOT NULL
                     FOR NO KEY UPDATE SKIP LOCKED)
"""
_ABANDONED = """
    UPDATE payment_transaction SET last_state_change = last_state_change - interval '2 hours'
     WHERE reference IN %s AND (state = 'draft' OR state = 'error' AND recovery_stays_open)
       AND last_state_change > now() AT TIME ZONE 'UTC' - interval '1 hour'
"""
# Every instant that the engine keeps, whatever it is called.
_INSTANTS = """
    SELECT columns.table_name, array_agg(columns.column_name::text)
      FROM information_schema.columns
      JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
       AND data_type = 'timestamp without time zone'
       AND (table_name LIKE 'recovery\\_%' OR column_name LIKE 'recovery\\_%'
            OR table_name = 'payment_transaction')
  GROUP BY columns.table_name ORDER BY columns.table_name
"""


class Calendar:
    """Moves dates of one database back.

    :param connection: in autocommit
    :param slack: by how much a host's clock may be behind: what is due is due to it, too
    """

    def __init__(self, connection: Any, slack: timedelta = timedelta()) -> None:
        self._cr = connection.cursor()
        self._slack = slack

    def pass_hours(self, charges: int = 100_000, questions: int = 100_000) -> None:
        """Make planned charges, questions to the provider and put-off signals due.

        :param charges: how many planned charges at most
        :param questions: how many unknown outcomes at most
        """
        self._cr.execute(_CHARGES, {"slack": self._slack, "most": charges})
        self._cr.execute(_QUESTIONS, {"slack": self._slack, "most": questions})
        self._cr.execute(_SIGNALS)
        if self._slack:
            self._cr.execute(_PAUSES, {"slack": self._slack})

    def age_claims(self, ids: Sequence[int], by: timedelta) -> None:
        """Let time pass for charges that are under way, by a worker that can't be heard."""
        self._cr.execute(_CLAIMS, [by, list(ids)])

    def pass_day(self) -> None:
        """Let a day pass: every instant that the engine keeps lies a day further back.

        Nobody else may be at work meanwhile.
        """
        self._cr.execute(_INSTANTS)
        for table, columns in self._cr.fetchall():
            moved = ", ".join(f"{name} = {name} - interval '1 day'" for name in columns)
            self._cr.execute(f"UPDATE {table} SET {moved}")

    def leave_forms(self, references: Iterable[str]) -> None:
        """Let an hour and more pass since customers left these payments at the form."""
        if references := tuple(references):
            self._cr.execute(_ABANDONED, [references])
