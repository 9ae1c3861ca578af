# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import hashlib
import hmac
import json
import time
from contextlib import nullcontext

import requests

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestWebhook(RecoveryCommon, HttpCase):
    """What the provider says later, over real HTTP and through Odoo's own controller."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()
        cls.card = cls._create_stripe_card(cls.stripe)

    def _enter_job_mode(self):
        return nullcontext()

    def setUp(self):
        super().setUp()
        self.invoice = self._create_invoice(token=self.card)
        self._run_cron("collect")
        self.attempt = self.invoice.recovery_attempt_ids.sudo()
        with (
            mute_logger(
                "odoo.addons.revenue_recovery.models.charge",
                "odoo.addons.payment.models.payment_provider",
            ),
            self._patch_requests(side_effect=requests.exceptions.ReadTimeout("slow")),
        ):
            self._run_cron("charge")
        self.assertEqual(self.attempt.state, "unknown")

    def _send_event(self, event_type, secret="whsec_x", **intent):
        body = {
            "type": event_type,
            "data": {
                "object": {
                    "id": "pi_1",
                    "object": "payment_intent",
                    "description": self.attempt.transaction_id.reference,
                    "amount": 10000,
                    "currency": "usd",
                    "charges": {"data": []},
                    **intent,
                }
            },
        }
        payload = json.dumps(body)
        timestamp = int(time.time())
        signature = hmac.new(
            secret.encode(), f"{timestamp}.{payload}".encode(), hashlib.sha256
        ).hexdigest()
        return self.url_open(
            "/payment/stripe/webhook",
            data=payload,
            headers={
                "Content-Type": "application/json",
                "Stripe-Signature": f"t={timestamp},v1={signature}",
            },
        )

    def test_success_resolves_the_unknown_outcome_and_books_the_payment(self):
        response = self._send_event("payment_intent.succeeded", status="succeeded")
        self.assertEqual(response.status_code, 200)
        self.attempt.transaction_id._post_process()
        self._run_cron("follow")
        self.assertEqual((self.attempt.state, self.invoice.payment_state), ("paid", "paid"))

    def test_the_same_event_twice_pays_once(self):
        for _turn in range(2):
            self._send_event("payment_intent.succeeded", status="succeeded")
        self.attempt.transaction_id._post_process()
        self._run_cron("follow")
        self.assertEqual(len(self.invoice.matched_payment_ids), 1)
        self.assertEqual(self.attempt.state, "paid")

    def test_failure_resolves_the_unknown_outcome_and_opens_the_case(self):
        error = {"code": "card_declined", "message": "Your card was declined."}
        self._send_event(
            "payment_intent.payment_failed",
            status="requires_payment_method",
            last_payment_error=error,
        )
        self._run_cron("follow")
        self.assertEqual(self.attempt.state, "declined")
        self.assertIn("Your card was declined.", self.attempt.sentence)
        self.assertEqual(self.invoice.recovery_case_id.state, "in_recovery")

    @mute_logger("odoo.addons.payment_stripe.controllers.main", "odoo.http")
    def test_wrong_signature_changes_nothing(self):
        response = self._send_event(
            "payment_intent.succeeded", secret="whsec_wrong", status="succeeded"
        )
        self.assertEqual(response.status_code, 403)
        self.assertEqual(self.attempt.transaction_id.state, "draft")

    def test_unknown_event_is_acknowledged_and_changes_nothing(self):
        response = self._send_event("price.created", status="succeeded")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(self.attempt.transaction_id.state, "draft")

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_success_with_another_amount_does_not_pay_the_invoice(self):
        self._send_event("payment_intent.succeeded", status="succeeded", amount=1)
        with (
            mute_logger("odoo.addons.revenue_recovery.models.charge"),
            self._patch_requests(side_effect=requests.exceptions.ReadTimeout("slow")),
        ):
            self._run_cron("follow")
        self.assertEqual(self.attempt.transaction_id.state, "error")
        self.assertEqual(self.attempt.state, "unknown", msg="Some money was taken.")
        self.assertEqual(self.invoice.payment_state, "not_paid")

    def test_late_success_of_a_declined_charge_is_no_decline_any_more(self):
        transaction = self.attempt.transaction_id
        transaction._recovery_note_answer(
            {"error": {"code": "card_declined", "decline_code": "stolen_card"}}, is_refusal=True
        )
        self.assertTrue(transaction.recovery_decline)
        self._send_event("payment_intent.succeeded", status="succeeded")
        self._run_cron("follow")
        self.assertFalse(transaction.recovery_decline)
        charge = self.card._recovery_get_history()[-1]
        self.assertEqual(charge.attempt.outcome, "paid")
