# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
from types import SimpleNamespace
from unittest.mock import patch

import requests

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...declines.look_ups import (
    LOOK_UPS,
    Refusal,
    look_up_flutterwave,
    look_up_razorpay,
    look_up_worldline,
    look_up_xendit,
)
from ...models.charge.look_ups import _ask_authorize
from ..common import RecoveryCommon

PROVIDER_LOGGER = "odoo.addons.payment.models.payment_provider"
AUTHORIZE_POST = "odoo.addons.payment_authorize.models.authorize_request.requests.post"


@tagged("post_install", "-at_install")
class TestLookUpStripe(RecoveryCommon):
    """What the unmodified Stripe addon makes of what a look-up finds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()
        cls.card = cls._create_stripe_card(cls.stripe)

    def setUp(self):
        super().setUp()
        self.invoice = self._create_invoice(token=self.card)
        self.transaction = self._create_portal_transaction(
            self.invoice,
            reference="mine",
            provider_id=self.stripe.id,
            operation="offline",
            token_id=self.card.id,
        )

    def _intent(self, status="succeeded", **values):
        return {
            "id": "pi_1",
            "object": "payment_intent",
            "status": status,
            "amount": 10000,
            "currency": self.invoice.currency_id.name.lower(),
            "description": "mine",
            "payment_method": {"id": "pm_1", "type": "card", "card": {"brand": "visa"}},
            **values,
        }

    def _look_up(self, *bodies, status=200):
        responses = [self._create_response(status, json.dumps(body).encode()) for body in bodies]
        with (
            self._patch_requests(side_effect=responses) as request,
            mute_logger(PROVIDER_LOGGER),
        ):
            found = self.transaction._recovery_look_up()
        return found, request

    def _process(self, *bodies):
        found, _request = self._look_up(*bodies)
        self.transaction._process("stripe", found)
        return self.transaction.state

    def test_payment_in_the_list_of_the_customer_is_processed(self):
        pages = (
            {"data": [self._intent(id="pi_9", description="x")], "has_more": True},
            {"data": [self._intent()], "has_more": False},
        )
        self.assertEqual(self._process(*pages), "done")
        self.assertEqual(self.transaction.provider_reference, "pi_1")

    def test_payment_known_by_its_id_is_asked_by_it(self):
        self.transaction.provider_reference = "pi_1"
        found, request = self._look_up(self._intent("processing"))
        self.assertEqual(request.call_args.args[0], "GET")
        self.assertTrue(request.call_args.args[1].endswith("payment_intents/pi_1"))
        self.transaction._process("stripe", found)
        self.assertEqual(self.transaction.state, "pending")

    def test_declined_payment_ends_in_error(self):
        error = {"message": "Your card was declined."}
        intent = self._intent("requires_payment_method", last_payment_error=error)
        self.assertEqual(self._process({"data": [intent], "has_more": False}), "error")

    def test_payment_of_another_amount_is_no_success(self):
        page = {"data": [self._intent(amount=5500)], "has_more": False}
        self.assertEqual(self._process(page), "error")
        self.assertTrue(self.transaction.recovery_unclear, msg="It took money all the same.")

    def test_payment_that_is_nowhere_is_not_there(self):
        found, request = self._look_up({"data": [], "has_more": False})
        self.assertIs(found, False)
        params = request.call_args.kwargs["params"]
        self.assertEqual(params["customer"], "cus_1")
        self.assertLess(params["created[gte]"], self.transaction.create_date.timestamp())

    def test_id_that_stripe_does_not_know_is_not_there(self):
        self.transaction.provider_reference = "pi_1"
        body = {"error": {"code": "resource_missing", "message": "No such payment_intent"}}
        self.assertIs(self._look_up(body, status=404)[0], False)

    def test_provider_that_does_not_answer_raises(self):
        error = {"error": {"code": "rate_limit", "message": "Too many"}}
        with self.assertRaises(ValidationError):
            self._look_up(error, status=429)
        with self.assertRaises(ValidationError):
            self._look_up({"unexpected": "shape"})
        with (
            self._patch_requests(side_effect=requests.exceptions.ReadTimeout("slow")),
            self.assertRaises(ValidationError),
        ):
            self.transaction._recovery_look_up()


@tagged("post_install", "-at_install")
class TestLookUpOthers(RecoveryCommon):
    """Requests of the look-ups of providers whose addons need not be here."""

    def setUp(self):
        super().setUp()
        self.invoice = self._create_invoice()
        self.transaction = self._create_portal_transaction(
            self.invoice, reference="mine", operation="offline", provider_reference="p1"
        )
        self.currency = self.invoice.currency_id.name

    def _look_up(self, look, body, status=200):
        response = self._create_response(status, json.dumps(body).encode())
        with (
            patch.dict(LOOK_UPS, {self.transaction.provider_code: look}),
            patch.object(
                type(self.transaction.provider_id), "_build_request_url", lambda _self, path: path
            ),
            self._patch_requests(return_value=response) as request,
            mute_logger(PROVIDER_LOGGER),
        ):
            found = self.transaction._recovery_look_up()
        return found, request.call_args

    def test_provider_without_a_look_up_cannot_be_asked(self):
        self.assertIsNone(self.transaction._recovery_look_up())
        self.assertFalse(self.transaction._recovery_can_ask())

    def test_worldline(self):
        payment = {
            "id": "p1_0",
            "status": "CAPTURED",
            "paymentOutput": {
                "amountOfMoney": {"amount": 10000, "currencyCode": self.currency},
                "references": {"merchantReference": "mine"},
            },
        }
        found, call = self._look_up(look_up_worldline, payment)
        self.assertEqual(call.args, ("GET", "payments/p1_0"))
        self.assertIsNone(call.kwargs["params"], msg="Its signature is of the path alone.")
        self.assertEqual(found, {"payment": payment})

    def test_razorpay(self):
        payment = {"id": "p1", "status": "captured", "currency": self.currency}
        found, call = self._look_up(look_up_razorpay, payment)
        self.assertEqual(call.args, ("GET", "payments/p1"))
        self.assertEqual(found, payment)

    def test_xendit(self):
        charge = {"id": "p1", "external_id": "mine", "currency": self.currency, "status": "FAILED"}
        found, call = self._look_up(look_up_xendit, charge)
        self.assertEqual(call.args, ("GET", "credit_card_charges/p1"))
        self.assertEqual(found, charge)

    def test_flutterwave_that_knows_nothing(self):
        body = {"status": "error", "message": "No transaction was found for this id"}
        found, call = self._look_up(look_up_flutterwave, body, status=400)
        self.assertEqual(call.kwargs["params"], {"tx_ref": "mine"})
        self.assertIsNone(found, msg="Not of a saved card: that is no documented answer.")

    def test_refused_look_up_raises(self):
        with self.assertRaises(ValidationError):
            self._look_up(look_up_flutterwave, {"message": "Invalid key"}, status=401)

    def test_authorize_is_asked_through_its_own_class(self):
        provider = SimpleNamespace(
            state="test", authorize_login="login", authorize_transaction_key="key"
        )
        transaction = SimpleNamespace(provider_id=provider)
        answer = {"transaction": {"transId": "p1"}, "messages": {"resultCode": "Ok"}}
        refused = {"messages": {"resultCode": "Error", "message": [{"code": "E00040", "text": ""}]}}
        responses = [
            self._create_response(200, json.dumps(body).encode()) for body in (answer, refused)
        ]
        with patch(AUTHORIZE_POST, side_effect=[*responses, requests.exceptions.ReadTimeout()]):
            ask = (transaction, "getTransactionDetailsRequest", {"transId": "p1"})
            self.assertEqual(_ask_authorize(*ask), answer)
            with self.assertRaises(Refusal):
                _ask_authorize(*ask)
            with self.assertRaises(ValidationError):
                _ask_authorize(*ask)
