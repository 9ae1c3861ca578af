# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The customer's own credit, which is used before anything is charged or asked for."""

from datetime import timedelta

from markupsafe import Markup

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.said import Money, say
from ..rules.block import Block
from .alerts import find_alerts

# When a charge is looked at again that waits for a person to say what becomes of the credit.
CREDIT_WAIT = timedelta(days=1)


class CustomerCredit:
    """Credit notes and payments of a customer that are matched with nothing.

    Those that Odoo offers on the invoice as outstanding credits, as far as they are of its company.

    :param move: a posted customer invoice, in its company
    :param datetime.date due_date: credit is for the instalments due by then; today by default
    """

    def __init__(self, move, due_date=None):
        self.env = move.env
        self.move = move
        self.due_date = due_date or move._get_recovery_today()

    def is_there(self):
        """Return whether there may be credit: one query, since each charge asks."""
        credit, debit = self._read_totals()
        return credit > debit

    def get_condition(self):
        """Return the same in SQL, to be asked together with something else."""
        return SQL("(SELECT total.credit > total.debit FROM (%s) total)", self._get_query())

    def _read_totals(self):
        """Return what is open of the customer's credit, and of what was paid back to them.

        In the company's currency. What Odoo refunds it books beside the payment, matched with
        nothing: that payment is no credit.

        :rtype: tuple[float, float]
        """
        self.env.flush_all()
        return self.env.execute_query(self._get_query())[0]

    def _get_query(self):
        return SQL(
            """
            SELECT COALESCE(SUM(-line.amount_residual) FILTER (WHERE line.balance < 0), 0)
                       AS credit,
                   COALESCE(SUM(line.amount_residual) FILTER (WHERE line.balance > 0
                                  AND move.move_type NOT IN ('out_invoice', 'out_receipt')), 0)
                       AS debit
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
             WHERE line.partner_id = %s
               AND line.parent_state = 'posted'
               AND line.reconciled IS NOT TRUE
               AND line.account_id IN (
                   SELECT account_id FROM account_move_line
                    WHERE move_id = %s AND display_type = 'payment_term')
            """,
            self.move.commercial_partner_id.id,
            self.move.id,
        )

    def is_to_ask(self):
        """Return whether a person is asked what becomes of it."""
        move = self.move
        policy = move.recovery_case_id.policy_id or self.env["recovery.policy"]._match(move)
        return policy.credit_use == "ask"

    def list_credits(self):
        """Return what there is of it, the oldest first: journal item and amount on the invoice.

        :rtype: list[tuple[account.move.line, float]]
        """
        if not self.is_there():
            return []
        move_sudo = self.move.sudo()  # The job that opens a case acts for nobody.
        move_sudo.invalidate_recordset(["invoice_outstanding_credits_debits_widget"])
        widget = move_sudo.invoice_outstanding_credits_debits_widget or {"content": []}
        amounts = {each["id"]: each["amount"] for each in widget["content"]}
        lines_sudo = move_sudo.env["account.move.line"].browse(amounts)
        companies = self.move.company_id.sudo().parent_ids
        own = lines_sudo.filtered(lambda line: line.company_id in companies)
        return [(line, amounts[line.id]) for line in own.sorted(lambda line: (line.date, line.id))]

    def use_if_wanted(self):
        """Use the credit before the customer is asked for anything, where the policy wants it.

        Not while a payment is on its way, which would come on top. What can't be matched stays.
        """
        if not self.is_there():
            return
        move_sudo = self.move.sudo()  # Customers' payments are seen by few.
        is_under_way = self.move._get_attempt_in_flight() or move_sudo.transaction_ids.filtered(
            lambda each: (
                each.state in ("pending", "authorized")
                or (each.state == "done" and not each.is_post_processed)
            )
        )
        if is_under_way or self.is_to_ask():
            return
        try:
            self.use()
        except UserError:
            return  # A person is told when it is charged.

    def use(self):
        """Match the credit with what is due of the invoice, in the books.

        Not a payment that somebody has taken off an invoice, and none while there is something
        that was paid back to the customer: a person knows which belongs to what.

        :return: whether any was used
        :raise UserError: when Odoo refuses to; nothing is matched then
        """
        used = []
        with self.env.cr.savepoint():
            for line in self._list_free():
                open_lines = self._get_open_lines(line.account_id)
                before = sum(open_lines.mapped("amount_residual_currency"))
                if not open_lines or self.move.currency_id.compare_amounts(before, 0) <= 0:
                    break
                (line + open_lines).reconcile()
                amount = before - sum(open_lines.mapped("amount_residual_currency"))
                used.append((line, amount))
        if used:
            self._note(used)
        return bool(used)

    def get_block(self):
        """Return a block while a person has to say what becomes of the credit, or none.

        :rtype: Block | None
        """
        # What is asked first costs less.
        return self.ask() if self.is_there() and self.is_to_ask() else None

    def ask(self, error=None):
        """Return a block that asks a person what becomes of the credit, or none: they were asked.

        :param error: why it can't be matched, if it was tried
        """
        credits = self.list_credits()
        if not credits:
            return None
        values = {
            "customer": self.move.commercial_partner_id.display_name,
            "amount": Money(sum(amount for _line, amount in credits), self.move.currency_id),
            "invoice": self.move.display_name,
        }
        sentence = say(
            self.env,
            "credit_to_match",
            **values,
        )
        if error:
            sentence = say(self.env, "credit_not_matched", sentence=sentence, error=error)
        subject = f"credit:{self.move.id}"
        told = find_alerts(self.env, subject, ticked_off=True).mapped("recovery_sentence")
        if sentence in told:
            return None
        until = fields.Datetime.now() + CREDIT_WAIT
        return Block("credit", sentence, until, alert=True, subject=subject)

    # === HELPERS === #

    def _list_free(self):
        """Return the journal items of the credit that may be used without asking."""
        _credit, debit = self._read_totals()
        if self.move.company_id.currency_id.compare_amounts(debit, 0) > 0:
            return []
        lines = (line for line, _amount in self.list_credits())
        return [line for line in lines if not _is_in_question(line.move_id.origin_payment_id)]

    def _get_open_lines(self, account):
        """Return what is open of the invoice and due, the oldest first."""
        lines_sudo = self.move.sudo().line_ids  # Who opens a case may read no journal items.
        return lines_sudo.filtered(
            lambda line: (
                line.account_id == account
                and line.display_type == "payment_term"
                and not line.reconciled
                and (not line.date_maturity or line.date_maturity <= self.due_date)
            )
        )

    def _note(self, used):
        """Tell in the chatter of the invoice which credit was used, and how much of it."""
        currency = self.move.currency_id
        items = Markup("").join(
            Markup("<li>%s: %s</li>") % (line.move_id.display_name, currency.format(amount))
            for line, amount in used
        )
        body = Markup("%s<ul>%s</ul>") % (
            self.env._("The customer's credit was used before anything is charged:"),
            items,
        )
        self.move.message_post(body=body)


def _is_in_question(payment):
    """Return whether the money of a payment may have gone back, or is about to."""
    transaction = payment.payment_transaction_id
    return bool(
        payment.recovery_taken_off
        or transaction.recovery_decline
        or transaction.child_transaction_ids.filtered(
            lambda child: child.operation == "refund" and child.state not in ("cancel", "error")
        )
    )
