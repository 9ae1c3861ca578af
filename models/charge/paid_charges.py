# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Paid charges wait a moment, until there are enough of them to be booked together.

They are recorded and committed by then: what is killed meanwhile, Odoo's own job books.
"""

import logging
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from odoo import fields
from odoo.tools import SQL

from ...tools import jobs
from .booking import book_together, filter_alike

# So many are booked in one database transaction, which holds their invoices and the numbers of
# their journal for some seconds at most: with more the rest outweighs what is shared.
MOST = 40
# How long the first one of some waits for others, in seconds.
MOST_WAIT = 5.0
# What could not be booked for so long Odoo does not try to book any more, and neither do we.
GIVEN_UP = timedelta(days=4)
# How often the same are tried again after somebody was at work on them.
TRIES = 3


@dataclass(frozen=True)
class PaidCharge:
    """A charge that was paid and is not booked; ids, since each hand has its own environment."""

    attempt_id: int
    transaction_id: int
    move_id: int


class PaidCharges:
    """What all hands of a job have charged and not booked yet.

    What is of one provider and currency, and so of one journal, is booked by one hand at a time:
    two would wait for each other's numbers.
    """

    def __init__(self):
        self._lock = Lock()
        self._waiting = defaultdict(list)
        self._since = {}
        self._busy = set()

    def add(self, attempt, transaction, move):
        """Let a paid charge of an invoice wait.

        :return: whether it does; what is booked already, or did not bring money, doesn't
        """
        if transaction.state != "done" or transaction.is_post_processed:
            return False
        key = (transaction.provider_id.id, transaction.currency_id.id)
        charge = PaidCharge(attempt.id, transaction.id, move.id)
        with self._lock:
            self._waiting[key].append(charge)
            self._since.setdefault(key, time.monotonic())
        return True

    def take(self, is_last=False):
        """Return the charges that are to be booked now, and by which key; none when they may wait.

        :param is_last: whether none of the caller's own comes any more
        """
        now = time.monotonic()
        with self._lock:
            for key, charges in self._waiting.items():
                is_due = is_last or len(charges) >= MOST or now - self._since[key] > MOST_WAIT
                if charges and is_due and key not in self._busy:
                    self._busy.add(key)
                    self._waiting[key] = charges[MOST:]
                    self._since[key] = now
                    return key, charges[:MOST]
        return None

    def finish(self, key):
        """Say that the charges which were taken by a key are seen to."""
        with self._lock:
            self._busy.discard(key)


def book_waiting(env):
    """Book what was charged and is still not booked, many at a time, as long as there is time.

    After a crash, or where a webhook told of the success.

    :return: whether all have had their turn; what is left then, Odoo books one by one
    """
    rows = env.execute_query(
        SQL(
            """
            SELECT array_agg(transaction.id ORDER BY transaction.id)
              FROM payment_transaction transaction
             WHERE transaction.state = 'done' AND transaction.is_post_processed IS NOT TRUE
               AND transaction.last_state_change >= %s
               AND EXISTS (SELECT FROM recovery_attempt WHERE transaction_id = transaction.id)
          GROUP BY transaction.provider_id, transaction.currency_id
            """,
            fields.Datetime.now() - GIVEN_UP,
        )
    )
    parts = [ids[begin : begin + MOST] for (ids,) in rows for begin in range(0, len(ids), MOST)]
    if not parts:
        return True
    remaining = sum(map(len, parts))
    has_time = jobs.commit(env, remaining=remaining)
    for part in parts:
        if not has_time:
            return False
        if len(book_many(env, part)) < len(part):
            env["recovery.invoice.queue"]._wake()  # Their cases follow.
        remaining -= len(part)
        has_time = jobs.commit(env, len(part), remaining=remaining)
    return True


def book_many(env, transaction_ids):
    """Book paid charges of one provider and currency together, and commit.

    Where one fails, the halves are tried, and so on, until it stands alone.

    :return: the ids of those that were not: to be booked alone, if nobody else has done it by then
    """
    left, parts = [], [list(transaction_ids)]
    while parts:
        part = parts.pop()
        rest = _try_together(env, part) if len(part) > 1 else part
        if rest is None:
            middle = len(part) // 2
            parts += [part[middle:], part[:middle]]
        else:
            left += rest
    return left


def _try_together(env, transaction_ids):
    """Return the ids of those that are to be booked alone; none where they could not be booked."""
    for _turn in range(TRIES):
        left, met = [], []
        is_done = jobs.work(
            env,
            lambda left=left: left.extend(_book(env, transaction_ids)),
            busy=lambda met=met: met.append(True),
            doing=f"Booking {len(transaction_ids)} payments together",
            level=logging.INFO,
        )
        if is_done:
            return left
        if not met:
            break
    return None


def _book(env, transaction_ids):
    """Book what can be booked together, in the database transaction that begins here.

    :return: the ids of the others
    """
    transactions = env["payment.transaction"].browse(_lock(env, transaction_ids))
    alike = filter_alike(transactions)
    if len(alike) < 2:
        return transaction_ids
    book_together(alike)
    # Should nobody come to it here, the follow job lets the cases follow.
    env["recovery.invoice.queue"]._put(alike.invoice_ids)
    booked = set(alike.ids)
    return [each for each in transaction_ids if each not in booked]


def _lock(env, transaction_ids):
    """Lock payments and their invoices; return the ids of those that nobody else is at work on.

    :raise psycopg2.OperationalError: when one has just been changed
    """
    rows = env.execute_query(
        SQL(
            """
            SELECT transaction.id
              FROM payment_transaction transaction
              JOIN account_invoice_transaction_rel link ON link.transaction_id = transaction.id
              JOIN account_move move ON move.id = link.invoice_id
             WHERE transaction.id = ANY (%s)
               AND transaction.state = 'done' AND transaction.is_post_processed IS NOT TRUE
          ORDER BY transaction.id
               FOR NO KEY UPDATE OF transaction, move SKIP LOCKED
            """,
            transaction_ids,
        )
    )
    return list(dict.fromkeys(each for (each,) in rows))
