# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Putting a charge to the issuer, and writing down what comes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..behaviours import (
    AUTHENTICATION_REQUIRED,
    PROCESSING,
    REQUIRES_ACTION,
    SUCCEED,
    Answer,
    ChargeRequest,
)
from .cards import DEBIT_TYPES
from .declines import DEBIT_FAILURES, decline_of, network_codes
from .errors import DOCUMENTATION, StripeError
from .ledger import Entry
from .methods import Methods
from .state import State, StripeObject

# How long a bank takes to say whether a debit was honoured: for SEPA usually five working days.
DEBIT_DELAY = timedelta(days=5)


class Charges:
    """Charges payment intents.

    :param debit_delay: the gateway's time between a bank debit and its outcome
    """

    def __init__(
        self, state: State, methods: Methods, debit_delay: timedelta = DEBIT_DELAY
    ) -> None:
        self.state = state
        self.methods = methods
        self.debit_delay = debit_delay

    def charge(self, intent: StripeObject, *, off_session: bool, authenticated: bool) -> None:
        """Charge the intent's payment method; the intent ends in its new status.

        :raises StripeError: 402 when the issuer declines; the intent has been changed and its
            event made all the same
        """
        method = self.state.tables["payment_method"][intent["payment_method"]]
        if method["type"] in DEBIT_TYPES:
            self._start_debit(intent, method)
            return
        answer = self._ask(intent, method, off_session, authenticated)
        asks = answer.outcome == AUTHENTICATION_REQUIRED and not off_session
        if answer.outcome == REQUIRES_ACTION or asks:
            intent["status"] = "requires_action"
            intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
            self.state.emit("payment_intent.requires_action", intent)
        elif answer.outcome == SUCCEED:
            self._succeed(intent, method)
        elif answer.outcome == PROCESSING:
            self._leave_open(intent, method, answer.seconds)
        else:
            raise self._decline(intent, method, answer)

    def capture(self, intent: StripeObject, amount: int) -> None:
        """Take the money of an authorised intent, and release what is more than `amount`."""
        charge = intent["charges"]["data"][0]
        charge |= {"captured": True, "amount_captured": amount}
        self._give_back(charge, charge["amount"] - amount)
        intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
        self._record("charge", charge, amount)
        self.state.emit("payment_intent.succeeded", intent)

    def release(self, intent: StripeObject) -> None:
        """Give back the hold of an authorised intent that is canceled."""
        charge = intent["charges"]["data"][0]
        self._give_back(charge, charge["amount"])
        charge |= {"refunded": True, "amount_refunded": charge["amount"]}
        intent["amount_capturable"] = 0

    def refund(self, charge: StripeObject, amount: int) -> StripeObject:
        """Send `amount` minor units of a charge back."""
        refund = self.state.new_object(
            "refund",
            "re",
            amount=amount,
            charge=charge["id"],
            currency=charge["currency"],
            payment_intent=charge["payment_intent"],
            reason=None,
            receipt_number=None,
            status="succeeded",
        )
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        charge["refunds"]["data"].insert(0, refund)
        charge["refunds"]["total_count"] += 1
        self._give_back(charge, amount)
        self._record("refund", charge, amount)
        self.state.emit("charge.refunded", charge)
        return refund

    # Cards

    def _ask(
        self, intent: StripeObject, method: StripeObject, off_session: bool, authenticated: bool
    ) -> Answer:
        self.state.counters.charges_attempted += 1
        behaviour = self.state.behaviours[method["id"]]
        if self.methods.has_expired(method):
            return Answer("expired_card")
        return behaviour.answer(
            ChargeRequest(
                amount=intent["amount"],
                currency=intent["currency"],
                instant=self.state.clock.now(),
                off_session=off_session,
                authenticated=authenticated,
                set_up=method["id"] in self.state.set_up,
            )
        )

    def _succeed(self, intent: StripeObject, method: StripeObject) -> None:
        manual = intent["capture_method"] == "manual"
        self._new_charge(intent, method, status="succeeded", captured=not manual)
        intent |= {"next_action": None, "last_payment_error": None}
        if manual:
            self._count_success(intent)
            intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
            self.state.emit("payment_intent.amount_capturable_updated", intent)
        else:
            self._receive(intent)

    def _receive(self, intent: StripeObject) -> None:
        self._count_success(intent)
        intent |= {"status": "succeeded", "amount_received": intent["amount"]}
        self._record("charge", intent["charges"]["data"][0], intent["amount"])
        self.state.emit("payment_intent.succeeded", intent)

    def _decline(self, intent: StripeObject, method: StripeObject, answer: Answer) -> StripeError:
        decline = decline_of(answer.outcome)
        network, advice = network_codes(answer.outcome, method["card"]["brand"])
        codes = {
            "advice_code": answer.advice_code or decline.advice,
            "network_decline_code": answer.network_decline_code or network,
            "network_advice_code": answer.network_advice_code or advice,
        }
        charge = self._new_charge(
            intent,
            method,
            status="failed",
            captured=False,
            failure_code=decline.code,
            failure_message=decline.message,
            outcome=_outcome(answer.outcome, codes),
        )
        details = {"code": decline.code, "decline_code": answer.outcome, **codes}
        self._count_decline(answer.outcome)
        self.fail(intent, method, decline.message, charge=charge["id"], **details)
        return StripeError(
            402,
            "card_error",
            decline.message,
            charge=charge["id"],
            payment_intent=intent,
            payment_method=method,
            **details,
        )

    def fail(
        self, intent: StripeObject, method: StripeObject, message: str, **details: Any
    ) -> None:
        """Leave the intent without a payment method, with the reason, and make the event."""
        intent |= {
            "status": "requires_payment_method",
            "payment_method": None,
            "next_action": None,
            "last_payment_error": {
                **{name: value for name, value in details.items() if value is not None},
                "doc_url": DOCUMENTATION + details["code"].replace("_", "-"),
                "message": message,
                "payment_method": method,
                "type": "card_error",
            },
        }
        self.state.emit("payment_intent.payment_failed", intent)

    def _leave_open(self, intent: StripeObject, method: StripeObject, seconds: float) -> None:
        """Answer `processing`, and let the issuer decide later; the event then tells.

        Cards may be in this status, too: docs.stripe.com/payments/paymentintents/lifecycle.
        """
        intent |= {"status": "processing", "next_action": None, "last_payment_error": None}
        self.state.emit("payment_intent.processing", intent)
        instant = self.state.clock.now() + timedelta(seconds=seconds)
        self.state.do_at(instant, lambda: self._decide(intent, method))

    def _decide(self, intent: StripeObject, method: StripeObject) -> None:
        answer = self._ask(intent, method, True, False)
        if answer.outcome == PROCESSING:
            self._leave_open(intent, method, answer.seconds)
        elif answer.outcome == SUCCEED:
            self._succeed(intent, method)
        else:
            self._decline(intent, method, answer)

    # Bank debits

    def _start_debit(self, intent: StripeObject, method: StripeObject) -> None:
        mandate = intent["mandate"] or self.new_mandate(method)["id"]
        charge = self._new_charge(intent, method, status="pending", captured=True)
        charge["payment_method_details"][method["type"]]["mandate"] = mandate
        intent |= {"status": "processing", "last_payment_error": None}
        self.state.emit("payment_intent.processing", intent)
        self.state.do_at(
            self.state.clock.now() + self.debit_delay, lambda: self._end_debit(intent, method)
        )

    def _end_debit(self, intent: StripeObject, method: StripeObject) -> None:
        charge = intent["charges"]["data"][0]
        answer = self._ask(intent, method, True, False)
        if answer.outcome == SUCCEED:
            charge["status"] = "succeeded"
            charge["paid"] = True
            self._receive(intent)
            return
        message = DEBIT_FAILURES.get(answer.outcome, "The bank refused this debit.")
        charge |= {
            "status": "failed",
            "captured": False,
            "amount_captured": 0,
            "failure_code": answer.outcome,
            "failure_message": message,
        }
        self._count_decline(answer.outcome)
        # Decline codes are for cards; for debits Stripe gives the reason in the other codes only.
        self.fail(
            intent,
            method,
            message,
            charge=charge["id"],
            code=answer.outcome,
            decline_code="generic_decline",
        )

    def new_mandate(self, method: StripeObject) -> StripeObject:
        """Record the customer's permission to debit a bank account."""
        return self.state.new_object(
            "mandate", "mandate", payment_method=method["id"], status="active", type="multi_use"
        )

    # Records

    def _new_charge(
        self,
        intent: StripeObject,
        method: StripeObject,
        *,
        status: str,
        captured: bool,
        **values: Any,
    ) -> StripeObject:
        details = {**method[method["type"]], "network": method.get("card", {}).get("brand")}
        charge = self.state.new_object(
            "charge",
            "ch" if method["type"] == "card" else "py",
            amount=intent["amount"],
            amount_captured=intent["amount"] if captured else 0,
            amount_refunded=0,
            billing_details=method["billing_details"],
            captured=captured,
            currency=intent["currency"],
            customer=intent["customer"],
            description=intent["description"],
            failure_code=None,
            failure_message=None,
            outcome=None if status == "pending" else _outcome(None, {}),
            paid=status == "succeeded",
            payment_intent=intent["id"],
            payment_method=method["id"],
            payment_method_details={"type": method["type"], method["type"]: details},
            refunded=False,
            refunds={"object": "list", "data": [], "has_more": False, "total_count": 0},
            status=status,
        )
        charge["metadata"] = intent["metadata"]
        charge.update(values)
        charge["refunds"]["url"] = f"/v1/charges/{charge['id']}/refunds"
        intent["charges"]["data"].insert(0, charge)
        intent["charges"]["total_count"] += 1
        intent["latest_charge"] = charge["id"]
        return charge

    def _count_success(self, intent: StripeObject) -> None:
        self.state.counters.charges_succeeded += 1
        self.state.counters.charged[intent["description"] or intent["id"]] += 1

    def _count_decline(self, reason: str) -> None:
        self.state.counters.charges_declined += 1
        self.state.counters.declines[reason] += 1

    def _give_back(self, charge: StripeObject, amount: int) -> None:
        behaviour = self.state.behaviours[charge["payment_method"]]
        behaviour.give_back(amount, self.state.clock.now())

    def _record(self, kind: str, charge: StripeObject, amount: int) -> None:
        self.state.ledger.append(
            Entry(
                instant=self.state.clock.now(),
                kind=kind,
                payment_intent=charge["payment_intent"],
                charge=charge["id"],
                amount=amount,
                currency=charge["currency"],
                customer=charge["customer"],
                payment_method=charge["payment_method"],
                description=charge["description"],
                metadata=charge["metadata"],
            )
        )


def _outcome(decline_code: str | None, codes: dict[str, str | None]) -> dict[str, Any]:
    declined = decline_code is not None
    by_network = declined and decline_of(decline_code).network is not None
    refused = "declined_by_network" if by_network else "not_sent_to_network"
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        **codes,
        "network_status": refused if declined else "approved_by_network",
        "reason": decline_code,
        "risk_level": "normal",
        "seller_message": "The bank declined the payment." if declined else "Payment complete.",
        "type": "issuer_declined" if declined else "authorized",
    }
