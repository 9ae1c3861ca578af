# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...models.notice.delivery import Delivery
from .notice_common import NoticeCommon

MONDAY = "2026-03-02 08:00:00"


@tagged("post_install", "-at_install")
class TestDelivery(NoticeCommon):
    """A notice shows what the outgoing queue says of it, and a lost one finds another way."""

    NOW = MONDAY

    def setUp(self):
        super().setUp()
        self.contact = self.env["res.partner"].create(
            {
                "name": "Bookkeeping",
                "email": "books@example.com",
                "type": "invoice",
                "parent_id": self.customer.id,
            }
        )

    def _hand_over(self, clock):
        """Return a case whose notice is in the queue, and the notice."""
        _invoice, case = self._fail_invoice()
        self._follow_at(clock, "2026-03-02 11:00:00")
        return case, self._get_notice(case)

    def _bounce(self, notice):
        notifications = self.env["mail.notification"].sudo()
        notifications.search([("mail_message_id", "=", notice.mail_message_id.id)]).write(
            {"notification_status": "bounce", "failure_reason": "No such mailbox"}
        )

    def test_notice_in_the_queue_does_not_look_sent(self):
        with self._at(MONDAY) as clock:
            case, notice = self._hand_over(clock)
            self.assertEqual((notice.state, notice.status), ("sent", "queued"))
            line = case.timeline_ids.filtered(lambda line: line.kind == "notice")
            self.assertEqual(line.state, "queued")
            self._send_queue()
            self.assertEqual(notice.status, "sent")

    def test_trace_names_template_recipient_language_and_subject(self):
        with self._at(MONDAY) as clock:
            _case, notice = self._hand_over(clock)
        self.assertEqual(notice.template_name, self.template.name)
        self.assertIn("customer@example.com", notice.recipients)
        self.assertEqual((notice.recipient_id, notice.lang), (self.customer, "en_US"))
        self.assertIn(notice.move_id.name, notice.subject)

    def test_address_that_is_no_contact_follows_the_queue_too(self):
        template = self._create_template(partner_to=False, email_to="desk@example.com")
        self._set_steps({"mail_template_id": template.id})
        with self._at(MONDAY) as clock:
            _case, notice = self._hand_over(clock)
            self.assertEqual((notice.recipients, notice.status), ("desk@example.com", "queued"))
            self._send_queue()
            self.assertEqual(notice.status, "sent")

    def test_accountant_reads_a_notice_about_a_saved_method(self):
        notice = (
            self.env["recovery.notice"]
            .sudo()
            .create(
                {
                    "name": "Card expires",
                    "token_id": self._create_card().id,
                    "partner_id": self.customer.id,
                    "company_id": self.env.company.id,
                    "planned_at": fields.Datetime.now(),
                }
            )
        )
        accountant = new_test_user(
            self.env,
            "notice accountant",
            "account.group_account_invoice",
            company_id=self.env.company.id,
            company_ids=[Command.set(self.env.company.ids)],
        )
        self.env.invalidate_all()
        found = notice.with_user(accountant).web_read(
            {"token_id": {"fields": {"display_name": {}}}}
        )
        self.assertEqual(found[0]["id"], notice.id)

    def test_bounce_is_told_and_the_next_contact_for_invoices_is_written_to(self):
        with self._at(MONDAY) as clock:
            case, notice = self._hand_over(clock)
            self._send_queue()
            self._bounce(notice)
            self.assertEqual((notice.status, notice.failure_reason), ("bounced", "No such mailbox"))
            self.assertIn("did not arrive", case.attention)
            self.assertTrue(case.activity_ids)
            self._follow_at(clock, "2026-03-02 11:10:00")
            self.assertEqual((notice.status, notice.recipient_id), ("queued", self.contact))
            self.assertEqual(notice.tried_partner_ids, self.customer)
            mail = self.env["mail.mail"].sudo().search([("state", "=", "outgoing")])
            self.assertEqual(mail.recipient_ids, self.contact)

    def test_name_that_a_customer_chose_is_text_in_the_to_do(self):
        step = self.env["recovery.policy.step"].create(
            {
                "name": "Card expires",
                "policy_id": self.policy.id,
                "trigger": "method_expires",
                "action_type": "activity",
                "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
            }
        )
        notice = (
            self.env["recovery.notice"]
            .sudo()
            .create(
                {
                    "name": "Card expires",
                    "step_id": step.id,
                    "token_id": self._create_card().id,
                    "partner_id": self.customer.id,
                    "company_id": self.env.company.id,
                    "planned_at": fields.Datetime.now(),
                    "recipients": '"<img src=https://evil.example/x>" <customer@example.com>',
                }
            )
        )
        activities = self.env["mail.activity"].sudo()
        before = activities.search([])
        Delivery(notice.env)._react_to_loss(notice, notice, self.customer)
        note = (activities.search([]) - before).note
        self.assertIn("&lt;img src=https://evil.example/x&gt;", note)
        self.assertNotIn("<img", note)

    def test_each_contact_is_tried_once(self):
        with self._at(MONDAY) as clock:
            _case, notice = self._hand_over(clock)
            self._bounce(notice)
            self._follow_at(clock, "2026-03-02 11:10:00")
            self._bounce(notice)
            self._follow_at(clock, "2026-03-02 11:20:00")
            self.assertEqual(notice.status, "bounced")
            self.assertFalse(notice.next_partner_id)

    def test_contact_with_the_same_address_is_not_another_way(self):
        self.contact.email = self.customer.email
        with self._at(MONDAY) as clock:
            _case, notice = self._hand_over(clock)
            self._bounce(notice)
            self.assertFalse(notice.next_partner_id)

    def test_paid_meanwhile_is_not_sent_to_the_next_contact(self):
        with self._at(MONDAY) as clock:
            case, notice = self._hand_over(clock)
            self._bounce(notice)
            self._register_payment(case.move_id, 100.0)
            self._follow_at(clock, "2026-03-02 11:10:00")
            self.assertEqual(notice.status, "bounced")
            self.assertIn("the case is closed", notice.sentence)

    def test_mail_server_that_refuses_makes_the_notice_failed(self):
        with self._at(MONDAY) as clock:
            case, notice = self._hand_over(clock)
            notifications = self.env["mail.notification"].sudo()
            notifications.search([("mail_message_id", "=", notice.mail_message_id.id)]).write(
                {"notification_status": "exception", "failure_reason": "Refused"}
            )
            self.assertEqual((notice.status, notice.failure_reason), ("failed", "Refused"))
            self.assertTrue(case.activity_ids)

    def test_mail_that_a_server_takes_calls_nobody(self):
        with self._at(MONDAY) as clock:
            case, notice = self._hand_over(clock)
            self._send_queue()
            self.assertEqual(notice.status, "sent")
            self.assertFalse(notice.failure_reason)
            self.assertFalse(notice.tried_partner_ids)
            self.assertFalse(case.activity_ids)
            self.assertFalse(notice.next_partner_id)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_mail_that_a_server_does_not_take_is_told(self):
        with self._at(MONDAY) as clock:
            case, notice = self._hand_over(clock)
            server = self.registry["ir.mail_server"]
            with patch.object(server, "send_email", side_effect=OSError("Refused")):
                self._send_queue()
            self.assertEqual(notice.status, "failed")
            self.assertTrue(case.activity_ids)
            self.assertEqual(notice.next_partner_id, self.contact)

    def test_mail_cancelled_or_deleted_before_it_was_sent_does_not_look_sent(self):
        with self._at(MONDAY) as clock:
            _case, notice = self._hand_over(clock)
            self.env["mail.mail"].sudo().search([("state", "=", "outgoing")]).unlink()
            self.assertEqual(notice.status, "cancelled")
            self.assertIn("taken from the queue", notice.sentence)

    def test_opened_link_and_result_are_noted_once(self):
        with self._at(MONDAY) as clock:
            _case, notice = self._hand_over(clock)
            public = notice.with_user(self.env.ref("base.public_user"))
            clock.move_to("2026-03-02 12:00:00")
            public._note_opened()
            clock.move_to("2026-03-02 13:00:00")
            public._note_opened()
            self.assertEqual(str(notice.opened_at), "2026-03-02 12:00:00")
            public._note_result("paid")
            public._note_result("question")
            self.assertEqual(notice.result, "paid")

    def test_accountant_filters_what_did_not_arrive(self):
        with self._at(MONDAY) as clock:
            _case, notice = self._hand_over(clock)
            self._bounce(notice)
        found = self.env["recovery.notice"].search([("status", "in", ("bounced", "failed"))])
        self.assertEqual(found.sudo(), notice)


