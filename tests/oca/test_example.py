# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.tests import tagged

from ..notice.notice_common import NoticeCommon


@tagged("post_install", "-at_install")
class TestExample(NoticeCommon):
    """The addon that the developers' guide explains does what the guide says."""

    NOW = "2026-03-03 09:00:00"

    def test_step_of_its_own_kind_is_done_by_the_job(self):
        self._set_steps(
            {
                "name": "Call",
                "action_type": "call_list",
                "mail_template_id": False,
            }
        )
        with self._at("2026-03-03 09:00:00") as clock:
            _invoice, case = self._fail_invoice()
            self._follow_at(clock, "2026-03-03 09:05:00")
        notice = self._get_notice(case, "Call")
        self.assertEqual((notice.state, notice.sentence), ("sent", "Somebody will call Customer."))
        self.assertTrue(self.customer.call_about_payment)

    def test_condition_of_its_own_chooses_the_invoices_of_a_policy(self):
        self.policy.only_recovered_before = True
        invoice = self._create_invoice()
        policies = self.env["recovery.policy"]
        self.assertFalse(policies._match(invoice))
        self.customer.recovered_count = 1
        self.assertEqual(policies._match(invoice), self.policy)

    def test_recovered_case_is_counted_once(self):
        invoice, case = self._fail_invoice()
        self._register_payment(invoice, 100.0)
        self._run_cron("follow")
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")
        self.assertEqual(self.customer.recovered_count, 1)
