# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Neighbours that may be there: addons that are no dependency, one plain file for each.

May use every room above. `contract` and `subscription` of the OCA (with their `intervals`) and
Odoo's `subscription_app` are asked where invoices come from, through the hooks of account.move
and res.company; `payment_return` of the OCA (with its `return_entries`), `sale` and `subscription`
are watched by `recovery.neighbours`. Jobs of the OCA's `queue_job` take the work of the scheduled
actions over. Has no hooks.
"""

from . import account_move
from . import recovery_attempt
from . import recovery_invoice_queue
from . import recovery_neighbours
from . import res_company
