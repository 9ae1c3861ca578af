"""Open and follow: how a case keeps in line with what happens to its invoice."""

from datetime import timedelta

from odoo import api, fields, models

from ...timing import Stop
from .account_move_debt import SETTLED_STATES
from .recovery_attempt import FAILED_STATES
from .recovery_case import OPEN_STATES


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    # === FOLLOW === #

    @api.model
    def _follow(self, move, transactions):
        """Bring the attempts and the case of one invoice in line with the facts.

        The state is worked out anew from what is on the invoice, so that doing it twice, late or
        in another order changes nothing.

        :param transactions: the transactions that changed since the last time
        """
        move._fetch_for_recovery()
        attempts = self.env["recovery.attempt"].search([("move_id", "=", move.id)], order="id")
        self._follow_transactions(attempts)
        case = move.recovery_case_id
        state = case.state
        if case:
            case._follow_invoice()
        loose = attempts.filtered(lambda attempt: not attempt.case_id)
        loose._withdraw_moot()
        if loose and loose[-1].state in FAILED_STATES:
            case = self._follow_loose_attempt(loose[-1])
        foreign = (transactions - attempts.transaction_id).filtered(
            lambda transaction: self._is_failed_payment(move, transaction)
        )
        if foreign and case.state not in OPEN_STATES:
            case = self._open(move, transaction=foreign[-1:])
        elif case.state in OPEN_STATES:
            case._note_decline(attempts, foreign)
        if case.state == "grace" and case.blocked_class:
            case._leave_grace()
        if case and any(each._recovery_is_new_method() for each in transactions):
            case._retry_with_new_method()
            state = None
        if case and case.state == "in_recovery":
            # A case that has just been resumed, or has a new method, has planned already.
            case._plan_next_charge(attempts if case.state == state else None)
        if case and not case.notices_outdated:
            case.notices_outdated = True

    @api.model
    def _follow_transactions(self, attempts):
        """Let attempts follow transactions that a webhook, or somebody, moved on."""
        for attempt in attempts:
            if attempt.state in ("running", "unknown") and not attempt._take_lock(
                "running", "unknown"
            ):
                continue  # Its worker is alive and follows by itself.
            changed = attempt._follow_transaction()
            if changed and changed.state == "paid":
                self._check_paid_twice(attempt, attempts)

    @api.model
    def _check_paid_twice(self, attempt, attempts):
        """Raise the alarm when a late success comes on top of another payment of the invoice."""
        others = attempts.filtered(lambda other: other.state == "paid") - attempt
        if not others.filtered(lambda other: other.due_date >= attempt.due_date):
            return
        attempt.case_id._ask_for_attention(
            self.env._(
                "The provider reports two payments, %(first)s and %(second)s. Refund one of them.",
                first=others[-1].transaction_id.reference,
                second=attempt.transaction_id.reference,
            ),
            activity=True,
        )

    @api.model
    def _is_failed_payment(self, move, transaction):
        """Tell whether a transaction that isn't ours failed to pay something that is owed."""
        # A customer who cancels has not failed; a charge in his absence that ends so has.
        is_failed = transaction.state == "error" or (
            transaction.state == "cancel" and transaction.operation == "offline"
        )
        return is_failed and self._is_recoverable(move)

    @api.model
    def _is_recoverable(self, move):
        """Tell whether something is owed on an invoice now, and not excluded from follow-ups."""
        if move.state != "posted" or move.move_type != "out_invoice":
            return False
        debt = move._get_debt(fields.Date.context_today(self))
        return (
            move.payment_state in ("not_paid", "partial")
            and not debt.is_excluded
            and move.currency_id.compare_amounts(debt.owed, 0) > 0
        )

    def _follow_loose_attempt(self, attempt):
        """Try the first charge of an invoice again after technical trouble, else open a case."""
        move = attempt.move_id
        if attempt.state == "not_sent":
            decision = attempt._decide_technical_retry()
            if not isinstance(decision, Stop):
                self._create_attempt(move, self._make_plan(decision), attempt.due_date)
                return self.browse()
        if attempt._get_owed_block():
            return self.browse()  # Paid, blocked or cancelled meanwhile: nothing to recover.
        return self._open(move, attempt=attempt)

    def _follow_invoice(self):
        """Close, suspend, resume or re-open the case, as its invoice says."""
        self.ensure_one()
        move = self.move_id
        debt = move._get_debt(self.due_date)
        settlements = move._get_settlements(self)
        paid = sum(settlement.amount for settlement in settlements)
        recovered = max(self.currency_id.round(paid - self.settled_before), 0.0)
        if self.currency_id.compare_amounts(recovered, self.recovered_amount):
            self.recovered_amount = recovered
        self.figures_outdated = True
        is_settled = move.payment_state in SETTLED_STATES or (
            self.currency_id.compare_amounts(debt.owed, 0) <= 0
        )
        if move.state == "cancel":
            self._close("cancelled", self.env._("The invoice was cancelled."))
        elif move.state == "posted" and is_settled:
            self._close_settled(settlements)
        elif self.state in OPEN_STATES:
            self._follow_suspension(debt)
        elif self.state in ("recovered", "cancelled"):
            reason = self.env._("The payment of the invoice was taken back.")
            if self._reopen(reason):
                self._ask_for_attention(reason)

    def _close_settled(self, settlements):
        """Close the case as recovered through the channel of the last money, or as credited."""
        if self.state == "lost" and self.write_off_move_id:
            return
        if self.currency_id.compare_amounts(self.recovered_amount, 0) <= 0:
            self._close("cancelled", self.env._("The invoice was credited, nothing is owed."))
            return
        channel = settlements[-1].channel if settlements else "manual"
        self._close("recovered", self.env._("Paid: nothing is owed any more."), channel=channel)

    def _follow_suspension(self, debt):
        """Suspend the case while its invoice must be left alone; go on when that ends."""
        move = self.move_id
        if move.state == "draft":
            block = self.env._("The invoice was reset to draft.")
        elif move.payment_state == "blocked":
            block = self.env._("The invoice is marked as blocked.")
        elif debt.is_excluded:
            block = self.env._("The invoice is excluded from follow-ups.")
        else:
            if self.state == "suspended":
                self._resume(self.env._("The invoice is open for recovery again."))
            return
        if self._set_state("suspended", block):
            self._cancel_planned(block)

    # === OPEN === #

    @api.model
    def _open(self, move, attempt=None, transaction=None, **values):
        """Open a case for an invoice whose charge failed, or join the open one.

        :param attempt: our own charge that failed, if it was one
        :param transaction: the failed payment that somebody else started
        :param values: of the new case, where they are known better
        :return: the case; empty when no policy matches the invoice
        """
        case = move.recovery_case_id
        if case.state not in OPEN_STATES:
            policy = self.env["recovery.policy"]._match(move)
            if not policy:
                return self.browse()
            values = {**self._prepare_case_vals(move, policy, attempt, transaction), **values}
            # Nobody needs a mail for being subscribed to a case that a job opened.
            case = self.with_context(tracking_disable=True).create(values)
        if attempt:
            loose = move.recovery_attempt_ids.filtered(lambda other: not other.case_id)
            loose.filtered(lambda other: other.due_date == attempt.due_date).case_id = case
            if self._is_for_accountant(attempt):
                case._ask_for_attention(attempt.sentence)
        return case

    @api.model
    def _open_overdue(self, move):
        """Open the case of an overdue invoice that is not charged: its customer gets notices."""
        if not self._is_recoverable(move) or move.recovery_case_id.state in OPEN_STATES:
            return self.browse()
        return self._open(
            move,
            transaction=move.transaction_ids.browse(),
            opened_by="overdue",
            ladder=False,
            arm=False,
            end_reason=self.env._("Opened because the invoice is overdue."),
            due_date=fields.Date.context_today(self),
            first_failure_at=fields.Datetime.now(),
        )

    @api.model
    def _is_for_accountant(self, attempt):
        """Tell whether a charge was refused for what only the accountant can mend."""
        # With a decline it was refused for the method, which is up to the customer.
        return bool(attempt) and attempt.state == "refused" and not attempt.decline_class

    @api.model
    def _prepare_case_vals(self, move, policy, attempt, transaction):
        """Return the values of a new case; hook for addons that keep more of the beginning."""
        today = fields.Date.context_today(self)
        due_date = attempt.due_date if attempt else today
        if attempt:
            failed_at = attempt.finished_at
        else:  # A payment that the bank took back was done long before that.
            failed_at = transaction.state != "done" and transaction.last_state_change
        failed_at = failed_at or fields.Datetime.now()
        is_ours = transaction and transaction.operation == "offline"
        settlements = move._get_settlements()
        return {
            "move_id": move.id,
            "company_id": move.company_id.id,
            "partner_id": move.commercial_partner_id.id,
            "currency_id": move.currency_id.id,
            "policy_id": policy.id,
            "recurrence": (move.sudo()._get_recurrence() or ("once",))[0],
            "ladder": policy._get_schedule(move) or False,
            "arm": self._draw_arm(move, due_date, policy),
            "failed_amount": move._get_amount_owed(due_date),
            "settled_before": sum(settlement.amount for settlement in settlements),
            "due_date": due_date,
            "first_failure_at": failed_at,
            "deadline_at": failed_at + timedelta(days=policy.window_days),
            "token_id": transaction.token_id.id if is_ours else False,
            "first_attempt_id": attempt and attempt.id,
            **self._prepare_decline_vals(attempt, transaction),
        }

    @api.model
    def _prepare_decline_vals(self, attempt, transaction):
        """Return the values that say why a charge, ours or somebody else's, failed."""
        if attempt:
            return {
                "decline_reason_id": attempt.decline_reason_id.id,
                "decline_class": attempt.decline_class,
            }
        decline = transaction.recovery_decline or {}
        return {
            "decline_reason_id": transaction.recovery_reason_id.id,
            "decline_class": decline.get("decline_class"),
        }

    def _note_decline(self, attempts, foreign):
        """Keep the reason of the latest failure.

        :param attempts: those of the invoice, oldest first
        :param foreign: payments of somebody else that have just failed
        """
        self.ensure_one()
        declined = attempts.filtered(
            lambda attempt: (
                attempt.state in ("declined", "returned")
                and attempt.finished_at >= self.first_failure_at
            )
        )
        if not (declined or foreign):
            return
        values = self._prepare_decline_vals(None if foreign else declined[-1], foreign[-1:])
        if foreign:
            values["foreign_failure_at"] = foreign[-1:].last_state_change
        if values["decline_class"] != self.decline_class or (
            values["decline_reason_id"] != self.decline_reason_id.id
        ):
            self.write(values)

    def _reopen(self, reason, **values):
        """Start recovering again, from the beginning, after a payment was taken back.

        :param values: further fields to write with the state
        :return: the case, if it changed
        """
        self.ensure_one()
        now = fields.Datetime.now()
        beginning = {
            "first_attempt_id": False,
            "first_failure_at": now,
            "deadline_at": now + timedelta(days=self.policy_id.window_days),
            "closed_at": False,
            "channel": False,
            "grace_until": False,
            "exhausted_at": False,
            # Notices of its former life stay as they are; this one has its own.
            "life": self.life + 1,
            "opened_by": "taken_back",
        }
        return self._set_state("in_recovery", reason, **{**beginning, **values})

    def _leave_grace(self):
        """Charge once more in the grace period when a method has been added or updated."""
        self.ensure_one()
        if not self._choose_method().block:
            reason = self.env._("The payment method was added or updated.")
            self._set_state("in_recovery", reason, grace_until=False, exhausted_at=False)

    def _resume(self, reason):
        """Go on with a paused or suspended case."""
        self.ensure_one()
        target = "grace" if self.grace_until else "in_recovery"
        if self._set_state(target, reason, paused_until=False):
            self._plan_next_charge()

    # === GETTERS === #

    def _get_owed(self):
        """Return what is open of the instalments in recovery, in the invoice's currency."""
        self.ensure_one()
        return self.move_id._get_amount_owed(self.due_date)

    def _get_payment_link(self):
        """Return the link by which the customer pays the invoice without logging in."""
        self.ensure_one()
        # In sudo mode: the link is made by a job, and its wizard is for accountants.
        return self.move_id.sudo()._get_portal_payment_link()
