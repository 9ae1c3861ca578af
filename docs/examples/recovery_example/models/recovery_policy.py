# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models


class RecoveryPolicy(models.Model):
    _inherit = "recovery.policy"

    only_recovered_before = fields.Boolean(
        string="Only Proven Customers",
        help="Only for customers whose failed payments came back before.",
    )

    def _evaluate(self, moves):
        """Override of `revenue_recovery` to add a condition that no domain can say."""
        fitting = super()._evaluate(moves)
        if self.only_recovered_before:
            fitting = fitting.filtered(lambda move: move.commercial_partner_id.recovered_count)
        return fitting
