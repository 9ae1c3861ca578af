# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Worldline Direct, as its server API and its webhooks speak.

Shapes: docs.direct.worldline-solutions.com, API reference v2, *Create payment*, *Get payment*, and
the pages *Statuses*, *Error codes*, *Idempotent requests*, *Authentication*, *Webhooks*; for
chargebacks docs.connect.worldline-solutions.com, *Webhooks event types* (read in 2026). Statuses
and fields are those that Odoo's addon and the SDK wl-online-payments-direct read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from ..gateway.errors import ApiError
from ..gateway.idempotency import Response
from .provider import Payment, Provider

_PSPID = "simulated"
_KEY, _SECRET = "api-key", "api-secret"
_WEBHOOK_KEY, _WEBHOOK_SECRET = "webhook-key", "webhook-secret"
_PRODUCTS = {"visa": 1, "amex": 2, "mastercard": 3}
# The status, its number and its category, by what is known of the payment.
_STATUSES = {
    "pending": ("CAPTURE_REQUESTED", 91, "PENDING_CONNECT_OR_3RD_PARTY"),
    "paid": ("CAPTURED", 9, "COMPLETED"),
    "declined": ("REJECTED", 2, "UNSUCCESSFUL"),
    "refunded": ("REFUNDED", 8, "REFUNDED"),
    "dispute_notice": ("CHARGEBACK_NOTIFICATION", 9, "COMPLETED"),
    "disputed": ("CHARGEBACKED", 9, "REFUNDED"),
    "capture_failed": ("REJECTED_CAPTURE", 93, "UNSUCCESSFUL"),
}


