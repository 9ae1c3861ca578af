# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ...models.flow.recurrence import stop_recurrence
from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestContract(RecoveryCommon):
    """Contracts of the OCA's addon `contract` are known from their invoices, and ended."""

    def _create_contract(self, unit="monthly", count=1, lines=1, **values):
        today = fields.Date.today()
        return self.env["contract.contract"].create(
            {
                "name": "Maintenance",
                "partner_id": self.customer.id,
                "line_recurrence": True,
                "contract_line_ids": [
                    Command.create(
                        {
                            "name": f"Service {number}",
                            "price_unit": 100.0,
                            "recurring_rule_type": unit,
                            "recurring_interval": count,
                            "date_start": today,
                            "recurring_next_date": today,
                            **values,
                        }
                    )
                    for number in range(lines)
                ],
            }
        )

    def _invoice(self, contract):
        """Return the next invoice of a contract, posted."""
        invoice = contract.recurring_create_invoice()
        invoice.action_post()
        return invoice

    def _bill_later(self, **wait):
        """Let the contracts' job run on a later day; return what it made."""
        before = self.env["account.move"].search([])
        day = fields.Date.today() + relativedelta(**wait)
        self.env["contract.contract"]._cron_recurring_create(day)
        return self.env["account.move"].search([]) - before

    def test_interval_is_that_of_the_contract(self):
        for unit, count, interval in (
            ("weekly", 1, "weekly"),
            ("daily", 7, "weekly"),
            ("monthly", 1, "monthly"),
            ("monthlylastday", 1, "monthly"),
            ("monthly", 3, "quarterly"),
            ("quarterly", 1, "quarterly"),
            ("semesterly", 2, "yearly"),
            ("yearly", 1, "yearly"),
            ("daily", 1, "other"),
            ("semesterly", 1, "other"),
            ("yearly", 2, "other"),
        ):
            with self.subTest(unit=unit, count=count):
                contract = self._create_contract(unit, count)
                self.assertEqual(self._invoice(contract)._get_recurrence(), (interval, contract))

    def test_lines_that_differ_have_no_common_interval(self):
        contract = self._create_contract(lines=2)
        contract.contract_line_ids[0].recurring_rule_type = "yearly"
        self.assertEqual(self._invoice(contract)._get_recurrence()[0], "other")

    def test_invoice_without_contract_is_made_once(self):
        self.assertIsNone(self._create_invoice()._get_recurrence())

    def test_case_of_a_contract_says_so(self):
        invoice = self._invoice(self._create_contract("yearly"))
        case = self.env["recovery.case"].sudo()._open_overdue(invoice)
        self.assertEqual(case.recurrence, "yearly")

    def test_ended_contract_makes_no_further_invoice(self):
        contract = self._create_contract(lines=2)
        invoice = self._invoice(contract)
        [sentence] = stop_recurrence(invoice, "Not paid for two months.")
        self.assertIn("Maintenance", sentence)
        self.assertIn("Not paid for two months.", sentence)
        line = contract.contract_line_ids[0]
        self.assertEqual(line.date_end, line.last_date_invoiced)
        self.assertIn(sentence, contract.message_ids[0].body)
        self.assertFalse(self._bill_later(months=1) + self._bill_later(years=1))
        self.assertEqual(invoice.state, "posted")

    def test_contract_that_goes_on_makes_further_invoices(self):
        self._invoice(self._create_contract())
        self.assertTrue(self._bill_later(months=1), msg="Else the test above shows nothing.")

    def test_recurrence_of_the_whole_contract_is_ended_too(self):
        contract = self.env["contract.contract"].create(
            {
                "name": "Maintenance",
                "partner_id": self.customer.id,
                "recurring_rule_type": "quarterly",
                "date_start": fields.Date.today(),
                "contract_line_ids": [Command.create({"name": "Service", "price_unit": 100.0})],
            }
        )
        invoice = self._invoice(contract)
        self.assertEqual(invoice._get_recurrence(), ("quarterly", contract))
        self.assertEqual(len(stop_recurrence(invoice, "The end.")), 1)
        self.assertFalse(self._bill_later(months=4))

    def test_line_that_was_never_invoiced_is_cancelled(self):
        contract = self._create_contract(lines=2)
        later = fields.Date.today() + relativedelta(months=6)
        new = contract.contract_line_ids[1]
        new.write({"recurring_next_date": later, "date_start": later})
        invoice = self._invoice(contract)
        self.assertEqual(len(invoice.invoice_line_ids), 1)
        stop_recurrence(invoice, "The end.")
        self.assertTrue(new.is_canceled)
        self.assertFalse(self._bill_later(months=7))

    def test_contract_is_ended_once(self):
        contract = self._create_contract()
        invoices = self._invoice(contract) + self._invoice(contract)
        self.assertEqual(len(stop_recurrence(invoices, "The end.")), 1)
        self.assertEqual(stop_recurrence(invoices, "The end."), [])
