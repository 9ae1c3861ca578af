# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Whatever the invoice: charge, page, message and Odoo's own dialog are of the same amount.

The invoices are drawn by a seed. RR_OWED sets how many; RR_OWED_SEED draws a single one again.
"""

import itertools
import os
import random
import re
from collections import Counter
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ..page.page_common import PageCommon
from .owed_common import OwedCommon

COUNT = int(os.environ.get("RR_OWED", "24"))
ONE = os.environ.get("RR_OWED_SEED")
# So long each is looked at.
DAYS = 25
ZONES = ("Europe/Paris", "America/Los_Angeles", "Pacific/Auckland", "Asia/Tokyo")


@tagged("post_install", "-at_install")
class TestOwedProperty(OwedCommon, PageCommon):
    NOW = "2026-03-02 12:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls._enable_currency("EUR")
        cls.env["res.currency.rate"].create(
            [
                {"currency_id": cls.euro.id, "name": day, "rate": rate}
                for day, rate in zip(
                    (f"{2026 + month // 12}-{month % 12 + 1:02}-01" for month in range(48)),
                    itertools.cycle((2.0, 2.5, 1.7)),
                    strict=False,
                )
            ]
        )
        cls.taxes = cls.env["account.tax"].create(
            [{"name": f"{rate} %", "amount": rate} for rate in (7.0, 19.0)]
        )
        cls.policy.write({"window_days": 60, "tries": 20})

    def setUp(self):
        super().setUp()
        self.compared = Counter()

    def _run_cron(self, name):
        result = super()._run_cron(name)
        # The job has given numbers of entries that this cursor has not heard of.
        self.env.cr.precommit.data.pop("sequence.mixin", None)
        return result

    def test_all_ask_for_what_odoo_asks_for(self):
        for seed in [int(ONE)] if ONE else range(COUNT):
            with self.subTest(seed=seed):
                self._play(random.Random(seed), looks=1 if seed % 6 else 3)
        if not ONE:
            self.assertGreater(self.compared["charge"], COUNT / 4)
            self.assertGreater(self.compared["page"], COUNT / 4)
            self.assertGreater(self.compared["discount"], COUNT / 24)

    def _play(self, rng, looks):
        # Always later: Odoo's numbers of entries go with the time.
        start = fields.Datetime.now() + timedelta(days=1)
        self.freeze_time.move_to(start)
        self.customer = self.customer.copy({"tz": rng.choice(ZONES), "name": "Customer"})
        type(self).customer = self.customer
        token = self._create_card()
        invoice = self._draw_invoice(rng, token)
        self._draw_credits(rng, invoice)
        if rng.random() < 0.2:
            self._register_payment(invoice, round(rng.uniform(1, invoice.amount_total / 3), 2))
        # At noon of UTC it is the same day nearly everywhere: Odoo's dialog has the user's.
        for days in sorted(rng.sample(range(DAYS), looks)):
            self.freeze_time.move_to(start + timedelta(days=days))
            self._look(invoice, token, will_pay=rng.random() < 0.4)

    def _draw_invoice(self, rng, token):
        lines = [
            Command.create(
                {
                    "name": "Service",
                    "price_unit": round(rng.uniform(20, 400), 2),
                    "tax_ids": [Command.set(rng.choice([self.taxes.ids, self.taxes[:1].ids, []]))],
                }
            )
            for _number in range(rng.randint(1, 3))
        ]
        return self._create_termed(
            self._draw_term(rng),
            token,
            invoice_line_ids=lines,
            currency_id=rng.choice([self.env.company.currency_id, self.euro]).id,
        )

    def _draw_term(self, rng):
        kind = rng.choice(["plain", "instalments", "discount", "discount", "discount"])
        if kind == "plain":
            return self._create_term((100, rng.choice([0, 5, 14])))
        if kind == "instalments":
            return self._create_term(
                *rng.choice([((50, 0), (50, 14)), ((30, 3), (30, 9), (40, 21))])
            )
        return self._create_term(
            (100, rng.choice([0, 7])),
            discount=rng.choice([2.0, 3.33]),
            discount_days=rng.choice([10, 25]),
            early_pay_discount_computation=rng.choice(["included", "excluded", "mixed"]),
        )

    def _draw_credits(self, rng, invoice):
        for _number in range(rng.choice([0, 0, 0, 1, 2])):
            amount = round(rng.uniform(1, invoice.amount_total / 2), 2)
            values = {"currency_id": invoice.currency_id.id}
            rng.choice([self._pay_on_account, self._create_credit_note])(amount, **values)

    def _look(self, invoice, token, will_pay):
        """Compare what everybody asks for at this instant, then charge it."""
        self._run_cron("follow")
        token.demo_simulated_state = "done" if will_pay else "error"
        attempts = invoice.recovery_attempt_ids
        case = invoice.recovery_case_id
        if case.state == "in_recovery" and case.next_attempt_id:
            self._compare(invoice, case)
            self._make_due(case)
        self._run_cron("collect")
        before = self._read_open(invoice)
        asked = self._ask_odoo(invoice) if before else 0.0
        discount = invoice._get_debt(invoice._get_recovery_today()).discount
        self._run_cron("charge")
        charged = (invoice.recovery_attempt_ids - attempts) | attempts.filtered(
            lambda attempt: attempt.finished_at == fields.Datetime.now()
        )
        charged = charged.filtered("transaction_id")
        used = before - self._read_open(invoice)
        if charged and will_pay:
            self.assertEqual(charged.state, "paid")
            self.assertAlmostEqual(self._read_due(invoice), 0.0, msg="All that is due is paid.")
            self.assertGreaterEqual(used + 0.001, charged.amount)
            if not self._has_credit(invoice):
                self.assertAlmostEqual(charged.amount, asked)
                self.compared["charge"] += 1
                self.compared["discount"] += bool(discount)
        elif charged:
            self.assertAlmostEqual(charged.amount, self._ask_odoo(invoice))
            self.compared["charge"] += 1
        self._run_cron("follow")
        case = invoice.recovery_case_id
        if case.state == "in_recovery":
            self._compare(invoice, case)

    def _compare(self, invoice, case):
        asked = self._ask_odoo(invoice)
        written = case.currency_id.format(asked)
        self.assertAlmostEqual(case._get_owed(), asked)
        debt = invoice._get_debt(case.due_date)
        self.compared["page"] += 1
        self.compared["discount"] += debt.owed < debt.residual
        page = self._get(self._get_path(case)).text
        self.assertIn(written, self._strip(page), msg="page")
        mail = self.env["ir.qweb"]._render(
            "revenue_recovery.mail_invoices",
            {
                "object": case,
                "amounts": "owed",
                "format_amount": lambda amount, currency: currency.format(amount),
                "format_date": lambda day, _format: str(day),
            },
        )
        self.assertIn(written, self._strip(mail), msg="message")

    @staticmethod
    def _has_credit(invoice):
        """Return whether credit of the customer was used for an invoice."""
        return "credit was used" in "".join(invoice.message_ids.mapped("body"))

    @staticmethod
    def _strip(html):
        return re.sub(r"<[^>]*>", "", str(html)).replace("&nbsp;", "\xa0")

    def _read_open(self, invoice):
        self.env.invalidate_all()
        return invoice.amount_residual

    def _read_due(self, invoice):
        self.env.invalidate_all()
        return invoice._get_debt(invoice._get_recovery_today()).residual
