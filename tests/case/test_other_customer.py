# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestOtherCustomer(RecoveryCommon):
    """The invoice of a case is rewritten to another customer: who owes it, is asked for it."""

    NOW = "2026-03-02 10:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.partner"].create({"name": "Other", "email": "o@example.com"})

    def _rewrite(self, invoice, partner=None):
        invoice.button_draft()
        invoice.partner_id = partner or self.other
        invoice.action_post()

    def _run_step(self, name):
        """Run what a job does with notices, and nothing else of it."""
        with self._enter_job_mode(), self._cron_cursor() as env:
            getattr(env["recovery.notice"], name)()
        self.env.invalidate_all()

    def test_case_is_closed_and_the_new_customers_begins(self):
        invoice, case = self._fail_invoice()
        self._rewrite(invoice)
        self._run_cron("follow")
        self.assertEqual((case.state, case.partner_id), ("cancelled", self.customer))
        self.assertIn("owed by Other now", case.end_reason)
        self.assertFalse(case.next_attempt_id)
        new = invoice.recovery_case_id
        self.assertNotEqual(new, case)
        self.assertEqual((new.state, new.partner_id), ("in_recovery", self.other))
        self.assertFalse(new.next_attempt_id, msg="They have agreed to no charge.")
        self.assertFalse(new.attempt_ids)

    def test_nothing_begins_twice_and_the_old_case_stays_closed(self):
        invoice, case = self._fail_invoice()
        self._rewrite(invoice)
        for _turn in range(2):
            self.env["recovery.invoice.queue"]._add(invoice)
            self._run_cron("follow")
        self.assertEqual(len(invoice.recovery_case_ids), 2)
        self.assertEqual(case.state, "cancelled")

    def test_old_case_stays_closed_where_no_policy_fits_the_new_customer(self):
        invoice, case = self._fail_invoice()
        self.policy.domain = f"[('partner_id', '!=', {self.other.id})]"
        self._rewrite(invoice)
        for _turn in range(2):
            self.env["recovery.invoice.queue"]._add(invoice)
            self._run_cron("follow")
        self.assertEqual((invoice.recovery_case_id, case.state), (case, "cancelled"))

    def test_case_of_a_draft_waits_for_whom_it_will_be_posted(self):
        invoice, case = self._fail_invoice()
        invoice.button_draft()
        invoice.partner_id = self.other
        self._run_cron("follow")
        self.assertEqual(case.state, "suspended")
        invoice.partner_id = self.customer
        invoice.action_post()
        self._run_cron("follow")
        self.assertEqual((case.state, invoice.recovery_case_id), ("in_recovery", case))

    def test_another_contact_of_the_same_customer_changes_nothing(self):
        contact = self.env["res.partner"].create({"name": "C", "parent_id": self.customer.id})
        invoice, case = self._fail_invoice()
        self._rewrite(invoice, contact)
        self._run_cron("follow")
        self.assertEqual((case.state, invoice.recovery_case_id), ("in_recovery", case))

    def test_new_customer_is_charged_as_agreed_with_him(self):
        card = self._create_card("done", partner_id=self.other.id)
        self.other.write({"collect_automatically": True, "collect_token_id": card.id})
        invoice, _case = self._fail_invoice()
        self._rewrite(invoice)
        self._run_cron("follow")
        new = invoice.recovery_case_id
        self.assertEqual(new.next_attempt_id._get_token(), card)
        self._charge_next(new)
        self.assertEqual((invoice.payment_state, new.state), ("paid", "recovered"))

    def test_charge_that_was_planned_for_the_old_customer_does_not_go_out(self):
        invoice, case = self._fail_invoice()
        planned = case.next_attempt_id
        self._rewrite(invoice)
        self._make_due(case)
        self._run_cron("charge")  # Before the case has heard of it.
        self.assertEqual(planned.state, "cancelled")
        self.assertIn("another customer", planned.sentence)
        self.assertFalse(planned.transaction_id)

    def test_messages_to_the_old_customer_are_withdrawn_before_they_go_out(self):
        template = self.env.ref("revenue_recovery.mail_template_payment_failed")
        self.policy.step_ids = [
            Command.create({"name": "Failed", "mail_template_id": template.id, "delay_days": 1})
        ]
        invoice, case = self._fail_invoice()
        self._run_cron("follow")
        notice = case.notice_ids
        self.assertEqual(notice.state, "planned")
        self._rewrite(invoice)
        self.env["recovery.invoice.queue"].sudo().search([]).unlink()  # It has not heard of it.
        notice.sudo().planned_at = fields.Datetime.now() - timedelta(minutes=1)
        mails = self.env["mail.mail"].search([])
        self._run_step("_send_due")
        self.assertEqual(notice.state, "skipped")
        self.assertEqual(self.env["mail.mail"].search([]), mails)

    def test_reminder_that_was_planned_goes_to_who_owes_the_invoice_now(self):
        template = self.env.ref("revenue_recovery.mail_template_before_due", False)
        template = template or self.env["mail.template"].create(
            {
                "name": "Soon",
                "model_id": self.env.ref("account.model_account_move").id,
                "subject": "Soon",
                "body_html": "Soon",
                "partner_to": "{{ object.partner_id.id }}",
                "use_default_to": False,
            }
        )
        self.policy.step_ids = [
            Command.create(
                {
                    "name": "Soon",
                    "trigger": "before_due",
                    "delay_days": 3,
                    "mail_template_id": template.id,
                }
            )
        ]
        due = fields.Date.add(fields.Date.today(), days=10)
        invoice = self._create_invoice(due=due, collect_automatically=False)
        self._run_step("_plan_ahead")
        notice = self.env["recovery.notice"].search([("move_id", "=", invoice.id)])
        self.assertEqual(notice.partner_id, self.customer)
        self._rewrite(invoice)
        self._run_step("_plan_ahead")
        self.assertEqual(notice.partner_id, self.other)

    def test_portal_link_of_the_old_customer_opens_nothing(self):
        contact = self.env["res.partner"].create({"name": "C", "parent_id": self.customer.id})
        invoice, _case = self._fail_invoice()
        token = invoice._portal_ensure_token()
        self._rewrite(invoice, contact)
        self.assertEqual(invoice.access_token, token, msg="It is the same customer.")
        self._rewrite(invoice)
        self.assertFalse(invoice.access_token)

    def test_closed_case_of_the_old_customer_is_not_opened_again(self):
        invoice, case = self._fail_invoice()
        case.sudo()._close("lost", "Test")
        self._rewrite(invoice)
        self._run_cron("follow")
        self.assertEqual(case.state, "lost")
        self.assertEqual(invoice.recovery_case_id.partner_id, self.other)
