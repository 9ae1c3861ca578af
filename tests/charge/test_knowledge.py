# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is known of a charge only grows, whichever call of it fails and whoever tells."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .providers import LOST, UNREACHED, ProviderCommon

RATE_LIMIT = (429, {"error": {"type": "rate_limit_error", "message": "Too many requests."}})


def make_intent(attempt, status, **values):
    """Return what Stripe tells of the intent of a charge."""
    transaction = attempt.transaction_id
    return {
        "reference": transaction.reference,
        "payment_intent": {
            "id": "pi_1",
            "status": status,
            "description": transaction.reference,
            "amount": round(transaction.amount * 100),
            "currency": transaction.currency_id.name.lower(),
            **values,
        },
    }


@tagged("post_install", "-at_install")
class TestRepeats(ProviderCommon):
    """The answer was lost; the provider is asked for the same charge again."""

    def test_repeat_that_is_refused_tells_nothing_of_the_charge(self):
        refusals = {
            "limited": RATE_LIMIT,
            "unauthorised": (401, {"error": {"type": "invalid_request_error"}}),
            "forbidden": (403, {"error": {"type": "invalid_request_error"}}),
            "missing": (404, {"error": {"code": "resource_missing"}}),
            "wrong": (400, {"error": {"code": "parameter_unknown"}}),
            "key in use": (409, {"error": {"code": "idempotency_key_in_use"}}),
            "key reused": (400, {"error": {"type": "idempotency_error"}}),
            "unreached": UNREACHED,
        }
        for name, refusal in refusals.items():
            with self.subTest(name):
                attempt = self._charge("stripe", LOST)
                self.assertEqual(attempt.state, "unknown")
                # The repeat, and then the question whether Stripe knows of it: not at once when it
                # has too many requests.
                self._follow(refusal, *([] if refusal is RATE_LIMIT else [LOST]))
                self.assertEqual(attempt.state, "unknown")
                self.assertEqual(attempt.transaction_id.state, "draft")
                self.assertFalse(attempt.move_id.recovery_attempt_ids - attempt)

    def test_repeat_that_returns_the_decline_ends_the_uncertainty(self):
        attempt = self._charge("stripe", LOST)
        error = {"type": "card_error", "code": "card_declined", "decline_code": "do_not_honor"}
        self._follow((402, {"error": error}))
        self.assertEqual(attempt.state, "declined")

    def test_first_request_that_is_limited_was_not_sent(self):
        attempt = self._charge("stripe", RATE_LIMIT)
        self.assertEqual(attempt.state, "not_sent")

    def test_request_already_processed_at_adyen_is_no_decline(self):
        attempt = self._charge("adyen", LOST)
        self._follow(
            (
                422,
                {
                    "status": 422,
                    "errorCode": "704",
                    "message": "request already processed or in progress",
                    "errorType": "validation",
                },
            )
        )
        self.assertEqual(attempt.state, "unknown")
        self.assertFalse(attempt.move_id.recovery_attempt_ids - attempt)

    def test_worker_that_was_taken_for_dead_sends_nothing(self):
        invoice = self._create_invoice(token=self._create_provider_card("stripe"))
        self._run_cron("collect")
        with self.enter_registry_test_mode(), self._cron_cursor() as env:
            attempt = env["recovery.attempt"]._claim()
            # It stands still; others find its lock free, and the customer pays by a transfer.
            attempt._set_state("unknown")
            env.flush_all()
            self._register_payment(attempt.move_id, 100.0)
            with self._play():
                attempt._carry_out()
        self.env.invalidate_all()
        self.assertEqual(invoice.recovery_attempt_ids.state, "unknown")


