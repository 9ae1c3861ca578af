# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import models

from .recovery_case import OPEN_STATES


class PaymentToken(models.Model):
    _inherit = "payment.token"

    def _recovery_flush_charges(self):
        """Fill the hook: write what is pending of the attempts of these methods."""
        result = super()._recovery_flush_charges()
        self.env["recovery.attempt"].flush_model(["state", "started_at", "transaction_id"])
        return result

    def _recovery_note_change(self, note=""):
        """Fill the hook: let the open cases of these methods' customers choose anew, or tell."""
        result = super()._recovery_note_change(note)
        # In sudo mode: a customer who saves a card in the portal can't read cases.
        tokens_sudo = self.sudo()
        partners_sudo = tokens_sudo.partner_id.commercial_partner_id
        if not note:
            partners_sudo._recovery_note_method_change()
            return result
        cases_sudo = tokens_sudo.env["recovery.case"].search(
            [("partner_id", "in", partners_sudo.ids), ("state", "in", OPEN_STATES)]
        )
        cases_sudo = cases_sudo.filtered(lambda case: case._get_default_token().id in self.ids)
        self.env["recovery.invoice.queue"]._add_note(cases_sudo.move_id, note)
        return result
