# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The numbers of the dashboard: a few grouped queries on the report models, and nothing else."""

from datetime import date
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# Calendar months, the current one included.
PERIODS = {"month": 1, "quarter": 3, "half": 6, "year": 12, "two_years": 24}
SUMS = ("failed_amount:sum", "recovered_amount:sum", "lost_amount:sum", "__count")


class Span(NamedTuple):
    """Days from which and up to which the dashboard counts, both included."""

    start: date
    end: date

    def get_domain(self, field):
        """Return the domain of what lies in the span, with dates as text."""
        to_string = fields.Date.to_string
        return [(field, ">=", to_string(self.start)), (field, "<=", to_string(self.end))]


class Total:
    """Sums of cases, in the currency of the dashboard."""

    def __init__(self):
        self.failed = self.recovered = self.in_recovery = self.lost = 0.0
        self.count = self.recovered_count = self.open_count = self.lost_count = 0

    def add(self, outcome, failed, recovered, lost, count, rate=1.0):
        """Add the sums of some cases with one outcome.

        :param rate: of their company's currency
        """
        failed, recovered, lost = ((each or 0.0) * rate for each in (failed, recovered, lost))
        self.failed += failed
        self.recovered += recovered
        self.lost += lost
        if outcome == "in_recovery":
            # Of the others this is nothing, but for what floating point leaves.
            self.in_recovery += failed - recovered - lost
            self.open_count += count
        if outcome == "recovered":
            self.recovered_count += count
        if outcome == "lost":
            self.lost_count += count
        if outcome != "cancelled":
            self.count += count

    def to_dict(self):
        """Return the sums as plain values; rates are none where nothing failed."""
        return {
            "failed": self.failed,
            "recovered": self.recovered,
            "in_recovery": self.in_recovery,
            "lost": self.lost,
            "count": self.count,
            "recovered_count": self.recovered_count,
            "open_count": self.open_count,
            "lost_count": self.lost_count,
            "rate": _share(self.recovered, self.failed),
            "rate_count": _share(self.recovered_count, self.count),
        }


