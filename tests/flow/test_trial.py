# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.tests import tagged

from odoo.addons.revenue_recovery.models.flow.trial import Trial

from .builder_common import BuilderCommon


@tagged("post_install", "-at_install")
class TestTrial(BuilderCommon):
    """A flow is tried on a case: what would happen, and nothing happens."""

    def _try(self, builder, case):
        trial = Trial(builder.automation_id, case.with_user(self.manager))
        return trial.tell()

    def test_trial_says_what_would_happen_and_when(self):
        steps = [
            "recovery_tell",
            {"kind": "recovery_activity", "recovery_wait_count": 2},
        ]
        builder = self._build(failure_number=2, amount_above=500, steps=steps, is_on=False)
        case = self._fail_twice(amount=600.0)
        told = self._try(builder, case)
        self.assertTrue(told["starts"])
        self.assertTrue(told["meant"])
        self.assertEqual(
            [(step["name"], (step["at"] - self._now()).days) for step in told["steps"]],
            [("Tell the Team", 0), ("Schedule a To-Do", 2)],
        )
        self.assertEqual(told["steps"][0]["when"], "At once")

    def test_trial_says_which_condition_does_not_hold(self):
        builder = self._build(failure_number=2, amount_above=500, is_on=False)
        told = self._try(builder, self._fail_twice(amount=400.0))
        self.assertFalse(told["starts"])
        self.assertEqual([holds for _words, holds in told["conditions"]], [True, False])
        self.assertIn("Amount above 500", told["conditions"][1][0])
        self.assertEqual(told["steps"], [])

    def test_trial_takes_the_other_branch_where_there_is_one(self):
        builder = self._build(
            failure_number=2, amount_above=500, otherwise=["recovery_pause"], is_on=False
        )
        told = self._try(builder, self._fail_twice(amount=400.0))
        self.assertTrue(told["starts"])
        self.assertEqual([step["name"] for step in told["steps"]], ["Pause"])
        _invoice, case = self._fail_invoice(amount=400.0)
        self.assertFalse(self._try(builder, case)["starts"], msg="It failed once only.")

    def test_trial_says_what_the_flow_then_does(self):
        builder = self._build(
            amount_above=500, steps=["recovery_pause"], otherwise=["recovery_tell"]
        )
        for amount in (400.0, 600.0):
            case = self._fail_invoice(amount=amount)[1]
            self._follow()
            told = [step["name"] for step in self._try(builder, case)["steps"]]
            self.assertEqual(told, [name for name, _state in self._get_done(case)])

    def test_trial_tells_the_step_that_the_case_would_refuse(self):
        builder = self._build(when="state:lost", steps=["recovery_retry"], is_on=False)
        _invoice, case = self._fail_invoice()
        case.sudo()._close("lost", "Test")
        self.assertTrue(self._try(builder, case)["steps"][0]["block"])

    def test_trial_shows_the_condition_of_a_step(self):
        step = {"kind": "recovery_tell", "recovery_condition": "[('amount', '<', 50)]"}
        builder = self._build(steps=[step], is_on=False)
        told = self._try(builder, self._fail_invoice()[1])
        self.assertEqual(told["steps"][0]["conditions"][0][1], False)

    def test_trial_does_nothing(self):
        builder = self._build(
            steps=["recovery_pause", "recovery_tell", "recovery_block"], is_on=False
        )
        _invoice, case = self._fail_invoice()
        names = ("recovery.event", "recovery.trigger", "recovery.planned.action", "mail.message")
        before = [self.env[name].sudo().search_count([]) for name in names]
        trial = (
            self.env["recovery.flow.trial"]
            .with_user(self.manager)
            .create({"automation_id": builder.automation_id.id, "case_id": case.id})
        )
        words = " ".join(trial.result.striptags().split())
        self.assertIn("Block the Customer", words)
        self.env.flush_all()
        self.assertEqual([self.env[name].sudo().search_count([]) for name in names], before)
        self.assertEqual(case.state, "in_recovery")

    def test_trial_of_every_recipe_is_told(self):
        _invoice, case = self._fail_invoice()
        rules = self.env["base.automation"].with_context(active_test=False)
        for rule in rules.search([("recovery_recipe", "!=", False)]):
            with self.subTest(rule.name):
                trial = (
                    self.env["recovery.flow.trial"]
                    .with_user(self.manager)
                    .create({"automation_id": rule.id, "case_id": case.id})
                )
                self.assertIn("When:", trial.result)

    def test_trial_of_another_company_s_flow_starts_nothing(self):
        other = self._create_company(name="Other")
        builder = self._build(self.admin, company_id=other.id, is_on=False)
        told = Trial(builder.automation_id, self._fail_invoice()[1]).tell()
        self.assertFalse(told["starts"])
        self.assertIn("Other", told["blocks"][0])
