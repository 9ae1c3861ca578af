# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The sentence of a planned notice: why then."""

from datetime import datetime, timedelta

from ..timing.decision import Sentence
from .step import Step

# Per trigger: at once, after or before one day, some days, some hours.
_PLANNED = {
    "first_failure": (
        "first_failure_at_once",
        "first_failure_a_day",
        "first_failure_days",
        "first_failure_hours",
    ),
    "each_failure": (
        "each_failure_at_once",
        "each_failure_a_day",
        "each_failure_days",
        "each_failure_hours",
    ),
    "before_attempt": (
        "before_attempt_at_once",
        "before_attempt_a_day",
        "before_attempt_days",
        "before_attempt_hours",
    ),
    "before_due": (
        "on_due_date",
        "before_due_a_day",
        "before_due_days",
        "before_due_hours",
    ),
    "after_due": (
        "on_due_date",
        "after_due_a_day",
        "after_due_days",
        "after_due_hours",
    ),
    "method_expires": (
        "method_expires_at_once",
        "method_expires_a_day",
        "method_expires_days",
        "method_expires_hours",
    ),
    "exhausted": (
        "exhausted_at_once",
        "exhausted_a_day",
        "exhausted_days",
        "exhausted_hours",
    ),
    "recovered": (
        "recovered_at_once",
        "recovered_a_day",
        "recovered_days",
        "recovered_hours",
    ),
}

PAID = Sentence("invoice_paid")
CANCELLED = Sentence("not_owed")
LOST = Sentence("case_lost")
BARRED = Sentence("step_barred")
SILENT = Sentence("technical_silent")
CHARGED = Sentence("charged_from_method")
ONCE = Sentence("tried_themselves")
EXCLUDED = Sentence("customer_excluded")
GONE = Sentence("will_not_come")
NO_CASE = Sentence("no_case")
TOO_LATE = {
    "before_attempt": Sentence("attempt_begun"),
    "before_due": Sentence("due_date_passed"),
    "method_expires": Sentence("method_expired"),
}


def explain_plan(step: Step, days: int, wait: timedelta) -> Sentence:
    """Return why a notice is planned when it is.

    :param days: local days counted
    :param wait: counted in addition
    """
    at_once, one_day, some_days, some_hours = _PLANNED[step.trigger]
    if wait:
        hours = days * 24 + wait / timedelta(hours=1)
        return Sentence(some_hours, {"hours": f"{hours:g}"})
    if days > 1:
        return Sentence(some_days, {"days": days})
    return Sentence(one_day if days else at_once)


def explain_move(step: Step, at: datetime) -> Sentence:
    """Return why a notice is not planned at the very instant that its step counts.

    :param at: by the local clock, at which it is planned instead
    """
    if step.working_days:
        return Sentence("moved_to_working_day", {"at": at})
    return Sentence("moved_to_hours", {"at": at})
