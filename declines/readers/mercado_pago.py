# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Mercado Pago: a payment, or the body of an HTTP error."""

from typing import Any

from ..networks import country_of, funding_of, network_of
from ..raw import MethodFacts, RawDecline
from ..values import code, dig, number, text
from .tools import codes, first, first6, last4, select

_EXCERPT = (
    "id",
    "status",
    "status_detail",
    "payment_type_id",
    "payment_method_id",
    "error",
    "message",
)


def read(payload: Any) -> RawDecline:
    """Read a rejected payment, or the causes of an HTTP error."""
    cause = dig(payload, "cause", 0)
    return RawDecline(
        "mercado_pago",
        codes(dig(payload, "status_detail"), dig(cause, "code")),
        message=text(
            first(dig(cause, "description"), dig(payload, "message"), dig(payload, "status_detail"))
        ),
        method=_read_method(payload),
        excerpt=select(payload, *_EXCERPT)
        + (("cause.code", dig(cause, "code")), ("cause.description", dig(cause, "description"))),
    )


def _read_method(payload: Any) -> MethodFacts:
    kind = code(dig(payload, "payment_type_id"))
    network = network_of(dig(payload, "payment_method_id"))
    return MethodFacts(
        network=network,
        funding=funding_of(kind),
        country=country_of(dig(payload, "card", "country")),
        exp_month=number(dig(payload, "card", "expiration_month"), 1, 12),
        exp_year=number(dig(payload, "card", "expiration_year"), 2000, 2199),
        type="card" if kind.endswith("_card") else kind,
        last4=last4(dig(payload, "card", "last_four_digits")),
        issuer=first6(dig(payload, "card", "first_six_digits")),
    )
