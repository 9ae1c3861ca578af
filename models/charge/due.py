# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is due to be charged, and in which order it is taken up: fair to companies and providers."""

import time
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import Lock

from odoo import fields
from odoo.tools import SQL

from ...tools import jobs
from ...tools.shift import Shift
from .pace import MOST_WAIT

# So many of each provider are looked up at once; when one has no more, all are looked up anew.
LANE_SIZE = 200
# How long a hand that finds nothing which may be sent now waits until it looks again.
PAUSE = 0.2


@dataclass
class _Lane:
    """What is due of one company and its provider, in the order in which it is taken.

    :ivar most: how many hands at once may be at it
    :ivar is_full: whether there is more than was looked up
    :ivar rests_until: naive UTC: the provider takes no more before
    """

    company_id: int
    provider_id: int | None
    most: float
    attempt_ids: deque[int] = field(default_factory=deque)
    rests_until: datetime = datetime.min
    is_full: bool = False

    @property
    def is_used_up(self):
        return self.is_full and not self.attempt_ids


class DueCharges:
    """A list of due attempts that all hands of a job take from, each attempt once.

    Next comes a company that has the fewest charges under way, of those the one that had its turn
    longest ago; within it the same is asked of its providers. A provider that limits requests gets
    no more hands than it lets wait, and none while it takes nothing.

    The list promises nothing: an attempt may have been claimed by another worker, moved or
    withdrawn meanwhile. Whoever takes it locks it and looks.

    :param SQL order: of what a provider has to do; what has been due longest comes first otherwise
    """

    def __init__(self, order=None):
        self._order = order or SQL("attempt.planned_at, attempt.id")
        self._lock = Lock()
        self._lanes = {}
        self._taken = {}  # Which lane an attempt in hand is of.
        self._seen = set()  # What had its turn, and is due still: locked by others, or broken.
        self._at_work = Counter()
        self._served = {}
        self._turns = count(1)

    def __len__(self):
        """Return how many are on the list."""
        return sum(len(lane.attempt_ids) for lane in self._lanes.values())

    def take(self, env):
        """Return the id of the attempt to look at next; none when there is none, or no time.

        It waits a moment, without a database transaction, for providers that take no more yet.
        """
        while jobs.has_time(env):
            with self._lock:
                if not len(self) or any(lane.is_used_up for lane in self._lanes.values()):
                    self._read(env)
                if lane := self._find_lane():
                    return self._take_from(lane)
                if not self._is_worth_waiting():
                    return None
            self._wait(env)
        return None

    def finish(self, attempt_id, rests_until=None):
        """Say that an attempt in hand has had its turn.

        :param datetime rests_until: when (UTC, naive) its provider takes more, when the attempt
            was put back for that; it may come again then
        """
        with self._lock:
            lane = self._taken.pop(attempt_id)
            self._at_work[lane.company_id] -= 1
            self._at_work[lane.company_id, lane.provider_id] -= 1
            if rests_until:
                self._seen.discard(attempt_id)
                lane.rests_until = max(lane.rests_until, rests_until)

    # === HELPERS === #

    def _find_lane(self):
        """Return the lane that comes next, or none."""
        now = fields.Datetime.now()
        lanes = [
            lane
            for lane in self._lanes.values()
            if lane.attempt_ids
            and lane.rests_until <= now
            and self._at_work[lane.company_id, lane.provider_id] < lane.most
        ]
        return min(lanes, key=self._get_turn, default=None)

    def _get_turn(self, lane):
        keys = lane.company_id, (lane.company_id, lane.provider_id)
        return [part for key in keys for part in (self._at_work[key], self._served.get(key, 0))]

    def _take_from(self, lane):
        attempt_id = lane.attempt_ids.popleft()
        self._taken[attempt_id] = lane
        self._seen.add(attempt_id)
        turn = next(self._turns)
        for key in (lane.company_id, (lane.company_id, lane.provider_id)):
            self._at_work[key] += 1
            self._served[key] = turn
        return attempt_id

    def _is_worth_waiting(self):
        soon = fields.Datetime.now() + MOST_WAIT
        return any(lane.attempt_ids and lane.rests_until <= soon for lane in self._lanes.values())

    def _wait(self, env):
        shift = Shift.of(env)
        shift.pause(PAUSE) if shift else time.sleep(PAUSE)

    def _read(self, env):
        """Look up what is due, and commit: what is locked next is looked at as it is then."""
        for lane in self._lanes.values():
            lane.attempt_ids.clear()
        rows = env.execute_query(self._prepare_query())
        for company_id, provider_id, rate, attempt_id in rows:
            lane = self._lanes.setdefault(
                (company_id, provider_id), _Lane(company_id, provider_id, _count_hands(rate))
            )
            lane.attempt_ids.append(attempt_id)
        for lane in self._lanes.values():
            lane.is_full = len(lane.attempt_ids) == LANE_SIZE
        jobs.commit(env)

    def _prepare_query(self):
        return SQL(
            """
            SELECT company_id, provider_id, rate, id FROM (
                SELECT attempt.id, attempt.company_id, provider.id AS provider_id,
                       provider.recovery_request_rate AS rate,
                       row_number() OVER (PARTITION BY attempt.company_id, provider.id
                                              ORDER BY %(order)s) AS place
                  FROM (
                       SELECT * FROM recovery_attempt
                        WHERE state = 'planned' AND planned_at <= %(now)s AND id != ALL (%(seen)s)
                       OFFSET 0  -- Found by the index of what is due, whatever the order.
                       ) attempt
                    %(provider)s
                   ) due
             WHERE place <= %(size)s ORDER BY company_id, provider_id, place
            """,
            order=self._order,
            provider=PROVIDER,
            now=fields.Datetime.now(),
            seen=list(self._seen),
            size=LANE_SIZE,
        )


# The provider of a planned attempt (`attempt`), as `_get_token` finds its method. Each part is
# looked up for each attempt by its key: of millions of cases a few are due.
PROVIDER = SQL(
    """
        CROSS JOIN LATERAL (
                   SELECT collect_token_id, commercial_partner_id, amount_residual_signed
                     FROM account_move WHERE id = attempt.move_id OFFSET 0
                   ) move
         LEFT JOIN LATERAL (
                   SELECT token_id, deadline_at
                     FROM recovery_case WHERE id = attempt.case_id OFFSET 0
                   ) recovery_case ON TRUE
         LEFT JOIN LATERAL (
                   SELECT collect_token_id
                     FROM res_partner WHERE id = move.commercial_partner_id OFFSET 0
                   ) partner ON TRUE
         LEFT JOIN LATERAL (
                   SELECT owner.id, owner.recovery_request_rate
                     FROM payment_token token
                     JOIN payment_provider owner ON owner.id = token.provider_id
                    WHERE token.id = COALESCE(
                              attempt.token_id,
                              move.collect_token_id,
                              (partner.collect_token_id ->> attempt.company_id::text)::integer,
                              recovery_case.token_id)
                   OFFSET 0
                   ) provider ON TRUE
    """
)


def _count_hands(rate):
    """Return how many hands may wait for a provider's turns without putting anything back.

    :param rate: its requests a second; none or 0 where it does not limit them
    """
    return max(rate * MOST_WAIT.total_seconds(), 1) if rate else float("inf")
