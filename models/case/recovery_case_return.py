"""Bank returns: a payment that had arrived is taken back, with the bank's reason."""

from datetime import timezone

from odoo import api, fields, models
from odoo.tools import format_date

from ...declines import Decline
from .account_move_debt import SETTLED_STATES
from .recovery_case import CHARGING_STATES, OPEN_STATES


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    # === BUSINESS METHODS === #

    @api.model
    def _record_return(self, payment, decline, date, moves=None):
        """Recover the invoices of a payment that the bank took back.

        To be called by whatever learns of a return, once the payment has been taken off its
        invoices. What is otherwise settled is left alone.

        :param payment: the payment, ours or not; empty when it has no record
        :param declines.Decline decline: as :func:`declines.read_return` reads it
        :param date: when the bank took the money back
        :param moves: the invoices that it had paid; those it was made for when not told
        :return: the cases that are open for these invoices now
        """
        transaction = payment.payment_transaction_id
        attempts = self.env["recovery.attempt"].browse()
        if transaction:
            attempts = attempts.search([("transaction_id", "=", transaction.id)])
            self._follow_transactions(attempts)
            # That a transaction done has a decline makes the networks' rules count it as failed.
            now = fields.Datetime.now().replace(tzinfo=timezone.utc)
            transaction.recovery_decline = decline.to_dict(now)
            transaction.recovery_reason_id = self._prepare_return_vals(decline)["decline_reason_id"]
        sentence = self._describe_return(payment, decline, date)
        paid = attempts.filtered(lambda attempt: attempt.state == "paid")
        returned = paid._set_state(
            "returned", sentence=sentence, **paid._prepare_decline_vals(decline)
        )
        if moves is None:
            moves = payment.invoice_ids | transaction.invoice_ids
        cases = self.browse()
        for move in moves | returned.move_id:
            attempt = returned.filtered(lambda attempt, move=move: attempt.move_id == move)
            company_cases = self.with_company(move.company_id)
            cases |= company_cases._follow_return(move, attempt, transaction, decline, sentence)
        return cases.filtered(lambda case: case.state in OPEN_STATES)

    @api.model
    def _follow_return(self, move, attempt, transaction, decline, sentence):
        """Open the case of one invoice again, or a first one, and plan its next charge.

        :param attempt: our charge that was returned; empty when somebody else had made it
        :return: the case, if there is one
        """
        move._fetch_for_recovery()
        case = move.recovery_case_id
        if case.state == "lost" and (not attempt or attempt.case_id):
            return case  # Given up, which a return doesn't change.
        values = self._prepare_return_vals(decline)
        if case.state in OPEN_STATES:
            case.write(values)
            case._adopt(attempt)
        elif case._is_owed_again(attempt):
            case._reopen_returned(attempt, sentence, values)
        elif self._is_recoverable(move):
            case = self._open(move, attempt=attempt or None, transaction=transaction, **values)
        if case.state in OPEN_STATES:
            case._follow_invoice()
        if case.state == "in_recovery":
            case._plan_next_charge()
        return case

    def _is_owed_again(self, attempt):
        """Tell whether a case, closed as settled, has something to recover again."""
        if self.state not in ("recovered", "cancelled"):
            return False
        due_date = max(filter(None, (self.due_date, attempt.due_date)))
        owed = self.move_id._get_amount_owed(due_date)
        is_open = self.move_id.payment_state not in SETTLED_STATES
        return is_open and self.currency_id.compare_amounts(owed, 0) > 0

    def _reopen_returned(self, attempt, sentence, values):
        """Start recovering again; the charge that was returned is the first one that failed."""
        self._adopt(attempt)
        self._reopen(
            sentence,
            first_attempt_id=attempt.id,
            due_date=max(filter(None, (self.due_date, attempt.due_date))),
            blocked_class=False,
            block_sentence=False,
            block_rule_id=False,
            opened_by="failure",
            **values,
        )

    def _adopt(self, attempt):
        """Take a first charge that had succeeded, and so had no case, into this one."""
        if attempt and not attempt.case_id:
            attempt.case_id = self

    @api.model
    def _prepare_return_vals(self, decline):
        """Return the values that say on a case why the bank took the payment back."""
        reason = self.env["recovery.decline.reason"]._find(decline.reason)
        return {"decline_reason_id": reason.id, "decline_class": decline.decline_class}

    @api.model
    def _undo_return(self, payment):
        """Forget a return that was booked by mistake.

        The invoice stays open until somebody assigns the payment to it again, so its case is
        paused: charging it meanwhile would take the money twice.
        """
        transaction = payment.payment_transaction_id
        attempts = self.env["recovery.attempt"].browse()
        if transaction:
            transaction.write({"recovery_decline": False, "recovery_reason_id": False})
            attempts = attempts.search(
                [("transaction_id", "=", transaction.id), ("state", "=", "returned")]
            )
        sentence = self.env._("The return of %(payment)s was undone.", payment=payment.display_name)
        no_decline = dict.fromkeys(attempts._prepare_decline_vals(Decline("", "")), False)
        attempts._set_state("paid", sentence=sentence, **no_decline)
        moves = payment.invoice_ids | transaction.invoice_ids | attempts.move_id
        cases = moves.recovery_case_id.filtered(lambda case: case.state in CHARGING_STATES)
        sentence = self.env._(
            "%(undone)s Assign the payment to the invoice again, or resume the case.",
            undone=sentence,
        )
        for case in cases._pause(False, sentence):
            case._ask_for_attention(sentence)

    # === GETTERS === #

    @api.model
    def _describe_return(self, payment, decline, date):
        """Return the sentence that tells of a return, for a person."""
        reason = self.env["recovery.decline.reason"].sudo()._find(decline.reason)
        known = {
            "payment": payment.display_name or self.env._("a payment"),
            "date": format_date(self.env, date),
            "code": decline.network_code,
            "reason": reason.name,
            "message": decline.message,
        }
        if decline.message:
            return self.env._(
                "The bank returned %(payment)s on %(date)s: %(code)s, %(reason)s. %(message)s",
                **known,
            )
        return self.env._(
            "The bank returned %(payment)s on %(date)s: %(code)s, %(reason)s.", **known
        )
