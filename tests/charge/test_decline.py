# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import RecoveryCommon

NOW = "2026-11-23 09:00:00"


class DeclineCommon(RecoveryCommon):
    """A customer whose card is charged through the unmodified Stripe addon."""

    NOW = NOW

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()
        cls.card = cls._create_stripe_card(cls.stripe)

    def _decline_first_charge(self, *args, token=None, **kwargs):
        """Return the case of an invoice whose first charge Stripe refused."""
        with self._decline_charges(*args, **kwargs):
            _invoice, case = self._fail_invoice(token=token or self.card)
        return case

    def _get_planned(self, case):
        return case.attempt_ids.filtered(lambda attempt: attempt.state == "planned")

    def _get_wait(self, case):
        return self._get_planned(case).planned_at - fields.Datetime.now()


@tagged("post_install", "-at_install")
class TestDecline(DeclineCommon):
    """What a refusal says is read once and kept, on the attempt, the transaction and the card."""

    def test_decline_is_read_into_the_attempt_and_the_case(self):
        case = self._decline_first_charge(
            "insufficient_funds",
            {"brand": "mastercard"},
            network_decline_code="51",
            network_advice_code="27",
        )
        attempt = case.first_attempt_id
        self.assertEqual(attempt.decline_reason_id.code, "insufficient_funds")
        self.assertEqual(attempt.decline_class, "later")
        self.assertEqual(attempt.decline_code, "insufficient_funds")
        self.assertEqual(attempt.decline_message, "Your card was declined.")
        self.assertEqual(attempt.network, "mastercard")
        self.assertEqual(attempt.network_code, "51")
        self.assertEqual(attempt.advice_code, "27")
        self.assertEqual(attempt.funding, "debit")
        self.assertEqual(attempt.issuer_country, "US")
        self.assertEqual(case.decline_reason_id.code, "insufficient_funds")
        self.assertEqual(attempt.transaction_id.recovery_reason_id.code, "insufficient_funds")

    def test_facts_of_the_card_are_kept(self):
        case = self._decline_first_charge()
        self.assertEqual(self.card.recovery_network, "visa")
        self.assertEqual(self.card.recovery_funding, "debit")
        self.assertEqual(self.card.recovery_country, "US")
        self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2030-08-31"))
        self.assertEqual(self.card.recovery_fingerprint, "fp_1")
        self.assertEqual(case.method_facts, "Visa, Debit, US, valid until 08/2030")

    def test_code_that_is_not_known_keeps_a_bounded_excerpt(self):
        case = self._decline_first_charge("brand_new_code", message="x" * 5000)
        attempt = case.first_attempt_id
        self.assertEqual(attempt.decline_code, "brand_new_code")
        kept = attempt.transaction_id.recovery_decline
        self.assertIn(["stripe", "code", "brand_new_code"], kept["unlisted"])
        self.assertLess(len(json.dumps(kept)), 3000)
        self.assertTrue(self._get_planned(case), msg="What isn't known is tried again later.")

    def test_garbage_in_a_refusal_neither_raises_nor_loses_the_outcome(self):
        deep = {}
        for _level in range(50):
            deep = {"error": {"payment_method": [deep]}}
        garbage = [
            {},
            {"error": None},
            {"error": [1, 2]},
            {"error": "x" * 100_000},
            {"error": {"code": 5, "decline_code": {"a": "b"}, "payment_method": "pm"}},
            {"error": {"decline_code": "new\0code\ud83d", "message": "Card 4242424242424242"}},
            {"error": {"code": "é" * 10_000, "payment_method": {"type": "card", "card": []}}},
            deep,
        ]
        for number, body in enumerate(garbage):
            with self.subTest(body=number):
                response = self._create_response(402, json.dumps(body).encode())
                # The addon of Stripe makes its message of the refusal; it isn't what is read here.
                with (
                    self._patch_requests(return_value=response),
                    patch.object(
                        type(self.stripe), "_parse_response_error", lambda *args: "Refused"
                    ),
                    mute_logger("odoo.addons.payment.models.payment_provider"),
                ):
                    invoice, case = self._fail_invoice(token=self.card)
                attempt = invoice.recovery_attempt_ids.filtered("transaction_id")
                self.assertEqual(attempt.state, "declined")
                self.assertTrue(case.next_attempt_at)
                kept = json.dumps(attempt.transaction_id.recovery_decline or {})
                self.assertLess(len(kept), 5000)
                self.assertNotIn("4242424242424242", kept)

    def test_payment_of_somebody_else_is_read_too(self):
        invoice = self._create_invoice(collect_automatically=False)
        transaction = self._create_portal_transaction(
            invoice,
            provider_id=self.stripe.id,
            operation="online_token",
            token_id=self.card.id,
            payment_method_id=self.card.payment_method_id.id,
        )
        with self._decline_charges("lost_card"):
            transaction._charge_with_token()
        self._run_cron("follow")
        self.assertEqual(transaction.recovery_reason_id.code, "lost_card")
        self.assertEqual(invoice.recovery_case_id.decline_class, "never")

    def test_answer_about_another_amount_is_not_taken_for_a_decline(self):
        invoice = self._create_invoice(token=self.card)
        body = {"id": "pi_1", "status": "succeeded", "amount": 5000, "currency": "usd"}
        response = self._create_response(200, json.dumps(body).encode())
        with self._patch_requests(return_value=response):
            self._collect()
        attempt = invoice.recovery_attempt_ids
        self.assertEqual(attempt.state, "unknown", msg="Money was taken, though not all of it.")
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            attempt.action_confirm_not_charged()
        self.assertEqual(attempt.state, "not_sent")
        self.assertFalse(attempt.transaction_id.recovery_unclear)

    def test_provider_is_asked_for_the_facts_of_an_older_card(self):
        card = {"brand": "amex", "exp_month": 1, "exp_year": 2031, "fingerprint": "fp_9"}
        body = {"id": "pm_1", "object": "payment_method", "type": "card", "card": card}
        response = self._create_response(200, json.dumps(body).encode())
        with self._patch_requests(return_value=response):
            self._run_cron("refresh")
        self.assertEqual(self.card.recovery_network, "amex")
        self.assertTrue(self.card.recovery_asked_at)

    def test_provider_that_tells_nothing_is_asked_again_later_only(self):
        response = self._create_response(404, b"{}")
        with (
            self._patch_requests(return_value=response) as request,
            mute_logger("odoo.addons.payment.models.payment_provider"),
        ):
            self._run_cron("refresh")
            calls = request.call_count
            self._run_cron("refresh")
        self.assertEqual(request.call_count, calls)


