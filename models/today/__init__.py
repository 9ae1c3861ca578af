# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the people who work with it see first: what happens next, and whether all is set up.

May use every room above; only the bridges stand below it. Has no hooks.
"""

from . import account_move
from . import payment_provider
from . import payment_transaction
from . import recovery_case
from . import recovery_policy
