# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Payments of the past, and the debts that they were for."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from ..declines import Decline
from ..declines.taxonomy import PASSING_CLASSES


class PastPayment(NamedTuple):
    """One charge, or one payment that a customer made.

    :ivar debt: what it was for
    :ivar at: aware instant
    :ivar amount: in one currency for all
    :ivar is_paid: whether it brought money
    :ivar decline: why it did not; none where it did
    :ivar method: what names the card or account, none where it was not saved
    :ivar by_customer: whether the customer made it, as on the portal
    """

    debt: Hashable
    at: datetime
    amount: float
    is_paid: bool
    decline: Decline | None = None
    method: Hashable | None = None
    by_customer: bool = False


@dataclass
class Debt:
    """Something owed whose payment failed at least once.

    :ivar payments: oldest first; the first of them that failed opened it
    :ivar owed: what is still owed, in the unit of the amounts
    :ivar settled_at: aware instant at which it was paid without any of these payments, if so
    :ivar country: of the customer, ISO 3166 alpha-2
    :ivar tz: the customer's time zone
    """

    key: Hashable
    customer: Hashable
    amount: float
    payments: list[PastPayment] = field(default_factory=list)
    owed: float = 0.0
    settled_at: datetime | None = None
    country: str = ""
    tz: str = "UTC"

    @property
    def first(self) -> PastPayment:
        """The failure that opened it."""
        return next(payment for payment in self.payments if not payment.is_paid)

    @property
    def later(self) -> list[PastPayment]:
        """What was tried after the first failure, oldest first."""
        first = self.first
        return self.payments[self.payments.index(first) + 1 :]

    @property
    def paid(self) -> PastPayment | None:
        """The payment that brought the money after the failure."""
        return next((payment for payment in self.later if payment.is_paid), None)

    @property
    def decline_class(self) -> str:
        """The class of the first failure."""
        return self.first.decline.decline_class

    @property
    def is_chargeable(self) -> bool:
        """Whether charging the same saved method again could have brought anything."""
        return self.first.method is not None and self.decline_class in PASSING_CLASSES

    @property
    def came_back(self) -> str:
        """How it came back: ``retry``, ``customer`` or ``other``; empty when it did not.

        A retry is a charge of a saved method by somebody else than the customer. The customer's
        are those that nobody had to do anything for. ``other`` is a payment that no provider saw,
        as a bank transfer.
        """
        paid = self.paid
        if paid and not (self.settled_at and self.settled_at < paid.at):
            return "customer" if paid.by_customer else "retry"
        return "other" if self.settled_at else ""

    @property
    def own_at(self) -> datetime | None:
        """When the customer paid without being charged, if they did."""
        if self.came_back == "customer":
            return self.paid.at
        return self.settled_at if self.came_back == "other" else None


def gather(payments: Iterable[PastPayment], debts: dict[Hashable, Debt]) -> list[Debt]:
    """Sort payments under their debts; return those with a failure, by its instant.

    :param debts: what is known of each, by key; payments of others are left out
    """
    for payment in payments:
        if debt := debts.get(payment.debt):
            debt.payments.append(payment)
    failed = []
    for debt in debts.values():
        debt.payments.sort(key=lambda payment: payment.at)
        # What was paid and failed afterwards was no debt any more.
        if debt.payments and not debt.payments[0].is_paid:
            failed.append(debt)
    failed.sort(key=lambda debt: (debt.first.at, str(debt.key)))
    return failed
