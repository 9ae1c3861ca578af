# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Policies and steps have conditions on invoices: who wrote them, and what is wrong with them."""

from odoo import api, fields, models

from .conditions import InvoiceConditions


class RecoveryConditionsMixin(models.AbstractModel):
    _name = "recovery.conditions.mixin"
    _description = "Recovery Conditions"

    domain = fields.Char(string="Invoices", default="[]")
    domain_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Conditions By",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="Who wrote the conditions. They look at nothing that this user may not see.",
    )
    domain_error = fields.Char(
        readonly=True,
        copy=False,
        help="Why the conditions can't be evaluated; until they are mended, they hold for nothing.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Remember who wrote the conditions."""
        author = {"domain_user_id": self.env.uid, "domain_error": False}
        return super().create([{**vals, **author} for vals in vals_list])

    def write(self, vals):
        """Remember who changed the conditions, and forget what was wrong with the old ones."""
        vals = {name: value for name, value in vals.items() if name != "domain_user_id"}
        if "domain" in vals:
            vals |= {"domain_user_id": self.env.uid, "domain_error": False}
        return super().write(vals)

    # === GETTERS === #

    def _get_conditions(self):
        """Return the conditions on invoices, to be evaluated."""
        self.ensure_one()
        author = self.domain_user_id if self._origin else self.env.user
        return InvoiceConditions(self, self.domain, author)
