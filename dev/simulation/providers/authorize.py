# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Authorize.Net, as its JSON API speaks: one address, the request named in its body.

Shapes: developer.authorize.net/api/reference, *Charge a customer profile*, *Get transaction
details*, *Get unsettled transaction list*, *Response codes* (read in 2026). Compared with answers
that others recorded: activemerchant/active_merchant, test/unit/gateways/authorize_net_test.rb;
stymiee/authnetjson, tests/AuthnetJsonAimTest.php. Every answer is a 200, and begins with a byte
order mark. The same charge within two minutes is refused as a duplicate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ..gateway.errors import ApiError
from ..gateway.idempotency import Response
from .provider import BY_EVENTS, Card, Payment, Provider

_LOGIN, _KEY = "simulated", "transaction-key"
_DUPLICATE_WINDOW = timedelta(minutes=2)
_RESPONSE_CODES = {"paid": "1", "declined": "2", "pending": "4"}
_STATUSES = {
    "paid": "capturedPendingSettlement",
    "declined": "declined",
    "pending": "FDSPendingReview",
    "refunded": "refundSettledSuccessfully",
}
_BRANDS = {"visa": "Visa", "mastercard": "MasterCard", "amex": "AmericanExpress"}
_UNTOLD = "Odoo's addon has no route for Authorize.Net's webhooks"


