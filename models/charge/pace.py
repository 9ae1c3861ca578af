# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The pace at which a provider is asked, and how long it is left alone when it was too fast."""

import logging
import time
from datetime import timedelta

import psycopg2

from odoo import fields
from odoo.tools import SQL

from ...declines.limits import read_back_off
from ...tools import jobs
from ...tools.instants import aware

_logger = logging.getLogger(__name__)

# How long a worker waits for its turn, with what it claimed in hand; well below the time after
# which an attempt counts as that of a dead worker.
MOST_WAIT = timedelta(seconds=5)
# How often a worker reaches for a turn that others take at the same moment.
TURN_TRIES = 100
# How often a back-off is written after losing a race for the provider.
WRITE_TRIES = 5


class ProviderPace:
    """Spreads the requests of all workers to one provider over the time that it asks for.

    The turns are given by the database: whoever takes one moves the next on by the gap between
    two requests, commits, and waits for its own without holding anything.

    :param provider: a `payment.provider`, in sudo mode
    """

    def __init__(self, provider):
        self._provider = provider
        self._env = provider.env

    def take_turn(self):
        """Wait until the provider may be asked; to be called with nothing left to commit.

        It costs nothing where the provider has no limit.

        :return: none when it may be asked now; the instant (UTC, naive) from which on, when that
            is too far away to wait for
        :rtype: datetime | None
        """
        until, rate = self._provider._recovery_get_limited_until(), self._get_rate()
        if until or not rate:
            return until
        wait, is_mine = self._reserve(1 / rate)
        time.sleep(min(max(wait, 0.0), MOST_WAIT.total_seconds()))
        if not is_mine:
            return fields.Datetime.now() + timedelta(seconds=max(wait, 1.0))
        # While we waited, somebody else may have been told to leave it alone.
        self._provider.invalidate_recordset(["recovery_limited_until", "recovery_paused_until"])
        return self._provider._recovery_get_limited_until()

    def back_off(self, told):
        """Let all workers leave the provider alone, as it asks; committed here.

        :param declines.limits.BackOff told: what it answered; nothing happens without
        """
        for _turn in range(WRITE_TRIES if told else 0):
            if jobs.work(
                self._env,
                lambda: self._provider._recovery_back_off(told),
                doing=f"Leaving provider {self._provider.id} alone",
            ):
                return

    def note_error(self, error):
        """Do the same for an exception that a request to it ended in, whatever it was."""
        self.back_off(read_back_off(error, aware(fields.Datetime.now())))

    def _get_rate(self):
        return max(self._provider.recovery_request_rate, 0.0)

    def _reserve(self, gap):
        """Take the next turn, committed, unless it is too far away.

        :param float gap: the seconds between two requests
        :return: the seconds until it, and whether it is ours
        :rtype: tuple[float, bool]
        """
        for _turn in range(TURN_TRIES):
            try:
                # A turn that a crash takes back is no loss; waiting for the disk would be one.
                self._env.cr.execute("SET LOCAL synchronous_commit TO off")
                # Losing the race for it is nothing to log.
                self._env.cr.execute(self._prepare_turn(gap), log_exceptions=False)
                if row := self._env.cr.fetchone():
                    jobs.commit(self._env)
                    return row[0], True
                wait = self._env.execute_query(self._prepare_look())[0][0]
                return wait, False
            except psycopg2.OperationalError:
                self._env.cr.rollback()  # Another worker was quicker; there is a next turn.
        return MOST_WAIT.total_seconds(), False

    def _prepare_turn(self, gap):
        return SQL(
            """
            WITH clock AS (SELECT EXTRACT(EPOCH FROM clock_timestamp())::float8 AS now)
            INSERT INTO recovery_provider_pace AS pace (provider_id, free_at)
            SELECT %(provider)s, now + %(gap)s FROM clock
            ON CONFLICT (provider_id) DO UPDATE
               SET free_at = GREATEST(pace.free_at, (SELECT now FROM clock)) + %(gap)s
             WHERE pace.free_at <= (SELECT now FROM clock) + %(most)s
            RETURNING free_at - %(gap)s - (SELECT now FROM clock)
            """,
            provider=self._provider.id,
            gap=gap,
            most=MOST_WAIT.total_seconds(),
        )

    def _prepare_look(self):
        return SQL(
            """
            SELECT free_at - EXTRACT(EPOCH FROM clock_timestamp())::float8
              FROM recovery_provider_pace WHERE provider_id = %s
            """,
            self._provider.id,
        )
