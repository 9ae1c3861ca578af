# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Whether a provider has sent an event: by its signature, made with a secret only the two know.

Nothing is believed without one.

* Stripe signs ``t.body`` with HMAC-SHA256 and sends ``t=…,v1=…``, anew for each delivery, so that
  an old signature can be refused. While a secret is being replaced there are two ``v1``.
* Adyen signs its token events as a whole, with a key in hexadecimal digits, in the header
  ``HmacSignature``; of its payment webhooks each item, in itself, some of its values.
* Worldline (Direct, "Webhooks") signs the body, in Base64, in ``X-GCS-Signature``; Razorpay
  ("Validate webhooks") in hexadecimal digits in ``X-Razorpay-Signature``.
* Xendit ("Webhooks") sends the account's token in ``x-callback-token``.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..values import dig

# As in Odoo's own Stripe controller. Stripe itself recommends no less than five minutes.
TOLERANCE = timedelta(minutes=10)
_ADYEN_SIGNED = (
    ("pspReference",),
    ("originalReference",),
    ("merchantAccountCode",),
    ("merchantReference",),
    ("amount", "value"),
    ("amount", "currency"),
    ("eventCode",),
    ("success",),
)


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
    check = _CHECKS.get(provider)
    return bool(check) and any(check(headers, body, secret, now) for secret in secrets if secret)


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
    if not key:
        return False
    if received := headers.get("HmacSignature"):
        return _matches(received, _digest(key, body))
    items = _read_items(body)
    return bool(items) and all(
        _matches(dig(item, "additionalData", "hmacSignature"), _digest(key, _join(item).encode()))
        for item in items
    )


def _read_items(body: bytes) -> list[Any]:
    """Return the items of a payment webhook of Adyen."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return []
    items = dig(payload, "notificationItems")
    if not isinstance(items, list):
        return []
    return [dig(item, "NotificationRequestItem") for item in items]


def _join(item: Any) -> str:
    """Return what Adyen signs of an item.

    Adyen, "Verify HMAC signatures": backslashes and colons of the values are escaped.
    """
    values = [dig(item, *path) for path in _ADYEN_SIGNED]
    texts = ["" if value is None else str(value) for value in values]
    return ":".join(value.replace("\\", "\\\\").replace(":", "\\:") for value in texts)


def _is_signed_by_worldline(
    headers: Mapping[str, str], body: bytes, secret: str, _now: datetime
) -> bool:
    return _matches(headers.get("X-GCS-Signature"), _digest(secret.encode(), body))


def _is_signed_by_razorpay(
    headers: Mapping[str, str], body: bytes, secret: str, _now: datetime
) -> bool:
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return _matches(headers.get("X-Razorpay-Signature"), expected.encode())


def _has_token_of_xendit(
    headers: Mapping[str, str], _body: bytes, secret: str, _now: datetime
) -> bool:
    return _matches(headers.get("x-callback-token"), secret.encode())


def _digest(key: bytes, body: bytes) -> bytes:
    return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest())


def _matches(received: Any, expected: bytes) -> bool:
    """Return whether a received signature is the expected one, in a time that tells nothing."""
    return isinstance(received, str) and hmac.compare_digest(
        received.encode("utf-8", "replace"), expected
    )


_CHECKS = {
    "stripe": _is_signed_by_stripe,
    "adyen": _is_signed_by_adyen,
    "worldline": _is_signed_by_worldline,
    "razorpay": _is_signed_by_razorpay,
    "xendit": _has_token_of_xendit,
}
