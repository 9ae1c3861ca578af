# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The parts of the dashboard beside the sums of cases: charges, customers, cards, arms."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, formatLang

from ..models.case.recovery_case import OPEN_STATES
from ..timing.stats.comparison import compare
from .recovery_dashboard import Total, _share

SHOWN_CUSTOMERS = 10
SHOWN_RECENT = 8
# How far ahead the cards are looked for that stop working.
CARD_DAYS = 60


class RecoveryDashboard(models.AbstractModel):
    _inherit = "recovery.dashboard"

    # === CHARGES === #

    @api.model
    def _get_charges(self, companies, span, previous, rates):
        """Return first charges and retries with their success, of this span and the one before."""
        model = "recovery.attempt.report"
        own = ("company_id", "in", companies.ids)
        now, before = (
            self._read_charges([own, *days.get_domain("charged_on")], rates)
            for days in (span, previous)
        )
        domain = [own, *span.get_domain("charged_on"), ("outcome", "in", ("paid", "failed"))]
        first, retries = ("is_first", "=", True), ("retry_number", ">", 0)
        return {
            "retries": [
                {
                    "number": number,
                    "charges": row["paid"] + row["failed"],
                    "paid": row["paid"],
                    "amount": row["paid_amount"],
                    "share": _share(row["paid"], row["paid"] + row["failed"]),
                    "model": model,
                    "domain": [*domain, ("retry_number", "=", number)],
                }
                for number, row in sorted(now.items())
                if number > 0 and row["paid"] + row["failed"]
            ],
            "first_charges": {
                **self._summarize_charges(now, before, lambda number: number == 0),
                "model": model,
                "domain": [*domain, first],
                "failed_domain": [*domain, first, ("outcome", "=", "failed")],
            },
            "all_retries": {
                **self._summarize_charges(now, before, lambda number: number > 0),
                "model": model,
                "domain": [*domain, retries],
            },
        }

    @api.model
    def _read_charges(self, domain, rates):
        """Return by number of the retry how many charges were paid and failed, and how much."""
        groups = self.env["recovery.attempt.report"]._read_group(
            domain, ["company_id", "retry_number", "outcome"], ["amount:sum", "__count"]
        )
        numbers = {}
        for company, number, outcome, amount, count in groups:
            row = numbers.setdefault(
                number, {"paid": 0, "failed": 0, "paid_amount": 0.0, "failed_amount": 0.0}
            )
            if outcome in ("paid", "failed"):
                row[outcome] += count
                row[f"{outcome}_amount"] += (amount or 0.0) * rates[company.id]
        return numbers

    @api.model
    def _summarize_charges(self, now, before, is_meant):
        """Return the failure rate and the charges for each success, with those before."""
        summary = {}
        for prefix, numbers in (("", now), ("previous_", before)):
            rows = [row for number, row in numbers.items() if is_meant(number)]
            paid, failed, paid_amount, failed_amount = (
                sum(row[name] for row in rows)
                for name in ("paid", "failed", "paid_amount", "failed_amount")
            )
            summary |= {
                f"{prefix}charges": paid + failed,
                f"{prefix}paid": paid,
                f"{prefix}amount": paid_amount + failed_amount,
                f"{prefix}failure_rate": _share(failed_amount, paid_amount + failed_amount),
                f"{prefix}failure_rate_count": _share(failed, paid + failed),
                f"{prefix}charges_per_success": _share(paid + failed, paid),
            }
        return summary

    @api.model
    def _get_held(self, companies, span, previous):
        """Return how many charges a network's rule put off or refused."""
        model = "recovery.attempt.report"
        counts, domains = [], []
        for days in (span, previous):
            end = fields.Date.to_string(days.end + timedelta(days=1))
            domains.append(
                [
                    ("company_id", "in", companies.ids),
                    ("rule_id", "!=", False),
                    ("planned_at", ">=", fields.Date.to_string(days.start)),
                    ("planned_at", "<", end),
                ]
            )
            counts.append(self.env[model].search_count(domains[-1]))
        return {"count": counts[0], "previous": counts[1], "model": model, "domain": domains[0]}

    # === CUSTOMERS === #

    @api.model
    def _get_customers(self, companies, rates):
        """Return the customers with most in recovery now, whenever it failed."""
        # By the state, which has an index; by the outcome the list says it in one word.
        open_domain = [("state", "in", OPEN_STATES)]
        rows = {}
        for company in companies:
            groups = self.env["recovery.case.report"]._read_group(
                [*self._get_case_domain(company), *open_domain],
                ["partner_id"],
                ["in_recovery_amount:sum", "__count", "failed_on:min"],
                order="in_recovery_amount:sum DESC",
                limit=SHOWN_CUSTOMERS,
            )
            for partner, amount, count, since in groups:
                row = rows.setdefault(partner, {"amount": 0.0, "count": 0, "since": since})
                row["amount"] += amount * rates[company.id]
                row["count"] += count
                row["since"] = min(row["since"], since)
        best = sorted(rows.items(), key=lambda item: -item[1]["amount"])[:SHOWN_CUSTOMERS]
        tenures = self._get_tenures([partner.id for partner, _row in best], companies)
        return [
            {
                "id": partner.id,
                "name": partner.display_name,
                "phone": partner.phone or "",
                "customer_since": fields.Date.to_string(tenures.get(partner.id)) or False,
                **row,
                "since": fields.Date.to_string(row["since"]),
                "domain": [
                    *self._get_case_domain(companies),
                    ("partner_id", "=", partner.id),
                    ("outcome", "=", "in_recovery"),
                ],
            }
            for partner, row in best
        ]

    @api.model
    def _get_tenures(self, partner_ids, companies):
        """Return by customer the day of their first invoice."""
        groups = self.env["account.move"]._read_group(
            [
                ("partner_id", "child_of", partner_ids),  # Which has an index.
                ("company_id", "in", companies.ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
            ],
            ["commercial_partner_id"],
            ["invoice_date:min"],
        )
        return {partner.id: day for partner, day in groups}

    @api.model
    def _get_recent(self, companies):
        """Return the payments in recovery that failed last."""
        reports = self.env["recovery.case.report"].search(
            [*self._get_case_domain(companies), ("state", "in", OPEN_STATES)],
            limit=SHOWN_RECENT,
        )
        return [
            {
                "id": report.case_id.id,
                "name": report.move_id.display_name,
                "customer": report.partner_id.display_name,
                "failed_on": fields.Date.to_string(report.failed_on),
                "reason": report.reason_id.display_name or "",
                "amount": report.failed_amount,
                "currency_id": report.company_currency_id.id,
            }
            for report in reports
        ]

    # === CARDS === #

    @api.model
    def _get_cards(self, companies, rates, tokens):
        """Return what hangs on the cards that collect invoices and stop working soon."""
        return {
            "days": CARD_DAYS,
            "count": len(tokens),
            "amount": self._add_up_invoices(companies, tokens, rates),
            "model": "payment.token",
            "domain": [("id", "in", tokens.ids)],
        }

    @api.model
    def _find_expiring(self, companies):
        """Return the methods in use that end soon, of all these companies."""
        until = fields.Date.context_today(self) + timedelta(days=CARD_DAYS)
        tokens = self.env["payment.token"].browse()
        for company in companies:
            tokens |= tokens._recovery_get_expiring(company, until)
        return tokens

    @api.model
    def _add_up_invoices(self, companies, tokens, rates):
        """Return what is open on the invoices that some cards are to pay."""
        if not tokens:
            return 0.0
        # In SQL, for the user's companies only: invoices name their card, or their customer does.
        rows = self.env.execute_query(
            SQL(
                """
                SELECT move.company_id, SUM(move.amount_residual_signed)
                  FROM account_move move
                  JOIN res_partner partner ON partner.id = move.commercial_partner_id
                 WHERE move.collect_automatically IS TRUE
                   AND move.state = 'posted'
                   AND move.payment_state IN ('not_paid', 'partial')
                   AND move.company_id IN %s
                   AND COALESCE(
                           move.collect_token_id,
                           (partner.collect_token_id ->> move.company_id::text)::integer
                       ) IN %s
              GROUP BY move.company_id
                """,
                tuple(companies.ids),
                tuple(tokens.ids),
            )
        )
        return sum(float(amount) * rates[company_id] for company_id, amount in rows)

    # === ARMS === #

    @api.model
    def _make_arms(self, arms, domain, months):
        """Return the smart schedule against the fixed one, with the interval of the difference."""
        smart, control = (arms.get(name, Total()) for name in ("smart", "control"))
        if not (smart.count and control.count):
            return None
        comparison = compare(
            smart.recovered_count, smart.count, control.recovered_count, control.count
        )
        month_count = max(len(months), 1)
        monthly = smart.failed / month_count
        return {
            **{
                name: {**total.to_dict(), "domain": [*domain, ("arm", "=", name)]}
                for name, total in (("smart", smart), ("control", control))
            },
            "difference": comparison.difference,
            "low": comparison.low,
            "high": comparison.high,
            "is_conclusive": comparison.is_conclusive,
            "cases_needed": comparison.cases_needed,
            "sentence": self._say_comparison(comparison),
            "gained_monthly": comparison.difference * monthly,
            "gained_low": comparison.low * monthly,
            "gained_high": comparison.high * monthly,
        }

    @api.model
    def _say_comparison(self, comparison):
        """Return what can be said of the smart schedule, and how sure that is, in one sentence."""
        values = {
            name: f"{100 * getattr(comparison, field):.1f}"
            for name, field in (("points", "difference"), ("low", "low"), ("high", "high"))
        }
        if comparison.is_conclusive:
            if comparison.difference > 0:
                return self.env._(
                    "Smart recovers %(points)s points more of the payments "
                    "(95 %% interval: %(low)s to %(high)s).",
                    **values,
                )
            return self.env._(
                "Smart recovers less: %(points)s points (95 %% interval: %(low)s to %(high)s).",
                **values,
            )
        if comparison.cases_needed is None:
            return self.env._(
                "Both recover the same so far (95 %% interval: %(low)s to %(high)s points).",
                **values,
            )
        return self.env._(
            "Not sure yet: %(points)s points (95 %% interval: %(low)s to %(high)s). "
            "About %(needed)s more cases would tell, if it stays so.",
            needed=formatLang(self.env, comparison.cases_needed, digits=0),
            **values,
        )
