# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import requests
from freezegun import api as frozen

from odoo import SUPERUSER_ID, fields
from odoo.fields import Command
from odoo.sql_db import BaseCursor
from odoo.tests import HttpCase, freeze_time
from odoo.tests.test_cursor import TestCursor
from odoo.tools import mute_logger, safe_eval

from .prepared import PreparedCase


def patch_cursors(ahead=timedelta(0)):
    """Return patchers that give cursors Odoo's clock, or one that is ahead of it."""
    return [
        patch.object(cursor, "now", lambda _cursor: fields.Datetime.now() + ahead)
        for cursor in (BaseCursor, TestCursor)
    ]


def patch_expressions():
    """Return patchers that give the expressions of domains and server actions the frozen clock.

    Odoo took its copy of Python's classes when it was loaded, where `freeze_time` doesn't look.
    """
    return [
        patch.multiple(safe_eval.datetime, datetime=frozen.FakeDatetime, date=frozen.FakeDate),
        patch.multiple(safe_eval.time, time=frozen.fake_time, strftime=frozen.fake_strftime),
    ]


class Clock:
    """One clock for Odoo, for expressions, and for cursors, who write `create_date` by it."""

    def __init__(self, now, tick=False):
        self._parts = [freeze_time(now, tick=tick), *patch_cursors(), *patch_expressions()]

    def start(self):
        self._frozen, *_others = [part.start() for part in self._parts]

    def move_to(self, instant):
        """Go to another instant; starting a clock anew would take a tenth of a second."""
        self._frozen.move_to(instant)

    def stop(self):
        for part in reversed(self._parts):
            part.stop()


