"""When to try a failed payment again. Plain Python: no Odoo, no clock, no randomness of its own."""

from .backoff import plan_technical_retry
from .calendar import ChargeHours
from .decision import Decision, Sentence, Stop
from .ladder import Ladder, plan_ladder

__all__ = [
    "ChargeHours",
    "Decision",
    "Ladder",
    "Sentence",
    "Stop",
    "plan_ladder",
    "plan_technical_retry",
]
