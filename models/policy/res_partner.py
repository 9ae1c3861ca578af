"""Where a customer is, and what time and day it is there."""

from odoo import models

from ...notices import Place
from ...tools.instants import local_day


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === GETTERS === #

    def _get_recovery_day(self, instant):
        """Return the customer's calendar day at a naive UTC instant."""
        return local_day(instant, self._get_recovery_tz())

    def _get_recovery_tz(self):
        """Return the name of the customer's time zone, else their company's, else UTC."""
        self.ensure_one()
        company = self.env.company
        # A few columns instead of all of them: this is asked for each charge.
        self.fetch(["commercial_partner_id", "tz"])
        company.fetch(["partner_id"])
        company.partner_id.fetch(["tz"])
        return self.tz or self.commercial_partner_id.tz or company.partner_id.tz or "UTC"

    def _get_recovery_place(self):
        """Return where this contact lives or works, as far as it is known.

        :rtype: timing.notices.Place
        """
        self.ensure_one()
        commercial = self.commercial_partner_id
        home = self if self.country_id else commercial
        return Place(
            self.tz or commercial.tz or "",
            home.country_id.code or "",
            home.state_id.code or "",
        )
