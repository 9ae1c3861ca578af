# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a provider's answer says about a charge.

Plain Python: no Odoo, no database; uses nothing else of ours. `readers` know the providers' shapes,
`reading` the order in which their codes are trusted, `taxonomy` what a code means; `calls` and
`statuses` say what an answer tells of the money, `knowledge` what is known of it altogether.
"""

from .advice import Advice
from .answer import Answer
from .calls import Certainty, Role, find_role, judge_exception
from .decline import NO_DECLINE, Decline
from .events import (
    MethodEvent,
    ReturnEvent,
    classify_return,
    is_authentic,
    read_chargeback,
    read_event,
    read_returns,
)
from .knowledge import GROWS, Known
from .raw import MethodFacts, OwnRetries, RawDecline
from .reading import classify, read, read_method, read_own_retries, read_return
from .statuses import read_status
from .taxonomy import Code, Reason, Taxonomy

__all__ = [
    "GROWS",
    "NO_DECLINE",
    "Advice",
    "Answer",
    "Certainty",
    "Code",
    "Decline",
    "Known",
    "MethodEvent",
    "MethodFacts",
    "OwnRetries",
    "RawDecline",
    "Reason",
    "ReturnEvent",
    "Role",
    "Taxonomy",
    "classify",
    "classify_return",
    "find_role",
    "is_authentic",
    "judge_exception",
    "read",
    "read_chargeback",
    "read_event",
    "read_method",
    "read_own_retries",
    "read_return",
    "read_returns",
    "read_status",
]
