# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a provider says is read where it says it, also past Odoo's own request method."""

import json
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .providers import LOST, UNREACHED, ProviderCommon

POST = "odoo.addons.payment_authorize.models.authorize_request.requests.post"
OK = {"resultCode": "Ok", "message": [{"code": "I00001", "text": "Successful."}]}
APPROVED = {
    "transactionResponse": {"responseCode": "1", "transId": "60198", "accountType": "Visa"},
    "messages": OK,
}
DETAILS = {"transaction": {"transId": "60198", "authAmount": 100.0}, "messages": OK}
REFUSED_CONNECTION = requests.exceptions.ConnectionError(
    MaxRetryError(None, "/xml/v1/request.api", NewConnectionError(None, "Connection refused"))
)
BROKEN = requests.exceptions.ConnectionError("Connection aborted.", "RemoteDisconnected")
ORDER = (200, {"id": "order_1", "amount": 10000})


@tagged("post_install", "-at_install")
class TestAuthorize(ProviderCommon):
    """Authorize.Net is asked past the helper of `payment`, and judged as the others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.card = cls._create_provider_card("authorize")
        cls.card.provider_id.available_currency_ids = cls.env.company.currency_id

    @contextmanager
    def _play_posts(self, *answers):
        """Answer the posts of the addon's own class in this order."""
        waiting = [
            said
            if isinstance(said, Exception)
            else self._create_response(said[0], json.dumps(said[1]).encode())
            for said in answers
        ]
        with (
            patch(POST, side_effect=waiting) as post,
            mute_logger("odoo.addons.revenue_recovery.models.charge"),
        ):
            yield
        self.assertEqual(post.call_count, len(answers))

    def _charge_authorize(self, *answers):
        invoice = self._create_invoice(token=self.card)
        self._run_cron("collect")
        with self._play_posts(*answers):
            self._run_cron("charge")
        return invoice.recovery_attempt_ids.sudo().filtered("transaction_id")

    def _pay_in_portal(self, *answers, operation="online_token", **values):
        """Return the payment that a customer made, with these answers to it."""
        invoice = self._create_invoice(collect_automatically=False)
        transaction = self._create_portal_transaction(
            invoice,
            provider_id=self.card.provider_id.id,
            operation=operation,
            reference=f"portal of {invoice.name}",
            payment_method_id=self.card.payment_method_id.id,
            **values,
        )
        with self._play_posts(*answers):
            if operation == "online_token":
                transaction._charge_with_token()
            else:
                content = transaction._authorize_create_transaction_request({"dataValue": "x"})
                transaction._process("authorize", {"response": content})
        return transaction

    def test_request_that_never_reached_it_is_sent_again_and_asks_nobody(self):
        for said in (UNREACHED, REFUSED_CONNECTION):
            with self.subTest(said=said):
                attempt = self._charge_authorize(said)
                self.assertEqual(attempt.state, "not_sent")
                self.assertIn("could not be reached", attempt.sentence)
                self.assertFalse(attempt.is_question)
                planned = attempt.move_id.recovery_attempt_ids - attempt
                self.assertEqual((planned.state, planned.source), ("planned", "technical"))

    def test_request_that_may_have_reached_it_is_unknown(self):
        not_json = self._create_response(200, b"<html>")
        for said in (LOST, BROKEN, (503, {})):
            with self.subTest(said=said):
                self.assertEqual(self._charge_authorize(said).state, "unknown")
        with patch.object(type(self), "_create_response", lambda *args: not_json):
            self.assertEqual(self._charge_authorize((200, {})).state, "unknown")

    def test_limit_of_requests_is_not_sent(self):
        attempt = self._charge_authorize((429, {"error": "Too many requests"}))
        self.assertEqual(attempt.state, "not_sent")
        self.assertIn("HTTP 429", attempt.sentence)

    def test_answer_counts_though_its_amount_can_not_be_asked_for(self):
        attempt = self._charge_authorize((200, APPROVED), LOST)
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("paid", "done"))

    def test_other_amount_is_still_found(self):
        details = {**DETAILS, "transaction": {"transId": "60198", "authAmount": 50.0}}
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            attempt = self._charge_authorize((200, APPROVED), (200, details))
        self.assertEqual(attempt.state, "unknown")

    def test_payment_of_another_amount_is_not_believed_without_its_amount(self):
        details = {**DETAILS, "transaction": {"transId": "60198", "authAmount": 50.0}}
        attempt = self._charge_authorize((200, APPROVED), (200, details))
        told = {"x_response_code": "1", "x_type": "auth_capture", "x_trans_id": "60198"}
        with self._play_posts(LOST), self.assertRaises(ValidationError):
            attempt.transaction_id._process("authorize", {"response": told})
        self.assertEqual(attempt.transaction_id.state, "error")

    def test_payment_of_somebody_else_is_kept_though_its_answer_got_lost(self):
        transaction = self._pay_in_portal(LOST, token_id=self.card.id)
        self.assertEqual((transaction.state, transaction.recovery_unclear), ("error", True))
        transaction = self._pay_in_portal(UNREACHED, token_id=self.card.id)
        self.assertEqual((transaction.state, transaction.recovery_unclear), ("error", False))

    def test_form_whose_answer_got_lost_keeps_other_charges_back(self):
        transaction = self._pay_in_portal(LOST, operation="online_direct")
        self.assertEqual((transaction.state, transaction.recovery_unclear), ("error", True))
        attempts = self.env["recovery.attempt"]
        with freeze_time(fields.Datetime.now() + timedelta(hours=2)):
            self.assertTrue(attempts._get_transaction_block(transaction))


