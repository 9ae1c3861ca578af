# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Taking values out of payloads that may hold anything, fit to be stored."""

import hashlib
import re
from typing import Any

# Longer texts say nothing more; a provider's answer is never stored whole.
MAX_TEXT = 300
MAX_CODE = 64

# Card numbers have 12 to 19 digits, written in groups or not.
_CARD_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){11,18}(?!\d)")
_LONG_NUMBER = re.compile(r"\d{20,}")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])")
_SECRET = re.compile(
    r"(?i)\b(?:sk|rk|pk|whsec)_\w+|(?<!\w)\w+_secret_\w+|\b(?:bearer|basic)\s+[\w.+/=-]{8,}"
)


def dig(value: Any, *path: str | int) -> Any:
    """Follow keys and positions into nested dicts and lists; return None where one is missing."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            fits = isinstance(value, list) and -len(value) <= step < len(value)
            value = value[step] if fits else None
        if value is None:
            return None
    return value


def text(value: Any, limit: int = MAX_TEXT) -> str:
    """Return a text or number as one line that can be stored: no NUL, no card number, no secret.

    :return: at most ``limit`` characters; empty for anything that is neither text nor number
    """
    if isinstance(value, int) and not isinstance(value, bool):
        # Python refuses to write out numbers of thousands of digits.
        value = str(value) if abs(value) < 10**25 else ""
    return mask(_one_line(value, limit))[:limit] if isinstance(value, str) else ""


def _one_line(value: str, limit: int) -> str:
    if len(value) > 2 * limit:
        # What the cut leaves of a long number could not be told from a short one.
        value = value[: 2 * limit].rstrip("0123456789 -")
    # PostgreSQL stores neither NUL nor half of a surrogate pair.
    return " ".join(value.replace("\0", " ").encode("utf-8", "replace").decode().split())


def fingerprint(value: Any) -> str:
    """Return a card's fingerprint; one that could be taken for its number becomes a hash."""
    found = _one_line(value, MAX_CODE)[:MAX_CODE] if isinstance(value, str) else ""
    if mask(found) == found:
        return found
    return hashlib.sha256(found.encode()).hexdigest()[:32]


def code(value: Any) -> str:
    """Return a provider's code as a short text; empty for anything else."""
    return text(value, MAX_CODE)


def mask(value: str) -> str:
    """Hide card numbers, account numbers and secrets; the length stays the same."""
    if any(char.isdigit() for char in value):
        value = _IBAN.sub(_hide, value)
        value = _CARD_NUMBER.sub(_hide, value)
        value = _LONG_NUMBER.sub(_hide, value)
    return _SECRET.sub(lambda found: "*" * len(found[0]), value)


def _hide(found: re.Match) -> str:
    return "*" * (len(found[0]) - 4) + found[0][-4:]


def number(value: Any, low: int, high: int) -> int | None:
    """Return a whole number, given as such or in digits, that lies within both bounds."""
    if isinstance(value, str) and len(value) < 10 and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if low <= value <= high else None
