# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Stripe: disputes, refunds, and bank debits that fail after they had succeeded.

API reference, "The Dispute object", "The Refund object", "Types of events" (2026). A dispute's
``balance_transactions`` show what was withdrawn and reinstated. Where a bank returns a debit,
Stripe calls that a dispute, too: with the reason of a bank, and lost from the start.
"""

from typing import Any

from ..networks import network_of, scheme_of
from ..raw import MethodFacts, RawDecline
from ..readers.stripe import read as read_charge
from ..values import code, dig
from .return_event import ReturnEvent, currency, money, name, names, unix

# Stripe, "Supported currencies": where it does not count as ISO 4217 does.
DECIMALS = {"ISK": 2, "UGX": 2, "MGA": 0}
_DISPUTES = (
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)
_REFUNDS = ("charge.refund.updated", "refund.created", "refund.updated", "refund.failed")
_FAILURES = ("charge.failed", "payment_intent.payment_failed")
_ENDS = {"won": "won", "warning_closed": "won", "lost": "lost"}
_REFUND_STATES = {"succeeded": "taken", "failed": "won", "canceled": "won"}
# Reasons of a bank that could not debit, rather than of a customer who disputes.
_BANK_REASONS = (
    "bank_cannot_process",
    "check_returned",
    "incorrect_account_details",
    "insufficient_funds",
)
# The events to switch on for all that is read here.
EVENTS = (*_DISPUTES, "charge.refunded", *_REFUNDS, "payment_intent.payment_failed")


def read_stripe(payload: Any) -> list[ReturnEvent]:
    """Read an event as Stripe sends it."""
    kind, found = dig(payload, "type"), dig(payload, "data", "object")
    at = unix(dig(payload, "created"))
    if kind in _DISPUTES:
        return [_read_dispute(kind, found, at)]
    if kind in _REFUNDS:
        return [_read_refund(found, found, at)]
    if kind == "charge.refunded":
        # Newer API versions don't list the refunds here, and tell of each in an event of its own.
        refunds = dig(found, "refunds", "data") or []
        return [_read_refund(refund, found, at) for refund in refunds]
    if kind in _FAILURES:
        return _read_failure(kind, found, at)
    return []


def _read_dispute(kind: str, found: Any, at: Any) -> ReturnEvent:
    reason = code(dig(found, "reason"))
    card = dig(found, "payment_method_details", "card")
    response = dig(card, "network_reason_code") or dig(found, "network_reason_code")
    name_of_currency = currency(dig(found, "currency"))
    return ReturnEvent(
        "failed" if reason in _BANK_REASONS else "dispute",
        _find_state(kind, found),
        name(dig(found, "id")),
        names(dig(found, "payment_intent"), dig(found, "charge")),
        amount=money(dig(found, "amount")),
        currency=name_of_currency,
        decimals=DECIMALS.get(name_of_currency),
        at=at,
        deadline=unix(dig(found, "evidence_details", "due_by")),
        raw=RawDecline(
            "stripe",
            codes=tuple(filter(None, (reason,))),
            method=MethodFacts(network=network_of(dig(card, "brand"))),
            network_code=code(response),
        ),
        is_known_to_addon=False,
    )


def _find_state(kind: str, found: Any) -> str:
    if state := _ENDS.get(dig(found, "status")):
        return state
    if kind == "charge.dispute.funds_reinstated":
        return "won"
    movements = dig(found, "balance_transactions")
    movements = movements if isinstance(movements, list) else []
    amounts = [dig(movement, "amount") for movement in movements]
    if kind == "charge.dispute.funds_withdrawn" or (
        all(isinstance(amount, int) for amount in amounts) and sum(amounts) < 0
    ):
        return "taken"
    return "opened"


def _read_refund(refund: Any, charge: Any, at: Any) -> ReturnEvent:
    name_of_currency = currency(dig(refund, "currency"))
    return ReturnEvent(
        "refund",
        _REFUND_STATES.get(dig(refund, "status"), "opened"),
        name(dig(refund, "id")),
        names(
            dig(refund, "payment_intent"),
            dig(charge, "payment_intent"),
            dig(refund, "charge"),
        ),
        amount=money(dig(refund, "amount")),
        currency=name_of_currency,
        decimals=DECIMALS.get(name_of_currency),
        at=at,
    )


def _read_failure(kind: str, found: Any, at: Any) -> list[ReturnEvent]:
    """Read a debit that failed; whether it had succeeded before, the payment itself tells.

    A card does not fail once it was charged: such an event is about another try.
    """
    raw = read_charge({"data": {"object": found}})
    if not scheme_of(raw.method.type) and not scheme_of(_find_type(found)):
        return []
    if kind == "charge.failed":
        payments = names(dig(found, "payment_intent"), dig(found, "id"))
    else:
        payments = names(dig(found, "id"))
    name_of_currency = currency(dig(found, "currency"))
    return [
        ReturnEvent(
            "failed",
            "taken",
            payments[0] if payments else "",
            payments,
            amount=money(dig(found, "amount")),
            currency=name_of_currency,
            decimals=DECIMALS.get(name_of_currency),
            at=at,
            raw=raw,
        )
    ]


def _find_type(found: Any) -> Any:
    return (
        dig(found, "payment_method_details", "type")
        or dig(found, "last_payment_error", "payment_method", "type")
        or dig(found, "payment_method_types", 0)
    )
