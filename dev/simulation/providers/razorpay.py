# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Razorpay, as its API v1 and its webhooks speak.

Shapes: razorpay.com/docs/api, *Create an order*, *Create a recurring payment*, *Fetch a payment
with ID*, *Fetch payments based on orders*, *Fetch all payments*, *Payment entity*; *Errors*; and
*Webhooks: payment, refund and dispute events*, *Validate webhooks* (read in 2026). A refusal at
once is a 400 with a reason; after `created` the bank decides, which only the webhook or a look-up
tells. Compared with the answers in razorpay/razorpay-python, documents/dispute.md: nothing is
deducted of an open dispute, all of a lost one.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from ..gateway.errors import ApiError
from ..gateway.idempotency import Response
from .provider import Card, Payment, Provider

_KEY, _SECRET, _WEBHOOK_SECRET = "rzp_test_simulated", "key-secret", "webhook-secret"
_STATUSES = {"pending": "created", "paid": "captured", "declined": "failed", "disputed": "captured"}
_EVENTS = {
    "paid": "payment.captured",
    "declined": "payment.failed",
    "refunded": "refund.processed",
    "dispute_notice": "payment.dispute.created",
    "disputed": "payment.dispute.lost",
    "dispute_won": "payment.dispute.won",
}
_NETWORKS = {"visa": "Visa", "mastercard": "MasterCard", "amex": "American Express"}


