# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
from datetime import timedelta
from unittest.mock import patch

import requests

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import RecoveryCommon

CHARGE_LOGGER = "odoo.addons.revenue_recovery.models.charge"
PROVIDER_LOGGER = "odoo.addons.payment.models.payment_provider"
TRANSACTION_LOGGER = "odoo.addons.payment.models.payment_transaction"


@tagged("post_install", "-at_install")
class TestCharge(RecoveryCommon):
    def test_due_invoice_is_charged_booked_and_paid(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._collect()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(invoice.recovery_attempt_ids.state, "paid")
        self.assertFalse(invoice.recovery_case_id, msg="Nothing failed, so there is no case.")

    def test_declined_charge_opens_a_case_with_the_next_charge_planned(self):
        invoice, case = self._fail_invoice()
        self.assertEqual(case.state, "in_recovery")
        self.assertEqual(case.failed_amount, 100.0)
        first, planned = case.attempt_ids.sorted("id")
        self.assertEqual((first.state, first.source), ("declined", "collect"))
        self.assertEqual((planned.state, planned.source), ("planned", "ladder"))
        self.assertEqual(invoice.recovery_state, "in_recovery")

    def test_successful_retry_recovers_the_case(self):
        token = self._create_card("error")
        invoice, case = self._fail_invoice(token=token)
        token.demo_simulated_state = "done"
        self._charge_next(case)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual((case.state, case.channel), ("recovered", "retry"))
        self.assertEqual(case.recovered_amount, 100.0)

    def test_a_second_unfinished_attempt_is_impossible(self):
        _invoice, case = self._fail_invoice()
        planned = case.next_attempt_id.sudo()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(Exception, "unfinished_uniq"),
            self.cr.savepoint(),
        ):
            planned.copy()

    def test_charge_takes_what_is_owed_at_that_instant(self):
        token = self._create_card("error")
        invoice, case = self._fail_invoice(token=token)
        self._register_payment(invoice, 30.0)
        token.demo_simulated_state = "done"
        self._charge_next(case)
        charge = case.attempt_ids.filtered(lambda attempt: attempt.state == "paid")
        self.assertEqual(charge.amount, 70.0)
        self.assertEqual(invoice.payment_state, "paid")

    def test_invoice_changed_between_claim_and_charge_is_not_charged(self):
        token = self._create_card("done")
        invoice = self._create_invoice(token=token)
        self._run_cron("collect")
        with self.enter_registry_test_mode(), self._cron_cursor() as env:
            attempt = env["recovery.attempt"]._claim()
            self.assertEqual(attempt.state, "running")
            self._register_payment(env["account.move"].browse(invoice.id), 30.0)
            attempt._carry_out()
        self.env.invalidate_all()
        attempt = invoice.recovery_attempt_ids[-1]
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("cancelled", "cancel"))
        self.assertEqual(invoice.amount_residual, 70.0, msg="Only the payment by hand counts.")
        self.assertFalse(invoice.recovery_case_id, msg="Nothing was declined.")
        self._collect()
        self.assertEqual(invoice.payment_state, "paid", msg="It is collected with the new amount.")

    def test_pending_charge_blocks_the_next_until_it_is_known(self):
        invoice = self._create_invoice(token=self._create_card("pending"))
        self._collect()
        attempt = invoice.recovery_attempt_ids
        self.assertEqual(attempt.state, "pending")
        self._collect()
        self.assertEqual(invoice.recovery_attempt_ids, attempt)
        attempt.transaction_id._set_done()
        attempt.transaction_id._post_process()
        self._run_cron("follow")
        self.assertEqual(attempt.state, "paid")
        self.assertEqual(invoice.payment_state, "paid")

    def test_late_success_of_a_declined_charge_recovers_the_case(self):
        invoice, case = self._fail_invoice()
        declined = case.attempt_ids.filtered(lambda attempt: attempt.state == "declined")
        declined.transaction_id._set_done()
        declined.transaction_id._post_process()
        self._run_cron("follow")
        self.assertEqual((declined.state, case.state), ("paid", "recovered"))
        self.assertFalse(case.next_attempt_id, msg="What was planned is withdrawn.")

    @mute_logger("odoo.addons.revenue_recovery.models.charge")
    def test_payment_that_cannot_be_booked_is_left_to_odoo_and_not_charged_again(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._run_cron("collect")
        transactions = type(self.env["payment.transaction"])
        with patch.object(transactions, "_create_payment", side_effect=UserError("No journal")):
            self._run_cron("charge")
        attempt = invoice.recovery_attempt_ids
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("paid", "done"))
        self.assertFalse(attempt.transaction_id.is_post_processed)
        self._collect()
        self.assertEqual(len(invoice.recovery_attempt_ids), 1)
        attempt.transaction_id._post_process()
        self.assertEqual(invoice.payment_state, "paid")


