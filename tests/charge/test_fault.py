# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
from contextlib import contextmanager
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..flow.rules_common import RulesCommon
from .providers import ProviderCommon

NOW = "2026-11-23 09:00:00"
REFUSED_KEY = (401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}})
OTHER_MODE = (
    400,
    {
        "error": {
            "type": "invalid_request_error",
            "code": "resource_missing",
            "param": "customer",
            "message": "No such customer: 'cus_1'; a similar object exists in live mode, but a "
            "test mode key was used to make this request.",
        }
    },
)
TOO_SMALL = (
    400,
    {
        "error": {
            "type": "invalid_request_error",
            "code": "amount_too_small",
            "message": "Amount must be at least $0.50 usd",
        }
    },
)
NO_FUNDS = (
    402,
    {
        "error": {
            "type": "card_error",
            "code": "card_declined",
            "decline_code": "insufficient_funds",
            "message": "Your card has insufficient funds.",
        }
    },
)


class FaultCommon(ProviderCommon):
    """A customer with a card at Stripe, whose set-up by the company is wrong."""

    NOW = NOW

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()
        cls.card = cls._create_stripe_card(cls.stripe)

    def setUp(self):
        super().setUp()
        self.charged = []

    def _wait(self, **time):
        self.freeze_time.move_to(fields.Datetime.now() + timedelta(**time))
        self.addCleanup(self.freeze_time.move_to, NOW)

    @contextmanager
    def _answering(self, answer):
        """Let Stripe give every charge the same answer: a status and a body; none: it is paid."""

        def respond(_method, _url, data=None, **_kwargs):
            self.charged.append(data["amount"])
            status, body = answer or (
                200,
                {
                    "id": f"pi_{len(self.charged)}",
                    "object": "payment_intent",
                    "status": "succeeded",
                    "amount": data["amount"],
                    "currency": data["currency"],
                },
            )
            return self._create_response(status, json.dumps(body).encode())

        with (
            self._patch_requests(side_effect=respond),
            mute_logger("odoo.addons.payment.models.payment_provider"),
        ):
            yield

    def _fail(self, answer, **values):
        """Return the case of an invoice whose first charge Stripe answers so."""
        with self._answering(answer):
            _invoice, case = self._fail_invoice(token=self.card, **values)
        return case

    def _try_again(self, answer=None):
        """Press the button an hour later, and let the jobs run."""
        self._wait(hours=1)
        self.stripe.action_recovery_try_again()
        with self._answering(answer):
            self._run_cron("follow")
            self._run_cron("charge")
            self._run_cron("follow")

    def _get_alert(self, provider=None):
        provider = provider or self.stripe
        subject = f"fault:{provider.id}"
        return self.env["mail.activity"].search([("recovery_subject", "=", subject)])

    def _get_messages(self):
        return self.env["recovery.notice"].sudo().search([("state", "=", "sent")])

    def _live(self, days, answer):
        """Let the jobs run each day."""
        for _day in range(days):
            self._wait(days=1)
            with self._answering(answer):
                for name in ("collect", "charge", "follow"):
                    self._run_cron(name)


