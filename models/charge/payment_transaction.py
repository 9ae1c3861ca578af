# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The transaction of a charge, ours or somebody else's: what its answers say, and who may pay."""

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...declines import (
    Answer,
    Certainty,
    Known,
    Role,
    find_role,
    read_method,
    read_own_retries,
    read_status,
)
from ...declines.look_ups import find_name
from ...declines.values import dig
from ...tools import series
from ...tools.instants import aware
from ..case.alerts import answer_alert
from ..case.recovery_invoice_queue import FOLLOW
from ..method.payment_token import EVENT_PRECISION
from .begun import BEGUN_OPERATIONS, BegunPayment, resolve_begun
from .discounts import BOOKED, prepare_discount_lines
from .look_ups import can_ask, look_up
from .notes import GroupedNotes
from .own_retries import OwnRetriesOfProvider
from .paid_charges import book_waiting
from .past_helper import LOST, describe, end_lost_charge, note_lost

_logger = logging.getLogger(__name__)

# Operations that neither take money for an invoice nor give any back.
_NO_PAYMENT = ("validation", "refund")
# Operations that charge a saved method.
_CHARGES = ("online_token", "offline")
# Events of Adyen about its own retries of a refused payment.
RETRY_EVENTS = ("AUTORESCUE", "CANCEL_AUTORESCUE")
# In the context of the claim of a charge. A caller from outside can't send an object.
CLAIM = object()
# What is known of a charge whose transaction reached a state.
OUTCOMES = {
    "done": Known.PAID,
    "pending": Known.PENDING,
    "authorized": Known.PENDING,
    "error": Known.DECLINED,
    "cancel": Known.DECLINED,
}

FOLLOW.fill("begun payments", ("payment.transaction", "_recovery_resolve_begun"))


