# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Which days are worked where: weekends and public holidays, as the library `holidays` has them.

Messages and pay days both ask here.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from ..tools.instants import find_zone

# Where most holidays are not those of the whole country: the part where most people live.
_PARTS = {"GB": "ENG"}


@dataclass(frozen=True)
class Place:
    """Where somebody lives or works; what is not known is empty.

    :param tz: IANA name of the time zone
    :param country: ISO 3166-1 alpha-2
    :param subdivision: state or region, the part after the dash of ISO 3166-2 (``BY`` of ``DE-BY``)
    """

    tz: str = ""
    country: str = ""
    subdivision: str = ""

    def or_else(self, other: "Place") -> "Place":
        """Return this place, what is not known of it taken from another: the company's."""
        tz, country = self.tz or "", self.country or ""
        if find_zone(tz).key != tz:
            tz = other.tz or ""
        subdivision = self.subdivision or ""
        if not country:
            country, subdivision = other.country or "", other.subdivision or ""
        return Place(tz, country, subdivision)


@dataclass(frozen=True)
class _Year:
    """Weekdays off (Monday is 0), holidays, and the weekend's days that are worked."""

    weekend: frozenset[int]
    off: frozenset[date]
    worked: frozenset[date]


@lru_cache(maxsize=2048)
def _read_year(country: str, subdivision: str, year: int) -> _Year:
    """Read the library `holidays`.

    A subdivision that it does not know counts as none, and none as the part where most people
    live. A country that it does not know rests on Saturday, Sunday and New Year's Day.
    """
    import holidays  # Some 10 MB, which not every process needs.

    for subdiv in (*filter(None, (subdivision, _PARTS.get(country))), None):
        try:
            calendar = holidays.country_holidays(country, subdiv=subdiv, years=year)
            return _Year(
                frozenset(calendar.weekend),
                frozenset(calendar),
                frozenset(calendar.weekend_workdays),
            )
        except (AttributeError, KeyError, NotImplementedError, TypeError, ValueError):
            continue
    return _Year(frozenset((5, 6)), frozenset((date(year, 1, 1),)), frozenset())


def is_working_day(day: date, place: Place) -> bool:
    """Return whether a local day is worked at a place."""
    country, subdivision = str(place.country or "").upper(), str(place.subdivision or "").upper()
    year = _read_year(country, subdivision, day.year)
    if day.weekday() in year.weekend:
        return day in year.worked
    return day not in year.off
