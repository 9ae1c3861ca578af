# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..notice.notice_common import NoticeCommon


@tagged("post_install", "-at_install")
class TestExclusion(NoticeCommon):
    """Customers and invoices that are left alone, until a day and with a reason."""

    NOW = "2026-11-23 09:00:00"

    def _exclude(self, record, what="both", until=False, reason="Agreed."):
        record.write(
            {
                "recovery_excluded": what,
                "recovery_excluded_until": until,
                "recovery_excluded_reason": reason,
            }
        )

    def _end(self, record):
        self._exclude(record, False, False, False)

    def test_excluded_invoice_is_neither_charged_nor_written_about_until_its_day(self):
        with self._at("2026-11-23 09:00:00") as clock:
            invoice, case = self._fail_invoice()
            deadline = case.deadline_at
            self._exclude(invoice, until="2026-11-27")
            self._run_cron("follow")
            self.assertFalse(case.next_attempt_at)
            self.assertEqual((case.excluded, str(case.excluded_until)), ("both", "2026-11-27"))
            self.assertIn("Agreed.", case.exclusion_sentence)
            with self.assertRaisesRegex(UserError, "End the exclusion first"):
                case.action_retry_now()
            self._follow_at(clock, "2026-11-25 12:00:00")
            notice = self._get_notice(case)
            self.assertEqual((notice.state, notice.status), ("planned", "held"))
            self.assertIn("Excluded from notices until Fri, Nov 27", notice.sentence)
            self._follow_at(clock, "2026-11-27 12:00:00")
            self.assertFalse(case.excluded or case.excluded_since)
            self.assertTrue(case.next_attempt_at)
            self.assertEqual(case.deadline_at, deadline + timedelta(days=4, hours=3))
            self._follow_at(clock, "2026-11-27 14:00:00")
            self.assertEqual(self._get_notice(case).state, "sent")

    def test_window_does_not_end_while_nothing_may_be_charged(self):
        with self._at("2026-11-23 09:00:00") as clock:
            invoice, case = self._fail_invoice()
            self._exclude(invoice, "charges")
            self._run_cron("follow")
            self._follow_at(clock, case.deadline_at + timedelta(days=9))
            self.assertEqual(case.state, "in_recovery")
            self.assertEqual(self._get_notice(case).state, "sent", msg="Notices go on.")
            self._end(invoice)
            self._run_cron("follow")
            self.assertTrue(case.next_attempt_at)

    def test_exclusion_from_notices_charges_on_and_the_invoice_is_named_to_nobody(self):
        with self._at("2026-11-23 09:00:00") as clock:
            card = self._create_card()
            invoice, case = self._fail_invoice(token=card)
            other, other_case = self._fail_invoice(token=card)
            self._exclude(invoice, "notices")
            self._follow_at(clock, "2026-11-23 12:00:00")
            self.assertTrue(case.next_attempt_at)
            self.assertEqual(self._get_notice(case).status, "held")
            sent = self._get_notice(other_case)
            self.assertEqual(sent.state, "sent")
            self.assertNotIn(invoice.name, sent.mail_message_id.body)
            self._register_payment(invoice, 100.0)
            self._follow_at(clock, "2026-11-24 12:00:00")
            self.assertNotIn("sent", self._get_notice(case).mapped("state"))

    def test_customer_is_excluded_in_one_company_with_all_invoices(self):
        invoice, case = self._fail_invoice()
        contact = self.env["res.partner"].create({"name": "Desk", "parent_id": self.customer.id})
        self._exclude(self.customer)
        self.assertEqual(contact.recovery_excluded, "both")
        self._run_cron("follow")
        self.assertFalse(case.next_attempt_at)
        other = self._create_company(name="Elsewhere")
        self.assertFalse(self.customer.with_company(other).recovery_excluded)
        self._end(self.customer)
        self._run_cron("follow")
        self.assertTrue(case.next_attempt_at)

    def test_first_charge_of_an_excluded_customer_waits_and_goes_out_when_that_ends(self):
        with self._at("2026-11-23 09:00:00") as clock:
            self._exclude(self.customer, "charges", "2026-11-30")
            invoice = self._create_invoice(token=self._create_card("done"))
            self._collect()
            attempt = invoice.recovery_attempt_ids
            self.assertEqual((attempt.state, len(attempt)), ("planned", 1))
            self.assertEqual(str(attempt.planned_at), "2026-11-29 23:00:00", msg="In Paris")
            self.assertIn("is excluded from charges until", attempt.sentence)
            clock.move_to("2026-11-24 09:00:00")
            self._end(self.customer)
            self._collect()
            self.assertEqual(attempt.state, "paid")

    def test_charge_that_is_due_is_not_sent_though_the_job_has_not_followed(self):
        invoice, case = self._fail_invoice()
        self._exclude(invoice, "charges")
        planned = case.next_attempt_id
        self._charge_next(case)
        self.assertEqual((planned.state, planned.transaction_id.id), ("cancelled", False))

    def test_excluded_invoice_is_not_begun_to_be_reminded_of(self):
        self.policy.write({"remind_unpaid": True, "remind_since": "2026-11-01"})
        invoice = self._create_invoice(collect_automatically=False, due="2026-11-10")
        self._exclude(invoice, "notices")
        self._run_cron("collect")
        self.assertFalse(invoice.recovery_case_id)

    def test_day_that_has_passed_is_refused(self):
        invoice = self._create_invoice()
        for record in (invoice, self.customer):
            with self.assertRaisesRegex(ValidationError, "still to come"):
                self._exclude(record, until="2026-11-23")

    def test_exclusion_that_is_over_is_emptied(self):
        invoice = self._create_invoice()
        with self._at("2026-11-23 09:00:00") as clock:
            self._exclude(invoice, until="2026-11-25")
            self._exclude(self.customer, until="2026-11-25")
            clock.move_to("2026-11-26 09:00:00")
            self.env["account.move"]._gc_recovery_exclusions()
            self.env["res.partner"].sudo()._gc_recovery_exclusions()
            self.assertFalse(invoice.recovery_excluded or self.customer.recovery_excluded)

    def test_automation_excludes_and_ends_it(self):
        invoice, case = self._fail_invoice()
        values = {
            "name": "Leave alone",
            "model_id": self.env["ir.model"]._get_id("recovery.case"),
            "state": "recovery_exclude",
            "recovery_exclude_what": "charges",
            "recovery_exclude_whom": "customer",
            "recovery_days": 5,
        }
        action = self.env["ir.actions.server"].create(values)
        action.with_context(active_model=case._name, active_ids=case.ids, active_id=case.id).run()
        self.assertEqual(self.customer.recovery_excluded, "charges")
        self.assertEqual(
            self.customer.recovery_excluded_until, fields.Date.today() + timedelta(days=5)
        )
        self.assertIn("Leave alone", self.customer.recovery_excluded_reason)
        action.write({"state": "recovery_include"})
        action.with_context(active_model=case._name, active_ids=case.ids, active_id=case.id).run()
        self.assertFalse(self.customer.recovery_excluded)
