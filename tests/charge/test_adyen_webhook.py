# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Adyen's refusals that only its webhook tells, over real HTTP and through Odoo's own route."""

from contextlib import nullcontext

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.payment_adyen.controllers.main import AdyenController

from .providers import LOST, ProviderCommon

RECEIVED = {
    "pspReference": "JVBXGSDM53RZNN82",
    "resultCode": "Received",
    "paymentMethod": {"type": "sepadirectdebit"},
    "amount": {"value": 10000, "currency": "USD"},
}


@tagged("post_install", "-at_install")
class TestAdyenWebhook(ProviderCommon, HttpCase):
    """Odoo's controller passes over an AUTHORISATION without success; a pending debit would wait.

    The items have the shape of Adyen's document "Webhook structure and types".
    """

    KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"

    def _enter_job_mode(self):
        return nullcontext()

    def _charge_adyen(self, *answers):
        attempt = self._charge("adyen", *answers)
        attempt.transaction_id.provider_id.adyen_hmac_key = self.KEY
        return attempt

    def _send(self, transaction, key=KEY, more=None, **values):
        """Let Adyen say of a payment that it was refused, or what is given."""
        item = {
            "additionalData": dict(more or {}),
            "amount": {"currency": "USD", "value": 10000},
            "eventCode": "AUTHORISATION",
            "eventDate": "2026-11-29T12:00:00+01:00",
            "merchantAccountCode": "merchant",
            "merchantReference": transaction.reference,
            "paymentMethod": "sepadirectdebit",
            "pspReference": "JVBXGSDM53RZNN82",
            "reason": "Not enough balance",
            "success": "false",
            **values,
        }
        signature = AdyenController._compute_signature(item, key)
        item["additionalData"]["hmacSignature"] = signature
        body = {"live": "false", "notificationItems": [{"NotificationRequestItem": item}]}
        with mute_logger(
            "odoo.addons.payment_adyen.models.payment_transaction",
            "odoo.addons.payment_adyen.controllers.main",
            "odoo.http",
        ):
            response = self.url_open("/payment/adyen/notification", json=body)
        self.env.invalidate_all()
        return response.status_code

    def test_pending_debit_that_is_refused_days_later_is_declined(self):
        attempt = self._charge_adyen((200, RECEIVED))
        self.assertEqual(attempt.state, "pending")
        provider = attempt.transaction_id.provider_id
        self.assertFalse(provider.recovery_heard_at, msg="An answer to us shows no webhook.")
        self.assertEqual(self._send(attempt.transaction_id), 200)
        self.assertTrue(provider.recovery_heard_at)
        self._run_cron("follow")
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("declined", "error"))
        self.assertEqual(attempt.decline_reason_id.code, "insufficient_funds")
        self.assertEqual(attempt.network, "sepa")
        self.assertEqual(attempt.move_id.recovery_case_id.state, "in_recovery")

    def test_lost_answer_is_resolved_by_the_refusal(self):
        attempt = self._charge_adyen(LOST)
        self.assertEqual(attempt.state, "unknown")
        self._send(attempt.transaction_id)
        self._run_cron("follow")
        self.assertEqual(attempt.state, "declined")

    def test_refusal_that_comes_twice_counts_once(self):
        attempt = self._charge_adyen((200, RECEIVED))
        for _turn in range(2):
            self.assertEqual(self._send(attempt.transaction_id), 200)
            self._run_cron("follow")
        self.assertEqual(attempt.state, "declined")
        attempts = attempt.move_id.recovery_attempt_ids
        self.assertEqual(sorted(attempts.mapped("state")), ["declined", "planned"])

    def test_refusal_that_comes_before_the_answer_counts_once(self):
        invoice = self._create_invoice(token=self._create_provider_card("adyen"))
        self._run_cron("collect")
        with self._cron_cursor() as env:
            env["recovery.attempt"]._claim()
        attempt = invoice.recovery_attempt_ids.sudo()
        self.assertEqual(attempt.state, "running")
        attempt.transaction_id.provider_id.adyen_hmac_key = self.KEY
        self._send(attempt.transaction_id)
        self.assertEqual(attempt.transaction_id.state, "error")
        refused = {
            "pspReference": "JVBXGSDM53RZNN82",
            "resultCode": "Refused",
            "refusalReason": "Not enough balance",
            "refusalReasonCode": "12",
        }
        with self._play((200, refused)), self._cron_cursor() as env:
            attempt.with_env(env)._carry_out()
        self._run_cron("follow")
        self.assertEqual(attempt.state, "declined")
        self.assertEqual(attempt.decline_reason_id.code, "insufficient_funds")

    def test_success_after_the_refusal_counts(self):
        attempt = self._charge_adyen((200, RECEIVED))
        self._send(attempt.transaction_id)
        self._run_cron("follow")
        self._send(attempt.transaction_id, success="true", reason="")
        self._run_cron("follow")
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("paid", "done"))

    def test_refusal_after_the_success_changes_nothing(self):
        attempt = self._charge_adyen((200, {**RECEIVED, "resultCode": "Authorised"}))
        self.assertEqual(attempt.state, "paid")
        self._send(attempt.transaction_id, pspReference="ANOTHER4TRY5678R")
        self._run_cron("follow")
        transaction = attempt.transaction_id
        self.assertEqual((attempt.state, transaction.state), ("paid", "done"))
        self.assertEqual(transaction.provider_reference, "JVBXGSDM53RZNN82")
        self.assertFalse(transaction.recovery_decline)

    def test_refusal_of_another_try_leaves_the_pending_one_alone(self):
        attempt = self._charge_adyen((200, RECEIVED))
        self._send(attempt.transaction_id, pspReference="ANOTHER4TRY5678R")
        self._run_cron("follow")
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("pending", "pending"))

    def test_wrong_signature_changes_nothing(self):
        attempt = self._charge_adyen((200, RECEIVED))
        self.assertEqual(self._send(attempt.transaction_id, key="00" * 32), 403)
        self.assertEqual(attempt.transaction_id.state, "pending")

    def test_payment_of_no_invoice_and_unknown_payment_are_left_alone(self):
        attempt = self._charge_adyen((200, RECEIVED))
        transaction = attempt.transaction_id
        self.assertEqual(self._send(transaction, merchantReference="nobody knows"), 200)
        transaction.invoice_ids = False
        self.assertEqual(self._send(transaction), 200)
        self.assertEqual(transaction.state, "pending")

    def test_payment_of_the_customer_is_declined_too(self):
        card = self._create_provider_card("adyen")
        card.provider_id.adyen_hmac_key = self.KEY
        invoice = self._create_invoice(collect_automatically=False)
        transaction = self._create_portal_transaction(
            invoice, provider_id=card.provider_id.id, state="pending", operation="online_redirect"
        )
        self._send(transaction, reason="Expired Card", paymentMethod="visa")
        self.assertEqual(transaction.state, "error")
        self.assertEqual(transaction.recovery_reason_id.code, "expired_card")

    def test_raw_answer_of_the_network_is_read_from_the_webhook(self):
        attempt = self._charge_adyen((200, RECEIVED))
        self._send(
            attempt.transaction_id,
            more={"refusalReasonRaw": "43 : Stolen card"},
            reason="Blocked Card",
            paymentMethod="visa",
        )
        self._run_cron("follow")
        self.assertEqual(attempt.decline_reason_id.code, "stolen_card")

    def test_end_of_adyens_own_retries_lets_the_policy_go_on(self):
        attempt = self._charge_adyen((200, RECEIVED))
        transaction = attempt.transaction_id
        retries = {"retry.rescueScheduled": "true", "retry.rescueReference": "SGX84FSHVNLR8M82"}
        self._send(transaction, more=retries)
        until = transaction.recovery_retries_until
        self.assertTrue(until)
        ended = {"retry.rescueReference": "SGX84FSHVNLR8M82"}
        values = {"eventCode": "AUTORESCUE", "originalReference": "JVBXGSDM53RZNN82"}
        self.assertEqual(self._send(transaction, key="00" * 32, more=ended, **values), 403)
        self.assertEqual(transaction.recovery_retries_until, until)
        values["pspReference"] = "GH3KXTSHVNLR8M9Z"
        self.assertEqual(self._send(transaction, more=ended, **values), 200)
        self.assertLess(transaction.recovery_retries_until, until)
        self.assertFalse(transaction.child_transaction_ids, msg="It is no refund.")
