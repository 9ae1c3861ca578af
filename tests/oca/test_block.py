# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestBlock(RecoveryCommon):
    """Customers whose orders an automation has blocked, with Odoo's real Sales app."""

    def _create_order(self):
        product = self.env["product.product"].create({"name": "Thing", "type": "service"})
        return (
            self.env["sale.order"]
            .sudo()
            .create(
                {
                    "partner_id": self.customer.id,
                    "order_line": [Command.create({"product_id": product.id})],
                }
            )
        )

    def test_order_of_a_blocked_customer_cannot_be_confirmed(self):
        order = self._create_order()
        self.customer.recovery_blocked = True
        with self.assertRaisesRegex(UserError, "Orders Blocked"):
            order.action_confirm()
        self.assertEqual(order.state, "draft")
        self.customer.recovery_blocked = False
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_contact_of_a_blocked_company_cannot_order_either(self):
        self.customer.is_company = True
        contact = self.env["res.partner"].create({"name": "Contact", "parent_id": self.customer.id})
        self.customer.recovery_blocked = True
        order = self._create_order()
        order.partner_id = contact
        with self.assertRaises(UserError):
            order.action_confirm()
