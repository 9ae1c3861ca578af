# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What can be counted in the past without supposing anything."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..timing.ceiling import Charge, PastAttempt, Rule, check
from .payments import Debt, PastPayment

# Networks count at most so far back.
_LONGEST = timedelta(days=181)


@dataclass
class Sum:
    """How many payments, and how much money."""

    count: int = 0
    amount: float = 0.0

    def add(self, amount: float) -> None:
        """Add one."""
        self.count += 1
        self.amount += amount

    def to_list(self) -> list[float]:
        """Return count and amount."""
        return [self.count, round(self.amount, 2)]


@dataclass
class Findings:
    """What was found.

    :ivar failed: debts whose first payment failed
    :ivar known: of them, those of which anything could be read
    :ivar readable: of them, those whose reason could be read
    :ivar reasons: by class and reason of the first failure
    :ivar back: of them, by how they came back
    :ivar owed: what is owed of them still
    :ivar without_method: of them, those with no saved method to charge
    :ivar waiting: of them, those that charging the same method again could have brought back
    :ivar waiting_back: of these, those that came back
    :ivar retries: charges of saved methods after a failure
    :ivar dead: of them, charges of a card that had been refused for good
    :ivar beyond: of them, charges that a network's rule forbade, by the rule's name
    """

    failed: Sum = field(default_factory=Sum)
    known: Sum = field(default_factory=Sum)
    readable: Sum = field(default_factory=Sum)
    reasons: dict[tuple[str, str], Sum] = field(default_factory=lambda: defaultdict(Sum))
    back: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    owed: Sum = field(default_factory=Sum)
    without_method: Sum = field(default_factory=Sum)
    waiting: Sum = field(default_factory=Sum)
    waiting_back: Sum = field(default_factory=Sum)
    retries: Sum = field(default_factory=Sum)
    dead: Sum = field(default_factory=Sum)
    beyond: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        plain = ("failed", "known", "readable", "owed", "without_method", "waiting", "waiting_back")
        values = {name: getattr(self, name).to_list() for name in (*plain, "retries", "dead")}
        reasons = sorted(self.reasons.items(), key=lambda item: (-item[1].amount, item[0]))
        return {
            **values,
            "reasons": [[*names, *total.to_list()] for names, total in reasons],
            "back": {way: total.to_list() for way, total in sorted(self.back.items())},
            "beyond": [
                [name, *total.to_list()]
                for name, total in sorted(self.beyond.items(), key=lambda item: -item[1].count)
            ],
        }


def find(
    debts: Iterable[Debt], rules: Sequence[Rule] = (), silent: frozenset[str] = frozenset()
) -> Findings:
    """Count what became of debts.

    :param rules: of card networks and bank schemes, as they were valid at the time
    :param silent: reasons that say nothing, as "declined"
    """
    found = Findings()
    charges: dict[Any, list[PastPayment]] = defaultdict(list)
    for debt in debts:
        _count(found, debt, silent)
        for payment in debt.payments:
            if payment.method is not None:
                charges[payment.method].append(payment)
    for payments in charges.values():
        if len(payments) > 1:
            payments.sort(key=lambda payment: payment.at)
            _judge(found, payments, rules)
    return found


def _count(found: Findings, debt: Debt, silent: frozenset[str]) -> None:
    first, way = debt.first, debt.came_back
    found.failed.add(debt.amount)
    found.reasons[debt.decline_class, first.decline.reason].add(debt.amount)
    if first.decline.known:
        found.known.add(debt.amount)
        if first.decline.reason not in silent:
            found.readable.add(debt.amount)
    if way:
        found.back[way].add(debt.amount)
    elif debt.owed > 0:
        found.owed.add(debt.owed)
    if first.method is None:
        found.without_method.add(debt.amount)
    if debt.is_chargeable:
        found.waiting.add(debt.amount)
        if way:
            found.waiting_back.add(debt.amount)


def _judge(found: Findings, payments: Sequence[PastPayment], rules: Sequence[Rule]) -> None:
    """Look at the charges of one card or account, oldest first."""
    is_dead, unpaid = False, False
    tried: set[Any] = set()
    for number, payment in enumerate(payments):
        is_retry = payment.debt in tried and not payment.by_customer
        if is_retry:
            found.retries.add(payment.amount)
        if is_dead and not payment.by_customer:
            found.dead.add(payment.amount)
        if (
            unpaid
            and not payment.by_customer
            and (rule := _find_rule(payments[:number], payment, rules))
        ):
            found.beyond[rule.name or rule.id].add(payment.amount)
        tried.add(payment.debt)
        if payment.is_paid:
            is_dead = unpaid = False
        else:
            unpaid = True
            is_dead = is_dead or payment.decline.decline_class == "never"


def _find_rule(earlier: Sequence[PastPayment], payment: PastPayment, rules: Sequence[Rule]):
    """Return the rule that forbade a charge, if one did."""
    recent = [one for one in earlier if payment.at - one.at <= _LONGEST]
    history = [_to_attempt(one) for one in recent]
    country = next((one.decline.country for one in recent if one.decline), "")
    charge = Charge(_minor(payment.amount), "", "", country, None, payment.debt)
    block = check(rules, history, payment.at, charge)
    return block and block.rule


def _to_attempt(payment: PastPayment) -> PastAttempt:
    decline = payment.decline
    return PastAttempt(
        at=payment.at,
        amount=_minor(payment.amount),
        outcome="paid" if payment.is_paid else "declined",
        network=decline.network if decline else "",
        code=decline.network_code if decline else "",
        reason=decline.reason if decline else "",
        category=decline.category if decline else None,
        advice_code=decline.advice_code if decline else "",
        debt=payment.debt,
    )


def _minor(amount: float) -> int:
    return round(amount * 100)
