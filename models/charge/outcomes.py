"""What became of a charge: its state, its sentence, and what is kept of a decline."""

from odoo import fields

from ...declines import NO_DECLINE, Certainty, Decline


def record_outcome(attempt, answer):
    """Write what the call's answer and the transaction's state say, and queue the reaction.

    :param declines.Answer answer: of the provider
    """
    transaction = attempt.transaction_id
    if transaction.state == "draft" and answer.certainty is Certainty.ANSWERED:
        transaction._recovery_cancel_unfinished()
    outcome = transaction._recovery_get_outcome() or "unknown"
    if outcome == "declined" and answer.certainty is Certainty.NOT_SENT:
        outcome = "not_sent"
    if answer.error and outcome in ("declined", "not_sent"):
        transaction._recovery_note_answer(answer.error)
    attempt._set_state(outcome, **prepare_outcome_vals(attempt, outcome))
    attempt.env["recovery.invoice.queue"]._put(attempt.move_id)


def prepare_outcome_vals(attempt, outcome):
    """Return the values that go with an outcome, its sentence among them."""
    env = attempt.env
    transaction = attempt.transaction_id
    decline = transaction._recovery_get_decline()
    if decline is NO_DECLINE:
        decline = Decline("", "", transaction.provider_code)
    amount = attempt.currency_id.format(attempt.amount)
    message = decline.message or decline.code or transaction.state_message or ""
    known = {"amount": amount, "method": attempt.method_label, "message": message}
    sentences = {
        "paid": env._("%(amount)s charged to %(method)s.", **known),
        "pending": env._("%(amount)s accepted by %(method)s, not arrived yet.", **known),
        "declined": env._("%(method)s was declined: %(message)s", **known),
        "not_sent": env._(
            "Nothing was charged, the provider could not take the request: %(message)s", **known
        ),
        "unknown": env._(
            "The provider's answer did not arrive. Nothing else is charged until it is clear "
            "whether %(amount)s were taken.",
            **known,
        ),
    }
    values = {"sentence": sentences[outcome]}
    if outcome == "unknown":
        values["resolve_at"] = fields.Datetime.now()
    if outcome == "declined":
        values |= attempt._prepare_decline_vals(decline)
    return values


def apply_answer(transaction, answer):
    """Bring a transaction to the state that the provider's answer says."""
    if transaction.state != "draft" or answer.certainty is Certainty.UNCLEAR:
        return
    for payload in answer.payloads:
        transaction._process(transaction.provider_code, payload)
    if answer.refusal and transaction.state == "draft":
        transaction._set_error(answer.refusal)
