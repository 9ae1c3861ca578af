# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the readers share."""

import re
from typing import Any

from ..values import code, dig

_LAST4 = re.compile(r"[0-9]{4}")
_FIRST6 = re.compile(r"[0-9]{6}")
_NETWORK_CODE = re.compile(r"[0-9A-Z]{1,4}")
# Where a network's code would stand, these say which check of the provider's failed.
_CHECKS = re.compile(r"3DS2?|AVS|CVC|CVV|SCA|N/?A")


def select(payload: Any, *paths: str) -> tuple[tuple[str, object], ...]:
    """Return the values at dotted paths, for the excerpt of a payload."""
    return tuple((path, dig(payload, *path.split("."))) for path in paths)


def codes(*values: Any) -> tuple[str, ...]:
    """Return the codes that are there, in this order, each once."""
    return tuple(dict.fromkeys(filter(None, map(code, values))))


def first(*values: Any) -> Any:
    """Return the first value that is not empty."""
    return next((value for value in values if value), None)


def network_code(value: Any) -> str:
    """Return the code of texts like ``51 : Insufficient funds``; one digit gets its zero.

    :return: a network's code; empty when the text is none, and has none before a colon, and for the
        name of a check, as ``3DS : Not authenticated``
    """
    found, colon, _words = code(value).partition(":")
    found = found.strip().upper()
    if not _NETWORK_CODE.fullmatch(found) or not (colon or any(map(str.isdigit, found))):
        return ""
    return "" if _CHECKS.fullmatch(found) else found.zfill(2)


def first6(value: Any) -> str:
    """Return the first six digits of a card's number, be it masked; empty when there are none."""
    found = code(value)[:6]
    return found if _FIRST6.fullmatch(found) else ""


def last4(value: Any) -> str:
    """Return the last four digits of a number, be it masked; empty when there are none."""
    found = code(value)[-4:]
    return found if _LAST4.fullmatch(found) else ""
