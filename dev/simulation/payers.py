# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""People who pay by card: names, pay days, cards, and the trouble they have with them.

Everything follows from a seed and an instant; there is no wall clock and no HTTP. A payer turns
into a card of the gateway by `card()` and `behaviour()`, both plain JSON values. Bank accounts are
in `accounts`, what a card answers in `behaviours`; a richer population needs only other objects
with a `Behaviour`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .accounts import Account, PayHabit
from .countries import COUNTRIES, PAY_HABITS, PAYS_PER_MONTH, Country

# How many of a hundred payers are of each kind. Most failures of a real population are money that
# comes on pay day; dead cards, 3-D Secure and trouble at the bank share the rest.
KINDS = {
    "steady": 52,  # always has the money
    "short": 26,  # runs out of money before pay day
    "expiring": 6,  # the card's last month comes within the time looked at
    "lost": 4,
    "stolen": 2,
    "closed": 2,  # the account behind the card is gone
    "authentication": 4,  # the bank asks for 3-D Secure on every charge
    "technical": 4,  # the bank is often down or unfriendly, and the money is there
}
# Some of Mastercard's issuers tell how long to wait when money is missing.
_ADVISING_SHARE = 0.4
# Trouble that anybody may have on any charge.
_BACKGROUND_NOISE = {"issuer_not_available": 0.005, "do_not_honor": 0.01}
_TECHNICAL_NOISE = {
    "issuer_not_available": 0.25,
    "processing_error": 0.15,
    "do_not_honor": 0.1,
    "try_again_later": 0.1,
}


@dataclass(frozen=True)
class Payer:
    """One customer with one card.

    :param country: ISO 3166 code, also of the card
    :param time_zone: IANA name
    :param language: Odoo's code of the language, such as `de_DE`
    :param currency: ISO 4217, upper case
    :param kind: one of `KINDS`; what the payer's charges will meet
    :param bill: minor units of a usual monthly invoice
    :param exp_month: last month in which the card works, with `exp_year`
    :param account: where the money is, alive since `opened`
    :param advises: probability that the bank tells how long to wait when money is missing
    :param dies_at: aware instant from which the card is dead of `dies_of`, or None
    """

    name: str
    email: str
    country: str
    time_zone: str
    language: str
    currency: str
    kind: str
    bill: int
    brand: str
    funding: str
    exp_month: int
    exp_year: int
    account: Account
    noise: dict[str, float] = field(default_factory=dict)
    advises: float = 0.0
    dies_at: datetime | None = None
    dies_of: str = "lost_card"
    authentication: str = "never"
    seed: int = 0

    def card(self) -> dict[str, Any]:
        """Return the details for the gateway's `create_card`."""
        return {
            "brand": self.brand,
            "country": self.country,
            "funding": self.funding,
            "exp_month": self.exp_month,
            "exp_year": self.exp_year,
            "customer": {"name": self.name, "email": self.email},
        }

    def behaviour(self) -> dict[str, Any]:
        """Return the behaviour for the gateway's `create_card`."""
        return {
            "account": self.account.to_dict(),
            "noise": self.noise,
            "dies_at": self.dies_at.isoformat() if self.dies_at else None,
            "dies_of": self.dies_of,
            "authentication": self.authentication,
            "advises": self.advises,
            "seed": self.seed,
        }


def generate_payers(
    seed: int,
    count: int,
    *,
    start: datetime,
    days: int = 60,
    countries: tuple[str, ...] = tuple(COUNTRIES),
) -> list[Payer]:
    """Return a plausible population; the same arguments give the same people.

    :param seed: any integer
    :param count: how many, at least 0; the first of a larger population are those of a smaller one
    :param start: aware instant at which accounts open and cards are new to the merchant
    :param days: length of the time looked at, in which cards expire, get lost or stolen
    :param countries: ISO 3166 codes out of `COUNTRIES`
    :raises ValueError: for an unknown country, a naive instant, or a negative number
    """
    unknown = set(countries) - set(COUNTRIES)
    if unknown or not countries:
        raise ValueError(f"There are no payers of {', '.join(sorted(unknown)) or 'no country'}.")
    if start.tzinfo is None or count < 0 or days < 1:
        raise ValueError("A population needs a time zone, a count and at least one day.")
    return [_Maker(seed, number, start, days, countries).payer() for number in range(count)]