@tagged("post_install", "-at_install")
class TestFault(FaultCommon):
    """Nothing is charged, and no customer hears of it, until the company mends its own set-up."""

    def test_refused_key_is_tried_once_and_told_once(self):
        case = self._fail(REFUSED_KEY)
        attempt = case.attempt_ids
        self.assertEqual((attempt.state, attempt.decline_class), ("not_sent", "merchant"))
        self.assertEqual(attempt.decline_reason_id.code, "invalid_credentials")
        self.assertEqual((case.state, case.blocked_class), ("in_recovery", "merchant"))
        self.assertIn("mended Stripe: Key refused", case.block_sentence)
        self.assertFalse(case.next_attempt_id)
        self.assertFalse(case.attention, msg="The alert is the provider's, not each invoice's.")
        alert = self._get_alert()
        self.assertEqual((alert.res_model, alert.res_id), ("payment.provider", self.stripe.id))
        self.assertIn("Invoices that wait: 1.", alert.recovery_sentence)
        self.assertTrue(alert.user_id.has_group("base.group_system"))

    def test_customer_hears_nothing_and_the_clock_stands_still(self):
        template = self.env.ref("revenue_recovery.mail_template_payment_failed")
        for name, trigger, is_final in (
            ("First", "first_failure", False),
            ("Final", "exhausted", True),
        ):
            self.env["recovery.policy.step"].create(
                {
                    "policy_id": self.policy.id,
                    "name": name,
                    "trigger": trigger,
                    "is_final": is_final,
                    "mail_template_id": template.id,
                }
            )
        case = self._fail(REFUSED_KEY)
        self._live(40, REFUSED_KEY)
        self.assertEqual((case.state, case.blocked_class), ("in_recovery", "merchant"))
        self.assertEqual(len(self.charged), 1)
        self.assertFalse(self._get_messages())
        self.assertEqual(len(self._get_alert()), 1)
        deadline = case.deadline_at
        self._try_again(NO_FUNDS)
        self.assertGreaterEqual(case.deadline_at - deadline, timedelta(days=40))
        self.assertTrue(case.next_attempt_id, msg="All its tries are left.")

    def test_key_of_the_other_mode_kills_no_card(self):
        case = self._fail(OTHER_MODE)
        attempt = case.attempt_ids
        self.assertEqual((attempt.state, attempt.decline_class), ("declined", "merchant"))
        self.assertEqual(attempt.decline_reason_id.code, "wrong_mode")
        self._try_again()
        self.assertEqual((case.state, case.move_id.payment_state), ("recovered", "paid"))
        self.assertEqual(len(self.charged), 2)

    def test_other_invoices_wait_without_being_tried(self):
        first = self._fail(REFUSED_KEY)
        others = [self._create_invoice(token=self.card) for _number in range(3)]
        self._live(3, REFUSED_KEY)
        self.assertEqual(len(self.charged), 1)
        for other in others:
            attempt = other.recovery_attempt_ids
            self.assertEqual(attempt.state, "planned")
            self.assertEqual(attempt.waiting_provider_id, self.stripe)
            self.assertFalse(other.recovery_case_id, msg="It was not tried, so it has not failed.")
        self.assertIn("Invoices that wait: 4.", self._get_alert().recovery_sentence)
        self._try_again()
        self.assertEqual({move.payment_state for move in (first.move_id, *others)}, {"paid"})
        self.assertFalse(self._get_alert())

    def test_retry_that_is_due_waits_in_its_case(self):
        other = self._fail(NO_FUNDS)
        self._fail(REFUSED_KEY)
        self._make_due(other)
        tries = len(other.attempt_ids.filtered("transaction_id"))
        self._live(1, REFUSED_KEY)
        self.assertEqual((other.blocked_class, other.next_attempt_id.id), ("merchant", False))
        self.assertEqual(len(other.attempt_ids.filtered("transaction_id")), tries)
        self._try_again()
        self.assertEqual(other.state, "recovered")

    def test_what_is_not_mended_costs_one_charge(self):
        cases = [self._fail(REFUSED_KEY)]
        for _number in range(3):
            self._create_invoice(token=self.card)
        self._live(1, REFUSED_KEY)
        for turn in range(5):
            self._try_again(REFUSED_KEY)
            self.assertEqual(len(self.charged), 2 + turn)
        self.assertTrue(self._get_alert())
        self.assertEqual(cases[0].blocked_class, "merchant")

    def test_case_goes_on_below_its_schedule(self):
        case = self._fail(REFUSED_KEY)
        self._try_again(NO_FUNDS)
        self.assertFalse(case.blocked_class or case.waiting_since)
        self.assertEqual(case.attempt_ids.sorted("id")[1].source, "mended")
        self.assertEqual(case.next_source, "ladder")

    def test_case_in_grace_is_not_given_up_meanwhile(self):
        case = self._fail(NO_FUNDS)
        case.sudo()._cancel_planned("No more.")
        case.sudo()._begin_grace("All retries are used up.")
        self._wait(hours=1)
        self._fail(REFUSED_KEY)
        self._live(20, REFUSED_KEY)
        self.assertEqual((case.state, case.waiting_provider_id), ("grace", self.stripe))
        self._try_again()
        self.assertEqual((case.state, case.waiting_since), ("grace", False))
        self.assertFalse(case.next_attempt_id, msg="All its retries had been made.")
        self._live(9, None)
        self.assertEqual(case.state, "lost", msg="Its time of grace has gone on.")

    def test_first_charge_that_no_policy_matches_goes_on_as_well(self):
        self.policy.active = False
        self.assertFalse(self._fail(REFUSED_KEY), msg="There is no case without a policy.")
        self._live(3, REFUSED_KEY)
        self.assertEqual(len(self.charged), 1)
        self.assertIn("Invoices that wait: 1.", self._get_alert().recovery_sentence)
        self._try_again()
        self.assertEqual(len(self.charged), 2)
        self.assertFalse(self._get_alert())

    def test_hours_for_charges_hold_when_it_is_tried_again(self):
        case = self._fail(REFUSED_KEY)
        self.policy.write({"charge_hour_from": 14, "charge_hour_to": 16})
        self._try_again()
        self.assertEqual(len(self.charged), 1)
        self.assertEqual(str(case.next_attempt_at), "2026-11-23 13:00:00")

    def test_success_of_another_charge_takes_it_back(self):
        case = self._fail(REFUSED_KEY)
        self._wait(hours=1)
        other = self._create_invoice(token=self.card)
        transaction = self._create_portal_transaction(
            other, provider_id=self.stripe.id, operation="online_token", token_id=self.card.id
        )
        transaction._set_done()
        with self._answering(None):
            for name in ("follow", "follow", "charge", "follow"):
                self._run_cron(name)
        self.assertEqual(case.state, "recovered", msg="The key works: the customer has just paid.")
        self.assertFalse(self._get_alert())

    def test_what_a_customer_types_stops_no_others(self):
        invoice = self._create_invoice(token=self.card)
        transaction = self._create_portal_transaction(invoice, provider_id=self.stripe.id)
        transaction._recovery_note_decline(
            transaction._recovery_read({"error": {"code": "test_mode_live_card"}})
        )
        transaction._set_error("Your card was declined.")
        other = self._create_invoice(token=self.card)
        with self._answering(None):
            self._collect()
        self.assertEqual(other.payment_state, "paid")


