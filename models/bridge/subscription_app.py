"""Invoices of Odoo's own subscription app, which charges and reminds by itself."""

from odoo import api, models


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _has_subscription_app(self):
        """Tell whether Odoo's own subscription app is loaded; costs no query."""
        field = self.env["account.move.line"]._fields.get("subscription_id")
        return bool(field) and field.comodel_name == "sale.order"

    def _filter_subscription_app(self):
        """Return those of these invoices that Odoo's own subscription app made."""
        if not self._has_subscription_app():
            return self.browse()
        # In sudo mode: whoever sees an invoice need not be allowed to see the subscription.
        return self.filtered(lambda move: move.sudo().invoice_line_ids.subscription_id)

    @api.model
    def _search_to_collect(self, limit=1000):
        """Override of `revenue_recovery` to leave to that app what no policy takes from it."""
        moves = super()._search_to_collect(limit)
        left = self.browse()
        for company, theirs in moves._filter_subscription_app().grouped("company_id").items():
            policies = self.env["recovery.policy"].with_company(company)
            left += theirs - self.browse([move.id for move in policies._match_all(theirs)])
        return moves - left
