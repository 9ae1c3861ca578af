# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models


class RecoveryPolicyRetry(models.Model):
    _name = "recovery.policy.retry"
    _description = "Recovery Policy Retry"
    _order = "sequence, id"

    policy_id = fields.Many2one(
        comodel_name="recovery.policy", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    delay_count = fields.Integer(
        string="Wait", default=1, required=True, help="Time from a failed charge to this one."
    )
    delay_unit = fields.Selection(
        selection=[("hours", "Hours"), ("days", "Days")],
        string="Unit",
        default="days",
        required=True,
    )

    _delay_check = models.Constraint(
        "CHECK(delay_count > 0)", "Each wait of a policy must be at least one hour or day."
    )

    def _get_hours(self):
        """Return the wait in hours."""
        self.ensure_one()
        return self.delay_count * (24 if self.delay_unit == "days" else 1)