@tagged("post_install", "-at_install")
class TestNarrowFault(FaultCommon):
    """A fault of one amount, currency or method lets those like it wait, and no others."""

    def test_amount_below_the_minimum_is_charged_once(self):
        case = self._fail(TOO_SMALL, amount=0.60)
        self.assertEqual(case.first_attempt_id.decline_reason_id.code, "amount_too_small")
        self._live(20, TOO_SMALL)
        self.assertEqual(len(self.charged), 1)
        self.assertEqual((case.state, case.blocked_class), ("in_recovery", "merchant"))
        self.assertIn("Below the provider's minimum", self._get_alert().recovery_sentence)

    def test_smaller_amounts_wait_and_larger_ones_are_charged(self):
        self._fail(TOO_SMALL, amount=0.60)
        smaller = self._create_invoice(token=self.card, amount=0.55)
        larger = self._create_invoice(token=self.card, amount=50.0)
        with self._answering(None):
            self._collect()
        self.assertEqual(smaller.recovery_attempt_ids.waiting_provider_id, self.stripe)
        self.assertEqual(larger.payment_state, "paid")
        self.assertEqual(self.charged, [60, 5000])

    def test_smaller_one_waits_on_when_the_first_was_paid_otherwise(self):
        case = self._fail(TOO_SMALL, amount=0.60)
        smaller = self._create_invoice(token=self.card, amount=0.55)
        self._live(1, TOO_SMALL)
        self._register_payment(case.move_id, 0.60)
        self._live(2, TOO_SMALL)
        self.assertEqual(self.charged, [60], msg="Stripe would refuse it as well.")
        self.assertEqual(smaller.recovery_attempt_ids.waiting_provider_id, self.stripe)
        self.assertIn("Invoices that wait: 1.", self._get_alert().recovery_sentence)
        self._try_again()
        self.assertEqual((self.charged, smaller.payment_state), ([60, 55], "paid"))

    def test_paused_case_is_not_followed_again_and_again(self):
        case = self._fail(REFUSED_KEY)
        case.sudo()._pause(False, "A person pauses it.")
        self._wait(hours=1)
        self.stripe.action_recovery_try_again()
        self._run_cron("follow")
        self._run_cron("follow")
        self.assertFalse(self.env["recovery.invoice.queue"].sudo().search([]))
        case.action_resume()
        self.assertFalse(case.waiting_since)
        self.assertEqual(case.next_source, "mended")

    def test_alert_ends_with_the_invoice(self):
        case = self._fail(TOO_SMALL, amount=0.60)
        self.assertTrue(self._get_alert())
        self._register_payment(case.move_id, 0.60)
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")
        self.assertFalse(self._get_alert())

    def test_other_currency_is_charged(self):
        reason = self.env["recovery.decline.reason"]._find("currency_not_enabled")
        case = self._fail(TOO_SMALL)
        case.first_attempt_id.transaction_id.recovery_reason_id = reason
        euro = self._enable_currency("EUR")
        same = self._create_invoice(token=self.card)
        other = self._create_invoice(token=self.card, currency_id=euro.id)
        with self._answering(None):
            self._collect()
        self.assertEqual(same.recovery_attempt_ids.waiting_provider_id, self.stripe)
        self.assertEqual(other.payment_state, "paid")

    def test_backup_method_does_not_pay_for_our_own_fault(self):
        self.policy.use_backup_methods = True
        self._create_backup()
        case = self._fail(REFUSED_KEY)
        self._live(2, REFUSED_KEY)
        self.assertEqual((case.blocked_class, len(case.attempt_ids)), ("merchant", 1))


