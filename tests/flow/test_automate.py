# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..notice.notice_common import NoticeCommon

MODELS = ("recovery.case", "recovery.event", "recovery.attempt", "account.move")


class AutomateCommon(NoticeCommon):
    """Server actions of recovery's kinds, run by the job's superuser or by a person."""

    def _create_automation(self, kind, model="recovery.case", **values):
        return self.env["ir.actions.server"].create(
            {
                "name": "Ours",
                "model_id": self.env["ir.model"]._get_id(model),
                "state": f"recovery_{kind}",
                **values,
            }
        )

    def _run_automation(self, kind, records, user=None, **values):
        """Run an action on records, as the job does when no user is given."""
        action = self._create_automation(kind, records._name, **values)
        env = self.env(user=user or self.env.ref("base.user_root"), su=not user)
        return (
            action.with_env(env)
            .with_context(
                active_model=records._name, active_ids=records.ids, active_id=records[:1].id
            )
            .run()
        )

    def _create_event(self, case, type="attempt_failed"):
        return (
            self.env["recovery.event"]
            .sudo()
            .create(
                {
                    "type": type,
                    "sentence": "It happened.",
                    "case_id": case.id,
                    "move_id": case.move_id.id,
                    "partner_id": case.partner_id.id,
                    "company_id": case.company_id.id,
                }
            )
        )


