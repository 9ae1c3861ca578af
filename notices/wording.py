"""The sentence of a planned notice: why then."""

from datetime import timedelta

from ..timing.decision import Sentence, _
from .step import Step

# Per trigger: at once, after or before one day, some days, some hours.
_PLANNED = {
    "first_failure": (
        _("At once after the first failure."),
        _("A day after the first failure."),
        _("%(days)s days after the first failure."),
        _("%(hours)s h after the first failure."),
    ),
    "each_failure": (
        _("At once after a failed attempt."),
        _("A day after a failed attempt."),
        _("%(days)s days after a failed attempt."),
        _("%(hours)s h after a failed attempt."),
    ),
    "before_attempt": (
        _("Just before the next attempt."),
        _("At least a day before the next attempt."),
        _("At least %(days)s days before the next attempt."),
        _("At least %(hours)s h before the next attempt."),
    ),
    "before_due": (
        _("On the due date."),
        _("At least a day before the due date."),
        _("At least %(days)s days before the due date."),
        _("At least %(hours)s h before the due date."),
    ),
    "after_due": (
        _("On the due date."),
        _("A day after the due date."),
        _("%(days)s days after the due date."),
        _("%(hours)s h after the due date."),
    ),
    "method_expires": (
        _("On the day on which the payment method expires."),
        _("At least a day before the payment method expires."),
        _("At least %(days)s days before the payment method expires."),
        _("At least %(hours)s h before the payment method expires."),
    ),
    "exhausted": (
        _("At once after the last retry."),
        _("A day after the last retry."),
        _("%(days)s days after the last retry."),
        _("%(hours)s h after the last retry."),
    ),
    "recovered": (
        _("At once after the payment."),
        _("A day after the payment."),
        _("%(days)s days after the payment."),
        _("%(hours)s h after the payment."),
    ),
}

PAID = Sentence(_("The invoice is paid."))
CANCELLED = Sentence(_("The invoice was cancelled or credited."))
LOST = Sentence(_("The case is lost."))
BARRED = Sentence(_("The invoice does not fulfil the conditions of the step."))
SILENT = Sentence(_("Technical trouble, which is tried again without a word to the customer."))
CHARGED = Sentence(_("The invoice is charged from a saved payment method."))
ONCE = Sentence(
    _("The customer tried to pay by themselves: they are written to once, and not reminded.")
)
EXCLUDED = Sentence(_("The customer is excluded from notices."))
GONE = Sentence(_("What the step was waiting for will not come any more."))
NO_CASE = Sentence(_("The case does not exist any more."))
TOO_LATE = {
    "before_attempt": Sentence(_("The attempt that it was to announce has begun.")),
    "before_due": Sentence(_("The due date has passed.")),
    "method_expires": Sentence(_("The payment method has expired.")),
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


def explain_move(step: Step, at: str) -> Sentence:
    """Return why a notice is not planned at the very instant that its step counts.

    :param at: local day and minute at which it is planned instead
    """
    if step.working_days:
        return Sentence(_("Moved to %(at)s, in message hours of a working day."), {"at": at})
    return Sentence(_("Moved to %(at)s, in message hours."), {"at": at})
