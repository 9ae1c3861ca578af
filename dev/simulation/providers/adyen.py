# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Adyen, as its Checkout API and its standard webhooks speak.

Shapes: API Explorer, Checkout API v71, *POST /payments* and its error answers; docs.adyen.com,
*Refusal reasons*, *Raw acquirer responses*, *API idempotency*, *Webhook types: default event
codes*, *Dispute webhooks*, *Verify HMAC signatures* (read in 2026). Compared with payloads that
others recorded: the standard webhook in Adyen/adyen-commercetools, notification/README.md; the one
of a subscription in adyen-examples/adyen-testing-suite, tests/subscription/webhook.spec.js;
refusals, their raw reasons and advice in activemerchant/active_merchant,
test/unit/gateways/adyen_test.rb.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ..gateway.declines import network_codes
from ..gateway.errors import ApiError
from ..gateway.idempotency import Response
from ..gateway.webhooks import Letter
from .provider import Card, Payment, Provider

_API_KEY = "AQE_simulated_key"
_HMAC_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
_MERCHANT = "SimulatedMerchant"
_EVENT_CODES = {
    "paid": ("AUTHORISATION", "true"),
    "declined": ("AUTHORISATION", "false"),
    "refunded": ("REFUND", "true"),
    "dispute_notice": ("NOTIFICATION_OF_CHARGEBACK", "true"),
    "disputed": ("CHARGEBACK", "true"),
    "dispute_won": ("CHARGEBACK_REVERSED", "true"),
    "capture_failed": ("CAPTURE_FAILED", "true"),
}
# What the words of `refusalReasonRaw` are beside a code of ISO 8583 field 39.
_RAW = {
    "insufficient_funds": "51 : Insufficient funds/over credit limit",
    "generic_decline": "05 : Do not honor",
    "do_not_honor": "05 : Do not honor",
    "expired_card": "54 : Expired card",
    "stolen_card": "43 : Stolen card, pick up",
    "lost_card": "41 : Lost card, pick up",
    "card_velocity_exceeded": "65 : Exceeds withdrawal frequency limit",
    "incorrect_number": "14 : Invalid card number",
    "revocation_of_authorization": "R1 : Revocation of authorization order",
}