@tagged("post_install", "-at_install")
class TestActions(NoticeCommon):
    """What steps do besides e-mails."""

    NOW = MONDAY

    def _run_step(self, **values):
        """Return a case whose step has had its turn, and its notice."""
        self._set_steps({"mail_template_id": False, **values})
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            self._follow_at(clock, "2026-03-02 11:00:00")
        return case, self._get_notice(case)

    def test_sms_is_queued_to_the_customers_number(self):
        self.customer.phone = "+33 6 12 34 56 78"
        template = self.env["sms.template"].create(
            {
                "name": "Short",
                "model_id": self.env["ir.model"]._get_id("recovery.case"),
                "body": "{{ object.move_id.name }} was not paid.",
            }
        )
        case, notice = self._run_step(action_type="sms", sms_template_id=template.id)
        sms = self.env["sms.sms"].sudo().search([("partner_id", "=", self.customer.id)])
        self.assertEqual(sms.number.replace(" ", ""), "+33612345678")
        self.assertEqual(sms.body, f"{case.move_id.name} was not paid.")
        self.assertEqual((notice.state, notice.status), ("sent", "queued"))

    def test_customer_without_a_number_is_told_to_the_accountant(self):
        template = self.env["sms.template"].create(
            {
                "name": "Short",
                "model_id": self.env["ir.model"]._get_id("recovery.case"),
                "body": "Hello",
            }
        )
        case, notice = self._run_step(action_type="sms", sms_template_id=template.id)
        self.assertEqual(notice.state, "failed")
        self.assertIn("no phone number", case.attention)

    def test_letter_is_attached_with_a_to_do_to_print_it(self):
        self.env["ir.ui.view"].create(
            {
                "type": "qweb",
                "key": "revenue_recovery.test_letter",
                "arch": "<t t-name='revenue_recovery.test_letter'><t t-foreach='docs' t-as='doc'>"
                "<p t-out='doc.partner_id.name'/></t></t>",
            }
        )
        report = self.env["ir.actions.report"].create(
            {
                "name": "Letter",
                "model": "recovery.case",
                "report_name": "revenue_recovery.test_letter",
                "report_type": "qweb-pdf",
            }
        )
        case, notice = self._run_step(action_type="letter", report_id=report.id)
        self.assertEqual(notice.status, "done")
        self.assertEqual(notice.attachment_id.res_id, case.id)
        self.assertIn(b"Customer", notice.attachment_id.raw)
        self.assertIn("Print and send", case.activity_ids.mapped("summary")[0])

    def test_activity_is_for_the_chosen_user(self):
        kind = self.env.ref("mail.mail_activity_data_call")
        user = self.env.ref("base.user_admin")
        case, notice = self._run_step(
            action_type="activity", activity_type_id=kind.id, activity_user_id=user.id
        )
        self.assertEqual((case.activity_ids.activity_type_id, notice.status), (kind, "done"))
        self.assertEqual(case.activity_ids.user_id, user)

    def test_server_action_runs_on_the_case(self):
        action = self._create_action("record.message_post(body='It ran')")
        case, notice = self._run_step(action_type="server_action", server_action_id=action.id)
        self.assertIn("It ran", "".join(case.message_ids.mapped("body")))
        self.assertIn("has run", notice.sentence)

    @mute_logger("odoo.addons.revenue_recovery.models.notice.recovery_notice")
    def test_server_action_that_raises_is_told_and_changes_nothing_else(self):
        action = self._create_action(
            "record.message_post(body='Half done')\nraise UserError('Impossible')"
        )
        self._set_steps(
            {
                "name": "Act",
                "mail_template_id": False,
                "action_type": "server_action",
                "server_action_id": action.id,
            },
            {"name": "Write"},
        )
        with self._at(MONDAY) as clock, mute_logger("odoo.addons.base.models.ir_actions"):
            _invoice, case = self._fail_invoice()
            self._follow_at(clock, "2026-03-02 11:00:00")
        self.assertEqual(self._get_notice(case, "Act").state, "failed")
        self.assertIn("Impossible", case.attention)
        self.assertNotIn("Half done", "".join(case.message_ids.mapped("body")))
        self.assertEqual(self._get_notice(case, "Write").state, "sent")

    def test_failed_notice_is_not_tried_for_ever(self):
        action = self._create_action("raise UserError('Impossible')")
        with mute_logger(
            "odoo.addons.revenue_recovery.models.notice.recovery_notice",
            "odoo.addons.base.models.ir_actions",
        ):
            case, notice = self._run_step(action_type="server_action", server_action_id=action.id)
        self._run_cron("follow")
        self.assertEqual(notice.state, "failed")
        self.assertEqual(len(case.activity_ids), 1)
        self.assertLessEqual(notice.planned_at, fields.Datetime.now())
