# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Payments that customers began: what became of them is asked before anything else is charged."""

import logging
from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ...declines import Known, read_status
from ...declines.look_ups import is_unfinished
from ...tools import jobs, series
from ...tools.said import Money, say
from ..case.alerts import answer_alert, find_alerts, raise_alert
from ..case.answers import fill_answer
from ..case.states import OPEN_STATES
from ..method.rail import PENDING_WAIT, is_overdue
from .pace import ProviderPace
from .payment_provider import UnclearAnswer

_logger = logging.getLogger(__name__)

# How customers begin a payment, on our page or in Odoo's portal.
BEGUN_OPERATIONS = ("online_direct", "online_redirect", "online_token")
# At which form or page they can try again what was declined, under the same reference. The other
# forms of Odoo's addons begin another payment then.
TRIED_AGAIN = {
    ("flutterwave", "online_redirect"),
    ("mercado_pago", "online_redirect"),
    ("razorpay", "online_direct"),
    ("stripe", "online_direct"),
}
# A customer who opened the payment form may still be typing their card number.
BEGUN_AGE = timedelta(hours=1)
# Whose look-ups find a form or page that the customer left by our own reference.
BY_REFERENCE = ("flutterwave", "mercado_pago")
# When a provider that did not answer is asked again, and after which time a person is told.
SILENT_WAIT = timedelta(minutes=30)
SILENT_ALERT = timedelta(days=1)
# For how long the provider's word holds that nothing has come of a payment that can't be withdrawn.
OPEN_WAIT = timedelta(hours=1)
# Payments in error that may bring money all the same.
MAY_BE_PAID_YET = Domain("state", "=", "error") & (
    Domain("recovery_unclear", "=", True) | Domain("recovery_stays_open", "=", True)
)
# How long before a charge the provider is asked.
ASK_AHEAD = timedelta(minutes=15)
# How many are looked up in one run of the job.
MOST_AT_ONCE = 100
# For how long begun payments put the charges of an invoice off, all of a day together: whoever
# keeps starting payments must not hold them up for ever.
PUT_OFF_MOST = timedelta(hours=3)