@tagged("post_install", "-at_install")
class TestCalls(ProviderCommon):
    """A charge that is made of several calls, one of which moves the money."""

    ORDER = (200, {"id": "order_1", "amount": 10000})

    def test_read_back_that_fails_does_not_undo_the_charge(self):
        for name, failure in {
            "limited": (429, {"error": {"code": "BAD_REQUEST_ERROR"}}),
            "refused": (400, {"error": {"code": "BAD_REQUEST_ERROR", "reason": "input_error"}}),
            "lost": LOST,
            "unreached": UNREACHED,
        }.items():
            with self.subTest(name):
                paid = (200, {"razorpay_payment_id": "pay_1"})
                attempt = self._charge("razorpay", self.ORDER, paid, failure)
                self.assertEqual(attempt.state, "unknown")
                self.assertEqual(attempt.transaction_id.state, "draft")
                self.assertEqual(attempt.transaction_id.provider_reference, "pay_1")

    def test_call_before_the_charge_that_fails_has_sent_nothing(self):
        for name, failure in {
            "limited": (429, {"error": {"code": "BAD_REQUEST_ERROR"}}),
            "lost": LOST,
            "broken": (500, {}),
        }.items():
            with self.subTest(name):
                attempt = self._charge("razorpay", failure)
                self.assertEqual(attempt.state, "not_sent")
                self.assertFalse(attempt.move_id.recovery_attention)

    def test_question_before_the_charge_that_fails_has_sent_nothing(self):
        card = self._create_provider_card("stripe")
        card.stripe_payment_method = False  # The addon asks Stripe for it first.
        invoice = self._create_invoice(token=card)
        self._run_cron("collect")
        with self._play(LOST):
            self._run_cron("charge")
        attempt = invoice.recovery_attempt_ids.filtered("transaction_id")
        self.assertEqual(attempt.state, "not_sent")

    def test_charge_that_is_lost_is_unknown(self):
        attempt = self._charge("razorpay", self.ORDER, LOST)
        self.assertEqual(attempt.state, "unknown")

    def test_card_that_mercado_pago_does_not_answer_about_was_not_charged(self):
        attempt = self._charge("mercado_pago", LOST)
        self.assertEqual(attempt.state, "not_sent")


@tagged("post_install", "-at_install")
class TestStatuses(ProviderCommon):
    """What the provider calls undecided is undecided; what it calls refused was not taken."""

    @staticmethod
    def _make_worldline(attempt_reference, status, amount=10000):
        return {
            "payment": {
                "id": "1234_0",
                "status": status,
                "paymentOutput": {
                    "references": {"merchantReference": attempt_reference},
                    "amountOfMoney": {"amount": amount, "currencyCode": "USD"},
                },
            }
        }

    def test_authorization_that_worldline_only_requested_is_pending(self):
        answer = self._make_worldline("", "AUTHORIZATION_REQUESTED")
        attempt = self._charge("worldline", (201, answer))
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("pending", "pending"))
        self._follow()
        self.assertFalse(attempt.move_id.recovery_case_id)
        reference = attempt.transaction_id.reference
        self._tell(attempt, self._make_worldline(reference, "CAPTURED"))
        self._follow()
        self.assertEqual(attempt.state, "paid")

    def test_payment_that_razorpay_has_only_authorized_is_pending(self):
        payment = {
            "id": "pay_1", "status": "authorized", "amount": 10000, "currency": "USD",
            "method": "card", "card": {"network": "Visa"},
        }  # fmt: skip
        attempt = self._charge("razorpay", TestCalls.ORDER, (200, payment))
        self.assertEqual(attempt.state, "pending")

    def test_refusal_without_a_known_reason_is_a_decline(self):
        for code in ("Error", "Cancelled", "Refused"):
            with self.subTest(code):
                answer = {
                    "pspReference": "993617895204576J",
                    "resultCode": code,
                    "refusalReason": "Something that nobody has listed",
                    "refusalReasonCode": "9999",
                }
                attempt = self._charge("adyen", (200, answer))
                self.assertEqual(attempt.state, "declined")

    def test_success_about_another_amount_is_unclear_however_often_it_is_told(self):
        attempt = self._charge("stripe", LOST)
        for answers in ((LOST, LOST), ()):
            self._tell(attempt, make_intent(attempt, "succeeded", amount=5000))
            self._follow(*answers)
            self.assertEqual(attempt.state, "unknown")


