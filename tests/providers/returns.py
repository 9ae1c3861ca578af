# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Rows of the matrix: money that had arrived and is taken back at the provider."""

from .matrix import AMOUNT, scenario


class ReturnScenarios:
    def _pay(self):
        invoice = self._charge_first(self._save_card())
        self._deliver()
        self._work(days=3)
        self._assert_paid(invoice)
        return invoice

    def _take_back(self, invoice, told):
        reference = self._get_sent(invoice)[-1].transaction_id.reference
        self.column.take_back(self.column.find(reference), told)
        self.assertLessEqual(set(self._deliver()), {200})
        self._work(minutes=20)

    def _assert_no_draft(self):
        refunds = self.env["payment.transaction"].search(
            [("operation", "=", "refund"), ("state", "=", "draft")]
        )
        self.assertFalse(refunds, "A draft refund is left behind.")

    @scenario("a refund at the provider counts no longer as recovered, and nobody is dunned")
    def test_refund_at_the_provider(self):
        invoice = self._charge_first(self._save_card(self.column.poor))
        self._retry(invoice)
        self._assert_paid(invoice)
        self._deliver()
        case = invoice.recovery_case_id
        self.assertEqual(case.recovered_amount, AMOUNT)
        self._take_back(invoice, "refunded")
        self.assertEqual(case.recovered_amount, 0.0)
        self._assert_no_draft()
        charges = self._count_calls()
        self._work(days=3)
        self.assertEqual(self._count_calls(), charges, "What was given back is not owed.")

    @scenario("a dispute that is announced raises an alert, and is no return yet")
    def test_dispute_is_announced(self):
        invoice = self._pay()
        self._take_back(invoice, "dispute_notice")
        self.assertTrue(self._has_alert(invoice))
        self.assertTrue(self._is_paid(invoice))

    @scenario("a dispute that takes the money is booked as a return")
    def test_dispute_is_lost(self):
        invoice = self._pay()
        self._take_back(invoice, "disputed")
        self.assertFalse(self._is_paid(invoice))
        self._assert_no_draft()
        self._work(days=3)
        self.assertEqual(self._count_calls(), 1, "A disputed card is not charged again.")

    @scenario("a dispute that is won brings the money back")
    def test_dispute_is_won(self):
        invoice = self._pay()
        self._take_back(invoice, "disputed")
        self.assertFalse(self._is_paid(invoice))
        self._take_back(invoice, "dispute_won")
        self.assertTrue(self._is_paid(invoice))

    @scenario("a capture that fails afterwards is booked as a return")
    def test_capture_failed(self):
        invoice = self._pay()
        self._take_back(invoice, "capture_failed")
        self.assertFalse(self._is_paid(invoice))
        self._assert_no_draft()
