# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Adyen: the answer to a payment, or the standard webhook.

A refusal is an HTTP 200 with ``refusalReasonCode``; the webhook has only the words, in ``reason``.
What the network said is in ``additionalData``, as far as the merchant's account sends it:

* ``refusalReasonRaw`` is the acquirer's answer, as ``51 : Insufficient funds``;
* ``inferredRefusalReason`` is what Adyen concludes from other payments, and then the refusal is
  only called "Not Supported" (Adyen, Checkout API 71, ResponseAdditionalDataCommon);
* ``realtimeAccountUpdaterStatus`` is what the networks' updater told while the payment ran: of a
  new card or validity, which are in the answer and were charged at once, of a closed account, or to
  ask the cardholder (Adyen, Real Time Account Updater, 2026-05-13);
* ``retry.rescueScheduled`` says whether Adyen will charge again by itself (Adyen, Auto Rescue for
  card payments, 2026-05-25; for SEPA payments).
"""

from datetime import timedelta
from typing import Any

from ..networks import country_of, funding_of, network_of, scheme_of
from ..raw import MethodFacts, OwnRetries, RawDecline
from ..values import code, dig, fingerprint, number, text
from .tools import codes, first, first6, last4, network_code, select

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
    "additionalData.inferredRefusalReason",
    "additionalData.realtimeAccountUpdaterStatus",
    "additionalData.paymentMethodVariant",
)
_RENEWALS = ("CardChanged", "CardExpiryChanged")
# Auto Rescue's window is a calendar month for cards and 42 days for SEPA debits where the account
# has it for all payments. Odoo's requests ask for no other.
_RESCUE_WINDOWS = {"sepa": timedelta(days=42)}
_RESCUE_WINDOW = timedelta(days=31)


def read(payload: Any) -> RawDecline:
    """Read an answer, a webhook's item, or the body of an HTTP error."""
    more = dig(payload, "additionalData")
    words = first(dig(payload, "refusalReason"), dig(payload, "reason"))
    raw_words = first(dig(more, "refusalReasonRaw"), dig(more, "acquirerRefusalReasonRaw"))
    updater = code(dig(more, "realtimeAccountUpdaterStatus"))
    return RawDecline(
        "adyen",
        codes(
            dig(more, "inferredRefusalReason"),
            dig(payload, "refusalReasonCode"),
            dig(payload, "errorCode"),
        ),
        tuple(filter(None, (text(words),))),
        message=_make_message(text(first(words, dig(payload, "message"))), text(raw_words)),
        method=_read_method(payload, more),
        network_code=network_code(first(dig(more, "refusalCodeRaw"), raw_words)),
        network_advice=network_code(dig(more, "merchantAdviceCode")),
        updater="" if updater in _RENEWALS else updater,
        retries=_read_retries(payload, more),
        excerpt=select(payload, *_EXCERPT),
    )


def _make_message(words: str, raw_words: str) -> str:
    return f"{words} ({raw_words})" if words and raw_words else words or raw_words


def _read_retries(payload: Any, more: Any) -> OwnRetries | None:
    """Return whether Adyen's Auto Rescue goes on; the event of its own tells that it has ended."""
    reference = code(dig(more, "retry.rescueReference"))
    if dig(payload, "eventCode") in ("AUTORESCUE", "CANCEL_AUTORESCUE"):
        return OwnRetries(False, reference)
    told = text(dig(more, "retry.rescueScheduled")).lower()
    if told not in ("true", "false"):
        return None
    within = _RESCUE_WINDOWS.get(_read_method(payload, more).network, _RESCUE_WINDOW)
    return OwnRetries(told == "true", reference, within)


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
        issuer=first6(dig(more, "cardBin")),
        is_renewed=dig(more, "realtimeAccountUpdaterStatus") in _RENEWALS,
    )
