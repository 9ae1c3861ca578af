# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.revenue_recovery.models.flow.definition import Definition

from .builder_common import BuilderCommon
from .test_builder_rights import SECRET


@tagged("post_install", "-at_install")
class TestVersions(BuilderCommon):
    """What a flow did earlier is kept, and can be gone back to."""

    def test_each_change_is_a_version_and_nothing_else_is(self):
        builder = self._build(is_on=False)
        self.assertEqual(len(builder.version_ids), 1)
        builder.amount_above = 5
        builder.amount_above = 5
        self.env.invalidate_all()
        self.assertEqual(len(builder.version_ids), 2)
        self.assertEqual(builder.version_ids.mapped("is_current"), [True, False])
        self.assertEqual(builder.version_ids.user_id, self.manager)
        self.assertIn("above 5", builder.version_ids[0].picture)

    def test_what_a_recipe_did_before_it_was_first_changed_is_kept(self):
        rule = self.env.ref("revenue_recovery.flow_vip")
        before = Definition(rule).get_values()
        builder = self._open(rule, self.admin)
        builder.amount_above = 5
        self.env.invalidate_all()
        first = builder.version_ids[-1]
        self.assertEqual(first.definition, before)
        self.assertFalse(first.user_id)

    def test_flow_goes_back(self):
        builder = self._build(steps=["recovery_tell", "recovery_pause"], is_on=False)
        rule = builder.automation_id
        builder.write(
            {
                "amount_above": 5,
                "step_ids": [Command.delete(builder.step_ids[0].id)],
                "otherwise_ids": [Command.create({"kind": "recovery_resume"})],
            }
        )
        self.env.invalidate_all()
        builder.version_ids[-1].action_restore()
        self.assertEqual(
            rule.sudo().action_server_ids.sorted("sequence").mapped("state"),
            ["recovery_tell", "recovery_pause"],
        )
        self.assertNotIn("amount", rule.sudo().filter_domain)
        self.env.invalidate_all()
        versions = builder.version_ids
        self.assertEqual(versions.mapped("is_current"), [True, False, True])
        with self.assertRaisesRegex(UserError, "what the flow does now"):
            versions[0].action_restore()

    def test_manager_goes_back_to_nothing_that_they_may_not_build(self):
        builder = self._build(
            self.admin, more_conditions=SECRET, is_on=False, company_id=self.env.company.id
        )
        builder.more_conditions = "[]"
        version = builder.automation_id.env["recovery.flow.version"].search(
            [("automation_id", "=", builder.automation_id.id)]
        )[-1]
        with self.assertRaisesRegex(ValidationError, "may not read"):
            version.with_user(self.manager).action_restore()
        version.with_user(self.admin).action_restore()

    def test_version_that_names_what_was_deleted_says_so(self):
        template = self.env.ref("revenue_recovery.mail_template_payment_failed").copy()
        step = {"kind": "recovery_notice", "recovery_template_id": template.id}
        builder = self._build(steps=[step], is_on=False)
        builder.write(
            {
                "step_ids": [
                    Command.update(
                        builder.step_ids.id,
                        {"kind": "recovery_tell", "recovery_template_id": False},
                    )
                ]
            }
        )
        template.unlink()
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "does not exist any more"):
            builder.version_ids[-1].action_restore()

    def test_versions_are_written_by_the_builder_only(self):
        version = self._build(is_on=False).version_ids
        for change in (
            lambda: version.write({"definition": {}}),
            lambda: version.unlink(),
            lambda: version.create({"automation_id": version.automation_id.id, "definition": {}}),
        ):
            with self.assertRaises(AccessError):
                change()


@tagged("post_install", "-at_install")
class TestRuns(BuilderCommon):
    """Each time a flow is set off is a run: by what, what was done, and why not."""

    def _get_runs(self, builder):
        action = builder.action_runs()
        return self.env["recovery.flow.run"].with_user(self.manager).search(action["domain"])

    def test_run_says_what_set_it_off_and_what_became_of_each_step(self):
        never = {"kind": "recovery_pause", "recovery_condition": "[('amount', '<', 1)]"}
        later = {"kind": "recovery_resume", "recovery_wait_count": 3}
        builder = self._build(steps=["recovery_tell", never, later])
        _invoice, case = self._fail_invoice()
        self._follow()
        run = self._get_runs(builder)
        self.assertEqual(run.state, "under_way")
        self.assertEqual(run.case_id, case)
        self.assertEqual(run.event_id.type, "attempt_failed")
        self.assertEqual(run.planned_action_ids.mapped("state"), ["done", "skipped", "planned"])
        told, left_out, to_come = run.outcome.split("</div><div>")
        self.assertIn("Tell the Team: Done", told)
        self.assertIn("“only if” did not hold", left_out)
        self.assertIn("Resume: Planned", to_come)
        self.assertEqual(builder.run_count, 1)

    def test_run_that_was_paid_meanwhile_is_cancelled_and_says_so(self):
        builder = self._build(
            steps=["recovery_tell", {"kind": "recovery_pause", "recovery_wait_count": 1}]
        )
        invoice, case = self._fail_invoice()
        self._follow()
        self._register_payment(invoice, 100.0)
        case.sudo().planned_action_ids.filtered(
            lambda action: action.state == "planned"
        ).planned_at = self._now()
        self._follow()
        run = self._get_runs(builder)
        self.assertEqual(run.state, "cancelled")
        self.assertIn("The case is over", run.outcome)

    def test_failed_run_says_why(self):
        builder = self._build(steps=["recovery_ask_method", "recovery_tell"])
        action = builder.automation_id.sudo().action_server_ids.sorted("sequence")[0]
        action.write({"state": "code", "code": "raise UserError('Broken')"})
        self._fail_invoice()
        self._follow()
        run = self._get_runs(builder)
        self.assertEqual(run.state, "failed")
        self.assertIn("Broken", run.outcome)

    def test_each_time_is_a_run_of_its_own(self):
        builder = self._build()
        self._fail_twice()
        self.assertEqual(self._get_runs(builder).mapped("state"), ["done", "done"])
