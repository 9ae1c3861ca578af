# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Rows of the matrix: answers that are lost, late, or none of the customer's business."""

import requests

from .matrix import MINOR, scenario


class OutcomeScenarios:
    def _settle(self, invoice, *waits):
        """Let time go by until an outcome is known; else a person looks it up at the provider."""
        for hours in waits or (1, 3, 8, 24, 24):
            if "unknown" not in self._get_states(invoice):
                break
            self._work(hours=hours)
        case = invoice.recovery_case_id
        if "unknown" in self._get_states(invoice):
            self.assertTrue(self._has_alert(invoice), "A person is asked.")
            if self._get_taken():
                case.action_confirm_charged()
            else:
                case.action_confirm_not_charged()
            self._work()

    @scenario("an answer is lost, nothing was taken: it is found out, and charged once", quick=True)
    def test_lost_before(self):
        self._set_faults("drop_before")
        invoice = self._charge_first(self._save_card())
        self.assertFalse(invoice.sudo().recovery_case_id.attempt_ids.filtered("decline_class"))
        self._settle(invoice)
        for _day in range(3):
            if self._is_paid(invoice):
                break
            self._work(days=1)
        self._assert_paid(invoice)

    @scenario("an answer is lost, the money was taken: it is found out, and not taken again")
    def test_lost_after(self):
        self._set_faults("drop_after")
        invoice = self._charge_first(self._save_card())
        self._forget_webhooks()
        self.assertEqual(self._get_taken(), MINOR)
        self._settle(invoice)
        self._assert_paid(invoice)
        self._work(days=2)
        self._assert_paid(invoice)

    @scenario("an answer is lost, and the provider's event tells what became of it", quick=True)
    def test_lost_answer_is_told(self):
        self._set_faults("drop_after", *["drop_before"] * 3)
        invoice = self._charge_first(self._save_card())
        self.assertNotIn("declined", self._get_states(invoice))
        self.assertEqual(set(self._deliver()), {200})
        self._work()
        self._assert_paid(invoice)

    @scenario("a re-ask that is told its key is in use tells nothing of the charge")
    def test_key_in_use(self):
        self._set_faults({"kind": "drop_after", "again": "error_409", "times": 2})
        invoice = self._charge_first(self._save_card())
        self._forget_webhooks()
        self._settle(invoice)
        self.assertTrue(self.gateway.counters.faults["error_409"])
        self._assert_paid(invoice)

    @scenario("undecided at first, paid later")
    def test_pending_then_paid(self):
        card = self._save_card({"outcome": "processing", "seconds": 7200}, "succeed")
        invoice = self._charge_first(card)
        self.assertEqual(self._get_states(invoice), ["pending"])
        self._work(hours=3)
        self._deliver()
        for _day in range(6):
            self._work()
            if self._is_paid(invoice):
                break
            self._work(days=1)
        self._assert_paid(invoice)

    @scenario("undecided at first, refused later, tried again and paid")
    def test_pending_then_refused(self):
        poor = self.column.poor
        card = self._save_card({"outcome": "processing", "seconds": 7200}, poor, "succeed")
        invoice = self._charge_first(card)
        self.assertEqual(self._get_states(invoice), ["pending"])
        self._work(hours=3)
        self._deliver()
        for _day in range(6):
            self._work()
            if self._get_states(invoice) != ["pending"]:
                break
            self._work(days=1)
        self.assertEqual(self._get_sent(invoice)[0].state, "declined")
        self.assertEqual(self._get_sent(invoice)[0].decline_class, "later")
        if not self._is_paid(invoice):
            self._retry(invoice)
        self._assert_paid(invoice)

    @scenario("never decided: nothing else is charged, and a person is asked in time")
    def test_never_decided(self):
        card = self._save_card(afterwards={"outcome": "processing", "seconds": 4e6})
        invoice = self._charge_first(card)
        for _day in range(16):
            self._work(days=1)
        self.assertEqual(self._count_calls(), 1, "Nothing else is charged.")
        self.assertTrue(self._has_alert(invoice))

    @scenario("the provider is down: no decline, no message to the customer, charged once later")
    def test_outage(self):
        self._set_faults("error_500_before", "error_502_before", "error_500_before")
        invoice = self._charge_first(self._save_card())
        for _day in range(4):
            self.assertNotIn("declined", self._get_states(invoice))
            self._settle(invoice)
            if self._is_paid(invoice):
                break
            self._work(days=1)
        self._assert_paid(invoice)
        self.assertFalse(self._get_told(invoice), "The customer can't help it.")

    @scenario("the provider can't be reached: tried again soon and silently", quick=True)
    def test_unreached(self):
        def refuse(_send):
            raise requests.exceptions.ConnectTimeout("no way")

        self.around, around = refuse, self.around
        invoice = self._charge_first(self._save_card())
        self.assertEqual(self._get_states(invoice), ["not_sent"])
        self.around = around
        for _hour in range(3):
            self._work(hours=1)
        self._assert_paid(invoice)
        self.assertFalse(self._get_told(invoice))

    @scenario("too many requests: no decline, charged once later")
    def test_limit(self):
        self._set_faults("error_429")
        invoice = self._charge_first(self._save_card())
        self.assertEqual(self._get_states(invoice), ["not_sent"])
        for _hour in range(3):
            self._work(hours=1)
        self._assert_paid(invoice)
        self.assertFalse(self._get_told(invoice))

    @scenario("a wrong key: the company is told, the customer isn't; once mended, it goes on")
    def test_wrong_key(self):
        right = {name: self.column.settings[name] for name in self.column.secrets}
        card = self._save_card()
        self.provider.write(dict.fromkeys(right, "wrong"))
        invoice = self._charge_first(card)
        for _day in range(4):
            self._work(days=1)
        self.assertLessEqual(len(self._get_sent(invoice)), 1, "One try is enough.")
        self.assertFalse(self._get_told(invoice), "The customer can't help it.")
        self.assertTrue(self._has_alert(invoice) or self._has_alert_of_provider())
        self.provider.write(right)
        if hasattr(self.provider, "action_recovery_try_again"):
            self.provider.action_recovery_try_again()
        for _day in range(2):
            if self._is_paid(invoice):
                break
            self._work(days=1)
        self._assert_paid(invoice)
