# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Accountants who look charges up at the provider and press the buttons, some of them wrongly."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import psycopg2

from environment import benchmark
from simulation.client import GatewayClient

from .books import read_alerts

# Whom the engine asks: about unknown outcomes that it does not ask for any more itself, and about
# whatever else is in flight and has an alert.
_ASKED = """
    SELECT id, move_id, state = 'unknown' AND resolve_at IS NULL
      FROM recovery_attempt WHERE state IN ('unknown', 'pending')
"""
_UNASKED = """
    SELECT id FROM recovery_attempt WHERE state = 'unknown' AND resolve_at IS NOT NULL
  ORDER BY random() LIMIT %s
"""


class Persons:
    """People who answer for charges of unknown outcome.

    :param connection: of `psycopg2`, in autocommit
    :param wrong: share of the charges that went through of which they say *not charged*
    """

    def __init__(
        self,
        database: str,
        connection: Any,
        client: GatewayClient,
        *,
        wrong: float,
        chance: random.Random,
    ) -> None:
        self.answers = 0
        self.wrong_answers = 0
        self.too_late = 0
        # References of which somebody said *not charged*, also where the provider had no charge
        # then: the request may still be on its way to it.
        self.denied: set[str] = set()
        self._database, self._client = database, client
        self._cr = connection.cursor()
        self._wrong, self._chance = wrong, chance

    def answer_alerts(self) -> None:
        """Answer whatever somebody is asked about."""
        self._cr.execute(_ASKED)
        rows = self._cr.fetchall()
        alerts = read_alerts(self._cr) if rows else frozenset()
        self._answer(row[0] for row in rows if row[2] or row[1] in alerts)

    def answer_unasked(self, count: int) -> None:
        """Answer for a few charges while the engine is still asking: a person may always."""
        self._cr.execute(_UNASKED, [count])
        self._answer(row[0] for row in self._cr.fetchall())

    def _answer(self, ids: Iterable[int]) -> None:
        from odoo.exceptions import UserError

        for attempt_id in ids:
            try:
                with benchmark.odoo_env(self._database) as env:
                    self._press(env["recovery.attempt"].browse(attempt_id))
            except (UserError, psycopg2.Error):
                self.too_late += 1  # The outcome has come meanwhile.
            else:
                self.answers += 1

    def _press(self, attempt: Any) -> None:
        reference = attempt.transaction_id.reference
        is_charged = bool(self._client.ledger(description=reference))
        if is_charged and self._chance.random() >= self._wrong:
            attempt.action_confirm_charged()
            return
        attempt.action_confirm_not_charged()
        self.denied.add(reference)
        self.wrong_answers += is_charged
