# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import os
from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME
from odoo.tools import mute_logger

from ...dev.simulation.client import GatewayClient
from ...dev.simulation.gateway import Gateway
from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestCardGateway(RecoveryCommon, HttpCase):
    """Cards that change at the provider: every call and every event goes over HTTP.

    The unmodified Stripe addon charges at the simulated gateway, which declines an expired card,
    sends signed events to our route, and keeps a ledger of the money.
    """

    NOW = "2026-11-23 09:00:00"

    def _enter_job_mode(self):
        return nullcontext()

    def setUp(self):
        super().setUp()
        gateway = Gateway()
        gateway.start()
        self.addCleanup(gateway.stop)
        self.client = GatewayClient(gateway.url)
        self.startPatcher(patch.dict(os.environ, {"RECOVERY_GATEWAY_URL": gateway.url}))
        self.env["ir.config_parameter"].sudo().set_param("web.base.url", self.base_url())
        self.stripe = self._prepare_stripe_provider()
        self.stripe.action_recovery_create_events_webhook()
        self.saved = self.client.create_card(exp_month=1, exp_year=2020, last4="4242")
        self.card = self.env["recovery.simulation"]._save_method(
            self.stripe, self.saved, self.customer
        )
        self.client.set_webhooks(mode="held")
        with mute_logger("odoo.addons.payment.models.payment_provider"):
            self.invoice, self.case = self._fail_invoice(token=self.card)
        # Charge and event are within the same second; an hour lies between them in life.
        self.case.first_attempt_id.sudo().started_at -= timedelta(hours=1)
        self.card.recovery_told_at -= timedelta(hours=1)
        self.card.recovery_updated_at -= timedelta(hours=2)
        self._deliver()  # What was told of the failed charge, to nobody.

    def _deliver(self, order="made"):
        """Let the gateway send the events that it held; return the statuses of Odoo's answers."""
        self.env.flush_all()
        with self.allow_requests():
            self.client.set_webhooks(
                mode="held",
                headers={"Cookie": f"{TEST_CURSOR_COOKIE_NAME}={self.http_request_key}"},
            )
            deliveries = self.client.flush_webhooks(order)
        self.env.invalidate_all()
        return [delivery["status"] for delivery in deliveries]

    def _get_charged(self):
        return sum(entry["amount"] for entry in self.client.ledger())

    def test_expired_card_is_charged_all_the_same_and_its_decline_gates_the_case(self):
        attempt = self.case.first_attempt_id
        self.assertEqual(attempt.decline_reason_id.code, "expired_card")
        self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2020-01-31"))
        self.assertEqual(self.case.blocked_class, "fix_data")
        self.assertIn("expired after 01/2020, unless its bank renewed it", self.case.method_facts)

    def test_card_renewed_by_its_network_pays_the_waiting_invoice(self):
        self.client.update_card(self.saved.payment_method, exp_month=8, exp_year=2031)
        self.assertEqual(self._deliver(), [200])
        self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2031-08-31"))
        self._run_cron("follow")
        self.assertIn("now valid until 08/2031", self.case.message_ids[0].body)
        self.assertEqual(self.case.next_attempt_id.source, "method")
        self._charge_next(self.case)
        self.assertEqual((self.case.state, self.case.channel), ("recovered", "updated"))
        self.assertEqual(self._get_charged(), 10000)
        self.assertFalse(self.client.counters()["charged_twice"])

    def test_replaced_card_pays_whatever_the_order_of_the_events(self):
        self.client.update_card(self.saved.payment_method, exp_year=2027)
        self.client.update_card(self.saved.payment_method, exp_year=2031, last4="1881")
        self.client.set_webhooks(mode="held", doubled=1.0)
        self.assertEqual(set(self._deliver("reversed")), {200})
        self.assertEqual(self.card.payment_details, "1881")
        self._run_cron("follow")
        self._charge_next(self.case)
        self.assertEqual(self.case.state, "recovered")
        self.assertEqual(self._get_charged(), 10000)

    def test_card_that_the_merchant_edits_at_stripe_is_charged_again(self):
        self.client.api(
            "POST",
            f"payment_methods/{self.saved.payment_method}",
            {"card[exp_month]": 8, "card[exp_year]": 2031},
        )
        self.assertEqual(self._deliver(), [200])
        self._run_cron("follow")
        self._charge_next(self.case)
        self.assertEqual(self.case.state, "recovered")

    def test_card_that_is_detached_at_stripe_is_not_charged_any_more(self):
        self.client.update_card(self.saved.payment_method, exp_month=8, exp_year=2031)
        self._deliver()
        self._run_cron("follow")
        self.assertTrue(self.case.next_attempt_id)
        self.client.api("POST", f"payment_methods/{self.saved.payment_method}/detach")
        self.assertEqual(self._deliver(), [200])
        self._run_cron("follow")
        self.assertFalse(self.case.next_attempt_id)
        self.assertIn("removed at its provider", self.case.block_sentence)
        self._run_cron("charge")
        self.assertEqual(self._get_charged(), 0)

    def test_news_that_no_event_told_is_learned_by_asking(self):
        self.client.update_card(self.saved.payment_method, exp_month=8, exp_year=2031)
        self._run_cron("refresh")
        self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2031-08-31"))
        self._run_cron("follow")
        self._charge_next(self.case)
        self.assertEqual(self.case.state, "recovered")

    def test_removal_that_no_event_told_is_learned_by_asking(self):
        self.client.api("POST", f"payment_methods/{self.saved.payment_method}/detach")
        self._run_cron("refresh")
        self.assertFalse(self.card.active)
        self.assertTrue(self.card.recovery_removed_at)

    @mute_logger("odoo.addons.revenue_recovery.controllers.recovery_events")
    def test_event_with_a_wrong_signature_renews_nothing(self):
        self.client.update_card(self.saved.payment_method, exp_month=8, exp_year=2031)
        self.stripe.recovery_events_secret = "whsec_other"
        self.assertEqual(self._deliver(), [403])
        self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2020-01-31"))

    def test_demo_that_is_started_again_renews_no_card_and_charges_nothing(self):
        from odoo.addons.recovery_simulation import demo

        self.env["ir.config_parameter"].set_param(demo.START, "2026-01-05T09:00:00+00:00")
        gateway = Gateway()
        gateway.start()
        self.addCleanup(gateway.stop)
        os.environ["RECOVERY_GATEWAY_URL"] = gateway.url
        known = self.card.read(
            ["recovery_expiry", "recovery_fingerprint", "recovery_updated_at", "payment_details"]
        )
        demo.restore_cards(self.env, GatewayClient(gateway.url))
        self.assertNotEqual(self.card.stripe_payment_method, self.saved.payment_method)
        self._run_cron("refresh")
        self.assertTrue(self.card.recovery_asked_at)
        self.assertEqual(self.card.read(list(known[0])), known)
        self._run_cron("follow")
        self.assertFalse(self.case.next_attempt_id)

    def test_links_of_the_demo_lead_to_the_port_that_serves(self):
        from odoo.addons.recovery_simulation import demo

        demo.lead_links(self.env, "http://localhost:8069")
        message = self.case.message_post(body=self.case._get_notice_link())
        demo.lead_links(self.env, "http://localhost:8123")
        self.assertIn("http://localhost:8123/", message.body)
        self.assertNotIn("8069", message.body)
        self.assertTrue(self.case._get_notice_link().startswith("http://localhost:8123/"))
