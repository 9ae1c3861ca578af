# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Xendit, as its credit card charges speak, and a callback that Odoo's route reads.

Shapes: developers.xendit.co/api-reference, *Credit cards: Create charge*, *Get charge*, *Errors*;
docs.xendit.co, *Credit card failure reasons*, *Refund webhook notification* (read in 2026). A
refusal is a 200 with the status FAILED; it takes no idempotency key from Odoo's addon. Compared
with a charge that Odoo recorded: odoo/odoo, addons/payment_xendit/tests/common.py.

No page of Xendit's has a callback of such charges: its list (as in otosender/integrate-xendit,
webhook.md) knows the authentication and the tokenization of cards only. The one here is the charge
itself, as Odoo's route would take it in.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from ..gateway.errors import ApiError
from ..gateway.idempotency import Response
from .provider import Payment, Provider

_SECRET, _CALLBACK_TOKEN = "xnd_development_simulated", "callback-token"
_STATUSES = {"pending": "PENDING", "paid": "CAPTURED", "declined": "FAILED", "refunded": "REFUNDED"}


class Xendit(Provider):
    """Xendit: it can be asked for a charge only by its own id."""

    code = "xendit"
    host = r"api\.xendit\.co"
    money = r"/at/xendit/credit_card_charges"
    route = "/payment/xendit/webhook"
    settings = {
        "xendit_public_key": "xnd_public_development_simulated",
        "xendit_secret_key": _SECRET,
        "xendit_webhook_token": _CALLBACK_TOKEN,
    }
    secrets = ("xendit_secret_key",)
    declines = {
        "insufficient_funds": "INSUFFICIENT_BALANCE",
        "generic_decline": "CARD_DECLINED",
        "do_not_honor": "DECLINED_BY_ISSUER",
        "expired_card": "EXPIRED_CARD",
        "incorrect_number": "INVALID_CARD",
        "stolen_card": "STOLEN_CARD",
        "processing_error": "PROCESSOR_ERROR",
        "issuer_not_available": "ISSUER_UNAVAILABLE",
        "authentication_required": "AUTHENTICATION_FAILED",
    }
    impossible = {
        "key_in_use": "Odoo's addon sends no idempotency key to Xendit",
        "dispute_is_announced": "Xendit's callbacks tell nothing of chargebacks",
        "dispute_is_lost": "Xendit's callbacks tell nothing of chargebacks",
        "dispute_is_won": "Xendit's callbacks tell nothing of chargebacks",
        "capture_failed": "Xendit has no such callback",
        "card_is_renewed": "Xendit tells merchants nothing of renewed cards",
    }

    def authenticate(self, path: str, params: Any, headers: Mapping[str, str]) -> None:
        """Refuse whoever has not the secret key."""
        told = b64encode(f"{_SECRET}:".encode()).decode()
        if headers.get("Authorization") != f"Basic {told}":
            raise self.refuse("error_401")

    def refuse(self, kind: str) -> ApiError | None:
        """Return the error of a fault; it knows no keys that could be in use."""
        found = {
            "error_401": (401, "INVALID_API_KEY", "API key format is invalid"),
            "error_404": (404, "CREDIT_CARD_CHARGE_NOT_FOUND_ERROR", "Charge does not exist"),
            "error_429": (429, "RATE_LIMIT_EXCEEDED", "You have exceeded the rate limit"),
            "error_500": (500, "SERVER_ERROR", "An unexpected error occurred"),
        }.get(kind)
        return found and ApiError(found[0], {"error_code": found[1], "message": found[2]})

    def answer(self, method: str, path: str, params: Any) -> Response:
        """Charge a token, or get a charge by its id."""
        name = path.removeprefix("/credit_card_charges").removeprefix("/")
        if method == "GET" and name in self.payments:
            return Response.of(200, self._describe_charge(self.payments[name]))
        if (method, path) != ("POST", "/credit_card_charges"):
            raise self.refuse("error_404")
        card = self.find_card(params["token_id"])
        if card is None:
            error = {"error_code": "TOKEN_NOT_FOUND_ERROR", "message": "Token was not found"}
            raise ApiError(404, error)
        payment = self.charge(
            card,
            params["external_id"],
            round(params["amount"] * 100),
            params["currency"],
            id=f"66{self.new_number():022}",
        )
        return Response.of(200, self._describe_charge(payment))

    # What it tells

    def describe(self, payment: Payment, told: str) -> tuple[str, Any] | None:
        """Return the callback of a charge, the charge itself, or of its refund."""
        if told == "refunded":
            return "refund.succeeded", self._describe_refund(payment)
        return (f"charge {told}", self._describe_charge(payment)) if told in _STATUSES else None

    def sign(self, body: bytes, content: Any, truly: bool) -> tuple[bytes, dict[str, str]]:
        """Name the token that only the two know."""
        return body, {"x-callback-token": _CALLBACK_TOKEN if truly else "of somebody else"}

    def _describe_refund(self, payment: Payment) -> dict[str, Any]:
        now = self.state.clock.now().isoformat()
        refund = {
            "amount": payment.major,
            "created": now,
            "currency": payment.currency,
            "id": f"rfd-{payment.id}",
            "payment_id": payment.id,
            "reason": "REQUESTED_BY_CUSTOMER",
            "status": "SUCCEEDED",
        }
        event = {"business_id": "simulated", "created": now, "event": "refund.succeeded"}
        return {**event, "data": refund}

    def _describe_charge(self, payment: Payment) -> dict[str, Any]:
        card = payment.card
        charge = {
            "authorized_amount": payment.major,
            "bank_reconciliation_id": payment.id,
            "business_id": "simulated",
            "capture_amount": payment.major if payment.status == "paid" else 0,
            "card_brand": card.brand.upper(),
            "card_fingerprint": f"fingerprint-{card.token}",
            "card_type": "DEBIT",
            "charge_type": "RECURRING",
            "credit_card_token_id": card.token,
            "created": payment.created.isoformat(),
            "currency": payment.currency,
            "external_id": payment.reference,
            "id": payment.id,
            "masked_card_number": f"424242XXXXXX{card.last4}",
            "merchant_id": "simulated",
            "status": _STATUSES[payment.status],
        }
        if payment.status == "declined":
            charge["failure_reason"] = self.word(payment)
            answer = payment.answer
            if answer.network_decline_code or answer.network_advice_code:
                charge["authorization_data"] = {
                    "card_network_response_code": answer.network_decline_code,
                    "merchant_advice_code": answer.network_advice_code,
                }
        return charge
