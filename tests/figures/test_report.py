# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Every number of the reports, worked out a second time from the ledger."""

import random
from collections import defaultdict
from decimal import Decimal

from freezegun import freeze_time

from odoo.tests import tagged

from .report_checks import DashboardChecks
from .report_common import ReportCommon
from .report_ledger import AMOUNTS

DIMENSIONS = (
    "arm",
    "company_id",
    "country_id",
    "currency_id",
    "decline_class",
    "failed_on:month",
    "funding",
    "is_recurring",
    "issuer_country",
    "journal_id",
    "network",
    "outcome",
    "partner_id",
    "partner_tag_ids",
    "policy_id",
    "product_categ_id",
    "provider_id",
    "reason_id",
    "recovery_day",
    "user_id",
    "channel",
)


@tagged("post_install", "-at_install")
class TestReport(DashboardChecks, ReportCommon):
    def test_every_measure_is_that_of_the_ledger_to_the_cent(self):
        cases = self._play()
        self._check_story(cases)
        raw = {case: self._work_out(case) for case in cases.values()}
        self._check_lines(cases, raw)
        self._check_groups(raw)
        self._check_dashboard(raw)
        self._check_charges()
        with freeze_time("2026-03-10 12:00:00"):
            self._check_rebuilding()

    def _check_story(self, cases):
        """The scene is what it is meant to be, else the comparison proves less."""
        self.assertEqual(
            {
                name: self.env["recovery.case.report"].browse(case.id).outcome
                for name, case in cases.items()
            },
            {
                "retried": "recovered",
                "third try": "recovered",
                "two ways": "recovered",
                "two ways, euros": "recovered",
                "paid again": "recovered",
                "no money": "in_recovery",
                "no money either": "in_recovery",
                "expired": "lost",
                "lost card": "lost",
                "held": "in_recovery",
                "given up": "lost",
                "credited": "recovered",
                "cancelled": "cancelled",
                "new card": "recovered",
                "far": "recovered",
                "taken back": "in_recovery",
                "late": "recovered",
                "written off": "lost",
                "discounted": "recovered",
                "partial": "in_recovery",
                "open": "in_recovery",
                "lost": "lost",
                "new": "in_recovery",
                "corrected": "recovered",
                "postponed": "in_recovery",
                "refunded": "recovered",
                "disputed": "lost",
                "without entry": "recovered",
                "early": "recovered",
            },
        )
        channels = {
            name: case.reported_channel for name, case in cases.items() if case.reported_channel
        }
        self.assertEqual(
            channels,
            {
                "retried": "retry",
                "third try": "retry",
                "two ways": "retry",
                "two ways, euros": "retry",
                "paid again": "manual",
                "given up": "manual",
                "credited": "manual",
                "new card": "new_method",
                "far": "bank_transfer",
                "late": "manual",
                "discounted": "manual",
                "partial": "manual",
                "corrected": "manual",
                "refunded": "manual",
                "without entry": "manual",
                "early": "manual",
            },
        )
        # 5.50 of the hundred were written off with the payment: nobody will ever pay them.
        report = self.env["recovery.case.report"].browse(cases["discounted"].id)
        self.assertEqual((report.recovered_amount, report.lost_amount), (94.5, 5.5))
        self.assertEqual(
            str(cases["taken back"].failed_on),
            "2026-02-03",
            msg="A case that opens again stays in the month of its first failure.",
        )

    def _check_lines(self, cases, raw):
        for name, case in cases.items():
            report = self.env["recovery.case.report"].browse(case.id)
            for measure in (*AMOUNTS, "asked_amount", "failed_count", "recovered_count"):
                with self.subTest(case=name, measure=measure):
                    self.assertEqual(Decimal(str(report[measure])), raw[case][measure])
            with self.subTest(case=name):
                self.assertEqual(report.channel, raw[case]["channel"])
                self.assertEqual(report.outcome, raw[case]["outcome"])
                self.assertEqual(report.reason_id.code or False, raw[case]["reason"])
                self.assertEqual(report.failed_on, raw[case]["failed_on"])
                if report.outcome == "recovered":
                    self.assertAlmostEqual(report.days_to_recover, raw[case]["days"])
                    self.assertEqual(report.recovery_day, raw[case]["days"])
            self.assertEqual(report.original_amount, case.failed_amount)

    def _check_groups(self, raw):
        """Sums and rates by month and company, as pivot and graph read them."""
        reports = self.env["recovery.case.report"]
        groups = reports._read_group(
            [("case_id", "in", [case.id for case in raw])],
            ["company_id", "failed_on:month"],
            [*(f"{name}:sum" for name in AMOUNTS), "recovery_rate:avg", "recovery_rate_count:avg"],
        )
        self.assertEqual(len(groups), 6)
        for company, month, *figures, rate, rate_count in groups:
            facts = [
                row
                for case, row in raw.items()
                if case.company_id == company and row["month"] == month
            ]
            sums = [sum(row[name] for row in facts) for name in AMOUNTS]
            with self.subTest(company=company.name, month=month):
                self.assertEqual([Decimal(str(figure)) for figure in figures], sums)
                self.assertAlmostEqual(float(rate), float(sums[1] / sums[0]))
                counted = [row for row in facts if row["outcome"] != "cancelled"]
                recovered = [row for row in counted if row["outcome"] == "recovered"]
                self.assertAlmostEqual(float(rate_count), len(recovered) / len(counted))

    def _check_dashboard(self, raw):
        for company in self.companies:
            with freeze_time("2026-03-10 12:00:00"):
                data = self.env["recovery.dashboard"].get_data("quarter", company.ids)
            facts = [row for case, row in raw.items() if case.company_id == company]
            with self.subTest(company=company.name):
                self._assert_total(data["total"], facts)
                for month in data["months"]:
                    in_month = [row for row in facts if str(row["month"]) == month["month"]]
                    self._assert_total(month, in_month)
                    is_open = any(row["outcome"] == "in_recovery" for row in in_month)
                    is_over = month["month"] < "2026-03"
                    self.assertEqual(month["is_final"], is_over and not is_open)
                self._check_ways(data, facts)
                self._check_reasons(data, facts)
                self._check_days(data, facts)
                self._check_customers(data, facts, company)
                self._check_cards(data, company)
                self._check_held(data, company)

    def _check_charges(self):
        """First charges and retries, from the transactions."""
        with freeze_time("2026-03-10 12:00:00"):
            data = self.env["recovery.dashboard"].get_data("quarter", self.company.ids)
        charged = self._rows(
            """
            SELECT transaction.state, transaction.amount, currency.name,
                   transaction.create_uid, relation.invoice_id, transaction.last_state_change AS at
              FROM payment_transaction transaction
              JOIN account_invoice_transaction_rel relation
                ON relation.transaction_id = transaction.id
              JOIN res_currency currency ON currency.id = transaction.currency_id
             WHERE transaction.operation = 'offline' AND transaction.company_id = %s
          ORDER BY transaction.id
            """,
            self.company.id,
        )
        first, retries, numbers = [], defaultdict(list), defaultdict(int)
        for row in charged:
            number = numbers[row["invoice_id"]]
            numbers[row["invoice_id"]] += 1
            (retries[number] if number else first).append(row)
        failed = [row for row in first if row["state"] == "error"]
        self.assertEqual(data["first_charges"]["charges"], len(first))
        self.assertAlmostEqual(
            data["first_charges"]["failure_rate_count"], len(failed) / len(first)
        )
        amounts = [self._in_dollars(row) for row in first]
        failed_amounts = [self._in_dollars(row) for row in failed]
        self.assertAlmostEqual(
            data["first_charges"]["failure_rate"], float(sum(failed_amounts) / sum(amounts))
        )
        shown = {
            row["number"]: (row["charges"], row["paid"], round(row["amount"], 2))
            for row in data["retries"]
        }
        expected = {}
        for number, rows in retries.items():
            paid = [row for row in rows if row["state"] == "done"]
            amount = sum(self._in_dollars(row) for row in paid)
            expected[number] = (len(rows), len(paid), float(amount))
        self.assertEqual(shown, expected)
        self.assertGreaterEqual(len(shown), 3, msg="The scene has a third try.")

    def _in_dollars(self, row):
        currency = self.currencies[row["name"]]
        rate = self._get_raw_rate(currency, self.company, row["at"].date())
        return round(Decimal(str(row["amount"])) * rate, 2)

    def _check_rebuilding(self):
        """What is stored for the reports can be worked out anew from the plain records."""
        names = [
            "asked_company_amount",
            "company_rate",
            "corrected_amount",
            "credited_amount",
            "discounted_amount",
            "failed_company_amount",
            "failed_on",
            "first_reason_id",
            "lost_company_amount",
            "postponed_company_amount",
            "provider_id",
            "recovered_company_amount",
            "refunded_amount",
            "reported_channel",
        ]
        cases = self.env["recovery.case"].sudo().search([])
        before = cases.read(names)
        parts = ["channel", "amount", "company_amount", "company_id", "failed_on"]
        settlements = self.env["recovery.settlement"].sudo()
        parts_before = settlements.search([], order="case_id, amount, channel").read(
            ["partial_id", *parts]
        )
        self.env.cr.execute(
            """
            UPDATE recovery_case SET asked_company_amount = 1, credited_amount = 2,
                   corrected_amount = 3, discounted_amount = 4, refunded_amount = 5,
                   lost_company_amount = 6, postponed_company_amount = 7,
                   failed_company_amount = 3, recovered_company_amount = 4, company_rate = 5,
                   reported_channel = 'portal', failed_on = '2001-01-01', first_reason_id = NULL,
                   provider_id = NULL
            """
        )
        self.env.cr.execute("DELETE FROM recovery_settlement")
        self.env.invalidate_all()
        cases.write({"failed_on": False})
        for case in cases:
            case._fill_figures()
        self.env.add_to_compute(cases._fields["asked_company_amount"], cases)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(cases.read(names), before)
        for row, old in zip(
            settlements.search([], order="case_id, amount, channel").read(["partial_id", *parts]),
            parts_before,
            strict=True,
        ):
            self.assertEqual({**row, "id": 0}, {**old, "id": 0})

    def test_recovered_in_recovery_and_lost_are_what_failed_under_every_filter(self):
        self._play()
        total = self._check_identity([])
        self.assertGreater(total, 1000, msg="Else there is nothing to add up.")
        chance = random.Random(6)
        reports = self.env["recovery.case.report"]
        for dimension in DIMENSIONS:
            self._check_identity([], dimension)
        # And under filters on several dimensions that chance puts together.
        values = {
            name: [report[name] for report in reports.search([])]
            for name in (
                "company_id",
                "outcome",
                "channel",
                "reason_id",
                "currency_id",
                "failed_on",
            )
        }
        for _turn in range(60):
            names = chance.sample(list(values), chance.randint(1, 3))
            domain = []
            for name in names:
                value = chance.choice(values[name])
                value = value.id if hasattr(value, "_name") else value
                operator = chance.choice(("<=", ">=")) if name == "failed_on" else "="
                domain.append((name, operator, value or False))
            if chance.random() < 0.3:
                domain = ["!", domain[0]]
            self._check_identity(domain, chance.choice(DIMENSIONS))

    def _check_identity(self, domain, dimension=None):
        """Check the sums of each group, also where its own domain is the filter; return the sum."""
        groupby = [dimension] if dimension else []
        groups = self.env["recovery.case.report"].formatted_read_group(
            domain, groupby, [f"{name}:sum" for name in AMOUNTS]
        )
        total = Decimal(0)
        for group in groups:
            failed, *parts = (Decimal(str(group[f"{name}:sum"] or 0)) for name in AMOUNTS)
            total += failed
            if dimension:
                self.assertEqual(
                    self._check_identity(domain + group["__extra_domain"]), failed, msg=group
                )
            with self.subTest(domain=domain, group=group.get(dimension)):
                self.assertEqual(sum(parts), failed)
                self.assertTrue(all(part >= 0 for part in parts))
        return total