@tagged("post_install", "-at_install")
class TestLateWord(ProviderCommon):
    """A success counts whenever the provider reports it."""

    def _lose(self, code="stripe"):
        attempt = self._charge(code, LOST)
        self.assertEqual(attempt.state, "unknown")
        return attempt

    def test_success_after_not_charged_is_booked(self):
        attempt = self._lose()
        attempt.action_confirm_not_charged()
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("not_sent", "cancel"))
        self._tell(attempt, make_intent(attempt, "succeeded"))
        self._run_payment_job()
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("paid", "done"))
        self.assertEqual(attempt.move_id.payment_state, "paid")

    def test_clocks_that_differ_do_not_make_a_charge_old_that_is_being_made(self):
        """Its sender's clock is five minutes behind, and who asks for it five minutes ahead."""
        attempt = self._lose()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=10, seconds=15)):
            attempt.resolve_at = fields.Datetime.now()
            self._follow(UNREACHED, (200, {"data": [], "has_more": False}))
        self.assertEqual(attempt.state, "unknown", msg="Its provider may be at it yet.")
        self.assertEqual(attempt.transaction_id.state, "draft")

    def test_success_after_an_empty_look_up_is_booked(self):
        attempt = self._lose()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=21)):
            attempt.resolve_at = fields.Datetime.now()
            self._follow(UNREACHED, (200, {"data": [], "has_more": False}))
            self.assertEqual(attempt.state, "not_sent")
            self._tell(attempt, make_intent(attempt, "succeeded"))
            self._run_payment_job()
        self.assertEqual(attempt.state, "paid")
        self.assertEqual(attempt.move_id.payment_state, "paid")
        unfinished = attempt.move_id.recovery_attempt_ids.filtered(
            lambda other: other.state == "planned"
        )
        self.assertFalse(unfinished, msg="Nothing is owed any more.")

    def test_pending_after_not_charged_withdraws_the_next_charge(self):
        attempt = self._lose()
        attempt.action_confirm_not_charged()
        self._run_cron("follow")
        planned = attempt.move_id.recovery_attempt_ids - attempt
        self.assertEqual(planned.state, "planned")
        self._tell(attempt, make_intent(attempt, "processing"))
        self._run_cron("follow")
        self.assertEqual((attempt.state, planned.state), ("pending", "cancelled"))

    def test_refusal_after_success_changes_nothing(self):
        attempt = self._lose()
        self._tell(attempt, make_intent(attempt, "succeeded"))
        self._tell(attempt, make_intent(attempt, "requires_payment_method"))
        self._run_payment_job()
        self.assertEqual(attempt.state, "paid")

    def test_voided_payment_is_not_revived_where_amounts_are_captured_by_hand(self):
        attempt = self._lose()
        transaction = attempt.transaction_id
        self.env["payment.method"].search([]).write({"support_manual_capture": "full_only"})
        transaction.provider_id.capture_manually = True
        transaction._set_canceled()
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            transaction._set_done()
        self.assertEqual(transaction.state, "cancel")

    def _run_payment_job(self):
        with self._enter_job_mode():
            self.env.ref("payment.cron_post_process_payment_tx").method_direct_trigger()
        self._run_cron("follow")


