# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a strategy may see of a case, and what it must be able to do."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Protocol

from .cases import Cases
from .issuers import ADVICE, CLASSES, CODES, DEAD_CLASSES
from .zones import DAY, to_datetime


@dataclass(frozen=True)
class Tried:
    """A charge of this case and its answer.

    :param at: aware instant, UTC
    :param code: `paid`, or Stripe's decline code
    :param decline_class: as in `declines`; empty for a payment
    :param advice: Mastercard's advice code 24 to 30, or empty
    """

    at: datetime
    code: str
    decline_class: str
    advice: str = ""

    @property
    def paid(self) -> bool:
        """Whether the money came."""
        return self.code == "paid"


@dataclass(frozen=True)
class Past:
    """An earlier charge of this customer; purchases of their own are among them."""

    at: datetime
    paid: bool


@dataclass(frozen=True)
class View:
    """A case as the merchant sees it. Instants are aware, UTC; amounts minor units.

    :param key: unique among all cases of a run
    :param tried: charges so far; the first is the failure that opened the case
    :param tries_left: charges that may still be sent; quick repeats of technical failures are free
    :param deadline: instant after which no charge is sent
    :param tries: of the policy
    :param window: of the policy, days
    :param history: earlier charges of the customer, oldest first
    :param method_since: when another method came on file, or None
    :param issuer: the card's first digits, empty where the provider does not tell them
    """

    key: str
    tried: tuple[Tried, ...]
    tries_left: int
    deadline: datetime
    tries: int
    window: float
    amount: int
    currency: str
    country: str
    time_zone: str
    network: str
    funding: str
    history: tuple[Past, ...]
    method_since: datetime | None = None
    issuer: str = ""

    @property
    def is_dead(self) -> bool:
        """Whether the method works no more until somebody does something."""
        return self.tried[-1].decline_class in DEAD_CLASSES

    @property
    def technical_row(self) -> int:
        """How many of the latest charges failed in a row for technical reasons."""
        row = takewhile(lambda each: each.decline_class == "technical", reversed(self.tried))
        return len([*row])


class Strategy(Protocol):
    """Whoever decides when to charge next."""

    def next(self, view: View, now: datetime, rng: random.Random) -> datetime | None:
        """Return an aware instant not before `now`, or None to stop.

        Asked right after each declined charge. Charges after a technical failure, waits named by
        the network and dead methods are the strategy's own to treat.
        """

    def learn(self, view: View, tried: Tried) -> None:
        """Hear how a charge ended; `view` is what was seen when it was decided."""


class Desk:
    """Writes views of cases.

    :param cases: the cases
    :param label: makes keys of different streams different
    """

    def __init__(self, cases: Cases, label: str = "") -> None:
        self.cases = cases
        self.label = label
        self._codes, self._advice = cases.first_answers()

    def first(self, index: int) -> Tried:
        """Return the failure that opened a case."""
        opened = self.cases.opened[index]
        return tried(opened, self._codes[index], self._advice[index])

    def open(self, index: int, tries: int, window: float) -> View:
        """Return the view with which a case begins."""
        cases = self.cases
        country = cases.countries[cases.country[index]]
        return View(
            key=f"{self.label}{index}",
            tried=(self.first(index),),
            tries_left=tries,
            deadline=to_datetime(cases.opened[index] + window * DAY),
            tries=tries,
            window=window,
            amount=int(cases.amount[index]),
            currency=cases.currency(index),
            country=country,
            time_zone=cases.zones.names[cases.zone[index]],
            network=str(cases.brand[index]),
            funding=cases.funding_of(index),
            history=tuple(Past(at, paid) for at, paid in cases.past(index)),
            issuer=cases.issuer_of(index),
        )


def tried(at: float, code: int, advice: int) -> Tried:
    """Return a charge at an instant (seconds) with numbers of its code and advice."""
    name = CODES[code]
    return Tried(to_datetime(at), name, CLASSES[name], ADVICE[advice])
