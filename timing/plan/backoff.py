# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Quick, silent retries after technical trouble: nothing was declined, so no try is used up."""

from datetime import datetime, timedelta, timezone

from ..decision import Decision, Sentence, Stop

WAITS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))


def plan_technical_retry(failures: int, last_failure: datetime) -> Decision | Stop:
    """Return when to try again after technical failures in a row, or a stop after the last wait.

    Quiet hours don't hold these back: the customer was to be charged at the first instant anyway.

    :param failures: technical failures in a row, at least 1
    :param last_failure: aware instant of the latest
    """
    if failures > len(WAITS):
        return Stop(
            Sentence(
                "unreachable_often",
                {"failures": failures},
            )
        )
    return Decision(
        last_failure.astimezone(timezone.utc) + WAITS[failures - 1],
        "technical",
        Sentence(
            "unreachable",
            {"number": failures, "tries": len(WAITS)},
        ),
    )
