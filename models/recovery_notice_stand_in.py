"""Stand-in for what belongs to saved methods."""

from odoo import api, fields, models


class PaymentToken(models.Model):
    _inherit = "payment.token"

    @api.model
    def _recovery_get_expiring(self, company, until):
        tokens = self.search(
            [
                ("recovery_expiry", ">=", fields.Date.today()),
                ("recovery_expiry", "<=", until),
                ("company_id", "parent_of", company.id),
            ],
            order="recovery_expiry, id",
        )
        return tokens.filtered(
            lambda token: (
                token.partner_id.commercial_partner_id.with_company(company).collect_token_id
                == token
            )
        )
