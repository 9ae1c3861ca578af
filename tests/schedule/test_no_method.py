# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..notice.notice_common import NoticeCommon

CHARGE = "odoo.addons.revenue_recovery.models.charge"


@tagged("post_install", "-at_install")
class TestNoMethod(NoticeCommon):
    """Where nothing can be charged, nothing is planned, and nobody is promised a charge."""

    NOW = "2026-11-23 09:00:00"

    def _follow(self):
        self._run_cron("follow")

    def test_archived_method_is_a_block_of_its_own_and_no_charge_is_planned(self):
        card = self._create_card()
        _invoice, case = self._fail_invoice(token=card)
        self.assertTrue(case.next_attempt_at)
        card.active = False
        self._follow()
        self.assertFalse(case.next_attempt_at)
        self.assertEqual(case.blocked_class, "missing")
        self.assertIn("is archived", case.block_sentence)
        self.assertIn("is archived", case.attention)
        for _day in range(3):
            self._run_cron("charge")
            self._follow()
        self.assertFalse(case.attempt_ids.filtered(lambda each: each.state == "refused"))
        with self.assertRaisesRegex(UserError, "is archived"):
            case.action_retry_now()

    def test_method_that_is_taken_out_of_the_archive_goes_on_by_the_schedule(self):
        card = self._create_card()
        _invoice, case = self._fail_invoice(token=card)
        planned_at = case.next_attempt_at
        card.active = False
        self._follow()
        card.active = True
        self._follow()
        self.assertFalse(case.blocked_class)
        self.assertFalse(case.attention, msg="What it asked for is mended.")
        self.assertEqual(case.next_attempt_at, planned_at)

    def test_method_that_is_chosen_afterwards_is_charged_at_once(self):
        card = self._create_card()
        invoice, case = self._fail_invoice(token=card)
        card.active = False
        self._follow()
        other = self._create_card("done")
        invoice.collect_token_id = other
        self._follow()
        self.assertEqual((case.next_attempt_id.source, case.blocked_class), ("method", False))
        self.assertFalse(case.attention)

    def test_card_that_is_chosen_instead_of_an_archived_one_is_charged(self):
        card = self._create_card()
        invoice, case = self._fail_invoice(token=card)
        with self._at("2026-11-23 12:00:00"):
            card.active = False
            other = self._create_card("done")
            self._follow()
            self.assertFalse(case.next_attempt_id, msg="Nobody agreed to that.")
            invoice.collect_token_id = other
            self._follow()
            self.assertEqual(case.next_attempt_id.token_id or invoice.collect_token_id, other)
            self.assertTrue(case.next_attempt_id)

    def test_warning_about_no_method_goes_when_one_is_chosen(self):
        invoice = self._create_invoice()
        with mute_logger(CHARGE):
            self._collect()
        case = invoice.recovery_case_id
        self.assertIn("No saved payment method", case.attention)
        self.assertFalse(case.next_attempt_at)
        invoice.collect_token_id = self._create_card("done")
        self._follow()
        self._follow()
        self.assertTrue(case.next_attempt_at)
        self.assertFalse(case.attention)

    def test_refused_first_charge_is_told_until_nothing_stands_against_the_next(self):
        self.env.company.recovery_charge_test_providers = False
        invoice = self._create_invoice(token=self._create_card())
        with mute_logger(CHARGE):
            self._collect()
        case = invoice.recovery_case_id
        self.assertIn("test mode", case.attention)
        self._follow()
        self.assertTrue(case.attention)
        self.env.company.recovery_charge_test_providers = True
        self._follow()
        self.assertFalse(case.attention)

    def test_mail_promises_no_charge_that_would_be_refused(self):
        """The provider was put into test mode, or another company's; nothing has followed yet."""
        card = self._create_card()
        _invoice, case = self._fail_invoice(token=card)
        self.assertTrue(case._get_announced_charge())
        self.assertIn("try the saved payment method again", case._get_page_next())
        self.env.company.recovery_charge_test_providers = False
        self.assertTrue(case.next_attempt_at)
        self.assertFalse(case._get_announced_charge())
        self.assertFalse(case._get_page_next())
        self.env.company.recovery_charge_test_providers = True
        self.demo_provider.recovery_paused_until = case.next_attempt_at + timedelta(days=1)
        self.assertFalse(case._get_announced_charge(), msg="Charges are paused until later.")
        self.demo_provider.recovery_paused_until = case.next_attempt_at - timedelta(hours=1)
        self.assertTrue(case._get_announced_charge(), msg="The pause is over by then.")
        self.demo_provider.recovery_paused_until = False
        card.active = False
        self.assertFalse(case._get_announced_charge())

    def test_charge_that_would_be_refused_is_not_announced(self):
        template = self.env.ref("revenue_recovery.mail_template_upcoming_charge")
        self._set_steps(
            {"trigger": "before_attempt", "delay_days": 1, "mail_template_id": template.id}
        )
        with self._at("2026-11-23 09:00:00") as clock:
            _invoice, case = self._fail_invoice()
            self.env.company.recovery_charge_test_providers = False
            self._follow_at(clock, case.next_attempt_at - timedelta(hours=20))
            self.assertNotIn("sent", self._get_notice(case).mapped("state"))
            self.env.company.recovery_charge_test_providers = True
            self.assertTrue(case._get_notice_facts()[case].attempts)

    # === THE CUSTOMER'S OWN PAYMENTS === #

    def _fail_by_customer(self, **values):
        invoice = self._create_invoice(collect_automatically=False, **values)
        self._create_portal_transaction(invoice, reference=f"portal {invoice.id}")._set_error("No")
        self._follow()
        return invoice, invoice.recovery_case_id

    def _set_four_steps(self):
        return self._set_steps(
            {"delay_hours": 1, "by_class": True},
            {"name": "Friendly", "delay_days": 3},
            {"name": "Due", "trigger": "after_due", "delay_days": 4},
            {"name": "Final", "trigger": "exhausted", "is_final": True},
            {"name": "Thanks", "trigger": "recovered"},
        )

    def test_customer_who_fails_to_pay_by_themselves_gets_one_notice_and_is_not_charged(self):
        self._set_four_steps()
        with self._at("2026-11-23 09:00:00") as clock:
            _invoice, case = self._fail_by_customer()
            self.assertEqual((case.opened_by, case.next_attempt_id.id), ("customer", False))
            self.assertFalse(case.attention)
            for day in range(40):
                self._follow_at(clock, fields.Datetime.now() + timedelta(days=1, minutes=day))
            sent = case.notice_ids.filtered(lambda notice: notice.state == "sent")
            self.assertEqual(len(sent), 1)
            self.assertEqual(sent.template_name, "Recovery: Own payment did not go through")
            self.assertNotIn("saved payment method", sent.mail_message_id.body)
            self.assertEqual(case.state, "lost")
            self.assertFalse(case.attempt_ids)

    def test_conditions_that_change_lead_to_no_second_notice(self):
        first, _others = self._set_steps(
            {"delay_hours": 1, "amount_min": 50}, {"name": "Small", "delay_hours": 30}
        )
        with self._at("2026-11-23 09:00:00") as clock:
            invoice, case = self._fail_by_customer()
            self._follow_at(clock, "2026-11-23 11:00:00")
            self.assertEqual(case.notice_ids.filtered("sent_at").step_id, first)
            self._register_payment(invoice, 60.0)
            self._follow_at(clock, "2026-11-26 11:00:00")
            self.assertEqual(case.notice_ids.filtered("sent_at").step_id, first)

    def test_policy_may_recover_own_payments_like_any_other(self):
        self._set_four_steps()
        self.policy.own_failures = "all"
        with self._at("2026-11-23 09:00:00") as clock:
            _invoice, case = self._fail_by_customer()
            self.assertFalse(case.next_attempt_id, msg="There is nothing to charge.")
            self.assertEqual(case.blocked_class, "missing")
            for _day in range(5):
                self._follow_at(clock, fields.Datetime.now() + timedelta(days=1))
            sent = case.notice_ids.filtered(lambda notice: notice.state == "sent")
            self.assertGreater(len(sent), 1)

    def test_policy_may_leave_own_payments_alone(self):
        self.policy.own_failures = "none"
        invoice, case = self._fail_by_customer()
        self.assertFalse(case)
        self.assertEqual(invoice.payment_state, "not_paid")

    def test_policy_that_reminds_of_unpaid_invoices_reminds_of_these_too(self):
        self._set_four_steps()
        self.policy.write({"remind_unpaid": True, "remind_since": "2026-11-01"})
        _invoice, case = self._fail_by_customer()
        self.assertFalse(case._hears_once())

    def test_failed_payment_that_the_company_began_is_none_of_the_customers_own(self):
        invoice = self._create_invoice(collect_automatically=False)
        card = self._create_card()
        self._create_portal_transaction(invoice, operation="offline", token_id=card.id)._set_error(
            "No"
        )
        self._follow()
        case = invoice.recovery_case_id
        self.assertEqual(case.opened_by, "failure")
        self.assertTrue(case.next_attempt_at)