@tagged("post_install", "-at_install")
class TestUnclearAnswer(RecoveryCommon):
    """Charges through the unmodified Stripe addon whose answers get lost."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()
        cls.card = cls._create_stripe_card(cls.stripe)

    def _respond(self, status, body):
        response = self._create_response(status, json.dumps(body).encode())
        return self._patch_requests(return_value=response)

    def _paid_intent(self, attempt_amount=10000):
        return {
            "id": "pi_1",
            "object": "payment_intent",
            "status": "succeeded",
            "amount": attempt_amount,
            "currency": "usd",
            "payment_method": {"id": "pm_1", "type": "card", "card": {"brand": "visa"}},
        }

    def _charge_unclear(self, **failure):
        invoice = self._create_invoice(token=self.card)
        self._run_cron("collect")
        attempt = invoice.recovery_attempt_ids.sudo()
        with (
            mute_logger(CHARGE_LOGGER, PROVIDER_LOGGER),
            self._patch_requests(**failure) as request,
        ):
            self._run_cron("charge")
        return invoice, attempt, request

    def test_read_timeout_leaves_the_outcome_unknown(self):
        invoice, attempt, _request = self._charge_unclear(
            side_effect=requests.exceptions.ReadTimeout("slow")
        )
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("unknown", "draft"))
        self.assertFalse(invoice.recovery_case_id, msg="A time-out is not a decline.")

    def test_server_error_leaves_the_outcome_unknown(self):
        _invoice, attempt, _request = self._charge_unclear(
            return_value=self._create_response(502, b"<html>Bad gateway</html>")
        )
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("unknown", "draft"))

    def test_unreadable_answer_leaves_the_outcome_unknown(self):
        _invoice, attempt, _request = self._charge_unclear(
            return_value=self._create_response(200, b"garbage")
        )
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("unknown", "draft"))

    def test_unknown_outcome_is_resolved_by_the_same_transaction_with_the_same_key(self):
        invoice, attempt, first = self._charge_unclear(
            side_effect=requests.exceptions.ReadTimeout("slow")
        )
        transaction = attempt.transaction_id
        with self._respond(200, self._paid_intent()) as second:
            self._run_cron("follow")
        keys = {
            call.kwargs["headers"]["Idempotency-Key"]
            for call in (*first.call_args_list, *second.call_args_list)
        }
        self.assertEqual(len(keys), 1, msg="Another key would be another charge.")
        self.assertEqual((attempt.state, attempt.transaction_id), ("paid", transaction))
        self.assertEqual(invoice.payment_state, "paid")

    def test_webhook_resolves_an_unknown_outcome(self):
        invoice, attempt, _request = self._charge_unclear(
            side_effect=requests.exceptions.ReadTimeout("slow")
        )
        attempt.transaction_id._set_done()
        attempt.transaction_id._post_process()
        with self._patch_requests(side_effect=AssertionError("asked again")):
            self._run_cron("follow")
        self.assertEqual((attempt.state, invoice.payment_state), ("paid", "paid"))

    def test_nothing_else_is_charged_while_an_outcome_is_unknown(self):
        invoice, attempt, _request = self._charge_unclear(
            side_effect=requests.exceptions.ReadTimeout("slow")
        )
        attempt.resolve_at = fields.Datetime.now() + timedelta(hours=1)
        with self._patch_requests(side_effect=AssertionError("charged")):
            self._collect()
        self.assertEqual(invoice.recovery_attempt_ids, attempt)
        with self.assertRaisesRegex(ValidationError, "is being processed"):
            self._create_transaction(
                "direct",
                reference="portal",
                invoice_ids=[Command.set(invoice.ids)],
                partner_id=self.customer.id,
            )

    def test_provider_that_repeats_its_error_is_asked_for_the_charge(self):
        """Stripe stores an error 500 under the key and answers it again and again."""
        invoice, attempt, _request = self._charge_unclear(
            return_value=self._create_response(500, b"{}")
        )
        attempt.started_at -= timedelta(minutes=20)
        intent = {**self._paid_intent(), "description": attempt.transaction_id.reference}
        intents = json.dumps({"data": [intent], "has_more": False}).encode()
        responses = [self._create_response(500, b"{}"), self._create_response(200, intents)]
        with (
            mute_logger(CHARGE_LOGGER, PROVIDER_LOGGER),
            self._patch_requests(side_effect=responses),
        ):
            self._run_cron("follow")
        self.assertEqual((attempt.state, invoice.payment_state), ("paid", "paid"))

    def test_charge_that_the_provider_does_not_know_was_not_made(self):
        invoice, attempt, _request = self._charge_unclear(
            return_value=self._create_response(500, b"{}")
        )
        attempt.started_at -= timedelta(minutes=20)
        responses = [
            self._create_response(500, b"{}"),
            self._create_response(200, b'{"data": [], "has_more": false}'),
        ]
        with (
            mute_logger(CHARGE_LOGGER, PROVIDER_LOGGER),
            self._patch_requests(side_effect=responses),
        ):
            self._run_cron("follow")
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("not_sent", "cancel"))
        self.assertEqual(invoice.payment_state, "not_paid")

    def test_unknown_charge_of_an_invoice_paid_meanwhile_is_not_sent_again(self):
        """It may never have reached the provider: sending it would take the money twice."""
        invoice, attempt, _request = self._charge_unclear(
            side_effect=requests.exceptions.ReadTimeout("slow")
        )
        self._register_payment(invoice, 100.0)
        attempt.started_at -= timedelta(minutes=20)
        with self._patch_requests(
            return_value=self._create_response(200, b'{"data": [], "has_more": false}')
        ) as request:
            self._run_cron("follow")
        self.assertEqual([call.args[0] for call in request.call_args_list], ["GET"])
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("not_sent", "cancel"))

    def test_old_unknown_outcome_goes_to_a_person_who_says_not_charged(self):
        invoice, attempt, _request = self._charge_unclear(
            side_effect=requests.exceptions.ReadTimeout("slow")
        )
        attempt.started_at -= timedelta(days=2)
        with (
            self._patch_requests(side_effect=requests.exceptions.ReadTimeout("slow")) as request,
            mute_logger(PROVIDER_LOGGER),
        ):
            self._run_cron("follow")
        methods = [call.args[0] for call in request.call_args_list]
        self.assertEqual(methods, ["GET"], msg="The key is forgotten: asked, not sent again.")
        case = invoice.recovery_case_id
        self.assertIn(attempt.transaction_id.reference, case.attention)
        self.assertEqual(len(case.activity_ids), 1)
        case.action_confirm_not_charged()
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("not_sent", "cancel"))
        self.assertFalse(case.attention)
        self._run_cron("follow")
        self.assertTrue(case.next_attempt_id)

    def test_old_unknown_outcome_goes_to_a_person_who_says_charged(self):
        invoice, attempt, _request = self._charge_unclear(
            side_effect=requests.exceptions.ReadTimeout("slow")
        )
        attempt.started_at -= timedelta(days=2)
        with self._patch_requests(side_effect=requests.exceptions.ReadTimeout("slow")):
            self._run_cron("follow")
        case = invoice.recovery_case_id
        case.action_confirm_charged()
        attempt.transaction_id._post_process()
        self._run_cron("follow")
        self.assertEqual((attempt.state, invoice.payment_state), ("paid", "paid"))
        self.assertEqual(case.state, "recovered")
        with self.assertRaises(UserError, msg="The second person is told so."):
            case.action_confirm_charged()

    def test_reused_key_with_another_body_is_unclear(self):
        error = {"error": {"type": "idempotency_error", "message": "Keys must match"}}
        _invoice, attempt, _request = self._charge_unclear(
            return_value=self._create_response(400, json.dumps(error).encode())
        )
        self.assertEqual(attempt.state, "unknown")

    def test_refused_connection_is_tried_again_soon_and_silently(self):
        error = requests.exceptions.ConnectTimeout("no route")
        invoice, attempt, _request = self._charge_unclear(side_effect=error)
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("not_sent", "error"))
        self.assertFalse(invoice.recovery_case_id, msg="The customer can't help it.")
        again = invoice.recovery_attempt_ids - attempt
        self.assertEqual((again.state, again.source), ("planned", "technical"))
        self.assertAlmostEqual(
            again.planned_at,
            attempt.finished_at + timedelta(minutes=10),
            delta=timedelta(seconds=2),
        )

    def test_refused_connection_is_tried_again_once_where_there_is_a_case(self):
        """The customer's own payment was declined before: their case plans as well."""
        invoice = self._create_invoice(token=self.card)
        self._run_cron("collect")
        attempt = invoice.recovery_attempt_ids.sudo()
        self._create_portal_transaction(invoice)._set_error("Declined")
        attempt.planned_at = fields.Datetime.now() + timedelta(hours=1)
        self._run_cron("follow")
        self.assertEqual(invoice.recovery_case_id.state, "in_recovery")
        attempt.planned_at -= timedelta(hours=1)
        with (
            mute_logger(CHARGE_LOGGER, PROVIDER_LOGGER),
            self._patch_requests(side_effect=requests.exceptions.ConnectTimeout("no route")),
        ):
            self._run_cron("charge")
        self.assertEqual(attempt.state, "not_sent")
        again = invoice.recovery_attempt_ids - attempt
        self.assertEqual(again.mapped("state"), ["planned"])
        queue = self.env["recovery.invoice.queue"].search([("move_id", "=", invoice.id)])
        self.assertFalse(queue, msg="The invoice has been followed.")

    def test_too_many_requests_are_no_decline(self):
        error = {"error": {"type": "invalid_request_error", "code": "rate_limit"}}
        invoice, attempt, _request = self._charge_unclear(
            return_value=self._create_response(429, json.dumps(error).encode())
        )
        self.assertEqual(attempt.state, "not_sent")
        self.assertFalse(invoice.recovery_case_id)

    def test_decline_keeps_code_and_message(self):
        error = {
            "error": {
                "type": "card_error",
                "code": "card_declined",
                "decline_code": "insufficient_funds",
                "message": "Your card has insufficient funds.",
            }
        }
        invoice, attempt, _request = self._charge_unclear(
            return_value=self._create_response(402, json.dumps(error).encode())
        )
        self.assertEqual((attempt.state, attempt.decline_code), ("declined", "insufficient_funds"))
        self.assertIn("Your card has insufficient funds.", attempt.sentence)
        self.assertEqual(invoice.recovery_case_id.state, "in_recovery")

    def test_charge_that_waits_for_the_customer_is_withdrawn_at_the_provider(self):
        waiting = {**self._paid_intent(), "status": "requires_action"}
        cancelled = {**self._paid_intent(), "status": "canceled"}
        responses = [
            self._create_response(200, json.dumps(body).encode()) for body in (waiting, cancelled)
        ]
        invoice, attempt, request = self._charge_unclear(side_effect=responses)
        self.assertIn("payment_intents/pi_1/cancel", request.call_args_list[-1].args[1])
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("declined", "cancel"))
        self.assertEqual(invoice.recovery_case_id.state, "in_recovery")
