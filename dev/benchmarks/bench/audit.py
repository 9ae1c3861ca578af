# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Compare the gateway's ledger with Odoo's accounting, invoice by invoice.

Of the addon only the attempts are asked, for what is unfinished and how many there are, and whether
somebody has been told (an alert). All else is the gateway's movements of money, Odoo's payment
transactions, and what its accounting reconciled. All amounts are in minor units of the invoice's
currency.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

# Odoo numbers the further transactions of an invoice, INV/2026/00001-2, and the attempts' have
# references of their own, INV/2026/00001-R57.
_NUMBER = re.compile(r"(-R\d+)?(-\d+)?$")
# How many attempts of one case in any 24 hours are no accident: so many with a transaction, and so
# many that ended before one was made. Mastercard's ceiling is ten declines in 24 hours, the most
# that any network allows; two more are for charges that were not sent.
ATTEMPTS_A_DAY = 12
_DAY = timedelta(days=1)
_IN_FLIGHT = ("running", "unknown", "pending")


@dataclass(frozen=True)
class Transaction:
    """A payment transaction of Odoo, and how much of it is booked on its invoices.

    :ivar elsewhere: how much is booked on others: what was paid twice is the customer's credit
    :ivar payments: the amounts of its payments in the books, which should be one at most
    """

    reference: str
    state: str
    operation: str
    invoices: tuple[int, ...]
    amount: int
    booked: int
    elsewhere: int = 0
    payments: tuple[int, ...] = ()

    @property
    def is_own_act(self) -> bool:
        """Return whether a customer began it, not the engine."""
        return self.operation != "offline"


@dataclass(frozen=True)
class Invoice:
    """An invoice, and how much of it Odoo believes to be paid.

    :ivar credited: how much of that is by charges of others, the customer's credit
    """

    id: int
    name: str
    total: int
    paid: int
    credited: int = 0


@dataclass(frozen=True)
class Attempt:
    """An attempt of an invoice.

    :param at: UTC, naive: when it was started, or ended without having been
    :param deadline: UTC, naive: until when somebody has to find out what became of it, or None
    """

    id: int
    invoice: int
    state: str
    at: datetime | None
    has_transaction: bool = True
    deadline: datetime | None = None


@dataclass(frozen=True)
class Excuses:
    """What neither the engine nor the provider's webhooks are to blame for.

    :param denied: references of charges that the provider has, or had later, and of which a person
        said *not charged*, or the provider that it knew nothing of them
    :param untold: references whose success the provider never told by a webhook
    """

    denied: Collection[str] = ()
    untold: Collection[str] = ()


@dataclass(frozen=True)
class Books:
    """What Odoo's database says; `alerts` are the ids of the invoices with an open alert."""

    transactions: Collection[Transaction] = ()
    invoices: Collection[Invoice] = ()
    attempts: Collection[Attempt] = ()
    alerts: Collection[int] = ()
    now: datetime = datetime.max  # UTC, naive


@dataclass
class Findings:
    """What the comparison found; each list names references or invoices, and what is wrong."""

    charges: int = 0
    money: dict[str, int] = field(default_factory=dict)
    double: list[str] = field(default_factory=list)
    unknown_to_odoo: list[str] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)
    without_money: list[str] = field(default_factory=list)
    alerts_missing: list[str] = field(default_factory=list)
    over_bound: list[str] = field(default_factory=list)
    booked_otherwise: list[str] = field(default_factory=list)
    # Invoices paid twice through an excuse, of which somebody has been told.
    excused: list[str] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """The names of the invoices that failed, for a diary."""
        lists = (
            self.double,
            self.unknown_to_odoo,
            self.unresolved,
            self.without_money,
            self.alerts_missing,
            self.over_bound,
            self.booked_otherwise,
        )
        return {name_of(item.split(":")[0]) for found in lists for item in found}


def name_of(reference: str) -> str:
    """Return the invoice's name that a reference of its transactions begins with."""
    return _NUMBER.sub("", reference)


def compare(
    ledger: Iterable[Mapping[str, Any]], books: Books, excuses: Excuses | None = None
) -> Findings:
    """Compare the money that moved with what Odoo knows of it.

    :param ledger: the gateway's entries, as its control API gives them
    """
    audit = _Audit(books, excuses or Excuses())
    for entry in ledger:
        audit.take(entry)
    audit.judge_references()
    audit.judge_payments()
    audit.judge_invoices()
    audit.judge_attempts()
    return audit.found


