# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from . import rules, policy, method, case, charge, schedule, notice  # noqa: I001 (in this order)
from . import page, flow, figures, standing, today, bridge
