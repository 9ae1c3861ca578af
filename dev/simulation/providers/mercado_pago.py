# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Mercado Pago, as its API v1 speaks.

Shapes: mercadopago.com developers' reference, *Create payment*, *Get payment*, *Search payments*,
*Create card token*; *Response handling* (read in 2026). Compared with payments that others
recorded: activemerchant/active_merchant, test/unit/gateways/mercado_pago_test.rb, *successful* and
*failed purchase*; the table of `status_detail` in mercadopago/devsite-docs,
guides/payments/web-tokenize-checkout/handling-responses.es.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from ..gateway.errors import ApiError
from ..gateway.idempotency import Response
from .provider import BY_EVENTS, Card, Payment, Provider

_TOKEN = "TEST-simulated-access-token"
_STATUSES = {
    "pending": ("in_process", "pending_contingency"),
    "paid": ("approved", "accredited"),
    "refunded": ("refunded", "refunded"),
    "disputed": ("charged_back", "settled"),
}
_METHODS = {"visa": "visa", "mastercard": "master", "amex": "amex"}
_UNTOLD = (
    "Odoo's addon charges a saved card without a notification_url and without our reference, and "
    "its route wants the reference in its path (one with a slash, such as INV/2026/00001-1, never "
    "matches): no notification reaches the payment"
)


class MercadoPago(Provider):
    """Mercado Pago: a token of the card, then the payment, which has no reference of ours."""

    code = "mercado_pago"
    host = r"api\.mercadopago\.com"
    money = r"/at/mercado_pago/v1/payments"
    key_header = "X-Idempotency-Key"
    settings = {"mercado_pago_access_token": _TOKEN, "mercado_pago_public_key": "TEST-public"}
    secrets = ("mercado_pago_access_token",)
    declines = {
        "insufficient_funds": "cc_rejected_insufficient_amount",
        "generic_decline": "cc_rejected_other_reason",
        "expired_card": "cc_rejected_bad_filled_date",
        "incorrect_number": "cc_rejected_bad_filled_card_number",
        "fraudulent": "cc_rejected_blacklist",
        "card_velocity_exceeded": "cc_amount_rate_limit_exceeded",
        "processing_error": "cc_rejected_card_error",
        "issuer_not_available": "cc_rejected_time_out",
        "authentication_required": "cc_rejected_3ds_mandatory",
    }
    dead = "fraudulent"
    impossible = {
        "key_in_use": "the addon makes another card token each time, so the same key is never sent",
        **dict.fromkeys(BY_EVENTS, _UNTOLD),
        "capture_failed": "Mercado Pago has no such notification",
        "card_is_renewed": "Mercado Pago tells merchants nothing of renewed cards",
        "network_advice": "Mercado Pago gives no codes or advice of the networks",
    }

    def clear(self) -> None:
        """Forget cards, payments and tokens."""
        super().clear()
        self._tokens: dict[str, Card] = {}

    def name_card(self, card: Card) -> dict[str, Any]:
        """Return the fields of Odoo's saved method."""
        return {**super().name_card(card), "mercado_pago_customer_id": card.customer}

    def authenticate(self, path: str, params: Any, headers: Mapping[str, str]) -> None:
        """Refuse whoever has not the access token."""
        if headers.get("Authorization") != f"Bearer {_TOKEN}":
            raise self.refuse("error_401")

    def refuse(self, kind: str) -> ApiError | None:
        """Return the error of a fault."""
        found = {
            "error_401": (401, "unauthorized", "invalid access token"),
            "error_404": (404, "not_found", "Payment not found"),
            "error_409": (409, "conflict", "The idempotency key is being processed"),
            "error_429": (429, "too_many_requests", "Too many requests"),
            "error_500": (500, "internal_error", "Internal server error"),
        }.get(kind)
        return found and _error(*found)

    def read(self, query: str, body: str) -> Any:
        """Return JSON, or the form with which the addon asks for a token of a card."""
        if body.startswith("{"):
            return super().read(query, body)
        return dict(parse_qsl(body or query))

    def answer(self, method: str, path: str, params: Any) -> Response:
        """Make a token of a card, charge it, or look payments up."""
        if (method, path) == ("POST", "/v1/card_tokens"):
            card = self.find_card(params["card_id"])
            if card is None:
                raise _error(404, "not_found", "Card not found")
            token = f"card-token-{self.new_number()}"
            self._tokens[token] = card
            return Response.of(201, {"id": token, "status": "active", "card_id": card.token})
        if (method, path) == ("POST", "/v1/payments"):
            return self._charge(params)
        if (method, path) == ("GET", "/v1/payments/search"):
            wanted = params.get("external_reference")
            found = [each for each in self.payments.values() if each.reference == wanted]
            results = [self._describe_payment(each) for each in found]
            return Response.of(200, {"paging": {"total": len(results)}, "results": results})
        name = path.removeprefix("/v1/payments/")
        if method == "GET" and name in self.payments:
            return Response.of(200, self._describe_payment(self.payments[name]))
        raise self.refuse("error_404")

    def _charge(self, params: dict[str, Any]) -> Response:
        # A token of a card is good for one payment.
        card = self._tokens.pop(params["token"], None)
        if card is None or card.customer != params["payer"]["id"]:
            raise _error(400, "bad_request", "Card token not found", "2006")
        payment = self.charge(
            card,
            params.get("external_reference"),
            round(params["transaction_amount"] * 100),
            self.currency,
            id=str(self.new_number()),
        )
        return Response.of(201, self._describe_payment(payment))

    def _describe_payment(self, payment: Payment) -> dict[str, Any]:
        card = payment.card
        if payment.status == "declined":
            status, detail = "rejected", self.word(payment)
        else:
            status, detail = _STATUSES[payment.status]
        return {
            "captured": True,
            "card": {
                "expiration_month": card.exp_month,
                "expiration_year": card.exp_year,
                "first_six_digits": "424242",
                "id": card.token,
                "last_four_digits": card.last4,
            },
            "currency_id": payment.currency,
            "date_created": payment.created.isoformat(),
            "description": None,
            "external_reference": payment.reference,
            "id": int(payment.id),
            "installments": 1,
            "live_mode": False,
            "notification_url": None,
            "operation_type": "regular_payment",
            "payer": {"id": card.customer, "type": "customer", "email": card.email},
            "payment_method_id": _METHODS.get(card.brand, card.brand),
            "payment_type_id": "credit_card",
            "status": status,
            "status_detail": detail,
            "transaction_amount": payment.major,
            "transaction_amount_refunded": payment.major if status == "refunded" else 0,
        }


def _error(status: int, error: str, message: str, code: str = "") -> ApiError:
    causes = [{"code": code, "description": message, "data": None}] if code else []
    return ApiError(status, {"message": message, "error": error, "status": status, "cause": causes})
