"""Shipped knowledge, editable: decline reasons and codes, the networks' rules; and what a block is.

It uses nothing of the other rooms. `recovery.shipped.mixin` keeps edits over upgrades; each model
that inherits from it fills its hooks.
"""

from . import (
    recovery_decline_code,
    recovery_decline_reason,
    recovery_network_rule,
    recovery_shipped_mixin,
)