@tagged("post_install", "-at_install")
class TestFaultOfProviders(ProviderCommon):
    """Each provider has its own way to say that the merchant has to mend something."""

    NOW = NOW

    def _check(self, code, *answers, reason="invalid_credentials"):
        attempt = self._charge(code, *answers)
        self.assertEqual(
            (attempt.decline_class, attempt.decline_reason_id.code), ("merchant", reason)
        )
        self.assertIn(attempt.state, ("not_sent", "declined"))
        case = attempt.move_id.recovery_case_id
        self.assertEqual((case.blocked_class, case.next_attempt_id.id), ("merchant", False))
        self._follow()
        subject = f"fault:{attempt.transaction_id.provider_id.id}"
        alert = self.env["mail.activity"].search([("recovery_subject", "=", subject)])
        self.assertEqual(len(alert), 1)

    def test_adyen_refuses_the_key(self):
        self._check(
            "adyen",
            (
                401,
                {
                    "status": 401,
                    "errorCode": "000",
                    "message": "HTTP Status Response - Unauthorized",
                    "errorType": "security",
                },
            ),
        )

    def test_adyen_does_not_allow_it(self):
        self._check(
            "adyen",
            (403, {"status": 403, "errorCode": "010", "message": "Not allowed"}),
        )

    def test_adyen_does_not_know_the_merchant(self):
        body = {"status": 422, "errorCode": "901", "message": "Invalid Merchant Account"}
        self._check("adyen", (422, body), reason="account_not_active")

    def test_xendit_refuses_the_key(self):
        body = {"error_code": "INVALID_API_KEY", "message": "API key format is invalid."}
        self._check("xendit", (401, body))

    def test_flutterwave_refuses_the_key(self):
        body = {"status": "error", "message": "Invalid authorization key", "data": None}
        self._check("flutterwave", (401, body))

    def test_razorpay_refuses_the_key(self):
        body = {
            "error": {
                "code": "BAD_REQUEST_ERROR",
                "description": "Authentication failed",
                "reason": "NA",
            }
        }
        self._check("razorpay", (401, body))

    def test_mercado_pago_refuses_the_key(self):
        body = {"message": "invalid_token", "error": "not_found", "status": 401, "cause": []}
        self._check("mercado_pago", (401, body))

    def test_worldline_refuses_the_key(self):
        body = {
            "errorId": "1",
            "errors": [{"errorCode": "9007", "id": "ACCESS_TO_MERCHANT_NOT_ALLOWED"}],
        }
        self._check("worldline", (403, body))


