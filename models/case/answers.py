# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What answers alerts without knowing of them; the follow job looks at each open one again."""

from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from ...tools import jobs
from .alerts import answer_alert, answer_case
from .credit import CustomerCredit
from .excess import get_open_amount
from .recovery_attempt import IN_FLIGHT
from .rests import is_rest
from .states import OPEN_STATES

# How long after its turn a case may be worked on that the job had failed on.
_JOB_WAIT = timedelta(hours=1)


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

    jobs.work(env, lambda: _answer_notes(env), doing="Taking back notes")


def _answer_notes(env):
    """Take back the notes of cases that something has answered."""
    env["recovery.case"].flush_model(["attention_notes"])
    rows = env.execute_query(
        SQL("SELECT id FROM recovery_case WHERE attention_notes IS NOT NULL ORDER BY id")
    )
    for case in env["recovery.case"].browse(case_id for (case_id,) in rows):
        case = case.with_company(case.company_id)
        kinds = {subject.split(":")[0] for subject, _sentence in case.attention_notes}
        known = [kind for kind in kinds if _ANSWERS.get(kind, ("",))[0] == case._name]
        if answered := [kind for kind in known if _ANSWERS[kind][1](case)]:
            answer_case(case, *answered)


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


def _is_no_rest(move):
    return not is_rest(move)


def _is_credit_used(move):
    return not move._is_recoverable() or not CustomerCredit(move).is_there()


def _is_followed(move):
    return not move.env["recovery.invoice.queue"].search_count([("move_id", "=", move.id)], limit=1)


def _is_refunded_again(record):
    """Return whether a refund that did not reach the customer was made once more, or did."""
    refunds = record.transaction_id.child_transaction_ids.filtered(
        lambda child: child.operation == "refund" and child.state == "done"
    )
    return record.state != "won" or bool(refunds)


def _is_followed_after_return(move):
    return move.recovery_case_id.state in OPEN_STATES or not move._is_recoverable()


def _is_done_by_job(case):
    """Return whether the job did what it had failed at, or has nothing to do there any more."""
    return not case.not_before or case.not_before < fields.Datetime.now() - _JOB_WAIT


def _is_not_paused(case):
    return case.state != "paused"


def _is_loss_decided(case):
    is_owed = case.currency_id.compare_amounts(case._get_owed(), 0) > 0
    return case.state != "lost" or bool(case.write_off_move_id) or not is_owed


# For the kinds of subjects that are looked at: the model of the record, and whether it answers.
_ANSWERS = {
    "outcome": ("recovery.attempt", _is_outcome_known),
    "overdue": ("recovery.attempt", _is_finished),
    "charge": ("recovery.attempt", _is_over),
    "excess": ("payment.transaction", _is_taken),
    "paid_twice": ("payment.transaction", _is_taken),
    "unbooked": ("payment.transaction", _is_booked),
    "dispute": ("recovery.return", _is_dispute_over),
    "booking": ("recovery.return", _is_in_books),
    "rest": ("account.move", _is_no_rest),
    "credit": ("account.move", _is_credit_used),
    "follow": ("account.move", _is_followed),
    "refund": ("recovery.return", _is_refunded_again),
    "return": ("account.move", _is_followed_after_return),
    "job": ("recovery.case", _is_done_by_job),
    "undone": ("recovery.case", _is_not_paused),
    "write_off": ("recovery.case", _is_loss_decided),
}


def fill_answer(kind, is_answered, model="recovery.case"):
    """Let a later room say what answers the alerts and notes of a kind.

    :param is_answered: called with the record that the subject names
    """
    _ANSWERS[kind] = model, is_answered
