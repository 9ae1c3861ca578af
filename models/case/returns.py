# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Returns: a payment that had arrived is taken back, with the reason of bank or customer."""

from odoo import fields

from ...declines import NO_DECLINE
from ...declines.networks import CARD_NETWORKS
from ...tools.instants import aware
from ...tools.said import Money, say
from .account_move import SETTLED_STATES
from .states import CHARGING_STATES, OPEN_STATES


class BankReturn:
    """A payment that was taken back, in whole or in part, and its invoices.

    :param env: that may write attempts and cases
    :param payment: the payment, ours or not; empty when it has no record
    :param declines.Decline decline: as :func:`declines.read_return` reads it
    :param date: when the money was taken back
    :param bool is_dispute: whether the customer disputes it, which the policy may take for the end
    :param amount: what was taken of it, in its currency; none for the whole payment
    """

    def __init__(self, env, payment, decline, date, is_dispute=False, amount=None):
        self.env = env
        self.is_dispute = is_dispute
        self.is_part = amount is not None
        self.payment = payment
        self.transaction = payment.payment_transaction_id
        self.decline = decline
        self.sentence = describe_return(env, payment, decline, date, amount)
        reason = env["recovery.decline.reason"]._find(decline.reason)
        self.case_vals = {
            "decline_reason_id": reason.id,
            "decline_class": decline.decline_class,
        }

    def record(self, moves=None):
        """Recover the invoices; what is otherwise settled is left alone.

        :param moves: the invoices that the payment had paid; those it was made for when not told
        :return: the cases that are open for these invoices now
        """
        returned = self._note_attempts()
        if moves is None:
            moves = self.payment.invoice_ids | self.transaction.invoice_ids
        cases = self.env["recovery.case"]
        for move in moves | returned.move_id:
            attempt = returned.filtered(lambda attempt, move=move: attempt.move_id == move)
            case = self._follow(move.with_company(move.company_id), attempt)
            case._emit(
                "payment_returned",
                self.sentence,
                move=move,
                attempt=attempt or None,
                **self.case_vals,
            )
            cases |= case
        return cases.filtered(lambda case: case.state in OPEN_STATES)

    def _note_attempts(self):
        """Keep on our charges, and on the transaction, that the bank took the money back.

        :return: our charges that were paid, and are returned now
        """
        transaction = self.transaction
        attempts = self.env["recovery.attempt"]
        if transaction:
            attempts = attempts.search([("transaction_id", "=", transaction.id)])
            attempts._follow_transactions()
            if not self.is_part or self.decline.decline_class == "never":
                mark_declined(transaction, self.decline)
        if self.is_part:
            return attempts.browse()
        paid = attempts.filtered(lambda attempt: attempt.state == "paid")
        return paid._set_state(
            "returned", sentence=self.sentence, **paid._prepare_decline_vals(self.decline)
        )

    def _follow(self, move, attempt):
        """Open the case of one invoice again, or a first one, and plan its next charge.

        :param attempt: our charge that was returned; empty when somebody else had made it
        :return: the case, if there is one
        """
        move._fetch_for_recovery()
        case = move.recovery_case_id.with_company(move.company_id)
        if case.state == "lost" and (not attempt or attempt.case_id):
            return case  # Given up, which a return doesn't change.
        if case.state in OPEN_STATES:
            case.write(self.case_vals)
            self._adopt(case, attempt)
        elif _is_owed_again(case, attempt):
            self._reopen(case, attempt)
        elif move._is_recoverable():
            case = self.env["recovery.case"].with_company(move.company_id)
            case = case._open(
                move, attempt=attempt or None, transaction=self.transaction, **self.case_vals
            )
        if self.is_dispute:
            close_as_disputed(case, self.sentence)
        if case.state in OPEN_STATES:
            case._follow_invoice()
        if case.state == "in_recovery":
            case._plan_next_charge()
        return case

    def _reopen(self, case, attempt):
        """Start recovering again; the charge that was returned is the first one that failed."""
        self._adopt(case, attempt)
        case._reopen(
            self.sentence,
            first_attempt_id=attempt.id,
            due_date=max(filter(None, (case.due_date, attempt.due_date))),
            opened_by="failure",
            **self.case_vals,
        )

    def _adopt(self, case, attempt):
        """Take a first charge that had succeeded, and so had no case, into this one."""
        if attempt and not attempt.case_id:
            attempt.case_id = case


def _is_owed_again(case, attempt):
    """Return whether a case, closed as settled, has something to recover again."""
    if case.state not in ("recovered", "cancelled"):
        return False
    due_date = max(filter(None, (case.due_date, attempt.due_date)))
    owed = case.move_id._get_amount_owed(due_date)
    is_open = case.move_id.payment_state not in SETTLED_STATES
    return is_open and case.currency_id.compare_amounts(owed, 0) > 0


def mark_declined(transaction, decline):
    """Keep on a transaction that its money was taken back, or is about to be.

    That a transaction done has a decline makes the networks' rules count it as failed; one that
    says *never* ends its card.
    """
    transaction.recovery_decline = decline.to_dict(aware(fields.Datetime.now()))
    transaction.recovery_reason_id = transaction.env["recovery.decline.reason"]._find(
        decline.reason
    )


def close_as_disputed(case, sentence):
    """Close a case whose payment the customer disputes, unless its policy recovers it again."""
    if case.state in OPEN_STATES and case.policy_id.dispute_action == "close":
        reason = say(case.env, "closed_disputed", sentence=sentence)
        # Nothing is used up: the customer, who disputes, is not written to any more.
        case._close("lost", reason, exhausted_at=False)


def undo_return(env, payment):
    """Forget a return that was booked by mistake.

    The invoice stays open until somebody assigns the payment to it again, so its case is paused:
    charging it meanwhile would take the money twice.
    """
    transaction = payment.payment_transaction_id
    attempts = env["recovery.attempt"].browse()
    if transaction:
        transaction.write({"recovery_decline": False, "recovery_reason_id": False})
        attempts = attempts.search(
            [("transaction_id", "=", transaction.id), ("state", "=", "returned")]
        )
    sentence = say(env, "return_undone", payment=payment.display_name)
    no_decline = dict.fromkeys(attempts._prepare_decline_vals(NO_DECLINE), False)
    attempts._set_state("paid", sentence=sentence, **no_decline)
    moves = payment.invoice_ids | transaction.invoice_ids | attempts.move_id
    cases = moves.recovery_case_id.filtered(lambda case: case.state in CHARGING_STATES)
    sentence = say(
        env,
        "assign_again",
        undone=sentence,
    )
    for case in cases._pause(False, sentence):
        case._ask_for_attention(sentence, kind="undone")


def describe_return(env, payment, decline, date, amount=None):
    """Return the sentence that tells of a return, for a person.

    :param amount: what was taken of the payment; none for all of it
    """
    reason = env["recovery.decline.reason"].sudo()._find(decline.reason)
    known = {
        "payment": payment.display_name or say(env, "a_payment"),
        "day": date,
        "code": decline.network_code or decline.code,
        "reason": reason,
        "message": decline.message,
    }
    if amount is not None:
        known["payment"] = say(
            env,
            "part_of",
            amount=Money(amount, payment.currency_id),
            payment=known["payment"],
        )
    if decline.network in CARD_NETWORKS or not known["code"]:
        told = ": ".join(filter(None, (known["code"], reason.name)))
        known["told"] = f"{told}. {decline.message}".strip(". ")
        return say(env, "taken_back_on", **known)
    if decline.message:
        return say(
            env,
            "bank_returned_saying",
            **known,
        )
    return say(env, "bank_returned", **known)