@tagged("post_install", "-at_install")
class TestAutomate(AutomateCommon):
    NOW = "2026-09-18 09:00:00"

    def test_each_kind_finds_the_case_of_each_kind_of_record(self):
        for model in MODELS:
            invoice, case = self._fail_invoice(token=self._create_card())
            records = {
                "recovery.case": case,
                "recovery.event": self._create_event(case),
                "recovery.attempt": case.first_attempt_id,
                "account.move": invoice,
            }
            self._run_automation("close", records[model])
            self.assertEqual(case.state, "lost", msg=model)
            self.assertIn("Ours", case.end_reason)

    def test_retry_is_planned_and_explained_but_not_made(self):
        _invoice, case = self._fail_invoice()
        before = case.attempt_count
        self._run_automation("retry", case)
        attempt = case.next_attempt_id
        self.assertLessEqual(attempt.planned_at, fields.Datetime.now() + timedelta(minutes=1))
        self.assertIn("Ours", attempt.sentence)
        self.assertEqual(case.attempt_count, before)

    def test_retry_in_some_days_on_a_working_day(self):
        with self._at("2026-09-18 09:00:00"):  # A Friday.
            _invoice, case = self._fail_invoice()
            self._run_automation("retry", case, recovery_days=1, recovery_working_day=True)
            self.assertEqual(str(case.next_attempt_at), "2026-09-20 22:00:00")

    def test_retry_after_the_last_one_is_one_more(self):
        _invoice, case = self._fail_invoice()
        case.sudo()._begin_grace("All used up.")
        case.sudo()._cancel_planned("All used up.")
        self._run_automation("retry", case)
        self.assertEqual(case.next_attempt_id.source, "user")

    def test_pause_and_resume(self):
        _invoice, case = self._fail_invoice()
        self._run_automation("pause", case, recovery_days=3)
        self.assertEqual(case.state, "paused")
        self.assertEqual(case.paused_until, fields.Date.today() + timedelta(days=3))
        self._run_automation("resume", case)
        self.assertEqual(case.state, "in_recovery")
        self.assertTrue(case.next_attempt_at)
        self._run_automation("pause", case)
        self.assertFalse(case.paused_until)

    def test_policy_changes_schedule_window_and_steps(self):
        _invoice, case = self._fail_invoice()
        policy = self._create_policy(tries=3, window_days=60, sequence=99)
        self._run_automation("policy", case, recovery_policy_id=policy.id)
        self.assertEqual(case.policy_id, policy)
        self.assertEqual(case.ladder, policy._get_schedule(case.move_id))
        self.assertEqual(case.deadline_at, case.first_failure_at + timedelta(days=60))
        self.assertGreater(case.next_attempt_at, fields.Datetime.now() + timedelta(days=10))
        self._run_cron("follow")
        self.assertEqual(
            case.notice_ids.filtered(lambda n: n.state == "planned"), case.notice_ids.browse()
        )

    def test_policy_of_another_company_is_refused_and_told(self):
        _invoice, case = self._fail_invoice()
        other = self._create_policy(company_id=self._create_company(name="Other").id)
        before = case.policy_id
        self._run_automation("policy", case, recovery_policy_id=other.id)
        self.assertEqual(case.policy_id, before)
        self.assertIn("another company", case.message_ids[0].body)

    def test_arm_once_drawn_stays_with_another_policy(self):
        self.policy.write({"retry_schedule": "smart", "control_share": 1.0})
        _invoice, case = self._fail_invoice()
        self.assertEqual(case.arm, "control")
        policy = self._create_policy(retry_schedule="smart", control_share=0.0, sequence=99)
        self._run_automation("policy", case, recovery_policy_id=policy.id)
        self.assertEqual(case.arm, "control")

    def test_backup_method_is_charged_next(self):
        backup = self._create_backup()
        _invoice, case = self._fail_invoice(token=self._create_card())
        self._run_automation("backup", case)
        self.assertEqual(case.next_attempt_id.token_id, backup)
        self._run_cron("follow")
        self._charge_next(case)
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")

    def test_backup_method_that_is_not_there_is_told(self):
        _invoice, case = self._fail_invoice()
        planned = case.next_attempt_id
        self._run_automation("backup", case)
        self.assertEqual(case.next_attempt_id, planned)
        self.assertIn("no other saved payment method", case.message_ids[0].body)

    def test_uncollectible_books_the_loss_when_asked_to(self):
        invoice, case = self._fail_invoice()
        self._run_automation("uncollectible", case, recovery_write_off=True)
        self.assertEqual(case.state, "in_recovery", msg="The policy names no account.")
        self.policy.write_off_account_id = self.company_data["default_account_expense"]
        self._run_automation("uncollectible", case, recovery_write_off=True)
        self.assertEqual(case.state, "lost")
        self.assertFalse(invoice.amount_residual)
        self.assertEqual(case.write_off_move_id.state, "posted")

    def test_uncollectible_without_a_write_off_leaves_the_invoice(self):
        invoice, case = self._fail_invoice()
        self._run_automation("uncollectible", case)
        self.assertEqual((case.state, invoice.amount_residual), ("lost", 100.0))

    def test_to_do_for_the_salesperson_is_on_the_case_or_the_invoice(self):
        invoice, case = self._fail_invoice()
        kind = self.env.ref("mail.mail_activity_data_call")
        values = {
            "recovery_activity_type_id": kind.id,
            "recovery_assignee": "salesperson",
            "recovery_summary": "Call",
            "recovery_days": 2,
        }
        self._run_automation("activity", self._create_event(case), **values)
        activity = case.activity_ids.filtered(lambda activity: activity.summary == "Call")
        self.assertEqual(activity.user_id, invoice.invoice_user_id)
        self.assertEqual(activity.date_deadline, fields.Date.today() + timedelta(days=2))
        other = self._create_invoice(token=self._create_card())
        self._run_automation("activity", other, **values)
        self.assertIn("Call", other.activity_ids.mapped("summary"))

    def test_text_of_a_to_do_is_text(self):
        _invoice, case = self._fail_invoice()
        self._run_automation(
            "activity",
            case,
            recovery_activity_type_id=self.env.ref("mail.mail_activity_data_call").id,
            recovery_note="Look <b>\nand call",
        )
        note = case.activity_ids.filtered("note").mapped("note")
        self.assertTrue(any("Look &lt;b&gt;<br" in text for text in note), msg=note)

    def test_team_is_told_with_what_happened(self):
        _invoice, case = self._fail_invoice()
        channel = self.env["discuss.channel"].create({"name": "Dunning"})
        self._run_automation(
            "tell",
            self._create_event(case),
            recovery_note="Look <b>",
            recovery_channel_id=channel.id,
        )
        body = channel.message_ids[0].body
        self.assertIn("Look &lt;b&gt;", body)
        self.assertIn("It happened.", body)
        self.assertIn(f"/odoo/recovery.case/{case.id}", body)

    def test_customer_is_blocked_in_one_company_only(self):
        _invoice, case = self._fail_invoice()
        self._run_automation("block", self._create_event(case))
        other = self._create_company(name="Other")
        self.assertTrue(self.customer.recovery_blocked)
        self.assertFalse(self.customer.with_company(other).recovery_blocked)
        with self.assertRaises(UserError):
            self.customer._recovery_check_may_order()
        self._run_automation("unblock", case)
        self.customer._recovery_check_may_order()

    def test_closed_case_is_left_alone_and_the_user_is_told(self):
        _invoice, case = self._fail_invoice()
        case.sudo()._close("lost", "Given up.")
        self._run_automation("retry", case)
        self.assertFalse(case.next_attempt_id)
        with self.assertRaisesRegex(UserError, "closed"):
            self._run_automation("retry", case, user=self.env.user)

    def test_user_without_rights_cannot_run_them_on_invoices(self):
        invoice, case = self._fail_invoice()
        clerk = new_test_user(self.env, "automate clerk", "base.group_user")
        for record in (case, invoice):
            with (
                mute_logger("odoo.addons.base.models.ir_actions"),
                self.assertRaises(AccessError),
            ):
                self._run_automation("close", record, user=clerk)
        self.assertEqual(case.state, "in_recovery")

    def test_accountant_runs_them_from_the_action_menu(self):
        invoices = self._fail_invoice()[0] + self._fail_invoice()[0]
        user = new_test_user(
            self.env,
            "automate accountant",
            "account.group_account_invoice",
            company_id=self.env.company.id,
            company_ids=[Command.set(self.env.company.ids)],
        )
        result = self._run_automation("pause", invoices, user=user)
        self.assertEqual(invoices.recovery_case_id.mapped("state"), ["paused", "paused"])
        self.assertEqual(result["tag"], "display_notification")

    def test_form_of_an_action_asks_for_what_its_kind_needs(self):
        with Form(self._create_automation("activity"), "base.view_server_action_form") as form:
            form.recovery_activity_type_id = self.env.ref("mail.mail_activity_data_call")
            form.recovery_assignee = "user"
            form.recovery_user_id = self.env.user
            form.recovery_days = 2
            form.recovery_note = "Call"
        template = self.env.ref("revenue_recovery.mail_template_ended")
        with Form(self._create_automation("notice"), "base.view_server_action_form") as form:
            form.recovery_template_id = template
        with Form(self._create_automation("policy"), "base.view_server_action_form") as form:
            form.recovery_policy_id = self.policy
        action = form.record
        self.assertEqual((action.recovery_policy_id, action.warning), (self.policy, False))

    def test_incomplete_action_says_what_it_lacks(self):
        for kind in ("policy", "notice", "activity"):
            action = self._create_automation(kind)
            self.assertIn("Choose", action.warning, msg=kind)
        action = self._create_automation("close", model="res.partner")
        self.assertIn("work on cases", action.warning)
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self._create_automation("pause", recovery_days=-1)