class RecoveryDashboard(models.AbstractModel):
    """What the dashboard and the printed report show."""

    _name = "recovery.dashboard"
    _description = "Recovery Dashboard"

    # === PUBLIC METHODS === #

    @api.model
    @api.readonly
    def get_data(self, period="year", company_ids=None, until=None):
        """Return all numbers of the dashboard as plain values.

        Amounts are in the currency of the first company. Each group comes with the `domain` of the
        records behind it: of `recovery.case.report`, or the model that `model` names.

        :param str period: one of `month`, `quarter`, `half`, `year` and `two_years`: calendar
            months, of which the last one is that of `until`
        :param list company_ids: some of the companies that the user has switched on; all of them
            when not told
        :param str until: any day of the last month, today when not told
        :raise AccessError: for a company that is not switched on, or without rights to cases
        :raise UserError: for a period or day that isn't one
        """
        for model in ("recovery.case.report", "recovery.attempt.report"):
            self.env[model].check_access("read")
        companies = self._check_companies(company_ids)
        self = self.with_context(allowed_company_ids=companies.ids)
        span, previous = self._get_spans(period, until)
        rates = self._get_rates(companies)
        is_empty = not self.env["recovery.attempt.report"].search_count([], limit=1) and (
            not self.env["recovery.case.report"].search_count([], limit=1)
        )
        currency = companies[0].currency_id
        data = {
            "period": period,
            "from": fields.Date.to_string(span.start),
            "to": fields.Date.to_string(span.end),
            "previous_from": fields.Date.to_string(previous.start),
            "previous_to": fields.Date.to_string(previous.end),
            "companies": [{"id": company.id, "name": company.name} for company in companies],
            "currency": {"id": currency.id, "name": currency.name},
            "is_converted": len(companies.currency_id) > 1,
            "is_empty": is_empty,
            "can_export": self.env.user.has_group("base.group_allow_export"),
        }
        if is_empty:
            return data
        # Until the end of the request: enough for all groups of a query at once, else PostgreSQL
        # sorts the cases first, which takes twice as long.
        self.env.cr.execute("SET LOCAL work_mem = '64MB'")
        cases = self._get_cases(companies, span, previous, rates)
        charges = self._get_charges(companies, span, previous, rates)
        return {
            **data,
            **cases,
            **charges,
            "customers": self._get_customers(companies, rates),
            "recent": self._get_recent(companies),
            "cards": self._get_cards(companies, rates, self._find_expiring(companies)),
            "held": self._get_held(companies, span, previous),
            "backlog": self._get_due_backlog(companies),
        }

    @api.model
    def _get_due_backlog(self, companies):
        """Return what is due to be charged and is not yet, with the sentence that says so."""
        backlog = self.env["recovery.attempt"]._get_backlog(companies)
        return {**backlog.to_dict(), "sentence": backlog.describe(self.env)}

    # === CASES === #

    @api.model
    def _get_cases(self, companies, span, previous, rates):
        """Return the sums of cases by month, channel, reason, day and arm, in three queries."""
        reports = self.env["recovery.case.report"]
        own = self._get_case_domain(companies)
        domain = [*own, *span.get_domain("failed_on")]
        before = [*own, *previous.get_domain("failed_on")]
        by_month, by_reason, by_day = reports._read_grouping_sets(
            domain,
            [
                ["company_id", "failed_on:month", "outcome", "arm"],
                ["company_id", "reason_id", "outcome"],
                ["company_id", "recovery_day"],
            ],
            SUMS,
        )
        totals = reports._read_group(before, ["company_id", "outcome"], SUMS)
        total, total_before, months, arms = Total(), Total(), {}, {}
        for company, month, outcome, arm, *sums in by_month:
            rate = rates[company.id]
            total.add(outcome, *sums, rate)
            months.setdefault(month, Total()).add(outcome, *sums, rate)
            if arm:
                arms.setdefault(arm, Total()).add(outcome, *sums, rate)
        for company, outcome, *sums in totals:
            total_before.add(outcome, *sums, rates[company.id])
        return {
            "domain": domain,
            "previous_domain": before,
            "total": total.to_dict(),
            "previous": total_before.to_dict(),
            "months": self._make_months(span, months, companies),
            "channels": self._make_channels(domain, rates),
            "reasons": self._make_reasons(by_reason, domain, rates),
            "days": self._make_days(by_day, total, domain, rates),
            "arms": self._make_arms(arms, domain, months),
        }

    @api.model
    def _make_months(self, span, months, companies):
        """Return a row for each month of the span; one with open cases is not final."""
        rows = []
        start = span.start
        today = fields.Date.context_today(self)
        while start <= span.end:
            end = start + relativedelta(months=1, days=-1)
            total = months.get(start, Total())
            rows.append(
                {
                    "month": fields.Date.to_string(start),
                    **total.to_dict(),
                    "is_final": end < today and not total.open_count,
                    "domain": [
                        *self._get_case_domain(companies),
                        *Span(start, end).get_domain("failed_on"),
                    ],
                }
            )
            start += relativedelta(months=1)
        return rows

    @api.model
    def _make_channels(self, domain, rates):
        """Return what came through each channel: a case paid through several counts in each."""
        names = self._get_names("recovery.settlement", "channel")
        groups = self.env["recovery.settlement"]._read_group(
            domain, ["company_id", "channel"], ["company_amount:sum", "__count"]
        )
        rows = {}
        for company, channel, amount, count in groups:
            row = rows.setdefault(channel, {"amount": 0.0, "count": 0})
            row["amount"] += amount * rates[company.id]
            row["count"] += count
        rows = [
            {
                "channel": channel,
                "name": names[channel],
                **row,
                "model": "recovery.revenue.report",
                "domain": [*domain, ("channel", "=", channel)],
            }
            for channel, row in rows.items()
        ]
        return sorted(rows, key=lambda row: -row["amount"])

    @api.model
    def _make_reasons(self, rows, domain, rates):
        """Return what became of the cases of each reason, the most failed first."""
        totals = {}
        for company, reason, outcome, *sums in rows:
            totals.setdefault(reason, Total()).add(outcome, *sums, rates[company.id])
        reasons = [
            {
                "id": reason.id,
                "name": reason.display_name or self.env._("Not told"),
                **total.to_dict(),
                "domain": [*domain, ("reason_id", "=", reason.id or False)],
            }
            for reason, total in totals.items()
            if total.count
        ]
        return sorted(reasons, key=lambda row: -row["failed"])

    @api.model
    def _make_days(self, rows, total, domain, rates):
        """Return how much was recovered by each day after the failure, and the median day."""
        amounts, counts = {}, {}
        for company, day, _failed, recovered, _lost, count in rows:
            if day is not None and day is not False:
                amounts[day] = amounts.get(day, 0.0) + (recovered or 0.0) * rates[company.id]
                counts[day] = counts.get(day, 0) + count
        points, amount, count = [], 0.0, 0
        for day in sorted(amounts):
            amount += amounts[day]
            count += counts[day]
            points.append(
                {
                    "day": day,
                    "amount": amount,
                    "count": count,
                    "share": _share(amount, total.failed),
                    "domain": [*domain, ("recovery_day", "<=", day), ("outcome", "=", "recovered")],
                }
            )
        median = next((point["day"] for point in points if 2 * point["count"] >= count), None)
        return {
            "points": points,
            "median": median,
            "domain": [*domain, ("outcome", "=", "recovered")],
        }

    # === GETTERS === #

    @api.model
    def _get_case_domain(self, companies):
        """Return the domain of the failed payments: overdue invoices only get reminders."""
        return [("company_id", "in", companies.ids), ("began_by", "=", "failure")]

    @api.model
    def _check_companies(self, company_ids):
        """Return the companies to report on.

        :raise AccessError: when one of them is not switched on
        """
        allowed = self.env.companies
        if not company_ids:
            return allowed
        try:
            companies = self.env["res.company"].browse(map(int, company_ids))
        except (TypeError, ValueError) as error:
            raise UserError(self.env._("Choose companies from the list.")) from error
        if companies - allowed:
            raise AccessError(self.env._("You can't see the numbers of this company."))
        return companies

    @api.model
    def _get_spans(self, period, until=None):
        """Return the days of a period, and those of as many months before it.

        :raise UserError: for a period or day that isn't one
        """
        if period not in PERIODS:
            raise UserError(
                self.env._(
                    "“%(period)s” is no period: choose one of %(periods)s.",
                    period=period,
                    periods=", ".join(PERIODS),
                )
            )
        try:
            last = fields.Date.to_date(until) or fields.Date.context_today(self)
        except (TypeError, ValueError) as error:
            raise UserError(self.env._("“%(day)s” is no day.", day=until)) from error
        after = last.replace(day=1) + relativedelta(months=1)
        months = relativedelta(months=PERIODS[period])
        day = relativedelta(days=1)
        start = after - months
        return Span(start, after - day), Span(start - months, start - day)

    @api.model
    def _get_rates(self, companies):
        """Return by company what its currency is worth today in that of the first one."""
        main = companies[0]
        today = fields.Date.context_today(self)
        return {
            company.id: company.currency_id._get_conversion_rate(
                company.currency_id, main.currency_id, main, today
            )
            for company in companies
        }

    @api.model
    def _get_names(self, model, field):
        return dict(self.env[model]._fields[field]._description_selection(self.env))


def _share(part, whole):
    """Return a share, none of nothing."""
    return part / whole if whole else None
