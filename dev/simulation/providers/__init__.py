# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The providers of Odoo Community that charge saved methods, over HTTP, on one gateway's ledger."""

from .detour import detour
from .house import CODES, House
from .provider import Card, Payment, Provider

__all__ = ["CODES", "Card", "House", "Payment", "Provider", "detour"]
