# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""When a provider was heard of last, and the cards with which it can be tried."""

from datetime import timedelta

from odoo import fields, models

from ..method.payment_token import MANAGERS

# So often it is written down that a provider was heard; more would only be in others' way.
HEARD_EVERY = timedelta(minutes=15)
# What Stripe's test mode has for it: one that can be saved and is declined when it is charged, and
# one that pays (https://docs.stripe.com/testing, "Decline payments" and "Cards by brand").
STRIPE_CARDS = {"error": ("pm_card_chargeCustomerFail", "0341"), "done": ("pm_card_visa", "4242")}


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    recovery_heard_at = fields.Datetime(
        string="Webhook Heard",
        readonly=True,
        copy=False,
        groups=MANAGERS,
        help="When the provider last told something by itself, with a signature that is right.",
    )

    def _recovery_note_heard(self):
        """Write down that these providers have told something by themselves just now."""
        now = fields.Datetime.now()
        for provider in self:
            if not provider.recovery_heard_at or provider.recovery_heard_at < now - HEARD_EVERY:
                provider.recovery_heard_at = now

    def _recovery_can_be_tried(self):
        """Return whether a test charge may be made: never at a provider of real money.

        Hook for addons of providers that have cards to test with, and make them in
        :meth:`_recovery_prepare_test_card`.
        """
        self.ensure_one()
        if self.code == "demo":
            return self.state != "enabled"
        return self.code == "stripe" and self.state == "test"

    def _recovery_prepare_test_card(self, partner, outcome):
        """Return the values of a `payment.token` whose charges end as wanted.

        Hook for addons of providers that have cards to test with.

        :param str outcome: `error` for a decline, `done` for a payment
        :raise ValidationError: when the provider can't be reached or refuses
        """
        self.ensure_one()
        values = {
            "provider_id": self.id,
            "partner_id": partner.id,
            "payment_method_id": self.env.ref("payment.payment_method_card").id,
        }
        if self.code == "demo":
            return {
                **values,
                "payment_details": "4242" if outcome == "done" else "0341",
                "provider_ref": "test card",
                "demo_simulated_state": outcome,
            }
        method, ending = STRIPE_CARDS[outcome]
        customer = self._send_api_request("POST", "customers", data={"name": partner.name})
        attached = self._send_api_request(
            "POST", f"payment_methods/{method}/attach", data={"customer": customer["id"]}
        )
        return {
            **values,
            "payment_details": ending,
            "provider_ref": customer["id"],
            "stripe_payment_method": attached["id"],
        }
