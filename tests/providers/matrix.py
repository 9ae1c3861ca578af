# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The matrix: one test for each scenario and provider, a provider being a column.

A column is a class with the provider's `code`; the scenarios are in the other files. The unmodified
addon calls a gateway over HTTP, which keeps the truth and a ledger, and tells Odoo's real routes
what it has to tell, signed. Without `RECOVERY_MATRIX` only the scenarios marked as quick are there.
With it, all are, unless `RECOVERY_MATRIX_QUICK` is set, too; the file that it names gets a line of
JSON for each cell.
"""

import functools
import itertools
import json
import os
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME
from odoo.tools import mute_logger

from ...dev.simulation.gateway import Gateway, WebhookSettings
from ...dev.simulation.providers import House, detour
from ...dev.simulation.providers.stripe import WEBHOOK_SECRET
from ..common import RecoveryCommon

REPORT = os.environ.get("RECOVERY_MATRIX")
IS_WHOLE = REPORT and not os.environ.get("RECOVERY_MATRIX_QUICK")
WORK = ("follow", "charge", "follow")
# Of the company's addons: providers that refuse are loud.
QUIET = ("odoo.addons", "odoo.http", "odoo.sql_db", "odoo.models.unlink", "odoo.tools.translate")
_ROWS = itertools.count()
AMOUNT = 100.0
MINOR = 10000


def scenario(sentence, quick=False):
    """Make a test a row of the matrix.

    :param str sentence: what works, as the table says it
    :param bool quick: whether it is played by `dev/test`
    """

    row = next(_ROWS)

    def decorate(play):
        @functools.wraps(play)
        def test(self):
            self.scenario, self.row = play.__name__.removeprefix("test_"), row
            if reason := self.column.impossible.get(self.scenario):
                self._report(sentence, "impossible", reason)
                self.skipTest(f"Impossible: {reason}")
            try:
                with mute_logger(*QUIET):
                    play(self)
                    self._judge_money()
            except Exception as error:
                self._report(sentence, "failed", f"{type(error).__name__}: {error}")
                raise
            self._report(sentence, "ok")

        return test if quick or IS_WHOLE else None

    return decorate


class MatrixCommon(RecoveryCommon, HttpCase):
    """One provider that is set up, at a gateway of its own for each test.

    :cvar code: the provider's technical name
    """

    NOW = "2026-11-23 09:00:00"
    code = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.phone = "+919876543210"

    def setUp(self):
        super().setUp()
        self.gateway = Gateway().start()
        self.addCleanup(self.gateway.stop)
        self.env["ir.config_parameter"].sudo().set_param("web.base.url", self.base_url())
        house = House(self.gateway, self.base_url())
        self.column = house[self.code]
        self.provider = self._prepare_column()
        self.invoices = self.env["account.move"]
        self.around = lambda send: send()
        self.enterContext(detour(house, lambda send: self.around(send)))
        if self.code == "stripe":
            self.provider.action_recovery_create_events_webhook()
        self._hold_webhooks()

    def _prepare_column(self):
        values = dict(self.column.settings)
        if self.code == "mercado_pago":
            values["mercado_pago_account_country_id"] = self.env.ref("base.ec").id
        provider = self._prepare_provider(self.code, update_values=values)
        currency = self.env.ref(f"base.{self.column.currency}")
        provider.write(
            {
                "available_currency_ids": [Command.set(currency.ids)],
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        line = provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == provider
        )
        line.payment_account_id = self.inbound_payment_method_line.payment_account_id
        self.method = self.env.ref("payment.payment_method_card")
        self.method.active = True
        return provider

    def _enter_job_mode(self):
        return nullcontext()

    def _hold_webhooks(self, **settings):
        """Let the gateway make its events, and send them when they are to be delivered."""
        stripe_url = f"{self.base_url()}/payment/stripe/webhook"
        self.gateway.webhooks.configure(
            WebhookSettings(
                **{
                    "url": stripe_url if self.code == "stripe" else None,
                    "secret": WEBHOOK_SECRET,
                    "mode": "held",
                    **settings,
                }
            )
        )

    # === WHAT THE PROVIDER DOES === #

    def _save_card(self, *script, afterwards=None, **details):
        """Save a card that answers so in turn, and then always in the same way.

        :return: the saved method of Odoo
        """
        behaviour = {"script": list(script), "afterwards": afterwards}
        self.card = self.column.add_card(behaviour, **details)
        return self._create_card(
            provider_id=self.provider.id,
            payment_method_id=self.method.id,
            demo_simulated_state=False,
            **self.card.values,
        )

    def _set_faults(self, *script, **plan):
        """Let the next calls that move money go wrong."""
        self.gateway.faults.configure(script=script, path=self.column.money, **plan)

    def _deliver(self, order="made", limit=None, **settings):
        """Deliver what the provider has to tell; return the statuses of Odoo's answers."""
        self.env.flush_all()
        webhooks = self.gateway.webhooks
        with self.allow_requests():
            cookie = {"Cookie": f"{TEST_CURSOR_COOKIE_NAME}={self.http_request_key}"}
            webhooks.settings.headers = cookie
            deliveries = webhooks.flush(order, limit)
        self.env.invalidate_all()
        return [delivery.status for delivery in deliveries]

    def _forget_webhooks(self):
        """Let what was to be told be lost."""
        self.gateway.webhooks.clear()
        self._hold_webhooks()

    def _count_calls(self):
        return self.gateway.counters.charges_attempted

    def _get_taken(self):
        """Return what the provider has taken and kept, in minor units."""
        return sum(total["net"] for total in self.gateway.ledger.totals().values())

    # === WHAT ODOO DOES === #

    def _owe(self, token):
        """Create an invoice that is to be collected by a saved method now."""
        invoice = self._create_invoice(AMOUNT, token=token)
        self.invoices |= invoice
        return invoice

    def _charge_first(self, token):
        """Create an invoice and charge it; return it."""
        invoice = self._owe(token)
        self._run_cron("collect")
        self._work()
        return invoice

    def _work(self, **wait):
        """Let time go by, and the jobs run."""
        if wait:
            self.freeze_time.move_to(fields.Datetime.now() + timedelta(**wait))
            with self.gateway.state.lock:
                self.gateway.state.run_due()
        for job in WORK:
            self._run_cron(job)
        # Odoo's own job, which settles what somebody else's event made paid.
        self.env.ref("payment.cron_post_process_payment_tx").method_direct_trigger()
        self._run_cron("follow")
        self.env.invalidate_all()

    def _retry(self, invoice):
        """Bring the next attempt to now and make it."""
        attempt = invoice.recovery_case_id.sudo().next_attempt_id
        self.assertTrue(attempt, "A retry is planned.")
        attempt.planned_at = fields.Datetime.now() - timedelta(seconds=1)
        self._work()

    def _get_sent(self, invoice):
        """Return the attempts of an invoice that were made."""
        return invoice.sudo().recovery_attempt_ids.filtered("transaction_id").sorted("id")

    def _get_states(self, invoice):
        return self._get_sent(invoice).mapped("state")

    def _has_alert(self, invoice):
        """Return whether a person is asked to look at an invoice, or at its case."""
        records = [invoice, *invoice.sudo().recovery_case_ids]
        return any(record.sudo().activity_ids.filtered("recovery_subject") for record in records)

    def _has_alert_of_provider(self):
        """Return whether a person is asked to look at the provider."""
        return bool(self.provider._fields.get("activity_ids") and self.provider.activity_ids)

    def _get_told(self, invoice):
        """Return what the customer was told of an invoice."""
        notices = self.env["recovery.notice"].sudo()
        return notices.search(
            [("case_id", "in", invoice.sudo().recovery_case_ids.ids), ("state", "=", "sent")]
        )

    # === WHAT IS EXPECTED === #

    def _assert_paid(self, invoice):
        """Check that the provider took what was owed, once, and that it is booked."""
        self.assertEqual(self._get_states(invoice)[-1:], ["paid"])
        self.assertEqual(self._get_taken(), MINOR * len(self.invoices.filtered(self._is_paid)))
        self.assertTrue(self._is_paid(invoice), invoice.payment_state)
        payment = self._get_sent(invoice)[-1].transaction_id.payment_id
        self.assertIn(payment.state, ("in_process", "paid"))
        self.assertFalse(self._has_alert(invoice), "Nobody has to look at it.")

    @staticmethod
    def _is_paid(invoice):
        return invoice.payment_state in ("paid", "in_payment")

    def _assert_blocked(self, invoice, decline_class):
        """Check that nothing more is charged for a reason of this class."""
        case = invoice.recovery_case_id
        self.assertEqual(case.decline_class, decline_class)
        self.assertFalse(case.sudo().next_attempt_id)

    def _judge_money(self):
        """Check that no invoice was charged for more than it was ever owed."""
        self.assertFalse(self._count_doubles(), "Charged twice.")

    def _count_doubles(self):
        charged = self.gateway.counters.charged
        by_reference = sum(count - 1 for count in charged.values() if count > 1)
        owed = MINOR * len(self.invoices)
        return max(by_reference, int(self._get_taken() > owed))

    # === REPORT === #

    def _report(self, sentence, result, why=""):
        if REPORT:
            cell = {
                "provider": self.code,
                "row": self.row,
                "scenario": self.scenario,
                "sentence": sentence,
                "result": result,
                "why": why.strip().splitlines()[0] if why else "",
                "double": self._count_doubles(),
            }
            with Path(REPORT).open("a") as report:
                report.write(json.dumps(cell) + "\n")
