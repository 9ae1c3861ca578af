# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How a case keeps in line with what happens to its invoice."""

from datetime import timedelta

from odoo import fields

from ...tools.said import Money, say
from .account_move import SETTLED_STATES
from .alerts import raise_alert
from .excess import raise_excess
from .opening import CaseOpening, prepare_decline_vals
from .recovery_attempt import FAILED_STATES
from .rests import raise_rests
from .states import OPEN_STATES


class InvoiceFollower:
    """Brings the attempts and the case of one invoice in line with the facts.

    The state is worked out anew from what is on the invoice, so that doing it twice, late or in
    another order changes nothing.

    :param move: the invoice, in its company
    """

    def __init__(self, move):
        self.env = move.env
        self.move = move
        self.attempts = self.env["recovery.attempt"]

    def follow(self, transactions):
        """Let the case follow.

        :param transactions: those that changed since the last time
        """
        move = self.move
        self.attempts = self.attempts._read_of(move)
        self._follow_attempts()
        case = move.recovery_case_id
        state, due_date = case.state, case.due_date
        debt = case._follow_invoice() if case else None
        case = self._follow_first_charge() or case
        case = self._follow_owner(case) or case
        case = self._follow_foreign(case, transactions)
        if case.state in ("in_recovery", "grace"):
            # A case that has just been resumed has planned already, on charges read anew.
            is_same = (case.state, case.due_date) == (state, due_date)
            case._plan_next_charge(
                self.attempts if case.state == state else None,
                transactions,
                debt.owed if debt and is_same else None,
            )
        if case:
            case._on_changed()
        raise_excess(move)
        raise_rests(move)
        self._tell(case)

    def _follow_attempts(self):
        """Let attempts follow transactions that a webhook, or somebody, moved on."""
        for attempt in self.attempts._follow_transactions():
            if attempt.state == "paid":
                self._check_paid_twice(attempt)

    def _check_paid_twice(self, attempt):
        """Raise the alarm when a late success comes on top of another payment of the invoice."""
        others = self.attempts.filtered(lambda other: other.state == "paid") - attempt
        others = others.filtered(lambda other: other.due_date >= attempt.due_date)
        if not others or self._is_of_parts(attempt, others):
            return
        sentence = say(
            self.env,
            "paid_twice",
            first=others[-1].transaction_id.reference,
            second=attempt.transaction_id.reference,
        )
        raise_alert(self.move, sentence, f"paid_twice:{attempt.transaction_id.id}")

    def _is_of_parts(self, attempt, others):
        """Return whether paid charges are of one debt in parts, and no more than it was."""
        attempts = attempt | others
        plan = attempts.part_id.plan_id.sorted("id")[:1]
        if not plan:
            return False
        since = attempts.filtered(lambda each: each.started_at >= plan.agreed_at)
        return self.move.currency_id.compare_amounts(sum(since.mapped("amount")), plan.amount) <= 0

    def _follow_first_charge(self):
        """Plan a first charge that was not sent again, else open the case of one that failed.

        :return: the case, if one was opened
        """
        cases = self.env["recovery.case"]
        loose = self.attempts.filtered(lambda attempt: not attempt.case_id)
        loose._withdraw_moot()
        latest = loose[-1:]
        if latest.state not in FAILED_STATES:
            return cases
        is_unsent = latest.state == "not_sent" and not latest._is_merchant()
        if is_unsent and self.move._plan_technical_retry(latest):
            # There may be a case by somebody else's failed payment, which plans as well.
            self.attempts = self.attempts._read_of(self.move)
            return cases
        if latest._get_owed_block():
            return cases  # Paid, blocked or cancelled meanwhile: nothing to recover.
        return cases._open(self.move, attempt=latest) or self._go_on_without_case(latest)

    def _follow_owner(self, case):
        """Open the case of the customer who owes the invoice now, where it was somebody else's.

        :return: the case, if one was opened
        """
        if not case or case._is_of_its_customer() or self.move.state != "posted":
            return self.env["recovery.case"]
        return CaseOpening(self.env, self.move).open_for_customer()

    def _go_on_without_case(self, latest):
        """Let a first charge wait for the company to mend its set-up, or tell of one that failed.

        :return: no case
        """
        if latest._is_merchant() and self.move._plan_technical_retry(latest):
            return self.env["recovery.case"]
        return self._tell_of_no_policy(latest)

    def _tell_of_no_policy(self, attempt):
        """Raise the alarm when a first charge failed and nothing is tried any more.

        :return: no case
        """
        sentence = say(
            self.env,
            "no_policy",
            invoice=self.move.display_name,
            reason=attempt.sentence or "",
        )
        raise_alert(self.move, sentence, f"charge:{attempt.id}")
        return self.env["recovery.case"]

    def _follow_foreign(self, case, transactions):
        """Open a case for a payment of somebody else that failed, or keep why it did."""
        foreign = (transactions - self.attempts.transaction_id).filtered(self._is_failed_payment)
        if foreign and case.state not in OPEN_STATES:
            return self.env["recovery.case"]._open(self.move, transaction=foreign[-1:])
        if case.state in OPEN_STATES:
            self._note_decline(case, foreign)
        return case

    def _is_failed_payment(self, transaction):
        """Return whether a transaction that isn't ours failed to pay something that is owed."""
        # A customer who cancels has not failed; a charge in their absence that ends so has.
        is_failed = transaction.state == "error" or (
            transaction.state == "cancel" and transaction.operation == "offline"
        )
        return is_failed and self.move._is_recoverable()

    def _note_decline(self, case, foreign):
        """Keep the reason of the latest failure.

        :param foreign: payments of somebody else that have just failed
        """
        declined = self.attempts.filtered(
            lambda attempt: (
                attempt.state in ("declined", "returned")
                and attempt.finished_at >= case.first_failure_at
            )
        )
        if not (declined or foreign):
            return
        values = prepare_decline_vals(None if foreign else declined[-1], foreign[-1:])
        if foreign:
            values["foreign_failure_at"] = foreign[-1:].last_state_change
        if values["decline_class"] != case.decline_class or (
            values["decline_reason_id"] != case.decline_reason_id.id
        ):
            case.write(values)

    def _tell(self, case):
        """Tell automations of the outcomes of charges that have just been followed."""
        cases = self.env["recovery.case"]
        if not cases._is_listening():
            return
        attempts = self.move.recovery_attempt_ids.filtered("is_news").sorted("id")
        for attempt in attempts:
            attempt._tell_outcome()
        attempts.is_news = False
        if case:
            case._on_followed()


