# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

import requests

from odoo import fields
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from ...declines.look_ups import LOOK_UPS
from ...models.charge.begun import find_begun, get_covered, get_time_left
from ..common import RecoveryCommon

PROVIDER_LOGGER = "odoo.addons.payment.models.payment_provider"


class BegunCommon(RecoveryCommon):
    """A failed invoice, whose customer begins a payment and leaves."""

    def setUp(self):
        super().setUp()
        self.invoice, self.case = self._fail_invoice()

    def _begin(self, age=timedelta(hours=2), **values):
        transaction = self._create_portal_transaction(self.invoice, **values)
        transaction.last_state_change -= age
        return transaction

    def _charge_now(self):
        """Let the case's next attempt be due, and return it and how it stands afterwards."""
        attempt = self.case.sudo().next_attempt_id
        self._charge_next(self.case)
        return attempt

    def _follow(self):
        """Let the job ask as it does shortly before a charge."""
        self._make_due(self.case)
        self._run_cron("follow")


@tagged("post_install", "-at_install")
class TestBegunPayment(BegunCommon):
    """At Stripe, whose payments the customer's browser finishes and which can be withdrawn."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()

    def _begin(self, age=timedelta(hours=2), **values):
        values = {"provider_id": self.stripe.id, "provider_reference": "pi_1", **values}
        return super()._begin(age, **values)

    def _intent(self, status, **values):
        body = {
            "id": "pi_1",
            "status": status,
            "amount": 10000,
            "currency": self.invoice.currency_id.name.lower(),
            "description": "portal",
            "payment_method": {"id": "pm_1", "type": "card", "card": {"brand": "visa"}},
            **values,
        }
        return self._create_response(200, json.dumps(body).encode())

    @contextmanager
    def _answering(self, *responses):
        with (
            self._patch_requests(side_effect=responses) as request,
            mute_logger(PROVIDER_LOGGER),
        ):
            yield request

    @contextmanager
    def _silent(self):
        error = requests.exceptions.ReadTimeout("slow")
        with self._patch_requests(side_effect=error) as request:
            yield request

    def _calls(self, request):
        return [
            (call.args[0], call.args[1].rpartition("/v1/")[2]) for call in request.call_args_list
        ]

    def test_name_of_a_payment_begun_in_the_portal_is_kept(self):
        transaction = self._begin(provider_reference=False)
        intent = {"id": "pi_7", "client_secret": "pi_7_secret_x"}
        responses = [
            self._create_response(200, json.dumps(body).encode())
            for body in ({"id": "cus_1"}, intent)
        ]
        with self._answering(*responses):
            values = transaction._get_processing_values()
        self.assertEqual(values["client_secret"], "pi_7_secret_x")
        self.assertEqual(transaction.provider_reference, "pi_7")

    def test_nothing_is_charged_beside_a_payment_that_was_finished_long_ago(self):
        transaction = self._begin(timedelta(days=3))
        attempt = self._charge_now()
        self.assertEqual(attempt.state, "planned")
        self.assertIn("asked first", attempt.sentence)
        with self._answering(self._intent("succeeded")) as request:
            self._follow()
        self.assertEqual(self._calls(request), [("GET", "payment_intents/pi_1")])
        self.assertEqual(transaction.state, "done")
        transaction._post_process()
        self._run_cron("follow")
        self.assertEqual((self.invoice.payment_state, self.case.state), ("paid", "recovered"))
        self.assertEqual(attempt.state, "cancelled")

    def test_payment_that_is_still_on_its_way_holds_the_charge_back(self):
        transaction = self._begin()
        with self._answering(self._intent("processing")):
            self._follow()
        self.assertEqual(transaction.state, "pending")
        self.assertEqual(self._charge_now().state, "planned")

    def test_payment_that_was_left_is_withdrawn_and_the_charge_goes_out(self):
        transaction = self._begin()
        left = self._intent("requires_payment_method")
        with self._answering(left, self._intent("canceled")) as request:
            self._follow()
        self.assertEqual(self._calls(request)[1], ("POST", "payment_intents/pi_1/cancel"))
        self.assertEqual(transaction.state, "cancel")
        self.assertEqual(self._charge_now().state, "declined")

    def _decline(self, transaction):
        """Let the customer's card be declined at the form, long ago."""
        intent = {"id": "pi_1", "status": "requires_payment_method", "amount": 10000}
        intent["currency"] = self.invoice.currency_id.name.lower()
        transaction._process("stripe", {"payment_intent": intent, "payment_method": None})
        self.assertEqual((transaction.state, transaction.recovery_stays_open), ("error", True))
        transaction.last_state_change -= timedelta(hours=2)

    def test_declined_form_is_withdrawn_before_the_charge_goes_out(self):
        transaction = self._begin()
        self._decline(transaction)
        self.assertIn("asked first", self._charge_now().sentence)
        left = self._intent("requires_payment_method")
        with self._answering(left, self._intent("canceled")) as request:
            self._follow()
        self.assertEqual(self._calls(request)[1], ("POST", "payment_intents/pi_1/cancel"))
        self.assertEqual((transaction.state, transaction.recovery_stays_open), ("error", False))
        self.assertEqual(self._charge_now().state, "declined")

    def test_declined_form_that_is_being_tried_again_holds_charges_back(self):
        transaction = self._begin()
        self._decline(transaction)
        transaction.last_state_change = fields.Datetime.now() - timedelta(minutes=30)
        self.assertIn("may be paying", self._charge_now().sentence)

    def test_declined_form_that_was_finished_after_all_is_seen(self):
        for status, state in (("processing", "pending"), ("succeeded", "done")):
            with self.subTest(status):
                transaction = self._begin(reference=status)
                self._decline(transaction)
                with self._answering(self._intent(status, description=status)):
                    self._follow()
                self.assertEqual(transaction.state, state)
                self.assertEqual(self._charge_now().state, "planned")
                transaction.state = "cancel"

    def test_declined_form_that_was_withdrawn_elsewhere_is_forgotten(self):
        transaction = self._begin()
        self._decline(transaction)
        canceled = self._intent("canceled")
        refused = self._create_response(400, b"{}")
        with self._answering(canceled, refused, canceled):
            self._follow()
        self.assertFalse(transaction.recovery_stays_open)
        self.assertEqual(self._charge_now().state, "declined")

    def test_declined_form_makes_way_for_another_payment(self):
        transaction = self._begin()
        self._decline(transaction)
        transaction.last_state_change = fields.Datetime.now()
        self.assertFalse(self.case._get_payment_under_way(), msg="The page lets them pay.")
        with self._answering(self._intent("canceled")) as request:
            self.case._withdraw_begun()
        self.assertEqual(self._calls(request), [("POST", "payment_intents/pi_1/cancel")])
        self.assertFalse(transaction.recovery_stays_open)

    def test_payment_finished_between_two_requests_is_seen(self):
        transaction = self._begin()
        refused = self._create_response(400, b"{}")
        paid = self._intent("succeeded")
        with self._answering(self._intent("requires_action"), refused, paid, paid):
            self._follow()
        self.assertEqual(transaction.state, "done")

    def test_payment_that_stripe_does_not_know_is_forgotten(self):
        transaction = self._begin()
        body = {"error": {"code": "resource_missing"}}
        with self._answering(self._create_response(404, json.dumps(body).encode())):
            self._follow()
        self.assertEqual(transaction.state, "cancel")

    def test_silent_provider_holds_charges_back_and_a_person_is_told_after_a_day(self):
        transaction = self._begin()
        now = fields.Datetime.now()
        with self._silent() as request:
            self._follow()
            self._run_cron("follow")
        self.assertEqual(request.call_count, 1, msg="It is asked again half an hour later.")
        self.assertEqual(self._charge_now().state, "planned")
        self.assertFalse(self.case.attention)
        with freeze_time(now + timedelta(hours=25)), self._silent():
            self._follow()
            self.assertIn(transaction.reference, self.case.attention)
            self.assertEqual(self._charge_now().state, "planned")
        self.assertEqual(len(self.case.activity_ids), 1)
        with freeze_time(now + timedelta(days=8)), self._silent():
            self.assertEqual(self._charge_now().state, "planned")
            self.case.action_attention_done()
            self.assertEqual(self._charge_now().state, "declined", msg="A person has looked.")

    def test_answer_ends_the_silence(self):
        transaction = self._begin()
        with self._silent():
            self._follow()
        self.assertTrue(transaction.recovery_silent_since)
        later = fields.Datetime.now() + timedelta(minutes=31)
        with freeze_time(later), self._answering(self._intent("processing")):
            self._follow()
        self.assertFalse(transaction.recovery_silent_since)

    def test_silent_provider_is_not_asked_for_the_others_in_the_same_run(self):
        self._begin()
        self._begin(reference="other", provider_reference="pi_2")
        with self._silent() as request:
            self._follow()
        self.assertEqual(request.call_count, 1)

    def test_fresh_payment_and_those_that_are_not_ours_are_left_alone(self):
        self._begin(timedelta(minutes=10))
        self.assertFalse(find_begun(self.env))
        self.case.action_stop()
        self._begin(reference="other")
        self.assertFalse(find_begun(self.env), msg="Nothing will be charged.")

    def test_who_keeps_starting_payments_does_not_hold_charges_up_for_ever(self):
        now = fields.Datetime.now()
        for hour in range(3):
            with freeze_time(now + timedelta(hours=hour)):
                transaction = self._begin(timedelta(0), reference=f"begun {hour}")
                block = self.env["recovery.attempt"]._get_transaction_block(transaction)
                self.assertIn("may be paying", block.sentence)
            with freeze_time(now + timedelta(hours=hour, minutes=59, seconds=59)):
                transaction._set_canceled()
        with freeze_time(now + timedelta(hours=3)):
            newest = self._begin(timedelta(0), reference="newest")
            block = self.env["recovery.attempt"]._get_transaction_block(newest)
            self.assertLess(block.until, now + timedelta(hours=3, minutes=1))
        with freeze_time(now + timedelta(hours=3, minutes=5)):
            self.assertFalse(get_time_left(newest))
            self._make_due(self.case)
            self.assertEqual(find_begun(self.env), newest, msg="It is withdrawn, young as it is.")
            left = self._intent("requires_payment_method", description="newest")
            with self._answering(left, self._intent("canceled")):
                self._follow()
            self.assertEqual(newest.state, "cancel")
            self.assertEqual(self._charge_now().state, "declined")


