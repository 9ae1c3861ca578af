# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A payment gateway on this machine that speaks what Odoo's Stripe provider speaks."""

from .faults import Fault
from .ledger import Entry
from .server import Gateway
from .webhooks import Delivery, WebhookSettings

__all__ = ["Delivery", "Entry", "Fault", "Gateway", "WebhookSettings"]
