# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from contextlib import nullcontext

from odoo.tests import HttpCase, tagged

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestFlowTour(RecoveryCommon, HttpCase):
    def _enter_job_mode(self):
        return nullcontext()

    def _switch_off(self):
        self.env["base.automation"].search([]).active = False
        self.registry.registry_invalidated = False

    def test_administrator_activates_a_recipe_and_sees_it_act(self):
        self.addCleanup(self._switch_off)
        admin = self.env.ref("base.user_admin")
        admin.write(
            {
                "company_ids": [(4, self.env.company.id)],
                "company_id": self.env.company.id,
                "group_ids": [
                    (4, self.env.ref("account.group_account_manager").id),
                    (4, self.env.ref("revenue_recovery.group_recovery_manager").id),
                ],
            }
        )
        self.start_tour("/odoo/recovery-flows", "recovery_flow_activate", login="admin")
        rule = self.env.ref("revenue_recovery.flow_first_payment")
        self.assertTrue(rule.active)
        self.registry.registry_invalidated = False
        _invoice, case = self._fail_invoice()
        self._run_cron("follow")
        planned_actions = case.sudo().planned_action_ids.sorted("sequence")
        self.assertEqual(planned_actions.mapped("state"), ["done", "planned"])
        self.start_tour(f"/odoo/recovery-cases/{case.id}", "recovery_flow_planned", login="admin")
