# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Money that is on its way to an invoice, or may be."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Domain

from ...tools import series
from ...tools.said import Money, say
from ..method.rail import is_overdue
from ..rules.block import Block
from .begun import (
    BEGUN_AGE,
    BEGUN_OPERATIONS,
    MAY_BE_PAID_YET,
    BegunPayment,
    get_time_left,
)

# A wire transfer that the customer announced takes its days; later it is not coming.
ANNOUNCED_TRANSFER_AGE = timedelta(days=7)
# Providers deliver their webhooks again for days; after that none is coming.
UNCLEAR_AGE = timedelta(days=3)
# Odoo gives up booking a confirmed transaction after four days.
BOOKING_AGE = timedelta(days=4)
# When a charge that another payment holds up is looked at again.
IN_FLIGHT_WAIT = timedelta(hours=6)
OVERDUE_WAIT = timedelta(days=1)
BOOKING_WAIT = timedelta(minutes=10)
# When a charge is looked at again for which a provider is asked first; the job asks before.
ASK_WAIT = timedelta(minutes=10)


class MoneyUnderWay:
    """The payments of invoices that may bring, or have brought, money."""

    def __init__(self, env):
        self._env = env

    def find(self, moves, or_else=Domain.FALSE):
        """Return the transactions that may bring, or have brought, money for these invoices.

        :param or_else: a domain of others of their transactions that are wanted as well
        """
        states = ("draft", "pending", "authorized", "done")
        may_bring_money = Domain("state", "in", states) | MAY_BE_PAID_YET
        # In sudo mode to see the transactions of every user and provider.
        return (
            self._env["payment.transaction"]
            .sudo()
            .search(
                Domain("invoice_ids", "in", moves.ids)
                & (
                    Domain("operation", "not in", ("validation", "refund")) & may_bring_money
                    | or_else
                )
            )
        )

    def find_block(self, transactions):
        """Return what one of these payments has against a charge, or none."""
        blocks = (self.get_block(transaction) for transaction in transactions)
        return next(filter(None, blocks), None)

    def get_block(self, transaction):
        """Return a block when this transaction may bring, or have brought, the money."""
        since = transaction.last_state_change or fields.Datetime.now()
        name = {"reference": transaction.reference}
        if transaction.state == "draft" or transaction._recovery_is_open():
            return self._get_begun_block(transaction, since, name)
        if transaction.state == "error" and transaction.recovery_unclear:
            return self._get_unclear_block(transaction, since, name)
        if transaction.state in ("pending", "authorized"):
            return self._get_pending_block(transaction, since, name)
        if transaction.state == "done" and not self._is_booked(transaction):
            return self._get_unbooked_block(transaction, since, name)
        return None

    def _get_begun_block(self, transaction, since, name):
        """Return a block while a payment is fresh, and until its provider has been asked for it."""
        now = fields.Datetime.now()
        until = since + BEGUN_AGE
        if transaction.operation in BEGUN_OPERATIONS and until > now:
            until = min(until, now + get_time_left(transaction))
        if until > now:
            sentence = say(self._env, "may_be_paying", **name)
            return Block("in_flight", sentence, until)
        if not BegunPayment(transaction).must_ask():
            return None
        sentence = say(
            self._env,
            "begun_is_asked",
            **name,
        )
        return Block("in_flight", sentence, now + ASK_WAIT)

    def _get_unclear_block(self, transaction, since, name):
        """Return a block until a lost answer has come, been asked for, or been looked for."""
        now = fields.Datetime.now()
        until = since + UNCLEAR_AGE
        sentence = say(self._env, "answer_lost", **name)
        if until > now:
            return Block("in_flight", sentence, until)
        payment = BegunPayment(transaction)
        if payment.must_ask():
            return Block("in_flight", sentence, now + ASK_WAIT)
        if payment.is_seen_to():
            return None
        sentence = say(
            self._env,
            "answer_never_came",
            amount=Money(transaction.amount, transaction.currency_id),
            **name,
        )
        subject = payment.get_subject()
        return Block("in_flight", sentence, now + OVERDUE_WAIT, alert=True, subject=subject)

    def _get_pending_block(self, transaction, since, name):
        now = fields.Datetime.now()
        if transaction.provider_code not in ("none", "custom"):
            if is_overdue(transaction):
                sentence = say(
                    self._env,
                    "payment_undecided",
                    day=since.date(),
                    **name,
                )
                return Block("in_flight", sentence, now + OVERDUE_WAIT, alert=True)
            sentence = say(self._env, "payment_on_its_way", **name)
            return Block("in_flight", sentence, now + IN_FLIGHT_WAIT)
        if since + ANNOUNCED_TRANSFER_AGE <= now:
            return None
        sentence = say(self._env, "transfer_announced", **name)
        return Block("in_flight", sentence, since + ANNOUNCED_TRANSFER_AGE)

    def _get_unbooked_block(self, transaction, since, name):
        age = fields.Datetime.now() - since
        if not transaction.is_post_processed and age < BOOKING_AGE:
            sentence = say(self._env, "being_booked", **name)
            return Block("in_flight", sentence, fields.Datetime.now() + BOOKING_WAIT)
        sentence = say(
            self._env,
            "success_not_booked",
            **name,
        )
        return Block("in_flight", sentence, alert=True)

    def _is_booked(self, transaction):
        if not transaction.payment_id:
            # Captures and voids are booked on the transactions that split the amount.
            return bool(transaction.child_transaction_ids)
        # A rejected one was booked, and the bank took it back: its money is not on the way.
        return series.was_booked(transaction.payment_id)
