"""What a provider tells of a saved method between charges: renewed, changed or removed.

The body of such an event is believed when it carries the provider's signature, made with a secret
that only the two know. Nothing is believed without one.

* Stripe signs ``t.body`` with HMAC-SHA256 and sends ``t=…,v1=…``, anew for each delivery, so that
  an old signature can be refused. While a secret is being replaced there are two ``v1``. The event
  of the card networks had another name in API versions before 2020-08-27.
* Adyen's token events are signed as a whole, with a key in hexadecimal digits, in the header
  ``HmacSignature``. They hold no validity. Its older RECURRING_CONTRACT only says that a method was
  saved, and its signature covers none of the card's data: nothing is taken from it.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .networks import network_of
from .raw import MethodFacts
from .reading import read_method
from .values import dig, number

# As in Odoo's own Stripe controller. Stripe itself recommends no less than five minutes.
TOLERANCE = timedelta(minutes=10)
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


def is_authentic(
    provider: str,
    headers: Mapping[str, str],
    body: bytes,
    secrets: Iterable[str],
    now: datetime,
) -> bool:
    """Return whether a provider signed this body with one of the secrets.

    :param headers: of the request; finds names in any case
    :param secrets: may be empty, and then nothing is authentic
    :param now: aware instant, which a signature may miss by :data:`TOLERANCE`
    """
    check = {"stripe": _is_signed_by_stripe, "adyen": _is_signed_by_adyen}.get(provider)
    return bool(check) and any(check(headers, body, secret, now) for secret in secrets if secret)


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


def _is_signed_by_stripe(
    headers: Mapping[str, str], body: bytes, secret: str, now: datetime
) -> bool:
    parts = [part.partition("=") for part in (headers.get("Stripe-Signature") or "").split(",")]
    instant = next((value for name, _is, value in parts if name.strip() == "t"), "")
    # Twelve digits are enough for thirty thousand years.
    if not (instant.isascii() and instant.isdecimal() and len(instant) <= 12):
        return False
    if abs(now.timestamp() - int(instant)) > TOLERANCE.total_seconds():
        return False
    expected = hmac.new(secret.encode(), instant.encode() + b"." + body, hashlib.sha256)
    return any(
        hmac.compare_digest(value.encode(), expected.hexdigest().encode())
        for name, _is, value in parts
        if name.strip() == "v1"
    )


def _is_signed_by_adyen(
    headers: Mapping[str, str], body: bytes, secret: str, _now: datetime
) -> bool:
    # Adyen sends the same signature for days, until the event is accepted: age says nothing.
    try:
        key = bytes.fromhex(secret)
    except ValueError:
        return False
    expected = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest())
    received = headers.get("HmacSignature") or ""
    return bool(key) and hmac.compare_digest(received.encode(), expected)
