"""Charges: claimed, sent, settled and followed, and all that may stand against one.

It uses rules, policy, method and case. `blocks` has the one list of blocks, `under_way` what may
bring money already, `resolver` what is done about unknown outcomes, `begun` about payments that
customers began and left, `look_ups` how providers are asked. Hooks, on `recovery.attempt`:

* `_get_cool_down_block`, `_tell_siblings`: `schedule`
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
)
