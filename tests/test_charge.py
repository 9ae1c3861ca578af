from odoo.tests import tagged

from .common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestCharge(RecoveryCommon):
    def test_due_invoice_is_charged_booked_and_paid(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._collect()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(invoice.recovery_attempt_ids.state, "paid")
        self.assertFalse(invoice.recovery_case_id, msg="Nothing failed, so there is no case.")

    def test_declined_charge_opens_a_case_with_the_next_charge_planned(self):
        invoice, case = self._fail_invoice()
        self.assertEqual(case.state, "in_recovery")
        self.assertEqual(case.failed_amount, 100.0)
        first, planned = case.attempt_ids.sorted("id")
        self.assertEqual((first.state, first.source), ("declined", "collect"))
        self.assertEqual((planned.state, planned.source), ("planned", "ladder"))
        self.assertEqual(invoice.recovery_state, "in_recovery")

    def test_successful_retry_recovers_the_case(self):
        token = self._create_card("error")
        invoice, case = self._fail_invoice(token=token)
        token.demo_simulated_state = "done"
        self._charge_next(case)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual((case.state, case.way), ("recovered", "retry"))
        self.assertEqual(case.recovered_amount, 100.0)
