# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""When to try a failed payment again: the words of a case, and the rooms that decide with them.

Plain Python: no Odoo, no clock, no randomness but what is passed in. Uses `tools.instants` and
nothing else of ours. `model` is what is learned, `plan` what to do with it, `stats` what to show of
it; `ceiling` is what networks forbid, `constraints` what else does, `days` when people work.
What is imported here needs no NumPy. `docs/timing.md` has the formulas.
"""

from .plan.backoff import plan_technical_retry
from .calendar import ChargeHours
from .decision import Decision, Sentence, Stop
from .plan.ladder import Ladder, plan_ladder

__all__ = [
    "ChargeHours",
    "Decision",
    "Ladder",
    "Sentence",
    "Stop",
    "plan_ladder",
    "plan_technical_retry",
]
