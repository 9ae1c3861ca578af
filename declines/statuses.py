# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the status in a provider's payload says of the money.

The tables follow the statuses that Odoo's addons of these providers handle (``const.py`` of each),
and the providers' references: Stripe "The PaymentIntent object", Adyen "Result codes", Worldline
"Payment statuses", Razorpay "Payment states", Mercado Pago "Payment status", Authorize.Net
"Transaction response codes", Flutterwave "Verify transactions", Xendit "Credit card charge".
"""

from collections.abc import Callable, Mapping
from typing import Any

from .knowledge import Known
from .values import code, dig

_PAID, _PENDING, _DECLINED = Known.PAID, Known.PENDING, Known.DECLINED


def _table(paid: str, pending: str, declined: str) -> Mapping[str, Known]:
    """Return the statuses, each text listing them in lower case, by what they say."""
    return {
        **dict.fromkeys(paid.split(), _PAID),
        **dict.fromkeys(pending.split(), _PENDING),
        **dict.fromkeys(declined.split(), _DECLINED),
    }


# By provider, each status in lower case.
STATUSES = {
    # One that waits for the customer is neither: it can be withdrawn.
    "stripe": _table("succeeded", "processing", "canceled requires_payment_method failed"),
    "adyen": _table(
        "authorised",
        "challengeshopper identifyshopper pending presenttoshopper received redirectshopper",
        "refused error cancelled",
    ),
    "worldline": _table(
        "captured",
        "created redirected authorization_requested pending_approval pending_capture "
        "capture_requested pending_completion pending_payment pending_fraud_approval",
        "rejected rejected_capture cancelled",
    ),
    "razorpay": _table("captured refunded processed", "created pending authorized", "failed"),
    "mercado_pago": _table(
        "approved refunded", "pending in_process in_mediation authorized", "rejected cancelled"
    ),
    "authorize": _table("1", "4", "2 3"),
    "flutterwave": _table("successful", "pending", "cancelled failed"),
    "xendit": _table("succeeded paid captured", "pending authorized", "failed cancelled expired"),
    "demo": _table("done", "pending", "cancel error"),
}


def read_status(provider: str, payload: Any) -> Known | None:
    """Return what the status in an answer, a webhook or the body of an HTTP error says.

    :param provider: the provider's technical name
    :param payload: of any shape, as Odoo's transaction is given it; nothing is raised
    :return: ``PAID``, ``PENDING`` or ``DECLINED``; none where it has no status that decides
    """
    find = _PLACES.get(provider)
    return STATUSES[provider].get(find(payload).lower()) if find else None


def _of_stripe(payload: Any) -> str:
    # A card error is the issuer's refusal; other errors are about the request.
    if dig(payload, "error", "type") == "card_error":
        return "failed"
    return code(dig(payload, "payment_intent", "status"))


def _of_worldline(payload: Any) -> str:
    result = dig(payload, "paymentResult") or payload
    return code(dig(result, "payment", "status"))


def _of_authorize(payload: Any) -> str:
    # "A duplicate transaction has been submitted": an earlier request with these data was taken.
    if "duplicate" in str(dig(payload, "response", "x_response_reason_text")).lower():
        return ""
    return code(dig(payload, "response", "x_response_code"))


def _at(*path: str) -> Callable[[Any], str]:
    return lambda payload: code(dig(payload, *path))


_PLACES: dict[str, Callable[[Any], str]] = {
    "stripe": _of_stripe,
    "adyen": _at("resultCode"),
    "worldline": _of_worldline,
    "razorpay": _at("status"),
    "mercado_pago": _at("status"),
    "authorize": _of_authorize,
    "flutterwave": _at("status"),
    "xendit": _at("status"),
    "demo": _at("simulated_state"),
}
