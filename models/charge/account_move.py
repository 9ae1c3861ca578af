# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import models

from .discounts import BOOKED


class AccountMove(models.Model):
    _inherit = "account.move"

    # === ACTION METHODS === #

    def action_recovery_confirm_charged(self):
        """Record that the provider did charge the invoice's attempt whose outcome is open."""
        self.ensure_one()
        return self.recovery_attempt_ids._get_question().action_confirm_charged()

    def action_recovery_confirm_not_charged(self):
        """Record that the provider did not charge the invoice's attempt whose outcome is open."""
        self.ensure_one()
        return self.recovery_attempt_ids._get_question().action_confirm_not_charged()

    # === BUSINESS METHODS === #

    def _is_eligible_for_early_payment_discount(self, currency, reference_date):
        """Override of `account` to grant a payment's discount once, by whoever books it here."""
        if self.env.context.get("recovery_discount") is BOOKED:
            return False
        return super()._is_eligible_for_early_payment_discount(currency, reference_date)
