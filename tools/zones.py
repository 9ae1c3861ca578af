# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Time zones of countries, for people of whom only the address is known.

Plain Python: no Odoo, no clock.
"""

from functools import lru_cache

import pytz

# Where most people live, in countries of several zones; the data of time zones go from east to
# west. Others are of one zone, but for islands and outposts: there the first one counts.
_MAIN = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "GL": "America/Nuuk",
    "ID": "Asia/Jakarta",
    "KZ": "Asia/Almaty",
    "MN": "Asia/Ulaanbaatar",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PF": "Pacific/Tahiti",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
    "UZ": "Asia/Tashkent",
}
# States by their zone, that of most of their people; those of the main zone are not listed.
_STATES = {
    "AU": {
        "Australia/Adelaide": "SA",
        "Australia/Brisbane": "QLD",
        "Australia/Darwin": "NT",
        "Australia/Perth": "WA",
    },
    "BR": {
        "America/Cuiaba": "MT MS",
        "America/Manaus": "AM",
        "America/Porto_Velho": "RO",
        "America/Boa_Vista": "RR",
        "America/Rio_Branco": "AC",
    },
    "CA": {
        "America/Edmonton": "AB NT",
        "America/Halifax": "NB NS PE",
        "America/Regina": "SK",
        "America/St_Johns": "NL",
        "America/Vancouver": "BC",
        "America/Whitehorse": "YT",
        "America/Winnipeg": "MB",
    },
    "MX": {
        "America/Cancun": "ROO",
        "America/Hermosillo": "SON",
        "America/Mazatlan": "BCS NAY SIN",
        "America/Tijuana": "BCN",
    },
    "US": {
        "America/Anchorage": "AK",
        "America/Boise": "ID",
        "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
        "America/Denver": "CO MT NM UT WY",
        "America/Los_Angeles": "CA NV OR WA",
        "America/Phoenix": "AZ",
        "Pacific/Honolulu": "HI",
    },
}
# Further zones in which many people live, of countries whose states are not listed above.
_FURTHER = {
    "ID": ("Asia/Makassar",),
    "RU": ("Europe/Samara", "Asia/Yekaterinburg", "Asia/Novosibirsk"),
}
# Zones of states in which hardly one in a hundred of a country's people lives.
_OUTLYING = frozenset({
    "America/Anchorage", "America/Boa_Vista", "America/Porto_Velho", "America/Rio_Branco",
    "America/St_Johns", "America/Whitehorse", "Australia/Darwin", "Pacific/Honolulu",
})  # fmt: skip


@lru_cache(maxsize=4096)
def zone_of(country: str, state: str = "", near: str = "") -> str:
    """Return the IANA name of a place's time zone; empty where the country has none.

    :param country: ISO 3166-1 alpha-2
    :param state: its code, the part after the dash of ISO 3166-2
    :param near: the zone of somebody near, who tells which one of the country's is meant where the
        state does not
    """
    country = (country or "").upper()
    zones = pytz.country_timezones.get(country) or ()
    for zone, states in _STATES.get(country, {}).items():
        if state and state.upper() in states.split():
            return zone
    if near in zones and not (state and country in _STATES):
        return near
    return _MAIN.get(country) or next(iter(zones), "")


@lru_cache(maxsize=4096)
def zones_of(country: str, state: str = "") -> tuple[str, ...]:
    """Return the IANA names of all time zones in which somebody of a place may well live.

    One where the state tells it; none for a place that has none.

    :param country: ISO 3166-1 alpha-2
    :param state: its code, the part after the dash of ISO 3166-2
    """
    country = (country or "").upper()
    main = zone_of(country, state)
    if not main or (state and country in _STATES):
        return (main,) if main else ()
    others = (*_STATES.get(country, ()), *_FURTHER.get(country, ()))
    return (main, *(zone for zone in others if zone not in _OUTLYING))
