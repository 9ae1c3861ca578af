# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.tests import tagged

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestFlow(RecoveryCommon):
    """What the menu of flows shows, and its buttons."""

    def _create_rule(self, actions=({},), **values):
        model_id = self.env["ir.model"]._get_id(values.pop("model", "recovery.event"))
        return self.env["base.automation"].create(
            {
                "name": "Ours",
                "model_id": model_id,
                "trigger": "on_create",
                "filter_domain": "[('type', '=', 'promise_broken')]",
                "action_server_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "Act",
                            "usage": "base_automation",
                            "model_id": model_id,
                            "state": "code",
                            "code": "pass",
                            **action,
                        },
                    )
                    for action in actions
                ],
                **values,
            }
        )

    def _get_words(self, rule):
        """Return the words of the picture of a flow."""
        return " ".join(rule.recovery_picture.striptags().split())

    def test_picture_says_when_after_how_long_and_what(self):
        rule = self._create_rule(
            actions=(
                {"name": "Charge"},
                {"name": "Call <b>", "recovery_wait_count": 2, "sequence": 9},
            )
        )
        self.assertEqual(
            self._get_words(rule),
            "When Promise broken → Then Charge → wait 2 days → Then Call <b>",
        )
        self.assertIn("Call &lt;b&gt;", rule.recovery_picture)

    def test_picture_tells_conditions_in_the_words_of_the_screen(self):
        rule = self._create_rule(
            filter_domain="[('type', '=', 'attempt_failed'), ('amount', '>=', 500),"
            " ('case_id.state', 'in', ['paused', 'grace'])]"
        )
        words = self._get_words(rule)
        self.assertIn("if Amount at least 500", words)
        self.assertIn("if Case › State is Paused, Grace", words)

    def test_picture_of_conditions_that_cannot_be_read(self):
        for domain in ("[('nonsense.of', '=', 1)]", "[(", "[('amount', '>', uid)]"):
            rule = self._create_rule(filter_domain=domain)
            self.assertIn("Then Act", self._get_words(rule), msg=domain)

    def test_picture_of_state_and_time(self):
        selection = self.env["ir.model.fields.selection"].search(
            [("field_id.model", "=", "recovery.case"), ("value", "=", "lost")], limit=1
        )
        rule = self._create_rule(
            model="recovery.case", trigger="on_state_set", trg_selection_field_id=selection.id
        )
        self.assertIn("Lost", self._get_words(rule))
        rule = self._create_rule(
            model="recovery.case",
            trigger="on_time",
            filter_domain=False,
            trg_date_id=self.env["ir.model.fields"]._get("recovery.case", "first_failure_at").id,
            trg_date_range=3,
            trg_date_range_type="day",
            trg_date_range_mode="after",
        )
        self.assertIn("3 days after: First Failure", self._get_words(rule))

    def test_rules_of_a_recipe_are_switched_on_together(self):
        rule = self._create_rule(active=False, recovery_recipe="ours")
        other = self._create_rule(active=False, recovery_recipe="ours")
        stranger = self._create_rule(active=False)
        rule.action_recovery_activate()
        self.assertEqual((rule + other + stranger).mapped("active"), [True, True, False])
        other.action_recovery_deactivate()
        self.assertFalse(rule.active)

    def test_copy_is_switched_off_and_a_recipe_no_more(self):
        rule = self._create_rule(recovery_recipe="ours")
        copy = rule.browse(rule.action_recovery_copy()["res_id"])
        self.assertFalse(copy.active)
        self.assertFalse(copy.recovery_recipe)
        self.assertEqual(copy.action_server_ids.mapped("name"), ["Act"])
        self.assertNotEqual(copy.action_server_ids, rule.action_server_ids)
