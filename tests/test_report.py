"""Every number of the reports, worked out a second time from the ledger."""

import random
from collections import defaultdict
from decimal import Decimal

from freezegun import freeze_time

from odoo.tests import tagged

from .report_common import AMOUNTS, ReportCommon

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
    "way",
)


@tagged("post_install", "-at_install")
class TestReport(ReportCommon):
    def test_every_measure_is_that_of_the_ledger_to_the_cent(self):
        cases = self._play()
        self._check_story(cases)
        raw = {case: self._work_out(case) for case in cases.values()}
        self._check_lines(cases, raw)
        self._check_groups(raw)
        self._check_dashboard(raw)
        self._check_charges()
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
            },
        )
        ways = {name: case.reported_way for name, case in cases.items() if case.reported_way}
        self.assertEqual(
            ways,
            {
                "retried": "retry",
                "given up": "manual",
                "credited": "manual",
                "new card": "new_method",
                "far": "bank_transfer",
                "late": "manual",
                "discounted": "manual",
                "partial": "manual",
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
            for name in ("way", "outcome"):
                with self.subTest(case=case.display_name, field=name):
                    self.assertEqual(report[name], raw[case][name])
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
                ways = defaultdict(Decimal)
                for row in facts:
                    if row["way"]:
                        ways[row["way"]] += row["recovered_amount"]
                self.assertEqual(
                    {row["way"]: round(row["amount"], 2) for row in data["ways"]},
                    {way: float(amount) for way, amount in ways.items()},
                )

    def _assert_total(self, total, facts):
        for name in AMOUNTS:
            expected = float(sum(row[name] for row in facts))
            self.assertAlmostEqual(total[name.removesuffix("_amount")], expected, msg=name)
        self.assertEqual(total["count"], sum(row["failed_count"] for row in facts))
        self.assertEqual(total["recovered_count"], sum(row["recovered_count"] for row in facts))

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
        shown = {row["number"]: (row["charges"], row["paid"]) for row in data["retries"]}
        expected = {
            number: (len(rows), sum(row["state"] == "done" for row in rows))
            for number, rows in retries.items()
        }
        self.assertEqual(shown, expected)

    def _in_dollars(self, row):
        currency = self.currencies[row["name"]]
        rate = self._get_raw_rate(currency, self.company, row["at"].date())
        return round(Decimal(str(row["amount"])) * rate, 2)

    def _check_rebuilding(self):
        """What is stored for the reports can be worked out anew from the plain records."""
        names = [
            "asked_company_amount",
            "company_rate",
            "credited_amount",
            "failed_company_amount",
            "failed_on",
            "first_reason_id",
            "provider_id",
            "recovered_company_amount",
            "reported_way",
        ]
        cases = self.env["recovery.case"].sudo().search([])
        before = cases.read(names)
        self.env.cr.execute(
            """
            UPDATE recovery_case SET asked_company_amount = 1, credited_amount = 2,
                   failed_company_amount = 3, recovered_company_amount = 4, company_rate = 5,
                   reported_way = 'portal', failed_on = '2001-01-01', first_reason_id = NULL,
                   provider_id = NULL
            """
        )
        self.env.invalidate_all()
        cases._rebuild_figures()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(cases.read(names), before)

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
            for name in ("company_id", "outcome", "way", "reason_id", "currency_id", "failed_on")
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
