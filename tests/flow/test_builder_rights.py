# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .builder_common import BuilderCommon

SECRET = "[('token_id.provider_id.stripe_secret_key', '=like', 's%')]"


@tagged("post_install", "-at_install")
class TestBuilderRights(BuilderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.worker = cls._create_user("flow worker", "account.group_account_invoice")
        cls.other_company = cls._create_company(name="Other")
        cls.stranger = cls._create_user(
            "flow stranger", "base.group_user,account.group_account_manager", cls.other_company
        )

    def test_who_works_on_cases_builds_nothing(self):
        with self.assertRaises(AccessError):
            self._build(self.worker)
        rule = self._build().automation_id
        for act in ("edit", "copy", "activate", "deactivate", "runs", "technical"):
            with self.subTest(act), self.assertRaises(AccessError):
                getattr(rule.with_user(self.worker), f"action_recovery_{act}")()

    def test_manager_writes_rules_and_actions_by_the_builder_only(self):
        rule = self._build().automation_id.with_user(self.manager)
        for change in (
            lambda: rule.write({"filter_domain": "[]"}),
            lambda: rule.create({"name": "x", "model_id": rule.sudo().model_id.id}),
            lambda: rule.unlink(),
            lambda: rule.copy(),
            lambda: rule.sudo().action_server_ids.sudo(False).write({"state": "code"}),
            lambda: rule.action_recovery_technical(),
        ):
            with self.assertRaises(AccessError):
                change()

    def test_builder_knows_no_step_with_code(self):
        for name in (False, "Innocent"):
            with self.assertRaisesRegex(AccessError, "such a step"):
                self._build(steps=[{"kind": "code", "name": name}])

    def test_builder_knows_no_other_trigger(self):
        for when in ("event:nonsense", "state:nonsense", "case:deleted"):
            with self.assertRaisesRegex(ValidationError, "sets the flow off"):
                self._build(when=when)

    def test_condition_on_what_the_manager_may_not_see_is_not_saved(self):
        for values in (
            {"more_conditions": SECRET},
            {"more_conditions": "[('token_id.provider_id', 'ilike', 'x')]"},
            {"steps": [{"kind": "recovery_tell", "recovery_condition": SECRET}]},
        ):
            with self.subTest(**values), self.assertRaisesRegex(ValidationError, "may not read"):
                self._build(**values)
        with self.assertRaises(ValidationError):
            self._build(more_conditions="[('user_id.password', '!=', 'x')]")
        self._build(self.admin, more_conditions=SECRET)

    def test_condition_that_is_no_domain_is_not_saved(self):
        for text in ("[('nonsense', '=', 1)]", "[('amount', '>', uid)]", "[(", "x"):
            with self.subTest(text), self.assertRaises(UserError):
                self._build(more_conditions=text)

    def test_condition_is_looked_at_by_the_rights_that_its_author_has_now(self):
        builder = self._build(more_conditions="[('case_id.state', '=', 'in_recovery')]")
        rule_sudo = builder.automation_id.sudo()
        case = self._fail_twice()
        self.assertEqual({state for _name, state in self._get_done(case)}, {"done"})
        self.manager.group_ids = self.env.ref("base.group_user")
        _invoice, other = self._fail_invoice()
        self._follow()
        self.assertNotIn("done", [state for _name, state in self._get_done(other)])
        self.assertIn("may not read", rule_sudo.recovery_error)

    def test_condition_does_not_see_another_company(self):
        self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "company_id": self.other_company.id,
                "partner_id": self.customer.id,
                "invoice_line_ids": [
                    Command.create({"name": "Far", "price_unit": 77.0, "tax_ids": []})
                ],
            }
        )
        domain = "[('partner_id.invoice_ids.invoice_line_ids.name', '=', '%s')]"
        self._build(more_conditions=domain % "Far")
        self.assertEqual(self._get_done(self._fail_twice()), [])
        self._build(more_conditions=domain % "Service")
        self.assertTrue(self._get_done(self._fail_twice()))

    def test_flow_of_a_manager_acts_in_their_company_only(self):
        rule = self._build(self.stranger).automation_id.sudo()
        self.assertEqual(rule.recovery_company_id, self.other_company)
        self.assertEqual(self._get_done(self._fail_twice()), [])
        self.assertFalse(rule.with_user(self.manager).has_access("read"))
        with self.assertRaises(AccessError):
            rule.with_user(self.manager).action_recovery_deactivate()

    def test_manager_builds_for_no_other_company_and_not_for_all(self):
        for company in (self.other_company.id, False):
            with self.assertRaises(AccessError):
                self._build(company_id=company)
        self.assertFalse(self._build(self.admin, company_id=False).company_id)

    def test_flow_for_all_companies_is_switched_by_who_works_for_all(self):
        recipe = self.env.ref("revenue_recovery.flow_vip")
        companies = self.env["res.company"].search([])
        with self.assertRaisesRegex(AccessError, "Copy it"):
            recipe.with_user(self.manager).action_recovery_activate()
        self.assertFalse(recipe.with_user(self.manager).recovery_may_change)
        self.manager.company_ids = companies
        recipe.with_user(self.manager).action_recovery_activate()
        self.assertTrue(recipe.active)

    def test_manager_does_not_switch_what_runs_code(self):
        rule = self._create_rule("pass", recovery_company_id=self.env.company.id)
        with self.assertRaisesRegex(AccessError, "only administrators"):
            rule.with_user(self.manager).action_recovery_deactivate()
        with self.assertRaisesRegex(AccessError, "only administrators"):
            rule.with_user(self.manager).action_recovery_copy()

    def test_manager_names_no_template_of_another_kind_and_no_channel_that_they_do_not_see(self):
        template = self.env["mail.template"].create(
            {"name": "x", "model_id": self.env["ir.model"]._get_id("res.partner")}
        )
        channel = self.env["discuss.channel"].create(
            {
                "name": "Secret",
                "channel_type": "channel",
                "group_public_id": self.env.ref("base.group_system").id,
            }
        )
        for step in (
            {"kind": "recovery_notice", "recovery_template_id": template.id},
            {"kind": "recovery_tell", "recovery_channel_id": channel.id},
        ):
            with self.subTest(**step), self.assertRaises(UserError):
                self._build(steps=[step])

    def test_manager_names_the_people_who_are_told(self):
        step = {"kind": "recovery_tell", "recovery_user_ids": [Command.set(self.worker.ids)]}
        builder = self._build(steps=[step])
        action = builder.automation_id.sudo().action_server_ids
        self.assertEqual(action.recovery_user_ids, self.worker)
        self.assertEqual(self._open(builder.automation_id).step_ids.recovery_user_ids, self.worker)

    def test_administrator_still_sees_automation_rules_of_other_models(self):
        rule = self._create_rule("pass", model="res.partner", trigger="on_create")
        self.assertTrue(rule.with_user(self.admin).has_access("write"))
        self.assertFalse(rule.with_user(self.manager).has_access("read"))

    def test_builder_of_somebody_else_is_not_read(self):
        builder = self._build()
        self.assertFalse(builder.with_user(self.admin).has_access("read"))
