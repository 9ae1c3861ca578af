# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Charges through the unmodified addons of the providers, whose HTTP calls answer as scripted.

The shapes are those of the providers' references, as Odoo's own tests of the addons have them.
"""

import json
from contextlib import contextmanager

import requests

from odoo.fields import Command
from odoo.tools import mute_logger

from ..common import RecoveryCommon

# What each provider is set up with, and what its saved methods hold.
PROVIDERS = {
    "adyen": (
        {
            "adyen_merchant_account": "merchant",
            "adyen_api_key": "key",
            "adyen_client_key": "key",
            "adyen_hmac_key": "12345678",
            "adyen_api_url_prefix": "prefix",
        },
        {"provider_ref": "8415", "adyen_shopper_reference": "ODOO_PARTNER_1"},
    ),
    "authorize": (
        {
            "authorize_login": "login",
            "authorize_transaction_key": "key",
            "authorize_signature_key": "00",
            "authorize_client_key": "client",
        },
        {"provider_ref": "payment-profile-1", "authorize_profile": "profile-1"},
    ),
    "flutterwave": (
        {
            "flutterwave_public_key": "FLWPUBK_TEST-X",
            "flutterwave_secret_key": "FLWSECK_TEST-X",
            "flutterwave_webhook_secret": "secret",
        },
        {"provider_ref": "flw-t1nf-1", "flutterwave_customer_email": "customer@example.com"},
    ),
    "mercado_pago": (
        {"mercado_pago_access_token": "TEST-1"},
        {"provider_ref": "1562", "mercado_pago_customer_id": "cust-1"},
    ),
    "razorpay": (
        {
            "razorpay_key_id": "rzp_1",
            "razorpay_key_secret": "secret",
            "razorpay_webhook_secret": "secret",
        },
        {"provider_ref": "cust_1,token_1"},
    ),
    "worldline": (
        {
            "worldline_pspid": "pspid",
            "worldline_api_key": "key",
            "worldline_api_secret": "secret",
            "worldline_webhook_key": "key",
            "worldline_webhook_secret": "secret",
        },
        {"provider_ref": "token-1"},
    ),
    "xendit": (
        {
            "xendit_public_key": "xnd_public",
            "xendit_secret_key": "xnd_secret",
            "xendit_webhook_token": "token",
        },
        {"provider_ref": "6645aaa2f00da60017cdc669"},
    ),
}
_LOGGERS = (
    "odoo.addons.payment.models.payment_provider",
    "odoo.addons.payment.models.payment_transaction",
    "odoo.addons.revenue_recovery.models.charge",
    *(f"odoo.addons.payment_{code}.models.payment_transaction" for code in PROVIDERS),
)
LOST = requests.exceptions.ReadTimeout("slow")
UNREACHED = requests.exceptions.ConnectTimeout("no way")


class ProviderCommon(RecoveryCommon):
    """Invoices whose saved methods are charged at any provider of Community."""

    @classmethod
    def _create_provider_card(cls, code):
        """Create a saved card at a provider that is set up."""
        if code == "stripe":
            return cls._create_stripe_card(cls._prepare_stripe_provider())
        values, token = PROVIDERS[code]
        if code == "mercado_pago":
            values = {**values, "mercado_pago_account_country_id": cls.env.ref("base.mx").id}
        provider = cls._prepare_provider(code, update_values={**values})
        provider.write(
            {
                "available_currency_ids": [Command.clear()],
                "journal_id": cls.company_data["default_journal_bank"].id,
            }
        )
        cls.customer.phone = "+919876543210"
        return cls._create_card(provider_id=provider.id, demo_simulated_state=False, **token)

    @contextmanager
    def _play(self, *answers):
        """Answer the HTTP calls in this order: a status and a body, or an exception.

        All of them have to be asked for, and nothing else.
        """
        waiting = list(answers)

        def answer(method, url, **_kwargs):
            if not waiting:
                raise AssertionError(f"Nobody expected {method} {url}")
            said = waiting.pop(0)
            if isinstance(said, Exception):
                raise said
            status, body = said
            return self._create_response(status, json.dumps(body).encode())

        with self._patch_requests(side_effect=answer), mute_logger(*_LOGGERS):
            yield
        self.assertFalse(waiting, msg="Not all of it was asked for.")

    def _charge(self, code, *answers):
        """Charge a new invoice for the first time at a provider.

        :return: the attempt, in sudo mode
        """
        card = self._create_provider_card(code)
        card.provider_id.sudo()._recovery_resume()  # What an earlier charge met is over.
        invoice = self._create_invoice(token=card)
        self._run_cron("collect")
        with self._play(*answers):
            self._run_cron("charge")
        return invoice.recovery_attempt_ids.sudo().filtered("transaction_id")

    def _follow(self, *answers):
        """Let the job go on, which may ask the provider once more."""
        with self._play(*answers):
            self._run_cron("follow")

    def _tell(self, attempt, payload):
        """Let the provider tell something of a charge, as a webhook does."""
        with self._enter_job_mode(), mute_logger(*_LOGGERS):
            transaction = attempt.transaction_id
            transaction.sudo()._process(transaction.provider_code, payload)
        self.env.invalidate_all()