@tagged("post_install", "-at_install")
class TestFaultRules(FaultCommon, RulesCommon):
    """Automation rules judge customers by their own failures."""

    def test_rules_are_not_told_that_the_customers_charge_failed(self):
        self._create_rule("pass", model="recovery.event", trigger="on_create")
        self._fail(NO_FUNDS)
        self._fail(REFUSED_KEY)
        events = self.env["recovery.event"].sudo().search([("type", "=", "attempt_failed")])
        self.assertEqual(len(events), 1)
        self.assertEqual(events.decline_class, "later")


@tagged("post_install", "-at_install")
class TestTryAgain(FaultCommon):
    """Who may press the button, and what they see before."""

    def test_banner_says_what_is_wrong_since_when_and_how_many_wait(self):
        self._fail(REFUSED_KEY)
        self._create_invoice(token=self.card)
        self._live(1, REFUSED_KEY)
        administrator = new_test_user(self.env, "mender", groups="base.group_system")
        form = Form(self.stripe.with_user(administrator))
        self.assertIn("All charges through Stripe wait: Key refused.", form.recovery_fault)
        self.assertIn("Invalid API Key", form.recovery_fault)
        self.assertEqual(str(form.recovery_fault_since), NOW)
        self.assertEqual(form.recovery_waiting_count, 2)
        self._try_again()
        self.stripe.invalidate_recordset()
        self.assertFalse(self.stripe.recovery_fault)
        self.assertFalse(self.stripe.recovery_waiting_count)

    def test_button_is_for_administrators(self):
        self._fail(REFUSED_KEY)
        clerk = new_test_user(self.env, "clerk", groups="account.group_account_invoice")
        with self.assertRaises(AccessError):
            self.stripe.with_user(clerk).action_recovery_try_again()

    def test_administrator_of_another_company_may_not(self):
        self._fail(REFUSED_KEY)
        company = self.env["res.company"].create({"name": "Other"})
        other = new_test_user(
            self.env,
            "other",
            groups="base.group_system,account.group_account_manager",
            company_id=company.id,
            company_ids=[company.id],
        )
        with self.assertRaises(AccessError):
            self.stripe.with_user(other).action_recovery_try_again()
        self.assertTrue(self._get_alert())

    def test_alert_can_not_be_ticked_off(self):
        self._fail(REFUSED_KEY)
        with self.assertRaisesRegex(UserError, "Mend Stripe first"):
            self._get_alert().action_done()

    def test_retry_now_says_what_has_to_be_mended(self):
        case = self._fail(REFUSED_KEY)
        with self.assertRaisesRegex(UserError, "mended Stripe: Key refused"):
            case.action_retry_now()

    def test_customer_may_pay_with_the_saved_card(self):
        case = self._fail(REFUSED_KEY)
        self.assertFalse(case._is_method_shut(self.card, 100.0, self.card._recovery_get_history()))
        self.assertIn("for a reason on our side", case._get_page_reason())
