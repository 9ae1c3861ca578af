"""The rows of the matrix: what must work at every provider whose addon lets it."""

from .matrix import scenario


class Scenarios:
    """Played by a column of the matrix."""

    # === DECLINED === #

    @scenario("refused for lack of money, tried again, paid and booked", quick=True)
    def test_funds_then_paid(self):
        invoice = self._charge_first(self._save_card("insufficient_funds"))
        case = invoice.recovery_case_id
        self.assertEqual((case.state, case.decline_class), ("in_recovery", "later"))
        self._retry(invoice)
        self._assert_paid(invoice)
        self.assertEqual((case.state, case.channel), ("recovered", "retry"))
        self._deliver()
        self._work(days=1)
        self._assert_paid(invoice)
