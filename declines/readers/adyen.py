"""Adyen: the answer to a payment, or the standard webhook.

A refusal is an HTTP 200 with ``refusalReasonCode``; the webhook has only the words, in ``reason``.
What the network said is in ``additionalData``, as far as the merchant's account sends it.
"""

from typing import Any

from ..networks import country_of, funding_of, network_of, scheme_of
from ..raw import MethodFacts, RawDecline
from ..values import code, dig, fingerprint, number, text
from .tools import codes, first, last4, network_code, select

_EXCERPT = (
    "resultCode",
    "refusalReason",
    "refusalReasonCode",
    "eventCode",
    "success",
    "reason",
    "status",
    "errorCode",
    "errorType",
    "message",
    "additionalData.refusalReasonRaw",
    "additionalData.refusalCodeRaw",
    "additionalData.merchantAdviceCode",
    "additionalData.paymentMethodVariant",
)


def read(payload: Any) -> RawDecline:
    """Read an answer, a webhook's item, or the body of an HTTP error."""
    more = dig(payload, "additionalData")
    words = first(dig(payload, "refusalReason"), dig(payload, "reason"))
    raw_words = first(dig(more, "refusalReasonRaw"), dig(more, "acquirerRefusalReasonRaw"))
    return RawDecline(
        "adyen",
        codes(dig(payload, "refusalReasonCode"), dig(payload, "errorCode")),
        tuple(filter(None, (text(words),))),
        message=_make_message(text(first(words, dig(payload, "message"))), text(raw_words)),
        method=_read_method(payload, more),
        network_code=network_code(first(dig(more, "refusalCodeRaw"), raw_words)),
        network_advice=network_code(dig(more, "merchantAdviceCode")),
        excerpt=select(payload, *_EXCERPT),
    )


def _make_message(words: str, raw_words: str) -> str:
    return f"{words} ({raw_words})" if words and raw_words else words or raw_words


def _read_method(payload: Any, more: Any) -> MethodFacts:
    method = dig(payload, "paymentMethod")
    kind = code(dig(method, "type") if isinstance(method, dict) else method)
    brand = first(dig(method, "brand"), dig(more, "paymentMethod"), kind)
    scheme = scheme_of(kind)
    network = scheme or network_of(brand) or network_of(dig(more, "paymentMethodVariant"))
    month, _slash, year = code(first(dig(more, "expiryDate"), "")).partition("/")
    return MethodFacts(
        network=network,
        funding=funding_of(dig(more, "fundingSource")),
        country=country_of(first(dig(more, "cardIssuingCountry"), dig(more, "issuerCountry"))),
        exp_month=number(month, 1, 12),
        exp_year=number(year, 2000, 2199),
        fingerprint=fingerprint(dig(more, "alias")),
        type="card" if network and not scheme else kind,
        last4=last4(dig(more, "cardSummary")),
    )
