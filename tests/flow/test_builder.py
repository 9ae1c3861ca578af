# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from ast import literal_eval

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.revenue_recovery.models.flow.criteria import read_domain, split_asked
from odoo.addons.revenue_recovery.models.flow.definition import Definition

from .builder_common import BuilderCommon


@tagged("post_install", "-at_install")
class TestBuilding(BuilderCommon):
    """A flow in the words of the builder is an automation rule, and nothing beside it."""

    def _build_by_form(self):
        form = self._form()
        form.when = "event:attempt_failed"
        form.failure_number = 2
        form.amount_above = 500
        with form.step_ids.new() as step:
            step.kind = "recovery_tell"
        with form.step_ids.new() as step:
            step.kind = "recovery_activity"
            step.recovery_wait_count = 2
        with form.otherwise_ids.new() as step:
            step.kind = "recovery_ask_method"
        return form.save()

    def test_manager_builds_from_nothing_what_an_administrator_would_write_as_a_rule(self):
        rule = self._build_by_form().automation_id.sudo()
        self.assertEqual((rule.model_name, rule.trigger), ("recovery.event", "on_create"))
        self.assertEqual(
            literal_eval(rule.filter_domain),
            [("type", "=", "attempt_failed"), ("attempt_number", "=", 2), ("amount", ">", 500)],
        )
        self.assertFalse(rule.active, msg="It acts once somebody has looked at it.")
        self.assertEqual(rule.name, "Charge failed: Tell the Team")
        self.assertEqual(rule.recovery_company_id, self.env.company)
        self.assertEqual(rule.recovery_author_id, self.manager)
        self.assertEqual(
            [
                (act.state, act.recovery_wait_count, act.recovery_otherwise)
                for act in rule.action_server_ids.sorted("sequence")
            ],
            [
                ("recovery_tell", 0, False),
                ("recovery_activity", 2, False),
                ("recovery_ask_method", 0, True),
            ],
        )

    def test_what_was_built_tells_the_team_and_waits_two_days_where_the_conditions_hold(self):
        builder = self._build_by_form()
        builder.action_activate()
        _invoice, case = self._fail_invoice(amount=600.0)
        self._follow()
        self.assertEqual(self._get_done(case), [], msg="It failed once only.")
        self._charge_next(case)
        self._follow()
        self.assertEqual(
            self._get_done(case), [("Tell the Team", "done"), ("Schedule a To-Do", "planned")]
        )
        self.assertEqual(self._get_distance(case), [2])

    def test_otherwise_is_done_where_they_do_not_hold(self):
        builder = self._build_by_form()
        builder.action_activate()
        case = self._fail_twice(amount=400.0)
        self.assertEqual(self._get_done(case), [("Ask for a New Method", "done")])
        self.assertTrue(case.sudo().notice_ids)

    def test_otherwise_says_on_the_timeline_that_the_conditions_did_not_hold(self):
        self._build(
            amount_above=500,
            otherwise=[{"kind": "recovery_activity", "recovery_wait_count": 1}],
        )
        _invoice, case = self._fail_invoice()
        self._follow()
        self.assertIn("conditions did not hold", case.sudo().planned_action_ids.sentence)

    def test_flow_starts_with_a_state_of_a_case(self):
        rule = self._build(when="state:paused", steps=["recovery_resume"]).automation_id.sudo()
        self.assertEqual((rule.model_name, rule.trigger), ("recovery.case", "on_state_set"))
        _invoice, case = self._fail_invoice()
        self.assertEqual(self._get_done(case), [])
        case.sudo()._pause(False, "Test")
        self._follow()
        self.assertEqual(self._get_done(case), [("Resume", "done")])
        self.assertEqual(case.state, "in_recovery")

    def test_flow_starts_with_a_new_case_and_branches_by_its_amount(self):
        self._build(when="case:opened", amount_above=500, otherwise=["recovery_pause"])
        for amount, name in ((600.0, "Tell the Team"), (400.0, "Pause")):
            _invoice, case = self._fail_invoice(amount=amount)
            self._follow()
            self.assertEqual(self._get_done(case), [(name, "done")])

    def test_each_condition_that_matters_is_looked_at(self):
        other = self.env["res.partner"].create({"name": "Other"})
        policy = self._create_policy(name="Other", active=False)
        for values, holds in (
            ({"decline_class": "later"}, True),
            ({"decline_class": "never"}, False),
            ({"partner_ids": [Command.set(self.customer.ids)]}, True),
            ({"partner_ids": [Command.set(other.ids)]}, False),
            ({"policy_ids": [Command.set(self.policy.ids)]}, True),
            ({"policy_ids": [Command.set(policy.ids)]}, False),
            ({"more_conditions": "[('is_first_payment', '=', False)]"}, False),
        ):
            with self.subTest(**values):
                builder = self._build(when="event:attempt_failed", failure_number=2, **values)
                case = self._fail_twice()
                builder.action_deactivate()
                self.assertEqual(bool(self._get_done(case)), holds)

    def test_condition_on_what_is_archived_is_kept(self):
        policy = self._create_policy(name="Old", active=False)
        builder = self._build(policy_ids=[Command.set(policy.ids)], is_on=False)
        self._open(builder.automation_id).amount_above = 5
        self.assertIn(str(policy.ids), builder.automation_id.sudo().filter_domain)

    def test_contact_of_a_customer_stands_for_the_customer(self):
        contact = self.env["res.partner"].create({"name": "Him", "parent_id": self.customer.id})
        builder = self._build(partner_ids=[Command.set(contact.ids)], is_on=False)
        self.assertIn(str(self.customer.ids), builder.automation_id.sudo().filter_domain)

    def test_change_of_what_it_starts_with_keeps_the_steps(self):
        builder = self._build(is_on=False)
        with self._form(builder) as form:
            form.when = "state:lost"
        rule = builder.automation_id.sudo()
        self.assertEqual(rule.trg_selection_field_id.value, "lost")
        self.assertEqual(rule.action_server_ids.mapped("state"), ["recovery_tell"])
        self.assertEqual(rule.action_server_ids.model_id, rule.model_id)
        with self._form(builder) as form:
            form.when = "event:promise_broken"
        self.assertEqual(rule.filter_domain, "[('type', '=', 'promise_broken')]")

    def test_step_that_lacks_something_is_not_saved(self):
        with self.assertRaisesRegex(ValidationError, "Choose the policy"):
            self._build(steps=["recovery_policy"])

    def test_flow_without_a_step_is_not_switched_on(self):
        with self.assertRaisesRegex(UserError, "would do nothing"):
            self._build(steps=[])

    def test_what_is_planned_of_a_step_that_stays_goes_on(self):
        step = {"kind": "recovery_activity", "recovery_wait_count": 2}
        builder = self._build(steps=[step, {**step, "kind": "recovery_resume"}])
        _invoice, case = self._fail_invoice()
        self._follow()
        first, second = builder.step_ids
        builder.write(
            {"step_ids": [Command.update(first.id, {"name": "Call"}), Command.delete(second.id)]}
        )
        for planned in case.sudo().planned_action_ids:
            planned.planned_at = self._now()
        self._follow()
        self.assertEqual(
            sorted(self._get_done(case)), [("Resume", "cancelled"), ("Schedule a To-Do", "done")]
        )

    def test_two_people_do_not_overwrite_each_other(self):
        rule = self._build(is_on=False).automation_id
        first, second = self._open(rule), self._open(rule, self.admin)
        first.amount_above = 5
        with self.assertRaisesRegex(UserError, "changed this flow meanwhile"):
            second.amount_above = 6
        first.amount_above = 7
        self.assertIn("7", rule.sudo().filter_domain)

    def test_flow_may_wait_for_a_new_step_in_the_middle(self):
        builder = self._build(steps=["recovery_tell", "recovery_close"], is_on=False)
        builder.step_ids.filtered(lambda step: step.kind == "recovery_close").sequence = 30
        builder.write({"step_ids": [Command.create({"kind": "recovery_pause", "sequence": 20})]})
        actions = builder.automation_id.sudo().action_server_ids.sorted("sequence")
        self.assertEqual(
            actions.mapped("state"), ["recovery_tell", "recovery_pause", "recovery_close"]
        )
        again = self._open(builder.automation_id)
        self.assertEqual(again.step_ids.mapped("kind"), actions.mapped("state"))


