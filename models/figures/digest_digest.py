# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models
from odoo.exceptions import AccessError


class DigestDigest(models.Model):
    _inherit = "digest.digest"

    kpi_recovery_recovered = fields.Boolean(string="Recovered Payments")
    kpi_recovery_recovered_value = fields.Monetary(
        compute="_compute_kpi_recovery_recovered_value",
        help="What was recovered by the cases that closed as recovered in the period.",
    )
    kpi_recovery_open = fields.Boolean(string="Payments in Recovery")
    kpi_recovery_open_value = fields.Monetary(
        compute="_compute_kpi_recovery_open_value",
        help="What failed in the period and still is in recovery.",
    )
    kpi_recovery_rate = fields.Boolean(string="Recovery Rate (%)")
    kpi_recovery_rate_value = fields.Float(
        compute="_compute_kpi_recovery_rate_value",
        help="Of the failed amount of the cases that closed in the period, the percentage that was "
        "recovered.",
    )

    # === COMPUTE METHODS === #

    # Each by itself: `digest` computes them for one span of time after the other, one by one.

    def _compute_kpi_recovery_recovered_value(self):
        groups = self._read_recovery_sums(["recovered"])
        for digest in self:
            _failed, recovered = groups.get((digest.company_id or self.env.company).id, (0, 0))
            digest.kpi_recovery_recovered_value = recovered

    def _compute_kpi_recovery_open_value(self):
        self._check_recovery_access()
        self._calculate_company_based_kpi(
            "recovery.case.report",
            "kpi_recovery_open_value",
            date_field="failed_on",
            additional_domain=[("outcome", "=", "in_recovery")],
            sum_field="in_recovery_amount",
        )

    def _compute_kpi_recovery_rate_value(self):
        groups = self._read_recovery_sums(["recovered", "lost"])
        for digest in self:
            failed, recovered = groups.get((digest.company_id or self.env.company).id, (0, 0))
            digest.kpi_recovery_rate_value = 100 * recovered / failed if failed else 0.0

    # === GETTERS === #

    def _check_recovery_access(self):
        """Raise for who may not see cases: their e-mail then comes without these numbers."""
        if not self.env.user.has_group("revenue_recovery.group_recovery_user"):
            raise AccessError(self.env._("You can't see recovery cases."))

    def _read_recovery_sums(self, states):
        """Return by company what failed and what was recovered of cases that closed in the span."""
        self._check_recovery_access()
        start, end, companies = self._get_kpi_compute_parameters()
        groups = self.env["recovery.case"]._read_group(
            [
                ("company_id", "in", companies.ids),
                ("closed_at", ">=", start),
                ("closed_at", "<", end),
                ("state", "in", states),
            ],
            ["company_id"],
            ["failed_company_amount:sum", "recovered_company_amount:sum"],
        )
        return {company.id: sums for company, *sums in groups}

    def _compute_kpis_actions(self, company, user):
        """Override of `digest` to let the numbers lead to the dashboard."""
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("revenue_recovery.menu_recovery").id
        link = f"revenue_recovery.action_recovery_dashboard?menu_id={menu}"
        for name in ("recovered", "open", "rate"):
            actions[f"kpi_recovery_{name}"] = link
        return actions
