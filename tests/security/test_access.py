# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .sweep_common import ACCOUNTANT, MANAGER, SHARED, SecurityCommon


@tagged("post_install", "-at_install")
class TestAccess(SecurityCommon):
    def test_every_model_has_access_lines(self):
        access = self.env["ir.model.access"].sudo()
        for model in self._get_own_models():
            lines = access.search([("model_id.model", "=", model)])
            self.assertTrue(lines, msg=model)
            self.assertTrue(all(line.group_id for line in lines), msg=f"{model}: for everybody")

    def test_every_model_has_a_company_rule(self):
        without = {
            "recovery.case.tag",  # Labels are shared, as those of contacts are.
            *SHARED,
            "recovery.trigger",  # Another one.
            "recovery.invoice.queue",  # The queue of a job: only administrators may look at it.
            "recovery.provider.pace",  # A counter of jobs: another one.
            # These are for who made them; what they do is checked on the cases.
            "recovery.clock.wizard",
            "recovery.flow.builder",
            "recovery.flow.builder.step",
            "recovery.flow.trial",
            "recovery.forecast.wizard",
            "recovery.many.wizard",
            "recovery.parts.wizard",
            "recovery.parts.wizard.line",
            "recovery.plan.wizard",
            "recovery.preview.wizard",
            "recovery.return.wizard",
            "recovery.write.off.wizard",
        }
        rules = self.env["ir.rule"].sudo().search([("domain_force", "like", "company_ids")])
        ruled = set(rules.filtered(lambda rule: not rule.groups).model_id.mapped("model"))
        self.assertEqual(self._get_own_models() - ruled, without)

    def test_dialog_is_only_for_who_opened_it(self):
        colleague = self._create_user("recovery colleague", MANAGER, self.env.company)
        for wizard in (
            self.clock_wizard,
            self.flow_builder,
            self.flow_builder.step_ids,
            self.flow_trial,
            self.forecast_wizard,
            self.many_wizard,
            self.parts_wizard,
            self.parts_wizard.line_ids[:1],
            self.plan_wizard,
            self.return_wizard,
            self.write_off_wizard,
        ):
            self.assertTrue(wizard.has_access("read"))
            self.assertFalse(wizard.with_user(colleague).has_access("read"), msg=wizard._name)

    def test_portal_and_public_users_and_clerks_reach_no_record(self):
        for user in (self.public, self.portal, self.clerk):
            for model, record in self._get_records().items():
                with self.subTest(user=user.name, model=model):
                    self._assert_closed(record.with_user(user))

    def _assert_closed(self, record):
        with self.assertRaises(AccessError):
            record.search([])
        with self.assertRaises(AccessError):
            record.search_count([])
        with self.assertRaises(AccessError):
            record.read(["display_name"])
        with self.assertRaises(AccessError):
            record.formatted_read_group([], [], ["__count"])
        for operation in ("read", "write", "create", "unlink"):
            self.assertFalse(record.has_access(operation), msg=operation)

    def test_portal_user_reads_nothing_of_the_recovery_on_his_own_invoice(self):
        self.invoice.message_subscribe(self.customer.ids)
        invoice = self.invoice.with_user(self.portal)
        self.assertEqual(invoice.read(["name"])[0]["name"], self.invoice.name)
        for name, field in invoice._fields.items():
            if name.startswith("recovery_"):
                with self.subTest(field=name), self.assertRaises(AccessError):
                    invoice.read([name])
                self.assertIn("revenue_recovery.group_recovery_user", field.groups or "")

    def test_manager_of_another_company_sees_no_record(self):
        shared = {"recovery.case.tag", *SHARED}
        for model, record in self._get_records().items():
            if model in shared:
                continue
            with self.subTest(model=model):
                foreign = record.with_user(self.stranger)
                self.env.invalidate_all()
                for operation in ("read", "write", "unlink"):
                    self.assertFalse(foreign.has_access(operation), msg=operation)
                if foreign.browse().has_access("read"):
                    self.assertFalse(foreign.search([("id", "in", record.ids)]))
                with self.assertRaises(AccessError):
                    foreign.read(["display_name"])

    def test_user_of_two_companies_sees_the_cases_of_those_he_has_switched_on(self):
        self.stranger.company_ids += self.env.company
        cases = self.env["recovery.case"].with_user(self.stranger)
        only_other = cases.with_context(allowed_company_ids=self.other_company.ids)
        both = cases.with_context(allowed_company_ids=(self.other_company + self.env.company).ids)
        self.assertFalse(only_other.search([("id", "=", self.case.id)]))
        self.assertEqual(both.search([("id", "=", self.case.id)]), self.case)

    def test_case_cannot_be_moved_to_the_policy_of_another_company(self):
        policy = self._create_policy(company_id=self.other_company.id)
        with self.assertRaisesRegex(Exception, "compan"):
            self.case.policy_id = policy


@tagged("post_install", "-at_install")
class TestPolicyAccess(SecurityCommon):
    def _can_read(self, user, policy):
        self.env.invalidate_all()
        policies = self.env["recovery.policy"].with_user(user)
        found = policies.search([("id", "=", policy.id)])
        self.assertEqual(bool(found), policy.with_user(user).has_access("read"))
        return bool(found)

    def test_policy_of_no_company_is_shared(self):
        self.policy.company_id = False
        self.assertTrue(self._can_read(self.accountant, self.policy))
        self.assertTrue(self._can_read(self.stranger, self.policy))

    def test_policy_of_a_company_is_its_own(self):
        self.assertTrue(self._can_read(self.accountant, self.policy))
        self.assertFalse(self._can_read(self.stranger, self.policy))

    def test_policy_of_the_parent_company_is_read_in_its_branch(self):
        branch = self._create_company(name="Branch", parent_id=self.env.company.id)
        in_branch = self._create_user("recovery branch", ACCOUNTANT, branch)
        self.assertTrue(self._can_read(in_branch, self.policy))
        for line in (self.policy.retry_ids, self.policy.step_ids):
            self.assertTrue(line.with_user(in_branch).has_access("read"))

    def test_policy_of_a_branch_is_not_read_in_another_branch(self):
        one, two = (
            self._create_company(name=name, parent_id=self.env.company.id)
            for name in ("One", "Two")
        )
        self.policy.company_id = one
        in_two = self._create_user("recovery branch", ACCOUNTANT, two)
        self.assertFalse(self._can_read(in_two, self.policy))
        for line in (self.policy.retry_ids, self.policy.step_ids):
            self.assertFalse(line.with_user(in_two).has_access("read"))

    def test_accountant_cannot_change_policies(self):
        for record in (self.policy, self.policy.retry_ids, self.policy.step_ids):
            for operation in ("write", "create", "unlink"):
                with self.subTest(model=record._name, operation=operation):
                    self.assertFalse(record.with_user(self.accountant).has_access(operation))

    def test_accounting_manager_can_change_policies(self):
        manager = self._create_user("recovery manager", MANAGER, self.env.company)
        self.policy.with_user(manager).name = "Mine"
        self.assertEqual(self.policy.name, "Mine")
