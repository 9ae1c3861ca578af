# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models


class RecoveryPolicy(models.Model):
    _inherit = "recovery.policy"

    trial_count = fields.Integer(
        compute="_compute_trial_count", groups="revenue_recovery.group_recovery_manager"
    )

    def _compute_trial_count(self):
        groups = self.env["recovery.policy.trial"]._read_group(
            [("policy_id", "in", self.ids)], ["policy_id"], ["__count"]
        )
        counts = {policy.id: count for policy, count in groups}
        for policy in self:
            policy.trial_count = counts.get(policy.id, 0)

    def action_try(self):
        """Ask over which cases the policy is to be played."""
        self.ensure_one()
        self.check_access("read")
        self.env["recovery.policy.trial"].check_access("create")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Try It"),
            "res_model": "recovery.policy.trial",
            "views": [(False, "form")],
            "context": {
                "default_policy_id": self.id,
                **({"default_company_id": self.company_id.id} if self.company_id else {}),
            },
        }

    def action_view_trials(self):
        """Open what was tried of this policy."""
        self.ensure_one()
        self.check_access("read")
        self.env["recovery.policy.trial"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "revenue_recovery.action_recovery_policy_trial"
        )
        return {**action, "domain": [("policy_id", "=", self.id)], "context": {}}
