# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A host whose clock is wrong: all that one of its processes reads of the time, save PostgreSQL's.

The clock goes on from where it is put. It is moved in Python, as for `dev/test --date`, so it needs
no root and no package of the system.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

# Of a process: by how many seconds its clock is ahead, negative where it is behind.
VARIABLE = "RECOVERY_CLOCK_AHEAD"


def skewed(seconds: float) -> dict[str, str]:
    """Return what to add to the environment of a process whose clock is to be wrong."""
    return {VARIABLE: str(seconds)} if seconds else {}


def apply() -> None:
    """Put this process's clock wrong, if its environment asks for it."""
    seconds = float(os.environ.get(VARIABLE) or 0.0)
    if not seconds:
        return
    # Here, since only those few processes need it.
    import freezegun

    instant = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    freezegun.freeze_time(instant, tick=True).start()
