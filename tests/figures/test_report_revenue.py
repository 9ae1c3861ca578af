# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .report_common import ReportCommon


@tagged("post_install", "-at_install")
class TestRevenueReport(ReportCommon):
    """The accountant's list is the ledger, line by line."""

    def _get_lines(self, invoice):
        self.env.flush_all()
        return self.env["recovery.revenue.report"].search(
            [("move_id", "=", invoice.id)], order="id"
        )

    def test_each_line_is_an_item_of_the_journal_with_its_exchange_difference(self):
        with freeze_time("2026-01-10 12:00:00"):
            invoice, case = self._fail(200.0, "EUR")
        with freeze_time("2026-02-10 12:00:00"):
            self._pay(invoice, 80.0)
            self._pay(invoice, 120.0)
        lines = self._get_lines(invoice)
        self.assertEqual(lines.case_id, case)
        self.assertEqual(lines.mapped("recovered_amount"), [80.0, 120.0])
        for line, payment in zip(lines, lines.payment_id.sorted("id"), strict=True):
            self.assertEqual((line.payment_id, line.entry_id), (payment, payment.move_id))
            self.assertIn(line.line_id, payment.move_id.line_ids)
            self.assertAlmostEqual(line.received_amount, -line.line_id.balance, places=2)
            self.assertAlmostEqual(line.received_amount, payment.amount / 0.9, places=2)
            self.assertAlmostEqual(line.cleared_amount, payment.amount / 0.8, places=2)
            self.assertAlmostEqual(
                line.exchange_amount, line.received_amount - line.cleared_amount, places=2
            )
            self.assertTrue(line.exchange_move_id)
        self.assertAlmostEqual(
            case.recovered_company_amount,
            200.0 / 0.8,
            places=2,
            msg="The other reports count at the rate of the failure.",
        )

    def test_gain_of_the_currency_is_told_too(self):
        with freeze_time("2026-02-10 12:00:00"):
            invoice, _case = self._fail(90.0, "EUR")
        with freeze_time("2026-03-10 12:00:00"):
            self._pay(invoice, 90.0)
        line = self._get_lines(invoice)
        self.assertAlmostEqual(line.cleared_amount, 100.0, places=2)
        self.assertAlmostEqual(line.received_amount, 90.0 / 0.7, places=2)
        self.assertAlmostEqual(line.received_amount, -line.line_id.balance, places=2)
        self.assertAlmostEqual(line.exchange_amount, 90.0 / 0.7 - 100.0, places=2)

    def test_what_a_payment_writes_off_was_not_received(self):
        with freeze_time("2026-02-10 12:00:00"):
            invoice, _case = self._fail(100.0)
            self._write_difference_off(invoice, 94.5)
        line = self._get_lines(invoice)
        self.assertEqual(
            (line.received_amount, line.written_off_amount, line.cleared_amount), (94.5, 5.5, 100.0)
        )

    def test_what_was_credited_written_off_or_paid_before_is_not_recovered(self):
        with freeze_time("2026-01-10 12:00:00"):
            invoice = self._create_invoice(amount=300.0, token=self._create_card())
            self._register_payment(invoice, 50.0)
            self._collect()
            case = invoice.recovery_case_id
        with freeze_time("2026-01-20 12:00:00"):
            self._credit(invoice, 30.0)
            self._pay(invoice, 120.0)
            case.action_stop()
            case.sudo()._write_off(
                self.company_data["default_account_expense"], fields.Date.today()
            )
        self.assertEqual(self._get_lines(invoice).mapped("recovered_amount"), [120.0])
        self.assertEqual(case.recovered_amount, 120.0)

    def test_digest_tells_what_was_recovered_to_those_who_may_know(self):
        with freeze_time("2026-01-10 12:00:00"):
            card = self._create_card()
            _invoice, case = self._fail(100.0, token=card)
            _lost_invoice, lost = self._fail(60.0)
            self._fail(40.0)
        with freeze_time("2026-01-13 12:00:00"):
            self._retry(case, card)
            lost.action_stop()
        digest = self.env["digest.digest"].create(
            {
                "name": "Recovery",
                "company_id": self.company.id,
                "kpi_recovery_recovered": True,
                "kpi_recovery_open": True,
                "kpi_recovery_rate": True,
                "kpi_account_total_revenue": False,
            }
        )
        accountant = new_test_user(
            self.env,
            "accountant",
            "account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        clerk = new_test_user(self.env, "clerk", company_id=self.company.id)
        with freeze_time("2026-01-14 12:00:00"):
            digest = digest.with_context(allowed_company_ids=self.company.ids)
            kpis = digest._compute_kpis(self.company, accountant)
            values = {kpi["kpi_name"]: kpi["kpi_col3"]["value"] for kpi in kpis}
            of_clerk = digest._compute_kpis(self.company, clerk)
        self.assertIn("100", values["kpi_recovery_recovered"])
        self.assertIn("40", values["kpi_recovery_open"])
        self.assertEqual(values["kpi_recovery_rate"], "62.50")
        self.assertFalse([kpi for kpi in of_clerk if "recovery" in kpi["kpi_name"]])
