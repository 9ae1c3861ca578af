"""Open, follow, plan: how a case keeps in line with what happens to its invoice."""

from datetime import timedelta, timezone

from odoo import api, fields, models

from ..timing import Ladder, Stop, plan_ladder
from .recovery_attempt import UNFINISHED
from .recovery_case import OPEN_STATES

FAILED_STATES = ("declined", "refused", "not_sent")


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
        if loose and loose[-1].state in FAILED_STATES:
            case = self._follow_loose_attempt(loose[-1])
        foreign = (transactions - attempts.transaction_id).filtered(
            lambda transaction: self._is_failed_payment(move, transaction)
        )
        if foreign and case.state not in OPEN_STATES:
            case = self._open(move, transaction=foreign[-1:])
        if case and case.state == "in_recovery":
            # A case that has just been resumed has planned already.
            case._plan(attempts if case.state == state else None)

    @api.model
    def _follow_transactions(self, attempts):
        """Let attempts follow transactions that a webhook, or somebody, moved on."""
        for attempt in attempts:
            if attempt.state in ("running", "unknown") and not attempt._hold("running", "unknown"):
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
        if not is_failed or move.state != "posted" or move.move_type != "out_invoice":
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
                self._create_attempt(move, decision, attempt.due_date)
                return self.browse()
        if attempt._get_due_gate():
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
        is_settled = move.payment_state in ("paid", "in_payment", "reversed") or (
            self.currency_id.compare_amounts(debt.owed, 0) <= 0
        )
        if move.state == "cancel":
            self._close("cancelled", self.env._("The invoice was cancelled."))
        elif move.state == "posted" and is_settled:
            self._close_settled(settlements)
        elif self.state in OPEN_STATES:
            self._follow_hindrance(debt)
        elif self.state in ("recovered", "cancelled"):
            self._reopen(self.env._("The payment of the invoice was taken back."))

    def _close_settled(self, settlements):
        """Close the case as recovered by the way the last money came, or as credited."""
        if self.state == "lost" and self.write_off_move_id:
            return
        if self.currency_id.compare_amounts(self.recovered_amount, 0) <= 0:
            self._close("cancelled", self.env._("The invoice was credited, nothing is owed."))
            return
        way = settlements[-1].way if settlements else "manual"
        self._close("recovered", self.env._("Paid: nothing is owed any more."), way=way)

    def _follow_hindrance(self, debt):
        """Suspend the case while its invoice must be left alone; go on when that ends."""
        move = self.move_id
        if move.state == "draft":
            hindrance = self.env._("The invoice was reset to draft.")
        elif move.payment_state == "blocked":
            hindrance = self.env._("The invoice is marked as blocked.")
        elif debt.is_excluded:
            hindrance = self.env._("The invoice is excluded from follow-ups.")
        else:
            if self.state == "suspended":
                self._resume(self.env._("The invoice is open for recovery again."))
            return
        if self._set_state("suspended", hindrance):
            self._cancel_planned(hindrance)

    # === OPEN === #

    @api.model
    def _open(self, move, attempt=None, transaction=None):
        """Open a case for an invoice whose charge failed, or join the open one.

        :param attempt: our own charge that failed, if it was one
        :param transaction: the failed payment that somebody else started
        :return: the case; empty when no policy matches the invoice
        """
        case = move.recovery_case_id
        if case.state not in OPEN_STATES:
            policy = self.env["recovery.policy"]._match(move)
            if not policy:
                return self.browse()
            values = self._prepare_case_vals(move, policy, attempt, transaction)
            # Nobody needs a mail for being subscribed to a case that a job opened.
            case = self.with_context(tracking_disable=True).create(values)
            # What the accountant has to mend is not the customer's business.
            if not attempt or attempt.state != "refused":
                case._plan_notices("first_failure")
        if attempt:
            loose = move.recovery_attempt_ids.filtered(lambda other: not other.case_id)
            loose.filtered(lambda other: other.due_date == attempt.due_date).case_id = case
            if attempt.state == "refused":
                case._ask_for_attention(attempt.sentence)
        return case

    @api.model
    def _prepare_case_vals(self, move, policy, attempt, transaction):
        """Return the values of a new case; hook for addons that keep more of the beginning."""
        today = fields.Date.context_today(self)
        due_date = attempt.due_date if attempt else today
        failed_at = attempt.finished_at if attempt else transaction.last_state_change
        failed_at = failed_at or fields.Datetime.now()
        is_ours = transaction and transaction.operation == "offline"
        settlements = move._get_settlements()
        is_fixed = policy.retry_schedule == "fixed"
        return {
            "move_id": move.id,
            "company_id": move.company_id.id,
            "partner_id": move.commercial_partner_id.id,
            "currency_id": move.currency_id.id,
            "policy_id": policy.id,
            "ladder": policy._get_ladder().to_dict() if is_fixed else False,
            "failed_amount": move._get_amount_owed(due_date),
            "settled_before": sum(settlement.amount for settlement in settlements),
            "due_date": due_date,
            "first_failure_at": failed_at,
            "deadline_at": failed_at + timedelta(days=policy.window_days),
            "token_id": transaction.token_id.id if is_ours else False,
            "first_attempt_id": attempt and attempt.id,
        }

    def _reopen(self, reason):
        """Start recovering again, from the beginning, after a payment was taken back."""
        self.ensure_one()
        now = fields.Datetime.now()
        if self._set_state(
            "in_recovery",
            reason,
            first_attempt_id=False,
            first_failure_at=now,
            deadline_at=now + timedelta(days=self.policy_id.window_days),
            closed_at=False,
            way=False,
            grace_until=False,
        ):
            self._ask_for_attention(reason)

    def _resume(self, reason):
        """Go on with a paused or suspended case."""
        self.ensure_one()
        target = "grace" if self.grace_until else "in_recovery"
        if self._set_state(target, reason, paused_until=False):
            self._plan()

    # === PLAN === #

    def _plan(self, attempts=None):
        """Plan the next charge, unless one is unfinished, or begin the grace period.

        :param attempts: those of the invoice, where they have just been read
        """
        self.ensure_one()
        if self.state != "in_recovery" or not self.ladder:
            return
        attempts = (attempts or self.move_id.recovery_attempt_ids).sorted("id")
        if any(attempt.state in UNFINISHED for attempt in attempts):
            return
        attempts = attempts.filtered(self._is_of_this_life)
        decision = self._decide(attempts)
        if isinstance(decision, Stop):
            self._begin_grace(self._render(decision.sentence))
            return
        attempt = self._create_attempt(self.move_id, decision, self.due_date, case=self)
        latest = attempts[-1:] or self.first_attempt_id
        if latest.state != "declined":  # What has just been sent to the provider can be charged.
            gate = attempt._get_method_gate()
            if gate:
                self._ask_for_attention(gate.sentence)

    def _decide(self, attempts):
        """Return when to charge next, or why not any more.

        :param attempts: the attempts since the first failure, oldest first
        """
        finished = attempts.filtered(lambda attempt: attempt.state in FAILED_STATES)
        if finished and finished[-1].state == "not_sent":
            decision = finished[-1]._decide_technical_retry()
            if not isinstance(decision, Stop):
                return decision
        rungs = finished.filtered(lambda attempt: attempt.state != "not_sent")
        last = rungs[-1:]
        last_failure = max(last.finished_at, last.planned_at) if last else self.first_failure_at
        return plan_ladder(
            Ladder.from_dict(self.ladder),
            first_failure=_aware(self.first_failure_at),
            last_failure=_aware(last_failure),
            sent=len(rungs.filtered(lambda attempt: attempt.state == "declined")),
            rungs_used=len(rungs),
            now=_aware(fields.Datetime.now()),
            hours=self.policy_id._get_charge_hours(self.partner_id),
        )

    @api.model
    def _create_attempt(self, move, decision, due_date, case=None):
        """Create the attempt that a decision of `timing` plans."""
        return self.env["recovery.attempt"].create(
            move._prepare_attempt_vals(
                case_id=case and case.id,
                source=decision.source,
                planned_at=decision.at.astimezone(timezone.utc).replace(tzinfo=None),
                due_date=due_date,
                sentence=self._render(decision.sentence),
            )
        )

    def _plan_by_user(self, instant, sentence):
        """Plan the next charge for an instant that a person chose (UTC, naive)."""
        self.ensure_one()
        values = {"planned_at": instant, "source": "user", "sentence": sentence}
        attempt = self.next_attempt_id
        if attempt:
            attempt.write(values)
        else:
            attempt = self.env["recovery.attempt"].create(
                self.move_id._prepare_attempt_vals(
                    case_id=self.id, due_date=self.due_date, **values
                )
            )
        return attempt

    def _plan_notices(self, trigger):
        """Plan the policy's steps that this trigger starts."""
        self.ensure_one()
        for step in self.policy_id.step_ids.filtered(lambda step: step.trigger == trigger):
            self.env["recovery.notice"].create(
                {
                    "case_id": self.id,
                    "company_id": self.company_id.id,
                    "step_id": step.id,
                    "planned_at": self.first_failure_at + timedelta(hours=step.delay_hours),
                    "sentence": step.name,
                }
            )

    # === GETTERS === #

    def _is_of_this_life(self, attempt):
        """Tell whether an attempt came after the first failure, or after the case re-opened."""
        self.ensure_one()
        if attempt.case_id != self or attempt == self.first_attempt_id:
            return False
        return not attempt.finished_at or attempt.finished_at >= self.first_failure_at

    def _get_owed(self):
        """Return what is open of the instalments in recovery, in the invoice's currency."""
        self.ensure_one()
        return self.move_id._get_amount_owed(self.due_date)

    def _get_cases_of_notice(self):
        """Return the open cases that an e-mail about this one lists: all of the customer's."""
        self.ensure_one()
        return self | self.search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("in_recovery", "grace")),
            ],
            order="first_failure_at, id",
        )

    def _get_payment_link(self):
        """Return the link by which the customer pays the invoice without logging in."""
        self.ensure_one()
        # In sudo mode: the link is made by a job, and its wizard is for accountants.
        return self.move_id.sudo()._get_portal_payment_link()

    def _render(self, sentence):
        """Translate a sentence of `timing`, whose terms are exported with the addon's."""
        return self.env._(sentence.source, **sentence.values)


def _aware(instant):
    return instant.replace(tzinfo=timezone.utc)
