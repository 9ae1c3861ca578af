# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

SHOWN_REASONS = 10


class ReportRecoveryMonth(models.AbstractModel):
    """The printed report of one month: of the last one that is over, when not told."""

    _name = "report.revenue_recovery.report_recovery_month"
    _description = "Recovery Month, Printed"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return what the template shows, one page for each company.

        :param list docids: companies, all that are switched on when there are none
        :param dict data: `until`, any day of the month, and `company_ids` instead of `docids`
        :raise AccessError: for a company that is not switched on
        :raise UserError: for a day that isn't one
        """
        data = data or {}
        dashboards = self.env["recovery.dashboard"]
        companies = dashboards._check_companies(docids or data.get("company_ids"))
        try:
            until = fields.Date.to_date(data.get("until") or self._get_last_month())
        except (TypeError, ValueError) as error:
            raise UserError(self.env._("“%(day)s” is no day.", day=data.get("until"))) from error
        day = fields.Date.to_string(until)
        return {
            "doc_ids": companies.ids,
            "doc_model": "res.company",
            "docs": companies,
            "until": until,
            "month_name": format_date(self.env, until, date_format="MMMM y"),
            "shown_reasons": SHOWN_REASONS,
            "months": {
                company.id: dashboards.get_data("month", company.ids, day) for company in companies
            },
            "years": {
                company.id: dashboards.get_data("year", company.ids, day) for company in companies
            },
            "format_amount": lambda amount, company: format_amount(
                self.env, amount, company.currency_id
            ),
            "format_share": self._format_share,
            "format_month": lambda value: format_date(self.env, value, date_format="MMM y"),
        }

    @api.model
    def _get_last_month(self):
        return fields.Date.context_today(self) + relativedelta(day=1, days=-1)

    @api.model
    def _format_share(self, share):
        """Return a share as a percentage in the user's language."""
        if share is None:
            return "–"
        lang = self.env["res.lang"]._get_data(code=self.env.user.lang or "en_US")
        point = lang.decimal_point or "."
        return f"{100 * share:.1f}".replace(".", point) + "\N{NO-BREAK SPACE}%"
