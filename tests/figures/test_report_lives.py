# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Whatever happens to an invoice: recovered, in recovery and lost are what failed, everywhere."""

import os
import random
from datetime import datetime, timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.revenue_recovery.models.case.states import CHARGING_STATES

from .report_common import ReportCommon
from .report_ledger import AMOUNTS
from .report_lives import Life

# More of them, and others: RR_LIVES=500 RR_SEED=7.
LIVES = int(os.environ.get("RR_LIVES", "24"))
SEED = int(os.environ.get("RR_SEED", "1"))
STEPS = 5
MEASURES = [f"{name}:sum" for name in AMOUNTS]


@tagged("post_install", "-at_install")
class TestReportLives(ReportCommon):
    def test_figures_are_those_of_every_life(self):
        lives = []
        for number in range(LIVES):
            chance = random.Random(f"{SEED} {number}")
            life = Life(self, chance)
            lives.append(life)
            for _step in range(chance.randint(1, STEPS)):
                life.step()
                with self.subTest(life=number, story=life.story):
                    self._check_life(life)
                if life.is_over:
                    break
            # Its charges leave the others alone.
            if life.case.state in CHARGING_STATES:
                life.case.sudo()._pause(False, "The life is over.")
        self._check_everywhere(lives)

    def _check_life(self, life):
        case = life.case
        failed, recovered, in_recovery, lost = life.get_expected()
        self.assertIn(case.state, life.get_states())
        report = self.env["recovery.case.report"].browse(case.id)
        rate = float(self._get_raw_rate(case.currency_id, self.company, case.failed_on))
        for name, amount in zip(AMOUNTS, (failed, recovered, in_recovery, lost), strict=True):
            # Each is rounded from the beginning up to it.
            self.assertAlmostEqual(report[name], amount * rate, delta=0.011, msg=name)
        if not life.is_cancelled:
            self.assertEqual(case.recovered_amount, recovered)
        taken_off = ("credited", "corrected", "refunded", "discounted")
        rest = report.asked_amount - sum(report[f"{name}_amount"] for name in taken_off)
        self.assertAlmostEqual(rest, report.failed_amount, msg="What is not failed has a name.")
        parts = sum(report[name] for name in AMOUNTS[1:])
        self.assertAlmostEqual(parts, report.failed_amount)
        self.assertLessEqual(report.postponed_amount, report.in_recovery_amount)
        settlements = case.settlement_ids
        self.assertAlmostEqual(sum(settlements.mapped("amount")), recovered)
        lines = self.env["recovery.revenue.report"].search([("case_id", "=", case.id)])
        self.assertAlmostEqual(sum(lines.mapped("recovered_amount")), recovered)
        self.assertAlmostEqual(
            sum(lines.mapped("recovered_company_amount")), report.recovered_amount
        )

    def _check_everywhere(self, lives):
        """Dashboard, pivot, list, exports and the month's report say the same sums."""
        cases = self.env["recovery.case"].union(*(life.case for life in lives))
        reports = self.env["recovery.case.report"].browse(cases.ids)
        sums = [sum(reports.mapped(name)) for name in AMOUNTS]
        groups = reports._read_group([("case_id", "in", cases.ids)], ["outcome"], MEASURES)
        for position, amount in enumerate(sums):
            self.assertAlmostEqual(sum(float(group[position + 1]) for group in groups), amount, 2)
        self.assertAlmostEqual(sum(sums[1:]), sums[0], 2)
        exported = reports.export_data(list(AMOUNTS))["datas"]
        for column, amount in zip(zip(*exported, strict=True), sums, strict=True):
            self.assertAlmostEqual(sum(map(float, column)), amount, 2)
        data = self.env["recovery.dashboard"].get_data("two_years", self.company.ids)
        self._assert_sums(data["total"], sums)
        self._assert_sums(self._add_up(data["months"]), sums)
        self._assert_sums(self._add_up(data["reasons"]), sums)
        self.assertAlmostEqual(sum(row["amount"] for row in data["channels"]), sums[1], 2)
        _headings, _kinds, rows = self.env["recovery.dashboard"]._get_table("months", data)
        for position, amount in enumerate(sums):
            self.assertAlmostEqual(sum(row[position + 1] for row in rows), amount, 2)
        self._check_month(cases)

    def _check_month(self, cases):
        """The printed report of the first month."""
        month = min(cases.mapped("failed_on")).replace(day=1)
        values = self.env["report.revenue_recovery.report_recovery_month"]._get_report_values(
            self.company.ids, {"until": fields.Date.to_string(month)}
        )
        failed = cases.filtered(lambda case: case.failed_on.replace(day=1) == month)
        reports = self.env["recovery.case.report"].browse(failed.ids)
        sums = [sum(reports.mapped(name)) for name in AMOUNTS]
        self._assert_sums(values["months"][self.company.id]["total"], sums)

    def _add_up(self, rows):
        names = [name.removesuffix("_amount") for name in AMOUNTS]
        return {name: sum(row[name] for row in rows) for name in names}

    def _assert_sums(self, total, sums):
        for name, amount in zip(AMOUNTS, sums, strict=True):
            self.assertAlmostEqual(total[name.removesuffix("_amount")], amount, 2, msg=name)

    # === WHAT LIVES ARE MADE OF === #

    def _move_to(self, day):
        noon = datetime.combine(day, datetime.min.time()) + timedelta(hours=12)
        self.freeze_time.move_to(noon)
        self._run_cron("follow")

    def _register(self, move, amount, **values):
        return (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"amount": amount, "payment_date": fields.Date.today(), **values})
            ._create_payments()
        )

    def _create_payment_without_entry(self, invoice, amount):
        payment = self.env["account.payment"].create(
            {
                "amount": amount,
                "currency_id": invoice.currency_id.id,
                "partner_id": invoice.partner_id.id,
                "journal_id": self.company_data["default_journal_bank"].id,
                "invoice_ids": [Command.set(invoice.ids)],
            }
        )
        payment.outstanding_account_id = False
        payment.action_post()
        return payment

    def _match_statement(self, invoice, amount):
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": fields.Date.today(),
                "payment_ref": "bank",
                "amount": amount,
            }
        )
        _liquidity, suspense, _other = line._seek_for_lines()
        terms = invoice.line_ids.filtered(lambda each: each.display_type == "payment_term")
        suspense.write({"account_id": terms.account_id.id, "partner_id": invoice.partner_id.id})
        (suspense + terms).reconcile()
        return line