class _Maker:
    """Makes payer number `number` of a population."""

    def __init__(
        self, seed: int, number: int, start: datetime, days: int, countries: tuple[str, ...]
    ) -> None:
        # A generator per payer: adding one, or a question about one, leaves the others alone.
        self.random = random.Random(f"{seed}/{number}")
        self.number = number
        self.start = start
        self.days = days
        weights = [COUNTRIES[code].weight for code in countries]
        self.code = self.random.choices(countries, weights)[0]
        self.country: Country = COUNTRIES[self.code]
        self.time_zone = self.random.choice(self.country.time_zones)
        self.kind = self.random.choices(tuple(KINDS), tuple(KINDS.values()))[0]

    def payer(self) -> Payer:
        """Put the payer together."""
        given = self.random.choice(self.country.given_names)
        family = self.random.choice(self.country.family_names)
        ascii_name = _ascii(f"{given}.{family}")
        month, year = self._expiry()
        bill = self.random.choice((900, 1900, 2900, 4900, 9900, 19900))
        brand = self._weighted(self.country.brands)
        return Payer(
            name=f"{given} {family}",
            # Numbered, since names repeat; a domain that no mail server answers for.
            email=f"{ascii_name}.{self.number + 1}@example.com",
            country=self.code,
            time_zone=self.time_zone,
            language=self.country.language,
            currency=self.country.currency,
            kind=self.kind,
            bill=bill,
            brand=brand,
            funding="debit" if self.random.random() < self.country.debit_share else "credit",
            exp_month=month,
            exp_year=year,
            account=self._account(bill),
            noise=_TECHNICAL_NOISE if self.kind == "technical" else _BACKGROUND_NOISE,
            advises=_ADVISING_SHARE if brand == "mastercard" else 0.0,
            dies_at=self._death(),
            dies_of={"stolen": "stolen_card", "closed": "invalid_account"}.get(
                self.kind, "lost_card"
            ),
            authentication="always" if self.kind == "authentication" else "never",
            seed=self.random.randrange(2**32),
        )

    def _account(self, bill: int) -> Account:
        habit, pays_per_month = self._habit()
        pay = round(self.country.monthly_pay * self.random.uniform(0.7, 1.4) / pays_per_month)
        short = self.kind == "short"
        # Whoever runs short spends what comes in, and a little more, before the next pay day; the
        # others keep a fifth of it and some savings.
        spending = pay * pays_per_month / 30 * (1.15 if short else 0.8)
        savings = self.random.uniform(0, 0.3) * pay if short else bill * 6 + pay
        return Account(
            opening=round(savings),
            opened=self.start,
            pay=PayHabit(pay, **habit),
            daily_spending=round(spending),
            spending_spread=self.random.uniform(0.3, 0.7),
            time_zone=self.time_zone,
            seed=self.random.randrange(2**32),
        )

    def _habit(self) -> tuple[dict[str, Any], float]:
        """Return when pay comes, and how many times in a month of thirty days."""
        name = self._weighted(self.country.pay_habits)
        habits = PAY_HABITS[name]
        habit = self.random.choice(habits) if len(habits) > 1 else habits[0]
        return habit, PAYS_PER_MONTH[name]

    def _death(self) -> datetime | None:
        if self.kind not in {"lost", "stolen", "closed"}:
            return None
        return self.start + timedelta(days=self.random.uniform(0, self.days))

    def _expiry(self) -> tuple[int, int]:
        """Return the card's last month: soon for the expiring, else one to four years away."""
        soon, far = (0, max(self.days - 31, 1)), (self.days + 400, self.days + 1400)
        low, high = soon if self.kind == "expiring" else far
        last = self.start + timedelta(days=self.random.uniform(low, high))
        return last.month, last.year

    def _weighted(self, shares: dict[str, float]) -> str:
        return self.random.choices(tuple(shares), tuple(shares.values()))[0]


def _ascii(name: str) -> str:
    plain = name.lower().translate(str.maketrans("áàäâéèêëíïîñóöôúüûçß'", "aaaaeeeeiiinooouuucs-"))
    return plain.replace(" ", "-")
