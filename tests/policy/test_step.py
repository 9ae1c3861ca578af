# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import re

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from ..notice.notice_common import NoticeCommon

MONDAY = "2026-03-02 08:00:00"


@tagged("post_install", "-at_install")
class TestStep(NoticeCommon):
    """Each trigger, and each condition, of a step."""

    NOW = MONDAY

    def test_each_failure_has_a_notice_of_its_own(self):
        self._set_steps({"trigger": "each_failure"})
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            self._follow_at(clock, "2026-03-02 09:00:00")
            clock.move_to("2026-03-04 09:00:00")
            self._charge_next(case)
            self._run_cron("follow")
            notices = self._get_notice(case)
            self.assertEqual(notices.mapped("state"), ["sent", "sent"])
            self.assertEqual(len(set(notices.mapped("occurrence"))), 2)

    def test_final_notice_follows_the_last_retry(self):
        self._set_steps(
            {"name": "Final", "trigger": "exhausted", "delay_days": 2, "is_final": True}
        )
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            clock.move_to("2026-03-10 09:00:00")
            case.sudo()._begin_grace("Test")
            self._run_cron("follow")
            notice = self._get_notice(case)
            self.assertEqual(str(notice.planned_at)[:10], "2026-03-12")
            self._follow_at(clock, "2026-03-12 10:00:00")
            self.assertEqual(notice.state, "sent")

    def test_step_after_the_end_is_still_sent_when_the_case_was_lost(self):
        self._set_steps({"name": "Ended", "trigger": "exhausted", "delay_days": 8})
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            clock.move_to("2026-03-10 09:00:00")
            case.sudo()._cancel_planned("Test")
            case.sudo()._begin_grace("Test")
            self._follow_at(clock, "2026-03-17 10:00:00")
            self.assertEqual(case.state, "lost")
            self._follow_at(clock, "2026-03-18 10:00:00")
            self.assertEqual(self._get_notice(case).state, "sent")

    def test_stopped_case_sends_nothing_more(self):
        self._set_steps({"name": "Final", "trigger": "exhausted", "delay_days": 2})
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            case.sudo()._begin_grace("Test")
            self._run_cron("follow")
            case.action_stop()
            self.assertEqual(self._get_notice(case).state, "skipped")
            self._follow_at(clock, "2026-03-05 10:00:00")
            self.assertFalse(self._new_mails)

    def test_payment_is_thanked_for(self):
        self._set_steps({"name": "Thanks", "trigger": "recovered"})
        with self._at(MONDAY) as clock:
            invoice, case = self._fail_invoice()
            clock.move_to("2026-03-03 08:00:00")
            self._register_payment(invoice, 100.0)
            self._run_cron("follow")
            self.assertEqual(case.state, "recovered")
            self.assertEqual(self._get_notice(case, "Thanks").state, "sent")

    def test_next_charge_is_announced_on_the_invoice(self):
        template = self._create_template("account.move", subject="Soon: {{ object.name }}")
        self._set_steps(
            {"trigger": "before_attempt", "delay_days": 1, "mail_template_id": template.id}
        )
        with self._at(MONDAY) as clock:
            invoice, case = self._fail_invoice()
            case.sudo().next_attempt_id.planned_at = "2026-03-06 09:00:00"
            case.sudo().notices_outdated = True
            self._follow_at(clock, "2026-03-02 09:00:00")
            self.assertEqual(str(self._get_notice(case).planned_at), "2026-03-05 09:00:00")
            self._follow_at(clock, "2026-03-05 10:00:00")
            self.assertEqual(self._new_mails.subject, f"Soon: {invoice.name}")
            self.assertIn(self._get_notice(case).mail_message_id, invoice.message_ids)

    def test_step_for_one_class_of_declines_is_not_for_another(self):
        self._set_steps({"name": "Card", "on_fix_data": True}, {"name": "Funds", "on_later": True})
        with self._at(MONDAY):
            _invoice, case = self._fail_invoice()
            self.assertEqual(case.notice_ids.mapped("name"), ["Funds"])

    def test_step_for_one_reason_is_not_for_another(self):
        reasons = self.env["recovery.decline.reason"]
        expired = reasons._find("expired_card")
        self._set_steps({"decline_reason_ids": [Command.set(expired.ids)]})
        with self._at(MONDAY):
            _invoice, case = self._fail_invoice()
            self.assertFalse(case.notice_ids)

    def test_amounts_are_those_of_the_companys_currency(self):
        self._set_steps({"name": "Large", "amount_min": 150.0}, {"name": "Any"})
        currency = self._enable_currency(
            "EUR" if self.env.company.currency_id.name != "EUR" else "USD"
        )
        currency.rate_ids = [
            Command.clear(),
            Command.create({"name": "2026-01-01", "rate": 0.5}),
        ]
        with self._at(MONDAY):
            _invoice, case = self._fail_invoice(currency_id=currency.id)
            self.assertEqual(sorted(case.notice_ids.mapped("name")), ["Any", "Large"])

    def test_number_of_the_charge_decides(self):
        self._set_steps({"trigger": "each_failure", "attempt_min": 2})
        with self._at(MONDAY) as clock:
            _invoice, case = self._fail_invoice()
            self.assertFalse(case.notice_ids)
            clock.move_to("2026-03-04 09:00:00")
            self._charge_next(case)
            self._run_cron("follow")
            self.assertEqual(len(case.notice_ids), 1)

    def test_text_follows_what_the_decline_asks_for(self):
        step = self._set_steps({"by_class": True})
        template = self._create_template(name="Update your card")
        data = self.env["ir.model.data"].sudo()
        xmlid = "mail_template_update_card"
        data.search([("module", "=", "revenue_recovery"), ("name", "=", xmlid)]).unlink()
        data.create(
            {
                "module": "revenue_recovery",
                "name": xmlid,
                "model": "mail.template",
                "res_id": template.id,
            }
        )
        with self._at(MONDAY):
            _invoice, case = self._fail_invoice()
            self.assertEqual(step._get_template(case).name, self.template.name)
            case.sudo().decline_class = "fix_data"
            self.assertEqual(step._get_template(case), template)

    def test_wrong_conditions_are_refused(self):
        step = self.policy.step_ids
        for values in (
            {"domain": "[('nonsense', '=', 1)]"},
            {"domain": "nonsense"},
            {"hour_from": 19.0, "hour_to": 8.0},
            {"hour_to": 25.0},
            {"amount_min": 10.0, "amount_max": 5.0},
            {"attempt_min": -1},
            {"action_type": "sms"},
            {"action_type": "letter"},
            {"action_type": "server_action"},
            {"trigger": "method_expires"},
        ):
            with (
                self.subTest(values=values),
                self.assertRaises(ValidationError),
                self.env.cr.savepoint(),
            ):
                step.write(values)

    def test_form_empties_a_template_made_for_something_else(self):
        with Form(self.policy.step_ids) as form:
            form.trigger = "before_due"
            self.assertFalse(form.mail_template_id)
            self.assertEqual(form.delay_hours, 0)
            form.mail_template_id = self._create_template("account.move")