def follow_invoice(case):
    """Close, suspend, resume or re-open a case, as its invoice says.

    :return: what was owed of it; none where another customer owes it
    :rtype: Debt | None
    """
    move = case.move_id
    if move.state == "posted" and not case._is_of_its_customer():
        _leave_customer(case)
        return None
    claim = case._get_claim()
    recovered = max(case.currency_id.round(claim.paid - case.settled_before), 0.0)
    if case.currency_id.compare_amounts(recovered, case.recovered_amount):
        case.recovered_amount = recovered
    case._on_changed()
    debt = move._get_debt(case.due_date)
    is_settled = _is_settled(case, claim)
    is_waiting = debt.is_small and move.payment_state in ("not_paid", "partial")
    if move.state == "cancel":
        case._close("cancelled", say(case.env, "invoice_cancelled"))
    elif move.state == "posted" and (is_settled or is_waiting):
        _close_settled(case, claim, rest=0.0 if is_settled else debt.owed)
    elif case.state in OPEN_STATES:
        _follow_suspension(case, claim, debt)
    elif case.state in ("recovered", "cancelled"):
        reason = say(case.env, "taken_back")
        if case._reopen(reason):
            case._ask_for_attention(reason)
            _follow_suspension(case, claim, debt)
    return debt


def _leave_customer(case):
    """Close a case whose invoice is owed by another customer now; a closed one stays as it is."""
    if case.state in OPEN_STATES:
        reason = say(
            case.env,
            "owed_by_other",
            customer=case.move_id.commercial_partner_id.display_name,
        )
        case._close("cancelled", reason)


