# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Where a customer is, and what time and day it is there."""

from odoo import models

from ...notices import Place
from ...tools.instants import aware, find_zone, local_day
from ...tools.zones import zone_of, zones_of


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === GETTERS === #

    def _get_recovery_day(self, instant):
        """Return the customer's calendar day at a naive UTC instant."""
        return local_day(instant, self._get_recovery_tz())

    def _get_recovery_tz(self):
        """Return the name of the customer's time zone: theirs, their country's, or the company's.

        UTC where neither is known.
        """
        self.ensure_one()
        company = self.env.company
        # A few columns instead of all of them: this is asked for each charge.
        company.fetch(["partner_id"])
        return (
            self._get_own_recovery_tz()
            or self._find_recovery_tz(near=company.partner_id._find_recovery_tz())
            or company.partner_id._find_recovery_tz()
            or "UTC"
        )

    def _recovery_localise(self, instant):
        """Return an instant by the customer's clock, as sentences tell it.

        :param datetime instant: naive and in UTC, or aware
        """
        return aware(instant).astimezone(find_zone(self._get_recovery_tz()))

    def _get_own_recovery_tz(self):
        """Return the name of the time zone that is set on this contact or its company, or none."""
        self.fetch(["commercial_partner_id", "tz"])
        return self.tz or self.commercial_partner_id.tz

    def _find_recovery_tz(self, near=""):
        """Return the name of this contact's own time zone, else their country's; empty for none.

        :param str near: the company's, which tells one of several in the same country
        """
        self.ensure_one()
        if zone := self._get_own_recovery_tz():
            return zone
        home = self if self.country_id else self.commercial_partner_id
        # In sudo mode: whoever pays on the page may read no lists of countries.
        home_sudo = home.sudo()
        return zone_of(home_sudo.country_id.code or "", home_sudo.state_id.code or "", near or "")

    def _get_recovery_zones(self):
        """Return the names of the time zones in which the customer may live, the likeliest first.

        One where it is known; the company's where nothing is.
        """
        self.ensure_one()
        if zone := self._get_own_recovery_tz():
            return (zone,)
        home = self if self.country_id else self.commercial_partner_id
        # In sudo mode: whoever pays on the page may read no lists of countries.
        home_sudo = home.sudo()
        zones = zones_of(home_sudo.country_id.code or "", home_sudo.state_id.code or "")
        return zones or (self._get_recovery_tz(),)

    def _get_recovery_place(self):
        """Return where this contact lives or works, as far as it is known.

        :rtype: timing.notices.Place
        """
        self.ensure_one()
        commercial = self.commercial_partner_id
        home = self if self.country_id else commercial
        return Place(
            self._find_recovery_tz(near=self.env.company.partner_id._find_recovery_tz()),
            home.country_id.code or "",
            home.state_id.code or "",
        )
