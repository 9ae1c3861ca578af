# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Providers without a reader of their own."""

from typing import Any

from ..raw import RawDecline
from ..values import text
from .tools import codes, first, select

_KEYS = ("code", "error_code", "errorCode", "failure_code", "reason_code", "status")
_WORDS = ("message", "error_message", "description", "reason")


def read_other(provider: str, payload: Any) -> RawDecline:
    """Read a payload by the names that most providers use.

    :param provider: the provider's technical name, already bounded
    """
    places = [payload]
    if isinstance(payload, dict):
        places = [payload.get("error"), payload, payload.get("data")]
    places = [place for place in places if isinstance(place, dict)]
    return RawDecline(
        provider,
        codes(*(place.get(key) for place in places for key in _KEYS))[:1],
        message=first(*(text(place.get(key)) for place in places for key in _WORDS)) or "",
        excerpt=select(payload, *_KEYS, *_WORDS, "error.code", "error.message"),
    )
