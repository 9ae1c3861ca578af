# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields, models
from odoo.tools import SQL

from ..models.method.payment_token import FUNDINGS


class RecoveryReportMixin(models.AbstractModel):
    """What each line of a report is told apart by, whether it is about a case or a charge."""

    _name = "recovery.report.mixin"
    _description = "Recovery Report"

    case_id = fields.Many2one(comodel_name="recovery.case", readonly=True)
    move_id = fields.Many2one(comodel_name="account.move", string="Invoice", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    journal_id = fields.Many2one(comodel_name="account.journal", readonly=True)
    partner_id = fields.Many2one(comodel_name="res.partner", string="Customer", readonly=True)
    country_id = fields.Many2one(
        comodel_name="res.country", readonly=True, help="Where the customer lives."
    )
    partner_tag_ids = fields.Many2many(
        related="partner_id.category_id",
        string="Customer Tags",
        help="Grouped by tags, a customer with several of them counts in each.",
    )
    user_id = fields.Many2one(comodel_name="res.users", string="Salesperson", readonly=True)
    policy_id = fields.Many2one(comodel_name="recovery.policy", readonly=True)
    provider_id = fields.Many2one(comodel_name="payment.provider", readonly=True)
    network = fields.Char(readonly=True)
    funding = fields.Selection(selection=FUNDINGS, readonly=True)
    issuer_country = fields.Char(readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    company_currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)

    @property
    def _table_query(self):
        return SQL("%s %s", self._select(), self._from())
