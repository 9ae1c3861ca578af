# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A payment that was taken back: booked, taken off its invoices, handed to the recovery."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ...declines import Decline
from ...tools import series
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

    recovery_taken_off = fields.Boolean(
        string="Taken Off an Invoice",
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="The payment was matched with an invoice and taken off it again, perhaps since it was "
        "returned. It is not used for invoices by itself: a person is asked.",
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

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `account` to let cases follow a payment that is rejected, or cancelled."""
        result = super().write(vals)
        # What its invoices are is asked of the database each time.
        if "state" in vals and not self.env["recovery.invoice.queue"]._is_own_work():
            moves = self.invoice_ids | self.reconciled_invoice_ids
            self.env["recovery.invoice.queue"]._add_followed(moves)
        return result

    # === BUSINESS METHODS === #

    def _recovery_return(self, decline, date, is_dispute=False, amount=None):
        """Book that this payment was taken back, and recover its invoices.

        The payment ends as *Rejected*, Odoo's own state for money that a bank refused. *Paid* and
        *In Process* would be worked out anew at each match with a bank statement, and say that
        the money is there; *Cancelled* would undo an entry that the bank statement may be matched
        with already. Of a payment that is taken back in part the rest stays as it is.

        :param declines.Decline decline: what the bank said
        :param date: the accounting date of the return
        :param bool is_dispute: whether the customer disputes it: the policy says what comes next
        :param amount: what is taken back, in the payment's currency; none for the whole payment
        :return: the entry; empty when the payment has none itself
        :raise UserError: when the payment can't be returned, or not on that date
        """
        self.ensure_one()
        self.check_access("write")
        if not self.try_lock_for_update(allow_referencing=True):
            raise UserError(
                self.env._("%(payment)s is being changed by somebody.", payment=self.display_name)
            )
        self._recovery_check_return(date, amount)
        moves = self._recovery_get_paid_moves()
        if amount is None:
            entry = self._recovery_book_return(decline, date)
            series.reject(self)
        else:
            entry = self._recovery_book_part(decline, date, amount)
        self._recovery_check_taken_off(moves)
        self._recovery_log_return(moves, decline, date, amount)
        # In sudo mode: attempts and cases are written by the engine only.
        cases_sudo = self.env["recovery.case"].sudo()
        cases_sudo._record_return(
            self.sudo(), decline, date, moves.sudo(), is_dispute=is_dispute, amount=amount
        )
        return entry

    def _recovery_check_return(self, date, amount=None):
        """Refuse what can't be returned.

        :param amount: the part that is taken back; none for the whole payment
        :raise UserError: with what stands against it
        """
        name = {"payment": self.display_name}
        if self._recovery_is_returned():
            raise UserError(self.env._("%(payment)s was returned already.", **name))
        # In sudo mode: also somebody who may not see recoveries must not record it twice.
        if self.sudo()._recovery_get_parts() and amount is None:
            raise UserError(
                self.env._(
                    "A part of %(payment)s was taken back already. Book the rest by hand.", **name
                )
            )
        if (
            self.payment_type != "inbound"
            or self.partner_type != "customer"
            or not series.has_arrived(self)
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
                    "ref": self._recovery_get_return_ref(decline),
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

    def _recovery_book_part(self, decline, date, amount):
        """Book that a part of this payment was taken back, off the last of its invoices.

        The entry is at the rate of the payment, so that no exchange difference comes of it.

        :param amount: in the payment's currency, less than all of it
        :raise UserError: when the payment has no entry, so that a part of it can't be booked
        """
        liquidity, receivable, _write_off = self._seek_for_lines()
        if not self.move_id or len(receivable) != 1 or not liquidity:
            raise UserError(
                self.env._(
                    "A part of %(payment)s was taken back, which can't be booked by itself. Book "
                    "it by hand.",
                    payment=self.display_name,
                )
            )
        # What was taken back before stays off the payment.
        paid = receivable.matched_debit_ids.filtered(
            lambda partial: partial.debit_move_id.move_id.is_sale_document(True)
        )
        paid_lines = paid.debit_move_id.sorted(
            lambda line: (line.date_maturity or line.date, line.id)
        )
        share = amount / abs(receivable.amount_currency)
        balance = self.company_currency_id.round(abs(receivable.balance) * share)
        entry = self._recovery_create_part(decline, date, amount, balance, liquidity[:1])
        paid.unlink()
        counterpart = entry.line_ids.filtered(lambda line: line.account_id == receivable.account_id)
        (receivable + counterpart).reconcile()
        # What is left pays the invoices again, the oldest first.
        for line in paid_lines.filtered(lambda line: not line.reconciled):
            if not receivable.reconciled:
                (receivable + line).reconcile()
        return entry

    def _recovery_create_part(self, decline, date, amount, balance, liquidity):
        """Create and post the entry of a part: receivable against the account the money came to."""
        receivable = self.destination_account_id
        common = {"partner_id": self.partner_id.id, "currency_id": self.currency_id.id}
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.journal_id.id,
                "company_id": self.company_id.id,
                "date": date,
                "ref": self._recovery_get_return_ref(decline),
                "line_ids": [
                    Command.create(
                        {
                            **common,
                            "account_id": account.id,
                            "balance": sign * balance,
                            "amount_currency": sign * amount,
                        }
                    )
                    for account, sign in ((receivable, 1), (liquidity.account_id, -1))
                ],
            }
        )
        entry.action_post()
        return entry

    def _recovery_get_return_ref(self, decline):
        return self.env._(
            "Return of %(payment)s: %(code)s",
            payment=self.display_name,
            code=decline.network_code or decline.code or decline.reason,
        )

    def _recovery_give_back(self, entry, date, moves):
        """Book that what was taken back of this payment came back, and let it pay its invoices.

        :param entry: of the return; empty when the payment has none itself
        :param date: the accounting date on which the money came back
        :param moves: the invoices that it had paid
        :return: the entry that takes the first one back; empty without that
        """
        self.ensure_one()
        if not entry:
            self._recovery_undo_return()
            return entry
        _liquidity, receivable, _write_off = self._seek_for_lines()
        accounts = receivable.account_id
        lines = entry.line_ids.filtered(lambda line: line.account_id in accounts)
        if lines.matched_credit_ids.credit_move_id - receivable:
            raise UserError(
                self.env._(
                    "%(entry)s takes other payments back, too. Book by hand that the money came "
                    "back.",
                    entry=entry.display_name,
                )
            )
        back = entry._reverse_moves(
            [{"date": date, "ref": self.env._("Taken back no more: %(entry)s", entry=entry.ref)}]
        )
        back.reversed_entry_id = False
        back.action_post()
        lines.remove_move_reconcile()  # What undoes the return.
        for account in accounts:
            both = lines + back.line_ids
            both.filtered(lambda line, account=account: line.account_id == account).reconcile()
            owed = (
                receivable + moves.filtered(lambda move: move.state == "posted").line_ids
            ).filtered(
                lambda line, account=account: line.account_id == account and not line.reconciled
            )
            owed.reconcile()
        return back

    def _recovery_reverse_refund(self, date):
        """Book that a refund did not reach the customer: the reversal of this outgoing payment."""
        self.ensure_one()
        if self.move_id and series.has_arrived(self):
            decline = Decline(self.env._("Refund failed"), "")
            self._recovery_book_return(decline, max(date, self.date))
        series.reject(self)

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

    def _recovery_log_return(self, moves, decline, date, amount=None):
        """Tell of the return in the chatter of the payment and its invoices."""
        sentence = describe_return(self.env, self, decline, date, amount)
        for record in (self, *moves):
            record.message_post(body=sentence)

    def _recovery_undo_return(self):
        """Let payments count again whose return was cancelled, deleted, reversed or taken off."""
        for payment in self.exists():
            payment.recovery_return_move_id = False
            if series.is_rejected(payment) and (
                payment.move_id.state == "posted" or not payment.move_id
            ):
                series.restore(payment)
            undo_return(self.env, payment)

    # === GETTERS === #

    def _recovery_is_returned(self):
        """Return whether the bank took the payment back already."""
        self.ensure_one()
        # In sudo mode: also somebody who may not see recoveries must not record it twice.
        return series.is_rejected(self) or bool(self.sudo().recovery_return_move_id)

    def _recovery_get_parts(self):
        """Return the returns that took a part of this payment back."""
        self.ensure_one()
        returns = self.env["recovery.return"].search([("payment_id", "=", self.id)])
        return returns.filtered(lambda each: each.entry_id and each.kind != "refund")

    def _recovery_get_paid_moves(self):
        """Return the customer invoices that this payment pays."""
        self.ensure_one()
        if not self.move_id:
            return self.invoice_ids.filtered(lambda move: move.is_sale_document(True))
        _liquidity, receivable, _write_off = self._seek_for_lines()
        moves = receivable.matched_debit_ids.debit_move_id.move_id
        return moves.filtered(lambda move: move.is_sale_document(True))

    def _recovery_get_token(self):
        """Return the saved method that was charged, if it was one."""
        return self.payment_token_id or self.payment_transaction_id.sudo().token_id

    def _recovery_guess_scheme(self):
        """Return the bank scheme that the payment most likely went through."""
        transaction_sudo = self.payment_transaction_id.sudo()
        token_sudo = self._recovery_get_token().sudo()
        method = (transaction_sudo or token_sudo).payment_method_id
        if scheme := find_scheme(token_sudo, method):
            return scheme
        return SCHEMES_OF_CURRENCIES.get(self.currency_id.name, "sepa")
