"""What a message about an invoice that is still to be charged, or to fall due, says of it."""

from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    # === GETTERS === #

    def _get_message_day(self):
        """Return the day of the next charge, else the one on which the next instalment is due.

        In the customer's time zone.
        """
        self.ensure_one()
        planned_sudo = self._get_planned_charge_sudo()
        if not planned_sudo:
            return self.next_payment_date or self.invoice_date_due
        partner = self.commercial_partner_id.with_company(self.company_id)
        return partner._get_recovery_day(planned_sudo.planned_at)

    def _get_message_amount(self):
        """Return what is owed on the day of :meth:`_get_message_day`."""
        return self._get_amount_owed(self._get_message_day())

    def _get_message_method(self):
        """Return the label of the payment method that will be charged, or nothing."""
        self.ensure_one()
        # In sudo mode: who may write to a customer need not see his payment methods.
        token_sudo = self._get_planned_charge_sudo().token_id or self.sudo()._get_collect_token()
        return token_sudo and token_sudo._recovery_get_label()

    def _get_planned_charge_sudo(self):
        """Return the next planned charge, in sudo mode: who writes to customers may see none."""
        attempts_sudo = self.sudo().recovery_attempt_ids
        return attempts_sudo.filtered(lambda attempt: attempt.state == "planned")[:1]
