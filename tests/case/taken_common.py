# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import base64
import hashlib
import hmac
import json
from contextlib import nullcontext
from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase

from ..charge.providers import PROVIDERS
from .test_return import ReturnCommon

_KEYS = {"stripe": {"stripe_secret_key": "sk", "stripe_publishable_key": "pk"}}
ADYEN_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"


class TakenBackCommon(ReturnCommon, HttpCase):
    """Payments that arrived, and webhooks, signed, over real HTTP to Odoo's own routes."""

    def _enter_job_mode(self):
        return nullcontext()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["account.move"].search([]).collect_automatically = False

    def _pay_through(self, code, reference, amount=100.0, currency=None, **values):
        """Return an invoice that a charge through a provider paid, and its transaction."""
        provider = self._prepare_provider(
            code, update_values={**_KEYS.get(code, PROVIDERS.get(code, ({},))[0]), **values}
        )
        provider.journal_id = self.company_data["default_journal_bank"]
        line = provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == provider
        )
        line.payment_account_id = self.outstanding
        invoice, transaction = self._pay_invoice_of(amount, currency)
        transaction.write({"provider_id": provider.id, "provider_reference": reference})
        return invoice, transaction

    def _pay_invoice_of(self, amount, currency=None):
        values = {"currency_id": currency.id} if currency else {}
        invoice, payment = self._pay_invoice(amount=amount, **values)
        return invoice, payment.payment_transaction_id

    def _pay_through_stripe(self, **kwargs):
        return self._pay_through("stripe", "pi_1", stripe_webhook_secret="whsec_x", **kwargs)

    def _pay_through_adyen(self, **kwargs):
        return self._pay_through("adyen", "PSP1", adyen_hmac_key=ADYEN_KEY, **kwargs)

    def _pay_through_worldline(self, **kwargs):
        return self._pay_through("worldline", "3136405348", worldline_webhook_secret="w", **kwargs)

    # === THE PROVIDERS' WEBHOOKS === #

    def _get_instant(self, later):
        return fields.Datetime.now() + timedelta(seconds=later)

    def _post(self, path, payload, headers=()):
        return self.url_open(
            path,
            data=json.dumps(payload),
            headers={"Content-Type": "application/json", **dict(headers)},
        )

    def _send_stripe(self, kind, found, later=60, secret="whsec_x", path=None):
        """Send an event of Stripe: API reference, "The Event object"."""
        at = int(self._get_instant(later).timestamp())
        payload = {"id": "evt_1", "type": kind, "created": at, "data": {"object": found}}
        body = json.dumps(payload)
        now = int(fields.Datetime.now().timestamp())
        digest = hmac.new(secret.encode(), f"{now}.{body}".encode(), hashlib.sha256).hexdigest()
        headers = {"Stripe-Signature": f"t={now},v1={digest}"}
        return self._post(path or "/payment/stripe/webhook", payload, headers)

    def _dispute(self, kind, status="needs_response", amount=10000, later=60, **values):
        """Send an event about a dispute at Stripe: API reference, "The Dispute object"."""
        found = {
            "id": "dp_1",
            "object": "dispute",
            "amount": amount,
            "currency": "usd",
            "charge": "ch_1",
            "payment_intent": "pi_1",
            "reason": "product_not_received",
            "status": status,
            "evidence_details": {
                "due_by": int((fields.Datetime.now() + timedelta(days=9)).timestamp())
            },
            "balance_transactions": [],
            "payment_method_details": {
                "type": "card",
                "card": {"brand": "visa", "network_reason_code": "13.1"},
            },
            **values,
        }
        return self._send_stripe(f"charge.dispute.{kind}", found, later)

    def _send_adyen(self, kind, later=60, amount=10000, key=ADYEN_KEY, **values):
        """Send a webhook of Adyen: "Dispute webhooks", and its signature."""
        item = {
            "additionalData": dict(values.pop("additionalData", {})),
            "amount": {"currency": "USD", "value": amount},
            "eventCode": kind,
            "eventDate": self._get_instant(later).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            "merchantAccountCode": "Merchant",
            "merchantReference": "S1",
            "originalReference": "PSP1",
            "paymentMethod": "visa",
            "pspReference": "DISPUTE1",
            "reason": "Other Fraud-Card Absent Environment",
            "success": "true",
            **values,
        }
        signed = ":".join(
            str(value).replace("\\", "\\\\").replace(":", "\\:")
            for value in (
                item["pspReference"],
                item["originalReference"],
                item["merchantAccountCode"],
                item["merchantReference"],
                amount,
                "USD",
                kind,
                item["success"],
            )
        )
        digest = hmac.new(bytes.fromhex(key), signed.encode(), hashlib.sha256).digest()
        item["additionalData"]["hmacSignature"] = base64.b64encode(digest).decode()
        payload = {"live": "false", "notificationItems": [{"NotificationRequestItem": item}]}
        return self._post("/payment/adyen/notification", payload)

    def _send_worldline(self, status, later=60, secret="w", kind="payment", **values):
        """Send a webhook of Worldline Direct, "Webhooks"."""
        output = "paymentOutput" if kind == "payment" else "refundOutput"
        payload = {
            "apiVersion": "v1",
            "created": self._get_instant(later).strftime("%Y-%m-%dT%H:%M:%S.1234567+00:00"),
            "type": f"{kind}.{status.lower()}",
            kind: {
                "id": "3136405348_1",
                "status": status,
                output: {
                    "amountOfMoney": {"amount": 10000, "currencyCode": "USD"},
                    "references": {"merchantReference": "S1"},
                },
                **values,
            },
        }
        body = json.dumps(payload).encode()
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        headers = {"X-GCS-Signature": base64.b64encode(digest).decode()}
        return self._post("/payment/worldline/webhook", payload, headers)

    # === WHAT CAME OF IT === #

    def _get_return(self, transaction):
        self.env.invalidate_all()
        return self.env["recovery.return"].sudo().search([("transaction_id", "=", transaction.id)])

    def _get_todos(self, kind):
        todos = self.env["mail.activity"].sudo()
        return todos.search([("recovery_subject", "=like", f"{kind}:%")])

    def _get_balance(self, account):
        """Return what is on an account, to the cent."""
        lines = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return self.env.company.currency_id.round(sum(lines.mapped("balance")))
