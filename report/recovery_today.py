# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The numbers of *Today*: what needs a person, what is charged next, what stands still."""

from datetime import datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..declines.taxonomy import BLOCKING_CLASSES
from ..models.case.states import CHARGING_STATES
from ..models.charge.mending import Mending
from ..tools.instants import find_zone, naive
from ..tools.moments import Reader

SHOWN = 8
# A charge that is due waits so long for the job, and a job so many of its intervals, at most.
LATE = timedelta(minutes=30)
INTERVALS = 3


class RecoveryToday(models.AbstractModel):
    """What the page *Today* shows."""

    _name = "recovery.today"
    _description = "Recovery Today"

    # === PUBLIC METHODS === #

    @api.model
    @api.readonly
    def get_data(self):
        """Return what the page shows, as plain values.

        Amounts are in the currency of the first company that is switched on. Each number comes with
        the `model` and the `domain` of the records behind it.

        :raise AccessError: without rights to cases
        """
        self.env["recovery.case"].check_access("read")
        companies = self.env.companies
        rates = self.env["recovery.dashboard"]._get_rates(companies)
        currency = companies[0].currency_id
        return {
            "currency_id": currency.id,
            "is_converted": len(companies.currency_id) > 1,
            "needs": self._get_needs(),
            "charges": self._get_charges(rates),
            "stopped": self._get_stopped(rates),
            "stopping": self._get_stopping(companies, rates),
            "providers": self._get_providers(companies),
            "late": self._get_late(companies),
            "months": self._get_months(companies, rates),
        }

    # === WHAT NEEDS A PERSON === #

    @api.model
    def _get_needs(self):
        """Return what a person must look at, unanswered charges first, then the largest sums."""
        cases = self.env["recovery.case"].search([("attention", "!=", False)])
        moves = self.env["account.move"].search(
            [
                ("recovery_attention", "!=", False),
                ("move_type", "=", "out_invoice"),
                ("recovery_case_id", "not in", cases.ids),
            ]
        )
        asking = [*cases, *moves]
        question = {True: "has_question", False: "recovery_has_question"}
        asking.sort(key=lambda each: not each[question[each._name == "recovery.case"]])
        return {
            "count": len(asking),
            "rows": [self._describe_need(record) for record in asking[:SHOWN]],
            "model": "recovery.case",
            "domain": [("attention", "!=", False)],
        }

    @api.model
    def _describe_need(self, record):
        """Return a row of a case or an invoice, and the buttons that settle it."""
        is_case = record._name == "recovery.case"
        move = record.move_id if is_case else record
        acts = ["done"]
        if record.has_question if is_case else record.recovery_has_question:
            acts = ["charged", "not_charged"]
        elif is_case and record.contest_state == "open":
            acts = ["stands", "done"]
        return {
            "model": record._name,
            "id": record.id,
            "name": move.display_name,
            "customer": move.commercial_partner_id.display_name,
            "amount": record.amount_owed if is_case else move.amount_residual,
            "currency_id": move.currency_id.id,
            "sentence": record.attention if is_case else record.recovery_attention,
            "acts": acts,
        }

    # === WHAT IS CHARGED === #

    @api.model
    def _get_charges(self, rates):
        """Return the charges of today, what is late included, and those of tomorrow."""
        zone = find_zone(self.env.tz.zone if self.env.tz else "UTC")
        today = fields.Date.context_today(self)
        ends = [
            naive(datetime.combine(today + timedelta(days=days), time(), zone)) for days in (1, 2)
        ]
        spans = {
            "today": [("planned_at", "<", fields.Datetime.to_string(ends[0]))],
            "tomorrow": [
                ("planned_at", ">=", fields.Datetime.to_string(ends[0])),
                ("planned_at", "<", fields.Datetime.to_string(ends[1])),
            ],
        }
        return [
            {"day": day, **self._add_up_charges([("state", "=", "planned"), *span], rates)}
            for day, span in spans.items()
        ]

    @api.model
    def _add_up_charges(self, domain, rates):
        """Return the number of charges, what they ask for, and how much of it will probably come.

        What is asked for is open on the instalments due by then. Without an estimate of its own a
        charge has no part in what is expected.
        """
        self.env.flush_all()
        query = self.env["recovery.attempt"]._search(domain)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT attempt.company_id, COUNT(*),
                       COALESCE(SUM(owed.amount), 0),
                       COUNT(*) FILTER (WHERE attempt.probability > 0),
                       COALESCE(SUM(owed.amount * attempt.probability), 0)
                  FROM recovery_attempt attempt
                  CROSS JOIN LATERAL (
                       SELECT SUM(line.amount_residual) AS amount
                         FROM account_move_line line
                        WHERE line.move_id = attempt.move_id
                          AND line.display_type = 'payment_term'
                          AND line.date_maturity <= attempt.due_date
                  ) owed
                 WHERE attempt.id IN %s
              GROUP BY attempt.company_id
                """,
                query.subselect(),
            )
        )
        return {
            "count": sum(row[1] for row in rows),
            "amount": sum(float(row[2]) * rates[row[0]] for row in rows),
            "known_count": sum(row[3] for row in rows),
            "expected": sum(float(row[4]) * rates[row[0]] for row in rows),
            "model": "recovery.attempt",
            "domain": domain,
        }

    # === CARDS === #

    @api.model
    def _get_stopped(self, rates):
        """Return the cases whose method can't be charged, and what is open on their invoices."""
        domain = [("blocked_class", "in", BLOCKING_CLASSES), ("state", "in", CHARGING_STATES)]
        groups = self.env["account.move"]._read_group(
            [("recovery_case_id", "any", domain)],
            ["company_id"],
            ["amount_residual_signed:sum", "__count"],
        )
        return {
            "count": sum(count for _company, _amount, count in groups),
            "amount": sum(amount * rates[company.id] for company, amount, _count in groups),
            "model": "recovery.case",
            "domain": domain,
        }

    @api.model
    def _get_stopping(self, companies, rates):
        """Return the methods in use that end within some days, and what hangs on them."""
        dashboards = self.env["recovery.dashboard"]
        tokens = dashboards._find_expiring(companies)
        reader = Reader(self.env)
        today = fields.Date.context_today(self)
        return {
            **dashboards._get_cards(companies, rates, tokens),
            "rows": [
                {
                    "id": token.id,
                    "name": token._recovery_get_label(),
                    "customer": token.partner_id.display_name,
                    "ends": reader.say_day(token.recovery_expiry),
                    "has_ended": token.recovery_expiry < today,
                }
                for token in tokens[:SHOWN]
            ],
        }

    # === WHAT STANDS STILL === #

    @api.model
    def _get_providers(self, companies):
        """Return the providers that take no charges now, each with the reason."""
        # In sudo mode: an accountant sees that a provider is failing, and nothing else of it.
        providers_sudo = (
            self.env["payment.provider"]
            .sudo()
            .search([("company_id", "in", companies.ids), ("state", "!=", "disabled")])
        )
        rows = []
        for provider_sudo in providers_sudo:
            mending = Mending(provider_sudo)
            faults = mending.list_faults()
            if faults:
                sentence, waiting = mending.describe(faults[0]), mending.count_waiting()
            elif provider_sudo.recovery_is_paused:
                until = Reader(self.env).say_instant(provider_sudo.recovery_paused_until)
                sentence = self.env._("Charges are paused until %(when)s.", when=until)
                waiting = 0
            else:
                continue
            rows.append(
                {
                    "id": provider_sudo.id,
                    "name": provider_sudo.name,
                    "sentence": sentence,
                    "waiting": waiting,
                    "can_open": self.env["payment.provider"].has_access("read"),
                }
            )
        return rows

    @api.model
    def _get_late(self, companies):
        """Return the charges that are due for long, when they will be done, and idle jobs."""
        now = fields.Datetime.now()
        domain = Domain("state", "=", "planned") & Domain(
            "planned_at", "<", fields.Datetime.to_string(now - LATE)
        )
        attempts = self.env["recovery.attempt"]
        oldest = attempts.search(domain, order="planned_at", limit=1)
        reader = Reader(self.env)
        return {
            "count": attempts.search_count(domain) if oldest else 0,
            "sentence": attempts._get_backlog(companies).describe(self.env) if oldest else "",
            "jobs": [
                self.env._("%(job)s: last run %(when)s", job=name, when=reader.say_instant(at))
                if at
                else self.env._("%(job)s: has never run", job=name)
                for name, at in self._find_late_jobs(now)
            ],
            "model": "recovery.attempt",
            "domain": list(domain),
        }

    @api.model
    def _find_late_jobs(self, now):
        """Return names and last runs of our scheduled actions that are off, or late by far."""
        own = self.env["ir.model.data"].sudo()
        ids = own.search([("module", "=", "revenue_recovery"), ("model", "=", "ir.cron")])
        # In sudo mode: accountants can't read scheduled actions.
        crons_sudo = self.env["ir.cron"].sudo().with_context(active_test=False)
        late = crons_sudo.search([("id", "in", ids.mapped("res_id"))]).filtered(
            lambda cron: (
                not cron.active
                or cron.nextcall
                < now - INTERVALS * relativedelta(**{cron.interval_type: cron.interval_number})
            )
        )
        return [(cron.name, cron.lastcall) for cron in late]

    # === THIS MONTH === #

    @api.model
    def _get_months(self, companies, rates):
        """Return what failed and what came back this month so far, and last month by its day."""
        today = fields.Date.context_today(self)
        return [
            self._add_up_month(day.replace(day=1), day, companies, rates)
            for day in (today, today - relativedelta(months=1))
        ]

    @api.model
    def _add_up_month(self, start, end, companies, rates):
        to_string = fields.Date.to_string
        own = [("company_id", "in", companies.ids)]
        failed = [*own, ("failed_on", ">=", to_string(start)), ("failed_on", "<=", to_string(end))]
        paid = [*own, ("date", ">=", to_string(start)), ("date", "<=", to_string(end))]
        return {
            "from": to_string(start),
            "to": to_string(end),
            "failed": self._sum("recovery.case.report", failed, "failed_amount", rates),
            "recovered": self._sum(
                "recovery.revenue.report", paid, "recovered_company_amount", rates
            ),
            "failed_target": {"model": "recovery.case.report", "domain": failed},
            "recovered_target": {"model": "recovery.revenue.report", "domain": paid},
        }

    @api.model
    def _sum(self, model, domain, field, rates):
        groups = self.env[model]._read_group(domain, ["company_id"], [f"{field}:sum"])
        return sum((amount or 0.0) * rates[company.id] for company, amount in groups)
