# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The control API under `/_gateway/`: what a test or the demo sets and asks.

Bodies are JSON, instants ISO 8601 with a time zone, amounts minor units. A wrong request is
answered with 400 and `{"error": "…"}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..behaviours import Behaviour, behaviour_from
from .cards import DEBIT_TYPES, TestCard, card_details, debit_details, fingerprint_of
from .errors import StripeError
from .idempotency import Response
from .state import StripeObject
from .webhooks import WebhookSettings

if TYPE_CHECKING:
    from .server import Gateway

Values = dict[str, Any]
# What the card updater of a network may change.
UPDATABLE = ("exp_month", "exp_year", "last4", "fingerprint")


class ControlError(Exception):
    """A request to the control API that cannot be done."""


class Control:
    """Answers requests under `/_gateway/`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._state = gateway.state
        self._routes: dict[tuple[str, str], Callable[[Values], Any]] = {
            ("GET", "health"): self._health,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._set_clock,
            ("POST", "front"): lambda values: {"url": gateway.open_front()},
            ("POST", "cards"): self._create_card,
            ("POST", "cards/behaviour"): self._change_behaviour,
            ("POST", "cards/update"): self._update_card,
            ("POST", "authenticate"): self._authenticate,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._set_faults,
            ("GET", "webhooks"): lambda values: gateway.webhooks.to_dict(),
            ("GET", "webhooks/counts"): lambda values: gateway.webhooks.counts(),
            ("POST", "webhooks"): self._set_webhooks,
            ("POST", "webhooks/flush"): self._flush,
            ("GET", "ledger"): self._ledger,
            ("GET", "ledger/totals"): lambda values: self._state.ledger.totals(),
            ("GET", "counters"): lambda values: self._state.counters.to_dict(),
            ("POST", "reset"): self._reset,
        }

    def answer(self, method: str, path: str, values: Values) -> Response:
        """Do what a request asks for."""
        action = self._routes.get((method, path))
        if action is None:
            return Response.of(404, {"error": f"The gateway has no {method} {path}."})
        try:
            # Delivering calls Odoo, which calls the gateway back: that one goes without the lock.
            if path == "webhooks/flush":
                return Response.of(200, action(values))
            with self._state.lock:
                return Response.of(200, action(values))
        except (ControlError, KeyError, TypeError, ValueError) as error:
            text = f"{error} is missing." if isinstance(error, KeyError) else str(error)
            return Response.of(400, {"error": text})

    # Clock

    def _health(self, values: Values) -> Values:
        return {"ok": True, **self._clock(values)}

    def _clock(self, values: Values) -> Values:
        clock = self._state.clock
        mode = "manual" if clock.is_manual else "real"
        return {"mode": mode, "now": clock.now().isoformat(), "waiting": self._state.waiting}

    def _set_clock(self, values: Values) -> Values:
        clock = self._state.clock
        if values.get("mode") == "real":
            clock.follow_machine()
            return {**self._clock({}), "happened": 0}
        if "ahead_seconds" in values:
            clock.put_ahead(timedelta(seconds=values["ahead_seconds"]))
            return {"happened": self._state.run_due(), **self._clock({})}
        if "advance_seconds" in values:
            if not clock.is_manual:
                raise ControlError("The clock is real; set it to an instant first.")
            instant = clock.now() + timedelta(seconds=values["advance_seconds"])
        else:
            instant = datetime.fromisoformat(values["now"])
        return {"happened": self._state.move_clock(instant), **self._clock({})}

    # Cards

    def _create_card(self, values: Values) -> Values:
        values = dict(values)
        behaviour = behaviour_from(values.pop("behaviour", None) or {}, self._state.clock.now())
        return self._gateway.add_card(behaviour, **values)

    def _change_behaviour(self, values: Values) -> Values:
        method = self._method(values)
        self._state.behaviours[method["id"]] = behaviour_from(
            values["behaviour"], self._state.clock.now()
        )
        return method

    def _update_card(self, values: Values) -> Values:
        """Play the card updater of the network: the same method, with new data on it."""
        method = self._method(values)
        new = {name: values[name] for name in UPDATABLE if name in values}
        if "last4" in new:  # Another number, which the fingerprint stands for.
            new.setdefault("fingerprint", fingerprint_of(self._state.new_number(new["last4"])))
        previous = {name: method["card"][name] for name in new}
        method["card"].update(new)
        self._state.emit("payment_method.automatically_updated", method, {"card": previous})
        return method

    def _method(self, values: Values) -> StripeObject:
        try:
            return self._state.get("payment_method", values["payment_method"])
        except StripeError as error:
            raise ControlError(error.message) from error

    def _authenticate(self, values: Values) -> StripeObject:
        api = self._gateway.service.api
        kind = "setup_intent" if values["intent"].startswith("seti_") else "payment_intent"
        intents = api.setups if kind == "setup_intent" else api.intents
        try:
            intent = self._state.get(kind, values["intent"])
            intents.authenticate(intent, bool(values.get("succeed", True)))
        except StripeError as error:
            # A decline after the customer's proof is a result, which the intent shows.
            if error.status != 402:
                raise ControlError(error.message) from error
        return intent

    # Faults and webhooks

    def _faults(self, values: Values) -> Values:
        return {
            "scripted": self._gateway.faults.scripted,
            "happened": dict(self._state.counters.faults),
            "late": list(self._gateway.service.late),
            "running": self._gateway.service.running,
        }

    def _set_faults(self, values: Values) -> Values:
        self._gateway.faults.configure(**values)
        return self._faults({})

    def _set_webhooks(self, values: Values) -> Values:
        self._gateway.webhooks.configure(WebhookSettings(**values))
        return self._gateway.webhooks.to_dict()

    def _flush(self, values: Values) -> Values:
        deliveries = self._gateway.webhooks.flush(**values)
        return {"deliveries": [asdict(delivery) for delivery in deliveries]}

    # Money

    def _ledger(self, values: Values) -> Values:
        entries = self._state.ledger.entries(**values)
        return {"entries": [entry.to_dict() for entry in entries]}

    def _reset(self, values: Values) -> Values:
        self._gateway.reset(datetime.fromisoformat(values["now"]) if values.get("now") else None)
        return self._health({})


def add_card(
    gateway: Gateway,
    behaviour: Behaviour,
    *,
    type: str = "card",
    brand: str = "visa",
    country: str = "US",
    funding: str = "credit",
    exp_month: int = 12,
    exp_year: int | None = None,
    last4: str | None = None,
    number: str | None = None,
    customer: Values | str | None = None,
) -> Values:
    """Create a payment method that nobody has refused, and attach it; see `Gateway.add_card`."""
    state = gateway.state
    methods = gateway.service.api.methods
    number = number or state.new_number(last4)
    if type == "card":
        card = TestCard(number, "", brand, country, funding)
        year = exp_year or state.clock.now().year + 3
        details = card_details(number, exp_month, year, card)
    elif type in DEBIT_TYPES:
        iban = f"{country}00{number}" if type == "sepa_debit" else number
        details = debit_details(type, {"iban": iban, "account_number": number})[1]
    else:
        raise ValueError(f"A method is a card or one of {', '.join(DEBIT_TYPES)}, not {type!r}.")
    if isinstance(customer, str) and customer not in state.tables["customer"]:
        raise ValueError(f"There is no customer {customer!r}.")
    method = methods.add(type, details, behaviour)
    if not isinstance(customer, str):
        customer = methods.create_customer(customer or {})["id"]
    method["customer"] = customer
    return {"payment_method": method["id"], "customer": customer, type: details, "type": type}
