# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .rules_common import RulesCommon


@tagged("post_install", "-at_install")
class TestRules(RulesCommon):
    """Rules on recovery's models never run in the database transaction that sets them off."""

    def test_rule_is_only_queued_by_what_sets_it_off(self):
        _invoice, case = self._fail_invoice()
        rule = self._create_rule(self._note("grace"), state="grace")
        case.sudo()._begin_grace("All used up.")
        self.assertFalse(self._get_notes(case, "grace"), msg="Nothing runs in that transaction.")
        self.assertFalse(self._get_planned_actions(rule))
        self._follow()
        self.assertEqual(self._get_notes(case, "grace"), ["grace"])
        self.assertEqual(self._get_planned_actions(rule).state, "done")

    def test_rule_runs_once_for_one_change(self):
        rule = self._create_rule(self._note("opened"), trigger="on_create")
        _invoice, case = self._fail_invoice()
        self._follow()
        self._follow()
        self.assertEqual(self._get_notes(case, "opened"), ["opened"])
        self.assertEqual(len(self._get_planned_actions(rule)), 1)

    def test_rule_that_raises_is_told_once_and_changes_nothing_else(self):
        rule = self._create_rule(
            "raise UserError('Broken')", self._note("after"), trigger="on_create"
        )
        cases = self.env["recovery.case"]
        for _turn in range(2):
            cases += self._fail_invoice()[1]
        planned_actions = self._get_planned_actions(rule)
        self.assertEqual(planned_actions.mapped("state"), ["failed", "cancelled"] * 2)
        self.assertIn("Broken", planned_actions[0].sentence)
        self.assertEqual(self._get_notes(cases, "after"), [])
        self.assertIn("Broken", rule.recovery_error)
        self.assertEqual(len(rule.activity_ids), 1, msg="Told once, not for each case.")
        self.assertEqual(cases.mapped("state"), ["in_recovery"] * 2)
        self.assertTrue(all(case.next_attempt_at for case in cases))

    def test_error_is_forgotten_when_the_rule_works_again(self):
        rule = self._create_rule("raise UserError('Broken')", trigger="on_create")
        self._fail_invoice()
        self.assertTrue(rule.recovery_error)
        rule.action_server_ids.code = "pass"
        self._fail_invoice()
        self.assertFalse(rule.recovery_error)
        self.assertFalse(rule.activity_ids)

    def test_what_a_failing_action_wrote_is_undone(self):
        self._create_rule(
            "record.write({'active': False})\nraise UserError('Broken')", trigger="on_create"
        )
        _invoice, case = self._fail_invoice()
        self.assertTrue(case.active)

    def test_condition_that_raises_counts_as_not_met_and_is_told(self):
        rule = self._create_rule(
            self._note("met"), trigger="on_create", filter_domain="[('nonsense', '=', 1)]"
        )
        _invoice, case = self._fail_invoice()
        self._follow()
        self.assertEqual(case.state, "in_recovery", msg="The case opened all the same.")
        self.assertFalse(self._get_notes(case, "met"))
        self.assertIn("could not be looked at", rule.recovery_error)
        self.assertIn("nonsense", rule.recovery_error)

    @mute_logger("odoo.sql_db")
    def test_condition_that_breaks_the_database_transaction_leaves_the_case_as_it_was(self):
        rule = self._create_rule(
            self._note("met"),
            trigger="on_create",
            filter_domain="[('id', 'in', model.search([], limit=-1).ids)]",
        )
        _invoice, case = self._fail_invoice()
        self._follow()
        self.assertEqual(case.state, "in_recovery")
        self.assertTrue(case.next_attempt_at)
        self.assertTrue(rule.recovery_error)

    def test_condition_before_the_change_that_raises_counts_as_not_met(self):
        rule = self._create_rule(self._note("met"), state="grace")
        rule.filter_pre_domain = "[('nonsense', '=', 1)]"
        _invoice, case = self._fail_invoice()
        case.sudo()._begin_grace("All used up.")
        self._follow()
        self.assertEqual(case.state, "grace")
        self.assertFalse(self._get_notes(case, "met"))
        self.assertIn("nonsense", rule.recovery_error)

    def test_condition_of_a_rule_decides_by_what_the_record_was_then(self):
        self._create_rule(self._note("met"), trigger="on_create", filter_domain="[('id', '=', 0)]")
        _invoice, case = self._fail_invoice()
        self.assertFalse(self._get_notes(case, "met"))

    def test_rule_on_charges_waits_until_the_charge_is_over(self):
        rule = self._create_rule(
            "raise UserError('Broken')", model="recovery.attempt", state="declined"
        )
        invoice, case = self._fail_invoice()
        self.assertEqual(invoice.recovery_attempt_ids.mapped("state"), ["planned", "declined"])
        self.assertEqual(self._get_planned_actions(rule).state, "failed")
        self.assertEqual(self._get_planned_actions(rule).case_id, case)

    def test_rule_on_another_model_runs_as_odoo_runs_it(self):
        self._create_rule(
            "record.write({'comment': 'seen'})", model="res.partner", trigger="on_create"
        )
        partner = self.env["res.partner"].create({"name": "New"})
        self.assertIn("seen", partner.comment)

    def test_rule_that_waits_for_a_deletion_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "can't wait for a deletion"):
            self._create_rule("pass", trigger="on_unlink")

    def test_rule_deletes_the_case_it_is_about(self):
        """A case with charges is evidence, one of an overdue invoice without charges is not."""
        rule = self._create_rule("record.unlink()", trigger="on_create")
        _invoice, case = self._fail_invoice()
        self.assertTrue(case.exists())
        self.assertIn("archive it instead", self._get_planned_actions(rule).sentence)
        self.assertTrue(case.next_attempt_at)

    def test_rule_deletes_a_case_without_charges(self):
        delete = self._create_rule("record.unlink()", trigger="on_create")
        waiting = self._create_rule(self._note("x", recovery_wait_count=1), trigger="on_create")
        self._create_rule("pass", model="recovery.event", trigger="on_create")
        invoice = self._create_invoice(
            collect_automatically=False, due=fields.Date.today() - timedelta(days=3)
        )
        case = self.env["recovery.case"].sudo()._open_overdue(invoice)
        self.assertTrue(case)
        self._follow()
        self.assertFalse(case.exists())
        self.assertEqual(self._get_planned_actions(delete).state, "done")
        self.assertEqual(self._get_planned_actions(waiting).state, "cancelled")

    def test_fifty_rules_at_once_all_run(self):
        for number in range(50):
            self._create_rule(self._note(f"<{number}>"), trigger="on_create")
        _invoice, case = self._fail_invoice()
        self.assertEqual(self._get_planned_actions().mapped("state"), ["done"] * 50)

    def test_only_the_first_of_the_exclusive_rules_goes_on(self):
        values = {"trigger": "on_create", "recovery_exclusive": True}
        self._create_rule(self._note("second"), recovery_sequence=20, **values)
        self._create_rule(self._note("first"), recovery_sequence=5, **values)
        self._create_rule(self._note("unmatched"), filter_domain="[('id', '=', 0)]", **values)
        self._create_rule(self._note("other"), trigger="on_create")
        _invoice, case = self._fail_invoice()
        words = ("first", "second", "unmatched", "other")
        self.assertEqual(sorted(self._get_notes(case, *words)), ["first", "other"])

    def test_rules_run_before_the_first_notice_goes_out(self):
        silent = self._create_policy(name="Silent", sequence=99)
        self.policy.step_ids = [
            (0, 0, {"name": "Failed", "mail_template_id": self._get_template().id})
        ]
        self._create_rule(f"record.write({{'policy_id': {silent.id}}})", trigger="on_create")
        _invoice, case = self._fail_invoice()
        self.assertEqual(case.policy_id, silent)
        self.assertFalse(case.notice_ids)

    def _get_template(self):
        return self.env.ref("revenue_recovery.mail_template_payment_failed")

    def test_rule_form_offers_what_happens_to_a_case(self):
        for trigger, field in (
            ("on_state_set", "state"),
            ("on_user_set", "user_id"),
            ("on_tag_set", "tag_ids"),
            ("on_archive", "active"),
            ("on_time_created", "create_date"),
        ):
            rule = self._create_rule("pass", trigger=trigger, active=False)
            self.assertEqual(rule._get_trigger_specific_field().name, field)

    def test_responsible_and_tag_set_rules_off(self):
        tag = self.env["recovery.case.tag"].create({"name": "VIP"})
        self._create_rule(self._note("responsible"), trigger="on_user_set")
        self._create_rule(self._note("tagged"), trigger="on_tag_set", trg_field_ref=tag.id)
        _invoice, case = self._fail_invoice()
        case.user_id = self.env.user
        self._follow()
        self.assertEqual(self._get_notes(case, "responsible", "tagged"), ["responsible"])
        case.tag_ids = tag
        self._follow()
        self.assertEqual(self._get_notes(case, "responsible", "tagged"), ["responsible", "tagged"])

    def test_time_rules_find_cases_by_their_days(self):
        _invoice, case = self._fail_invoice()
        card = case.first_attempt_id.token_id
        case.move_id.collect_token_id = card
        card.sudo().recovery_expiry = fields.Date.today() + timedelta(days=5)
        for name, days, mode in (
            ("first_failure_at", 3, "after"),
            ("next_attempt_at", 60, "before"),
            ("deadline_at", 60, "before"),
            ("method_expires_on", 5, "before"),
        ):
            field = self.env["ir.model.fields"]._get("recovery.case", name)
            rule = self._create_rule(
                "pass",
                trigger="on_time",
                trg_date_id=field.id,
                trg_date_range=days,
                trg_date_range_type="day",
                trg_date_range_mode=mode,
            )
            rule.last_run = fields.Datetime.now() - timedelta(days=70)
            until = fields.Datetime.now() + timedelta(days=4 if mode == "after" else 0)
            found = rule._search_time_based_automation_records(until=until)
            self.assertIn(case, found, msg=name)

    def test_rule_based_on_a_date_is_queued_like_any_other(self):
        _invoice, case = self._fail_invoice()
        field = self.env["ir.model.fields"]._get("recovery.case", "first_failure_at")
        rule = self._create_rule(
            self._note("a day later"),
            trigger="on_time",
            trg_date_id=field.id,
            trg_date_range=1,
            trg_date_range_type="day",
            trg_date_range_mode="after",
        )
        case.sudo().first_failure_at -= timedelta(days=1, hours=1)
        rule.last_run = fields.Datetime.now() - timedelta(days=1)
        with self._enter_job_mode():
            self.env.ref(
                "base_automation.ir_cron_data_base_automation_check"
            ).sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertFalse(self._get_notes(case, "a day later"))
        self._follow()
        self.assertEqual(self._get_notes(case, "a day later"), ["a day later"])

    def test_rule_that_is_switched_on_leaves_the_past_alone(self):
        _invoice, case = self._fail_invoice()
        case.sudo().first_failure_at -= timedelta(hours=1)
        field = self.env["ir.model.fields"]._get("recovery.case", "first_failure_at")
        rule = self._create_rule(
            "pass",
            trigger="on_time",
            trg_date_id=field.id,
            trg_date_range=0,
            trg_date_range_type="hour",
            trg_date_range_mode="after",
        )
        self.assertTrue(rule.last_run)
        found = rule._search_time_based_automation_records(until=self._now())
        self.assertFalse(found)
        rule.last_run = False
        self.assertTrue(rule._search_time_based_automation_records(until=self._now()))

    def test_time_rule_whose_condition_raises_is_told(self):
        field = self.env["ir.model.fields"]._get("recovery.case", "next_attempt_at")
        rule = self._create_rule(
            "pass",
            trigger="on_time",
            trg_date_id=field.id,
            filter_domain="[('nonsense', '=', 1)]",
        )
        self.assertFalse(rule._search_time_based_automation_records(until=self._now()))
        self._follow()
        self.assertIn("nonsense", rule.recovery_error)
