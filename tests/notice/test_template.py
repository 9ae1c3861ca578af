# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import re
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ...declines import Taxonomy
from .template_common import (
    ASKING_TEMPLATES,
    CASE_TEMPLATES,
    MOVE_TEMPLATES,
    SMS_TEMPLATES,
    TOKEN_TEMPLATES,
    TemplateCommon,
)

ALL_TEMPLATES = CASE_TEMPLATES + MOVE_TEMPLATES + TOKEN_TEMPLATES


@tagged("post_install", "-at_install")
class TestTemplate(TemplateCommon):
    def test_each_template_reads_well_as_plain_text(self):
        for name in ALL_TEMPLATES:
            with self.subTest(template=name):
                subject, _html, text = self._render(name)
                self.assertIn(self.env.company.name, subject)
                self.assertLessEqual(len(subject), 100)
                self.assertIn("Hello Jane Doe,", text)
                self.assertIn(self.env.company.name, text)
                self.assertNotRegex(text, r"[{}<>]|None|False|\*\*|&\w+;")

    def test_messages_that_ask_name_amount_and_link(self):
        for name in ASKING_TEMPLATES:
            with self.subTest(template=name):
                subject, _html, text = self._render(name)
                self.assertIn(self.invoice.name, subject)
                self.assertIn(self.invoice.name, text)
                self.assertIn("1,234.50", text)
                self.assertIn("March 2, 2026", text)
                self.assertRegex(text, r"https?://\S+/recovery/pay/\S+")

    def test_coming_charge_is_announced_with_amount_date_and_method(self):
        subject, _html, text = self._render("upcoming_charge")
        self.assertIn(self.coming.name, subject)
        for fact in (self.coming.name, "77.00", "January 15, 2031", "4242"):
            self.assertIn(fact, text)
        self.assertIn(f"/my/invoices/{self.coming.id}", text)

    def test_planned_charge_is_announced_for_the_customers_day(self):
        self.env["recovery.attempt"].sudo().create(
            self.coming._prepare_attempt_vals(
                source="collect",
                planned_at="2031-01-20 23:30:00",  # Half past midnight in Paris.
                due_date="2031-01-20",
                token_id=self.card.id,
            )
        )
        self.assertIn("January 21, 2031", self._render("upcoming_charge")[2])

    def test_expiring_card_is_named_with_its_last_day(self):
        _subject, _html, text = self._render("card_expires")
        self.assertIn("4242", text)
        self.assertIn("August 31, 2031", text)
        self.assertIn("/recovery/pay/", text)

    def test_several_invoices_are_listed_with_a_total(self):
        self._create_case(self._create_other_invoice(65.5))
        subject, _html, text = self._render("reminder_firm")
        self.assertIn(f"{self.invoice.name} +1", subject)
        self.assertIn("about these invoices", text)
        self.assertNotIn("about this invoice", text)
        self.assertIn("1,300.00", text)

    def test_totals_are_by_currency(self):
        self._create_foreign_case(50.0)
        text = self._render("payment_failed")[2]
        self.assertEqual(text.count("Total"), 2)
        self.assertEqual(text.count("1,234.50"), 2)
        self.assertEqual(text.count("50.00"), 2)

    def test_amount_is_what_is_open_now(self):
        self._register_payment(self.invoice, 200.0)
        text = self._render("payment_failed")[2]
        self.assertIn("1,034.50", text)
        self.assertNotIn("1,234.50", text)

    def test_next_charge_is_told_only_when_one_is_planned(self):
        self.assertNotIn("try the payment again", self._render("payment_failed")[2])
        self._plan_charge(self.case, "2031-03-04 23:30:00")
        text = self._render("payment_failed")[2]
        self.assertIn("try the payment again on March 5, 2031, unless you pay before", text)

    def test_next_charge_is_not_told_when_the_invoices_have_several(self):
        other = self._create_case(self._create_other_invoice())
        self._plan_charge(self.case, "2031-03-04 10:00:00")
        self._plan_charge(other, "2031-03-06 10:00:00")
        self.assertNotIn("try the payment again", self._render("payment_failed")[2])

    def test_next_charge_is_not_told_while_the_case_is_paused(self):
        self._plan_charge(self.case, "2031-03-04 10:00:00")
        self.case.sudo().state = "paused"
        self.assertNotIn("try the payment again", self._render("payment_failed")[2])

    def test_final_notice_tells_consequence_and_date(self):
        self.case.sudo().write({"state": "grace", "grace_until": "2031-05-10 10:00:00"})
        consequences = set()
        for action in ("leave", "block", "write_off", "server_action"):
            self.env.cr.execute(
                "UPDATE recovery_policy SET end_action = %s WHERE id = %s",
                [action, self.policy.id],
            )
            self.policy.invalidate_recordset()
            text = self._render("final")[2]
            self.assertIn(f"Please pay {self.invoice.name} by May 9, 2031.", text)
            self.assertNotIn("write", text, "A customer who hears of a write-off need not pay.")
            consequences.add(re.search(r"After that[^.]*\.", text)[0])
        self.assertEqual(len(consequences), 4)

    def test_final_notice_names_today_when_the_case_ends_today(self):
        end = fields.Datetime.now() + timedelta(hours=1)
        self.case.sudo().write({"state": "grace", "grace_until": end})
        today = self.case._get_local_day(fields.Datetime.now())
        self.assertEqual(self.case._get_end_day(), today)

    def test_thanks_name_what_was_paid_and_nothing_that_is_open(self):
        other = self._create_case(self._create_other_invoice(65.5))
        self.case.sudo().write({"state": "recovered", "recovered_amount": 1234.5})
        subject, _html, text = self._render("recovered")
        self.assertIn("1,234.50", text)
        self.assertNotIn(other.move_id.name, text)
        self.assertNotIn("+1", subject)

    def test_end_links_to_the_survey_if_there_is_one(self):
        self.assertNotIn("survey", self._render("ended")[2])
        self.policy.survey_url = "https://survey.example.com/1"
        text = self._render("ended")[2]
        self.assertIn("Answer the survey", text)
        self.assertIn("https://survey.example.com/1", text)

    def test_reason_for_which_a_method_is_dead_is_never_told(self):
        reasons = [
            reason
            for reason in Taxonomy.shipped().reasons.values()
            if reason.decline_class == "never"
        ]
        self.assertGreater(len(reasons), 5)
        texts = {}
        for name in ALL_TEMPLATES:
            subject, html, _text = self._render(name)
            texts[name] = f"{subject} {html}".casefold()
        for reason in reasons:
            self._decline_by(reason)
            subject, html, _text = self._render("other_method")
            texts["other_method"] = f"{subject} {html}".casefold()
            for name, text in texts.items():
                with self.subTest(template=name, reason=reason.id):
                    for words in (reason.name, reason.id, reason.id.replace("_", " ")):
                        self.assertNotIn(words.casefold(), text)

    def test_markup_in_names_is_escaped(self):
        self.customer.name = "<script>alert(1)</script>{0.__class__}"
        self.env.company.name = "<b>Co</b>"
        self.card.payment_details = "<i>x</i>"
        for name in ALL_TEMPLATES:
            with self.subTest(template=name):
                _subject, html, _text = self._render(name)
                self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;{0.__class__}", html)
                for markup in ("<script>", "<b>Co</b>", "<i>x</i>"):
                    self.assertNotIn(markup, html)

    def test_e_mail_shows_the_companys_logo_and_colours(self):
        company = self.env.company
        company.write({"email_primary_color": "#fefefe", "email_secondary_color": "#123456"})
        html = self._render("payment_failed")[1]
        self.assertIn('bgcolor="#123456"', html)
        self.assertIn("color: #fefefe", html)
        self.assertNotIn("<img", html, "No logo is better than Odoo's own.")
        company.logo = (
            b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
            b"rkJggg=="
        )
        html = self._render("payment_failed")[1]
        self.assertRegex(html, r'<img[^>]* alt="[^"]+"')
        self.assertIn(f"/logo.png?company={company.id}", html)
        self.assertFalse(re.search(r'src="(?!https?://[^"]+/logo\.png)', html))

    def test_sent_e_mail_has_the_layout_and_the_link(self):
        template = self._get_template("payment_failed")
        with self.mock_mail_gateway():
            self.case.message_post_with_source(
                template,
                subtype_xmlid="mail.mt_comment",
                email_layout_xmlid=template.email_layout_xmlid,
                partner_ids=self.customer.ids,
            )
        mail = self._new_mails
        self.assertEqual(mail.recipient_ids, self.customer)
        self.assertIn("recovery_card", mail.body_html)
        self.assertIn("/recovery/pay/", mail.body_html)
        self.assertRegex(mail.body_html, r'style="[^"]*border-top-width')
        self.assertFalse(mail.auto_delete)
        self.assertEqual(mail.email_from, self.env.company.email_formatted)

    def test_template_is_reset_to_what_was_shipped(self):
        for name in ALL_TEMPLATES:
            template = self._get_template(name)
            shipped = template.subject, template.body_html
            template.write({"subject": "Mine", "body_html": "<p>Mine</p>"})
            template.reset_template()
            self.assertEqual((template.subject, template.body_html), shipped)
            self.assertEqual(template.template_category, "base_template")

    def test_sms_fits_into_one_message(self):
        self.env.company.name = "Twenty letters GmbH."
        self.env["ir.config_parameter"].sudo().set_param("web.base.url", "https://www.example.com")
        self._create_case(self._create_other_invoice())
        for name in SMS_TEMPLATES:
            template = self.env.ref(f"revenue_recovery.sms_template_{name}")
            text = template._render_field("body", self.case.ids)[self.case.id]
            self.assertIn("https://www.example.com/recovery/pay/", text)
            self.assertLessEqual(len(text), 160)
            self.assertFalse(set(text) - self.GSM, text)

    def test_standard_policy_sends_each_message_in_its_turn(self):
        policy = self.env.ref("revenue_recovery.recovery_policy_standard")
        steps = policy.with_context(active_test=False).step_ids
        on, off = steps.filtered("active"), steps.filtered(lambda step: not step.active)
        after_failure = on.filtered(lambda step: step.trigger == "first_failure")
        self.assertEqual(after_failure.mapped("delay_days"), [0, 3, 7, 10])
        self.assertEqual(after_failure.mapped("by_class"), [True, False, False, False])
        self.assertEqual(on.filtered("is_final").trigger, "exhausted")
        self.assertEqual(
            off.mail_template_id,
            self._get_template("upcoming_charge") + self._get_template("due_soon"),
            "Announcing what works is the merchant's choice.",
        )
        self.assertFalse(on.filtered("domain_error"))

    def test_no_part_of_a_template_makes_each_e_mail_of_a_batch_slower(self):
        for name in ALL_TEMPLATES:
            body = self._get_template(name).body_html
            self.assertNotRegex(body, r"<t [^>]*t-(call|set)=[^>]*[^/]>", "It has content.")

    def test_survey_needs_an_address(self):
        with self.assertRaisesRegex(Exception, "https://"):
            self.policy.survey_url = "javascript:alert(1)"

    def _plan_charge(self, case, instant):
        self.env["recovery.attempt"].sudo().create(
            case.move_id._prepare_attempt_vals(
                case_id=case.id,
                source="ladder",
                planned_at=instant,
                due_date=case.due_date,
                token_id=self.card.id,
            )
        )
        case.invalidate_recordset()

    def _decline_by(self, reason):
        """Let the latest charge of the case be one that was declined for this reason."""
        record = self.env["recovery.decline.reason"].search([("code", "=", reason.id)])
        self.env["recovery.attempt"].sudo().create(
            self.invoice._prepare_attempt_vals(
                case_id=self.case.id,
                source="ladder",
                state="declined",
                planned_at=fields.Datetime.now(),
                due_date=self.case.due_date,
                token_id=self.card.id,
                decline_reason_id=record.id,
            )
        )
