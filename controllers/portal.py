# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The recovery page for customers who are logged in, under their invoices."""

from odoo import http
from odoo.http import request

from odoo.addons.account_payment.controllers.portal import PortalAccount

from ..models.case.recovery_case import OPEN_STATES


class RecoveryPortal(PortalAccount):
    @http.route(
        "/my/invoices/recovery",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
        sitemap=False,
        readonly=True,
    )
    def open_recovery(self, invoice_id=None, **_ignored):
        """Lead a customer to the page of their failed payments.

        :param str invoice_id: the invoice that is to lead, of those that they may read
        """
        cases = self._get_failed_cases()
        lead = cases.filtered(lambda case: str(case.move_id.id) == invoice_id)
        if not cases:
            return request.redirect("/my/invoices")
        link = (lead | cases)._get_recovery_link(person=request.env.user.partner_id)
        return request.redirect(f"{link}", local=False)

    def _prepare_my_invoices_values(self, *args, **kwargs):
        """Override of `account` to show above the list how many payments failed."""
        values = super()._prepare_my_invoices_values(*args, **kwargs)
        return {**values, "recovery_cases": self._get_failed_cases()}

    def _invoice_get_page_view_values(self, invoice, access_token, **kwargs):
        """Override of `account_payment` to show on an invoice that its payment failed."""
        values = super()._invoice_get_page_view_values(invoice, access_token, **kwargs)
        cases = self._get_failed_cases() if request.env.user.share else request.env["recovery.case"]
        return {
            **values,
            "recovery_cases": cases.filtered(lambda case: case.move_id.id == invoice.id),
        }

    def _get_failed_cases(self):
        """Return the open cases of the invoices that the user may read and can pay, in sudo mode.

        The oldest failure comes first.
        """
        user = request.env.user
        cases_sudo = request.env["recovery.case"].sudo()
        if user._is_public() or not request.env["account.move"].has_access("read"):
            return cases_sudo
        cases_sudo = cases_sudo.search(
            [
                ("partner_id", "=", user.partner_id.commercial_partner_id.id),
                ("state", "in", OPEN_STATES),
            ],
            order="first_failure_at, id",
        )
        # In sudo mode for the cases only: which invoices are theirs, the rules say.
        moves = request.env["account.move"].search([("id", "in", cases_sudo.move_id.ids)])
        return cases_sudo.filtered(
            lambda case: (
                case.move_id.id in moves.ids
                and case._is_of_its_customer()
                and case._get_page_state() == "open"
            )
        )
