# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Worldline: the body of an HTTP 402, an answer, or a webhook's payment.

The error codes of refused authorisations carry the answer of ISO 8583 field 39 in their third and
fourth digit, as 30511001 does 51. It is taken for the network's code where the rest of the code
is that of an acquirer's plain answer.
"""

import re
from typing import Any

from ..networks import country_of, network_of
from ..raw import MethodFacts, RawDecline
from ..values import code, dig, number, text
from .tools import codes, first, first6, last4, select

_EXCERPT = (
    "errorId",
    "type",
    "payment.status",
    "payment.statusOutput.statusCode",
    "payment.statusOutput.statusCategory",
    "paymentResult.payment.status",
    "paymentResult.payment.statusOutput.statusCode",
)
_ANSWER = re.compile(r"30(\d\d)1001")
# Codes of that form which are the platform's own, not an issuer's answer.
_PLATFORM = ("00", "17", "20", "38", "97", "98")
_NETWORKS = {
    1: "visa",
    2: "amex",
    3: "mastercard",
    117: "maestro",
    125: "jcb",
    128: "discover",
    130: "cartes bancaires",
    132: "diners",
}


def read(payload: Any) -> RawDecline:
    """Read a refusal, or the payment that an answer or a webhook brought."""
    payment = first(dig(payload, "paymentResult", "payment"), dig(payload, "payment"))
    error = first(dig(payload, "errors", 0), dig(payment, "statusOutput", "errors", 0))
    error_code = code(dig(error, "errorCode"))
    answer = _ANSWER.fullmatch(error_code)
    return RawDecline(
        "worldline",
        codes(error_code, dig(error, "id"), dig(error, "code")),
        message=text(first(dig(error, "message"), dig(error, "id"))),
        method=_read_method(payment),
        network_code=answer[1] if answer and answer[1] not in _PLATFORM else "",
        is_derived=bool(answer),
        excerpt=select(payload, *_EXCERPT)
        + tuple((f"error.{key}", dig(error, key)) for key in ("errorCode", "id", "category")),
    )


def _read_method(payment: Any) -> MethodFacts:
    output = dig(payment, "paymentOutput")
    details = dig(output, "cardPaymentMethodSpecificOutput")
    expiry = code(dig(details, "card", "expiryDate"))  # MMYY
    if len(expiry) != 4 or not expiry.isdecimal():
        expiry = ""
    product = number(dig(details, "paymentProductId"), 0, 99999)
    return MethodFacts(
        network=network_of(_NETWORKS.get(product, "")),
        country=country_of(dig(details, "card", "countryCode")),
        exp_month=number(expiry[:2], 1, 12),
        exp_year=number(f"20{expiry[2:]}", 2000, 2099) if expiry else None,
        type="card" if details else code(dig(output, "paymentMethod")),
        last4=last4(dig(details, "card", "cardNumber")),
        issuer=first6(dig(details, "card", "bin")),
    )
