# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from . import recovery_report_mixin  # Others are built on it.
from . import (
    recovery_attempt_report,
    recovery_case_report,
    recovery_dashboard,
    recovery_dashboard_parts,
    recovery_dashboard_table,
    recovery_decline_unlisted,
    recovery_flow_run,
    recovery_month_report,
    recovery_replay,
    recovery_revenue_report,
    recovery_setup,
    recovery_spreadsheet,
    recovery_timeline,
    recovery_today,
)