@tagged("post_install", "-at_install")
class TestAhead(NoticeCommon):
    """Notices of what has no case."""

    NOW = MONDAY

    def _collect_at(self, clock, instant):
        clock.move_to(instant)
        self._run_cron("collect")
        self._run_cron("follow")

    def _get_notices(self, invoice):
        return self.env["recovery.notice"].sudo().search([("move_id", "=", invoice.id)])

    def test_invoice_without_a_saved_method_is_announced_before_it_falls_due(self):
        template = self._create_template("account.move")
        self._set_steps({"trigger": "before_due", "delay_days": 3, "mail_template_id": template.id})
        with self._at(MONDAY) as clock:
            invoice = self._create_invoice(
                collect_automatically=False, due=fields.Date.to_date("2026-03-12")
            )
            self._collect_at(clock, "2026-03-02 09:00:00")
            self._collect_at(clock, "2026-03-02 10:00:00")
            notice = self._get_notices(invoice)
            self.assertEqual(str(notice.planned_at)[:10], "2026-03-08")
            self._collect_at(clock, "2026-03-09 09:00:00")
            self.assertEqual((notice.state, notice.case_id.id), ("sent", False))
            self.assertEqual(self._new_mails.recipient_ids, self.customer)

    def test_invoice_paid_before_is_not_announced(self):
        template = self._create_template("account.move")
        self._set_steps({"trigger": "before_due", "delay_days": 3, "mail_template_id": template.id})
        with self._at(MONDAY) as clock:
            invoice = self._create_invoice(
                collect_automatically=False, due=fields.Date.to_date("2026-03-12")
            )
            self._collect_at(clock, "2026-03-02 09:00:00")
            self._register_payment(invoice, 100.0)
            self._collect_at(clock, "2026-03-09 09:00:00")
            self.assertEqual(self._get_notices(invoice).state, "skipped")
            self.assertFalse(self._new_mails)

    def test_first_charge_is_announced_days_before(self):
        template = self._create_template("account.move")
        self._set_steps(
            {"trigger": "before_attempt", "delay_days": 7, "mail_template_id": template.id}
        )
        with self._at(MONDAY) as clock:
            invoice = self._create_invoice(
                token=self._create_card("done"), due=fields.Date.to_date("2026-03-12")
            )
            self._collect_at(clock, "2026-03-05 12:00:00")
            self.assertEqual(self._get_notices(invoice).state, "sent")
            self._collect_at(clock, "2026-03-06 12:00:00")
            self.assertEqual(len(self._get_notices(invoice)), 1)

    def test_expiring_method_is_announced_once_for_each_step(self):
        template = self._create_template("payment.token")
        values = {"trigger": "method_expires", "mail_template_id": template.id}
        self._set_steps(
            {"name": "30 days", "delay_days": 30, **values},
            {"name": "7 days", "delay_days": 7, **values},
        )
        card = self._create_card()
        card.sudo().recovery_expiry = "2026-03-31"
        self.customer.write({"collect_automatically": True, "collect_token_id": card.id})
        with self._at(MONDAY) as clock:
            self._collect_at(clock, "2026-03-02 09:00:00")
            notices = self.env["recovery.notice"].sudo().search([("token_id", "=", card.id)])
            self.assertEqual(len(notices), 2)
            self.assertEqual(sorted(notices.mapped("state")), ["planned", "sent"])
            self._collect_at(clock, "2026-03-24 12:00:00")
            self.assertEqual(notices.mapped("state"), ["sent", "sent"])
            self.assertEqual(self._new_mails.recipient_ids, self.customer)

    def test_renewed_method_is_not_announced(self):
        template = self._create_template("payment.token")
        self._set_steps(
            {"trigger": "method_expires", "delay_days": 7, "mail_template_id": template.id}
        )
        card = self._create_card()
        card.sudo().recovery_expiry = "2026-03-31"
        self.customer.write({"collect_automatically": True, "collect_token_id": card.id})
        with self._at(MONDAY) as clock:
            self._collect_at(clock, "2026-03-20 09:00:00")
            card.sudo().recovery_expiry = "2029-03-31"
            self._collect_at(clock, "2026-03-24 12:00:00")
            notice = self.env["recovery.notice"].sudo().search([("token_id", "=", card.id)])
            self.assertEqual(notice.state, "skipped")
            self.assertFalse(self._new_mails)

    def test_overdue_invoice_without_a_method_is_reminded_of_when_the_policy_says_so(self):
        self._set_steps({"name": "Friendly", "trigger": "after_due", "delay_days": 3})
        with self._at(MONDAY) as clock:
            old = self._create_invoice(
                collect_automatically=False, due=fields.Date.to_date("2026-02-20")
            )
            self.policy.write({"remind_unpaid": True, "remind_since": "2026-03-01"})
            invoice = self._create_invoice(
                collect_automatically=False, due=fields.Date.to_date("2026-03-03")
            )
            self._collect_at(clock, "2026-03-04 09:00:00")
            case = invoice.recovery_case_id
            self.assertEqual((case.opened_by, case.state), ("overdue", "in_recovery"))
            self.assertFalse(case.next_attempt_at, msg="Nothing is charged.")
            self.assertFalse(old.recovery_case_id, msg="It was due before.")
            self._collect_at(clock, "2026-03-06 12:00:00")
            self.assertEqual(case.notice_ids.mapped("state"), ["sent"])
            self.assertIn("/recovery/pay/", self._new_mails.body_html)

    def test_overdue_invoice_is_left_alone_by_default(self):
        self._set_steps({"name": "Friendly", "trigger": "after_due", "delay_days": 3})
        with self._at(MONDAY) as clock:
            invoice = self._create_invoice(
                collect_automatically=False, due=fields.Date.to_date("2026-03-03")
            )
            self._collect_at(clock, "2026-03-09 09:00:00")
            self.assertFalse(invoice.recovery_case_id)

    def test_recovered_reminder_closes_and_is_not_opened_again(self):
        self.policy.write({"remind_unpaid": True, "remind_since": "2026-03-01"})
        with self._at(MONDAY) as clock:
            invoice = self._create_invoice(
                collect_automatically=False, due=fields.Date.to_date("2026-03-03")
            )
            self._collect_at(clock, "2026-03-04 09:00:00")
            self._register_payment(invoice, 100.0)
            self._collect_at(clock, "2026-03-05 09:00:00")
            self.assertEqual(invoice.recovery_case_id.state, "recovered")
            self.assertEqual(len(invoice.recovery_case_ids), 1)