@dataclass(eq=False)
class Fetched:
    """What an addon fetched of a payment while its answer was processed.

    In the context, where a caller from outside can't send an object.
    """

    entity: Any = None


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    recovery_ask_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="When the provider is asked next what became of a payment that the customer began.",
    )
    recovery_open_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="When the provider last said that nothing has come of this payment yet.",
    )
    recovery_begun_at = fields.Datetime(
        string="Begun",
        default=fields.Datetime.now,
        readonly=True,
        copy=False,
        help="When the payment was begun, by the clock of the server that began it.",
    )
    recovery_stays_open = fields.Boolean(
        string="Can Still Be Paid",
        readonly=True,
        copy=False,
        help="The provider declined this payment, but where the customer began it they can finish "
        "it all the same.",
    )
    recovery_silent_since = fields.Datetime(
        readonly=True, copy=False, help="Since when the provider has not answered for this payment."
    )

    _recovery_begun_idx = models.Index(
        "(last_state_change) WHERE state IN ('draft', 'pending') "
        "OR (state = 'error' AND (recovery_unclear IS TRUE OR recovery_stays_open IS TRUE))"
    )

    # Declines for faults of the company's own are few, and looked for before each charge.
    _recovery_fault_idx = models.Index(
        "(provider_id) WHERE recovery_decline ->> 'decline_class' = 'merchant'"
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment` to refuse a second payment while ours is in flight."""
        transactions = super().create(vals_list)
        for transaction in transactions:
            if self.env.context.get("recovery_claim") is not CLAIM and (
                transaction.operation not in _NO_PAYMENT and not transaction.source_transaction_id
            ):
                transaction._recovery_check_not_in_flight()
        return transactions

    # === REQUEST HELPERS === #

    def _send_api_request(self, method, endpoint, **kwargs):
        """Override of `payment` to keep what was fetched, and that an answer got lost.

        Our own charges are kept from ending in error at all; a payment that a customer or an
        accountant starts with a saved method ends so in stock Odoo, paid or not.
        """
        role = find_role(self.provider_code, method, endpoint)
        with self._recovery_note_loss(role):
            content = super()._send_api_request(method, endpoint, **kwargs)
        fetched = self.env.context.get("recovery_fetched")
        if role is Role.AFTER and isinstance(fetched, Fetched):
            fetched.entity = content  # Odoo's addon was told an id, and has asked for the rest.
        return content

    @contextmanager
    def _recovery_note_loss(self, role):
        """Remember when the answer to somebody else's charge gets lost meanwhile."""
        is_charge = self.operation in _CHARGES and role in (Role.MONEY, Role.AFTER)
        if not is_charge or self.provider_id._recovery_get_answer() is not None:
            yield
            return
        try:
            yield
        except ValidationError as error:
            answer = Answer(self.provider_code)
            answer.note_failure(role, error.__context__)
            self._recovery_keep_failure(answer)
            raise
        except ValueError as error:
            # Unreadable: stock Odoo rolls the transaction back, although the money may be taken.
            self.recovery_unclear = True
            raise ValidationError(
                self.env._("The answer of the payment provider could not be read.")
            ) from error

    def _recovery_keep_failure(self, answer):
        """Keep of a failed charge by somebody else whether it may have been made, or why not.

        :param declines.Answer answer:
        """
        self.recovery_unclear = answer.certainty is Certainty.UNCLEAR
        if answer.certainty is Certainty.ANSWERED:
            self._recovery_note_answer(answer.error, is_refusal=True)

    def _send_payment_request(self):
        """Override of `payment` to judge the requests of Authorize.Net as those of the others."""
        if self.provider_code != "authorize":
            return super()._send_payment_request()
        try:
            return super()._send_payment_request()
        except LOST as error:
            answer = self.provider_id._recovery_get_answer()
            if answer is not None and answer.payloads:
                raise  # It was answered; applying the answer raised.
            return end_lost_charge(self, error)

    def _authorize_create_transaction_request(self, opaque_data):
        """Override of `payment_authorize` to keep a customer's payment whose answer got lost.

        Stock Odoo would leave it begun for ever, though it may have been made. What is returned
        stands for an answer in error.
        """
        try:
            return super()._authorize_create_transaction_request(opaque_data)
        except LOST as error:
            note_lost(self, error)
            return {
                "x_response_code": "3",
                "x_response_reason_text": describe(self, error),
            }

    def _extract_amount_data(self, payment_data):
        """Override of `payment` to do without the amount that Authorize.Net is asked for.

        The payment was answered by then. Odoo's addon does so, too, where it is refused to know.
        What was of another amount before is not believed without it.

        :raise ValidationError: then, when the amount can't be asked for
        """
        if self.provider_code != "authorize":
            return super()._extract_amount_data(payment_data)
        if not dig(payment_data, "response", "x_trans_id"):
            return None  # There is nothing to ask by.
        try:
            return super()._extract_amount_data(payment_data)
        except LOST as error:
            if self.recovery_unclear:
                raise ValidationError(describe(self, error)) from error
            _logger.info("The amount of transaction %s could not be asked for", self.reference)
            return None

    # === BUSINESS METHODS - PROCESSING === #

    def _get_processing_values(self):
        """Override of `payment` to keep the provider's name of a payment that a customer begins.

        Odoo's addons keep it only once it is finished. By it we ask whether it was, or withdraw it.
        """
        values = super()._get_processing_values()
        if (
            self.state == "draft"
            and self.operation in BEGUN_OPERATIONS
            and self.invoice_ids
            and not self.provider_reference
            and (name := find_name(self.provider_code, values))
        ):
            self.provider_reference = name
        return values

    def _process(self, provider_code, payment_data):
        """Override of `payment` to leave undecided what the provider has not decided.

        The answer to our own charge is kept until it is committed.
        """
        answer = self.env["payment.provider"]._recovery_get_answer()
        if answer is not None:
            answer.payloads.append(payment_data)
        transaction = self or self._search_by_reference(provider_code, payment_data)
        if not transaction or (
            # Stock Odoo would accept at the second time what it refused at the first.
            transaction.recovery_unclear and transaction._recovery_is_other_amount(payment_data)
        ):
            return transaction
        told = read_status(provider_code, payment_data)
        fetched = Fetched()
        telling = transaction.with_context(recovery_told=told, recovery_fetched=fetched)
        super(PaymentTransaction, telling)._process(provider_code, payment_data)
        if fetched.entity:
            payment_data = fetched.entity
            told = read_status(provider_code, payment_data)
        if (
            told is Known.PENDING
            and transaction.operation in _CHARGES
            and transaction.state in ("draft", "cancel")
        ):
            series.set_state(transaction, "pending")
        transaction._recovery_note_answer(payment_data)
        return transaction

    def _create_payment(self, **extra_create_values):
        """Override of `account_payment` to book the discount with which it was asked for."""
        lines = prepare_discount_lines(self)
        if not lines:
            return super()._create_payment(**extra_create_values)
        others = extra_create_values.get("write_off_line_vals", ())
        extra_create_values["write_off_line_vals"] = [*others, *lines]
        booking = self.with_context(recovery_discount=BOOKED)
        return super(PaymentTransaction, booking)._create_payment(**extra_create_values)

    def _log_message_on_linked_documents(self, message):
        """Override of `account_payment` to note on all invoices at once what is booked together."""
        if notes := GroupedNotes.of(self.env):
            return notes.add(self, message)
        return super()._log_message_on_linked_documents(message)

    def _validate_amount(self, payment_data):
        """Override of `payment` to tell a refusal without amount from a payment of another one.

        Stock Odoo ends both in error. The second took money, though not what was asked for.
        """
        state = self.state
        result = super()._validate_amount(payment_data)
        if self.state == "error" and state != "error":
            told = read_status(self.provider_code, payment_data)
            is_refused = told is Known.DECLINED or (
                told is None and self._recovery_read(payment_data).known
            )
            self.recovery_unclear = not is_refused
        return result

    def _update_state(self, allowed_states, target_state, state_message):
        """Override of `payment` to let the cases follow what happens to their invoices.

        What the provider calls undecided is pending, where its addon would end it in error, and the
        provider's word counts after the payment has ended as not made.
        """
        if target_state == "error" and self.env.context.get("recovery_told") is Known.PENDING:
            allowed_states, target_state = ("draft",), "pending"
        if all(transaction._recovery_may_revive(target_state) for transaction in self):
            allowed_states = (*allowed_states, "cancel")
        transactions = super()._update_state(allowed_states, target_state, state_message)
        if target_state == "error":
            for transaction in transactions:
                transaction.recovery_stays_open = BegunPayment(transaction).is_tried_again()
        if target_state == "done":
            # A success after all; with a decline it would count as returned by the bank.
            transactions.write({"recovery_decline": False, "recovery_reason_id": False})
            for transaction in transactions:
                OwnRetriesOfProvider(transaction).end(self.env._("The payment succeeded."))
        for transaction in transactions:
            if transaction.operation in BEGUN_OPERATIONS:
                answer_alert(self.env, f"begun:{transaction.id}")
            if transaction.operation not in _NO_PAYMENT:
                # In sudo mode to see the invoices of customers who pay in the portal.
                transaction.sudo()._recovery_queue_invoices()
        return transactions

    @api.model
    def _search_by_reference(self, provider_code, payment_data):
        """Override of `payment` to find the payment that Adyen has retried by its own reference.

        Odoo's addon would take the event for a refund, and make a transaction of it.
        """
        if provider_code == "adyen" and payment_data.get("eventCode") in RETRY_EVENTS:
            reference = read_own_retries("adyen", payment_data).reference
            domain = [
                ("recovery_retries_reference", "=", reference),
                ("provider_code", "=", "adyen"),
            ]
            return self.search(domain, limit=1) if reference else self
        return super()._search_by_reference(provider_code, payment_data)

    @api.model
    def _recovery_take_adyen_item(self, payment_data):
        """Take over what Odoo's controller of Adyen's webhook leaves alone, in sudo mode.

        A refusal ends a payment of an invoice that is open, whatever was told before. What has
        ended stays as it has; of a refusal that came before, or of a retry by Adyen, more is read.

        :param dict payment_data: an item of the webhook, whose signature was verified
        """
        is_refusal = (
            payment_data.get("eventCode") == "AUTHORISATION"
            and payment_data.get("success") == "false"
        )
        if not is_refusal and payment_data.get("eventCode") not in RETRY_EVENTS:
            return
        transaction = self._search_by_reference("adyen", payment_data)
        if not transaction.invoice_ids or transaction.operation in _NO_PAYMENT:
            return
        known_as = transaction.provider_reference
        # Another try under the same reference, which was refused, says nothing of this one.
        is_same = not known_as or known_as == payment_data.get("pspReference")
        if is_refusal and transaction.state in ("draft", "pending") and is_same:
            series.process(transaction, {**payment_data, "resultCode": "Refused"})
        elif transaction.state in ("error", "cancel"):
            transaction._recovery_note_answer(payment_data)

    # === HOOKS === #

    def _recovery_is_new_method(self):
        """Hook for `page`: return whether the customer saved a method for failing invoices.

        No by itself.
        """
        self.ensure_one()
        return False

    # === RECOVERY === #

    def _recovery_queue_invoices(self):
        """Queue the invoices of a transaction that failed, or that a case has to do with."""
        self.ensure_one()
        moves, queue = self.invoice_ids, self.env["recovery.invoice.queue"]
        if self.state not in ("error", "cancel"):
            attempts = self.env["recovery.attempt"].search([("transaction_id", "=", self.id)])
            moves = moves._filter_followed() | attempts.move_id
            # What the engine charged, it books at once.
            if attempts and self.state == "done" and not queue._is_own_work():
                series.book_soon(self.env)
        queue._add(moves, self)

    def _recovery_may_revive(self, target_state):
        """Return whether a payment that was cancelled may reach a state after all.

        Stock Odoo refuses. Where amounts are captured by hand, an older message about a payment
        that was voided since can't be told from news; the demo provider has no books of its own.
        """
        is_payment = self.operation not in _NO_PAYMENT and not self.source_transaction_id
        if not is_payment or self.provider_code == "demo":
            return False
        # In sudo mode: providers are readable by administrators only.
        if self.provider_id.sudo().capture_manually:
            return False
        if target_state == "pending":
            # With a decline it was the provider that refused.
            return self.operation == "offline" and not self.recovery_decline
        return target_state == "done"

    def _recovery_is_other_amount(self, payment_data):
        """Return whether an answer is about another amount than that of this transaction."""
        told = self._extract_amount_data(payment_data) or {}
        amount = told.get("amount")
        return bool(amount) and self.currency_id.compare_amounts(amount, self.amount) != 0

    def _recovery_note_answer(self, payment_data, is_refusal=False):
        """Keep what a provider's answer or webhook says of the decline and of the method.

        Nothing here may raise: the transaction's outcome matters more.

        :param is_refusal: whether it refuses, though the state does not say so yet
        """
        self.ensure_one()
        facts = read_method(self.provider_code, payment_data)
        # In sudo mode: a customer who pays in the portal can't read what is known of their card.
        token_sudo = self.token_id.sudo()
        if token_sudo and (facts.is_renewed or token_sudo._recovery_find_news(facts)):
            told_at, event_kind = self._recovery_get_sent_at(), ""
            if facts.is_renewed:
                # The card was renewed before it was charged, and refused: that decline counts.
                told_at, event_kind = told_at - EVENT_PRECISION, "renewed"
            token_sudo._recovery_note_facts(facts, told_at, event_kind)
        fingerprint = facts.fingerprint or token_sudo.recovery_fingerprint
        if fingerprint and fingerprint != self.recovery_fingerprint:
            self.recovery_fingerprint = fingerprint
        if is_refusal or (self.state in ("error", "cancel") and not self.recovery_unclear):
            self._recovery_note_decline(self._recovery_read(payment_data))
            if told := read_own_retries(self.provider_code, payment_data):
                OwnRetriesOfProvider(self).note(told)

    def _recovery_note_refused_key(self, body):
        """Keep that the provider refused the key, whatever the body of its answer says of it."""
        self.ensure_one()
        self._recovery_note_decline(self._recovery_read(body or {}).refuse_key())

    def _recovery_get_sent_at(self):
        """Return when (UTC, naive) what an answer tells of the method was true.

        A webhook may come days later, and tells of the card as it was when it was charged.
        """
        self.ensure_one()
        attempts_sudo = self.env["recovery.attempt"].sudo()  # A customer can't read attempts.
        attempt_sudo = attempts_sudo.search([("transaction_id", "=", self.id)], limit=1)
        return attempt_sudo.started_at or self.last_state_change or fields.Datetime.now()

    def _recovery_note_decline(self, decline):
        """Keep a decline, unless the one that is there says more."""
        self.ensure_one()
        earlier = self.recovery_decline
        if (earlier and earlier["known"]) or not (decline.known or decline.code or decline.excerpt):
            return
        now = fields.Datetime.now()
        # In sudo mode: a customer who pays in the portal can't read reasons.
        reason_sudo = self.env["recovery.decline.reason"].sudo()._find(decline.reason)
        self.recovery_decline = decline.to_dict(aware(now))
        self.recovery_reason_id = reason_sudo

    def _recovery_get_outcome(self):
        """Return what is known of the charge of this transaction, or none as long as it is a draft.

        :rtype: declines.Known | None
        """
        if self.state == "error" and self.recovery_unclear:
            return Known.UNKNOWN
        return OUTCOMES.get(self.state)

    def _recovery_check_not_in_flight(self):
        """Refuse a payment of an invoice that one of our charges pays, or has just paid.

        The invoices are touched: whichever of the portal and a worker comes second fails to
        serialise, looks again, and finds the other's payment.

        :raise ValidationError: when a charge is under way or its outcome is unknown
        """
        self.ensure_one()
        invoices_sudo = self.sudo().invoice_ids  # A customer can't read attempts.
        if not invoices_sudo:
            return
        invoices_sudo._recovery_touch()
        for invoice_sudo in invoices_sudo:
            if invoice_sudo._get_attempt_in_flight():
                raise ValidationError(
                    self.env._(
                        "A payment of %(invoice)s is being processed. Please look again in a few "
                        "minutes: nothing has to be paid twice.",
                        invoice=invoice_sudo.name,
                    )
                )
            if invoice_sudo._is_settled_by_charge():
                raise ValidationError(
                    self.env._("%(invoice)s has been paid already.", invoice=invoice_sudo.name)
                )

    def _recovery_look_up(self):
        """Ask the provider for the charge of this transaction, without sending it again.

        Hook for addons of providers that can be asked.

        :return: the payment data to process; ``False`` when the provider has no such charge;
            ``None`` when it can't be asked
        :rtype: dict | bool | None
        :raise ValidationError: when the provider does not answer
        """
        self.ensure_one()
        return look_up(self)

    def _recovery_can_ask(self):
        """Hook for addons that add a look-up: return whether the provider can be asked."""
        self.ensure_one()
        return can_ask(self)

    def _recovery_is_open(self):
        """Return whether the customer can finish the payment yet, as far as we know."""
        self.ensure_one()
        return BegunPayment(self).is_open()

    def _recovery_can_put_aside(self):
        """Return whether a begun payment can be withdrawn, or be asked for."""
        self.ensure_one()
        return self._recovery_can_withdraw() or BegunPayment(self).can_ask()

    def _recovery_put_aside(self):
        """Make way for another payment, by withdrawing this one or asking what came of it.

        :return: whether nothing is on its way by it
        """
        self.ensure_one()
        return BegunPayment(self).put_aside()

    def _recovery_can_withdraw(self):
        """Hook for addons: return whether a begun payment can be kept from ever being finished.

        :meth:`_recovery_withdraw` does it.
        """
        self.ensure_one()
        if not BegunPayment(self).is_open():
            return False
        if self.provider_code == "stripe":
            return (self.provider_reference or "").startswith("pi_")
        return self.provider_code == "demo"

    def _recovery_withdraw(self, reason):
        """Keep a payment that the customer began and left from being finished any more.

        One that was declined stays so.

        :param str reason: a sentence for people
        :return: whether that is certain; it isn't when they have just finished it
        :raise ValidationError: when the provider does not answer
        """
        self.ensure_one()
        if self.provider_code == "stripe" and not self._recovery_cancel_intent():
            return False
        self._recovery_close(reason)
        return True

    def _recovery_close(self, reason):
        """Keep that a payment can't be finished any more; one that was declined stays so."""
        self.ensure_one()
        self.recovery_stays_open = False
        if self.state == "draft":
            series.set_state(self, "canceled", reason)

    def _recovery_cancel_intent(self):
        """Cancel what a browser could still confirm at Stripe; return whether it is.

        :raise ValidationError: when Stripe does not answer
        """
        endpoint = f"payment_intents/{self.provider_reference}"
        try:
            self._send_api_request("POST", f"{endpoint}/cancel")
        except ValidationError:
            # Cancelled before, in a request that was run again, or paid this very moment.
            return self._send_api_request("GET", endpoint).get("status") == "canceled"
        return True

    # === CRON === #

    def _cron_post_process(self):
        """Override of `payment` to book charges of ours together, and leave the others to Odoo.

        When the job's time is over before that, it is run again.
        """
        if self or book_waiting(self.env):
            return super()._cron_post_process()
        return None

    @api.model
    def _recovery_resolve_begun(self):
        """Look up what customers began and left: a step of the job that follows invoices."""
        resolve_begun(self.env)
