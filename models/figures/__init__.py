# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the reports count: of cases, of charges, of payments that recovered; digests, audits and
trials of policies.

May use every room above. The job works figures out after invoices have been followed. Fills of
the case `_on_changed`, and `_get_imported_debts` of the timing. Has no hooks.
"""

from . import digest_digest
from . import recovery_audit
from . import recovery_attempt
from . import recovery_case
from . import recovery_policy
from . import recovery_policy_trial
from . import recovery_settlement
from . import recovery_timing
