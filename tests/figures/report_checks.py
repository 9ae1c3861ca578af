# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the dashboard shows, beside what was worked out from the ledger."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from .report_ledger import AMOUNTS


class DashboardChecks:
    """Compares one part of the dashboard after the other, for a company."""

    def _check_ways(self, data, facts):
        """What came through each channel, also added up from the accountant's list line by line."""
        amounts, counts = defaultdict(Decimal), defaultdict(int)
        for row in facts:
            for channel, amount in row["channels"].items():
                amounts[channel] += amount
                counts[channel] += row["counts"][channel]
        self.assertEqual(
            {row["channel"]: (round(row["amount"], 2), row["count"]) for row in data["channels"]},
            {channel: (float(amount), counts[channel]) for channel, amount in amounts.items()},
        )
        self.assertAlmostEqual(
            sum(row["amount"] for row in data["channels"]), data["total"]["recovered"]
        )
        for row in data["channels"]:
            lines = self.env[row["model"]].search(row["domain"])
            self.assertEqual(len(lines), row["count"])
            self.assertAlmostEqual(sum(lines.mapped("recovered_company_amount")), row["amount"])
            items = lines.line_id
            self.assertTrue(all(item.parent_state == "posted" for item in items))
            without_entry = lines.filtered(lambda line: not line.line_id)
            self.assertFalse(without_entry.payment_id.move_id)

    def _check_reasons(self, data, facts):
        """Which reason ended how."""
        reasons = defaultdict(list)
        for row in facts:
            reasons[row["reason"]].append(row)
        counted = {
            reason: rows
            for reason, rows in reasons.items()
            if any(row["failed_count"] for row in rows)
        }
        ids = {row["id"]: row for row in data["reasons"]}
        names = self.env["recovery.decline.reason"].browse([key for key in ids if key])
        shown = {reason.code: ids[reason.id] for reason in names}
        if False in ids:
            shown[False] = ids[False]
        self.assertEqual(set(shown), set(counted))
        for reason, rows in counted.items():
            with self.subTest(reason=reason):
                self._assert_total(shown[reason], rows)
                for name, outcome in (("open", "in_recovery"), ("lost", "lost")):
                    expected = sum(row["outcome"] == outcome for row in rows)
                    self.assertEqual(shown[reason][f"{name}_count"], expected)

    def _check_days(self, data, facts):
        recovered = [row for row in facts if row["outcome"] == "recovered"]
        days = sorted(row["days"] for row in recovered)
        failed = sum(row["failed_amount"] for row in facts)
        for point in data["days"]["points"]:
            by_then = [row for row in recovered if row["days"] <= point["day"]]
            amount = sum(row["recovered_amount"] for row in by_then)
            self.assertEqual(point["count"], len(by_then))
            self.assertAlmostEqual(point["amount"], float(amount))
            self.assertAlmostEqual(point["share"], float(amount / failed))
        self.assertEqual([point["day"] for point in data["days"]["points"]], sorted(set(days)))
        median = days[(len(days) - 1) // 2] if days else None
        self.assertEqual(data["days"]["median"], median)

    def _check_customers(self, data, facts, company):
        """Who has most in recovery, since when it failed, and since when he is a customer."""
        amounts = defaultdict(list)
        for row in facts:
            if row["outcome"] == "in_recovery":
                amounts[row["customer"]].append(row)
        tenures = self._get_raw_tenures(company)
        expected = [
            (
                customer,
                float(sum(row["in_recovery_amount"] for row in rows)),
                len(rows),
                str(min(row["failed_on"] for row in rows)),
                tenures[customer],
            )
            for customer, rows in amounts.items()
        ]
        expected.sort(key=lambda row: -row[1])
        names = ("id", "amount", "count", "since", "customer_since")
        shown = [tuple(row[name] for name in names) for row in data["customers"]]
        self.assertEqual([(*row[:1], round(row[1], 2), *row[2:]) for row in shown], expected)

    def _check_cards(self, data, company):
        cards = self._get_raw_cards(company, date(2026, 3, 10))
        self.assertEqual(data["cards"]["count"], len(cards))
        self.assertAlmostEqual(data["cards"]["amount"], float(sum(cards.values())))
        self.assertEqual(len(cards), 4 if company == self.company else 0, msg="The scene's.")

    def _check_held(self, data, company):
        """Charges that a network's rule stood against."""
        rows = self._rows(
            """
            SELECT planned_at FROM recovery_attempt
             WHERE company_id = %s AND rule_id IS NOT NULL
            """,
            company.id,
        )
        held = [row for row in rows if date(2026, 1, 1) <= row["planned_at"].date()]
        self.assertEqual(data["held"]["count"], len(held))
        self.assertEqual(len(held), int(company == self.company), msg="The scene's.")
        self.assertEqual(
            len(self.env["recovery.attempt.report"].search(data["held"]["domain"])), len(held)
        )

    def _assert_total(self, total, facts):
        for name in AMOUNTS:
            expected = float(sum(row[name] for row in facts))
            self.assertAlmostEqual(total[name.removesuffix("_amount")], expected, msg=name)
        self.assertEqual(total["count"], sum(row["failed_count"] for row in facts))
        self.assertEqual(total["recovered_count"], sum(row["recovered_count"] for row in facts))