class Worldline(Provider):
    """Worldline: a refusal is a 402 with the payment in it, a key in use a 409."""

    code = "worldline"
    host = r"payment\.preprod\.direct\.worldline-solutions\.com"
    money = rf"/at/worldline/v2/{_PSPID}/payments"
    route = "/payment/worldline/webhook"
    key_header = "X-GCS-Idempotence-Key"
    settings = {
        "worldline_pspid": _PSPID,
        "worldline_api_key": _KEY,
        "worldline_api_secret": _SECRET,
        "worldline_webhook_key": _WEBHOOK_KEY,
        "worldline_webhook_secret": _WEBHOOK_SECRET,
    }
    secrets = ("worldline_api_secret",)
    declines = {
        "insufficient_funds": "30511001",
        "generic_decline": "30001001",
        "do_not_honor": "30051001",
        "expired_card": "30331001",
        "incorrect_number": "30141001",
        "lost_card": "30411001",
        "stolen_card": "30431001",
        "restricted_card": "30621001",
        "card_velocity_exceeded": "30001152",
        "processing_error": "30001010",
        "issuer_not_available": "30001011",
        "authentication_required": "40001134",
    }
    impossible = {
        "dispute_is_won": "Worldline's webhooks do not tell that a chargeback was won",
        "card_is_renewed": "Worldline tells merchants nothing of renewed cards by webhook",
        "network_advice": "Worldline gives no advice of the networks",
    }

    def authenticate(self, path: str, params: Any, headers: Mapping[str, str]) -> None:
        """Check the signature of the call, made of its method, date, key and path."""
        method = "POST" if headers.get("Content-Type") else "GET"
        lines = [method, headers.get("Content-Type") or "", headers.get("Date") or ""]
        if key := headers.get(self.key_header):
            lines.append(f"x-gcs-idempotence-key:{key}")
        text = "\n".join([*lines, path]) + "\n"
        signed = _sign(_SECRET, text.encode())
        if headers.get("Authorization") != f"GCS v1HMAC:{_KEY}:{signed}":
            raise self.refuse("error_401")

    def refuse(self, kind: str) -> ApiError | None:
        """Return the error of a fault; wrong credentials are a 403 here."""
        found = {
            "error_401": (403, "9007", "ACCESS_TO_MERCHANT_NOT_ALLOWED"),
            "error_404": (404, "1002", "UNKNOWN_PAYMENT_ID"),
            "error_409": (409, "1409", "DUPLICATE_REQUEST_IN_PROGRESS"),
            "error_429": (429, "1429", "TOO_MANY_REQUESTS"),
            "error_500": (500, "9999", "UNKNOWN_SERVER_ERROR"),
        }.get(kind)
        if found is None:
            return None
        status, code, name = found
        error = {"code": code, "errorCode": code, "httpStatusCode": status, "id": name}
        return ApiError(
            status, {"errorId": f"error-{code}", "errors": [{**error, "message": name}]}
        )

    def answer(self, method: str, path: str, params: Any) -> Response:
        """Create a payment with a token, or get one."""
        start = f"/v2/{_PSPID}/payments"
        if method == "GET" and path.startswith(f"{start}/"):
            return self._get(path.removeprefix(f"{start}/").removesuffix("_0"))
        if (method, path) != ("POST", start):
            raise self.refuse("error_404")
        order = params["order"]
        card = self.find_card(params["cardPaymentMethodSpecificInput"]["token"])
        if card is None:
            error = {"errorCode": "50001111", "httpStatusCode": 400, "id": "UNKNOWN_TOKEN_ID"}
            raise ApiError(400, {"errorId": "error-token", "errors": [error]})
        money = order["amountOfMoney"]
        payment = self.charge(
            card,
            order["references"]["merchantReference"],
            money["amount"],
            money["currencyCode"],
            id=f"3{self.new_number():09}",
        )
        described = self._describe_payment(payment, payment.status)
        if payment.status != "declined":
            return Response.of(201, {"creationOutput": {}, "payment": described})
        errors = described["statusOutput"]["errors"]
        result = {"creationOutput": {}, "payment": described}
        refused = {"errorId": payment.id, "errors": errors, "paymentResult": result}
        return Response.of(402, refused)

    def _get(self, id: str) -> Response:
        if id not in self.payments:
            raise self.refuse("error_404")
        payment = self.payments[id]
        return Response.of(200, self._describe_payment(payment, payment.status))

    # What it tells

    def describe(self, payment: Payment, told: str) -> tuple[str, Any] | None:
        """Return a webhook, whose type is the status in small letters."""
        if told not in _STATUSES:
            return None
        kind = f"payment.{_STATUSES[told][0].lower()}"
        return kind, {
            "apiVersion": "v1",
            "created": self.state.clock.now().isoformat(),
            "id": f"event-{self.new_number()}",
            "merchantId": _PSPID,
            "payment": self._describe_payment(payment, told),
            "type": kind,
        }

    def sign(self, body: bytes, content: Any, truly: bool) -> tuple[bytes, dict[str, str]]:
        """Sign the body with the secret of the webhooks."""
        secret = _WEBHOOK_SECRET if truly else "of somebody else"
        return body, {"X-GCS-KeyId": _WEBHOOK_KEY, "X-GCS-Signature": _sign(secret, body)}

    def _describe_payment(self, payment: Payment, told: str) -> dict[str, Any]:
        status, number, category = _STATUSES[told]
        card = payment.card
        output = {
            "isAuthorized": False,
            "isCancellable": False,
            "isRefundable": told == "paid",
            "statusCategory": category,
            "statusCode": number,
        }
        if told == "declined":
            code = self.word(payment)
            output["errors"] = [
                {
                    "category": "IO_ERROR",
                    "code": code,
                    "errorCode": code,
                    "httpStatusCode": 402,
                    "id": "PAYMENT_REJECTED",
                    "message": "",
                }
            ]
        return {
            "id": f"{payment.id}_0",
            "paymentOutput": {
                "amountOfMoney": {"amount": payment.amount, "currencyCode": payment.currency},
                "cardPaymentMethodSpecificOutput": {
                    "card": {
                        "cardNumber": f"************{card.last4}",
                        "expiryDate": f"{card.exp_month:02}{card.exp_year % 100:02}",
                    },
                    "paymentProductId": _PRODUCTS.get(card.brand, 1),
                },
                "paymentMethod": "card",
                "references": {"merchantReference": payment.reference},
            },
            "status": status,
            "statusOutput": output,
        }


def _sign(secret: str, text: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
