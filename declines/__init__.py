"""What a provider's answer says about a charge. Plain Python: no Odoo, no database."""

from .answer import Answer, Certainty, judge_exception
from .decline import Decline, read_decline

__all__ = ["Answer", "Certainty", "Decline", "judge_exception", "read_decline"]
