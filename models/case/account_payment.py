"""A payment that the bank took back: booked, taken off its invoices, handed to the recovery."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..method.rail import find_scheme
from .account_move import PAID_STATES, RECOVERY_GROUP
from .returns import describe_return, undo_return

# Which bank scheme a debit most likely went through, where neither the payment method nor the
# saved account tells.
SCHEMES_OF_CURRENCIES = {"USD": "ach", "GBP": "bacs", "AUD": "becs", "CAD": "pad"}


class AccountPayment(models.Model):
    _inherit = "account.payment"

    recovery_return_move_id = fields.Many2one(
        comodel_name="account.move",
        string="Return Entry",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups=RECOVERY_GROUP,
        help="The entry that books that the bank took the payment back. When that entry is "
        "cancelled, deleted or reversed, the payment counts again.",
    )

    # === COMPUTE METHODS === #

    def _compute_display_name(self):
        """Override of `account` to name the payment of a dialog that is not saved yet.

        Within its onchange Odoo takes a booked payment for a draft.
        """
        result = super()._compute_display_name()
        for payment in self.filtered(lambda payment: not payment.id and payment._origin.name):
            payment.display_name = payment._origin.name
        return result

    # === BUSINESS METHODS === #

    def _recovery_return(self, decline, date):
        """Book that the bank took this payment back, and recover its invoices.

        The payment ends as *Rejected*, Odoo's own state for money that a bank refused. *Paid* and
        *In Process* would be worked out anew at each match with a bank statement, and say that
        the money is there; *Cancelled* would undo an entry that the bank statement may be matched
        with already.

        :param declines.Decline decline: what the bank said
        :param date: the accounting date of the return
        :return: the entry; empty when the payment has none itself
        :raise UserError: when the payment can't be returned, or not on that date
        """
        self.ensure_one()
        self.check_access("write")
        if not self.try_lock_for_update(allow_referencing=True):
            raise UserError(
                self.env._("%(payment)s is being changed by somebody.", payment=self.display_name)
            )
        self._recovery_check_return(date)
        moves = self._recovery_get_paid_moves()
        entry = self._recovery_book_return(decline, date)
        self.state = "rejected"
        self._recovery_check_taken_off(moves)
        self._recovery_log_return(moves, decline, date)
        # In sudo mode: attempts and cases are written by the engine only.
        cases_sudo = self.env["recovery.case"].sudo()
        cases_sudo._record_return(self.sudo(), decline, date, moves.sudo())
        return entry

    def _recovery_check_return(self, date):
        """Refuse what can't be returned.

        :raise UserError: with what stands against it
        """
        name = {"payment": self.display_name}
        if self._recovery_is_returned():
            raise UserError(self.env._("%(payment)s was returned already.", **name))
        if (
            self.payment_type != "inbound"
            or self.partner_type != "customer"
            or self.state not in ("in_process", "paid")
        ):
            raise UserError(
                self.env._("%(payment)s is not a confirmed payment of a customer.", **name)
            )
        if not date or date > fields.Date.context_today(self):
            raise UserError(self.env._("Choose a date of return that is not in the future."))
        if date < self.date:
            raise UserError(
                self.env._(
                    "%(payment)s came in on %(date)s: it can't have been returned before.",
                    date=format_date(self.env, self.date),
                    **name,
                )
            )
        self._recovery_check_lock_date(date)

    def _recovery_check_lock_date(self, date):
        """Refuse a date in a closed period, which Odoo would quietly move into an open one."""
        move = self.move_id
        locks = move and move._get_violated_lock_dates(date, move._affect_tax_report())
        if locks:
            raise UserError(
                self.env._(
                    "The books are closed on %(date)s: %(locks)s. Choose a later date.",
                    date=format_date(self.env, date),
                    locks=self.env["res.company"]._format_lock_dates(locks),
                )
            )

    def _recovery_book_return(self, decline, date):
        """Book the reversal of this payment, in whole, in place of its invoices.

        Only the receivable lines are reconciled. What came to the outstanding account stays as it
        is, matched with the bank statement or not: the bank's second line, which takes the money
        away, is matched with the line of the reversal.
        """
        if not self.move_id:
            return self.move_id
        _liquidity, receivable, _write_off = self._seek_for_lines()
        receivable.remove_move_reconcile()
        entry = self.move_id._reverse_moves(
            [
                {
                    "date": date,
                    "journal_id": self.journal_id.id,
                    "ref": self.env._(
                        "Return of %(payment)s: %(code)s",
                        payment=self.display_name,
                        code=decline.network_code,
                    ),
                }
            ]
        )
        # What is marked as the reversal of an entry is reconciled with all of it when posted.
        entry.reversed_entry_id = False
        entry.action_post()
        for account in receivable.account_id:
            both = receivable + entry.line_ids
            both.filtered(lambda line, account=account: line.account_id == account).reconcile()
        self.recovery_return_move_id = entry
        return entry

    def _recovery_check_taken_off(self, moves):
        """Refuse a payment without entry whose invoices a bank transaction paid.

        Nothing ties that transaction to the payment, so it is for a person to tell which it is.
        """
        if self.move_id:
            return
        settled = moves.filtered(lambda move: move.payment_state in PAID_STATES)
        if settled:
            raise UserError(
                self.env._(
                    "%(invoices)s is paid by a bank transaction. Take that transaction off the "
                    "invoice, then record the return.",
                    invoices=", ".join(settled.mapped("name")),
                )
            )

    def _recovery_log_return(self, moves, decline, date):
        """Tell of the return in the chatter of the payment and its invoices."""
        sentence = describe_return(self.env, self, decline, date)
        for record in (self, *moves):
            record.message_post(body=sentence)

    def _recovery_undo_return(self):
        """Let payments count again whose return was cancelled, deleted, reversed or taken off."""
        for payment in self.exists():
            payment.recovery_return_move_id = False
            if payment.state == "rejected" and payment.move_id.state == "posted":
                payment.state = "paid" if payment.is_matched else "in_process"
            undo_return(self.env, payment)

    # === GETTERS === #

    def _recovery_is_returned(self):
        """Return whether the bank took the payment back already."""
        self.ensure_one()
        # In sudo mode: also somebody who may not see recoveries must not record it twice.
        return self.state == "rejected" or bool(self.sudo().recovery_return_move_id)

    def _recovery_get_paid_moves(self):
        """Return the customer invoices that this payment pays."""
        self.ensure_one()
        if not self.move_id:
            return self.invoice_ids.filtered(lambda move: move.is_sale_document(True))
        _liquidity, receivable, _write_off = self._seek_for_lines()
        moves = receivable.matched_debit_ids.debit_move_id.move_id
        return moves.filtered(lambda move: move.is_sale_document(True))

    def _recovery_guess_scheme(self):
        """Return the bank scheme that the payment most likely went through."""
        transaction_sudo = self.payment_transaction_id.sudo()
        token_sudo = (self.payment_token_id or transaction_sudo.token_id).sudo()
        method = (transaction_sudo or token_sudo).payment_method_id
        if scheme := find_scheme(token_sudo, method):
            return scheme
        return SCHEMES_OF_CURRENCIES.get(self.currency_id.name, "sepa")
