# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .owed_common import OwedCommon


@tagged("post_install", "-at_install")
class TestSmallRest(OwedCommon):
    """What is too little to charge waits; a rest of a paid invoice asks a person once."""

    NOW = "2026-12-02 12:00:00"

    def test_small_invoice_is_neither_charged_nor_asked_for(self):
        invoice = self._create_invoice(0.3, token=self._create_card("done"))
        for _run in range(2):
            self._collect()
        self.assertFalse(invoice.recovery_attempt_ids)
        self.assertFalse(invoice.recovery_case_ids)
        self.assertFalse(self._get_todos(invoice, "rest"), msg="Nothing was paid on it.")

    def test_amount_that_the_provider_takes_is_charged(self):
        invoice = self._create_invoice(0.5, token=self._create_card("done"))
        self._collect()
        self.assertEqual(invoice.payment_state, "paid")

    def test_rest_of_a_paid_invoice_asks_a_person_once(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._register_payment(invoice, 99.99)
        for _run in range(3):
            self._collect()
        self.assertFalse(invoice.recovery_attempt_ids)
        todo = self._get_todos(invoice, "rest")
        self.assertEqual(len(todo), 1)
        self.assertIn("0.01", todo.recovery_sentence)
        todo._action_done()
        self._collect()
        self.assertFalse(self._get_todos(invoice, "rest"))

    def test_rest_that_was_written_off_asks_for_nothing(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._register_payment(invoice, 99.99)
        self._collect()
        self._register_payment(invoice, 0.01)
        self._run_cron("follow")
        self.assertFalse(self._get_todos(invoice, "rest"))

    def test_case_ends_when_only_a_rest_is_left(self):
        invoice, case = self._fail_invoice()
        self._register_payment(invoice, 99.9)
        self._run_cron("follow")
        self.assertEqual((case.state, case.recovered_amount), ("recovered", 99.9))
        self.assertIn("0.10", case.end_reason)
        self.assertFalse(case.next_attempt_id)
        self.assertEqual(len(self._get_todos(invoice, "rest")), 1)

    def test_case_goes_on_when_more_is_owed_again(self):
        invoice, case = self._fail_invoice()
        payment = self._register_payment(invoice, 99.9)
        self._run_cron("follow")
        payment.action_draft()
        payment.action_cancel()
        self._run_cron("follow")
        self.assertEqual(case.state, "in_recovery")
        self.assertFalse(self._get_todos(invoice, "rest"))

    def test_small_rest_is_charged_with_the_next_instalment(self):
        term = self._create_term((50, 0), (50, 30))
        invoice = self._create_termed(term, self._create_card("done"))
        self._register_payment(invoice, 49.8)
        self._collect()
        self.assertFalse(invoice.recovery_attempt_ids)
        self.freeze_time.move_to("2027-01-02 12:00:00")
        self._collect()
        self.assertEqual(invoice.recovery_attempt_ids.amount, 50.2)

    def test_overdue_rest_is_not_reminded_of(self):
        self.policy.write({"remind_unpaid": True, "remind_since": "2026-11-01"})
        invoice = self._create_invoice(0.3, due="2026-12-01", collect_automatically=False)
        self._run_cron("collect")
        self.assertFalse(invoice.recovery_case_ids)

    def test_company_that_lets_nothing_wait_charges_what_the_provider_takes(self):
        self.env.company.recovery_small_rests_wait = False
        invoice = self._create_invoice(0.3, token=self._create_card("done"))
        self._collect()
        self.assertEqual(invoice.payment_state, "paid")

    def test_less_than_the_provider_takes_is_never_sent_and_a_person_told(self):
        self.env.company.recovery_small_rests_wait = False
        stripe = self._prepare_stripe_provider()
        invoice = self._create_invoice(0.3, token=self._create_stripe_card(stripe))
        with self._patch_requests() as request:
            self._collect()
            self.freeze_time.move_to("2026-12-04 12:00:00")
            self._collect()
        request.assert_not_called()
        attempt = invoice.recovery_attempt_ids
        self.assertEqual(attempt.state, "planned")
        self.assertIn("0.50", attempt.sentence)
        self.assertEqual(len(self._get_todos(attempt, "charge")), 1)


@tagged("post_install", "-at_install")
class TestMinimum(OwedCommon):
    NOW = "2026-12-02 12:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.minimums = cls.env["recovery.charge.minimum"]

    def _get(self, name, provider=""):
        currency = self.env["res.currency"].with_context(active_test=False)
        return self.minimums._get_minimum(currency.search([("name", "=", name)]), provider)

    def test_published_amounts_are_shipped_with_their_source(self):
        rows = self.minimums.search([("provider_code", "=", "stripe")])
        self.assertGreater(len(rows), 20)
        self.assertTrue(all(rows.mapped("source")))
        self.assertEqual(self._get("GBP", "stripe"), 0.3)
        self.assertEqual(self._get("JPY", "stripe"), 50)

    def test_provider_without_its_own_has_that_of_every_provider(self):
        self.assertEqual(self._get("USD", "demo"), 0.5)
        self.assertEqual(self._get("EUR", "adyen"), 0.5)

    def test_currency_without_any_is_converted(self):
        self.assertGreater(self._get("TRY"), 0.0)

    def test_own_amount_counts(self):
        row = self.minimums.search(
            [("provider_code", "=", "stripe"), ("currency_id.name", "=", "EUR")]
        )
        row.amount = 5.0
        self.assertTrue(row.edited)
        self.assertEqual(self._get("EUR", "stripe"), 5.0)
        row.action_restore_shipped()
        self.assertEqual(self._get("EUR", "stripe"), 0.5)

    def test_provider_is_a_technical_name(self):
        with self.assertRaisesRegex(ValidationError, "technical name"):
            self.minimums.create(
                {
                    "provider_code": "My Bank",
                    "currency_id": self.env.company.currency_id.id,
                    "amount": 1,
                }
            )
