# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the customer's page does with saved payment methods."""

from odoo import fields, models

from ...tools.links import LINK_LIFE, Link, get_page_path
from ..method.payment_token import RECOVERY_GROUP


class PaymentToken(models.Model):
    _inherit = "payment.token"

    recovery_links_withdrawn = fields.Integer(
        string="Links Withdrawn",
        readonly=True,
        copy=False,
        groups=RECOVERY_GROUP,
        help="How often the links to the page that replaces this method were withdrawn.",
    )

    # === BUSINESS METHODS === #

    def _recovery_replace_with(self, token):
        """Let another method of the customer be charged wherever this one was chosen."""
        self.ensure_one()
        # In sudo mode: a customer who saves a card can't write invoices.
        self_sudo = self.sudo()
        moves_sudo = self_sudo.env["account.move"].search(
            [
                ("collect_token_id", "=", self.id),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
            ]
        )
        moves_sudo.filtered(lambda move: move._is_own_token(token)).collect_token_id = token
        partner_sudo = self_sudo.partner_id.commercial_partner_id
        partner_sudo = partner_sudo.with_company(self_sudo.company_id)
        if partner_sudo.collect_token_id == self:
            partner_sudo.collect_token_id = token

    # === GETTERS === #

    def _get_recovery_method_link(self, notice=None):
        """Return the absolute URL of the page on which the customer replaces this saved method.

        :param notice: the `recovery.notice` that carries the link, if one does
        """
        self.ensure_one()
        link = Link(
            "token",
            tuple(self.ids),
            self.partner_id.id,
            notice.id if notice else 0,
            fields.Datetime.now() + LINK_LIFE,
            # In sudo mode: whoever sends the message may not read methods of contacts.
            self.sudo().recovery_links_withdrawn,
        )
        return f"{self.get_base_url()}{get_page_path(link.sign(self.env), 'method')}"
