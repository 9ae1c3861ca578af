# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Who may say that a customer's card is charged by itself, and which one."""

COLLECT_FIELDS = ("collect_automatically", "collect_token_id")
_GROUPS = "account.group_account_invoice,revenue_recovery.group_recovery_user"


def may_collect(env):
    """Return whether the user, or what runs in sudo mode for them, may let cards be charged."""
    return env.su or env.user.has_groups(_GROUPS)
