"""What is owed on an invoice, and what has been paid: the questions the engine asks of it."""

from typing import NamedTuple

from odoo import models
from odoo.tools import SQL

# The payment states of an invoice whose money is there, and of one of which nothing is asked.
PAID_STATES = ("paid", "in_payment")
SETTLED_STATES = (*PAID_STATES, "reversed")


class Debt(NamedTuple):
    """What is owed on an invoice now, and whether it is excluded from follow-ups."""

    owed: float
    is_excluded: bool


class Settlement(NamedTuple):
    """A payment on an invoice: its channel, as `recovery.case` names it, and its amount.

    :ivar partial_id: of its match with the invoice
    :ivar transaction_id: of the online payment that it was, if it was one
    """

    channel: str
    amount: float
    partial_id: int
    transaction_id: int | None


class AccountMove(models.Model):
    _inherit = "account.move"

    # === GETTERS === #

    def _fetch_for_recovery(self):
        """Read what the engine needs of an invoice, instead of its two hundred columns."""
        self.fetch(
            [
                "collect_token_id",
                "commercial_partner_id",
                "company_id",
                "currency_id",
                "move_type",
                "name",
                "partner_id",
                "payment_state",
                "recovery_case_id",
                "state",
            ]
        )

    def _get_amount_owed(self, due_date):
        """Return what is open of the instalments due up to a date, in the invoice's currency."""
        return self._get_debt(due_date).owed

    def _get_debt(self, due_date):
        """Return what is owed of the instalments due up to a date.

        In SQL, since each charge asks it several times: the invoice's own fields are computed
        from every line of it.

        :rtype: Debt
        """
        self.ensure_one()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(SUM(amount_residual_currency)
                           FILTER (WHERE date_maturity IS NULL OR date_maturity <= %s), 0),
                       COALESCE(BOOL_OR(no_followup), FALSE)
                  FROM account_move_line
                 WHERE move_id = %s AND display_type = 'payment_term' AND NOT reconciled
                """,
                due_date,
                self.id,
            )
        )
        owed, is_excluded = rows[0]
        return Debt(self.currency_id.round(float(owed)), is_excluded)

    def _get_settlements(self, case=None):
        """Return what has been paid on this invoice, oldest first.

        Credit notes are no payments, and neither is the write-off of a case. A payment that
        writes a difference off counts with the money it brought.

        :param case: the case whose notices tell a link in a notice from the portal
        :rtype: list[Settlement]
        """
        self.ensure_one()
        if self.payment_state == "not_paid":
            return []
        self.env.flush_all()
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT part.id AS partial_id,
                       part.debit_amount_currency AS amount,
                       counterpart.id AS move_id,
                       counterpart.statement_line_id,
                       payment.id AS payment_id,
                       payment.payment_transaction_id AS transaction_id,
                       CASE WHEN payment.currency_id = line.currency_id
                            THEN payment.amount END AS paid
                  FROM account_partial_reconcile part
                  JOIN account_move_line line ON line.id = part.debit_move_id
                  JOIN account_move_line other ON other.id = part.credit_move_id
                  JOIN account_move counterpart ON counterpart.id = other.move_id
             LEFT JOIN account_payment payment ON payment.id = counterpart.origin_payment_id
                 WHERE line.move_id = %s
                   AND line.display_type = 'payment_term'
                   AND counterpart.move_type != 'out_refund'
                   AND NOT EXISTS (SELECT FROM recovery_case
                                    WHERE write_off_move_id = counterpart.id)
              ORDER BY part.id
                """,
                self.id,
            )
        )
        return [self._prepare_settlement(row, case) for row in rows]

    def _prepare_settlement(self, row, case):
        amount = row["amount"] if row["paid"] is None else min(row["amount"], row["paid"])
        channel = "manual"
        if row["transaction_id"]:
            channel = self._get_channel_of_transaction(row["transaction_id"], case)
        elif row["statement_line_id"]:
            channel = "bank_transfer"
        return Settlement(channel, amount, row["partial_id"], row["transaction_id"])

    def _get_channel_of_transaction(self, transaction_id, case):
        transaction_sudo = self.env["payment.transaction"].sudo().browse(transaction_id)
        if transaction_sudo.operation == "offline":
            return "retry"
        has_notice = case and any(notice.state == "sent" for notice in case.notice_ids)
        is_public = transaction_sudo.create_uid._is_public()
        return "notice" if has_notice and is_public else "portal"
