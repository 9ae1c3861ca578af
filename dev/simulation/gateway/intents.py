# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Payment intents: from the wish to charge to the money, or to the reason why not."""

from __future__ import annotations

from typing import Any

from .charges import Charges
from .errors import StripeError, invalid_request, missing_parameter
from .forms import integer, truth
from .methods import Methods
from .state import State, StripeObject

# The least that Stripe charges, in minor units; 50 for the other currencies with cents.
MINIMUM = {"gbp": 30, "jpy": 50, "dkk": 250, "nok": 300, "sek": 300, "pln": 200, "huf": 17500}
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation")
_CANCELABLE = (*_CONFIRMABLE, "requires_action", "requires_capture")


class PaymentIntents:
    """What Stripe's API does under `payment_intents`."""

    def __init__(self, state: State, methods: Methods, charges: Charges) -> None:
        self.state = state
        self.methods = methods
        self.charges = charges

    def create(self, params: dict[str, Any]) -> StripeObject:
        """`POST payment_intents`, and the charge with it when `confirm` is true.

        :raises StripeError: 400 for a wrong parameter, 402 when the issuer declines
        """
        amount, currency = _money(params)
        customer = params.get("customer") or None
        if customer:
            self.state.get("customer", customer, "customer")
        confirm = truth(params.get("confirm"))
        if truth(params.get("off_session")) and not confirm:
            raise invalid_request(
                "off_session can only be used when confirm is true.", param="off_session"
            )
        # Looked up before anything is kept: a request that is refused leaves no intent behind.
        method = self._method(params, customer)
        types = params.get("payment_method_types") or ["card"]
        if method is not None:
            _check_type(method, types)
        intent = self._new(params, amount, currency, customer, types)
        if method is not None:
            intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
        return (
            self.confirm(intent, {"off_session": params.get("off_session")}) if confirm else intent
        )

    def confirm(self, intent: StripeObject, params: dict[str, Any]) -> StripeObject:
        """`POST payment_intents/…/confirm`.

        :raises StripeError: 400 in another status or without a method, 402 when declined
        """
        if intent["status"] not in _CONFIRMABLE:
            raise _unexpected("confirm", intent)
        method = self._method(params, intent["customer"])
        if method is not None:
            _check_type(method, intent["payment_method_types"])
            intent["payment_method"] = method["id"]
        if params.get("setup_future_usage"):
            intent["setup_future_usage"] = params["setup_future_usage"]
        if not intent["payment_method"]:
            raise invalid_request(
                "You cannot confirm this PaymentIntent because it's missing a payment method.",
                code="payment_intent_unexpected_state",
                payment_intent=intent,
            )
        used = intent["payment_method"]
        self.charges.charge(
            intent, off_session=truth(params.get("off_session")), authenticated=False
        )
        self._save_method(intent, used, authenticated=False)
        return intent

    def authenticate(self, intent: StripeObject, succeed: bool) -> None:
        """Play the customer who answers the 3-D Secure question of an intent.

        :raises StripeError: 400 when nothing was asked, 402 when the issuer then declines
        """
        if intent["status"] != "requires_action":
            raise _unexpected("authenticate", intent)
        used = intent["payment_method"]
        if not succeed:
            self.charges.fail(
                intent,
                self.state.tables["payment_method"][used],
                "The provided PaymentMethod has failed authentication. You can provide "
                "payment_method_data or a new PaymentMethod to attempt to fulfill this "
                "PaymentIntent again.",
                code="payment_intent_authentication_failure",
            )
            return
        self.charges.charge(intent, off_session=False, authenticated=True)
        self._save_method(intent, used, authenticated=True)

    def capture(self, intent: StripeObject, params: dict[str, Any]) -> StripeObject:
        """`POST payment_intents/…/capture`, of all or of `amount_to_capture` minor units."""
        if intent["status"] != "requires_capture":
            raise _unexpected("capture", intent)
        amount = integer(params.get("amount_to_capture") or intent["amount"], "amount_to_capture")
        if not 0 < amount <= intent["amount_capturable"]:
            raise invalid_request(
                "Amount to capture is larger than the amount that can be captured.",
                param="amount_to_capture",
                code="amount_too_large",
            )
        self.charges.capture(intent, amount)
        return intent

    def cancel(self, intent: StripeObject, params: dict[str, Any]) -> StripeObject:
        """`POST payment_intents/…/cancel`: nothing can be charged with it any more."""
        if intent["status"] not in _CANCELABLE:
            raise _unexpected("cancel", intent)
        if intent["status"] == "requires_capture":
            self.charges.release(intent)
        intent |= {
            "status": "canceled",
            "canceled_at": self.state.clock.timestamp(),
            "cancellation_reason": params.get("cancellation_reason"),
            "next_action": None,
        }
        self.state.emit("payment_intent.canceled", intent)
        return intent

    def _new(
        self,
        params: dict[str, Any],
        amount: int,
        currency: str,
        customer: str | None,
        types: list[str],
    ) -> StripeObject:
        intent = self.state.new_object(
            "payment_intent",
            "pi",
            amount=amount,
            amount_capturable=0,
            amount_received=0,
            canceled_at=None,
            cancellation_reason=None,
            capture_method=params.get("capture_method") or "automatic",
            charges={"object": "list", "data": [], "has_more": False, "total_count": 0},
            confirmation_method="automatic",
            currency=currency,
            customer=customer,
            description=params.get("description") or None,
            last_payment_error=None,
            latest_charge=None,
            mandate=params.get("mandate") or None,
            next_action=None,
            payment_method=None,
            payment_method_options=params.get("payment_method_options") or {},
            payment_method_types=types,
            receipt_email=params.get("receipt_email"),
            setup_future_usage=params.get("setup_future_usage"),
            shipping=params.get("shipping"),
            status="requires_payment_method",
        )
        intent["client_secret"] = f"{intent['id']}_secret_{self.state.new_id('s')[2:]}"
        intent["charges"]["url"] = f"/v1/charges?payment_intent={intent['id']}"
        intent["metadata"] = params.get("metadata") or {}
        return intent

    def _method(self, params: dict[str, Any], customer: str | None) -> StripeObject | None:
        if params.get("payment_method_data"):
            return self.methods.create(params["payment_method_data"])
        if not params.get("payment_method"):
            return None
        method = self.methods.resolve(params["payment_method"])
        if method["customer"] != customer and (method["customer"] or params.get("off_session")):
            raise invalid_request(
                f"The customer does not have a payment method with the ID {method['id']}. The "
                "payment method must be attached to the customer.",
                param="payment_method",
                code="resource_missing",
            )
        return method

    def _save_method(self, intent: StripeObject, used: str, *, authenticated: bool) -> None:
        """Attach a method that was to be saved, once the charge has not been refused."""
        if not intent["setup_future_usage"] or intent["status"] == "requires_action":
            return
        if intent["customer"]:
            self.state.tables["payment_method"][used]["customer"] = intent["customer"]
        if authenticated:
            self.state.set_up.add(used)


def _money(params: dict[str, Any]) -> tuple[int, str]:
    for name in ("amount", "currency"):
        if not params.get(name):
            raise missing_parameter(name)
    currency = str(params["currency"]).lower()
    if len(currency) != 3 or not currency.isalpha():
        raise invalid_request(f"Invalid currency: {currency}.", param="currency")
    amount = integer(params["amount"], "amount")
    if amount < MINIMUM.get(currency, 50):
        raise invalid_request(
            "Amount must be at least the minimum charge amount.",
            param="amount",
            code="amount_too_small",
        )
    return amount, currency


def _check_type(method: StripeObject, types: list[str]) -> None:
    if method["type"] not in types:
        raise invalid_request(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this "
            f"PaymentIntent. Please attach a PaymentMethod of one of these types: "
            f"{', '.join(types)}.",
            param="payment_method",
        )


def _unexpected(verb: str, intent: StripeObject) -> StripeError:
    return invalid_request(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )
