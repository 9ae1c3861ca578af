"""Rows of the matrix: money that had arrived and is taken back at the provider."""

from .matrix import scenario


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

    def _assert_noticed(self, invoice):
        """Check that nobody takes the invoice for paid who does not know better."""
        self.assertTrue(
            not self._is_paid(invoice) or self._has_alert(invoice), "Nobody notices it."
        )
        refunds = self.env["payment.transaction"].search(
            [("operation", "=", "refund"), ("state", "=", "draft")]
        )
        self.assertFalse(refunds, "A draft refund is left behind.")

    @scenario("a refund at the provider counts no longer as recovered")
    def test_refund_at_the_provider(self):
        invoice = self._pay()
        self._take_back(invoice, "refunded")
        self._assert_noticed(invoice)

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
        self._assert_noticed(invoice)
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
        self._assert_noticed(invoice)
