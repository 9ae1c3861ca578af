# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A case begins: an invoice's charge failed, or it is overdue and nothing is charged for it."""

from datetime import timedelta

from odoo import fields

from ...tools.said import say
from .claim import Claim
from .credit import CustomerCredit
from .exclusion import follow_exclusion
from .states import OPEN_STATES


class CaseOpening:
    """The beginning of the case of one invoice.

    :param env: of the `recovery.case`, in the company of the invoice
    :param attempt: our own charge that failed, if it was one
    :param transaction: the failed payment that somebody else started
    """

    def __init__(self, env, move, attempt=None, transaction=None):
        self.env = env
        self.move = move
        self.attempt = attempt
        self.transaction = env["payment.transaction"] if transaction is None else transaction

    def open(self, **values):
        """Open the case, or join the open one.

        :param values: of the new case, where they are known better
        :return: the case; empty when no policy matches the invoice
        """
        move, attempt = self.move, self.attempt
        cases = self.env["recovery.case"]
        case = move.recovery_case_id
        if case.state not in OPEN_STATES:
            policy = self.env["recovery.policy"]._match(move)
            if not policy or (self._is_own_failure() and policy.own_failures == "none"):
                return cases
            prepared = cases._prepare_case_vals(move, policy, attempt, self.transaction)
            prepared |= self._prepare_own_failure_vals(policy)
            # Nobody needs a mail for being subscribed to a case that a job opened.
            case = cases.with_context(tracking_disable=True).create({**prepared, **values})
            follow_exclusion(case)
            if case.opened_by != "overdue":
                case._emit("large_failed")
        if attempt:
            self._adopt_charges(case)
            if attempt.state == "refused" and not attempt.decline_class:
                # With a decline it was refused for the method, which is up to the customer.
                case._ask_for_attention(attempt.sentence, kind="refused")
        return case

    def open_overdue(self):
        """Open the case of an overdue invoice that is not charged: its customer gets notices.

        :return: the case; empty when there is nothing to remind of, or a case already
        """
        move = self.move
        CustomerCredit(move).use_if_wanted()
        if not move._is_recoverable() or move.recovery_case_id.state in OPEN_STATES:
            return self.env["recovery.case"]
        if move._get_dispute_block():
            return self.env["recovery.case"]
        return self.open(
            opened_by="overdue",
            ladder=False,
            arm=False,
            end_reason=say(self.env, "opened_overdue"),
            due_date=move._get_recovery_today(),
            first_failure_at=fields.Datetime.now(),
        )

    def open_for_customer(self):
        """Open the case of a customer who owes an overdue invoice that was another one's before.

        Nothing of theirs has failed yet: they hear that it is overdue, and what is to be collected
        from them is charged on the schedule.

        :return: the case; empty when there is nothing to recover
        """
        move = self.move
        if not move._is_recoverable() or move._get_dispute_block():
            return self.env["recovery.case"]
        is_charged = move.collect_automatically and move._get_collect_token()
        return self.open(
            opened_by="overdue",
            end_reason=say(
                self.env,
                "opened_for_customer",
                customer=move.commercial_partner_id.display_name,
            ),
            **({} if is_charged else {"ladder": False, "arm": False}),
        )

    def prepare_vals(self, policy):
        """Return the values of a new case under a policy."""
        move, attempt, transaction = self.move, self.attempt, self.transaction
        cases = self.env["recovery.case"]
        due_date = attempt.due_date if attempt else move._get_recovery_today()
        failed_at = self._get_failed_at()
        is_ours = transaction and transaction.operation == "offline"
        claim = Claim(move, due_date)
        return {
            "move_id": move.id,
            "company_id": move.company_id.id,
            "partner_id": move.commercial_partner_id.id,
            "currency_id": move.currency_id.id,
            "policy_id": policy.id,
            "recurrence": (move.sudo()._get_recurrence() or ("once",))[0],
            "ladder": policy._get_schedule(move) or False,
            "failed_amount": move._get_amount_owed(due_date),
            "settled_before": claim.paid,
            "billed_amount": claim.billed,
            "later_amount": claim.later,
            "due_date": due_date,
            "first_failure_at": failed_at,
            "deadline_at": failed_at + timedelta(days=policy.window_days),
            "token_id": transaction.token_id.id if is_ours else False,
            "first_attempt_id": attempt and attempt.id,
            **prepare_decline_vals(attempt, transaction),
            **cases._prepare_opening_vals(move, due_date, policy),
        }

    def _is_own_failure(self):
        """Return whether a customer failed to pay by themselves, and nobody agreed to charges."""
        transaction = self.transaction
        return bool(
            not self.attempt
            and transaction.state in ("error", "cancel")  # Not one that the bank took back.
            and transaction.operation != "offline"
            and not self.move.collect_automatically
        )

    def _prepare_own_failure_vals(self, policy):
        """Return what is different in the case of a payment that the customer began."""
        if not self._is_own_failure():
            return {}
        charged = {} if policy._charges_own_failures() else {"ladder": False, "arm": False}
        return {"opened_by": "customer", **charged}

    def _adopt_charges(self, case):
        """Take the charges of the invoice that had no case into it."""
        loose = self.move.recovery_attempt_ids.filtered(lambda other: not other.case_id)
        loose.filtered(lambda other: other.due_date == self.attempt.due_date).case_id = case

    def _get_failed_at(self):
        if self.attempt:
            failed_at = self.attempt.finished_at
        else:  # A payment that the bank took back was done long before that.
            failed_at = self.transaction.state != "done" and self.transaction.last_state_change
        return failed_at or fields.Datetime.now()


def prepare_decline_vals(attempt, transaction):
    """Return the values that say on a case why a charge, ours or somebody else's, failed."""
    if attempt:
        reason, decline_class = attempt.decline_reason_id, attempt.decline_class
    else:
        reason = transaction.recovery_reason_id
        decline_class = transaction._recovery_get_decline().decline_class
    return {"decline_reason_id": reason.id, "decline_class": decline_class or False}


def reopen(case, reason, values):
    """Let a closed case begin again: its payment was taken back.

    :return: the case, if it changed
    """
    now = fields.Datetime.now()
    beginning = {
        "first_attempt_id": False,
        "first_failure_at": now,
        "deadline_at": now + timedelta(days=case.policy_id.window_days),
        "closed_at": False,
        "postponed_until": False,
        "channel": False,
        "grace_until": False,
        "exhausted_at": False,
        "waited_hours": 0.0,
        # Of its former life; what was paid since then was not declined.
        **dict.fromkeys(("decline_reason_id", "decline_class"), False),
        # Notices of its former life stay as they are; this one has its own.
        "life": case.life + 1,
        "opened_by": "taken_back",
    }
    changed = case._set_state("in_recovery", reason, **{**beginning, **values})
    if changed:
        case._emit("large_failed")
    return changed
