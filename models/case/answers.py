"""What answers alerts without knowing of them; the follow job looks at each open one again."""

from ...tools import jobs
from .alerts import answer_alert
from .credit import CustomerCredit
from .excess import get_open_amount
from .recovery_attempt import IN_FLIGHT
from .rests import is_rest
from .states import OPEN_STATES


def answer_due(env):
    """Take back the alerts that something has answered meanwhile."""
    # Those that were ticked off, too: they may come up again once they have been answered.
    todos = env["mail.activity"].with_context(active_test=False)
    todos = todos.search([("recovery_subject", "!=", False)])
    subjects = {}
    for subject in todos.mapped("recovery_subject"):
        kind, _colon, record_id = subject.partition(":")
        if kind in _ANSWERS:
            subjects.setdefault(kind, set()).add(int(record_id))
    jobs.work_on_each(
        env,
        list(subjects),
        lambda kind: _answer_kind(env, kind, subjects[kind]),
        doing="Taking back alerts of the kind",
    )


def _answer_kind(env, kind, record_ids):
    """Take back the alerts about records that are gone, or that answer them."""
    model, is_answered = _ANSWERS[kind]
    waiting = env[model].browse(record_ids).exists()
    waiting = waiting.filtered(lambda record: not is_answered(record))
    if answered := record_ids.difference(waiting.ids):
        answer_alert(env, *(f"{kind}:{record_id}" for record_id in answered))


def _is_outcome_known(attempt):
    return attempt.state != "unknown"


def _is_finished(attempt):
    return attempt.state not in IN_FLIGHT


def _is_over(attempt):
    """Return whether nobody need care for a failed charge: it is over, or recovery goes on."""
    move = attempt.move_id
    later = move.recovery_attempt_ids.filtered(
        lambda other: other.id > attempt.id and other.state not in ("planned", "cancelled")
    )
    has_case = move.recovery_case_id.state in OPEN_STATES
    return bool(later or (has_case and attempt.transaction_id)) or not move._is_recoverable()


def _is_dispute_over(record):
    return record.state not in ("opened", "taken")


def _is_in_books(record):
    return not record.is_due


def _is_booked(transaction):
    return transaction.is_post_processed or transaction.state != "done"


def _is_taken(transaction):
    """Return whether the money of a transaction went to an invoice, or back."""
    return transaction.is_post_processed and not get_open_amount(transaction)


def _is_clear(transaction):
    """Return whether it is clear what became of a payment by somebody else."""
    if transaction.state == "error":
        return not (transaction.recovery_unclear or transaction.recovery_stays_open)
    return transaction.state not in ("draft", "pending", "authorized")


def _is_no_rest(move):
    return not is_rest(move)


def _is_credit_used(move):
    return not move._is_recoverable() or not CustomerCredit(move).is_there()


def _is_followed(move):
    return not move.env["recovery.invoice.queue"].search_count([("move_id", "=", move.id)], limit=1)


# For the kinds of subjects that are looked at: the model of the record, and whether it answers.
_ANSWERS = {
    "outcome": ("recovery.attempt", _is_outcome_known),
    "overdue": ("recovery.attempt", _is_finished),
    "charge": ("recovery.attempt", _is_over),
    "begun": ("payment.transaction", _is_clear),
    "excess": ("payment.transaction", _is_taken),
    "paid_twice": ("payment.transaction", _is_taken),
    "unbooked": ("payment.transaction", _is_booked),
    "dispute": ("recovery.return", _is_dispute_over),
    "booking": ("recovery.return", _is_in_books),
    "rest": ("account.move", _is_no_rest),
    "credit": ("account.move", _is_credit_used),
    "follow": ("account.move", _is_followed),
}
