"""Stripe: the error of a refused payment intent, the intent itself, or a charge.

Bodies of HTTP errors hold ``error``; answers and webhooks reach Odoo as ``payment_intent`` or
``setup_intent``, whose last error has the same members. A bank debit fails days later: its code is
in ``code``, its ``decline_code`` says nothing reliable.
"""

import re
from typing import Any

from ..networks import country_of, funding_of, network_of, scheme_of
from ..raw import MethodFacts, RawDecline
from ..values import code, dig, fingerprint, number, text
from .tools import codes, first, last4, network_code, select

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
    if _OTHER_MODE.search(text(dig(error, "message"))):
        return codes("livemode_mismatch", dig(error, "code"))
    general = first(dig(error, "code"), dig(charge, "failure_code"))
    declined = code(dig(error, "decline_code"))
    if scheme_of(method.type):
        return codes(first(general, declined))
    told = code(dig(outcome, "reason"))
    if told and dig(outcome, "type") == "blocked" and (declined or code(general)) in _HIDING:
        return codes(told, declined, general)
    return codes(declined, told if dig(outcome, "type") == "issuer_declined" else None, general)


def _read_method(payload: Any, intent: Any, error: Any, charge: Any) -> MethodFacts:
    candidates = (
        dig(payload, "payment_method"),
        dig(error, "payment_method"),
        dig(intent, "payment_method"),
        dig(charge, "payment_method_details"),
        payload if dig(payload, "object") == "payment_method" else None,
    )
    found = next((method for method in candidates if isinstance(method, dict)), {})
    kind = code(found.get("type"))
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
    )
