# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Rows of the matrix: what is refused, and how it is read."""

from datetime import timedelta

from odoo import fields

from .matrix import scenario

# What the families of refusals are read as, by the words in which cards of the gateway answer.
FAMILIES = {
    "insufficient_funds": "later",
    "generic_decline": "later",
    "do_not_honor": "later",
    "card_velocity_exceeded": "later",
    "expired_card": "fix_data",
    "incorrect_number": "fix_data",
    "lost_card": "never",
    "stolen_card": "never",
    "restricted_card": "never",
    "account_closed": "never",
    "revocation_of_authorization": "never",
    "fraudulent": "never",
    "processing_error": "technical",
    "issuer_not_available": "technical",
    "authentication_required": "customer_action",
}


class DeclineScenarios:
    @scenario("refused for lack of money, tried again, paid and booked", quick=True)
    def test_funds_then_paid(self):
        invoice = self._charge_first(self._save_card(self.column.poor))
        case = invoice.recovery_case_id
        self.assertEqual((case.state, case.decline_class), ("in_recovery", "later"))
        self._retry(invoice)
        self._assert_paid(invoice)
        self.assertEqual((case.state, case.channel), ("recovered", "retry"))
        self._deliver()
        self._work(days=1)
        self._assert_paid(invoice)

    @scenario("each documented family of refusals is read as what it is")
    def test_families(self):
        expected = {word: each for word, each in FAMILIES.items() if word in self.column.declines}
        invoices = {word: self._owe(self._save_card(word)) for word in expected}
        self._run_cron("collect")
        self._work()
        found = {
            word: self._get_sent(invoice)[:1].decline_class for word, invoice in invoices.items()
        }
        self.assertEqual(found, expected)

    @scenario("a dead card is charged for no invoice any more, a new card pays")
    def test_dead_card_then_new_card(self):
        dead = self._save_card(self.column.dead, last4="0002")
        invoice = self._charge_first(dead)
        case = invoice.recovery_case_id
        self._assert_blocked(invoice, "never")
        other = self._charge_first(dead)
        self._work(days=2)
        self.assertEqual(self._count_calls(), 1, "Nothing is charged on a dead card.")
        new = self._save_card(last4="1881")
        for each in (invoice, other):
            each.collect_token_id = new
        self._work()
        for each in (invoice, other):
            self.assertEqual(self._get_sent(each)[-1].source, "method")
            self._assert_paid(each)
        self.assertEqual(case.state, "recovered")

    @scenario("the network's code and its advice are read and obeyed")
    def test_network_advice(self):
        answer = {
            "outcome": "insufficient_funds",
            "network_decline_code": "51",
            "network_advice_code": "26",  # Not within two days.
        }
        invoice = self._charge_first(self._save_card(answer, brand="mastercard"))
        attempt = self._get_sent(invoice)
        self.assertEqual((attempt.network_code, attempt.advice_code), ("51", "26"))
        planned = invoice.recovery_case_id.sudo().next_attempt_id.planned_at
        self.assertGreaterEqual(planned, fields.Datetime.now() + timedelta(hours=47))

    @scenario("a card that its network renewed pays the waiting invoice")
    def test_card_is_renewed(self):
        if not self.provider.recovery_events_secret:
            self.provider.recovery_events_secret = "ab" * 32
        invoice = self._charge_first(self._save_card("expired_card"))
        self._deliver()
        self._assert_blocked(invoice, "fix_data")
        self.freeze_time.move_to(fields.Datetime.now() + timedelta(hours=2))
        self.column.update_card(
            self.card, self.provider.recovery_events_url, self.provider.recovery_events_secret
        )
        self.assertEqual(set(self._deliver()), {200})
        self._work()
        self.assertEqual(self._get_sent(invoice)[-1].source, "method")
        self._assert_paid(invoice)
