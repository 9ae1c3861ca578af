# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Rows of the matrix: what the provider's webhooks tell, in any order, twice, never, or forged."""

from odoo.tests.common import _registry_test_lock

from .matrix import scenario


class EventScenarios:
    @scenario("an answer is lost, and only an event tells that it was refused")
    def test_refused_by_webhook_only(self):
        self._set_faults("drop_after", *["drop_before"] * 3)
        invoice = self._charge_first(self._save_card(self.column.poor))
        self.assertEqual(set(self._deliver()), {200})
        self._work()
        attempt = self._get_sent(invoice)[0]
        self.assertEqual((attempt.state, attempt.decline_class), ("declined", "later"))
        self._set_faults()
        self._retry(invoice)
        self._assert_paid(invoice)

    @scenario("an event arrives before the answer")
    def test_webhook_before_the_answer(self):
        statuses = []

        def deliver_before(send):
            charges = self._count_calls()
            answer = send()
            if self._count_calls() > charges:
                statuses.extend(self._deliver_within_job())
            return answer

        card = self._save_card()
        self.around = deliver_before
        invoice = self._charge_first(card)
        self.assertEqual(set(statuses), {200})
        self._work(minutes=20)
        self._assert_paid(invoice)

    def _deliver_within_job(self):
        """Let Odoo's route take the lock that the job holds, and give it back to the job."""
        held = _registry_test_lock.count - 1
        for _time in range(held):
            _registry_test_lock.release()
        try:
            return self._deliver()
        finally:
            for _time in range(held):
                _registry_test_lock.acquire()

    @scenario("events arrive twice and out of order", quick=True)
    def test_webhook_twice(self):
        self._hold_webhooks(doubled=1.0)
        invoice = self._charge_first(self._save_card(self.column.poor))
        self._retry(invoice)
        self.assertEqual(set(self._deliver("reversed")), {200})
        self._work(hours=1)
        self._assert_paid(invoice)
        self.assertEqual(invoice.recovery_case_id.state, "recovered")

    @scenario("the refusal of an earlier charge arrives after a later one was paid")
    def test_webhooks_out_of_order(self):
        invoice = self._charge_first(self._save_card(self.column.poor))
        late = self.gateway.webhooks.hold_back()
        self._retry(invoice)
        self.assertLessEqual(set(self._deliver()), {200})
        self._work()
        self._assert_paid(invoice)
        self.gateway.webhooks.bring_back(late)
        self.assertLessEqual(set(self._deliver()), {200})
        self._work(days=1)
        self._assert_paid(invoice)

    @scenario("no event ever arrives: the outcome is asked for, or a person is asked")
    def test_webhook_never(self):
        card = self._save_card({"outcome": "processing", "seconds": 7200}, "succeed")
        invoice = self._charge_first(card)
        self._work(hours=3)
        self._forget_webhooks()
        for _day in range(16):
            if self._is_paid(invoice):
                break
            self._work(days=1)
        if not self._is_paid(invoice):
            self.assertTrue(self._has_alert(invoice), "A person is asked.")
            self._get_sent(invoice).action_confirm_charged()
            self._work()
        self._assert_paid(invoice)

    @scenario("a forged event is refused, and books nothing", quick=True)
    def test_webhook_forged(self):
        self._hold_webhooks(wrong_signature=1.0)
        card = self._save_card({"outcome": "processing", "seconds": 60}, "succeed")
        invoice = self._charge_first(card)
        self._forget_webhooks()
        self._hold_webhooks(wrong_signature=1.0)
        self._work(minutes=2)
        self.assertEqual(set(self._deliver()), {403})
        self._work()
        self.assertEqual(self._get_states(invoice), ["pending"])
        self.assertFalse(self._is_paid(invoice))
