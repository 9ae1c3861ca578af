# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields
from odoo.tests import tagged

from .rules_common import RulesCommon


@tagged("post_install", "-at_install")
class TestStockActions(RulesCommon):
    """Odoo's own actions work on cases, and on the cases that events are about."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.colleague = cls.env["res.users"].create(
            {
                "name": "Colleague",
                "login": "stock actions",
                "email": "colleague@example.com",
                "group_ids": cls.env.ref("account.group_account_invoice").ids,
            }
        )
        cls.tag = cls.env["recovery.case.tag"].create({"name": "Difficult"})
        cls.other_tag = cls.env["recovery.case.tag"].create({"name": "Loud"})

    def _update(self, path, record, **values):
        """Return an action that updates a field, chosen in the form as a person does it."""
        return {
            "state": "object_write",
            "update_path": path,
            "evaluation_type": "value",
            "resource_ref": f"{record._name},{record.id}",
            "value": str(record.id),
            **values,
        }

    def _create_event_rule(self, *actions):
        return self._create_rule(
            *actions,
            model="recovery.event",
            trigger="on_create",
            filter_domain="[('type', '=', 'attempt_failed')]",
        )

    def _assert_done(self, rule):
        planned = self._get_planned_actions(rule)
        self.assertEqual(set(planned.mapped("state")), {"done"}, msg=planned.mapped("sentence"))

    def test_rule_on_cases_sets_responsible_and_tags(self):
        rule = self._create_rule(
            self._update("user_id", self.colleague),
            self._update("tag_ids", self.tag),
            self._update("tag_ids", self.other_tag),
            trigger="on_create",
        )
        _invoice, case = self._fail_invoice()
        self._assert_done(rule)
        self.assertEqual(case.user_id, self.colleague)
        self.assertEqual(case.tag_ids, self.tag + self.other_tag)

    def test_rule_on_cases_takes_a_tag_away_and_empties_the_rest(self):
        self._create_rule(self._update("tag_ids", self.tag), trigger="on_create")
        _invoice, case = self._fail_invoice()
        self.assertEqual(case.tag_ids, self.tag)
        rule = self._create_rule(
            self._update("tag_ids", self.other_tag, update_m2m_operation="set"),
            self._update("tag_ids", self.other_tag, update_m2m_operation="remove"),
            state="grace",
        )
        case.sudo()._begin_grace("All used up.")
        self._follow()
        self._assert_done(rule)
        self.assertFalse(case.tag_ids)

    def test_rule_on_events_sets_responsible_and_tags_of_the_case(self):
        rule = self._create_event_rule(
            self._update("case_id.user_id", self.colleague),
            self._update("case_id.tag_ids", self.tag),
        )
        _invoice, case = self._fail_invoice()
        self._assert_done(rule)
        self.assertEqual((case.user_id, case.tag_ids), (self.colleague, self.tag))

    def test_rule_on_events_without_a_case_changes_nothing_else(self):
        rule = self._create_event_rule(
            self._update("case_id.user_id", self.colleague), self._note("x")
        )
        event = (
            self.env["recovery.event"]
            .sudo()
            .create(
                {
                    "type": "attempt_failed",
                    "sentence": "It happened.",
                    "company_id": self.env.company.id,
                }
            )
        )
        self._follow()
        self.assertEqual(self._get_planned_actions(rule)[0].state, "done")
        self.assertFalse(event.case_id)

    def test_rule_on_cases_schedules_an_activity_for_a_person(self):
        todo = self.env.ref("mail.mail_activity_data_todo")
        rule = self._create_rule(
            {
                "state": "next_activity",
                "activity_type_id": todo.id,
                "activity_summary": "Call",
                "activity_date_deadline_range": 2,
                "activity_date_deadline_range_type": "days",
                "activity_user_type": "specific",
                "activity_user_id": self.colleague.id,
            },
            trigger="on_create",
        )
        _invoice, case = self._fail_invoice()
        self._assert_done(rule)
        activity = case.activity_ids.filtered(lambda activity: activity.summary == "Call")
        self.assertEqual((activity.activity_type_id, activity.user_id), (todo, self.colleague))
        self.assertEqual((activity.date_deadline - fields.Date.today()).days, 2)

    def test_rule_on_cases_schedules_an_activity_for_the_responsible(self):
        rule = self._create_rule(
            self._update("user_id", self.colleague),
            {
                "state": "next_activity",
                "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                "activity_summary": "Call",
                "activity_user_type": "generic",
                "activity_user_field_name": "user_id",
            },
            trigger="on_create",
        )
        _invoice, case = self._fail_invoice()
        self._assert_done(rule)
        activity = case.activity_ids.filtered(lambda activity: activity.summary == "Call")
        self.assertEqual(activity.user_id, self.colleague)

    def test_rule_on_cases_makes_a_person_follow_it(self):
        rule = self._create_rule(
            {
                "state": "followers",
                "followers_type": "specific",
                "partner_ids": self.colleague.partner_id.ids,
            },
            trigger="on_create",
        )
        _invoice, case = self._fail_invoice()
        self._assert_done(rule)
        self.assertIn(self.colleague.partner_id, case.message_partner_ids)
