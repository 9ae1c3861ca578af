# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Whether the customer's page is opened from far away, as far as that can be told.

Only the country of the address is asked, of the geographic database that Odoo reads (GeoIP), and
only where one is set up: nothing is kept of where customers have been, and no address tells more
without such a database. Networks that many share (mobile ones, offices, VPNs) make anything finer
a guess. So what a page shows to whoever holds its link is little in any place, and less in a
country that is not the customer's.
"""

from odoo.http import request


def is_far(partner, company):
    """Return whether this request comes from a country in which the customer is not at home.

    Where no country is known of the address, it is not: the page shows as little as anywhere. A
    customer who is logged in is known by that, wherever they are.

    :param partner: the contact who reads the page, in sudo mode
    :param company: the home of customers without a country
    """
    country = request.geoip.country.iso_code
    if not country:
        return False
    customer = partner.commercial_partner_id
    if not request.env.user._is_public() and request.env.user.partner_id._belongs_to(customer):
        return False
    homes = (partner.country_id | customer.country_id).mapped("code")
    return country not in (homes or company.country_id.mapped("code"))