@tagged("post_install", "-at_install")
class TestRazorpay(ProviderCommon):
    """Razorpay answers a charge with an id; Odoo's addon asks for the payment by it."""

    PAYMENT = {
        "id": "pay_1", "status": "failed", "amount": 10000, "currency": "USD", "method": "card",
        "card": {
            "network": "Visa", "type": "debit", "last4": "1111", "international": False,
            "expiry_month": 8, "expiry_year": 2030,
        },
        "error_code": "BAD_REQUEST_ERROR",
        "error_description": "Your payment could not be completed due to insufficient account "
        "balance. Try another card or payment method.",
        "error_source": "bank", "error_step": "payment_authorization",
        "error_reason": "insufficient_fund",
    }  # fmt: skip

    def _charge_by_id(self, **values):
        answer = (200, {"razorpay_payment_id": "pay_1"})
        return self._charge("razorpay", ORDER, answer, (200, {**self.PAYMENT, **values}))

    def test_reason_is_read_in_the_payment_that_was_fetched(self):
        attempt = self._charge_by_id()
        self.assertEqual(attempt.state, "declined")
        self.assertEqual(attempt.decline_reason_id.code, "insufficient_funds")
        self.assertIn("insufficient account balance", attempt.decline_message)
        self.assertEqual(attempt.transaction_id.recovery_reason_id.code, "insufficient_funds")

    def test_card_is_read_in_the_payment_that_was_fetched(self):
        attempt = self._charge_by_id()
        self.assertEqual(attempt.token_id.recovery_network, "visa")
        self.assertEqual(attempt.token_id.recovery_expiry, fields.Date.to_date("2030-08-31"))

    def test_payment_that_was_fetched_and_is_not_decided_is_pending(self):
        attempt = self._charge_by_id(status="authorized", error_code=None, error_reason=None)
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("pending", "pending"))

    def test_success_that_was_fetched_is_paid(self):
        attempt = self._charge_by_id(status="captured", error_code=None, error_reason=None)
        self.assertEqual(attempt.state, "paid")
        self.assertFalse(attempt.transaction_id.recovery_decline)