class AuthorizeNet(Provider):
    """Authorize.Net: no webhooks in Odoo, no keys; what it decides late must be asked for."""

    code = "authorize"
    host = r"apitest\.authorize\.net"
    money = r"/at/authorize/xml/v1/request\.api"
    settings = {
        "authorize_login": _LOGIN,
        "authorize_transaction_key": _KEY,
        "authorize_signature_key": "signature-key",
        "authorize_client_key": "client-key",
    }
    secrets = ("authorize_transaction_key",)
    # The response reason code and its text.
    declines = {
        "generic_decline": ("2", "This transaction has been declined."),
        "expired_card": ("8", "The credit card has expired."),
        "incorrect_number": ("6", "The credit card number is invalid."),
        "lost_card": (
            "4",
            "The code returned from the processor indicating that the card used needs to be "
            "picked up.",
        ),
        "processing_error": (
            "19",
            "An error occurred during processing. Please try again in 5 minutes.",
        ),
    }
    dead = "lost_card"
    poor = "generic_decline"
    impossible = {
        "key_in_use": "Odoo's addon sends no idempotency key to Authorize.Net",
        **dict.fromkeys(BY_EVENTS, _UNTOLD),
        "network_advice": "Authorize.Net's answer has no codes or advice of the networks",
    }

    def name_card(self, card: Card) -> dict[str, Any]:
        """Return the fields of Odoo's saved method."""
        return {**super().name_card(card), "authorize_profile": card.customer}

    def authenticate(self, path: str, params: Any, headers: Mapping[str, str]) -> None:
        """Leave it to the answer: wrong credentials are a 200, too."""

    def refuse(self, kind: str) -> ApiError | None:
        """Return the error of a fault; credentials and load are told in a 200."""
        if kind == "error_500":
            return ApiError(500, {"message": "An error has occurred."})
        if kind == "error_429":
            return ApiError(429, {"message": "Too many requests"})
        words = {
            "error_401": (
                "E00007",
                "User authentication failed due to invalid authentication values.",
            ),
            "error_404": ("E00040", "The record cannot be found."),
        }.get(kind)
        return words and ApiError(200, _error(*words))

    def answer(self, method: str, path: str, params: Any) -> Response:
        """Do what the one member of the body asks for."""
        ((name, request),) = params.items()
        who = request["merchantAuthentication"]
        if (who["name"], who["transactionKey"]) != (_LOGIN, _KEY):
            return _say(self.refuse("error_401").body())
        if name == "createTransactionRequest":
            return self._charge(request["transactionRequest"])
        if name == "getTransactionDetailsRequest":
            payment = self.payments.get(request["transId"])
            if payment is None:
                return _say(_error("E00040", "The record cannot be found."))
            return _say({"transaction": self._describe_details(payment), **_OK})
        if name == "getUnsettledTransactionListRequest":
            day = self.state.clock.now() - timedelta(days=1)
            unsettled = [each for each in self.payments.values() if each.created > day]
            listed = [self._describe_summary(each) for each in reversed(unsettled)]
            return _say({"transactions": listed, "totalNumInResultSet": len(listed), **_OK})
        return _say(_error("E00003", f"The element {name} is invalid."))

    def _charge(self, request: dict[str, Any]) -> Response:
        profile = request["profile"]
        card = self.find_card(profile["paymentProfile"]["paymentProfileId"])
        if card is None or card.customer != profile["customerProfileId"]:
            text = "Customer Profile ID or Customer Payment Profile ID not found."
            return _say(_error("E00040", text))
        amount, reference = round(float(request["amount"]) * 100), request["order"]["description"]
        if self._is_duplicate(card, amount, reference):
            return _say(_refusal("3", "0", "11", "A duplicate transaction has been submitted."))
        payment = self.charge(
            card, reference, amount, self.currency, id=f"4{self.new_number():010}"
        )
        if payment.status == "declined":
            code, text = self.word(payment)
            # Only an issuer declines; what is wrong with the data or on the way is an error.
            response = "2" if code in ("2", "3", "4") else "3"
            return _say(_refusal(response, payment.id, code, text, _BRANDS.get(card.brand, "")))
        said = "This transaction has been approved."
        if payment.status == "pending":
            said = "Your order has been received. Thank you for your business!"
        transaction = {
            "accountNumber": f"XXXX{card.last4}",
            "accountType": _BRANDS.get(card.brand, ""),
            "authCode": "SIM001",
            "messages": [{"code": "1", "description": said}],
            "responseCode": _RESPONSE_CODES[payment.status],
            "transId": payment.id,
        }
        return _say({"transactionResponse": transaction, **_OK})

    def _is_duplicate(self, card: Card, amount: int, reference: str) -> bool:
        since = self.state.clock.now() - _DUPLICATE_WINDOW
        return any(
            (each.card, each.amount, each.reference) == (card, amount, reference)
            and each.created > since
            for each in self.payments.values()
        )

    def _describe_summary(self, payment: Payment) -> dict[str, Any]:
        return {
            "accountType": _BRANDS.get(payment.card.brand, ""),
            "invoiceNumber": (payment.reference or "")[:20],
            "settleAmount": payment.major,
            "submitTimeUTC": payment.created.isoformat(),
            "transId": payment.id,
            "transactionStatus": _STATUSES[payment.status],
        }

    def _describe_details(self, payment: Payment) -> dict[str, Any]:
        code, text = self.word(payment) if payment.status == "declined" else ("1", "Approval")
        status = _STATUSES[payment.status]
        if payment.status == "paid" and payment.created < self.state.clock.now() - timedelta(1):
            status = "settledSuccessfully"
        return {
            "authAmount": payment.major,
            "order": {
                "description": payment.reference,
                "invoiceNumber": (payment.reference or "")[:20],
            },
            "payment": {
                "creditCard": {
                    "cardNumber": f"XXXX{payment.card.last4}",
                    "cardType": _BRANDS.get(payment.card.brand, ""),
                }
            },
            "responseCode": int(_RESPONSE_CODES.get(payment.status, "1")),
            "responseReasonCode": int(code),
            "responseReasonDescription": text,
            "transId": payment.id,
            "transactionStatus": status,
        }


_OK = {"messages": {"resultCode": "Ok", "message": [{"code": "I00001", "text": "Successful."}]}}


def _error(code: str, text: str) -> dict[str, Any]:
    return {"messages": {"resultCode": "Error", "message": [{"code": code, "text": text}]}}


def _refusal(response: str, id: str, code: str, text: str, brand: str = "") -> dict[str, Any]:
    transaction = {
        "accountType": brand,
        "errors": [{"errorCode": code, "errorText": text}],
        "responseCode": response,
        "transId": id,
    }
    return {
        "transactionResponse": transaction,
        **_error("E00027", "The transaction was unsuccessful."),
    }


def _say(content: dict[str, Any]) -> Response:
    return Response(200, "\ufeff".encode() + json.dumps(content).encode())