class _Audit:
    """One comparison; use :func:`compare`."""

    def __init__(self, books: Books, excuses: Excuses) -> None:
        self.found = Findings()
        self._books, self._excuses = books, excuses
        self._by_reference = {item.reference: item for item in books.transactions}
        self._names = {invoice.id: invoice.name for invoice in books.invoices}
        self._ids = {name: id for id, name in self._names.items()}
        # Money less refunds, by reference, and by invoice and reference.
        self._taken: dict[str, int] = defaultdict(int)
        self._received: dict[int | None, Counter[str]] = defaultdict(Counter)

    def take(self, entry: Mapping[str, Any]) -> None:
        """Add a movement of money."""
        signed = entry["amount"] if entry["kind"] == "charge" else -entry["amount"]
        reference = entry["description"] or ""
        self._taken[reference] += signed
        self._received[self._invoice_of(reference)][reference] += signed
        self.found.charges += entry["kind"] == "charge"
        money = self.found.money
        money[entry["currency"]] = money.get(entry["currency"], 0) + signed

    def _invoice_of(self, reference: str) -> int | None:
        """Return the invoice that a charge was for, also when Odoo has lost the transaction."""
        if reference in self._by_reference:
            return self._by_reference[reference].invoices[0]
        return self._ids.get(reference) or self._ids.get(name_of(reference))

    def judge_references(self) -> None:
        """Find money that Odoo does not know, and money that it knows and nobody looks at."""
        for reference, amount in self._taken.items():
            transaction = self._by_reference.get(reference)
            is_told = self._invoice_of(reference) in self._books.alerts
            if not amount or is_told:
                continue
            if not transaction or transaction.state != "done" or transaction.amount != amount:
                if not self._is_untold(reference):
                    state = transaction.state if transaction else "missing"
                    self.found.unknown_to_odoo.append(f"{reference}: {state}")
            elif transaction.booked + transaction.elsewhere != transaction.amount:
                self.found.alerts_missing.append(f"{reference}: success, not booked in full")

    def judge_payments(self) -> None:
        """Find transactions that were booked twice, or with another amount than was charged."""
        for transaction in self._books.transactions:
            if transaction.payments and transaction.payments != (transaction.amount,):
                amounts = ", ".join(map(str, transaction.payments))
                self.found.booked_otherwise.append(f"{transaction.reference}: {amounts}")

    def _is_untold(self, reference: str) -> bool:
        """Return whether nobody could have known: denied first, and then never told."""
        return reference in self._excuses.denied and reference in self._excuses.untold

    def judge_invoices(self) -> None:
        """Find invoices that took more than they owed, or are paid without money."""
        for invoice in self._books.invoices:
            received = self._received[invoice.id]
            excess = received.total() - invoice.total
            if invoice.paid - invoice.credited > received.total():
                self.found.without_money.append(invoice.name)
            if excess <= 0:
                continue
            if excess > self._get_excused(received):
                self.found.double.append(invoice.name)
            elif invoice.id in self._books.alerts or excess == self._get_elsewhere(received):
                self.found.excused.append(invoice.name)
            elif not any(self._is_untold(reference) for reference in received):
                self.found.alerts_missing.append(f"{invoice.name}: paid twice, nobody is told")

    def _get_excused(self, received: Mapping[str, int]) -> int:
        """Return how much of an invoice's money is above what it owed by somebody's own doing.

        That is what had been denied, and each payment after the first that a customer began.
        """
        denied = sum(received[name] for name in received if name in self._excuses.denied)
        own_acts = [
            amount
            for name, amount in received.items()
            if name not in self._excuses.denied
            and name in self._by_reference
            and self._by_reference[name].is_own_act
        ]
        return denied + sum(own_acts) - max(own_acts, default=0)

    def _get_elsewhere(self, received: Mapping[str, int]) -> int:
        """Return how much of an invoice's money has paid others since."""
        known = (self._by_reference.get(name) for name in received)
        return sum(transaction.elsewhere for transaction in known if transaction)

    def judge_attempts(self) -> None:
        """Find charges without an end that nobody waits for, and cases charged too often."""
        self.found.unresolved = [
            transaction.reference
            for transaction in self._books.transactions
            if not transaction.is_own_act and transaction.state not in ("done", "error", "cancel")
        ]
        days: dict[tuple[int, bool], list[datetime]] = defaultdict(list)
        for attempt in self._books.attempts:
            name = self._names.get(attempt.invoice, f"invoice {attempt.invoice}")
            if attempt.state in _IN_FLIGHT:
                has_end = attempt.deadline and attempt.deadline > self._books.now
                if not has_end and attempt.invoice not in self._books.alerts:
                    self.found.alerts_missing.append(
                        f"{name}: attempt {attempt.id} is {attempt.state} without a deadline"
                    )
            if attempt.at and attempt.state != "planned":
                days[attempt.invoice, attempt.has_transaction].append(attempt.at)
        for (invoice, _has_transaction), instants in days.items():
            most = _count_within_a_day(instants)
            if most > ATTEMPTS_A_DAY:
                name = self._names.get(invoice, f"invoice {invoice}")
                self.found.over_bound.append(f"{name}: {most} attempts in a day")


def _count_within_a_day(instants: Iterable[datetime]) -> int:
    """Return the largest number of instants that lie within 24 hours."""
    ordered, first, most = sorted(instants), 0, 0
    for last, instant in enumerate(ordered):
        while instant - ordered[first] >= _DAY:
            first += 1
        most = max(most, last - first + 1)
    return most