@tagged("post_install", "-at_install")
class TestOwnRetries(ProviderCommon):
    """While a provider retries a refused payment by itself, nothing is charged beside it."""

    def _refuse(self, **more):
        """Return an attempt that Adyen refused, and what it says of the card and its retries."""
        answer = {
            "pspReference": "993617895204576J",
            "resultCode": "Refused",
            "refusalReason": "Not enough balance",
            "refusalReasonCode": "12",
            "paymentMethod": {"type": "scheme", "brand": "visa"},
            "additionalData": {
                "retry.rescueScheduled": "true",
                "retry.rescueReference": "SGX84FSHVNLR8M82",
                **more,
            },
        }
        attempt = self._charge("adyen", (200, answer))
        self._run_cron("follow")
        return attempt

    def _get_planned(self, attempt):
        attempts = attempt.move_id.recovery_attempt_ids
        return attempts.filtered(lambda other: other.state == "planned")

    def _reach_block(self, attempt):
        """Let the next charge come due, and be put off."""
        self._make_due(attempt.move_id.recovery_case_id)
        with self._play():
            self._run_cron("charge")
        return self._get_planned(attempt)

    def test_charge_waits_for_the_end_of_the_providers_retries_and_says_so(self):
        attempt = self._refuse()
        self.assertEqual(attempt.state, "declined")
        planned = self._reach_block(attempt)
        self.assertEqual(planned.planned_at, attempt.transaction_id.recovery_retries_until)
        self.assertIn("retries the payment", planned.sentence)
        self.assertIn("SGX84FSHVNLR8M82", planned.sentence)

    def test_charge_goes_on_once_the_provider_has_given_up(self):
        attempt = self._refuse()
        self._reach_block(attempt)
        ended = {
            "resultCode": "Refused",
            "additionalData": {
                "retry.rescueScheduled": "false",
                "retry.rescueReference": "SGX84FSHVNLR8M82",
            },
        }
        self._tell(attempt, ended)
        self.assertEqual(self._get_planned(attempt).planned_at, fields.Datetime.now())
        self.assertIn("does not retry", self._get_planned(attempt).sentence)
        begun_again = {**ended, "additionalData": {**ended["additionalData"]}}
        begun_again["additionalData"]["retry.rescueScheduled"] = "true"
        self._tell(attempt, begun_again)
        self.assertLessEqual(
            attempt.transaction_id.recovery_retries_until,
            fields.Datetime.now(),
            msg="The message that announced the retries came late.",
        )

    def test_charge_goes_on_when_nothing_is_heard_any_more(self):
        attempt = self._refuse()
        planned = self._reach_block(attempt)
        self.assertEqual(planned.planned_at - fields.Datetime.now(), timedelta(days=31))

    def test_success_of_the_provider_recovers_the_case(self):
        attempt = self._refuse()
        self._reach_block(attempt)
        paid = {
            "eventCode": "AUTHORISATION",
            "pspReference": "993617895204577K",
            "resultCode": "Authorised",
            "paymentMethod": "visa",
            "amount": {"value": 10000, "currency": "USD"},
        }
        self._tell(attempt, paid)
        with self._enter_job_mode():
            attempt.transaction_id._post_process()
        self._run_cron("follow")
        self.assertEqual(attempt.move_id.recovery_case_id.state, "recovered")
        self.assertFalse(self._get_planned(attempt))
        self.assertFalse(self._find_alerts(attempt))

    def test_person_is_told_when_it_was_paid_otherwise(self):
        attempt = self._refuse()
        self._register_payment(attempt.move_id, 100.0)
        self._run_cron("follow")
        self.assertEqual(attempt.move_id.recovery_case_id.state, "recovered")
        alert = self._find_alerts(attempt)
        self.assertIn("Cancel the retries", alert.recovery_sentence)

    def test_policy_without_own_retries_is_not_held_back(self):
        attempt = self._refuse(**{"retry.rescueScheduled": "false"})
        self.assertFalse(attempt.transaction_id.recovery_retries_until)
        self.assertTrue(self._get_planned(attempt))

    def test_card_that_was_renewed_while_it_was_charged_is_news(self):
        attempt = self._refuse(
            **{
                "retry.rescueScheduled": "false",
                "realtimeAccountUpdaterStatus": "CardExpiryChanged",
                "expiryDate": "8/2031",
            }
        )
        card = attempt.token_id
        self.assertEqual(card.recovery_expiry, fields.Date.to_date("2031-08-31"))
        self.assertLessEqual(card.recovery_updated_at, attempt.started_at)

    def test_card_that_its_network_calls_closed_is_dead(self):
        attempt = self._refuse(
            **{
                "retry.rescueScheduled": "false",
                "realtimeAccountUpdaterStatus": "CloseAccount",
            }
        )
        self.assertEqual(attempt.decline_class, "never")
        self.assertFalse(self._get_planned(attempt))

    def _find_alerts(self, attempt):
        return self.env["mail.activity"].search(
            [("recovery_subject", "=", f"retries:{attempt.transaction_id.id}")]
        )
