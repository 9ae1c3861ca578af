# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The paths of Stripe's API that Odoo calls, and the objects they answer with."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .charges import Charges
from .errors import invalid_request, missing_parameter, unknown_url
from .forms import integer
from .intents import PaymentIntents
from .methods import Methods
from .setups import SetupIntents
from .state import State, StripeObject
from .webhooks import is_loopback

Params = dict[str, Any]
Handler = Callable[..., Any]

# Members that `expand` replaces by the object they name.
_EXPANDABLE = {
    "charge": "charge",
    "customer": "customer",
    "latest_charge": "charge",
    "mandate": "mandate",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
}


class Api:
    """Answers requests under `/v1/`. The caller holds the state's lock."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.methods = Methods(state)
        self.charges = Charges(state, self.methods)
        self.intents = PaymentIntents(state, self.methods, self.charges)
        self.setups = SetupIntents(state, self.methods, self.charges)
        self._routes = [
            (method, re.compile(f"/v1/{path}"), handler) for method, path, handler in self._table()
        ]

    def answer(self, method: str, path: str, params: Params) -> StripeObject:
        """Do what a request asks for and return the JSON body of the 200 answer.

        :raises StripeError: for every other answer
        """
        for verb, pattern, handler in self._routes:
            match = pattern.fullmatch(path)
            if verb == method and match:
                expand = params.get("expand") or []
                return self._expanded(handler(*match.groups(), params), expand)
        raise unknown_url(method, path)

    def _table(self) -> list[tuple[str, str, Handler]]:
        intents, setups, methods = self.intents, self.setups, self.methods
        id = r"(\w+)"
        return [
            ("POST", "customers", methods.create_customer),
            ("GET", f"customers/{id}/payment_methods", self._list_methods_of),
            ("POST", "payment_methods", methods.create),
            ("GET", "payment_methods", self._list_methods),
            ("POST", f"payment_methods/{id}", self._on("payment_method", methods.update)),
            ("POST", f"payment_methods/{id}/attach", self._attach),
            ("POST", f"payment_methods/{id}/detach", self._detach),
            ("POST", "payment_intents", intents.create),
            ("GET", "payment_intents", self._lister("payment_intent", "customer")),
            ("POST", f"payment_intents/{id}/confirm", self._on("payment_intent", intents.confirm)),
            ("POST", f"payment_intents/{id}/capture", self._on("payment_intent", intents.capture)),
            ("POST", f"payment_intents/{id}/cancel", self._on("payment_intent", intents.cancel)),
            ("POST", "setup_intents", setups.create),
            ("GET", "setup_intents", self._lister("setup_intent", "customer", "payment_method")),
            ("POST", f"setup_intents/{id}/confirm", self._on("setup_intent", setups.confirm)),
            ("POST", f"setup_intents/{id}/cancel", self._on("setup_intent", setups.cancel)),
            ("GET", "charges", self._lister("charge", "customer", "payment_intent")),
            ("POST", "refunds", self._refund),
            ("GET", "refunds", self._lister("refund", "charge", "payment_intent")),
            ("GET", "events", self._lister("event", "type")),
            ("POST", "webhook_endpoints", self._create_webhook),
            ("GET", "webhook_endpoints", self._lister("webhook_endpoint")),
            ("POST", "apple_pay/domains", self._register_domain),
            ("GET", f"([a-z_]+)s/{id}", self._retrieve),
        ]

    # Reading

    def _retrieve(self, kind: str, id: str, params: Params) -> StripeObject:
        if kind not in self.state.tables:
            raise unknown_url("GET", f"/v1/{kind}s/{id}")
        return self.state.get(kind, id)

    def _on(self, kind: str, action: Handler) -> Handler:
        return lambda id, params: action(self.state.get(kind, id), params)

    def _lister(self, kind: str, *filters: str) -> Handler:
        def list_objects(params: Params) -> StripeObject:
            wanted = {name: params[name] for name in filters if params.get(name)}
            found = [
                item
                for item in reversed(self.state.tables[kind].values())
                if all(item[name] == value for name, value in wanted.items())
                and _was_created(item, params.get("created"))
            ]
            return _page(found, f"/v1/{kind}s", params)

        return list_objects

    def _list_methods_of(self, customer: str, params: Params) -> StripeObject:
        found = self.methods.list_for_customer(customer, params)
        return _page(found, f"/v1/customers/{customer}/payment_methods", params)

    def _list_methods(self, params: Params) -> StripeObject:
        if not params.get("customer"):
            raise missing_parameter("customer")
        found = self.methods.list_for_customer(params["customer"], params)
        return _page(found, "/v1/payment_methods", params)

    def _expanded(self, body: StripeObject, expand: list[str] | str) -> StripeObject:
        body = dict(body)
        for path in [expand] if isinstance(expand, str) else expand:
            name = path.removeprefix("data.")
            if name not in _EXPANDABLE:
                raise invalid_request(f"This property cannot be expanded ({path}).", param="expand")
            if path.startswith("data."):
                body["data"] = [self._with_expanded(item, name) for item in body["data"]]
            else:
                body = self._with_expanded(body, name)
        return body

    def _with_expanded(self, item: StripeObject, name: str) -> StripeObject:
        expanded = self.state.tables[_EXPANDABLE[name]].get(item.get(name) or "")
        return {**item, name: expanded} if expanded else item

    # Writing

    def _attach(self, id: str, params: Params) -> StripeObject:
        if not params.get("customer"):
            raise missing_parameter("customer")
        return self.methods.attach(self.methods.resolve(id), params["customer"])

    def _detach(self, id: str, params: Params) -> StripeObject:
        return self.methods.detach(self.state.get("payment_method", id))

    def _refund(self, params: Params) -> StripeObject:
        if params.get("payment_intent"):
            intent = self.state.get("payment_intent", params["payment_intent"], "payment_intent")
            if not intent["latest_charge"]:
                raise invalid_request(
                    f"The PaymentIntent {intent['id']} does not have a successful charge to "
                    "refund.",
                    param="payment_intent",
                )
            charge = self.state.get("charge", intent["latest_charge"])
        elif params.get("charge"):
            charge = self.state.get("charge", params["charge"], "charge")
        else:
            raise missing_parameter("payment_intent")
        left = charge["amount_captured"] - charge["amount_refunded"]
        if charge["status"] != "succeeded" or not left:
            raise invalid_request(
                f"Charge {charge['id']} has already been refunded or was never paid.",
                code="charge_already_refunded",
            )
        amount = integer(params.get("amount") or left, "amount")
        if not 0 < amount <= left:
            raise invalid_request(
                f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).",
                param="amount",
            )
        return self.charges.refund(charge, amount)

    def _create_webhook(self, params: Params) -> StripeObject:
        if not params.get("url"):
            raise missing_parameter("url")
        if not is_loopback(params["url"]):
            raise invalid_request(
                "Invalid URL: this gateway sends webhooks to its own machine only.",
                param="url",
                code="url_invalid",
            )
        return self.state.new_object(
            "webhook_endpoint",
            "we",
            url=params["url"],
            enabled_events=params.get("enabled_events") or ["*"],
            api_version=params.get("api_version"),
            secret=self.state.new_id("whsec"),
            status="enabled",
        )

    def _register_domain(self, params: Params) -> StripeObject:
        # With test keys Stripe answers 200 and registers nothing; `livemode` tells.
        return {
            "id": self.state.new_id("apwc"),
            "object": "apple_pay_domain",
            "domain_name": params.get("domain_name"),
            "livemode": False,
        }


def _was_created(item: StripeObject, bounds: Any) -> bool:
    if not bounds:
        return True
    created = item["created"]
    if not isinstance(bounds, dict):
        return created == integer(bounds, "created")
    limits = {name: integer(value, f"created[{name}]") for name, value in bounds.items()}
    return (
        created >= limits.get("gte", created)
        and created > limits.get("gt", created - 1)
        and created <= limits.get("lte", created)
        and created < limits.get("lt", created + 1)
    )


def _page(found: list[StripeObject], url: str, params: Params) -> StripeObject:
    """Return one page of a list, newest first, as `limit` and `starting_after` ask for it."""
    after = params.get("starting_after")
    if after:
        ids = [item["id"] for item in found]
        found = found[ids.index(after) + 1 :] if after in ids else []
    limit = min(max(integer(params.get("limit") or 10, "limit"), 1), 100)
    return {
        "object": "list",
        "data": found[:limit],
        "has_more": len(found) > limit,
        "url": url,
    }
