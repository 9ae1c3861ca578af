# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Worldline, Razorpay, Mercado Pago and Xendit: what their webhooks tell of money taken back.

* Worldline, "Statuses" and "Webhooks" (Direct), "Webhooks event types" (Connect), 2026: a payment
  whose status is CHARGEBACK_NOTIFICATION, CHARGEBACKED, REVERSED, REJECTED_CAPTURE or REFUNDED,
  or a refund whose status is REFUNDED. No reason code, and no deadline, is told.
* Razorpay, "Disputes Webhook Events", "Refunds Webhook Events" (2026).
* Mercado Pago, "Payment status" and "Get payment" (2026): the payment, fetched by its id.
* Xendit, "Refund webhook notification" (2026). Nothing is documented of chargebacks.
* Flutterwave and Authorize.Net: no webhook of money taken back reaches Odoo's addons.
"""

from typing import Any

from ..networks import network_of
from ..raw import MethodFacts, RawDecline
from ..readers.worldline import read as read_worldline_decline
from ..values import code, dig, text
from .return_event import ReturnEvent, currency, iso, money, name, names, unix

_WORLDLINE = {
    "CHARGEBACK_NOTIFICATION": ("dispute", "opened"),
    "CHARGEBACKED": ("dispute", "taken"),
    "REVERSED": ("failed", "taken"),
    "REJECTED_CAPTURE": ("failed", "taken"),
    "REFUNDED": ("refund", "taken"),
}
_RAZORPAY_DISPUTES = {
    "payment.dispute.created": "opened",
    "payment.dispute.under_review": "opened",
    "payment.dispute.action_required": "opened",
    "payment.dispute.won": "won",
    "payment.dispute.lost": "lost",
    "payment.dispute.closed": "won",
}
_RAZORPAY_REFUNDS = {"refund.processed": "taken", "refund.failed": "won"}
_XENDIT_REFUNDS = {"refund.succeeded": "taken", "refund.failed": "won"}
_MERCADO_PAGO_DISPUTES = {"reimbursed": "won", "settled": "lost"}


def read_worldline(payload: Any) -> list[ReturnEvent]:
    """Read a webhook of Worldline."""
    payment = dig(payload, "paymentResult", "payment") or dig(payload, "payment")
    refund = dig(payload, "refund")
    found = payment or refund
    kind, state = _WORLDLINE.get(dig(found, "status"), ("", ""))
    output = dig(found, "paymentOutput") or dig(found, "refundOutput")
    operation = name(dig(found, "id"))
    base = operation.rsplit("_", 1)[0]
    if not kind or (refund and not payment and kind != "refund"):
        return []
    raw = RawDecline("worldline")
    if kind == "failed":
        raw = read_worldline_decline(payload)
    elif kind == "dispute":
        brand = dig(output, "cardPaymentMethodSpecificOutput", "paymentProductId")
        raw = RawDecline("worldline", method=MethodFacts(network=_PRODUCTS.get(brand, "")))
    return [
        ReturnEvent(
            kind,
            state,
            operation if kind == "refund" else base,
            names(base),
            reference=name(dig(output, "references", "merchantReference")),
            amount=money(dig(output, "amountOfMoney", "amount")),
            currency=currency(dig(output, "amountOfMoney", "currencyCode")),
            at=iso(dig(payload, "created")),
            raw=raw,
            is_known_to_addon=kind == "failed",
        )
    ]


# Worldline, "Payment products": 1 Visa, 3 Mastercard, 117 Maestro, 2 American Express.
_PRODUCTS = {1: "visa", 2: "amex", 3: "mastercard", 117: "mastercard"}


def read_razorpay(payload: Any) -> list[ReturnEvent]:
    """Read a webhook of Razorpay."""
    kind = dig(payload, "event")
    if kind in _RAZORPAY_DISPUTES:
        return [_read_razorpay_dispute(payload, _RAZORPAY_DISPUTES[kind])]
    if kind in _RAZORPAY_REFUNDS:
        refund = dig(payload, "payload", "refund", "entity")
        return [
            ReturnEvent(
                "refund",
                _RAZORPAY_REFUNDS[kind],
                name(dig(refund, "id")),
                names(dig(refund, "payment_id")),
                amount=money(dig(refund, "amount")),
                currency=currency(dig(refund, "currency")),
                at=unix(dig(payload, "created_at")),
            )
        ]
    return []


def _read_razorpay_dispute(payload: Any, state: str) -> ReturnEvent:
    dispute = dig(payload, "payload", "dispute", "entity")
    payment = dig(payload, "payload", "payment", "entity")
    deducted = money(dig(dispute, "amount_deducted"))
    if deducted and state == "opened":
        state = "taken"
    elif deducted and dig(payload, "event") == "payment.dispute.closed":
        state = "lost"
    reason = code(dig(dispute, "reason_code"))
    return ReturnEvent(
        "dispute",
        state,
        name(dig(dispute, "id")),
        names(dig(dispute, "payment_id"), dig(payment, "id")),
        amount=money(dig(dispute, "amount")),
        currency=currency(dig(dispute, "currency")),
        at=unix(dig(payload, "created_at")),
        deadline=unix(dig(dispute, "respond_by")),
        raw=RawDecline(
            "razorpay",
            codes=tuple(filter(None, (reason,))),
            message=text(dig(dispute, "reason_description")),
            method=MethodFacts(network=network_of(dig(payment, "card", "network"))),
        ),
        is_known_to_addon=False,
    )


def read_mercado_pago(payload: Any) -> list[ReturnEvent]:
    """Read a payment as Mercado Pago returns it; amounts are in whole units with decimals."""
    status, detail = dig(payload, "status"), dig(payload, "status_detail")
    common = {
        "payments": names(dig(payload, "id")),
        "reference": name(dig(payload, "external_reference")),
        "currency": currency(dig(payload, "currency_id")),
        "is_minor": False,
        "at": iso(dig(payload, "date_last_updated")),
        "is_known_to_addon": False,
    }
    payment = name(dig(payload, "id"))
    events = []
    if status in ("charged_back", "in_mediation"):
        state = _MERCADO_PAGO_DISPUTES.get(detail, "taken")
        events.append(
            ReturnEvent(
                "dispute",
                "opened" if status == "in_mediation" else state,
                payment,
                amount=money(dig(payload, "transaction_amount")),
                raw=RawDecline("mercado_pago", method=_read_card(payload)),
                **common,
            )
        )
    if status == "refunded" or detail == "partially_refunded":
        refunds = dig(payload, "refunds")
        for refund in refunds if isinstance(refunds, list) else []:
            state = {"approved": "taken", "rejected": "won", "cancelled": "won"}
            events.append(
                ReturnEvent(
                    "refund",
                    state.get(dig(refund, "status"), "opened"),
                    name(dig(refund, "id")),
                    amount=money(dig(refund, "amount")),
                    **common,
                )
            )
    return events


def _read_card(payload: Any) -> MethodFacts:
    return MethodFacts(network=network_of(dig(payload, "payment_method_id")))


def read_xendit(payload: Any) -> list[ReturnEvent]:
    """Read a webhook of Xendit about a refund; its example wraps the event once more in itself."""
    state = _XENDIT_REFUNDS.get(dig(payload, "event"))
    if not state:
        return []
    refund = dig(payload, "data", "data") or dig(payload, "data")
    return [
        ReturnEvent(
            "refund",
            state,
            name(dig(refund, "id")),
            names(dig(refund, "invoice_id"), dig(refund, "payment_id")),
            amount=money(dig(refund, "amount")),
            currency=currency(dig(refund, "currency")),
            is_minor=False,
            at=iso(dig(payload, "created")),
            is_known_to_addon=False,
        )
    ]
