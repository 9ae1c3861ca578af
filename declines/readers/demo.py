# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Odoo's demo provider: the state that the tester chose is all there is."""

from typing import Any

from ..raw import MethodFacts, RawDecline
from ..values import dig
from .tools import codes, select


def read(payload: Any) -> RawDecline:
    """Read the data of a simulated payment."""
    return RawDecline(
        "demo",
        codes(dig(payload, "simulated_state")),
        method=MethodFacts(type="card"),
        excerpt=select(payload, "simulated_state"),
    )
