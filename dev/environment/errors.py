# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The one error a user sees."""


class SetupError(Exception):
    """Something about this machine prevents the work; the message is one sentence that helps."""
