"""Razorpay: the body of an HTTP error, or a payment entity."""

from typing import Any

from ..networks import funding_of, network_of
from ..raw import MethodFacts, RawDecline
from ..values import code, dig, number, text
from .tools import codes, first, last4, select

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


def read(payload: Any) -> RawDecline:
    """Read an error or an entity; the reason says more than the code, a class of errors."""
    error = dig(payload, "error")
    reason = first(dig(error, "reason"), dig(payload, "error_reason"))
    return RawDecline(
        "razorpay",
        # Some bodies say "NA" for no reason.
        codes(
            None if reason == "NA" else reason,
            first(dig(error, "code"), dig(payload, "error_code")),
        ),
        message=text(first(dig(error, "description"), dig(payload, "error_description"))),
        method=_read_method(payload),
        excerpt=select(payload, *_EXCERPT),
    )


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
    )