class RecoveryCommon(PreparedCase):
    """A customer with a saved card at the demo provider, whose token says how charges end.

    :cvar NOW: the UTC instant at which the class begins, before its first record is made; nine
        o'clock of the day on which it runs where none is named. A class whose tests go to certain
        days names one that is not after them.
    """

    NOW = None

    @classmethod
    def setUpClass(cls):
        # Odoo starts it before there is an environment to make records in. Where a browser may wait
        # for something, it goes.
        now = cls.NOW or f"{fields.Date.today()} 09:00:00"
        cls.freeze_time = Clock(now, tick=issubclass(cls, HttpCase))
        super().setUpClass()
        cls.customer = cls.env["res.partner"].create(
            {"name": "Customer", "email": "customer@example.com", "tz": "Europe/Paris"}
        )
        cls.policy = cls._create_policy()

    @classmethod
    def _make_first_clock(cls):
        return Clock("2020-01-01 09:00:00")

    @classmethod
    def _prepare_first(cls, first):
        # Odoo steps from a job's last run to the next one by one: some months take it seconds.
        first.env["ir.cron"].search([]).nextcall = "2099-01-01"
        first.env["recovery.policy"].search([]).action_archive()
        first.env.user.group_ids += first.env.ref("revenue_recovery.group_recovery_manager")
        first.env.company.recovery_charge_test_providers = True
        first.demo_provider = provider = first._prepare_provider("demo")
        provider.journal_id = first.company_data["default_journal_bank"]
        line = provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == provider
        )
        line.payment_account_id = first.inbound_payment_method_line.payment_account_id

    @classmethod
    def _create_policy(cls, **values):
        return cls.env["recovery.policy"].create(
            {
                "name": "Policy",
                "retry_schedule": "fixed",
                "charge_hour_from": 0,
                "charge_hour_to": 24,
                **values,
            }
        )

    @classmethod
    def _create_card(cls, outcome="error", **values):
        """Create a saved card whose charges end in this state of `payment.transaction`."""
        return cls.env["payment.token"].create(
            {
                "provider_id": cls.demo_provider.id,
                "payment_method_id": cls.payment_method_id,
                "payment_details": "4242",
                "partner_id": cls.customer.id,
                "provider_ref": "demo",
                "demo_simulated_state": outcome,
                **values,
            }
        )

    @classmethod
    def _create_backup(cls, outcome="done", is_told=True, **values):
        """Create a saved card that was there before, agreed to as a backup, and announced."""
        card = cls._create_card(outcome, **values)
        long_ago = fields.Datetime.now() - timedelta(days=300)
        card.sudo().write(
            {
                "recovery_backup_at": long_ago,
                "recovery_backup_told_at": is_told and long_ago,
                "recovery_updated_at": long_ago,
            }
        )
        return card

    @classmethod
    def _create_invoice(cls, amount=100.0, token=None, due=None, post=True, **values):
        """Create a customer invoice that is due today and collected automatically."""
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": cls.customer.id,
                "invoice_date": fields.Date.today(),
                "invoice_date_due": due or fields.Date.today(),
                "invoice_payment_term_id": False,
                "collect_automatically": True,
                "collect_token_id": token and token.id,
                "invoice_line_ids": [
                    Command.create({"name": "Service", "price_unit": amount, "tax_ids": []})
                ],
                **values,
            }
        )
        if post:
            invoice.action_post()
        return invoice

    @classmethod
    def _prepare_stripe_provider(cls):
        provider = cls._prepare_provider(
            "stripe",
            update_values={
                "stripe_secret_key": "sk_test_x",
                "stripe_publishable_key": "pk_test_x",
                "stripe_webhook_secret": "whsec_x",
            },
        )
        provider.journal_id = cls.company_data["default_journal_bank"]
        return provider

    @classmethod
    def _create_stripe_card(cls, provider):
        """Create a saved card that the unmodified Stripe addon charges."""
        return cls._create_card(
            provider_id=provider.id,
            provider_ref="cus_1",
            stripe_payment_method="pm_1",
            demo_simulated_state=False,
        )

    def _create_portal_transaction(self, invoice, **values):
        """Create the draft payment of a customer who opened the payment form."""
        return self._create_transaction(
            "direct",
            **{
                "reference": "portal",
                "amount": 100.0,
                "currency_id": invoice.currency_id.id,
                "partner_id": self.customer.id,
                "invoice_ids": [Command.set(invoice.ids)],
                **values,
            },
        )

    def _register_payment(self, invoice, amount):
        """Record a payment by hand."""
        return (
            self.env["account.payment.register"]
            .with_env(invoice.env)
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"amount": amount, "payment_date": fields.Date.today()})
            ._create_payments()
        )

    @contextmanager
    def _cron_cursor(self):
        """Give an environment like a job's, whose commits stay within the test."""
        with self.registry.cursor() as cr:
            yield self.env(cr=cr, user=SUPERUSER_ID)

    def _enter_job_mode(self):
        """Let the commits of jobs stay within the test; an HTTP test is in that mode anyway."""
        self._queue_changed()
        return self.enter_registry_test_mode()

    def _queue_changed(self):
        """Do what a commit of the test would: queue the invoices that were changed until now."""
        self.env["recovery.invoice.queue"].sudo()._add_changed()

    def _run_cron(self, name):
        self._queue_changed()
        with self._enter_job_mode():
            self.env.ref(f"revenue_recovery.ir_cron_recovery_{name}").method_direct_trigger()
        self.env.invalidate_all()

    def _collect(self):
        """Plan and make the charges that are due, and let the cases follow."""
        self._run_cron("collect")
        self._run_cron("charge")
        self._run_cron("follow")

    def _fail_invoice(self, **values):
        """Return an invoice whose first charge was declined, and its case."""
        token = values.pop("token", None) or self._create_card()
        invoice = self._create_invoice(token=token, **values)
        self._collect()
        return invoice, invoice.recovery_case_id

    def _make_due(self, case):
        """Bring the case's next attempt to now."""
        case.sudo().next_attempt_id.planned_at = fields.Datetime.now() - timedelta(seconds=1)

    def _charge_next(self, case):
        self._make_due(case)
        self._run_cron("charge")

    def _create_decline(self, decline_code="insufficient_funds", card=None, **error):
        """Create the answer with which Stripe refuses a charge of a saved card."""
        details = {
            "brand": "visa",
            "country": "US",
            "exp_month": 8,
            "exp_year": fields.Date.today().year + 4,
            "fingerprint": "fp_1",
            "funding": "debit",
            **(card or {}),
        }
        body = {
            "error": {
                "type": "card_error",
                "code": "card_declined",
                "decline_code": decline_code,
                "message": "Your card was declined.",
                "payment_method": {"id": "pm_1", "type": "card", "card": details},
                **error,
            }
        }
        return self._create_response(402, json.dumps(body).encode())

    def _create_success(self, amount=10000):
        """Create the answer with which Stripe tells that a charge went through.

        :param amount: in the smallest unit of the company's currency
        """
        intent = {"id": "pi_1", "object": "payment_intent", "status": "succeeded"}
        intent |= {"amount": amount, "currency": self.env.company.currency_id.name.lower()}
        return self._create_response(200, json.dumps(intent).encode())

    @contextmanager
    def _decline_charges(self, *args, **kwargs):
        """Let Stripe refuse every charge, without Odoo's log of it."""
        with (
            self._patch_requests(return_value=self._create_decline(*args, **kwargs)) as request,
            mute_logger("odoo.addons.payment.models.payment_provider"),
        ):
            yield request

    @staticmethod
    def _patch_requests(**kwargs):
        """Let the providers' HTTP calls end as given, instead of leaving this machine."""
        return patch("odoo.addons.payment.models.payment_provider.requests.request", **kwargs)

    @staticmethod
    def _create_response(status, body=b""):
        response = requests.Response()
        response.status_code = status
        response._content = body
        response.url = "http://provider.example"
        return response
