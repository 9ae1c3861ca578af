# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The customer's page: what it shows of a case, what customers do there, what they promise.

May use every room above; the links to it are signed in `tools.links`. Fills of the case
`_get_promised_wait` (no charge before the promised day is over), `_get_further_exclusions` (what
the customer contests is left alone) and `_on_closed`, of the transaction `_recovery_is_new_method`.
"""

from . import payment_token
from . import payment_transaction
from . import recovery_case
from . import res_partner
