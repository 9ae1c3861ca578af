from odoo import models

from .recovery_case import OPEN_STATES


class ResPartner(models.Model):
    _inherit = "res.partner"

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
