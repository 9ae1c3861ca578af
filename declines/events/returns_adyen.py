# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Adyen: disputes, captures that fail, refunds, and refunds that come back.

Adyen, "Dispute webhooks", "Webhook types", "Failed captures", "Failed refunds" (2026). All events
of a dispute have its ``pspReference``; ``originalReference`` is the payment's. Where a bank returns
a debit, Adyen calls that a chargeback, too, with the bank's code at the head of its reason.
"""

from typing import Any

from ..networks import network_of, scheme_of
from ..raw import MethodFacts, RawDecline
from ..values import code, dig, text
from .return_event import ReturnEvent, currency, iso, money, name, names

# Odoo's `payment_adyen` and Adyen, "Currency codes": where they do not count as ISO 4217 does.
DECIMALS = {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}
_DISPUTES = {
    "REQUEST_FOR_INFORMATION": "opened",
    "NOTIFICATION_OF_CHARGEBACK": "opened",
    "DISPUTE_OPENED_WITH_CHARGEBACK": "opened",
    "INFORMATION_SUPPLIED": "opened",
    "DISPUTE_DEFENSE_PERIOD_ENDED": "opened",
    "PREARBITRATION_OPEN": "opened",
    "CHARGEBACK": "taken",
    "CHARGEBACK_REVERSED": "won",
    "ISSUER_RESPONSE_TIMEFRAME_EXPIRED": "won",
    "PREARBITRATION_WON": "won",
    "SCHEME_ARBITRATION_WON": "won",
    "SECOND_CHARGEBACK": "lost",
    "PREARBITRATION_LOST": "lost",
    "SCHEME_ARBITRATION_LOST": "lost",
}
# A refund that was paid out comes back, or was never paid out.
_REFUNDS_BACK = ("REFUND_FAILED", "REFUNDED_REVERSED")


def read_adyen(payload: Any) -> list[ReturnEvent]:
    """Read a webhook as Adyen sends it, or one item of it."""
    items = dig(payload, "notificationItems")
    if isinstance(items, list):
        items = [dig(item, "NotificationRequestItem") for item in items]
    else:
        items = [payload]
    return [event for item in items if (event := _read_item(item))]


def _read_item(item: Any) -> ReturnEvent | None:
    kind = dig(item, "eventCode")
    is_success = str(dig(item, "success")).lower() == "true"
    if kind == "REFUND":
        return _make(item, "refund", "taken" if is_success else "won", is_known_to_addon=True)
    if not is_success:
        return None  # What did not happen; the payment is as it was.
    if kind in _DISPUTES:
        return _read_dispute(item, _DISPUTES[kind])
    if kind == "CAPTURE_FAILED":
        # Its own name is that of the capture, of which there may be several.
        raw = RawDecline("adyen", texts=(text(dig(item, "reason")),))
        return _make(item, "failed", "taken", raw=raw, is_known_to_addon=True)
    if kind in _REFUNDS_BACK:
        return _make(item, "refund", "won")
    if kind == "CANCEL_OR_REFUND":
        is_refund = dig(item, "additionalData", "modification.action") == "refund"
        return _make(item, "refund", "taken") if is_refund else None
    return None


def _read_dispute(item: Any, state: str) -> ReturnEvent:
    data = dig(item, "additionalData")
    method = dig(item, "paymentMethod")
    reason = text(dig(item, "reason"))
    response = code(dig(data, "chargebackReasonCode") or dig(data, "rfiReasonCode"))
    if scheme := scheme_of(method):
        raw = RawDecline(
            "bank",
            message=reason,
            method=MethodFacts(network=scheme),
            network_code=response or code(reason.partition(":")[0].strip()),
        )
    else:
        network = network_of(dig(data, "chargebackSchemeCode")) or network_of(method)
        raw = RawDecline(
            "adyen",
            message=reason,
            method=MethodFacts(network=network),
            network_code=response,
        )
    return _make(item, "failed" if scheme else "dispute", state, raw=raw)


def _make(
    item: Any, kind: str, state: str, raw: RawDecline | None = None, is_known_to_addon: bool = False
) -> ReturnEvent:
    name_of_currency = currency(dig(item, "amount", "currency"))
    payments = names(dig(item, "originalReference"))
    return ReturnEvent(
        kind,
        state,
        name(dig(item, "pspReference")),
        payments,
        # Of a refund it may be the refund's own; of the others it is the payment's.
        reference="" if payments or kind == "refund" else name(dig(item, "merchantReference")),
        amount=money(dig(item, "amount", "value")),
        currency=name_of_currency,
        decimals=DECIMALS.get(name_of_currency),
        at=iso(dig(item, "eventDate")),
        deadline=iso(dig(item, "additionalData", "defensePeriodEndsAt")),
        raw=raw or RawDecline("adyen", message=text(dig(item, "reason"))),
        is_known_to_addon=is_known_to_addon,
    )
