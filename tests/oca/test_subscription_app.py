# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.tests import tagged

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestSubscriptionApp(RecoveryCommon):
    """Invoices of Odoo's own subscription app are left to it, unless a policy takes them."""

    def _create_invoice_of_app(self, **values):
        order = self.env["sale.order"].sudo().create({"partner_id": self.customer.id})
        invoice = self._create_invoice(**values)
        invoice.invoice_line_ids.subscription_id = order
        return invoice

    def test_invoice_of_the_app_is_not_charged(self):
        card = self._create_card()
        theirs, ours = self._create_invoice_of_app(token=card), self._create_invoice(token=card)
        self._collect()
        self.assertFalse(theirs.recovery_attempt_ids)
        self.assertIn("declined", ours.recovery_attempt_ids.mapped("state"))

    def test_failed_payment_of_the_app_opens_no_case(self):
        invoice = self._create_invoice_of_app()
        self.assertFalse(self.env["recovery.case"].sudo()._open_overdue(invoice))

    def test_policy_may_take_the_invoices_of_the_app(self):
        self.policy.include_subscription_app = True
        self.assertTrue(self.policy.has_subscription_app)
        invoice = self._create_invoice_of_app(token=self._create_card())
        self._collect()
        self.assertIn("declined", invoice.recovery_attempt_ids.mapped("state"))
        self.assertEqual(invoice.recovery_case_id.policy_id, self.policy)

    def test_policy_that_takes_others_leaves_those_of_the_app(self):
        self._create_policy(
            domain="[('partner_id.name', '=', 'Else')]", include_subscription_app=True, sequence=1
        )
        invoice = self._create_invoice_of_app()
        self.assertFalse(self.env["recovery.policy"]._match(invoice))
