# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Flutterwave, as its API v3 and its webhooks speak.

Shapes: developer.flutterwave.com (v3.0), *Charge with token*, *Verify transaction by reference*,
*Common errors*, *Webhooks* (read in 2026). The answer to a charge and the data of a webhook are one
shape; a recorded webhook of a paid charge is in emmanuel-dcoder/unistore-api, webhook.ts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from ..gateway.errors import ApiError
from ..gateway.idempotency import Response
from .provider import Card, Payment, Provider

_SECRET, _HASH = "FLWSECK_TEST-simulated", "verif-hash-of-the-merchant"
_STATUSES = {"pending": "pending", "paid": "successful", "declined": "failed"}


class Flutterwave(Provider):
    """Flutterwave: words instead of codes; it can be asked by our reference."""

    code = "flutterwave"
    host = r"api\.flutterwave\.com"
    money = r"/at/flutterwave/v3/tokenized-charges"
    route = "/payment/flutterwave/webhook"
    settings = {
        "flutterwave_public_key": "FLWPUBK_TEST-simulated",
        "flutterwave_secret_key": _SECRET,
        "flutterwave_webhook_secret": _HASH,
    }
    secrets = ("flutterwave_secret_key",)
    declines = {
        "insufficient_funds": "Insufficient Funds",
        "generic_decline": "Declined",
        "do_not_honor": "Do Not Honor",
        "expired_card": "Expired Card",
        "incorrect_number": "Invalid card number",
        "lost_card": "Lost card",
        "stolen_card": "Stolen card",
        "restricted_card": "Restricted card",
        "card_velocity_exceeded": "Exceeds withdrawal limit",
        "processing_error": "System malfunction",
        "issuer_not_available": "Issuer or switch inoperative",
        "authentication_required": "Authentication required",
    }
    impossible = {
        "key_in_use": "Odoo's addon sends no idempotency key to Flutterwave",
        "refund_at_the_provider": "Odoo's route takes Flutterwave's charge.completed only",
        "dispute_is_announced": "Odoo's route takes Flutterwave's charge.completed only",
        "dispute_is_lost": "Odoo's route takes Flutterwave's charge.completed only",
        "dispute_is_won": "Odoo's route takes Flutterwave's charge.completed only",
        "capture_failed": "Flutterwave has no such event",
        "card_is_renewed": "Flutterwave tells merchants nothing of renewed cards",
        "network_advice": "Flutterwave gives no codes or advice of the networks",
    }

    def name_card(self, card: Card) -> dict[str, Any]:
        """Return the fields of Odoo's saved method."""
        return {**super().name_card(card), "flutterwave_customer_email": card.email}

    def authenticate(self, path: str, params: Any, headers: Mapping[str, str]) -> None:
        """Refuse whoever has not the secret key."""
        if headers.get("Authorization") != f"Bearer {_SECRET}":
            raise self.refuse("error_401")

    def refuse(self, kind: str) -> ApiError | None:
        """Return the error of a fault; it knows no keys that could be in use."""
        found = {
            "error_401": (401, "Invalid authorization key"),
            "error_404": (404, "Resource not found"),
            "error_429": (429, "Too many requests"),
            "error_500": (500, "An error occurred, please contact support"),
        }.get(kind)
        return found and _error(*found)

    def read(self, query: str, body: str) -> Any:
        """Return the parameters of a GET, or the body of a POST."""
        if body:
            return super().read(query, body)
        return {name: values[0] for name, values in parse_qs(query).items()}

    def answer(self, method: str, path: str, params: Any) -> Response:
        """Charge a token, or verify a charge by our reference."""
        if (method, path) == ("GET", "/v3/transactions/verify_by_reference"):
            payment = self.find(params["tx_ref"])
            if payment is None:
                raise _error(400, "No transaction was found for this id")
            return _success("Transaction fetched successfully", self._describe_charge(payment))
        if (method, path) != ("POST", "/v3/tokenized-charges"):
            raise self.refuse("error_404")
        card = self.find_card(params["token"])
        if card is None or card.email != params["email"]:
            raise _error(400, "Invalid token and/or email")
        payment = self.charge(
            card,
            params["tx_ref"],
            round(params["amount"] * 100),
            params["currency"],
            id=str(self.new_number()),
        )
        said = "Charge failed" if payment.status == "declined" else "Charge successful"
        return _success(said, self._describe_charge(payment))

    # What it tells

    def describe(self, payment: Payment, told: str) -> tuple[str, Any] | None:
        """Return the webhook that a charge has come to its end, whichever it is."""
        if told not in ("paid", "declined"):
            return None
        kind = "charge.completed"
        return kind, {
            "data": self._describe_charge(payment),
            "event": kind,
            "event.type": "CARD_TRANSACTION",
        }

    def sign(self, body: bytes, content: Any, truly: bool) -> tuple[bytes, dict[str, str]]:
        """Name the secret that only the two know."""
        return body, {"verif-hash": _HASH if truly else "of somebody else"}

    def _describe_charge(self, payment: Payment) -> dict[str, Any]:
        card = payment.card
        words = {"paid": "Approved", "pending": "Pending"}
        return {
            "account_id": 1,
            "amount": payment.major,
            "app_fee": 0,
            "auth_model": "noauth",
            "card": {
                "country": f"SIMULATION {card.country}",
                "expiry": f"{card.exp_month:02}/{card.exp_year % 100:02}",
                "first_6digits": "424242",
                "issuer": "SIMULATED BANK",
                "last_4digits": card.last4,
                "type": card.brand.upper(),
            },
            "charged_amount": payment.major,
            "created_at": payment.created.isoformat(),
            "currency": payment.currency,
            "customer": {"email": card.email, "id": 1},
            "flw_ref": f"FLW-{payment.id}",
            "id": int(payment.id),
            "narration": "CARD Transaction",
            "payment_type": "card",
            "processor_response": words.get(payment.status) or self.word(payment),
            "status": _STATUSES[payment.status],
            "tx_ref": payment.reference,
        }


def _success(message: str, data: dict[str, Any]) -> Response:
    return Response.of(200, {"status": "success", "message": message, "data": data})


def _error(status: int, message: str) -> ApiError:
    return ApiError(status, {"status": "error", "message": message, "data": None})
