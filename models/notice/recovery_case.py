"""What a message to the customer says of his cases: the facts that its template prints.

Methods whose name holds "notice" work in subjects and SMS, too: there, the renderer tells a text
of which notice it is only when it asks for one.
"""

from base64 import b64encode
from collections import defaultdict
from datetime import timedelta
from io import BytesIO

from odoo import fields, models

from ..case.recovery_case import OPEN_STATES


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    # === GETTERS === #

    def _get_message_cases(self):
        """Return the cases that a message about this one lists, this one first.

        Thanks, and news of an end, are about cases that ended so; other messages about open ones.
        """
        self.ensure_one()
        states = OPEN_STATES if self.state in OPEN_STATES else (self.state,)
        return self | self._get_cases_of_notice().filtered(lambda case: case.state in states)

    def _get_notice_label(self):
        """Return what a subject calls the message's invoices: the first, and how many follow."""
        self.ensure_one()
        others = len(self._get_message_cases()) - 1
        return f"{self.move_id.name} +{others}" if others else self.move_id.name

    def _get_notice_link(self):
        """Return the address of the page on which the customer pays the message's invoices."""
        self.ensure_one()
        notice = self.env.context.get("recovery_notice")
        return self._get_message_cases()._get_recovery_link(notice=notice)

    def _get_message_totals(self):
        """Return what the customer owes on the message's invoices, by currency.

        :rtype: list[tuple[res.currency, float]]
        """
        totals = defaultdict(float)
        for case in self._get_message_cases():
            totals[case.currency_id] += case._get_owed()
        return [(currency, currency.round(total)) for currency, total in totals.items()]

    def _get_announced_charge(self):
        """Return the day on which all the message's invoices are charged next, or none.

        In the customer's time zone. A message that tells one date for invoices with several would
        be wrong for most of them, so it tells none.
        """
        self.ensure_one()
        days = set()
        for case in self._get_message_cases():
            is_coming = case._is_charging() and case.next_attempt_at
            days.add(is_coming and case._get_local_day(case.next_attempt_at))
        return days.pop() if len(days) == 1 else False

    def _get_end_day(self):
        """Return the last whole day on which a payment keeps the end action from trigger.

        In the customer's time zone; none before the retries are used up.
        """
        self.ensure_one()
        if not self.grace_until:
            return False
        last_day = self._get_local_day(self.grace_until - timedelta(days=1))
        return max(last_day, self._get_local_day(fields.Datetime.now()))

    def _get_letter_code(self):
        """Return the picture of a QR code that leads to the customer's page, as a data URI.

        Not by Odoo's barcode field: it needs a renderer that servers without it lack, and the
        letter would fail with it.
        """
        import qrcode  # Only letters need it.

        content = BytesIO()
        qrcode.make(self._get_notice_link(), box_size=4, border=2).save(content, "PNG")
        return f"data:image/png;base64,{b64encode(content.getvalue()).decode()}"

    def _get_letter_leads(self):
        """Return one case of each customer for whom a letter is printed: it lists all of his."""
        leads = self.browse()
        told = self.browse()
        for case in self:
            if case not in told:
                leads |= case
                told |= case._get_message_cases()
        return leads

    def _get_local_day(self, instant):
        """Return the customer's calendar day at a naive UTC instant."""
        return self.partner_id.with_company(self.company_id)._get_recovery_day(instant)
