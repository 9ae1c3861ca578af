# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a message about a saved payment method says of it."""

from odoo import models


class PaymentToken(models.Model):
    _inherit = "payment.token"

    def _get_message_label(self):
        """Return what the customer knows their payment method as."""
        self.ensure_one()
        # In sudo mode: a token's provider is readable by administrators only.
        return self.sudo()._recovery_get_label()

    def _get_message_expiry(self):
        """Return the last day on which the card works, or none."""
        self.ensure_one()
        # In sudo mode: the facts of a card are for the users of this addon.
        return self.sudo().recovery_expiry
