# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Which notice is due when, and what becomes of it.

Plain Python: no Odoo, no clock, no database. Uses `tools.instants`, and from `timing` its words:
sentences, hours, days, and the waits of quick retries. `plan` says what is due when, `holds` and
`coordinate` what happens to it now, `compare` what to write, `live` and `preview` what will be.
"""

from .compare import Changes, Stored, compare
from .coordinate import HOLD, SEND, SKIP, Message, Outcome, Sent, Verdict, coordinate, find_due
from ..timing.days import Place, is_working_day
from .facts import CaseFacts, FailedAttempt, MethodExpiry, PlannedAttempt
from .holds import STANDARD, Rules
from .hours import MessageHours, message_hours
from .live import Lived, live
from .plan import Notice, NoticeKey, plan_notices
from .preview import Example, Line, preview
from .promise import (
    EXPIRY_DAYS,
    PromiseBounds,
    card_expiry,
    expiry_notice_days,
    promise_bounds,
    promise_end,
)
from .step import ACTIONS, TRIGGERS, Conditions, Step

__all__ = [
    "ACTIONS",
    "EXPIRY_DAYS",
    "HOLD",
    "SEND",
    "SKIP",
    "STANDARD",
    "TRIGGERS",
    "CaseFacts",
    "Changes",
    "Conditions",
    "Example",
    "FailedAttempt",
    "Line",
    "Lived",
    "Message",
    "MessageHours",
    "MethodExpiry",
    "Notice",
    "NoticeKey",
    "Outcome",
    "Place",
    "PlannedAttempt",
    "PromiseBounds",
    "Rules",
    "Sent",
    "Step",
    "Stored",
    "Verdict",
    "card_expiry",
    "compare",
    "coordinate",
    "expiry_notice_days",
    "find_due",
    "is_working_day",
    "live",
    "message_hours",
    "plan_notices",
    "preview",
    "promise_bounds",
    "promise_end",
]