@tagged("post_install", "-at_install")
class TestPreview(NoticeCommon):
    def _preview(self, **values):
        action = self.policy.action_preview_notices()
        return self.env[action["res_model"]].with_context(**action["context"]).create(values)

    def test_preview_shows_charges_and_notices_in_their_order(self):
        self._set_steps(
            {"name": "Failed", "delay_hours": 1},
            {"name": "Final", "trigger": "exhausted", "delay_days": 2, "is_final": True},
        )
        calendar = self._preview(starts_at=MONDAY).calendar
        charges = re.findall(r">\s*Charge\s*<", calendar)
        self.assertEqual(len(charges), 9, msg="The first one and eight tries.")
        self.assertLess(calendar.index("Failed"), calendar.index("Final"))

    def test_preview_of_a_payment_ends_with_it(self):
        self._set_steps(
            {"name": "Failed"},
            {"name": "Final", "trigger": "exhausted"},
            {"name": "Thanks", "trigger": "recovered"},
        )
        calendar = self._preview(starts_at=MONDAY, story="paid").calendar
        self.assertIn("Payment", calendar)
        self.assertIn("Thanks", calendar)
        self.assertNotIn("Final", calendar)

    def test_preview_of_a_reminder_counts_from_the_due_date(self):
        template = self._create_template("account.move")
        self._set_steps(
            {
                "name": "Before",
                "trigger": "before_due",
                "delay_days": 3,
                "mail_template_id": template.id,
            },
            {"name": "After", "trigger": "after_due", "delay_days": 3},
        )
        calendar = self._preview(starts_at=MONDAY, story="reminder").calendar
        self.assertNotIn("Charge", calendar)
        self.assertLess(calendar.index("Before"), calendar.index("After"))

    def test_preview_of_an_invoice_uses_its_amount_and_conditions(self):
        self._set_steps(
            {"name": "Large only", "amount_min": 500.0},
            {"name": "Named", "delay_days": 1, "domain": "[('amount_total', '>', 500)]"},
        )
        invoice = self._create_invoice(amount=700.0, token=self._create_card())
        calendar = self._preview(starts_at=MONDAY, move_id=invoice.id).calendar
        self.assertIn("<b>Large only</b>", calendar)
        self.assertIn("<b>Named</b>", calendar)
        small = self._create_invoice(amount=70.0, token=self._create_card())
        calendar = self._preview(starts_at=MONDAY, move_id=small.id).calendar
        self.assertNotIn("<b>Large only</b>", calendar)
        self.assertNotIn("Named", calendar)

    def test_names_of_steps_are_escaped(self):
        self._set_steps({"name": "<script>alert(1)</script>"})
        self.assertNotIn("<script>", self._preview(starts_at=MONDAY).calendar)

    def test_looking_changes_nothing(self):
        _invoice, case = self._fail_invoice()
        before = self.env["recovery.notice"].sudo().search_count([])
        self._preview(move_id=case.move_id.id, decline_class="never").calendar  # noqa: B018
        self.assertEqual(self.env["recovery.notice"].sudo().search_count([]), before)