class BegunPayment:
    """Finds out what became of one payment that a customer began and left.

    :param transaction: a `payment.transaction` in sudo mode
    """

    def __init__(self, transaction):
        self._transaction = transaction
        self._env = transaction.env
        self._pace = ProviderPace(transaction.provider_id)

    def can_ask(self):
        """Return whether it is open what became of the payment, and its provider can tell.

        It is when the customer left it, when the answer to it got lost, and when the provider
        should have decided by now.
        """
        transaction = self._transaction
        if transaction.operation not in BEGUN_OPERATIONS:
            return False
        if self._is_unclear() or is_overdue(transaction):
            return transaction._recovery_can_ask()
        return self.is_open() and self._is_named() and transaction._recovery_can_ask()

    def is_open(self):
        """Return whether the customer can finish the payment yet, as far as we know."""
        transaction = self._transaction
        return transaction.operation in BEGUN_OPERATIONS and (
            transaction.state == "draft" or self._is_declined()
        )

    def is_tried_again(self):
        """Return whether the customer can finish the payment although it was declined."""
        transaction = self._transaction
        is_form = (transaction.provider_code, transaction.operation) in TRIED_AGAIN
        return is_form and bool(transaction.invoice_ids) and self._is_named()

    def must_ask(self):
        """Return whether the provider has to be asked before anything else is charged."""
        transaction, now = self._transaction, fields.Datetime.now()
        if not self.can_ask():
            return False
        open_at = transaction.recovery_open_at
        return (not open_at or open_at <= now - OPEN_WAIT) and not self.is_seen_to()

    def is_seen_to(self):
        """Return whether a person has ticked off that nothing tells what became of the payment."""
        return bool(find_alerts(self._env, self.get_subject(), ticked_off=True))

    def get_subject(self):
        """Return what the alert about the payment is called."""
        return f"begun:{self._transaction.id}"

    def put_aside(self):
        """Make way for another payment by the customer.

        :return: whether nothing is on its way by this one; where the provider can't be asked, that
            is for its age to tell, and where it does not answer, a person has been told
        """
        try:
            if self._transaction._recovery_can_withdraw():
                reason = self._env._("The customer started another payment.")
                return self._transaction._recovery_withdraw(reason)
            if not self.can_ask():
                return True
            payment_data = self._transaction._recovery_look_up()
        except (ValidationError, UnclearAnswer):
            return self._is_silent_for_long()
        if payment_data is False or self._is_unfinished(payment_data):
            return True
        told = read_status(self._transaction.provider_code, payment_data)
        # An overdue one has kept the customer waiting for long enough.
        is_waited_for = told is Known.PENDING and not is_overdue(self._transaction)
        return told in (Known.DECLINED, Known.PENDING) and not is_waited_for

    def resolve(self):
        """Ask the provider, bring the payment to the state it has there, or withdraw it.

        The customer may finish it between two requests: then it is asked for once more.

        :return: whether the provider answered
        """
        transaction = self._transaction
        if not self.can_ask():
            return True
        # Before asking: should this worker die, the next one asks later, not at once.
        transaction.recovery_ask_at = fields.Datetime.now() + SILENT_WAIT
        self._env["recovery.invoice.queue"]._wake(transaction.recovery_ask_at)
        jobs.commit(self._env)
        if until := self._pace.take_turn():
            transaction.recovery_ask_at = until
            self._env["recovery.invoice.queue"]._wake(until)
            jobs.commit(self._env)
            return False
        try:
            is_clear = self._ask_provider() or self._ask_provider()
        except (ValidationError, UnclearAnswer) as error:
            self._env.cr.rollback()
            _logger.info("Transaction %s could not be looked up", transaction.id, exc_info=True)
            self._pace.note_error(error)
            is_clear = False
        if is_clear:
            transaction.recovery_silent_since = False
            answer_alert(self._env, self.get_subject())
        else:
            self.note_silence()
        return is_clear

    def note_silence(self):
        """Keep since when the provider leaves us in the dark; after a day, tell a person."""
        transaction = self._transaction
        transaction.recovery_silent_since = (
            transaction.recovery_silent_since or fields.Datetime.now()
        )
        if not self._is_silent_for_long():
            return
        sentence = say(
            self._env,
            "ask_begun",
            reference=transaction.reference,
            amount=Money(transaction.amount, transaction.currency_id),
        )
        for move in transaction.invoice_ids:
            raise_alert(move, sentence, self.get_subject())

    # === HELPERS === #

    def _ask_provider(self):
        """Return whether it is clear now what became of the payment."""
        transaction = self._transaction
        payment_data = transaction._recovery_look_up()
        if payment_data is None:
            return False
        if not self.is_open():
            return self._clear_up(payment_data)
        if payment_data and not self._is_nothing_new(payment_data):
            self._take(payment_data)
            return not self.is_open()
        if transaction._recovery_can_withdraw():
            return self._withdraw(is_known=payment_data is not False)
        now = fields.Datetime.now()
        transaction.write({"recovery_open_at": now, "recovery_ask_at": now + OPEN_WAIT - ASK_AHEAD})
        self._env["recovery.invoice.queue"]._wake(transaction.recovery_ask_at)
        return True

    def _is_silent_for_long(self):
        since = self._transaction.recovery_silent_since
        return bool(since) and since <= fields.Datetime.now() - SILENT_ALERT

    def _is_named(self):
        """Return whether the provider knows the payment by a name that we know, too."""
        transaction = self._transaction
        return bool(transaction.provider_reference) or (
            transaction.operation != "online_token" and transaction.provider_code in BY_REFERENCE
        )

    def _is_declined(self):
        transaction = self._transaction
        stays_open = transaction.recovery_stays_open and not transaction.recovery_unclear
        return transaction.state == "error" and stays_open

    def _is_nothing_new(self, payment_data):
        """Return whether nothing is on its way by the payment, as was known before."""
        told = read_status(self._transaction.provider_code, payment_data)
        return self._is_unfinished(payment_data) or (self._is_declined() and told is Known.DECLINED)

    def _is_unclear(self):
        return self._transaction.state == "error" and self._transaction.recovery_unclear

    def _clear_up(self, payment_data):
        """Bring a payment whose answer was lost, or is overdue, to the state it has there."""
        transaction = self._transaction
        code = transaction.provider_code
        told = read_status(code, payment_data) if payment_data else None
        if self._is_unclear() and (payment_data is False or told is Known.DECLINED):
            transaction.recovery_unclear = False  # Nothing was taken.
            return True
        if payment_data:
            self._take(payment_data)
        if transaction.state == "pending" and told is Known.PENDING:
            transaction.recovery_ask_at = fields.Datetime.now() + PENDING_WAIT
            return True
        return transaction.state == "done" or told is Known.DECLINED

    def _take(self, payment_data):
        """Bring the payment to the state it has at the provider."""
        transaction = self._transaction
        told = read_status(transaction.provider_code, payment_data)
        if transaction.state == "error" and told is Known.PENDING:
            transaction.recovery_unclear = False
            # Stock Odoo refuses, for an old event could say so; this is the provider's word of now.
            series.set_state(transaction, "pending", further=["error"])
        series.process(transaction, payment_data)
        if transaction.state == "done":
            series.book_soon(self._env)

    def _withdraw(self, is_known):
        if is_known:
            reason = self._env._("The customer did not finish the payment.")
            return self._transaction._recovery_withdraw(reason)
        self._transaction._recovery_close(self._env._("The provider does not know this payment."))
        return True

    def _is_unfinished(self, payment_data):
        return bool(payment_data) and is_unfinished(self._transaction.provider_code, payment_data)


