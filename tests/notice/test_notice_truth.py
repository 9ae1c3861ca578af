# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .notice_common import NoticeCommon

NOTICES = "odoo.addons.revenue_recovery.models.notice"
RENDERER = "odoo.addons.mail.models.mail_render_mixin"


@tagged("post_install", "-at_install")
class TestNoticeTruth(NoticeCommon):
    """What people are told of messages is true, and is taken back when it is not any more."""

    NOW = "2026-11-23 09:00:00"

    def test_archived_customer_is_said_to_be_archived(self):
        with self._at("2026-11-23 09:00:00") as clock:
            _invoice, case = self._fail_invoice()
            self.customer.active = False
            self._follow_at(clock, "2026-11-23 12:00:00")
            self.assertEqual(self._get_notice(case).state, "failed")
            self.assertIn("is archived", case.attention)
            self.assertNotIn("no e-mail address", case.attention)
            self.customer.active = True
            self._run_cron("follow")
            self.assertFalse(case.attention)

    def test_missing_address_is_told_until_there_is_one(self):
        with self._at("2026-11-23 09:00:00") as clock:
            _invoice, case = self._fail_invoice()
            self.customer.email = False
            self._follow_at(clock, "2026-11-23 12:00:00")
            self.assertIn("no e-mail address", case.attention)
            self._run_cron("follow")
            self.assertIn("no e-mail address", case.attention)
            self.customer.email = "again@example.com"
            self._run_cron("follow")
            self.assertFalse(case.attention)

    def test_archived_contact_gets_no_sms(self):
        sms = self.env["sms.template"].create(
            {"name": "S", "model_id": self.env["ir.model"]._get_id("recovery.case"), "body": "Pay"}
        )
        self._set_steps({"action_type": "sms", "sms_template_id": sms.id, "delay_hours": 1})
        with self._at("2026-11-23 09:00:00") as clock:
            _invoice, case = self._fail_invoice()
            self.customer.write({"phone": "+33612345678", "active": False})
            self._follow_at(clock, "2026-11-23 12:00:00")
            self.assertEqual(self._get_notice(case).state, "failed")
            self.assertIn("is archived", case.attention)

    @mute_logger(NOTICES, RENDERER)
    def test_template_that_fails_is_told_in_one_line_without_a_traceback(self):
        for values in (
            {"body_html": '<p t-out="object.nonsense"/>'},
            {"subject": "{{ object.nonsense }}"},
        ):
            template = self._create_template(name="Broken")
            template.sudo().flush_recordset()
            self._set_steps({"mail_template_id": template.id, "delay_hours": 1})
            with self._at("2026-11-23 09:00:00") as clock:
                _invoice, case = self._fail_invoice()
                # Odoo refuses it when it is saved here; a field may go later.
                self._break(template, values)
                self._follow_at(clock, fields.Datetime.now() + timedelta(hours=3))
                notice = self._get_notice(case)
                self.assertEqual(notice.state, "failed")
                self.assertNotIn("Traceback", notice.sentence)
                self.assertNotIn("\n", notice.sentence)
                self.assertIn("Mend “Broken”", notice.sentence)
                self.assertLess(len(notice.sentence), 450)

    def _break(self, template, values):
        (name, value), *_others = values.items()
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE mail_template SET {name} = jsonb_build_object('en_US', %s) WHERE id = %s",
            [value, template.id],
        )
        self.env.invalidate_all()

    @mute_logger(NOTICES, RENDERER)
    def test_message_that_failed_is_told_until_another_one_goes_out(self):
        template = self._create_template(name="Broken")
        first, _second = self._set_steps(
            {"mail_template_id": template.id, "delay_hours": 1},
            {"name": "Second", "delay_hours": 30},
        )
        with self._at("2026-11-23 09:00:00") as clock:
            _invoice, case = self._fail_invoice()
            self._break(template, {"body_html": '<p t-out="object.nonsense"/>'})
            self._follow_at(clock, "2026-11-23 12:00:00")
            self.assertIn("Mend “Broken”", case.attention)
            self.assertEqual(len(case.activity_ids), 1)
            self._follow_at(clock, "2026-11-24 19:00:00")
            self._run_cron("follow")
            self.assertFalse(case.attention or case.activity_ids)

    def test_broken_promise_is_told_until_a_charge_follows(self):
        with self._at("2026-11-23 09:00:00") as clock:
            _invoice, case = self._fail_invoice(token=self._create_card("error"))
            case.sudo()._promise(fields.Date.to_date("2026-11-25"))
            self._follow_at(clock, "2026-11-26 09:00:00")
            self.assertIn("did not", case.attention)
            self._run_cron("follow")
            self.assertIn("did not", case.attention)
            self._charge_next(case)
            self._run_cron("follow")
            self.assertFalse(case.attention)

    def test_job_that_works_again_takes_its_trouble_back(self):
        _invoice, case = self._fail_invoice()
        with self._at("2026-11-23 10:00:00") as clock:
            case.sudo()._put_aside(ValueError("Boom"))
            self._run_cron("follow")
            self.assertIn("Boom", case.attention)
            self._follow_at(clock, "2026-11-24 12:00:00")
            self.assertFalse(case.attention or case.activity_ids)

    def test_newer_alert_that_is_answered_leaves_an_older_note(self):
        _invoice, case = self._fail_invoice()
        case_sudo = case.sudo()
        case_sudo._ask_for_attention("One.", kind="refused")
        case_sudo._ask_for_attention("Two.", kind="promise")
        self.assertEqual(case.attention, "Two.")
        case_sudo.promise_date = "2026-12-24"
        self._run_cron("follow")
        self.assertNotEqual(case.attention, "Two.")

    def test_to_dos_of_steps_end_with_the_payment_but_for_those_about_it(self):
        todo = self.env.ref("mail.mail_activity_data_todo")
        action = {"action_type": "activity", "activity_type_id": todo.id, "mail_template_id": False}
        self._set_steps(
            {"name": "Call them", **action},
            {"name": "Thank them", "trigger": "recovered", **action},
        )
        with self._at("2026-11-23 09:00:00") as clock:
            invoice, case = self._fail_invoice()
            self._follow_at(clock, "2026-11-23 12:00:00")
            self.assertEqual(case.activity_ids.mapped("summary"), ["Call them"])
            self.assertFalse(case.attention, msg="It is no warning.")
            self._register_payment(invoice, 100.0)
            self._follow_at(clock, "2026-11-23 14:00:00")
            self._follow_at(clock, "2026-11-24 14:00:00")
            self.assertEqual(case.activity_ids.mapped("summary"), ["Thank them"])

    def test_warning_that_a_person_has_ticked_off_is_not_raised_again(self):
        card = self._create_card()
        _invoice, case = self._fail_invoice(token=card)
        card.active = False
        self._run_cron("follow")
        self.assertIn("is archived", case.attention)
        case.action_attention_done()
        self.env["recovery.invoice.queue"]._add(case.move_id)
        self._run_cron("follow")
        self.assertFalse(case.attention)

    def test_contest_can_not_be_ticked_off(self):
        _invoice, case = self._fail_invoice()
        case.sudo()._ask_question("", self.customer, "paid")
        with self.assertRaisesRegex(UserError, "Decide first"):
            case.action_attention_done()
        case.action_contest_stands()
        self.assertFalse(case.attention)

    def test_details_are_not_said_to_be_charged_where_they_are_not(self):
        _invoice, case = self._fail_invoice()
        template = self.env.ref("revenue_recovery.mail_template_update_card")
        promise = "we collect the payment"
        [body] = template._render_field("body_html", case.ids).values()
        self.assertIn(promise, body)
        self.policy.retry_schedule = "provider"
        [body] = template._render_field("body_html", case.ids).values()
        self.assertNotIn(promise, body)
