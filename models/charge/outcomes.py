# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What became of a charge: its state, its sentence, and what is kept of a decline."""

import logging

from odoo import fields
from odoo.exceptions import ValidationError

from ...declines import NO_DECLINE, Answer, Certainty, Decline, Known
from ...tools import series
from ...tools.said import Money, say

_logger = logging.getLogger(__name__)


def record_outcome(attempt, answer):
    """Write what the calls' answers and the transaction's state say, and queue the reaction.

    :param declines.Answer answer: of the provider
    """
    transaction = attempt.transaction_id
    if transaction.state == "draft" and answer.certainty is Certainty.ANSWERED:
        _cancel_unfinished(transaction)
    if transaction.state == "draft" and answer.certainty is Certainty.NOT_SENT:
        series.set_state(transaction, "canceled", answer.refusal)
    outcome = transaction._recovery_get_outcome() or Known.UNKNOWN
    if outcome is Known.DECLINED and answer.certainty is Certainty.NOT_SENT:
        outcome = Known.NOT_SENT
    if outcome in (Known.DECLINED, Known.NOT_SENT):
        if answer.is_unauthorised:
            transaction._recovery_note_refused_key(answer.error)
        elif answer.error:
            transaction._recovery_note_answer(answer.error)
    if outcome is Known.UNKNOWN and answer.name and not transaction.provider_reference:
        transaction.provider_reference = answer.name  # By which it can be looked up.
    attempt._set_state(outcome.value, **prepare_outcome_vals(attempt, outcome))
    queue = attempt.env["recovery.invoice.queue"]
    queue._put(attempt.move_id)
    if attempt.resolve_at:
        queue._wake(attempt.resolve_at)


def prepare_outcome_vals(attempt, outcome):
    """Return the values that go with an outcome, its sentence among them.

    :param declines.Known outcome:
    """
    env = attempt.env
    transaction = attempt.transaction_id
    decline = transaction._recovery_get_decline()
    if decline is NO_DECLINE:
        decline = Decline("", "", transaction.provider_code)
    amount = Money(attempt.amount, attempt.currency_id)
    message = decline.message or decline.code or transaction.state_message or ""
    is_merchant = decline.decline_class == "merchant"
    known = {"amount": amount, "method": attempt.method_label, "message": message}
    sentences = {
        Known.PAID: say(env, "charged", **known),
        Known.PENDING: say(env, "accepted", **known),
        Known.DECLINED: say(env, "declined", **known),
        Known.NOT_SENT: say(env, "not_taken", **known),
        Known.UNKNOWN: say(
            env,
            "outcome_unknown",
            **known,
        ),
    }
    values = {"sentence": sentences[outcome]}
    if is_merchant and outcome in (Known.DECLINED, Known.NOT_SENT):
        values["sentence"] = say(env, "own_fault", **known)
    if outcome is Known.UNKNOWN:
        values["resolve_at"] = fields.Datetime.now()
    if outcome is Known.PENDING:
        values["resolve_at"] = attempt.deadline_at
    if outcome is Known.DECLINED or (outcome is Known.NOT_SENT and is_merchant):
        values |= attempt._prepare_decline_vals(decline)
    return values


def apply_answer(transaction, answer):
    """Bring a transaction to the state that the provider's answer says.

    Whatever state it is in by now: others may have taken the charge for not made meanwhile.
    """
    if answer.certainty is Certainty.UNCLEAR:
        return
    # What reads the outcome back, and fails, must not end the charge in error.
    watch = Answer(transaction.provider_code, is_sent=True)
    transaction = transaction.with_context(recovery_answer=watch)
    for payload in answer.payloads:
        series.process(transaction, payload)
    if answer.refusal and transaction.state == "draft":
        series.set_state(transaction, "error", answer.refusal)


def _cancel_unfinished(transaction):
    """Withdraw a charge that the provider answered but did not finish.

    Stripe does so when the bank asks the customer to confirm, although they are not there. The
    intent is cancelled at Stripe, so that it can't be paid later beside another charge. Other
    providers' transactions stay as they are, and their outcome unknown.
    """
    if transaction.provider_code != "stripe" or not transaction.provider_reference:
        return
    endpoint = f"payment_intents/{transaction.provider_reference}/cancel"
    try:
        transaction._send_api_request("POST", endpoint)
    except ValidationError:
        _logger.warning("Transaction %s could not be withdrawn", transaction.reference)
        return
    transaction._recovery_note_decline(
        transaction._recovery_read({"error": {"code": "authentication_required"}})
    )
    message = transaction.env._("The bank asks the customer to confirm the payment.")
    series.set_state(transaction, "canceled", message)
