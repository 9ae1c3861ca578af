# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""One reader for each provider: from its payload to what a decline is made of.

A reader takes parsed JSON of any shape: the body of an HTTP error, the answer to a charge, or the
data that a webhook brought, as Odoo's payment transaction gets them. It never raises.
"""

from collections.abc import Callable
from typing import Any

from ..raw import RawDecline
from . import (
    adyen,
    authorize,
    demo,
    flutterwave,
    mercado_pago,
    razorpay,
    stripe,
    worldline,
    xendit,
)
from .other import read_other

READERS: dict[str, Callable[[Any], RawDecline]] = {
    "adyen": adyen.read,
    "authorize": authorize.read,
    "demo": demo.read,
    "flutterwave": flutterwave.read,
    "mercado_pago": mercado_pago.read,
    "razorpay": razorpay.read,
    "stripe": stripe.read,
    "worldline": worldline.read,
    "xendit": xendit.read,
}

__all__ = ["READERS", "read_other"]
