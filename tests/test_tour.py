# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from contextlib import nullcontext

from odoo.tests import HttpCase, new_test_user, tagged

from .common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestTour(RecoveryCommon, HttpCase):
    def _enter_job_mode(self):
        return nullcontext()

    def test_accountant_retries_a_payment_from_its_case(self):
        new_test_user(
            self.env,
            login="accountant",
            groups="account.group_account_invoice",
            company_id=self.env.company.id,
            company_ids=[self.env.company.id],
        )
        self.customer.name = "Tour Customer"
        _invoice, case = self._fail_invoice()
        self.start_tour("/odoo/recovery-cases", "recovery_case_retry_now", login="accountant")
        self.assertEqual(
            case.next_attempt_id.source, "user", msg="The button plans; the job charges."
        )

    def test_manager_classifies_an_unknown_code_in_its_row(self):
        self._create_manager()
        _invoice, case = self._fail_invoice()
        transaction_sudo = case.first_attempt_id.transaction_id.sudo()
        transaction_sudo.recovery_decline = {
            "message": "No payment at full moon",
            "unlisted": [["demo", "code", "moon_phase"]],
        }
        self.start_tour("/odoo/recovery-unknown-codes", "recovery_classify_code", login="manager")
        code = self.env["recovery.decline.code"]._find_code("demo", "code", "moon_phase")
        self.assertEqual(code.reason_id.code, "lost_card")

    def test_manager_restores_a_rule_that_was_made_stricter(self):
        self._create_manager()
        rule = self.env["recovery.network.rule"]._find("visa_20")
        rule.limit = 10
        self.start_tour("/odoo/recovery-network-rules", "recovery_restore_rule", login="manager")
        self.assertEqual((rule.limit, rule.edited), (20, False))

    def _create_manager(self):
        new_test_user(
            self.env,
            login="manager",
            groups="account.group_account_manager",
            company_id=self.env.company.id,
            company_ids=[self.env.company.id],
        )
