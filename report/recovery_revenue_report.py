# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models
from odoo.tools import SQL

from ..models.case.settlements import CHANNELS, MATCHES


class RecoveryRevenueReport(models.Model):
    """One line for each payment of an invoice in recovery, as it is booked.

    A line is a reconciliation of the journal: what accountants find there they find here, in the
    company's currency at the rate of the payment. The other reports count the same money at the
    rate of the failure. A payment without a journal entry has a line in which nothing is booked,
    until a bank statement shows its money.
    """

    _name = "recovery.revenue.report"
    _description = "Recovered Revenue"
    _auto = False
    _rec_name = "move_id"
    _order = "date desc, id desc"
    _depends = {
        "account.move": ["date", "journal_id", "move_type", "origin_payment_id", "state"],
        "account.move.line": ["balance", "display_type", "move_id"],
        "account.partial.reconcile": [
            "amount",
            "credit_move_id",
            "debit_amount_currency",
            "debit_move_id",
            "exchange_move_id",
        ],
        "account.payment": [
            "amount",
            "currency_id",
            "date",
            "journal_id",
            "payment_transaction_id",
            "state",
        ],
        "recovery.case": [
            "began_by",
            "company_id",
            "failed_on",
            "move_id",
            "settled_before",
            "state",
        ],
        "payment.transaction": ["amount", "operation", "source_transaction_id", "state"],
        "recovery.settlement": [
            "amount",
            "channel",
            "company_amount",
            "partial_id",
            "payment_id",
        ],
    }

    case_id = fields.Many2one(comodel_name="recovery.case", readonly=True)
    move_id = fields.Many2one(comodel_name="account.move", string="Invoice", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    partner_id = fields.Many2one(comodel_name="res.partner", string="Customer", readonly=True)
    date = fields.Date(readonly=True, help="Accounting date of the payment's entry.")
    failed_on = fields.Date(readonly=True)
    entry_id = fields.Many2one(
        comodel_name="account.move",
        string="Journal Entry",
        readonly=True,
        help="The entry of the payment, or of the line of the bank statement.",
    )
    line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Journal Item",
        readonly=True,
        help="The item that is reconciled with the invoice.",
    )
    journal_id = fields.Many2one(comodel_name="account.journal", readonly=True)
    payment_id = fields.Many2one(comodel_name="account.payment", readonly=True)
    channel = fields.Selection(
        selection=CHANNELS,
        readonly=True,
        help="How this payment came. Empty for what came on top of what had failed.",
    )
    began_by = fields.Selection(
        selection=[("failure", "Failed payment"), ("overdue", "Overdue invoice")], readonly=True
    )
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    company_currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    amount = fields.Monetary(
        readonly=True,
        aggregator=None,
        help="What was paid on the invoice, in its currency, without what a payment wrote off.",
    )
    received_amount = fields.Monetary(
        string="Received",
        readonly=True,
        currency_field="company_currency_id",
        help="What arrived, in the company's currency at the rate of the payment: the balance of "
        "the journal item, as far as it paid this invoice.",
    )
    written_off_amount = fields.Monetary(
        string="Written Off",
        readonly=True,
        currency_field="company_currency_id",
        help="What the payment's entry wrote off, a discount for example.",
    )
    exchange_amount = fields.Monetary(
        string="Exchange Difference",
        readonly=True,
        currency_field="company_currency_id",
        help="What the currency gained (or lost) between invoice and payment, as it was booked.",
    )
    cleared_amount = fields.Monetary(
        string="Cleared",
        readonly=True,
        currency_field="company_currency_id",
        help="What this took off the receivable of the invoice, at the invoice's own rate: "
        "received and written off, less the exchange difference.",
    )
    exchange_move_id = fields.Many2one(
        comodel_name="account.move", string="Exchange Entry", readonly=True
    )
    recovered_amount = fields.Monetary(
        string="Counted as Recovered",
        readonly=True,
        aggregator=None,
        help="What of it came after the failure and was kept, in the currency of the invoice.",
    )
    recovered_company_amount = fields.Monetary(
        string="Recovered",
        readonly=True,
        currency_field="company_currency_id",
        help="What of it the dashboard and the other reports count as recovered: what came after "
        "the failure and was kept, in the company's currency at the rate of the day of the first "
        "failure.",
    )

    @property
    def _table_query(self):
        # A payment belongs to the case that it recovered, else to the latest one of the invoice
        # that had opened before it: what had been paid by then is kept on the case. Credit notes,
        # write-offs and what was rejected are no payments; what was refunded came in, and counts as
        # recovered no more.
        return SQL(
            """
            WITH paid AS (
                SELECT part.id,
                       line.move_id,
                       other.id AS line_id,
                       entry.id AS entry_id,
                       entry.date,
                       entry.journal_id,
                       payment.id AS payment_id,
                       line.currency_id,
                       part.amount AS company_amount,
                       part.debit_amount_currency AS full_amount,
                       part.exchange_move_id,
                       money.came AS amount
                  FROM account_partial_reconcile part
                    %s
                 WHERE line.display_type = 'payment_term'
                   AND line.move_id IN (SELECT move_id FROM recovery_case)
                   AND part.debit_amount_currency != 0
                   AND kind.name = 'payment'
                   AND money.came != 0
            ),
            counted AS (
                SELECT *,
                       SUM(amount) OVER (PARTITION BY move_id ORDER BY id) AS total
                  FROM paid
            )
            SELECT counted.id,
                   recovery_case.id AS case_id,
                   counted.move_id,
                   recovery_case.company_id,
                   recovery_case.partner_id,
                   counted.date,
                   recovery_case.failed_on,
                   counted.entry_id,
                   counted.line_id,
                   counted.journal_id,
                   counted.payment_id,
                   recovery_case.began_by,
                   settlement.channel,
                   counted.currency_id,
                   company.currency_id AS company_currency_id,
                   counted.amount,
                   booked.received AS received_amount,
                   booked.amount - booked.received AS written_off_amount,
                   counted.exchange_move_id,
                   exchange.amount AS exchange_amount,
                   booked.amount - exchange.amount AS cleared_amount,
                   COALESCE(settlement.amount, 0) AS recovered_amount,
                   COALESCE(settlement.company_amount, 0) AS recovered_company_amount
              FROM counted
        CROSS JOIN LATERAL (
                       SELECT * FROM recovery_case
                        WHERE recovery_case.move_id = counted.move_id
                          AND recovery_case.settled_before < counted.total
                     ORDER BY EXISTS (SELECT FROM recovery_settlement brought
                                       WHERE brought.partial_id = counted.id
                                         AND brought.case_id = recovery_case.id) DESC,
                              recovery_case.settled_before DESC, recovery_case.id DESC
                        LIMIT 1
                   ) recovery_case
              JOIN res_company company ON company.id = recovery_case.company_id
         LEFT JOIN recovery_settlement settlement ON settlement.partial_id = counted.id
                                                 AND settlement.case_id = recovery_case.id
              JOIN res_currency currency ON currency.id = company.currency_id
        CROSS JOIN LATERAL (
                       SELECT COALESCE(-SUM(item.balance), 0) AS amount
                         FROM account_move_line item
                         JOIN account_account account ON account.id = item.account_id
                        WHERE item.move_id = counted.exchange_move_id
                          AND account.account_type NOT IN ('asset_receivable', 'liability_payable')
                   ) exchange
        -- A gain is reconciled with the payment, a loss with the invoice.
        CROSS JOIN LATERAL (
                       SELECT counted.company_amount + GREATEST(exchange.amount, 0) AS amount
                   ) whole
        CROSS JOIN LATERAL (
                       SELECT whole.amount,
                              ROUND(whole.amount * counted.amount / counted.full_amount
                                    / currency.rounding::numeric) * currency.rounding::numeric
                                  AS received
                   ) booked
         UNION ALL
            SELECT -settlement.id, settlement.case_id, recovery_case.move_id,
                   recovery_case.company_id, recovery_case.partner_id, payment.date,
                   recovery_case.failed_on, NULL, NULL, payment.journal_id, payment.id,
                   recovery_case.began_by, settlement.channel, recovery_case.currency_id,
                   company.currency_id, settlement.amount, 0, 0, NULL, 0, 0, settlement.amount,
                   settlement.company_amount
              FROM recovery_settlement settlement
              JOIN recovery_case ON recovery_case.id = settlement.case_id
              JOIN res_company company ON company.id = recovery_case.company_id
              JOIN account_payment payment ON payment.id = settlement.payment_id
            """,
            MATCHES,
        )

    # === ACTION METHODS === #

    def action_open_entry(self):
        """Open the journal entry of the payment."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.entry_id.id,
            "view_mode": "form",
        }
