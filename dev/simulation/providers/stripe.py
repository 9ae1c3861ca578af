# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Stripe, whose calls the gateway itself answers; here is what the others have beside that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..behaviours import behaviour_from
from ..gateway.control import UPDATABLE
from ..gateway.declines import DECLINES
from ..gateway.state import StripeObject
from .provider import Card, Provider

WEBHOOK_SECRET = "whsec_simulation"


class Stripe(Provider):
    """Stripe; its objects are those of `gateway.state`, and a payment is an intent.

    Shapes of disputes: Stripe's API reference, *The Dispute object*, and *Types of events*,
    `charge.dispute.created`, `.funds_withdrawn`, `.funds_reinstated` (API 2019-05-16).
    """

    code = "stripe"
    host = r"api\.stripe\.com"
    money = r"/v1/payment_intents"
    route = "/payment/stripe/webhook"
    key_header = "Idempotency-Key"
    settings = {
        "stripe_secret_key": "sk_test_simulation",
        "stripe_publishable_key": "pk_test_simulation",
        "stripe_webhook_secret": WEBHOOK_SECRET,
    }
    secrets = ("stripe_secret_key",)
    declines = DECLINES
    impossible = {"capture_failed": "Stripe takes a card's money at once, or not at all"}

    def add_card(self, behaviour: Mapping[str, Any] | None = None, **details: Any) -> Card:
        """Save a card at the gateway."""
        acting = behaviour_from(dict(behaviour or {}), self.state.clock.now())
        made = self.gateway.add_card(acting, **details)
        card = Card(made["payment_method"], made["customer"], acting)
        card.values = {
            "provider_ref": card.customer,
            "stripe_payment_method": card.token,
            "payment_details": made["card"]["last4"],
        }
        return card

    def find(self, reference: str) -> StripeObject | None:
        """Return the last intent with this description."""
        intents = self.state.tables["payment_intent"].values()
        found = [each for each in intents if each["description"] == reference]
        return found[-1] if found else None

    def take_back(self, payment: StripeObject, told: str) -> None:
        """Refund or dispute the charge of an intent."""
        with self.state.lock:
            charge = payment["charges"]["data"][0]
            if told == "refunded":
                self.gateway.service.api.charges.refund(charge, charge["amount"])
                return
            kind, status = {
                "dispute_notice": ("created", "needs_response"),
                "disputed": ("funds_withdrawn", "needs_response"),
                "dispute_won": ("funds_reinstated", "won"),
            }[told]
            self.state.emit(f"charge.dispute.{kind}", self._make_dispute(charge, status))

    def update_card(self, card: Card, url: str, key: str) -> None:
        """Let the network's card updater renew a card."""
        with self.state.lock:
            method = self.state.get("payment_method", card.token)
            new = dict(zip(UPDATABLE[:2], (8, 2031), strict=True))
            previous = {name: method["card"][name] for name in new}
            method["card"].update(new)
            self.state.emit("payment_method.automatically_updated", method, {"card": previous})

    def _make_dispute(self, charge: StripeObject, status: str) -> StripeObject:
        now = self.state.clock.timestamp()
        return {
            "id": f"dp_{charge['id'][3:]}",
            "object": "dispute",
            "amount": charge["amount"],
            "charge": charge["id"],
            "created": now,
            "currency": charge["currency"],
            "evidence_details": {"due_by": now + 14 * 24 * 3600, "has_evidence": False},
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "network_reason_code": "10.4",
            "payment_intent": charge["payment_intent"],
            "reason": "fraudulent",
            "status": status,
        }
