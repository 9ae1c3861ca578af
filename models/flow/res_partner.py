# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Customers who can't order anything new until they have paid."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..method.collecting import may_collect


class ResPartner(models.Model):
    _inherit = "res.partner"

    recovery_blocked = fields.Boolean(
        string="Orders Blocked",
        company_dependent=True,
        help="New sales orders of this customer can't be confirmed in this company, as long as a "
        "payment is to be recovered from them. Automations set and clear it; you can, too.",
    )

    @api.model
    def _commercial_fields(self):
        """Override of `base`: contacts order for their company."""
        return [*super()._commercial_fields(), "recovery_blocked"]

    @api.model
    def _has_field_access(self, field, operation):
        """Override of `base`: whoever edits contacts, or sells to them, need not lift the block.

        Customers are not told of it before they order.
        """
        if field.name != "recovery_blocked" or self.env.su:
            return super()._has_field_access(field, operation)
        if operation == "read":
            return not self.env.user.share
        return may_collect(self.env)

    def _recovery_check_may_order(self):
        """Refuse orders of blocked customers.

        :raise UserError: when one of these is blocked in the current company
        """
        # In sudo mode: customers who order by themselves may not read it.
        blocked = self.sudo().filtered("recovery_blocked")
        if blocked:
            raise UserError(
                self.env._(
                    "%(customer)s can't order at the moment: an invoice is overdue. To accept "
                    "the order all the same, let somebody of the accounting clear “Orders Blocked” "
                    "on the contact.",
                    customer=blocked[0].display_name,
                )
            )
