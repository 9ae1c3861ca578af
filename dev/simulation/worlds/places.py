# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The countries of random worlds: pay habits by name, zones, currency, usual pay.

Shares are those that surveys and payroll practice name, where some do; a world draws its own around
them. Sources, by country:

* US: Bureau of Labor Statistics, "Length of pay periods", 2019 and later: weekly a third, biweekly
  more than two fifths, semi-monthly a fifth, monthly a twentieth of businesses. Social Security is
  paid on the second, third or fourth Wednesday (SSA's schedule of benefit payments).
* CA, AU: weekly and fortnightly pay prevail (Payroll Association, Australian Bureau of Statistics).
* GB: most are paid monthly, on the last working day, the 25th or the 28th; weekly pay remains
  (Bacs, Office for National Statistics).
* DE, FR, ES, IT, NL, AT: monthly by custom or law; the Netherlands around the 25th, Italy from the
  10th to the 27th, Germany at the month's end or on the 15th.
* SE, JP, CH: the 25th above all.
* BR: by the fifth working day, often with an advance of two fifths on the 20th (labour code,
  article 459).
* MX: the quincena: the 15th and the last day. IN: the last day or the 1st. PL: by the 10th.
"""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A country as a source of payers.

    :param zones: IANA names, the first is where most people live
    :param pay: usual net pay of a month, minor units of `currency`
    :param wages: relative shares of wage habits, by the names of `calendars.HABITS`
    :param brands: share of each card network
    :param benefits: habits of pensions and benefits
    """

    zones: tuple[str, ...]
    currency: str
    pay: float
    wages: dict[str, float]
    brands: dict[str, float]
    benefits: dict[str, float]


_EURO = {"visa": 0.5, "mastercard": 0.48, "amex": 0.02}
_MONTHLY = {"last working day": 0.5, "day 28": 0.15, "day 1": 0.15, "day 15": 0.1, "day 25": 0.1}
_WEEKS = {"weekly": 0.32, "biweekly": 0.42}
_TWICE = {"1 and 15": 0.08, "15 and last": 0.09, "5 and 20": 0.02, "7 and 22": 0.01}
_STATE = {"last working day": 0.5, "day 1": 0.3, "day 5": 0.2}

PLACES: dict[str, Place] = {
    "US": Place(
        ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
        "USD",
        380_000,
        {**_WEEKS, **_TWICE, "day 1": 0.02, "last working day": 0.03},
        {"visa": 0.55, "mastercard": 0.27, "amex": 0.12, "discover": 0.06},
        {
            "wednesday 2": 0.27,
            "wednesday 3": 0.27,
            "wednesday 4": 0.27,
            "day 1": 0.1,
            "day 3": 0.09,
        },
    ),
    "CA": Place(
        ("America/Toronto", "America/Winnipeg", "America/Edmonton", "America/Vancouver"),
        "CAD",
        400_000,
        {"biweekly": 0.55, "weekly": 0.15, "1 and 15": 0.1, "15 and last": 0.15, "day 1": 0.05},
        {"visa": 0.5, "mastercard": 0.46, "amex": 0.04},
        {"last working day": 0.6, "day 20": 0.4},
    ),
    "AU": Place(
        ("Australia/Sydney", "Australia/Brisbane", "Australia/Adelaide", "Australia/Perth"),
        "AUD",
        520_000,
        {"weekly": 0.32, "biweekly": 0.45, "day 15": 0.12, "last working day": 0.11},
        {"visa": 0.6, "mastercard": 0.36, "amex": 0.04},
        {"biweekly": 1.0},
    ),
    "GB": Place(
        ("Europe/London",),
        "GBP",
        230_000,
        {
            "last working day": 0.38,
            "day 25": 0.14,
            "day 28": 0.16,
            "weekly": 0.15,
            "4-weekly": 0.1,
            "day 1": 0.04,
            "day 15": 0.03,
        },
        {"visa": 0.62, "mastercard": 0.35, "amex": 0.03},
        {"4-weekly": 0.5, "any day": 0.5},
    ),
    "DE": Place(("Europe/Berlin",), "EUR", 260_000, _MONTHLY, _EURO, _STATE),
    "AT": Place(("Europe/Vienna",), "EUR", 250_000, _MONTHLY, _EURO, {"day 1": 1.0}),
    "FR": Place(
        ("Europe/Paris",),
        "EUR",
        240_000,
        {"last working day": 0.45, "day 28": 0.25, "day 1": 0.15, "day 5": 0.15},
        _EURO,
        {"day 5": 0.6, "day 9": 0.4},
    ),
    "ES": Place(
        ("Europe/Madrid", "Atlantic/Canary"),
        "EUR",
        180_000,
        {"last working day": 0.6, "day 28": 0.15, "day 1": 0.15, "day 5": 0.1},
        _EURO,
        {"day 25": 0.7, "day 10": 0.3},
    ),
    "IT": Place(
        ("Europe/Rome",),
        "EUR",
        170_000,
        {"day 27": 0.35, "day 10": 0.25, "day 15": 0.15, "last working day": 0.25},
        _EURO,
        {"day 1": 1.0},
    ),
    "NL": Place(
        ("Europe/Amsterdam",),
        "EUR",
        280_000,
        {"day 25": 0.45, "day 24": 0.15, "day 28": 0.1, "last working day": 0.2, "4-weekly": 0.1},
        {"visa": 0.4, "mastercard": 0.6},
        {"day 23": 1.0},
    ),
    "SE": Place(
        ("Europe/Stockholm",),
        "SEK",
        2_700_000,
        {"day 25": 0.85, "day 27": 0.1, "last working day": 0.05},
        {"visa": 0.5, "mastercard": 0.5},
        {"day 18": 0.5, "day 25": 0.5},
    ),
    "PL": Place(
        ("Europe/Warsaw",),
        "PLN",
        520_000,
        {"day 10": 0.5, "last working day": 0.3, "day 5": 0.1, "day 28": 0.1},
        {"visa": 0.5, "mastercard": 0.5},
        {"day 5": 0.3, "day 10": 0.3, "day 15": 0.2, "day 25": 0.2},
    ),
    "BR": Place(
        ("America/Sao_Paulo", "America/Manaus"),
        "BRL",
        260_000,
        {"working day 5": 0.5, "working day 5 and 20": 0.35, "last working day": 0.15},
        {"visa": 0.4, "mastercard": 0.5, "amex": 0.1},
        {"any day": 1.0},
    ),
    "MX": Place(
        ("America/Mexico_City", "America/Tijuana"),
        "MXN",
        1_100_000,
        {"15 and last": 0.75, "weekly": 0.25},
        {"visa": 0.55, "mastercard": 0.42, "amex": 0.03},
        {"day 1": 0.5, "day 5": 0.5},
    ),
    "JP": Place(
        ("Asia/Tokyo",),
        "JPY",
        280_000,
        {"day 25": 0.7, "last working day": 0.15, "day 15": 0.1, "day 10": 0.05},
        {"jcb": 0.35, "visa": 0.4, "mastercard": 0.25},
        {"day 15": 1.0},
    ),
    "IN": Place(
        ("Asia/Kolkata",),
        "INR",
        3_500_000,
        {"last working day": 0.5, "day 1": 0.35, "day 7": 0.15},
        {"visa": 0.5, "mastercard": 0.5},
        {"day 1": 1.0},
    ),
}
