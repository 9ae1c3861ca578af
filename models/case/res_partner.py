# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import api, fields, models

from ..method.collecting import may_collect
from .exclusion import FIELDS, WHAT, check_until, forget_past
from .recovery_case import OPEN_STATES


class ResPartner(models.Model):
    _inherit = "res.partner"

    recovery_excluded = fields.Selection(
        selection=WHAT,
        string="Exclude From",
        company_dependent=True,
        help="Charges: no invoice of this customer is charged automatically in this company.\n"
        "Notices: nothing is sent to them about unpaid invoices.\n"
        "Their cases stay open; while nothing may be charged, their clock stands still.",
    )
    recovery_excluded_until = fields.Date(
        string="Excluded Until",
        company_dependent=True,
        help="On this day recovery goes on by itself. Empty: until somebody ends it here.",
    )
    recovery_excluded_reason = fields.Char(
        string="Reason of the Exclusion",
        company_dependent=True,
        help="Why, for the team. The customer does not read it.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains(*FIELDS[:2])
    def _check_recovery_excluded_until(self):
        check_until(self)

    # === ACCESS === #

    @api.model
    def _has_field_access(self, field, operation):
        """Override of `base`: the reason is for the team, and to end it lets cards be charged."""
        if field.name not in FIELDS or self.env.su:
            return super()._has_field_access(field, operation)
        return not self.env.user.share if operation == "read" else may_collect(self.env)

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `base` to let open cases follow what their customers are excluded from."""
        result = super().write(vals)
        if vals.keys() & set(FIELDS):
            self.commercial_partner_id._recovery_note_exclusion()
        return result

    @api.model
    def _commercial_fields(self):
        """Override of `base`: contacts are excluded with their company."""
        return [*super()._commercial_fields(), *FIELDS]

    # === BUSINESS METHODS === #

    def _recovery_note_exclusion(self):
        """Let all that is open of these customers follow what they are excluded from."""
        # In sudo mode: whoever edits contacts needn't be an accountant.
        moves_sudo = (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("commercial_partner_id", "in", self.ids),
                    ("move_type", "=", "out_invoice"),
                    ("state", "=", "posted"),
                    ("payment_state", "in", ("not_paid", "partial")),
                    ("company_id", "=", self.env.company.id),
                ]
            )
        )
        moves_sudo._recovery_note_exclusion()

    def _fetch_for_recovery(self):
        """Read at once what a charge asks of these customers, instead of bit by bit."""
        self.fetch(
            [
                *FIELDS,
                *("city", "collect_token_id", "commercial_partner_id", "country_id", "email"),
                *("lang", "name", "parent_id", "phone", "state_id", "street", "street2", "tz"),
                "zip",
            ]
        )

    @api.autovacuum
    def _gc_recovery_exclusions(self):
        """Empty the exclusions of customers that are over; they have no effect any more."""
        for company in self.env["res.company"].search([]):  # pylint: disable=no-search-all
            forget_past(self.with_company(company).with_context(active_test=False))

    def _recovery_note_method_change(self):
        """Fill the hook: let the open cases of these customers choose a payment method anew."""
        result = super()._recovery_note_method_change()
        # In sudo mode: whoever edits contacts, or saves a card, needn't be an accountant.
        cases_sudo = (
            self.env["recovery.case"]
            .sudo()
            .search([("partner_id", "in", self.ids), ("state", "in", OPEN_STATES)])
        )
        self.env["recovery.invoice.queue"]._add(cases_sudo.move_id)
        return result
