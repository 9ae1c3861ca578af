# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from . import (
    recovery_clock_wizard,
    recovery_flow_builder,
    recovery_flow_builder_step,
    recovery_flow_trial,
    recovery_forecast_wizard,
    recovery_many_wizard,
    recovery_parts_wizard,
    recovery_parts_wizard_line,
    recovery_plan_wizard,
    recovery_preview_wizard,
    recovery_return_wizard,
    recovery_write_off_wizard,
)
