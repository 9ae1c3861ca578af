"""Odoo's own subscription app, which charges and reminds by itself."""

from odoo import api, models


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model
    def _recovery_has_subscription_app(self):
        """Fill the hook: return whether Odoo's own subscription app is loaded."""
        return (
            super()._recovery_has_subscription_app()
            or self.env["account.move"]._has_subscription_app()
        )

    @api.model
    def _recovery_filter_foreign(self, moves):
        """Fill the hook with the invoices that Odoo's own subscription app made."""
        return super()._recovery_filter_foreign(moves) | moves._filter_subscription_app()