class Razorpay(Provider):
    """Razorpay: an order, then its payment; no idempotency keys."""

    code = "razorpay"
    host = r"api\.razorpay\.com"
    money = r"/at/razorpay/v1/payments/create/recurring"
    route = "/payment/razorpay/webhook"
    settings = {
        "razorpay_key_id": _KEY,
        "razorpay_key_secret": _SECRET,
        "razorpay_webhook_secret": _WEBHOOK_SECRET,
    }
    secrets = ("razorpay_key_secret",)
    declines = {
        "insufficient_funds": "insufficient_funds",
        "generic_decline": "payment_declined",
        "do_not_honor": "card_declined",
        "expired_card": "card_expired",
        "incorrect_number": "card_number_invalid",
        "account_closed": "bank_account_closed",
        "revocation_of_authorization": "mandate_revoked",
        "card_velocity_exceeded": "transaction_daily_limit_exceeded",
        "processing_error": "gateway_technical_error",
        "issuer_not_available": "bank_offline",
        "authentication_required": "authentication_failed",
    }
    dead = "revocation_of_authorization"
    impossible = {
        "key_in_use": "Odoo's addon sends no idempotency key to Razorpay",
        "dispute_is_won": "Razorpay deducts the amount of a dispute only when it is lost",
        "capture_failed": "Razorpay has no such event",
        "card_is_renewed": "Razorpay tells merchants nothing of renewed cards by webhook",
        "network_advice": "Razorpay gives no codes or advice of the networks",
    }

    def name_card(self, card: Card) -> dict[str, Any]:
        """Return the fields of Odoo's saved method, which holds customer and token."""
        return {**super().name_card(card), "provider_ref": f"{card.customer},{card.token}"}

    def authenticate(self, path: str, params: Any, headers: Mapping[str, str]) -> None:
        """Refuse whoever has not the key and its secret."""
        told = b64encode(f"{_KEY}:{_SECRET}".encode()).decode()
        if headers.get("Authorization") != f"Basic {told}":
            raise self.refuse("error_401")

    def refuse(self, kind: str) -> ApiError | None:
        """Return the error of a fault; it knows no keys that could be in use."""
        found = {
            "error_401": (401, "BAD_REQUEST_ERROR", "Authentication failed"),
            "error_404": (400, "BAD_REQUEST_ERROR", "The id provided does not exist"),
            "error_429": (429, "BAD_REQUEST_ERROR", "Too many requests"),
            "error_500": (
                500,
                "SERVER_ERROR",
                "We are facing some trouble completing your request",
            ),
        }.get(kind)
        return found and _error(*found)

    def read(self, query: str, body: str) -> Any:
        """Return the parameters of a GET, or the body of a POST."""
        return super().read(query, body) if body else dict(parse_qsl(query))

    def answer(self, method: str, path: str, params: Any) -> Response:
        """Make an order, charge a token for it, or look payments up."""
        parts = path.removeprefix("/v1/").split("/")
        if (method, parts) == ("POST", ["orders"]):
            order = {"id": f"order_{self.new_number()}", "entity": "order", "status": "created"}
            order |= {"amount": params["amount"], "currency": params["currency"], "receipt": None}
            return Response.of(200, order)
        if (method, parts) == ("POST", ["payments", "create", "recurring"]):
            return self._charge(params)
        if method == "GET" and parts[0] == "orders" and parts[2:] == ["payments"]:
            found = [each for each in self.payments.values() if each.order == parts[1]]
            return self._list(found)
        if (method, parts) == ("GET", ["payments"]):
            start, end = float(params["from"]), float(params["to"])
            found = [
                each for each in self.payments.values() if start <= each.created.timestamp() <= end
            ]
            first = int(params.get("skip", 0))
            return self._list(found[::-1][first : first + int(params.get("count", 10))])
        if method == "GET" and parts[0] == "payments" and parts[1] in self.payments:
            return Response.of(200, self._describe_entity(self.payments[parts[1]]))
        raise self.refuse("error_404")

    def _charge(self, params: dict[str, Any]) -> Response:
        card = self.find_card(params["token"])
        if card is None or card.customer != params["customer_id"]:
            raise _error(400, "BAD_REQUEST_ERROR", "The token provided does not exist")
        payment = self.charge(
            card,
            params["description"],
            params["amount"],
            params["currency"],
            id=f"pay_{self.new_number()}",
            order=params["order_id"],
        )
        if payment.status == "declined":
            names = {"payment_id": payment.id, "order_id": payment.order}
            reason = self.word(payment)
            raise _error(400, _class_of(reason), _words(reason), reason, names)
        order = {"razorpay_order_id": payment.order, "razorpay_signature": "signature"}
        return Response.of(200, {"razorpay_payment_id": payment.id, **order})

    def _list(self, payments: list[Payment]) -> Response:
        items = [self._describe_entity(each) for each in payments]
        return Response.of(200, {"entity": "collection", "count": len(items), "items": items})

    # What it tells

    def describe(self, payment: Payment, told: str) -> tuple[str, Any] | None:
        """Return a webhook; none tells that a payment was created."""
        kind = _EVENTS.get(told)
        if kind is None:
            return None
        payload = {"payment": {"entity": self._describe_entity(payment)}}
        if told == "refunded":
            payload["refund"] = {
                "entity": {
                    "id": f"rfnd_{self.new_number()}",
                    "entity": "refund",
                    "amount": payment.amount,
                    "currency": payment.currency,
                    "notes": [],
                    "payment_id": payment.id,
                    "status": "processed",
                }
            }
        elif "dispute" in kind:
            payload["dispute"] = {"entity": self._describe_dispute(payment, kind)}
        return kind, {
            "account_id": "acc_simulated",
            "contains": list(payload),
            "created_at": self.state.clock.timestamp(),
            "entity": "event",
            "event": kind,
            "payload": payload,
        }

    def sign(self, body: bytes, content: Any, truly: bool) -> tuple[bytes, dict[str, str]]:
        """Sign the body with the secret of the webhooks."""
        secret = _WEBHOOK_SECRET if truly else "of somebody else"
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return body, {"X-Razorpay-Signature": signature}

    def _describe_dispute(self, payment: Payment, kind: str) -> dict[str, Any]:
        now = self.state.clock.timestamp()
        return {
            "id": f"disp_{payment.id[4:]}",
            "entity": "dispute",
            "amount": payment.amount,
            "amount_deducted": payment.amount if kind.endswith("lost") else 0,
            "created_at": now,
            "currency": payment.currency,
            "payment_id": payment.id,
            "phase": "chargeback",
            "reason_code": "10.4",
            "respond_by": now + 14 * 24 * 3600,
            "status": {"created": "open"}.get(kind.rpartition(".")[2], kind.rpartition(".")[2]),
        }

    def _describe_entity(self, payment: Payment) -> dict[str, Any]:
        card = payment.card
        reason = self.word(payment) if payment.status == "declined" else None
        return {
            "id": payment.id,
            "entity": "payment",
            "amount": payment.amount,
            "amount_refunded": payment.amount if payment.status == "refunded" else 0,
            "captured": payment.status == "paid",
            "card": {
                "entity": "card",
                "expiry_month": card.exp_month,
                "expiry_year": card.exp_year,
                "international": False,
                "last4": card.last4,
                "network": _NETWORKS.get(card.brand, card.brand),
                "type": "debit",
            },
            "contact": "+919876543210",
            "created_at": int(payment.created.timestamp()),
            "currency": payment.currency,
            "customer_id": card.customer,
            "description": payment.reference,
            "email": card.email,
            "error_code": reason and _class_of(reason),
            "error_description": reason and _words(reason),
            "error_reason": reason,
            "error_source": reason and "bank",
            "error_step": reason and "payment_authorization",
            "method": "card",
            "notes": [],
            "order_id": payment.order,
            "status": _STATUSES.get(payment.status, payment.status),
            "token_id": card.token,
        }


def _class_of(reason: str) -> str:
    return (
        "GATEWAY_ERROR"
        if reason in ("gateway_technical_error", "bank_offline")
        else ("BAD_REQUEST_ERROR")
    )


def _words(reason: str) -> str:
    return f"Your payment could not be completed ({reason.replace('_', ' ')})."


def _error(
    status: int, code: str, words: str, reason: str = "NA", names: dict[str, str] | None = None
) -> ApiError:
    return ApiError(
        status,
        {
            "error": {
                "code": code,
                "description": words,
                "metadata": names or {},
                "reason": reason,
                "source": "NA" if reason == "NA" else "bank",
                "step": "NA" if reason == "NA" else "payment_authorization",
            }
        },
    )
