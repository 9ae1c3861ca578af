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
