"""When to try a failed payment again. Plain Python: no Odoo, no clock, no randomness of its own."""

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