@tagged("post_install", "-at_install")
class TestBegunElsewhere(BegunCommon):
    """At a provider that can't withdraw, as Razorpay, or can't even be asked."""

    def _answer(self, payment_data):
        code = self.provider.code
        return patch.dict(LOOK_UPS, {code: lambda _question, _ask: payment_data})

    def test_payment_without_a_name_holds_charges_back_for_an_hour(self):
        transaction = self._begin(timedelta(minutes=30))
        with self._answer(False):
            self.assertIn("may be paying", self._charge_now().sentence)
            transaction.last_state_change -= timedelta(hours=1)
            self.assertEqual(self._charge_now().state, "declined")

    def test_provider_that_cannot_be_asked_holds_charges_back_for_an_hour(self):
        self._begin(provider_reference="name")
        self.assertFalse(find_begun(self.env))
        self.assertEqual(self._charge_now().state, "declined")

    def test_word_that_nothing_came_of_it_holds_for_an_hour(self):
        transaction = self._begin(provider_reference="order_1")
        now = fields.Datetime.now()
        with self._answer(False):
            self._follow()
            self.assertEqual(transaction.state, "draft", msg="The customer may still finish it.")
            self.assertEqual(transaction.recovery_open_at, now)
            with freeze_time(now + timedelta(hours=2)):
                self.assertIn("asked first", self._charge_now().sentence)
                self._follow()
                self.assertEqual(self._charge_now().state, "declined")

    def test_order_that_was_declined_is_asked_for_before_each_charge(self):
        keys = {f"razorpay_{name}": "x" for name in ("key_id", "key_secret", "webhook_secret")}
        razorpay = self._prepare_provider("razorpay", update_values=keys)
        transaction = self._begin(
            provider_id=razorpay.id, operation="online_direct", provider_reference="order_1"
        )
        transaction._set_error("Declined")
        transaction.last_state_change -= timedelta(hours=2)
        declined = {"id": "pay_1", "status": "failed", "amount": 10000}
        with patch.dict(LOOK_UPS, razorpay=lambda _question, _ask: declined):
            self.assertIn("asked first", self._charge_now().sentence)
            self._follow()
            self.assertTrue(transaction.recovery_stays_open, msg="It can't be withdrawn.")
            self.assertEqual(self._charge_now().state, "declined")

    def test_uncertain_answer_holds_charges_back(self):
        transaction = self._begin(provider_reference="order_1")
        with self._answer(None):
            self._follow()
            self.assertTrue(transaction.recovery_silent_since)
            self.assertEqual(self._charge_now().state, "planned")

    def test_look_up_that_breaks_is_silence(self):
        transaction = self._begin(provider_reference="order_1")

        def breaks(_question, _ask):
            raise ZeroDivisionError

        with (
            patch.dict(LOOK_UPS, {self.provider.code: breaks}),
            mute_logger("odoo.addons.revenue_recovery.tools.jobs"),
        ):
            self._follow()
        self.assertTrue(transaction.recovery_silent_since)

    def test_time_that_overlapping_payments_cover(self):
        start = datetime(2026, 1, 5, 9)
        minutes = [(0, 60), (30, 60), (30, 90), (120, 110), (120, 180)]
        spans = [
            (start + timedelta(minutes=first), start + timedelta(minutes=last))
            for first, last in minutes
        ]
        self.assertEqual(get_covered(spans), timedelta(minutes=150))
        self.assertEqual(get_covered([]), timedelta(0))
