# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Charges: claimed, sent, settled and followed, and all that may stand against one.

It uses rules, policy, method and case. `blocks` is the one list of blocks, `under_way` what may
bring money already, `faults` what the company has to mend at a provider, `mending` what waits for
that, `begun` payments that customers began, `own_retries` those that a provider repeats by itself,
`sender` sends a charge, `paid_charges` lets what was paid wait for others of its kind, `booking`
books them together and `notes` notes it on their invoices, `due` is the list from which it is
taken, `at_once` how many are sent at once, `pace` keeps to the limits of its provider,
`past_helper` judges the requests that go past Odoo's own method, `resolver` and `look_ups` find
out what became of a charge.
Hooks, on `recovery.attempt`:

* `_get_backup_block`, `_get_cool_down_block`, `_tell_siblings`: `schedule`
* `_get_further_block`, `_prepare_transaction_vals`: for other addons

on `payment.transaction`: `_recovery_is_new_method` (`page`); `_recovery_look_up`,
`_recovery_can_ask`, `_recovery_can_withdraw` (addons of other providers).
"""

from . import (
    account_move,
    payment_provider,
    payment_transaction,
    recovery_attempt,
    recovery_case,
    recovery_provider_pace,
    res_config_settings,
)
