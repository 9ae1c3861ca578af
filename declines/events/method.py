# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a provider tells of a saved method between charges: renewed, changed or removed.

* Stripe's event of the card networks had another name in API versions before 2020-08-27.
* Adyen's token events hold no validity. Its older RECURRING_CONTRACT only says that a method was
  saved, and its signature covers none of the card's data: nothing is taken from it.
"""

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ..networks import network_of
from ..raw import MethodFacts
from ..reading import read_method
from ..values import dig, number

MAX_REFERENCE = 255

_STRIPE_KINDS = {
    "payment_method.automatically_updated": "renewed",
    "payment_method.card_automatically_updated": "renewed",
    "payment_method.updated": "changed",
    "payment_method.detached": "removed",
}
_ADYEN_KINDS = {
    "recurring.token.updated": "renewed",
    "recurring.token.disabled": "removed",
}


@dataclass(frozen=True)
class MethodEvent:
    """What happened to a saved method at its provider.

    :ivar kind: ``renewed`` by the card network, ``changed`` by somebody, or ``removed``
    :ivar reference: the provider's id of the method
    :ivar at: aware UTC, in whole seconds: when it happened
    :ivar facts: the method as it is since then, as far as the provider tells
    """

    kind: str
    reference: str
    at: datetime
    facts: MethodFacts


def read_event(provider: str, payload: Any) -> MethodEvent | None:
    """Read the parsed body of an event; return none when it is about something else.

    :raises ValueError: when it is no event of this provider, or one without what it must hold
    """
    if not isinstance(payload, dict) or not isinstance(payload.get("type"), str):
        raise ValueError("An event has a type.")
    if provider == "stripe" and payload["type"] in _STRIPE_KINDS:
        return _read_stripe(payload)
    if provider == "adyen" and payload["type"] in _ADYEN_KINDS:
        return _read_adyen(payload)
    return None


def _read_stripe(payload: dict) -> MethodEvent:
    created = number(payload.get("created"), 1, 2**33)
    if not created:
        raise ValueError("The event says not when it happened.")
    return MethodEvent(
        _STRIPE_KINDS[payload["type"]],
        _read_reference(dig(payload, "data", "object", "id")),
        datetime.fromtimestamp(created, timezone.utc),
        read_method("stripe", payload),
    )


def _read_adyen(payload: dict) -> MethodEvent:
    created = payload.get("createdAt")
    if not isinstance(created, str):
        raise ValueError("The event says not when it happened.")
    at = datetime.fromisoformat(created.replace("Z", "+00:00"))
    if not at.tzinfo:
        raise ValueError("The event says not in which time zone it happened.")
    return MethodEvent(
        _ADYEN_KINDS[payload["type"]],
        _read_reference(dig(payload, "data", "storedPaymentMethodId")),
        at.astimezone(timezone.utc).replace(microsecond=0),
        MethodFacts(network=network_of(dig(payload, "data", "type"))),
    )


def _read_reference(value: Any) -> str:
    """Return the id of a method as it is: masking it, as texts are, would make it another one."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_REFERENCE or not value.isascii():
        raise ValueError("The event says not which method it is about.")
    return value.replace("\0", "")
