# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Shipped knowledge, editable; and what a block is.

Reasons and codes of declines, the networks' rules, and the smallest charges.

It uses nothing of the other rooms. `recovery.shipped.mixin` keeps edits over upgrades; each model
that inherits from it fills its hooks.
"""

from . import (
    recovery_charge_minimum,
    recovery_decline_code,
    recovery_decline_reason,
    recovery_network_rule,
    recovery_shipped_mixin,
)
