# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.tools import SQL

from ..models.case.recovery_attempt import SOURCES
from ..models.rules.recovery_decline_reason import DECLINE_CLASSES

OUTCOMES = [
    ("paid", "Paid"),
    ("failed", "Failed"),
    ("not_sent", "Not sent"),
    ("open", "Not known yet"),
    ("held", "Not charged"),
]


class RecoveryAttemptReport(models.Model):
    """One line for each charge: of first charges and retries, what became of them."""

    _name = "recovery.attempt.report"
    _description = "Charge Analysis"
    _inherit = ["recovery.report.mixin"]
    _auto = False
    _rec_name = "move_id"
    _order = "charged_on desc, id desc"
    _depends = {
        "account.move": ["commercial_partner_id", "invoice_user_id", "journal_id"],
        "payment.transaction": ["provider_id"],
        "recovery.attempt": [
            "amount",
            "case_id",
            "charged_on",
            "company_amount",
            "company_id",
            "currency_id",
            "decline_class",
            "decline_reason_id",
            "funding",
            "issuer_country",
            "move_id",
            "network",
            "planned_at",
            "probability",
            "retry_number",
            "rule_id",
            "source",
            "state",
            "transaction_id",
        ],
        "recovery.case": ["arm", "policy_id"],
        "res.partner": ["country_id"],
    }

    # Dimensions.
    attempt_id = fields.Many2one(comodel_name="recovery.attempt", string="Charge", readonly=True)
    arm = fields.Selection(
        selection=[("smart", "Smart"), ("control", "Control")], string="Group", readonly=True
    )
    reason_id = fields.Many2one(
        comodel_name="recovery.decline.reason", string="Decline Reason", readonly=True
    )
    decline_class = fields.Selection(selection=DECLINE_CLASSES, readonly=True)
    source = fields.Selection(
        selection=SOURCES, readonly=True, help="What chose the time of the charge."
    )
    charged_on = fields.Date(
        readonly=True, help="Day of the charge in the company's time zone. Empty: not charged."
    )
    planned_at = fields.Datetime(string="Planned For", readonly=True)
    retry_number = fields.Integer(
        string="Retry",
        readonly=True,
        aggregator=None,
        help="1 is the first charge after the failure; 0 is the first charge of an invoice.",
    )
    is_first = fields.Boolean(string="First Charge", readonly=True)
    outcome = fields.Selection(
        selection=OUTCOMES,
        readonly=True,
        help="Failed: declined, or returned by the bank later. Not sent: the provider could not be "
        "reached, nothing was charged. Not known yet: planned, running, pending or unknown. Not "
        "charged: something, or somebody, stood against it.",
    )
    rule_id = fields.Many2one(
        comodel_name="recovery.network.rule",
        string="Held by Network Rule",
        readonly=True,
        help="The network's rule that put the charge off, or refused it: the network would have "
        "refused it, and might have fined it.",
    )
    # Measures.
    original_amount = fields.Monetary(
        string="Amount in Its Currency", readonly=True, aggregator=None
    )
    amount = fields.Monetary(
        readonly=True,
        currency_field="company_currency_id",
        help="In the company's currency, at the rate of the day of the charge.",
    )
    paid_amount = fields.Monetary(
        string="Paid", readonly=True, currency_field="company_currency_id"
    )
    failed_amount = fields.Monetary(
        string="Failed", readonly=True, currency_field="company_currency_id"
    )
    charge_count = fields.Integer(
        string="Charges Judged", readonly=True, help="Charges that were paid or failed."
    )
    paid_count = fields.Integer(string="Charges Paid", readonly=True)
    success_rate = fields.Float(
        readonly=True, aggregator="avg", help="Share of the charges judged that were paid."
    )
    failure_rate = fields.Float(
        readonly=True,
        aggregator="avg",
        help="Share of the amount of the charges judged that failed. For the failure rate of "
        "automatic charges look at first charges only.",
    )
    failure_rate_count = fields.Float(
        string="Failure Rate by Count",
        readonly=True,
        aggregator="avg",
        help="Share of the charges judged that failed.",
    )
    held_count = fields.Integer(
        string="Network Refusals Avoided",
        readonly=True,
        help="Charges that a network's rule put off or refused before they went out.",
    )
    probability = fields.Float(
        readonly=True,
        aggregator="avg",
        help="That the charge succeeds, as the smart schedule expected it.",
    )

    # === GETTERS === #

    @api.model
    def _select(self):
        """Return the columns; hook for addons that bring more dimensions."""
        paid = SQL("attempt.state = 'paid'")
        failed = SQL("attempt.state IN ('declined', 'returned')")
        return SQL(
            """
            SELECT attempt.id,
                   attempt.id AS attempt_id,
                   attempt.case_id,
                   attempt.move_id,
                   attempt.company_id,
                   move.journal_id,
                   move.commercial_partner_id AS partner_id,
                   partner.country_id,
                   move.invoice_user_id AS user_id,
                   recovery_case.policy_id,
                   recovery_case.arm,
                   transaction.provider_id,
                   attempt.network,
                   attempt.funding,
                   attempt.issuer_country,
                   attempt.decline_reason_id AS reason_id,
                   attempt.decline_class,
                   attempt.source,
                   attempt.charged_on,
                   attempt.planned_at,
                   attempt.retry_number,
                   (attempt.retry_number = 0 AND attempt.charged_on IS NOT NULL) AS is_first,
                   CASE WHEN %(paid)s THEN 'paid'
                        WHEN %(failed)s THEN 'failed'
                        WHEN attempt.state = 'not_sent' THEN 'not_sent'
                        WHEN attempt.state IN ('refused', 'cancelled') THEN 'held'
                        ELSE 'open' END AS outcome,
                   attempt.rule_id,
                   attempt.currency_id,
                   company.currency_id AS company_currency_id,
                   attempt.amount AS original_amount,
                   attempt.company_amount AS amount,
                   CASE WHEN %(paid)s THEN attempt.company_amount ELSE 0 END AS paid_amount,
                   CASE WHEN %(failed)s THEN attempt.company_amount ELSE 0 END AS failed_amount,
                   CASE WHEN %(paid)s OR %(failed)s THEN 1 ELSE 0 END AS charge_count,
                   CASE WHEN %(paid)s THEN 1 ELSE 0 END AS paid_count,
                   CASE WHEN %(paid)s THEN 1.0 WHEN %(failed)s THEN 0.0 END AS success_rate,
                   CASE WHEN %(paid)s THEN 0.0 WHEN %(failed)s THEN 1.0 END AS failure_rate,
                   CASE WHEN %(paid)s THEN 0.0 WHEN %(failed)s THEN 1.0 END AS failure_rate_count,
                   CASE WHEN attempt.rule_id IS NULL THEN 0 ELSE 1 END AS held_count,
                   NULLIF(attempt.probability, 0) AS probability
            """,
            paid=paid,
            failed=failed,
        )

    @api.model
    def _from(self):
        """Return the tables; what is not asked for, PostgreSQL leaves out of an outer join."""
        return SQL(
            """
              FROM recovery_attempt attempt
         LEFT JOIN res_company company ON company.id = attempt.company_id
         LEFT JOIN account_move move ON move.id = attempt.move_id
         LEFT JOIN res_partner partner ON partner.id = move.commercial_partner_id
         LEFT JOIN recovery_case ON recovery_case.id = attempt.case_id
         LEFT JOIN payment_transaction transaction ON transaction.id = attempt.transaction_id
            """
        )

    def _read_group_select(self, aggregate_spec, query):
        """Let the failure rate be that of sums."""
        if aggregate_spec == "failure_rate:avg":
            failed, paid = (
                self._field_to_sql(self._table, name, query)
                for name in ("failed_amount", "paid_amount")
            )
            return SQL("SUM(%s) / NULLIF(SUM(%s) + SUM(%s), 0)", failed, failed, paid)
        return super()._read_group_select(aggregate_spec, query)

    # === ACTION METHODS === #

    def action_open_attempt(self):
        """Open the charge of this line."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "recovery.attempt",
            "res_id": self.attempt_id.id,
            "view_mode": "form",
        }
