# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Xendit: a credit card charge, a payment of the newer interface, or the body of an HTTP error."""

from typing import Any

from ..networks import funding_of, network_of
from ..raw import MethodFacts, RawDecline
from ..values import code, dig, fingerprint, number, text
from .tools import codes, first, first6, last4, network_code, select

_EXCERPT = (
    "id",
    "status",
    "failure_reason",
    "failure_code",
    "error_code",
    "message",
    "payment_method",
    "payment_channel",
    "charge_type",
)


def read(payload: Any) -> RawDecline:
    """Read a failed charge or an error."""
    payment = first(dig(payload, "data"), payload)
    network = first(
        dig(payment, "payment_details", "authorization_data"), dig(payment, "authorization_data")
    )
    reason = first(dig(payment, "failure_reason"), dig(payment, "failure_code"))
    return RawDecline(
        "xendit",
        codes(reason, dig(payload, "error_code")),
        message=text(
            first(dig(payload, "message"), dig(network, "card_network_descriptor"), reason)
        ),
        method=_read_method(payment),
        network_code=network_code(dig(network, "card_network_response_code")),
        network_advice=network_code(dig(network, "merchant_advice_code")),
        excerpt=select(payload, *_EXCERPT),
    )


def _read_method(payment: Any) -> MethodFacts:
    details = first(dig(payment, "payment_details"), dig(payment, "channel_properties"))
    network = network_of(first(dig(payment, "card_brand"), dig(details, "network")))
    return MethodFacts(
        network=network,
        funding=funding_of(first(dig(payment, "card_type"), dig(details, "type"))),
        exp_month=number(dig(details, "expiry_month"), 1, 12),
        exp_year=number(dig(details, "expiry_year"), 2000, 2199),
        fingerprint=fingerprint(
            first(dig(payment, "card_fingerprint"), dig(details, "fingerprint"))
        ),
        type="card" if network else code(dig(payment, "payment_method")).lower(),
        last4=last4(dig(payment, "masked_card_number")),
        issuer=first6(dig(payment, "masked_card_number")) if network else "",
    )
