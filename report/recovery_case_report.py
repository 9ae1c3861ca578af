# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.tools import SQL

from ..models.case.settlements import CHANNELS
from ..models.case.states import OPEN_STATES
from ..models.page.contest import REASONS as CONTEST_REASONS
from ..models.rules.recovery_decline_reason import DECLINE_CLASSES

OUTCOMES = [
    ("recovered", "Recovered"),
    ("in_recovery", "In recovery"),
    ("lost", "Lost"),
    ("cancelled", "Cancelled"),
]
RATE_HELP = "The rate of sums, not the mean of rates: a large case counts more than a small one."


class RecoveryCaseReport(models.Model):
    """One line for each case: what failed, and what became of it.

    Recovered, in recovery and lost add up to what failed, to the cent, in each line and so under
    each filter.
    """

    _name = "recovery.case.report"
    _description = "Recovery Analysis"
    _inherit = ["recovery.report.mixin"]
    _auto = False
    _rec_name = "move_id"
    _order = "failed_on desc, id desc"
    _depends = {
        "account.move": ["invoice_user_id", "journal_id"],
        "recovery.case": [
            "arm",
            "asked_company_amount",
            "began_by",
            "closed_at",
            "company_id",
            "contest_reason",
            "corrected_company_amount",
            "currency_id",
            "discounted_company_amount",
            "failed_amount",
            "failed_company_amount",
            "failed_on",
            "first_class",
            "first_failure_at",
            "first_reason_id",
            "funding",
            "issuer_country",
            "lost_company_amount",
            "move_id",
            "network",
            "partner_id",
            "policy_id",
            "postponed_company_amount",
            "product_categ_id",
            "provider_id",
            "recovered_amount",
            "recovered_company_amount",
            "recurrence",
            "refunded_company_amount",
            "reported_channel",
            "state",
        ],
        "res.partner": ["country_id"],
    }

    # Dimensions.
    contest_reason = fields.Selection(
        selection=CONTEST_REASONS,
        string="Contested Because",
        readonly=True,
        help="What the customer said on their page is wrong with the invoice.",
    )
    began_by = fields.Selection(
        selection=[("failure", "Failed payment"), ("overdue", "Overdue invoice")],
        readonly=True,
        help="An overdue invoice that nothing is charged for has a case, too, for its reminders.",
    )
    arm = fields.Selection(
        selection=[("smart", "Smart"), ("control", "Control")],
        string="Group",
        readonly=True,
        help="Empty: the policy had no smart schedule.",
    )
    reason_id = fields.Many2one(
        comodel_name="recovery.decline.reason",
        string="Decline Reason",
        readonly=True,
        help="Why the first charge failed.",
    )
    decline_class = fields.Selection(
        selection=DECLINE_CLASSES, readonly=True, help="What the first decline asked for."
    )
    product_categ_id = fields.Many2one(
        comodel_name="product.category",
        string="Product Category",
        readonly=True,
        help="Of the invoice line with the largest amount.",
    )
    is_recurring = fields.Boolean(
        string="Recurring",
        readonly=True,
        help="The invoice was one of a series when the case opened.",
    )
    failed_on = fields.Date(
        readonly=True,
        help="Day of the very first failure, in the company's time zone. Months are those of the "
        "failure: what is paid in May for a charge that failed in March counts in March.",
    )
    outcome = fields.Selection(
        selection=OUTCOMES,
        readonly=True,
        help="In recovery: charges, notices or the grace period go on, or the case is paused. "
        "Lost: given up; a late payment still recovers it. Cancelled: the invoice was cancelled "
        "or credited; it counts as never failed.",
    )
    state = fields.Selection(
        selection=lambda self: self.env["recovery.case"]._fields["state"].selection,
        string="State of the Case",
        readonly=True,
    )
    channel = fields.Selection(
        selection=CHANNELS,
        string="Recovered By",
        readonly=True,
        help="The channel that brought most of what was recovered. Empty: nothing was.",
    )
    recovery_day = fields.Integer(
        string="Day of Recovery",
        readonly=True,
        aggregator=None,
        help="Full days from the first failure to the last payment. For recovered cases.",
    )
    # Measures.
    original_amount = fields.Monetary(
        string="Asked, in Its Currency",
        readonly=True,
        aggregator=None,
        help="What the first failed charge asked for, in the currency of the invoice.",
    )
    asked_amount = fields.Monetary(
        string="Asked",
        readonly=True,
        currency_field="company_currency_id",
        help="What the first failed charge asked for, in the company's currency at the rate of "
        "that day.",
    )
    credited_amount = fields.Monetary(
        string="Credited",
        readonly=True,
        currency_field="company_currency_id",
        help="What of it was taken back afterwards by credit notes, or by cancelling the invoice. "
        "It counts neither as failed nor as lost.",
    )
    corrected_amount = fields.Monetary(
        string="Corrected",
        readonly=True,
        currency_field="company_currency_id",
        help="What the invoice has become less by since without a credit note: it was corrected "
        "in draft. Negative where it has become more. It counts neither as failed nor as lost.",
    )
    refunded_amount = fields.Monetary(
        string="Refunded",
        readonly=True,
        currency_field="company_currency_id",
        help="What was paid, and paid back to the customer. It counts neither as failed nor as "
        "recovered.",
    )
    discounted_amount = fields.Monetary(
        string="Discounted",
        readonly=True,
        currency_field="company_currency_id",
        help="Early-payment discounts that were taken, and differences of exchange rates. They "
        "count neither as failed nor as lost.",
    )
    failed_amount = fields.Monetary(
        string="Failed",
        readonly=True,
        currency_field="company_currency_id",
        help="Asked less credited, corrected, refunded and discounted: what was to be recovered. "
        "In the company's currency, at the rate of the day of the failure, so that a rate that "
        "moves neither wins nor loses anything here. What was booked is in the list Recovered "
        "Revenue.",
    )
    recovered_amount = fields.Monetary(
        string="Recovered",
        readonly=True,
        currency_field="company_currency_id",
        help="What of the failed amount has been paid since, by any way, partial payments of open "
        "and lost cases included. At the rate of the day of the failure.",
    )
    in_recovery_amount = fields.Monetary(
        string="In Recovery",
        readonly=True,
        currency_field="company_currency_id",
        help="What of the failed amount is still open, in cases that go on.",
    )
    postponed_amount = fields.Monetary(
        string="Postponed",
        readonly=True,
        currency_field="company_currency_id",
        help="What of the amount in recovery was put off: the invoice has a later due date now.",
    )
    lost_amount = fields.Monetary(
        string="Lost",
        readonly=True,
        currency_field="company_currency_id",
        help="What of the failed amount was given up: the rest of lost cases, and what was written "
        "off with a payment or by an entry.",
    )
    recovery_rate = fields.Float(
        readonly=True,
        aggregator="avg",
        help=f"Share of the failed amount that was recovered, by any way. {RATE_HELP}",
    )
    failed_count = fields.Integer(
        string="Failed Payments", readonly=True, help="Cases that were not cancelled."
    )
    recovered_count = fields.Integer(
        string="Recovered Payments", readonly=True, help="Cases of which nothing is owed any more."
    )
    recovery_rate_count = fields.Float(
        string="Recovery Rate by Count",
        readonly=True,
        aggregator="avg",
        help="Share of the cases, cancelled ones apart, that were recovered.",
    )
    days_to_recover = fields.Float(
        readonly=True,
        aggregator="avg",
        digits=(16, 2),
        help="Days from the first failure to the payment that closed the case: since it opened "
        "again, where a payment was taken back.",
    )

    # === GETTERS === #

    @api.model
    def _select(self):
        """Return the columns; hook for addons that bring more dimensions."""
        return SQL(
            """
            SELECT recovery_case.id,
                   recovery_case.id AS case_id,
                   recovery_case.move_id,
                   recovery_case.company_id,
                   move.journal_id,
                   recovery_case.partner_id,
                   partner.country_id,
                   move.invoice_user_id AS user_id,
                   recovery_case.policy_id,
                   recovery_case.began_by,
                   recovery_case.arm,
                   recovery_case.provider_id,
                   recovery_case.network,
                   recovery_case.funding,
                   recovery_case.issuer_country,
                   recovery_case.first_reason_id AS reason_id,
                   recovery_case.first_class AS decline_class,
                   recovery_case.product_categ_id,
                   recovery_case.recurrence != 'once' AS is_recurring,
                   recovery_case.contest_reason,
                   recovery_case.failed_on,
                   recovery_case.state,
                   CASE WHEN recovery_case.state IN %(open)s THEN 'in_recovery'
                        ELSE recovery_case.state END AS outcome,
                   recovery_case.reported_channel AS channel,
                   CASE WHEN recovery_case.state = 'recovered'
                        THEN FLOOR(%(days)s)::integer END AS recovery_day,
                   CASE WHEN recovery_case.state = 'recovered' THEN %(days)s END
                       AS days_to_recover,
                   recovery_case.currency_id,
                   company.currency_id AS company_currency_id,
                   recovery_case.failed_amount AS original_amount,
                   recovery_case.asked_company_amount AS asked_amount,
                   recovery_case.asked_company_amount - recovery_case.failed_company_amount
                       - recovery_case.corrected_company_amount
                       - recovery_case.refunded_company_amount
                       - recovery_case.discounted_company_amount AS credited_amount,
                   recovery_case.corrected_company_amount AS corrected_amount,
                   recovery_case.refunded_company_amount AS refunded_amount,
                   recovery_case.discounted_company_amount AS discounted_amount,
                   recovery_case.failed_company_amount AS failed_amount,
                   recovery_case.recovered_company_amount AS recovered_amount,
                   recovery_case.failed_company_amount - recovery_case.recovered_company_amount
                       - recovery_case.lost_company_amount AS in_recovery_amount,
                   recovery_case.lost_company_amount AS lost_amount,
                   recovery_case.postponed_company_amount AS postponed_amount,
                   recovery_case.recovered_company_amount
                       / NULLIF(recovery_case.failed_company_amount, 0) AS recovery_rate,
                   CASE WHEN recovery_case.state = 'cancelled' THEN 0 ELSE 1 END AS failed_count,
                   CASE WHEN recovery_case.state = 'recovered' THEN 1 ELSE 0 END
                       AS recovered_count,
                   CASE WHEN recovery_case.state = 'recovered' THEN 1.0
                        WHEN recovery_case.state != 'cancelled' THEN 0.0 END
                       AS recovery_rate_count
            """,
            open=OPEN_STATES,
            days=SQL(
                # As floats: numerics, which EXTRACT gives, take ten times as long.
                "(date_part('epoch', recovery_case.closed_at - recovery_case.first_failure_at)"
                " / 86400)"
            ),
        )

    @api.model
    def _from(self):
        """Return the tables; what is not asked for, PostgreSQL leaves out of an outer join."""
        return SQL(
            """
              FROM recovery_case
         LEFT JOIN res_company company ON company.id = recovery_case.company_id
         LEFT JOIN account_move move ON move.id = recovery_case.move_id
         LEFT JOIN res_partner partner ON partner.id = recovery_case.partner_id
            """
        )

    def _read_group_select(self, aggregate_spec, query):
        """Let rates be those of sums."""
        if aggregate_spec == "recovery_rate:avg":
            return SQL(
                "SUM(%s) / NULLIF(SUM(%s), 0)",
                self._field_to_sql(self._table, "recovered_amount", query),
                self._field_to_sql(self._table, "failed_amount", query),
            )
        return super()._read_group_select(aggregate_spec, query)

    # === ACTION METHODS === #

    def action_open_case(self):
        """Open the case of this line."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "recovery.case",
            "res_id": self.case_id.id,
            "view_mode": "form",
        }
