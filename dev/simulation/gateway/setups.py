# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Setup intents: saving a payment method without a charge."""

from __future__ import annotations

from typing import Any

from ..behaviours import AUTHENTICATION_REQUIRED, SUCCEED
from .cards import DEBIT_TYPES
from .charges import Charges
from .errors import StripeError, invalid_request
from .forms import truth
from .methods import Methods
from .state import State, StripeObject


class SetupIntents:
    """What Stripe's API does under `setup_intents`."""

    def __init__(self, state: State, methods: Methods, charges: Charges) -> None:
        self.state = state
        self.methods = methods
        self.charges = charges

    def create(self, params: dict[str, Any]) -> StripeObject:
        """`POST setup_intents`.

        :raises StripeError: 400 for a wrong parameter, 402 when confirmed and refused
        """
        customer = params.get("customer") or None
        if customer:
            self.state.get("customer", customer, "customer")
        intent = self.state.new_object(
            "setup_intent",
            "seti",
            cancellation_reason=None,
            customer=customer,
            description=params.get("description") or None,
            last_setup_error=None,
            mandate=None,
            next_action=None,
            payment_method=None,
            payment_method_options=params.get("payment_method_options") or {},
            payment_method_types=params.get("payment_method_types") or ["card"],
            status="requires_payment_method",
            usage=params.get("usage") or "off_session",
        )
        intent["client_secret"] = f"{intent['id']}_secret_{self.state.new_id('s')[2:]}"
        intent["metadata"] = params.get("metadata") or {}
        if params.get("payment_method"):
            method = self.methods.resolve(params["payment_method"])
            intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
        return self.confirm(intent, {}) if truth(params.get("confirm")) else intent

    def confirm(self, intent: StripeObject, params: dict[str, Any]) -> StripeObject:
        """`POST setup_intents/…/confirm`: ask the issuer, and attach the method.

        :raises StripeError: 400 in another status or without a method, 402 when refused
        """
        if intent["status"] not in {"requires_payment_method", "requires_confirmation"}:
            raise _unexpected("confirm", intent)
        if params.get("payment_method_data"):
            method = self.methods.create(params["payment_method_data"])
            intent["payment_method"] = method["id"]
        elif params.get("payment_method"):
            intent["payment_method"] = self.methods.resolve(params["payment_method"])["id"]
        if not intent["payment_method"]:
            raise invalid_request(
                "You cannot confirm this SetupIntent because it's missing a payment method.",
                code="setup_intent_unexpected_state",
                setup_intent=intent,
            )
        method = self.state.tables["payment_method"][intent["payment_method"]]
        answer = self.methods.verify(method)
        if answer.outcome == AUTHENTICATION_REQUIRED:
            intent["status"] = "requires_action"
            intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        elif answer.outcome == SUCCEED:
            self._succeed(intent, method)
        else:
            refusal = self.methods.declined(method, answer)
            self._fail(intent, refusal)
            refusal.details["setup_intent"] = intent
            raise refusal
        return intent

    def authenticate(self, intent: StripeObject, succeed: bool) -> None:
        """Play the customer who answers the 3-D Secure question.

        :raises StripeError: 400 when nothing was asked
        """
        if intent["status"] != "requires_action":
            raise _unexpected("authenticate", intent)
        if succeed:
            self.state.set_up.add(intent["payment_method"])
            self._succeed(intent, self.state.tables["payment_method"][intent["payment_method"]])
        else:
            self._fail(
                intent,
                invalid_request(
                    "The latest attempt to set up the payment method has failed because "
                    "authentication failed.",
                    code="setup_intent_authentication_failure",
                ),
            )

    def cancel(self, intent: StripeObject, params: dict[str, Any]) -> StripeObject:
        """`POST setup_intents/…/cancel`."""
        if intent["status"] in {"succeeded", "canceled"}:
            raise _unexpected("cancel", intent)
        intent["status"] = "canceled"
        intent["cancellation_reason"] = params.get("cancellation_reason")
        return intent

    def _succeed(self, intent: StripeObject, method: StripeObject) -> None:
        if intent["customer"]:
            method["customer"] = intent["customer"]
        if method["type"] in DEBIT_TYPES:
            intent["mandate"] = self.charges.new_mandate(method)["id"]
        intent |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
        self.state.emit("setup_intent.succeeded", intent)

    def _fail(self, intent: StripeObject, error: StripeError) -> None:
        intent |= {
            "status": "requires_payment_method",
            "payment_method": None,
            "next_action": None,
            "last_setup_error": dict(error.body()["error"]),
        }
        self.state.emit("setup_intent.setup_failed", intent)


def _unexpected(verb: str, intent: StripeObject) -> StripeError:
    return invalid_request(
        f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}.",
        code="setup_intent_unexpected_state",
        setup_intent=intent,
    )