@tagged("post_install", "-at_install")
class TestJourney(DeclineCommon):
    """The class of a decline decides what happens next."""

    def test_technical_trouble_is_tried_again_soon_and_costs_no_try(self):
        template = self.env.ref("revenue_recovery.mail_template_payment_failed")
        step = {"name": "Failed", "delay_hours": 0, "mail_template_id": template.id}
        self.policy.write({"tries": 2, "window_days": 7, "step_ids": [Command.create(step)]})
        case = self._decline_first_charge("issuer_not_available")
        self.assertEqual(case.decline_class, "technical")
        self.assertFalse(case.notice_ids, msg="The customer hears nothing of it.")
        for _turn in range(3):
            self.assertEqual(self._get_planned(case).source, "technical")
            with self._decline_charges("issuer_not_available"):
                self._charge_next(case)
        self.assertEqual(case.state, "in_recovery")
        with self._decline_charges("insufficient_funds"):
            self._charge_next(case)
        self.assertEqual(self._get_planned(case).source, "ladder", msg="One try is used.")
        self._run_cron("follow")
        self.assertTrue(case.notice_ids, msg="Now there is something to tell.")

    def test_expired_card_waits_until_the_customer_updates_it(self):
        case = self._decline_first_charge("expired_card", code="expired_card")
        self.assertFalse(self._get_planned(case))
        self.assertEqual(case.blocked_class, "fix_data")
        self.assertIn("Waits until", case.block_sentence)
        self.assertEqual(case.state, "in_recovery")

    def test_new_method_is_charged_at_once(self):
        case = self._decline_first_charge("expired_card", code="expired_card")
        with freeze_time("2026-11-24 03:00:00"):
            new_card = case.move_id.collect_token_id = self._create_card("done")
            self._run_cron("follow")
            planned = self._get_planned(case)
            self.assertEqual(planned.source, "method")
            self.assertEqual(planned.planned_at, fields.Datetime.now(), msg="No quiet hours.")
            self._run_cron("charge")
        self.assertEqual(case.state, "recovered")
        self.assertEqual(planned.token_id, new_card)
        self.assertFalse(case.blocked_class)

    def test_renewed_card_is_charged_at_once(self):
        case = self._decline_first_charge(
            "expired_card", {"exp_month": 10, "exp_year": 2026}, code="expired_card"
        )
        card = {"brand": "visa", "exp_month": 10, "exp_year": 2029, "fingerprint": "fp_1"}
        body = {"id": "pm_1", "object": "payment_method", "type": "card", "card": card}
        with (
            freeze_time("2026-11-24 12:00:00"),
            self._patch_requests(
                return_value=self._create_response(200, json.dumps(body).encode())
            ),
        ):
            self.card._recovery_refresh()
            self._run_cron("follow")
            self.assertEqual(self._get_planned(case).source, "method")
            self.assertFalse(self._get_planned(case).token_id, msg="It is the usual one.")

    def test_person_can_say_that_the_card_is_in_order(self):
        case = self._decline_first_charge("expired_card", code="expired_card")
        with self.assertRaisesRegex(UserError, "Waits until"):
            case.action_retry_now()
        with freeze_time("2026-11-23 10:00:00"):
            case.action_method_updated()
            self._run_cron("follow")
        self.assertEqual(self._get_planned(case).source, "method")

    def test_new_method_in_the_grace_period_is_charged(self):
        case = self._decline_first_charge("expired_card", code="expired_card")
        with freeze_time("2026-12-08 12:00:00"):
            self._run_cron("follow")
            self.assertEqual(case.state, "grace", msg="The clock of a blocked case runs.")
            case.move_id.collect_token_id = self._create_card("done")
            self._run_cron("follow")
            self._run_cron("charge")
        self.assertEqual(case.state, "recovered")

    def test_dead_card_is_charged_for_no_other_invoice(self):
        self._decline_first_charge("stolen_card")
        with self._patch_requests() as request:
            invoice, case = self._fail_invoice(token=self.card)
        request.assert_not_called()
        self.assertEqual(invoice.recovery_attempt_ids.state, "refused")
        self.assertIn("is not charged any more", case.block_sentence)
        self.assertEqual(case.decline_reason_id.code, "stolen_card")
        self.assertFalse(case.attention, msg="It is up to the customer, who is told.")
        with self.assertRaisesRegex(UserError, "not charged any more"):
            case.action_retry_now()
        case.action_method_updated()
        self._run_cron("follow")
        self.assertFalse(self._get_planned(case), msg="Nobody's word brings a stolen card back.")

    def test_same_card_saved_twice_is_the_same_card(self):
        self._decline_first_charge("stolen_card")
        twin = self._create_stripe_card(self.stripe)
        twin.recovery_fingerprint = "fp_1"
        twin.recovery_updated_at = False
        with self._patch_requests() as request:
            self._fail_invoice(token=twin)
        request.assert_not_called()

    def test_confirmation_by_the_customer_is_waited_for_on_its_invoice_only(self):
        case = self._decline_first_charge("authentication_required", code="authentication_required")
        self.assertEqual(case.blocked_class, "customer_action")
        self.assertFalse(self._get_planned(case))
        with self._decline_charges() as request:
            _invoice, other = self._fail_invoice(token=self.card)
        request.assert_called_once()
        self.assertTrue(self._get_planned(other))

    def test_backup_method_is_charged_where_the_policy_allows_it(self):
        backup = self._create_backup()
        case = self._decline_first_charge("lost_card")
        self.assertFalse(self._get_planned(case), msg="Not unless the policy says so.")
        self.policy.use_backup_methods = True
        self.customer._recovery_note_method_change()
        self._run_cron("follow")
        planned = self._get_planned(case)
        self.assertEqual((planned.source, planned.token_id), ("backup", backup))
        self.assertGreaterEqual(
            planned.planned_at - case.first_attempt_id.finished_at,
            timedelta(minutes=1)
            if case.attempt_ids - case.first_attempt_id - planned
            else timedelta(),
        )
        self._charge_next(case)
        self.assertEqual(case.state, "recovered")

    def test_backup_that_is_declined_goes_on_by_the_schedule(self):
        backup = self._create_backup("error")
        self.policy.use_backup_methods = True
        case = self._decline_first_charge("lost_card")
        self._charge_next(case)
        planned = self._get_planned(case)
        self.assertEqual((planned.source, planned.token_id), ("ladder", backup))

    def test_two_methods_are_never_charged_within_a_minute(self):
        for _number in range(2):
            self._create_backup("error")
        self.policy.use_backup_methods = True
        case = self._decline_first_charge("lost_card")
        instants = sorted(case.attempt_ids.mapped("planned_at"))
        self.assertGreaterEqual(instants[-1] - instants[0], timedelta(minutes=1))

    def test_provider_that_retries_by_itself_is_left_alone(self):
        self.policy.retry_schedule = "provider"
        case = self._decline_first_charge()
        self.assertFalse(self._get_planned(case))
        with self.assertRaisesRegex(UserError, "retries this payment by itself"):
            case.action_retry_now()
