# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Flutterwave: a charge, or the body of an HTTP error. It has words, hardly any codes."""

from typing import Any

from ..networks import country_of, network_of
from ..raw import MethodFacts, RawDecline
from ..values import code, dig, number, text
from .tools import codes, first, first6, last4, select

_EXCERPT = (
    "id",
    "status",
    "processor_response",
    "payment_type",
    "auth_model",
    "message",
    "code",
    "data.code",
    "data.status",
    "data.processor_response",
)


def read(payload: Any) -> RawDecline:
    """Read a charge, alone or within ``data``, or an error."""
    charge = first(dig(payload, "data"), payload)
    words = [
        text(dig(charge, "processor_response")),
        text(dig(charge, "message")),
        text(dig(payload, "message")),
    ]
    words = list(dict.fromkeys(filter(None, words)))
    status = code(dig(charge, "status"))
    return RawDecline(
        "flutterwave",
        # Its status is the last resort: "failed" says nothing.
        codes(dig(charge, "code")) if words else codes(dig(charge, "code"), status),
        tuple(words),
        message=words[0] if words else "",
        method=_read_method(charge),
        excerpt=select(payload, *_EXCERPT),
    )


def _read_method(charge: Any) -> MethodFacts:
    card = dig(charge, "card")
    month, _slash, year = code(dig(card, "expiry")).partition("/")
    return MethodFacts(
        network=network_of(dig(card, "type")),
        # Some answers have "NIGERIA NG".
        country=country_of(code(dig(card, "country"))[-2:]),
        exp_month=number(month, 1, 12),
        exp_year=number(f"20{year}" if len(year) == 2 else year, 2000, 2199),
        type=code(dig(charge, "payment_type")),
        last4=last4(dig(card, "last_4digits")),
        issuer=first6(dig(card, "first_6digits")),
    )
