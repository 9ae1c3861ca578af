# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the reports count of a charge, worked out by the job that follows invoices."""

from odoo import api, fields, models

from ...tools import jobs
from ...tools.instants import local_day
from ..case.recovery_invoice_queue import FOLLOW

FOLLOW.fill("figures of charges", ("recovery.attempt", "_fill_due_figures"))


class RecoveryAttempt(models.Model):
    _inherit = "recovery.attempt"

    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    charged_on = fields.Date(
        readonly=True,
        copy=False,
        help="Day on which the charge went out, in the company's time zone. Empty: it did not.",
    )
    retry_number = fields.Integer(
        string="Retry",
        readonly=True,
        copy=False,
        aggregator=None,
        help="1 is the first charge after the failure that opened the case; 0 is the charge that "
        "failed, or one of an invoice that has no case.",
    )
    company_amount = fields.Monetary(
        string="Amount (Company)",
        readonly=True,
        copy=False,
        currency_field="company_currency_id",
        help="The amount in the company's currency, at the rate of the day of the charge.",
    )

    # Reports add charges up without reading their rows, which the record of a decision makes wide.
    # The keys of what the report joins are needed for that, though it leaves the joins out.
    _charged_idx = models.Index(
        "(company_id, charged_on, retry_number, state) "
        "INCLUDE (company_amount, case_id, move_id, transaction_id) "
        "WHERE charged_on IS NOT NULL"
    )
    _unfilled_idx = models.Index("(id) WHERE transaction_id IS NOT NULL AND charged_on IS NULL")
    _ruled_idx = models.Index(
        "(company_id, planned_at) INCLUDE (case_id, move_id, transaction_id) "
        "WHERE rule_id IS NOT NULL"
    )

    # === BUSINESS METHODS === #

    def _prepare_figures(self):
        """Return what the reports count of a charge."""
        self.ensure_one()
        company = self.company_id
        day = local_day(self._get_charged_at(), company.partner_id.tz or "UTC")
        return {
            "charged_on": day,
            "retry_number": self._count_retries(),
            "company_amount": self.currency_id._convert(
                self.amount, company.currency_id, company, day
            ),
        }

    # === CRON === #

    @api.model
    def _fill_due_figures(self, batch=1000):
        """Work out what the reports count of the charges that went out since the last time.

        In their order, for each counts those before it: where somebody is at work on one, the next
        run goes on. One that is on its way is its worker's.
        """
        domain = [
            ("transaction_id", "!=", False),
            ("charged_on", "=", False),
            ("state", "!=", "running"),
        ]
        while attempts := self.search(domain, order="id", limit=batch):
            left = []
            has_time = jobs.work_on_each(
                self.env,
                [attempts.ids],
                lambda ids: self.browse(ids)._fill_figures(),
                busy=left.append,
                failed=lambda ids, _error, left=left: left.append(ids),
                doing="Working out the figures of charges",
            )
            if left or not has_time:
                return

    def _fill_figures(self):
        for attempt in self:
            attempt.write(attempt._prepare_figures())

    # === GETTERS === #

    def _get_charged_at(self):
        return self.started_at or self.planned_at

    def _count_retries(self):
        """Return the number of this charge among those of its case since the failure."""
        case = self.case_id
        # Instants are whole seconds: a charge may end in the one in which it began.
        is_first = bool(case.first_attempt_id) and self.id <= case.first_attempt_id.id
        if not case or is_first or self._get_charged_at() < case.first_failure_at:
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
