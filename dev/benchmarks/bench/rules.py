# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Automation rules that do all that a rule must not do, while charges go out."""

from __future__ import annotations

from typing import Any

_MANY = 50
# They match one invoice in twelve; their conditions are looked at for each.
_FEW = "[('failed_amount', '<', 10)]"
# What Python, and what PostgreSQL, can't make sense of.
_NONSENSE = "[('nonsense', '=', 1)]"
_BROKEN = "[('id', 'in', model.search([], limit=-1).ids)]"

_RULES: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    ("raises", "recovery.case", {"trigger": "on_create"}, "raise UserError('Broken')"),
    (
        "writes the case",
        "recovery.attempt",
        {"trigger": "on_create_or_write", "filter_domain": "[('state', '=', 'declined')]"},
        "record.case_id.write({'attention': 'Seen', 'active': True})",
    ),
    (
        "deletes the case",
        "recovery.case",
        {"trigger": "on_create"},
        "record.attempt_ids.unlink()\nrecord.unlink()",
    ),
    (
        "loops",
        "recovery.case",
        {"trigger": "on_create_or_write"},
        "record.write({'active': not record.active})",
    ),
    (
        "retries what failed",
        "recovery.event",
        {"trigger": "on_create", "filter_domain": "[('type', '=', 'attempt_failed')]"},
        "record.case_id.action_retry_now()",
    ),
    (
        "has a condition that raises",
        "recovery.attempt",
        {"trigger": "on_create_or_write", "filter_domain": _NONSENSE},
        "pass",
    ),
    (
        "has a condition that breaks the transaction",
        "recovery.attempt",
        {"trigger": "on_create_or_write", "filter_domain": _BROKEN},
        "pass",
    ),
    *(
        (
            f"is one of many, {number}",
            "recovery.case",
            {"trigger": "on_create", "filter_domain": _FEW},
            "record.write({'attention': 'Many'})",
        )
        for number in range(_MANY)
    ),
)


def prepare(env: Any) -> int:
    """Create and switch on the rules; return how many."""
    for name, model, values, code in _RULES:
        rule = env["base.automation"].create(
            {"name": name, "model_id": env["ir.model"]._get_id(model), **values}
        )
        rule.action_server_ids = [
            (
                0,
                0,
                {
                    "name": name,
                    "model_id": rule.model_id.id,
                    "usage": "base_automation",
                    "state": "code",
                    "code": code,
                },
            )
        ]
    env.cr.commit()
    env.registry.signal_changes()  # The server that takes the webhooks keeps to them, too.
    return len(_RULES)
