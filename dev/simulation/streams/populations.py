# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The populations on which strategies are compared: how people are paid, spend, and are declined.

No public data tells when failed charges would have succeeded, so the structure is taken from
studies of household accounts, and the numbers are judgement where none is named:

* spending jumps on pay day at all incomes and falls until the next: Olafsson and Pagel, "The
  Liquid Hand-to-Mouth" (2018); Stephens, "Paycheque Receipt and the Timing of Consumption" (2006);
* commitments that fall shortly after pay, and pay periods that are long, leave accounts empty at
  their end: Baugh, Leary and Wang, "When Is It Hard to Make Ends Meet?" (2017);
* pay habits by country: `simulation.countries`;
* shares of decline reasons, waits of Mastercard advice, issuers that punish quick repeats:
  practice of processors and recovery vendors, as they publish it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from ..countries import COUNTRIES

# The habit `irregular` (pay at any day, by chance) has no place in `PAY_HABITS`: it is none.
IRREGULAR = "irregular"


@dataclass(frozen=True)
class Population:
    """One population.

    :param name: short, for options and tables
    :param title: one line for people
    :param countries: share of payers of each country
    :param habits: share of each pay habit, of `PAY_HABITS` or `IRREGULAR`; None takes the
        country's own
    :param causes: why a first charge fails: `funds`, `mood` (the issuer refuses for a while
        whatever there is on the account), `technical`, `dead`, `expired`, `authentication`
    :param spenders: of those who run short: `stretched` (out of money before pay day), `committed`
        (rent and debts take most of the pay within days), `passing` (the money moves on to
        another account within a day or two), `idle` (nobody is paid there; now and then some
        money comes)
    :param side_income: mean number of other receipts in 30 days
    :param hostile: share of issuers that refuse whatever comes too soon after the last charge
    :param hostile_gaps: hours for which they do, drawn from these
    :param masking: share of issuers that tell a lack of money as something else most of the time
    :param advising: share of Mastercard issuers that say when to come back
    :param mood_days: median length of a mood, in days
    :param shoppers: share of customers who also buy now and then on their own, when they have money
    :param shift: day from which everybody is paid by `habits_after`
    """

    name: str
    title: str
    countries: dict[str, float]
    habits: dict[str, float] | None = None
    causes: dict[str, float] = field(
        default_factory=lambda: {
            "funds": 0.64,
            "mood": 0.12,
            "technical": 0.07,
            "dead": 0.07,
            "expired": 0.05,
            "authentication": 0.05,
        }
    )
    spenders: dict[str, float] = field(
        default_factory=lambda: {
            "stretched": 0.3,
            "committed": 0.42,
            "passing": 0.18,
            "idle": 0.1,
        }
    )
    side_income: float = 0.6
    hostile: float = 0.12
    hostile_gaps: tuple[float, ...] = (4.0, 8.0, 20.0)
    masking: float = 0.2
    advising: float = 0.25
    mood_days: float = 2.5
    shoppers: float = 0.3
    shift: date | None = None
    habits_after: dict[str, float] | None = None


_US = {"US": 1.0}
_EURO = {"DE": 0.4, "FR": 0.35, "ES": 0.25}

_ALL = (
    Population(
        "twice_a_month",
        "paid on the 1st and 15th, or on the 15th and the last working day",
        _US,
        {"twice_a_month": 0.9, "monthly": 0.1},
    ),
    Population(
        "month_end",
        "paid on the last working day of the month",
        _EURO,
        {"month_end": 0.85, "monthly": 0.15},
    ),
    Population(
        "weekly",
        "paid every week or every other week",
        {"US": 0.7, "GB": 0.3},
        {"weekly": 0.5, "fortnightly": 0.5},
    ),
    Population(
        "memoryless",
        "money comes and goes by chance: there is nothing to learn from the calendar",
        _US,
        {IRREGULAR: 1.0},
        side_income=1.0,
    ),
    Population(
        "hostile",
        "issuers that refuse whatever comes within days of the last charge",
        {"US": 0.5, "GB": 0.5},
        {"twice_a_month": 0.4, "fortnightly": 0.3, "month_end": 0.3},
        causes={
            "funds": 0.5,
            "mood": 0.27,
            "technical": 0.06,
            "dead": 0.07,
            "expired": 0.05,
            "authentication": 0.05,
        },
        hostile=0.75,
        hostile_gaps=(20.0, 40.0, 60.0, 90.0),
        masking=0.4,
        advising=0.1,
    ),
    Population(
        "changing",
        "paid on the 1st until the pay day moves to the 15th, eight weeks before the end",
        {"GB": 1.0},
        {"monthly": 0.15, "first": 0.85},
        shift=date(2025, 8, 19),
        habits_after={"monthly": 0.15, "fifteenth": 0.85},
    ),
    Population(
        "mixture",
        "all countries, habits and kinds of trouble",
        {code: float(country.weight) for code, country in COUNTRIES.items()},
        side_income=0.8,
        hostile=0.25,
        hostile_gaps=(8.0, 20.0, 40.0),
    ),
    Population(
        "gig",
        "irregular income beside people with a wage, and many small receipts",
        {"US": 0.6, "ES": 0.4},
        {IRREGULAR: 0.5, "weekly": 0.25, "month_end": 0.25},
        side_income=2.0,
    ),
)
POPULATIONS: dict[str, Population] = {population.name: population for population in _ALL}
