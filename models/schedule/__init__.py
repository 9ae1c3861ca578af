# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""When to charge next: which method, which facts, what the schedule says, and what was learned.

:class:`planner.Planner` is the only one that plans charges; :class:`decider.Decider` decides on
them and writes nothing. May use rules, policy, method, case and charge.

Hooks: `recovery.case._on_new_method` (page), `_announce_backup` (notice),
`_get_timing_constraints` (addons), and the places of `account_move.COLLECT` (notice).
"""

from . import account_move
from . import recovery_attempt
from . import recovery_case
from . import recovery_policy
from . import recovery_timing
