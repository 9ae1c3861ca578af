# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models

from ..models.flow.trial import Trial


class RecoveryFlowTrial(models.TransientModel):
    """A flow is tried on a case: what would happen, and when, with nothing done."""

    _name = "recovery.flow.trial"
    _description = "Recovery: Flow on Trial"

    automation_id = fields.Many2one(
        comodel_name="base.automation",
        string="Flow",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    case_id = fields.Many2one(
        comodel_name="recovery.case",
        string="On the Case",
        ondelete="cascade",
        default=lambda self: self.env["recovery.case"].search([], limit=1),
        help="As if what sets the flow off happened to it now.",
    )
    result = fields.Html(compute="_compute_result", sanitize=False)

    @api.depends("automation_id", "case_id")
    def _compute_result(self):
        for trial in self:
            rule, case = trial.automation_id, trial.case_id._origin
            rule.check_access("read")
            case.check_access("read")
            trial.result = case and Trial(rule, case).draw()
