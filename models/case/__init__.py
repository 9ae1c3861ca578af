# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""An invoice being recovered: case and attempts as records, and how they follow what happens.

Also what is owed and paid on an invoice, returns, the queue of invoices to look at, and
how a case ends. It uses rules, policy and method. What later rooms do for a case is declared as
hooks: `recovery_case_hooks` (planning, events, messages, promises, exclusions), `recovery.attempt`
(transactions) and `account.move` (recurrences, technical retries). `FOLLOW` is the list of what the
follow job does.
"""

from . import (
    account_move,
    account_move_line,
    account_move_reversal,
    account_partial_reconcile,
    account_payment,
    ir_http,
    mail_activity,
    payment_token,
    payment_transaction,
    recovery_attempt,
    recovery_case,
    recovery_case_hooks,
    recovery_case_tag,
    recovery_invoice_queue,
    recovery_part,
    recovery_part_plan,
    recovery_return,
    res_partner,
)
