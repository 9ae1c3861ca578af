# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Whether a policy is ever used: one before it may take every invoice."""

from odoo import api, fields, models


class RecoveryPolicy(models.Model):
    _inherit = "recovery.policy"

    reach = fields.Char(
        compute="_compute_reach",
        help="Why no invoice ever gets this policy by itself; empty where some may.",
    )

    @api.depends("active", "company_id", "domain", "include_subscription_app", "sequence")
    @api.depends_context("lang")
    def _compute_reach(self):
        # In sudo mode: policies of other companies may come first, of which nothing else is told.
        earlier, reasons = self.sudo().browse(), {}
        for policy_sudo in self.sudo().search([("active", "=", True)]):
            reasons[policy_sudo.id] = policy_sudo._explain_reach(earlier)
            earlier += policy_sudo
        for policy in self:
            policy.reach = reasons.get(policy._origin.id, False)

    def _explain_reach(self, earlier):
        """Return why no invoice gets this policy by itself, or none.

        :param earlier: the policies that are asked before it
        """
        self.ensure_one()
        if self._get_conditions().is_for_none():
            return self.env._("Only for cases that a flow gives it: no invoice matches it.")
        for policy in earlier:
            if policy._takes_all_of(self):
                return self.env._(
                    "Never used: “%(policy)s” comes before it and takes every invoice.",
                    policy=policy.name,
                )
        return False

    def _takes_all_of(self, other):
        """Return whether this policy takes every invoice that a later one could match."""
        self.ensure_one()
        if not self._get_conditions().is_for_all():
            return False
        if not self.include_subscription_app and other.include_subscription_app:
            return False
        if not self.company_id:
            return True
        if other.company_id:
            return self.company_id in other.company_id.parent_ids
        return self.env["res.company"].search_count([], limit=2) == 1
