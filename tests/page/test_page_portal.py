# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .page_common import PageCommon


@tagged("post_install", "-at_install")
class TestPagePortal(PageCommon):
    """Customers who are logged in find the page under their invoices."""

    def setUp(self):
        super().setUp()
        self.user = self._create_portal_user("page customer", parent_id=False)
        self.user.partner_id.parent_id = self.customer
        self.customer.is_company = True

    def _create_portal_user(self, login, **values):
        user = new_test_user(
            self.env,
            login,
            "base.group_portal",
            company_id=self.env.company.id,
            company_ids=[Command.set(self.env.company.ids)],
        )
        user.partner_id.write(values)
        return user

    def test_banner_on_the_list_leads_to_the_page(self):
        self.authenticate("page customer", "page customer")
        page = self._get("/my/invoices").text
        self.assertIn("A payment failed", page)
        self.assertIn(self.invoice.name, page)
        self.assertIn("/recovery/pay/", self._lead("/my/invoices/recovery"))

    def test_banner_on_the_invoice_leads_to_the_page(self):
        self.authenticate("page customer", "page customer")
        page = self._get(f"/my/invoices/{self.invoice.id}").text
        self.assertIn("recovery_banner", page)

    def test_no_banner_when_nothing_failed(self):
        self._register_payment(self.invoice, 100.0)
        self.authenticate("page customer", "page customer")
        self.assertNotIn("recovery_banner", self._get("/my/invoices").text)
        self.assertTrue(self._lead("/my/invoices/recovery").endswith("/my/invoices"))

    def test_stranger_sees_no_banner_and_is_led_to_his_own_invoices(self):
        self._create_portal_user("page stranger")
        self.authenticate("page stranger", "page stranger")
        self.assertNotIn("recovery_banner", self._get("/my/invoices").text)
        lead = self._lead(f"/my/invoices/recovery?invoice_id={self.invoice.id}")
        self.assertTrue(lead.endswith("/my/invoices"))

    def test_visitor_with_the_invoices_own_link_sees_no_banner(self):
        path = f"{self.invoice.get_portal_url()}"
        self.assertNotIn("recovery_banner", self._get(path).text)

    def test_link_pays_for_its_customer_whoever_is_logged_in(self):
        self._create_portal_user("page stranger")
        self.authenticate("page stranger", "page stranger")
        transaction = self._simulate(self._pay(tokenization_requested=True))
        self.assertEqual(transaction.partner_id, self.customer)
        self.assertEqual(transaction.token_id.partner_id, self.customer)