@tagged("post_install", "-at_install")
class TestOpening(BuilderCommon):
    def _get_recipes(self):
        rules = self.env["base.automation"].with_context(active_test=False)
        return rules.search([("recovery_recipe", "!=", False)])

    def test_every_recipe_opens_as_it_is_and_is_saved_as_it_was(self):
        recipes = self._get_recipes()
        self.assertGreater(len(recipes), 9)
        for rule in recipes:
            with self.subTest(recipe=rule.name):
                before = Definition(rule).get_values()
                builder = self._open(rule, self.admin)
                builder.name = "Renamed"
                after = Definition(rule).get_values()
                self.assertEqual(after.pop("name"), "Renamed")
                domains = [read_domain(each.pop("domain")) for each in (before, after)]
                self.assertCountEqual(*domains)
                before.pop("name")
                self.assertEqual(after, before)

    def test_recipe_copied_by_a_manager_is_for_their_company(self):
        rule = self.env.ref("revenue_recovery.flow_first_payment").with_user(self.manager)
        builder = self.env["recovery.flow.builder"].browse(rule.action_recovery_copy()["res_id"])
        copy = builder.automation_id
        self.assertNotEqual(copy, rule)
        self.assertEqual(copy.recovery_company_id, self.env.company)
        self.assertFalse(copy.recovery_recipe)
        self.assertFalse(copy.active)
        self.assertEqual(len(copy.sudo().action_server_ids), 2)

    def test_rule_with_code_opens_in_odoo_s_own_form_for_administrators_only(self):
        rule = self._create_rule("pass", model="recovery.event", trigger="on_create")
        rule.filter_domain = "[('type', '=', 'promise_broken')]"
        action = rule.with_user(self.admin).action_recovery_edit()
        self.assertEqual(action["res_model"], "base.automation")
        with self.assertRaisesRegex(UserError, "Ask an administrator"):
            rule.with_user(self.manager).action_recovery_edit()

    def test_conditions_that_no_field_tells_are_kept_as_they_are(self):
        domain = (
            "['&', ('type', '=', 'attempt_failed'), '&', ('amount', '>', 5), '|',"
            " ('amount', '<', 9), ('decline_class', '=', 'later')]"
        )
        asked, rest = split_asked("recovery.event", read_domain(domain)[1:])
        self.assertEqual(asked, {"amount_above": 5})
        self.assertEqual(rest, [["|", ("amount", "<", 9), ("decline_class", "=", "later")]])

    def test_domain_that_is_an_expression_is_left_to_odoo_s_own_form(self):
        rule = self._create_rule("pass", model="recovery.event", trigger="on_create")
        rule.filter_domain = "[('occurred_at', '>', datetime.datetime.now())]"
        self.assertIsNone(Definition(rule).get_values())