def resolve_begun(env):
    """Look up the payments that customers began and left, before their invoices are charged.

    A provider that does not answer is left alone until the next run.
    """
    silent = set()

    def resolve(transaction_id):
        transaction = env["payment.transaction"].browse(transaction_id)
        transaction = transaction.with_company(transaction.company_id)
        provider = transaction.provider_id
        if provider not in silent and not BegunPayment(transaction).resolve():
            silent.add(provider)

    def note_failure(transaction_id, _error):
        BegunPayment(env["payment.transaction"].browse(transaction_id)).note_silence()

    jobs.work_on_each(
        env, find_begun(env).ids, resolve, failed=note_failure, doing="Looking up transaction"
    )


def find_begun(env):
    """Return the begun payments whose provider is to be asked now.

    Those of invoices that are to be charged or recovered; again only just before a charge.
    """
    now = fields.Datetime.now()
    planned = Domain("state", "=", "planned")
    is_near = Domain(
        "invoice_ids.recovery_attempt_ids",
        "any",
        planned & Domain("planned_at", "<=", now + ASK_AHEAD),
    )
    concerns_us = Domain("invoice_ids.recovery_attempt_ids", "any", planned) | Domain(
        "invoice_ids.recovery_case_ids", "any", Domain("state", "in", OPEN_STATES)
    )
    is_left = Domain("last_state_change", "<=", now - BEGUN_AGE)
    domain = (
        (Domain("state", "in", ("draft", "pending")) | MAY_BE_PAID_YET)
        & Domain("operation", "in", BEGUN_OPERATIONS)
        & (
            Domain("state", "!=", "draft")
            | Domain("provider_reference", "!=", False)
            | Domain("provider_id.code", "in", BY_REFERENCE)
        )
        & (Domain("recovery_ask_at", "=", False) | Domain("recovery_ask_at", "<=", now))
        & (is_near | (is_left & Domain("recovery_open_at", "=", False) & concerns_us))
    )
    # In sudo mode to see the transactions of every provider.
    transactions_sudo = env["payment.transaction"].sudo().search(domain)
    return transactions_sudo.filtered(
        lambda transaction: (
            BegunPayment(transaction).can_ask()
            and (transaction.last_state_change <= now - BEGUN_AGE or not get_time_left(transaction))
        )
    )[:MOST_AT_ONCE]


def get_time_left(transaction):
    """Return for how long a begun payment may still put the charges of its invoices off.

    :rtype: timedelta
    """
    now = fields.Datetime.now()
    since = now - timedelta(days=1)
    # In sudo mode to see the transactions of every user.
    begun_sudo = (
        transaction.env["payment.transaction"]
        .sudo()
        .search(
            Domain("invoice_ids", "in", transaction.invoice_ids.ids)
            & Domain("operation", "in", BEGUN_OPERATIONS)
            & Domain("last_state_change", ">=", since)
        )
    )
    spans = []
    for each in begun_sudo:
        start = each.recovery_begun_at or each.last_state_change
        end = min(each.last_state_change, start + BEGUN_AGE)
        if BegunPayment(each).is_open():
            end = min(now, each.last_state_change + BEGUN_AGE)
        spans.append((max(start, since), end))
    return max(PUT_OFF_MOST - get_covered(spans), timedelta(0))


def get_covered(spans):
    """Return how much time these pairs of instants cover, which may overlap."""
    covered, reached = timedelta(0), None
    for start, end in sorted(spans):
        start = start if reached is None else max(start, reached)
        if end > start:
            covered += end - start
        reached = end if reached is None else max(end, reached)
    return covered


def _is_clear(transaction):
    """Return whether it is clear what became of a payment by somebody else."""
    if transaction.state == "error":
        return not (transaction.recovery_unclear or transaction.recovery_stays_open)
    return transaction.state not in ("draft", "pending", "authorized")


fill_answer("begun", _is_clear, "payment.transaction")
