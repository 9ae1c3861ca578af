"""What answers alerts without knowing of them; the follow job looks at each open one again."""

from ...tools import jobs
from .alerts import answer_alert
from .excess import get_open_amount
from .recovery_attempt import IN_FLIGHT
from .states import OPEN_STATES


def answer_due(env):
    """Take back the alerts that something has answered meanwhile."""
    todos = env["mail.activity"].search([("recovery_subject", "!=", False)], order="id")
    subjects = {}
    for subject in todos.mapped("recovery_subject"):
        kind, _colon, record_id = subject.partition(":")
        if kind in _ANSWERS:
            subjects.setdefault(kind, []).append(int(record_id))
    answered = [
        f"{kind}:{record_id}"
        for kind, record_ids in subjects.items()
        for record_id in _find_answered(env, kind, record_ids)
    ]
    jobs.work_on_each(
        env, answered, lambda subject: answer_alert(env, subject), doing="Taking back alert"
    )


def _find_answered(env, kind, record_ids):
    """Return the ids of those records that are gone, or whose alert is answered."""
    model, is_answered = _ANSWERS[kind]
    waiting = env[model].browse(record_ids).exists()
    waiting = waiting.filtered(lambda record: not is_answered(record))
    return [record_id for record_id in record_ids if record_id not in waiting.ids]


def _is_outcome_known(attempt):
    return attempt.state != "unknown"


def _is_finished(attempt):
    return attempt.state not in IN_FLIGHT


def _is_charged(move):
    """Return whether an invoice owes nothing to be charged, or is charged again."""
    latest = move.recovery_attempt_ids.sorted("id")[-1:]
    has_case = move.recovery_case_id.state in OPEN_STATES
    is_sent = latest.state in (*IN_FLIGHT, "paid") or (has_case and latest.transaction_id)
    return bool(is_sent) or not move._is_recoverable()


def _is_taken(transaction):
    """Return whether the money of a transaction went to an invoice, or back."""
    return transaction.is_post_processed and not get_open_amount(transaction)


def _is_followed(move):
    return not move.env["recovery.invoice.queue"].search_count([("move_id", "=", move.id)], limit=1)


# For the kinds of subjects that are looked at: the model of the record, and whether it answers.
_ANSWERS = {
    "outcome": ("recovery.attempt", _is_outcome_known),
    "overdue": ("recovery.attempt", _is_finished),
    "charge": ("account.move", _is_charged),
    "excess": ("payment.transaction", _is_taken),
    "paid_twice": ("payment.transaction", _is_taken),
    "follow": ("account.move", _is_followed),
}
