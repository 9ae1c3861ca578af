# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models


class RecoveryPolicyStep(models.Model):
    _inherit = "recovery.policy.step"

    action_type = fields.Selection(
        selection_add=[("call_list", "Put on the call list")],
        ondelete={"call_list": "cascade"},
    )

    def _get_made_for(self):
        """Override of `revenue_recovery`: this kind of step needs no template and no action."""
        if self.action_type == "call_list":
            return self.subject_model
        return super()._get_made_for()
