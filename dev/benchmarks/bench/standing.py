# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Where the work of a campaign stands, as the database tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_STATE = """
    SELECT (SELECT count(*) FROM payment_transaction WHERE operation = 'offline'),
           (SELECT count(*) FROM account_move WHERE payment_state IN ('not_paid', 'partial')
                                                AND state = 'posted' AND move_type = 'out_invoice'),
           (SELECT count(*) FROM recovery_attempt WHERE state = 'planned'),
           (SELECT count(*) FROM recovery_attempt
             WHERE state = 'planned' AND planned_at <= now() AT TIME ZONE 'UTC'),
           (SELECT count(*) FROM recovery_attempt WHERE state IN ('running', 'unknown')),
           (SELECT count(*) FROM recovery_attempt WHERE state = 'pending'),
           (SELECT count(*) FROM recovery_invoice_queue),
           (SELECT count(*) FROM payment_transaction WHERE NOT is_post_processed
                                                       AND state IN ('done', 'cancel', 'error')),
           (SELECT count(*) FROM account_move WHERE state = 'posted'
               AND move_type = 'out_invoice' AND payment_state = 'not_paid'
               AND NOT EXISTS (SELECT FROM recovery_attempt WHERE move_id = account_move.id))
"""


@dataclass(frozen=True)
class State:
    """Where the work stands, as the database tells."""

    attempts: int
    open_invoices: int
    planned: int
    due: int
    in_flight: int
    pending: int
    signals: int
    to_book: int
    uncollected: int

    @property
    def achieved(self) -> tuple[int, ...]:
        """What changes when something comes of the work.

        Not what is due: what another payment holds up is due again as often as hours pass.
        """
        return (
            self.attempts,
            self.open_invoices,
            self.planned,
            self.in_flight,
            self.pending,
            self.to_book,
        )

    @property
    def is_quiet(self) -> bool:
        """Return whether nobody has anything left to do."""
        return not (self.planned or self.in_flight or self.pending or self.signals or self.to_book)


def read_state(cr: Any) -> State:
    """Read where the work stands, with a database cursor."""
    cr.execute(_STATE)
    return State(*cr.fetchone())
