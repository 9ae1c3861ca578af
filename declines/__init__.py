"""What a provider's answer says about a charge.

Plain Python: no Odoo, no database; uses nothing else of ours. `readers` know the providers' shapes,
`reading` the order in which their codes are trusted, `taxonomy` what a code means.
"""

from .advice import Advice
from .answer import Answer, Certainty, judge_exception
from .decline import NO_DECLINE, Decline
from .events import MethodEvent, is_authentic, read_event
from .raw import MethodFacts, RawDecline
from .reading import classify, read, read_method, read_return
from .taxonomy import Code, Reason, Taxonomy

__all__ = [
    "NO_DECLINE",
    "Advice",
    "Answer",
    "Certainty",
    "Code",
    "Decline",
    "MethodEvent",
    "MethodFacts",
    "RawDecline",
    "Reason",
    "Taxonomy",
    "classify",
    "is_authentic",
    "judge_exception",
    "read",
    "read_event",
    "read_method",
    "read_return",
]