@tagged("post_install", "-at_install")
class TestAutomateNotice(AutomateCommon):
    """Messages that automations ask for keep the rules of all notices."""

    NOW = "2026-09-16 09:00:00"

    def test_message_goes_out_with_the_next_run(self):
        self.policy.step_ids.unlink()
        with self._at("2026-09-16 09:00:00") as clock:  # A Wednesday.
            _invoice, case = self._fail_invoice()
            template = self.env.ref("revenue_recovery.mail_template_other_method")
            self._run_automation("notice", case, recovery_template_id=template.id)
            notice = self._get_notice(case)
            self.assertIn("Ours", notice.sentence)
            self._follow_at(clock, "2026-09-16 09:05:00")
            self.assertEqual((notice.state, notice.name), ("sent", template.name))

    def test_only_one_message_a_day(self):
        with self._at("2026-09-16 09:00:00") as clock:
            _invoice, case = self._fail_invoice()
            self._follow_at(clock, "2026-09-16 11:30:00")
            self._run_automation("ask_method", case)
            self._follow_at(clock, "2026-09-16 12:00:00")
            asked = case.notice_ids.sudo().filtered(lambda n: n.occurrence.startswith("asked"))
            self.assertEqual(asked.state, "planned")
            self.assertTrue(asked.held_until)
            self._follow_at(clock, "2026-09-17 09:00:00")
            self.assertEqual(asked.state, "sent")

    def test_message_is_withdrawn_when_the_invoice_was_paid(self):
        with self._at("2026-09-16 19:00:00") as clock:  # After hours: it waits for the morning.
            invoice, case = self._fail_invoice()
            self._run_automation("ask_method", case)
            asked = case.notice_ids.sudo().filtered(lambda n: n.occurrence.startswith("asked"))
            self.assertEqual(str(asked.planned_at), "2026-09-17 06:00:00")
            self._register_payment(invoice, 100.0)
            self._follow_at(clock, "2026-09-17 09:00:00")
            self.assertEqual(asked.state, "skipped")

    def test_message_about_a_lost_case_goes_out(self):
        with self._at("2026-09-16 09:00:00") as clock:
            _invoice, case = self._fail_invoice()
            case.sudo()._close("lost", "Given up.")
            template = self.env.ref("revenue_recovery.mail_template_ended")
            self._run_automation("notice", case, recovery_template_id=template.id)
            self._follow_at(clock, "2026-09-16 09:05:00")
            self.assertIn("sent", case.notice_ids.sudo().mapped("state"))

    def test_same_message_uses_the_same_step_again(self):
        _invoice, case = self._fail_invoice()
        self._run_automation("ask_method", case)
        self._run_automation("ask_method", case)
        asked = case.notice_ids.sudo().filtered(lambda n: n.occurrence.startswith("asked"))
        self.assertEqual((len(asked), len(asked.step_id)), (2, 1))
        self.assertFalse(asked.step_id.policy_id.active)
