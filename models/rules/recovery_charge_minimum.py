# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ...declines.taxonomy import read_rows
from . import recovery_shipped_mixin  # noqa: F401 (its model has to be there first)


class RecoveryChargeMinimum(models.Model):
    """The smallest amount that a provider takes, or that is worth a charge at all."""

    _name = "recovery.charge.minimum"
    _description = "Smallest Charge"
    _inherit = ["recovery.shipped.mixin"]
    _order = "provider_code, currency_name, id"
    _rec_name = "currency_name"

    _shipped_fields = ("amount", "source", "date")
    _shipped_identity = ("provider_code", "currency_id")

    provider_code = fields.Char(
        string="Provider",
        help="The technical name of the provider, such as stripe. Empty: of every provider that "
        "has no smallest charge of its own in this currency.",
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        required=True,
        ondelete="cascade",
        context={"active_test": False},
    )
    currency_name = fields.Char(related="currency_id.name", string="Currency Code", store=True)
    amount = fields.Monetary(required=True, help="Less than this is not charged.")
    source = fields.Char(help="Where it is written down.")
    date = fields.Date(help="Of the edition that was read, or of the comparison with it.")

    _minimum_uniq = models.UniqueIndex(
        "(COALESCE(provider_code, ''), currency_id)",
        "There is a smallest charge of this provider and currency, perhaps an archived one.",
    )
    _amount_check = models.Constraint(
        "CHECK(amount >= 0)", "The smallest charge can't be negative. Write 0 for none."
    )

    # === COMPUTE METHODS === #

    @api.depends("provider_code", "currency_id")
    def _compute_display_name(self):
        for minimum in self:
            provider = minimum.provider_code or self.env._("Every provider")
            minimum.display_name = f"{provider}: {minimum.currency_id.name}"

    # === CONSTRAINT METHODS === #

    @api.constrains("provider_code")
    def _check_provider_code(self):
        for code in filter(None, self.mapped("provider_code")):
            if code != "".join(code.split()).lower():
                raise ValidationError(
                    self.env._(
                        "The provider “%(code)s” must be a technical name in small letters without "
                        "blanks, such as stripe.",
                        code=code,
                    )
                )

    # === GETTERS === #

    @api.model
    def _get_minimum(self, currency, provider_code="", company=None):
        """Return the smallest amount worth a charge, in its currency.

        That of the provider, else that of every provider, else the smallest of any; where the
        currency has none, that of every provider in another currency, at today's rate.

        :param str provider_code: of the provider that would charge, where it is known
        :param company: whose rates count
        """
        table = self._get_table()
        known = [amount for (_provider, code), amount in table.items() if code == currency.name]
        for provider in (provider_code, ""):
            if (provider, currency.name) in table:
                return table[provider, currency.name]
        if known:
            return min(known)
        company = company or self.env.company
        for (provider, code), amount in table.items():
            other = self._get_currencies().get(code)
            if not provider and other:
                other = self.env["res.currency"].browse(other)
                return other._convert(amount, currency, company)
        return 0.0

    @api.model
    def _get_highest(self, currency, company=None):
        """Return from what amount on nothing is too small, whichever provider would charge it."""
        table = self._get_table()
        amounts = [amount for (_provider, code), amount in table.items() if code == currency.name]
        return max(amounts) if amounts else self._get_minimum(currency, company=company)

    @api.model
    def _get_published(self, currency, provider_code):
        """Return the smallest amount that a provider says it takes; 0 where it says none."""
        return self._get_table().get((provider_code, currency.name), 0.0)

    @api.model
    @tools.ormcache()
    def _get_table(self):
        """Return the smallest charges, by technical name of the provider and code of currency."""
        # In sudo mode because whoever pays has no rights on them.
        rows_sudo = self.sudo().search([("active", "=", True)])
        return {(row.provider_code or "", row.currency_id.name): row.amount for row in rows_sudo}

    @api.model
    @tools.ormcache()
    def _get_currencies(self):
        """Return the ids of all currencies by code, of those not in use, too."""
        currencies_sudo = self.env["res.currency"].sudo().with_context(active_test=False)
        return {currency.name: currency.id for currency in currencies_sudo.search([])}

    def _get_shipped_key(self):
        """Fill the hook: providers and currencies by their codes."""
        self.ensure_one()
        return self.provider_code or "", self.currency_id.name

    @api.model
    def _get_shipped_rows(self):
        """Fill the hook: read the data file; currencies that were deleted are left out."""
        currencies = self._get_currencies()
        return {
            (row["provider"], row["currency"]): {
                "provider_code": row["provider"] or False,
                "currency_id": currencies[row["currency"]],
                "amount": float(row["amount"]),
                "source": row["source"] or False,
                "date": fields.Date.to_date(row["date"]) or False,
            }
            for row in read_rows("minimums")
            if row["currency"] in currencies
        }