def _is_settled(case, claim):
    """Return whether nothing of the instalments in recovery is owed any more.

    A part that a payment without journal entry left is owed, though Odoo calls the invoice paid;
    so is what was put off to a later day, and what is matched with a payment that went back.
    """
    compare = case.currency_id.compare_amounts
    if compare(claim.returned, 0) > 0:
        return False
    if compare(claim.open, 0) <= 0:
        return True
    is_unbooked = any(each.partial_id is None for each in claim.settlements)
    return case.move_id.payment_state in SETTLED_STATES and not is_unbooked


def _close_settled(case, claim, rest=0.0):
    """Close a case as recovered through the channel of the last money, or say what it was else.

    :param float rest: what is left, and too little to ask for
    """
    if case.state == "lost" and case.write_off_move_id:
        return
    compare = case.currency_id.compare_amounts
    if compare(case.recovered_amount, 0) <= 0:
        if compare(claim.written_off, 0) > 0:
            if case.state != "lost":
                reason = say(case.env, "written_off")
                case._close("lost", reason, exhausted_at=False)
            return
        case._close("cancelled", _describe_end(case, claim, rest))
        return
    kept = [each for each in claim.settlements if each.amount > 0]
    channel = kept[-1].channel if kept else "manual"
    reason = say(case.env, "paid")
    if rest:
        reason = say(
            case.env,
            "paid_but_rest",
            amount=Money(rest, case.currency_id),
        )
    case._close("recovered", reason, channel=channel)


def _describe_end(case, claim, rest):
    """Return why nothing is asked for any more, though nothing was recovered."""
    compare = case.currency_id.compare_amounts
    if rest:
        return say(case.env, "rest_waits", amount=Money(rest, case.currency_id))
    if compare(claim.refunded, 0) > 0 or any(
        each.kind == "refund" and each.booked_amount for each in case.return_ids
    ):
        return say(case.env, "refunded")
    if compare(claim.credited, 0) > 0:
        return say(case.env, "credited")
    return say(case.env, "corrected")


def _follow_suspension(case, claim, debt):
    """Suspend a case while its invoice must be left alone; go on when that ends."""
    env, move = case.env, case.move_id
    compare = case.currency_id.compare_amounts
    postponed_until = move.state == "posted" and _follow_due_date(case, claim)
    if move.state == "draft":
        reason = say(env, "reset_to_draft")
    elif move.payment_state == "blocked":
        reason = say(env, "marked_blocked")
    elif debt.is_excluded:
        reason = say(env, "not_followed_up")
    elif compare(claim.returned, 0) > 0 and compare(claim.open, 0) <= 0:
        reason = say(env, "still_matched")
    elif postponed_until:
        reason = say(env, "put_off", day=postponed_until)
    else:
        if case.state == "suspended":
            _end_postponement(case)
            case._resume(say(env, "open_again"))
        return
    if case._set_state("suspended", reason):
        case._cancel_planned(reason)


def _follow_due_date(case, claim):
    """Let what was put off stay in recovery: it is owed from its new day on.

    :return: that day, where it is still to come
    """
    day = claim.next_due
    if not day:
        return None
    is_to_come = day > case.move_id._get_recovery_today()
    values = {}
    if day > case.due_date:
        values["due_date"] = day
    if is_to_come and day != case.postponed_until:
        values["postponed_until"] = day
    if values:
        case.write(values)
    return day if is_to_come else None


def _end_postponement(case):
    """Give a case its whole window again, from the day on which the invoice is due now."""
    if not case.postponed_until:
        return
    now = fields.Datetime.now()
    case.write(
        {
            "postponed_until": False,
            # What falls due later than today is not owed yet, should the day have come forward.
            "due_date": min(case.due_date, case.move_id._get_recovery_today()),
            "grace_until": False,
            "exhausted_at": False,
            "waited_hours": (now - case.first_failure_at) / timedelta(hours=1),
            "deadline_at": now + timedelta(days=case.policy_id.window_days),
        }
    )
