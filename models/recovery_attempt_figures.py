"""What the reports count of a charge: kept when it goes out."""

from odoo import api, fields, models

from .recovery_case_figures import _get_local_day


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    charged_on = fields.Date(
        string="Charged On",
        compute="_compute_figures",
        store=True,
        copy=False,
        help="Day on which the charge went out, in the company's time zone. Empty: it did not.",
    )
    retry_number = fields.Integer(
        string="Retry",
        compute="_compute_figures",
        store=True,
        copy=False,
        aggregator=None,
        help="1 is the first charge after the failure that opened the case; 0 is the charge that "
        "failed, or one of an invoice that has no case.",
    )
    company_amount = fields.Monetary(
        string="Amount (Company)",
        compute="_compute_figures",
        store=True,
        copy=False,
        currency_field="company_currency_id",
        help="The amount in the company's currency, at the rate of the day of the charge.",
    )

    _charged_idx = models.Index("(company_id, charged_on)")
    _ruled_idx = models.Index("(company_id, planned_at) WHERE rule_id IS NOT NULL")

    # === COMPUTE METHODS === #

    # It gets its transaction when the charge goes out, and no other one later.
    @api.depends("transaction_id")
    def _compute_figures(self):
        for attempt in self:
            if not attempt.transaction_id:
                attempt.charged_on = False
                attempt.retry_number = 0
                attempt.company_amount = 0.0
                continue
            company = attempt.company_id
            day = _get_local_day(company, attempt._get_charged_at())
            attempt.charged_on = day
            attempt.retry_number = attempt._count_retries()
            attempt.company_amount = attempt.currency_id._convert(
                attempt.amount, company.currency_id, company, day
            )

    # === GETTERS === #

    def _get_charged_at(self):
        return self.started_at or self.planned_at

    def _count_retries(self):
        """Return the number of this charge among those of its case since the failure."""
        case = self.case_id
        if not case or self._get_charged_at() < case.first_failure_at:
            return 0
        earlier = self.search_count(
            [
                ("case_id", "=", case.id),
                ("retry_number", ">", 0),
                ("started_at", ">=", case.first_failure_at),
                ("id", "<", self.id),
            ]
        )
        return earlier + 1
