# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, models

from .subscription_app import filter_made, is_loaded


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model
    def _recovery_has_subscription_app(self):
        """Fill the hook: return whether Odoo's own subscription app is loaded."""
        return super()._recovery_has_subscription_app() or is_loaded(self.env)

    @api.model
    def _recovery_filter_foreign(self, moves):
        """Fill the hook with the invoices that Odoo's own subscription app made."""
        return super()._recovery_filter_foreign(moves) | filter_made(moves)
