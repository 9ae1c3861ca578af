# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The countries that payers come from: how people there are called, paid, and pay.

Plausible rather than measured: enough that every language, currency, time zone and pay habit that
the addon treats on its own occurs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

# When pay comes, by the name of the habit: the arguments of `accounts.PayHabit` that occur, equally
# often. `PAYS_PER_MONTH` is how often that is in a month of thirty days.
PAY_HABITS: dict[str, tuple[dict[str, Any], ...]] = {
    "weekly": ({"weekday": 4},),
    "fortnightly": ({"weekday": 4, "every_weeks": 2},),
    "twice_a_month": ({"days": (1, 15)}, {"days": (15, 31)}),
    "month_end": ({"days": (31,)},),
    "monthly": ({"days": (1,)}, {"days": (5,)}, {"days": (25,)}, {"days": (28,)}),
}
PAYS_PER_MONTH = {
    "weekly": 30 / 7,
    "fortnightly": 30 / 14,
    "twice_a_month": 2.0,
    "month_end": 1.0,
    "monthly": 1.0,
}


class Country(NamedTuple):
    """What the payers of a country have in common.

    :param weight: relative number of payers
    :param monthly_pay: usual net pay of a month, minor units of `currency`
    :param pay_habits: share of each habit
    :param brands: share of each card brand
    :param debit_share: share of cards that are debit cards
    """

    weight: int
    language: str
    currency: str
    time_zones: tuple[str, ...]
    monthly_pay: int
    pay_habits: dict[str, float]
    brands: dict[str, float]
    debit_share: float
    given_names: tuple[str, ...]
    family_names: tuple[str, ...]


_EUROPE = {"visa": 0.5, "mastercard": 0.48, "amex": 0.02}

COUNTRIES: dict[str, Country] = {
    "US": Country(
        weight=30,
        language="en_US",
        currency="USD",
        time_zones=(
            "America/New_York",
            "America/Chicago",
            "America/Denver",
            "America/Los_Angeles",
        ),
        monthly_pay=380000,
        pay_habits={"fortnightly": 0.45, "weekly": 0.3, "twice_a_month": 0.2, "monthly": 0.05},
        brands={"visa": 0.55, "mastercard": 0.27, "amex": 0.12, "discover": 0.06},
        debit_share=0.5,
        given_names=("Emma", "Olivia", "Noah", "James", "Ava", "Lucas", "Grace", "Henry"),
        family_names=("Carter", "Brooks", "Hayes", "Reed", "Foster", "Perry", "Long", "Bennett"),
    ),
    "GB": Country(
        weight=16,
        language="en_GB",
        currency="GBP",
        time_zones=("Europe/London",),
        monthly_pay=230000,
        pay_habits={"month_end": 0.55, "monthly": 0.3, "weekly": 0.15},
        brands={"visa": 0.66, "mastercard": 0.31, "amex": 0.03},
        debit_share=0.7,
        given_names=("Amelia", "Isla", "Oliver", "George", "Freya", "Harry", "Poppy", "Alfie"),
        family_names=("Clarke", "Hughes", "Walker", "Turner", "Cooper", "Ward", "Bailey", "Shaw"),
    ),
    "DE": Country(
        weight=16,
        language="de_DE",
        currency="EUR",
        time_zones=("Europe/Berlin",),
        monthly_pay=260000,
        pay_habits={"month_end": 0.7, "monthly": 0.3},
        brands=_EUROPE,
        debit_share=0.4,
        given_names=("Anna", "Lena", "Jürgen", "Felix", "Marie", "Jonas", "Käthe", "Moritz"),
        family_names=("Schäfer", "Krüger", "Vogel", "Lorenz", "Weiß", "Brandt", "Koch", "Sommer"),
    ),
    "FR": Country(
        weight=12,
        language="fr_FR",
        currency="EUR",
        time_zones=("Europe/Paris",),
        monthly_pay=240000,
        pay_habits={"month_end": 0.8, "monthly": 0.2},
        brands={"visa": 0.6, "mastercard": 0.39, "amex": 0.01},
        debit_share=0.8,
        given_names=("Chloé", "Léa", "Hugo", "Théo", "Inès", "Jules", "Zoé", "Gaspard"),
        family_names=("Lefèvre", "Moreau", "Garnier", "Chevalier", "Fontaine", "Barré", "Noël"),
    ),
    "ES": Country(
        weight=9,
        language="es_ES",
        currency="EUR",
        time_zones=("Europe/Madrid",),
        monthly_pay=180000,
        pay_habits={"month_end": 0.75, "monthly": 0.25},
        brands=_EUROPE,
        debit_share=0.6,
        given_names=("Lucía", "Martín", "Sofía", "Álvaro", "Carmen", "Iñigo", "Elena", "Pablo"),
        family_names=("Ibáñez", "Molina", "Núñez", "Serrano", "Vidal", "Peña", "Rubio", "Ortega"),
    ),
    "NL": Country(
        weight=7,
        language="nl_NL",
        currency="EUR",
        time_zones=("Europe/Amsterdam",),
        monthly_pay=280000,
        pay_habits={"monthly": 0.8, "fortnightly": 0.2},
        brands={"visa": 0.4, "mastercard": 0.6},
        debit_share=0.6,
        given_names=("Sanne", "Daan", "Fleur", "Bram", "Lotte", "Sem", "Maud", "Thijs"),
        family_names=("Bakker", "Visser", "Smit", "Mulder", "Dekker", "Vos", "Peters", "Kuiper"),
    ),
    "IT": Country(
        weight=6,
        language="it_IT",
        currency="EUR",
        time_zones=("Europe/Rome",),
        monthly_pay=170000,
        pay_habits={"monthly": 0.7, "month_end": 0.3},
        brands=_EUROPE,
        debit_share=0.6,
        given_names=("Giulia", "Marco", "Chiara", "Matteo", "Sara", "Davide", "Elisa", "Paolo"),
        family_names=("Ferrari", "Greco", "Conti", "Mancini", "Rizzo", "Lombardi", "Moretti"),
    ),
    "JP": Country(
        weight=4,
        language="ja_JP",
        currency="JPY",
        time_zones=("Asia/Tokyo",),
        monthly_pay=280000,
        pay_habits={"monthly": 1.0},
        brands={"jcb": 0.35, "visa": 0.4, "mastercard": 0.25},
        debit_share=0.1,
        given_names=("Yui", "Haruto", "Aoi", "Sota", "Rin", "Ren", "Hina", "Yuto"),
        family_names=("Sato", "Suzuki", "Tanaka", "Watanabe", "Ito", "Nakamura", "Kobayashi"),
    ),
}
