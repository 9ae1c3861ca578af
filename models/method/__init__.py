# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Saved payment methods: what is known of them, how that changes, and what shuts them.

It uses the rules, and the time where a customer is. Hooks, all filled by `case`:

* `payment.token._recovery_note_change`, `res.partner._recovery_note_method_change`: open
  cases choose their method anew
* `payment.token._recovery_flush_charges`: before the history of a card is read

For addons of providers: `_recovery_refresh`, `_recovery_is_authentic`, `_recovery_take_event`.
"""

from . import (
    payment_provider,
    payment_token,
    payment_transaction,
    res_config_settings,
    res_partner,
)
