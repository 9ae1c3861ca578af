# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Where a customer hears, and who else may be told instead of them."""

from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _get_recovery_contacts(self, tried):
        """Return the customer's other contacts for invoices that can be written to.

        :param tried: contacts that are not to be tried again
        """
        self.ensure_one()
        family = self.commercial_partner_id
        contacts = family.child_ids.filtered(
            lambda contact: contact.active and contact.type == "invoice" and contact.email
        )
        # Whose address is the one that failed is not another contact.
        addresses = set(tried.mapped("email_normalized"))
        return (contacts.sorted("id") - tried).filtered(
            lambda contact: contact.email_normalized not in addresses
        )
