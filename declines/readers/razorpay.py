# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Razorpay: the body of an HTTP error, or a payment entity.

``BAD_REQUEST_ERROR`` stands for a wrong request and for a payment that the bank or the customer
refused alike (Razorpay, error codes; the entity of a failed payment in the same documents has it
beside ``error_source`` *bank*). It is taken for a wrong request only where no payment was made and
nobody else is named as the source. A reason may be missing; the description then has its words.
"""

from typing import Any

from ..networks import funding_of, network_of
from ..raw import MethodFacts, RawDecline
from ..values import code, dig, number, text
from .tools import codes, first, first6, last4, select

_EXCERPT = (
    "error.code",
    "error.description",
    "error.source",
    "error.step",
    "error.reason",
    "error.field",
    "id",
    "status",
    "method",
    "error_code",
    "error_description",
    "error_source",
    "error_step",
    "error_reason",
)
_BAD_REQUEST, _PAYMENT_FAILED = "BAD_REQUEST_ERROR", "payment_failed"
# Sources of errors that are the request's: the company's own side, or none named.
_OF_REQUESTS = ("", "NA", "business", "internal")


def read(payload: Any) -> RawDecline:
    """Read an error or an entity; the reason says more than the code, a class of errors."""
    error = dig(payload, "error")
    reason = first(dig(error, "reason"), dig(payload, "error_reason"))
    return RawDecline(
        "razorpay",
        # Some bodies say "NA" for no reason.
        codes(None if reason == "NA" else reason, _read_code(payload, error)),
        message=text(first(dig(error, "description"), dig(payload, "error_description"))),
        method=_read_method(payload),
        excerpt=select(payload, *_EXCERPT),
    )


def _read_code(payload: Any, error: Any) -> str:
    """Return the class of errors; where a payment has failed, the reason that says nothing."""
    found = code(first(dig(error, "code"), dig(payload, "error_code")))
    source = code(first(dig(error, "source"), dig(payload, "error_source")))
    is_payment = (
        dig(payload, "error_code")
        or dig(error, "metadata", "payment_id")
        or source not in _OF_REQUESTS
    )
    return _PAYMENT_FAILED if found == _BAD_REQUEST and is_payment else found


def _read_method(payload: Any) -> MethodFacts:
    card = dig(payload, "card")
    return MethodFacts(
        network=network_of(dig(card, "network")),
        funding=funding_of(dig(card, "type")),
        # Domestic is Indian; an international card may be from anywhere.
        country="IN" if dig(card, "international") is False else "",
        exp_month=number(dig(card, "expiry_month"), 1, 12),
        exp_year=number(dig(card, "expiry_year"), 2000, 2199),
        type=code(dig(payload, "method")),
        last4=last4(dig(card, "last4")),
        issuer=first6(dig(card, "iin")),
    )
