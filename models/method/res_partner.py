# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .collecting import COLLECT_FIELDS, may_collect
from .defaults import DefaultMethods

# What makes somebody a contact of a customer, or a customer of their own.
_FAMILY_FIELDS = {"is_company", "parent_id"}


class ResPartner(models.Model):
    _inherit = "res.partner"

    collect_automatically = fields.Boolean(
        company_dependent=True,
        help="New invoices of this customer are charged to the saved payment method when due.",
    )
    collect_token_id = fields.Many2one(
        comodel_name="payment.token",
        string="Collect From",
        company_dependent=True,
        domain="[('id', 'in', collect_token_ids)]",
        help="The saved payment method that the invoices of this customer are charged to.",
    )
    collect_token_ids = fields.Many2many(
        comodel_name="payment.token",
        compute="_compute_collect_token_ids",
        help="The payment methods of this customer that may be charged.",
    )

    # === COMPUTE METHODS === #

    @api.depends("commercial_partner_id", "payment_token_ids")
    @api.depends_context("company")
    def _compute_collect_token_ids(self):
        for partner in self:
            partner.collect_token_ids = partner.commercial_partner_id._get_collect_tokens(
                self.env.company
            )

    @api.onchange("collect_automatically")
    def _onchange_collect_automatically(self):
        """Choose the saved payment method when there is no choice."""
        if self.collect_automatically and len(self.collect_token_ids) == 1:
            self.collect_token_id = self.collect_token_id or self.collect_token_ids

    # === CONSTRAINT METHODS === #

    @api.constrains("collect_token_id")
    def _check_collect_token_id(self):
        for partner in self.filtered("collect_token_id"):
            customer = partner.commercial_partner_id
            token_sudo = partner.collect_token_id.sudo()  # The user may not see its contact.
            if partner != customer and customer.collect_token_id == token_sudo:
                continue  # Copied from the company, where it was checked.
            if not token_sudo._recovery_is_of(customer):
                raise ValidationError(
                    self.env._(
                        "%(method)s belongs to another customer than %(customer)s.",
                        method=token_sudo.display_name,
                        customer=partner.display_name,
                    )
                )
            if not token_sudo._recovery_is_for(self.env.company):
                raise ValidationError(
                    self.env._(
                        "%(method)s was saved for %(owner)s and can't be charged by %(company)s.",
                        method=token_sudo.display_name,
                        owner=token_sudo.company_id.display_name,
                        company=self.env.company.display_name,
                    )
                )

    # === ACCESS === #

    @api.model
    def _has_field_access(self, field, operation):
        """Override of `base`: whoever edits contacts need not decide whose card is charged."""
        if operation != "read" and field.name in COLLECT_FIELDS and not may_collect(self.env):
            return False
        return super()._has_field_access(field, operation)

    # === CRUD METHODS === #

    @api.model
    def _commercial_fields(self):
        """Override of `base` to hold the way of payment on the company of a contact."""
        return [*super()._commercial_fields(), "collect_automatically", "collect_token_id"]

    def write(self, vals):
        """Override of `base` to let open cases follow a change of the way of payment.

        Whoever leaves a company takes their payment methods along.
        """
        before = {
            partner: partner.commercial_partner_id
            for partner in (self if _FAMILY_FIELDS & vals.keys() else ())
        }
        result = super().write(vals)
        movers = self.filtered(
            lambda each: before.get(each, each.commercial_partner_id) != each.commercial_partner_id
        )
        if movers:
            movers._recovery_follow_move()
        if "collect_token_id" in vals:
            self.commercial_partner_id._recovery_note_method_change()
        return result

    def _recovery_follow_move(self):
        """Drop the defaults that fit no more since these contacts belong to somebody else."""
        family_sudo = (
            self.sudo().with_context(active_test=False).search([("id", "child_of", self.ids)])
        )
        tokens_sudo = family_sudo.env["payment.token"].search(
            [("partner_id", "in", family_sudo.ids)]
        )
        DefaultMethods(self.env).drop_of(family_sudo, tokens_sudo)

    # === HOOKS === #

    def _recovery_note_method_change(self):
        """Hook for `case`, which chooses a method anew: these customers are charged otherwise now.

        It does nothing by itself.
        """

    # === GETTERS === #

    def _belongs_to(self, customer):
        """Return whether this contact acts for a customer: is it, or one of its contacts."""
        return bool(self) and customer in (self, self.commercial_partner_id)

    def _get_collect_default(self, company):
        """Return the method that this customer's invoices of a company are charged to, if it fits.

        :param company: whose invoices they are
        """
        token = self.with_company(company).collect_token_id
        return token if token._recovery_fits(self, company) else token.browse()

    def _get_collect_tokens(self, company):
        """Return the tokens of the customer's family that this company may charge."""
        if not self.ids:
            return self.env["payment.token"]
        # In sudo mode: providers are readable by administrators only.
        tokens_sudo = (
            self.env["payment.token"]
            .sudo()
            .search(
                [
                    ("partner_id.commercial_partner_id", "in", self.commercial_partner_id.ids),
                    ("provider_id.state", "!=", "disabled"),
                    ("provider_id.capture_manually", "=", False),
                    ("company_id", "parent_of", company.id),
                ]
            )
        )
        return tokens_sudo.sudo(self.env.su)
