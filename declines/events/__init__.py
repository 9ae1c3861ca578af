# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a provider tells by itself: of a saved method, and of money that it takes back."""

from .method import MethodEvent, read_event
from .returns import ReturnEvent, classify_return, read_chargeback, read_returns
from .signatures import is_authentic

__all__ = [
    "MethodEvent",
    "ReturnEvent",
    "classify_return",
    "is_authentic",
    "read_chargeback",
    "read_event",
    "read_returns",
]
