# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What an accountant does about the links to a customer's page."""

from odoo import models
from odoo.exceptions import AccessError


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_recovery_withdraw_links(self):
        """Let no link that these customers got so far open their page; new messages carry new ones.

        :raise AccessError: when the user may not work on all of their cases
        """
        self.check_access("read")
        if not self.env.user.has_group("revenue_recovery.group_recovery_user"):
            raise AccessError(self.env._("Only users of Revenue Recovery can withdraw links."))
        customers = self.commercial_partner_id
        note = self.env._(
            "%(user)s withdrew all links to the customer's page. Those in messages sent so far "
            "don't open it any more.",
            user=self.env.user.name,
        )
        # In sudo mode to find those that the user may not see: all links are withdrawn, or none.
        cases_sudo = (
            self.env["recovery.case"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("partner_id", "in", customers.ids),
                    ("company_id", "in", self.env.companies.ids),
                ]
            )
        )
        cases_sudo.sudo(False)._check_may_act()._withdraw_links(note)
        for token_sudo in self._find_link_tokens(customers):
            token_sudo.recovery_links_withdrawn += 1
        for customer in customers:
            customer.sudo()._message_log(body=note)  # In sudo mode: they needn't edit contacts.
        return self.env["recovery.case"]._notify(
            self.env._("Links withdrawn. New messages carry new ones.")
        )

    def _find_link_tokens(self, customers):
        """Return the saved methods that links may lead to, in sudo mode, archived ones as well."""
        # In sudo mode: methods of contacts are for few users.
        tokens_sudo = self.env["payment.token"].sudo().with_context(active_test=False)
        return tokens_sudo.search(
            [
                ("partner_id.commercial_partner_id", "in", customers.ids),
                ("company_id", "parent_of", self.env.companies.ids),
            ]
        )
