# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Stripe: the error of a refused payment intent, the intent itself, or a charge.

Bodies of HTTP errors hold ``error``; answers and webhooks reach Odoo as ``payment_intent`` or
``setup_intent``, whose last error has the same members. A bank debit fails days later: its code is
in ``code``, its ``decline_code`` says nothing reliable.

The error of an intent may only say that its charge failed ("Check the error message for a detailed
explanation", Stripe, error codes); the charge's own ``failure_code`` then says why.

Stripe charges again by itself for an invoice of its own (``next_payment_attempt``; Stripe, The
Invoice object, and Automate payment retries) and for an off-session payment of version 2 of its
interface (status ``pending_retry``; Stripe, Smart Retries on Off-Session Payments). Odoo's addon
makes neither, an addon on top of it may.
"""

import re
from datetime import timedelta
from typing import Any

from ..networks import country_of, funding_of, network_of, scheme_of
from ..raw import MethodFacts, OwnRetries, RawDecline
from ..values import code, dig, fingerprint, number, text
from .tools import codes, first, first6, last4, network_code, select

_EXCERPT = (
    "error.type",
    "error.code",
    "error.decline_code",
    "error.message",
    "error.param",
    "event_type",
    "payment_intent.id",
    "payment_intent.status",
    "payment_intent.cancellation_reason",
    "payment_intent.last_payment_error.type",
    "payment_intent.last_payment_error.code",
    "payment_intent.last_payment_error.decline_code",
    "failure_code",
    "failure_message",
    "outcome.reason",
    "outcome.type",
)
# "No such payment_method: 'pm_1'; a similar object exists in live mode, but a test mode key was
# used to make this request." is what Stripe calls livemode_mismatch elsewhere, whatever its code.
_OTHER_MODE = re.compile(r"similar object exists in (?:live|test) mode", re.I)
# What a risk rule says is only told beside a decline code that hides it.
_HIDING = ("", "card_declined", "generic_decline", "fraudulent")
# Codes of an intent that only say that its charge failed.
_SUMMARIES = ("", "payment_intent_payment_attempt_failed", "card_declined")
# Stripe retries for two months at most, as the merchant chooses.
_RETRY_WINDOW = timedelta(days=62)


def read(payload: Any) -> RawDecline:
    """Read an HTTP error, the data of an answer or webhook, an event, an intent or a charge."""
    payload = first(dig(payload, "data", "object"), payload)  # An event as Stripe sends it.
    intent = first(
        dig(payload, "payment_intent"),
        dig(payload, "setup_intent"),
        dig(payload, "error", "payment_intent"),
        payload,
    )
    error = first(
        dig(payload, "error"), dig(intent, "last_payment_error"), dig(intent, "last_setup_error")
    )
    charge = _find_charge(payload, intent)
    outcome = dig(charge, "outcome")
    method = _read_method(payload, intent, error, charge)
    return RawDecline(
        "stripe",
        _read_codes(error, charge, outcome, method),
        message=text(first(dig(error, "message"), dig(charge, "failure_message"))),
        method=method,
        network_code=network_code(
            first(dig(error, "network_decline_code"), dig(outcome, "network_decline_code"))
        ),
        network_advice=network_code(
            first(dig(error, "network_advice_code"), dig(outcome, "network_advice_code"))
        ),
        provider_advice=code(first(dig(error, "advice_code"), dig(outcome, "advice_code"))),
        retries=_read_retries(payload, intent, charge),
        excerpt=select(payload, *_EXCERPT),
    )


def _find_charge(payload: Any, intent: Any) -> Any:
    candidates = (
        dig(intent, "latest_charge"),
        dig(intent, "charges", "data", 0),
        dig(payload, "charge"),
        payload if dig(payload, "object") == "charge" else None,
    )
    return next((charge for charge in candidates if isinstance(charge, dict)), None)


def _read_codes(error: Any, charge: Any, outcome: Any, method: MethodFacts) -> tuple[str, ...]:
    general, failure = code(dig(error, "code")), code(dig(charge, "failure_code"))
    if _OTHER_MODE.search(text(dig(error, "message"))):
        return codes("livemode_mismatch", general)
    if general in _SUMMARIES:
        general, failure = failure or general, general
    declined = code(dig(error, "decline_code"))
    if scheme_of(method.type):
        return codes(general or declined, failure)
    told = code(dig(outcome, "reason"))
    if told and dig(outcome, "type") == "blocked" and (declined or general) in _HIDING:
        return codes(told, declined, general)
    told = told if dig(outcome, "type") == "issuer_declined" else None
    return codes(declined, told, general, failure)


def _read_retries(payload: Any, intent: Any, charge: Any) -> OwnRetries | None:
    """Return whether Stripe charges again by itself; the id of an invoice does not tell."""
    if dig(payload, "object") == "v2.payments.off_session_payment":
        is_planned = dig(payload, "status") == "pending_retry"
        return OwnRetries(is_planned, code(dig(payload, "id")), _RETRY_WINDOW)
    candidates = (dig(intent, "invoice"), dig(charge, "invoice"), dig(payload, "invoice"))
    for invoice in candidates:
        if isinstance(invoice, dict) and "next_payment_attempt" in invoice:
            is_planned = bool(number(invoice["next_payment_attempt"], 1, 2**33))
            return OwnRetries(is_planned, code(invoice.get("id")), _RETRY_WINDOW)
    return None


def _read_method(payload: Any, intent: Any, error: Any, charge: Any) -> MethodFacts:
    candidates = (
        dig(payload, "payment_method"),
        dig(error, "payment_method"),
        dig(intent, "payment_method"),
        dig(charge, "payment_method_details"),
        payload if dig(payload, "object") == "payment_method" else None,
    )
    found = next((method for method in candidates if isinstance(method, dict)), {})
    # The error names it beside the method since version 2026-09-30 of the interface.
    kind = code(found.get("type") or dig(error, "payment_method_type"))
    details = found.get(kind)
    return MethodFacts(
        network=scheme_of(kind)
        or network_of(first(dig(details, "brand"), dig(details, "network"))),
        funding=funding_of(dig(details, "funding")),
        country=country_of(dig(details, "country")),
        exp_month=number(dig(details, "exp_month"), 1, 12),
        exp_year=number(dig(details, "exp_year"), 2000, 2199),
        fingerprint=fingerprint(dig(details, "fingerprint")),
        type=kind,
        last4=last4(dig(details, "last4")),
        # Told to those who have asked Stripe for it.
        issuer=first6(dig(details, "iin")),
    )
