# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Customers and their payment methods."""

from __future__ import annotations

import calendar
from datetime import datetime, timezone
from typing import Any

from ..behaviours import SUCCEED, Answer, Behaviour, CardBehaviour
from .cards import (
    BY_METHOD,
    DEBIT_TYPES,
    FAILING_ACCOUNTS,
    TestCard,
    card_details,
    debit_details,
    test_card,
)
from .declines import decline_of
from .errors import StripeError, invalid_request, missing_parameter, no_such_object
from .forms import integer
from .state import State, StripeObject

_NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


class Methods:
    """What Stripe's API does with customers and payment methods."""

    def __init__(self, state: State) -> None:
        self.state = state

    # Customers

    def create_customer(self, params: dict[str, Any]) -> StripeObject:
        """`POST customers`."""
        customer = self.state.new_object(
            "customer",
            "cus",
            **{name: params.get(name) for name in ("description", "email", "name", "phone")},
            address={**_NO_ADDRESS, **params["address"]} if "address" in params else None,
            balance=0,
            currency=None,
            default_source=None,
            delinquent=False,
            invoice_settings={"default_payment_method": None},
            shipping=None,
        )
        customer["metadata"] = params.get("metadata") or {}
        if params.get("payment_method"):
            self.attach(self.resolve(params["payment_method"]), customer["id"])
        return customer

    def list_for_customer(self, customer_id: str, params: dict[str, Any]) -> list[StripeObject]:
        """`GET customers/…/payment_methods` and `GET payment_methods`: newest first."""
        self.state.get("customer", customer_id)
        wanted = params.get("type")
        return [
            method
            for method in self.state.tables["payment_method"].values()
            if method["customer"] == customer_id and wanted in {None, method["type"]}
        ][::-1]

    # Payment methods

    def create(self, params: dict[str, Any]) -> StripeObject:
        """`POST payment_methods` with `type` and the details of that type.

        :raises StripeError: 400 for a missing or unknown parameter, 402 for a wrong number or date
        """
        type = params.get("type") or ("card" if "card" in params else None)
        if not type:
            raise missing_parameter("type")
        values = params.get(type) or {}
        if type == "card":
            return self._create_card(values, params)
        if type not in DEBIT_TYPES:
            raise invalid_request(
                f"Invalid type: must be one of card, {', '.join(DEBIT_TYPES)}.", param="type"
            )
        number, details = debit_details(type, values)
        failure = FAILING_ACCOUNTS.get(number)
        behaviour = CardBehaviour(afterwards=Answer(failure) if failure else None)
        return self.add(type, details, behaviour, params)

    def resolve(self, id: str) -> StripeObject:
        """Return a payment method; a test id such as `pm_card_visa` makes a new one.

        :raises StripeError: 400 `resource_missing`
        """
        if id in self.state.tables["payment_method"]:
            return self.state.tables["payment_method"][id]
        card = BY_METHOD.get(id)
        if card is None:
            raise no_such_object("PaymentMethod", id, "payment_method", status=400)
        return self._add_test_card(card, 12, self.state.clock.now().year + 5, {})

    def add(
        self,
        type: str,
        details: dict[str, Any],
        behaviour: Behaviour,
        params: dict[str, Any] | None = None,
    ) -> StripeObject:
        """Create a payment method with anybody behind it."""
        params = params or {}
        method = self.state.new_object(
            "payment_method",
            "pm",
            billing_details={
                "address": _NO_ADDRESS,
                "email": None,
                "name": None,
                "phone": None,
                **(params.get("billing_details") or {}),
            },
            customer=None,
            type=type,
        )
        method["metadata"] = params.get("metadata") or {}
        method[type] = details
        self.state.behaviours[method["id"]] = behaviour
        return method

    def attach(self, method: StripeObject, customer_id: str) -> StripeObject:
        """`POST payment_methods/…/attach`: save the method for charges to come.

        :raises StripeError: 402 when the issuer refuses, 400 when another customer has it
        """
        self.state.get("customer", customer_id, "customer")
        if method["customer"] == customer_id:
            return method
        if method["customer"]:
            raise invalid_request(
                "The payment method you provided has already been attached to a customer."
            )
        answer = self.verify(method)
        # Attaching alone asks for no 3-D Secure: the first charge will.
        if answer.outcome not in {SUCCEED, "authentication_required"}:
            raise self.declined(method, answer)
        method["customer"] = customer_id
        return method

    def update(self, method: StripeObject, params: dict[str, Any]) -> StripeObject:
        """`POST payment_methods/…`: the merchant writes a new validity or billing address.

        :raises StripeError: 400 for a number that is none
        """
        previous: dict[str, Any] = {}
        for part in ("billing_details", "card"):
            new = dict(params.get(part) or {})
            for name in {"exp_month", "exp_year"} & new.keys():
                new[name] = integer(new[name], f"card[{name}]")
            if new:
                known = method.get(part) or {}
                previous[part] = {name: known.get(name) for name in new}
                method[part] = {**known, **new}
        self.state.emit("payment_method.updated", method, previous)
        return method

    def detach(self, method: StripeObject) -> StripeObject:
        """`POST payment_methods/…/detach`.

        :raises StripeError: 400 when nobody has it
        """
        if not method["customer"]:
            raise invalid_request(
                "The payment method you provided is not attached to a customer so detachment is "
                "impossible."
            )
        method["customer"] = None
        self.state.emit("payment_method.detached", method)
        return method

    # The issuer

    def verify(self, method: StripeObject) -> Answer:
        """Ask the issuer whether the method may be saved."""
        if self.has_expired(method):
            return Answer("expired_card")
        return self.state.behaviours[method["id"]].verify(self.state.clock.now())

    def has_expired(self, method: StripeObject) -> bool:
        """Return whether a card's last month is over, in UTC."""
        if method["type"] != "card":
            return False
        year, month = method["card"]["exp_year"], method["card"]["exp_month"]
        last = calendar.monthrange(year, month)[1]
        end = datetime(year, month, last, 23, 59, 59, tzinfo=timezone.utc)
        return self.state.clock.now() > end

    def declined(self, method: StripeObject, answer: Answer, **details: Any) -> StripeError:
        """Return the 402 for a method that was refused while it was being saved."""
        decline = decline_of(answer.outcome)
        return StripeError(
            402,
            "card_error",
            decline.message,
            code=decline.code,
            decline_code=answer.outcome,
            payment_method=method,
            **details,
        )

    def _create_card(self, values: dict[str, Any], params: dict[str, Any]) -> StripeObject:
        token = values.get("token")
        if token:
            card = BY_METHOD.get(f"pm_card_{token.removeprefix('tok_')}")
            if card is None:
                raise no_such_object("token", token, "card[token]", status=400)
            return self._add_test_card(card, 12, self.state.clock.now().year + 5, params)
        for name in ("number", "exp_month", "exp_year"):
            if not values.get(name):
                raise missing_parameter(f"card[{name}]")
        card = test_card(str(values["number"]).replace(" ", ""))
        month = integer(values["exp_month"], "card[exp_month]")
        year = integer(values["exp_year"], "card[exp_year]")
        year += 2000 if year < 100 else 0
        if not 1 <= month <= 12:
            raise _bad_date("Your card's expiration month is invalid.", "month")
        method = self._add_test_card(card, month, year, params)
        if self.has_expired(method):
            del self.state.tables["payment_method"][method["id"]]
            raise _bad_date("Your card's expiration year is invalid.", "year")
        return method

    def _add_test_card(
        self, card: TestCard, month: int, year: int, params: dict[str, Any]
    ) -> StripeObject:
        details = card_details(card.number, month, year, card)
        method = self.add("card", details, card.behaviour(), params)
        if card.method.endswith("SetupForOffSession"):
            self.state.set_up.add(method["id"])
        return method


def _bad_date(message: str, part: str) -> StripeError:
    return StripeError(
        402, "card_error", message, code=f"invalid_expiry_{part}", param=f"exp_{part}"
    )