@tagged("post_install", "-at_install")
class TestDeadline(ProviderCommon):
    """Nothing stays in flight for ever."""

    RECEIVED = (
        200,
        {
            "pspReference": "993617895204576J",
            "resultCode": "Received",
            "amount": {"value": 10000, "currency": "USD"},
        },
    )

    def _charge_debit(self):
        """Return a charge of a bank debit that Adyen has accepted, and never speaks of again."""
        attempt = self._charge("adyen", self.RECEIVED)
        attempt.token_id.recovery_network = "sepa"
        attempt.deadline_at = attempt.started_at + timedelta(days=14)
        attempt.resolve_at = attempt.deadline_at
        return attempt

    def test_deadline_is_that_of_the_rail(self):
        for network, wait in (("visa", 1), ("sepa", 14), ("bacs", 14), ("becs", 14), ("ach", 7)):
            with self.subTest(network):
                card = self._create_card("pending")
                card.sudo().recovery_network = network
                invoice = self._create_invoice(token=card)
                self._run_cron("collect")
                self._run_cron("charge")
                attempt = invoice.recovery_attempt_ids
                self.assertEqual(attempt.state, "pending")
                self.assertEqual(attempt.deadline_at - attempt.started_at, timedelta(days=wait))

    def test_pending_charge_keeps_the_customer_from_paying_until_asked_for_at_its_deadline(self):
        attempt = self._charge_debit()
        move = attempt.move_id
        self.assertFalse(move._has_to_be_paid())
        with freeze_time(attempt.deadline_at + timedelta(minutes=1)):
            self.env.invalidate_all()
            self.assertFalse(move._has_to_be_paid(), msg="Its provider may know by now.")
            self._follow()
            self.assertEqual(attempt.state, "pending")
            self.assertTrue(move._has_to_be_paid())

    def test_charge_of_a_dead_worker_is_asked_for_before_the_customer_may_pay(self):
        """All workers may have been down for longer than the deadline."""
        attempt = self._charge_debit()
        move = attempt.move_id
        for values in ({"state": "running", "resolve_at": False}, {"state": "unknown"}):
            attempt.write({"resolve_at": attempt.started_at, **values})
            with self.subTest(**values), freeze_time(attempt.deadline_at + timedelta(hours=1)):
                self.env.invalidate_all()
                self.assertFalse(move._has_to_be_paid())
                self.assertTrue(move._get_attempt_in_flight())

    def test_overdue_charge_asks_a_person_once(self):
        attempt = self._charge_debit()
        with freeze_time(attempt.deadline_at + timedelta(minutes=1)):
            self._follow()
            self._follow()
            self.assertEqual(attempt.state, "pending")
            self.assertIn("at the provider", attempt.move_id.recovery_attention)

    def test_person_may_say_what_became_of_an_overdue_charge(self):
        for charged, state in ((True, "paid"), (False, "not_sent")):
            with self.subTest(charged):
                attempt = self._charge_debit()
                with self.assertRaisesRegex(UserError, "being asked for"):
                    attempt.action_confirm_charged()
                with freeze_time(attempt.deadline_at + timedelta(minutes=1)):
                    self.env.invalidate_all()
                    if charged:
                        attempt.action_confirm_charged()
                    else:
                        attempt.action_confirm_not_charged()
                self.assertEqual(attempt.state, state)


@tagged("post_install", "-at_install")
class TestOutside(ProviderCommon):
    """What a caller from outside sends in its context switches nothing off."""

    CONTEXT = {"recovery_claim": 7, "recovery_answer": "x", "recovery_own_work": True}

    def test_second_payment_is_refused_whatever_the_context_says(self):
        attempt = self._charge("stripe", LOST)
        with self.assertRaisesRegex(Exception, "is being processed"):
            self.env["payment.transaction"].with_context(**self.CONTEXT).create(
                {
                    "provider_id": attempt.transaction_id.provider_id.id,
                    "payment_method_id": self.payment_method_id,
                    "amount": 100.0,
                    "currency_id": attempt.currency_id.id,
                    "partner_id": self.customer.id,
                    "operation": "offline",
                    "reference": "outside",
                    "token_id": attempt.token_id.id,
                    "invoice_ids": attempt.move_id.ids,
                }
            )

    def test_payment_is_followed_whatever_the_context_says(self):
        invoice, case = self._fail_invoice()
        self._register_payment(invoice.with_context(**self.CONTEXT), 100.0)
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")

    def test_charge_of_somebody_else_goes_through_whatever_the_context_says(self):
        invoice = self._create_invoice()
        card = self._create_provider_card("stripe")
        transaction = self._create_transaction(
            "token",
            provider_id=card.provider_id.id,
            token_id=card.id,
            partner_id=self.customer.id,
            currency_id=invoice.currency_id.id,
            amount=100.0,
            reference="outside",
        )
        intent = {
            "id": "pi_1", "status": "succeeded", "amount": 10000, "currency": "usd",
            "description": "outside", "payment_method": "pm_1", "customer": "cus_1",
        }  # fmt: skip
        with self._play((200, intent)):
            transaction.with_context(**self.CONTEXT)._charge_with_token()
        self.assertEqual(transaction.state, "done")
