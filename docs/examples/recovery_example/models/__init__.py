# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from . import recovery_case, recovery_notice, recovery_policy, recovery_policy_step, res_partner
