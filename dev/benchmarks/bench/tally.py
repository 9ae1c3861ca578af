# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a fault campaign counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from . import audit


@dataclass
class Result:
    """What happened, and what the audit found.

    :ivar required: what else a campaign must have seen: its count, and the sense and figure of its
        goal, as :class:`.output.Bars` take them
    """

    findings: audit.Findings = field(default_factory=audit.Findings)
    seconds: float = 0.0
    settle_seconds: float = 0.0
    attempts: int = 0
    invoices: int = 0
    invoices_paid: int = 0
    kills: int = 0
    kills_in_charge: int = 0
    persons: int = 0
    wrong_answers: int = 0
    late_charges: int = 0
    days: int = 0
    required: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    caught: dict[str, bool] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)
    replayed: int = 0
    declined: int = 0
    jobs_failed: int = 0
    rules: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    portal: Counter[str] = field(default_factory=Counter)
    portal_errors: list[str] = field(default_factory=list)
    diaries: list[str] = field(default_factory=list)
    webhooks: Counter[str] = field(default_factory=Counter)