class Adyen(Provider):
    """Adyen: a refusal is a 200, and the customer's bank may decide later by webhook."""

    code = "adyen"
    host = r"[\w-]+\.adyen(payments)?\.com"
    money = r"/at/adyen/checkout/V71/payments"
    route = "/payment/adyen/notification"
    key_header = "idempotency-key"
    key_lifetime = timedelta(days=7)
    settings = {
        "adyen_merchant_account": _MERCHANT,
        "adyen_api_key": _API_KEY,
        "adyen_client_key": "test_simulated",
        "adyen_hmac_key": _HMAC_KEY,
        "adyen_api_url_prefix": "simulated-checkout",
    }
    secrets = ("adyen_api_key",)
    # The code and the words of `refusalReason`.
    declines = {
        "insufficient_funds": ("12", "Not enough balance"),
        "generic_decline": ("2", "Refused"),
        "do_not_honor": ("27", "Declined Non Generic"),
        "expired_card": ("6", "Expired Card"),
        "incorrect_number": ("8", "Invalid Card Number"),
        "stolen_card": ("5", "Blocked Card"),
        "restricted_card": ("25", "Restricted Card"),
        "revocation_of_authorization": ("26", "Revocation Of Auth"),
        "card_velocity_exceeded": ("28", "Withdrawal amount exceeded"),
        "processing_error": ("4", "Acquirer Error"),
        "issuer_not_available": ("9", "Issuer Unavailable"),
        "authentication_required": ("38", "Authentication required"),
        "fraudulent": ("20", "FRAUD"),
    }

    def name_card(self, card: Card) -> dict[str, Any]:
        """Return the fields of Odoo's saved method for a card."""
        return {**super().name_card(card), "adyen_shopper_reference": card.customer}

    def authenticate(self, path: str, params: Any, headers: Mapping[str, str]) -> None:
        """Refuse whoever has not the API key of this merchant account."""
        if headers.get("X-API-Key") != _API_KEY:
            raise self.refuse("error_401")
        if params.get("merchantAccount") != _MERCHANT:
            raise _error(403, "901", "Invalid Merchant Account", "security")

    def refuse(self, kind: str) -> ApiError | None:
        """Return the error of a fault."""
        return {
            "error_401": _error(401, "000", "HTTP Status Response - Unauthorized", "security"),
            "error_404": _error(404, "000", "Not Found", "validation"),
            "error_409": _error(422, "704", "request already processed or in progress"),
            "error_429": _error(429, "029", "Too Many Requests", "validation"),
            "error_500": _error(500, "903", "Internal error", "internal"),
        }.get(kind)

    def answer(self, method: str, path: str, params: Any) -> Response:
        """Charge a stored method."""
        if (method, path) != ("POST", "/checkout/V71/payments"):
            raise self.refuse("error_404")
        amount = params["amount"]
        card = self.find_card(params["paymentMethod"].get("storedPaymentMethodId"))
        if card is None or card.customer != params["shopperReference"]:
            raise _error(422, "800", "Contract not found", "validation")
        payment = self.charge(
            card, params["reference"], amount["value"], amount["currency"], id=self._new_psp()
        )
        return Response.of(200, self._describe_result(payment))

    def update_card(self, card: Card, url: str, key: str) -> None:
        """Tell, as its token webhooks do, that the network brought a stored method up to date.

        :param url: of Odoo, for news of saved methods
        :param key: in hexadecimal digits
        """
        content = {
            "createdAt": self.state.clock.now().isoformat(),
            "data": {
                "merchantAccount": _MERCHANT,
                "shopperReference": card.customer,
                "storedPaymentMethodId": card.token,
                "type": card.brand,
            },
            "environment": "test",
            "eventId": self._new_psp(),
            "type": "recurring.token.updated",
        }

        def write(truly: bool) -> tuple[bytes, dict[str, str]]:
            body = Response.of(200, content).body
            secret = bytes.fromhex(key) if truly else b"wrong"
            digest = hmac.new(secret, body, hashlib.sha256).digest()
            return body, {"HmacSignature": base64.b64encode(digest).decode()}

        letter = Letter(content["eventId"], content["type"], url, write)
        self.gateway.webhooks.post(content["type"], None, [letter])

    # What it tells

    def describe(self, payment: Payment, told: str) -> tuple[str, Any] | None:
        """Return a standard webhook; none tells that a payment was received."""
        if told not in _EVENT_CODES:
            return None
        code, success = _EVENT_CODES[told]
        item = {
            "additionalData": self._describe_more(payment),
            "amount": {"currency": payment.currency, "value": payment.amount},
            "eventCode": code,
            "eventDate": self.state.clock.now().isoformat(timespec="seconds"),
            "merchantAccountCode": _MERCHANT,
            "merchantReference": payment.reference,
            "paymentMethod": payment.card.brand,
            "pspReference": payment.id,
            "reason": self.word(payment)[1] if told == "declined" else "",
            "success": success,
        }
        if code != "AUTHORISATION":
            item |= {"pspReference": self._new_psp(), "originalReference": payment.id}
        if "CHARGEBACK" in code:
            # All events of a dispute have its name.
            item["pspReference"] = f"9{payment.id[1:]}"
            item["reason"] = "Other Fraud-Card Absent Environment"
            item["additionalData"] = {
                "chargebackReasonCode": "10.4",
                "chargebackSchemeCode": payment.card.brand,
                "defendable": "true",
                "defensePeriodEndsAt": (self.state.clock.now() + timedelta(days=18)).isoformat(),
                "disputeStatus": "Undefended",
            }
        return code, {
            "live": "false",
            "notificationItems": [{"NotificationRequestItem": item}],
        }

    def sign(self, body: bytes, content: Any, truly: bool) -> tuple[bytes, dict[str, str]]:
        """Sign the item within the body, as the standard webhooks do."""
        item = dict(content["notificationItems"][0]["NotificationRequestItem"])
        amount = item["amount"]
        values = [
            item["pspReference"],
            item.get("originalReference", ""),
            item["merchantAccountCode"],
            item["merchantReference"] or "",
            str(amount["value"]),
            amount["currency"],
            item["eventCode"],
            item["success"],
        ]
        text = ":".join(each.replace("\\", "\\\\").replace(":", "\\:") for each in values)
        key = bytes.fromhex(_HMAC_KEY) if truly else b"of somebody else"
        digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
        signed = {**item["additionalData"], "hmacSignature": base64.b64encode(digest).decode()}
        item["additionalData"] = signed
        content = {**content, "notificationItems": [{"NotificationRequestItem": item}]}
        return Response.of(200, content).body, {}

    def _describe_result(self, payment: Payment) -> dict[str, Any]:
        result = {
            "additionalData": self._describe_more(payment),
            "merchantReference": payment.reference,
            "pspReference": payment.id,
        }
        if payment.status == "declined":
            code, words = self.word(payment)
            return {
                **result,
                "refusalReason": words,
                "refusalReasonCode": code,
                "resultCode": "Refused",
            }
        return {
            **result,
            "amount": {"currency": payment.currency, "value": payment.amount},
            "paymentMethod": {"brand": payment.card.brand, "type": "scheme"},
            "resultCode": "Authorised" if payment.status == "paid" else "Received",
        }

    def _describe_more(self, payment: Payment) -> dict[str, str]:
        card, reason = payment.card, payment.reason
        more = {
            "cardIssuingCountry": card.country,
            "cardSummary": card.last4,
            "expiryDate": f"{card.exp_month}/{card.exp_year}",
            "fundingSource": "DEBIT",
            "paymentMethod": card.brand,
            **card.more,
        }
        if reason in _RAW:
            code = payment.answer.network_decline_code
            more["refusalReasonRaw"] = f"{code} : Declined" if code else _RAW[reason]
            advice = payment.answer.network_advice_code or network_codes(reason, card.brand)[1]
            if advice:
                more["merchantAdviceCode"] = f"{advice} : Advice of the issuer"
        return more

    def _new_psp(self) -> str:
        return f"8815{self.new_number():012}"


def _error(status: int, code: str, message: str, type: str = "validation") -> ApiError:
    return ApiError(
        status, {"status": status, "errorCode": code, "message": message, "errorType": type}
    )
