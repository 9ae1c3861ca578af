# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.tests import tagged

from .template_common import TemplateCommon


@tagged("post_install", "-at_install")
class TestTemplateLetter(TemplateCommon):
    def test_reminder_names_invoice_amount_and_date(self):
        text = self._print_letter()
        for fact in ("Payment reminder", "Dear Jane Doe,", self.invoice.name, "March 2, 2026"):
            self.assertIn(fact, text)
        self.assertIn("1,234.50", text)
        self.assertNotIn("Final notice", text)

    def test_final_notice_has_consequence_and_date(self):
        self.case.sudo().write({"state": "grace", "grace_until": "2031-05-10 10:00:00"})
        text = " ".join(self._print_letter().split())
        self.assertIn("Final notice", text)
        self.assertIn(f"Please pay {self.invoice.name} by May 9, 2031", text)
        self.assertIn("After that", text)

    def test_one_letter_lists_all_invoices_of_a_customer(self):
        other = self._create_case(self._create_other_invoice(65.5))
        text = self._print_letter(self.case + other)
        self.assertEqual(text.count("Dear Jane Doe"), 1)
        self.assertIn("these invoices", text)
        self.assertIn("1,300.00", text)

    def test_letter_asks_for_what_is_open_now(self):
        self._register_payment(self.invoice, 200.0)
        text = self._print_letter()
        self.assertIn("1,034.50", text)
        self.assertNotIn("1,234.50", text)

    def test_markup_in_names_is_escaped(self):
        self.customer.name = "<script>alert(1)</script>"
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "revenue_recovery.report_letter", self.case.ids
        )
        self.assertNotIn(b"<script>alert", html)

    def test_accountant_prints_it_from_the_case(self):
        report = self.env.ref("revenue_recovery.action_report_recovery_letter")
        self.assertEqual(report.binding_model_id.model, "recovery.case")
        self.assertIn(self.env.ref("revenue_recovery.group_recovery_user"), report.group_ids)
