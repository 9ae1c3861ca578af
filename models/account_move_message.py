"""What a message about an invoice that is still to be charged, or to fall due, says of it."""

from datetime import timezone
from zoneinfo import ZoneInfo

from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    # === GETTERS === #

    def _get_message_day(self):
        """Return the day of the next charge, else the one on which the next instalment is due.

        In the customer's time zone.
        """
        self.ensure_one()
        # In sudo mode: who may write to a customer need not see charges.
        attempts_sudo = self.sudo().recovery_attempt_ids
        planned_sudo = attempts_sudo.filtered(lambda attempt: attempt.state == "planned")[:1]
        if not planned_sudo:
            return self.next_payment_date or self.invoice_date_due
        partner = self.commercial_partner_id.with_company(self.company_id)
        zone = ZoneInfo(partner._get_recovery_tz())
        planned_at = planned_sudo.planned_at.replace(tzinfo=timezone.utc)
        return planned_at.astimezone(zone).date()

    def _get_message_amount(self):
        """Return what is owed on the day of :meth:`_get_message_day`."""
        return self._get_amount_owed(self._get_message_day())

    def _get_message_method(self):
        """Return the label of the payment method that will be charged, or nothing."""
        self.ensure_one()
        # In sudo mode: who may write to a customer need not see his payment methods.
        move_sudo = self.sudo()
        attempts_sudo = move_sudo.recovery_attempt_ids
        planned_sudo = attempts_sudo.filtered(lambda attempt: attempt.state == "planned")[:1]
        token_sudo = planned_sudo.token_id or move_sudo._get_collect_token()
        return token_sudo and self.env["recovery.attempt"]._get_method_label(token_sudo)
