# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A merchant's past of payments whose truth is known, as rows of transactions.

Debts are cases of the simulation: charges that failed, with a hidden cause. What was done about
them is drawn here: some were charged again by hand at odd times, some customers paid by
themselves. The same cases then tell what a schedule would have brought back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

import numpy as np

from revenue_recovery.audit.payments import Debt, PastPayment, gather
from revenue_recovery.audit.prospect import estimate
from revenue_recovery.audit.retries import choose, find_finished, make_case
from revenue_recovery.declines import Taxonomy
from revenue_recovery.declines.kept import read_kept
from revenue_recovery.timing.case import PastCharge
from revenue_recovery.timing.model.model import Model
from revenue_recovery.timing.plan.ladder import Ladder
from simulation.streams import POPULATIONS, generate, ladders
from simulation.streams.cases import Cases
from simulation.streams.issuers import CODES, PAID
from simulation.streams.zones import DAY, to_datetime

# What Odoo keeps of Stripe's refusals: its sentence, which often says less than its code.
_NO = "Your card was declined."
MESSAGES = {
    **dict.fromkeys(CODES[1:], _NO),
    "insufficient_funds": "Your card has insufficient funds.",
    "card_velocity_exceeded": "Your card was declined for making repeated attempts too frequently "
    "or exceeding its amount limit.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "expired_card": "Your card has expired.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
SCHEDULES = {"8 in 14": Ladder(8, 14), "8 in 60": Ladder(8, 60), "4 in 7": Ladder(4, 7)}
# Of the debts of this merchant, how many were charged again, and how often at most.
_RETRIED, _MOST = 0.6, 4
# Customers who pay by themselves, and after how many days on average.
_OWN, _OWN_DAYS = 0.15, 12.0
_LONGEST = 60


@dataclass
class Past:
    """Cases, and what was done about them.

    :ivar charges: instants (seconds), numbers of the codes, of each case, the first failure first
    :ivar own: instants at which customers pay by themselves, infinite for never
    """

    cases: Cases
    charges: list[list[tuple[float, int]]]
    own: np.ndarray


def make(population: str, seed: int, count: int, first_day: int, days: int) -> Past:
    """Return a past of `count` debts that failed on some days."""
    cases = generate(POPULATIONS[population], seed, count, first_day, days)
    rng = np.random.default_rng([seed, 77])
    own = np.where(
        rng.random(count) < _OWN, cases.opened + DAY * rng.exponential(_OWN_DAYS, count), np.inf
    )
    times = rng.integers(1, _MOST + 1, count) * (rng.random(count) < _RETRIED)
    gaps = rng.choice([1.0, 2.0, 3.0, 4.0, 7.0], (count, _MOST)) + rng.uniform(
        -0.1, 0.2, (count, _MOST)
    )
    codes, _advice = cases.first_answers()
    charges = [[(float(at), int(code))] for at, code in zip(cases.opened, codes, strict=True)]
    memory, last = cases.fresh_memory(), cases.opened.copy()
    going = np.ones(count, bool)
    for number in range(_MOST):
        at = last + gaps[:, number] * DAY
        going &= (number < times) & (at < own)
        index = np.flatnonzero(going)
        if not len(index):
            break
        answers, _advice, memory[index] = cases.charge(index, at[index], memory[index])
        for case, code in zip(index.tolist(), answers.tolist(), strict=True):
            charges[case].append((float(at[case]), code))
            going[case] = code != PAID
        last = at
    return Past(cases, charges, own)


def truth(past: Past, ladder: Ladder) -> float:
    """Return the share of the chargeable amount that a schedule would have brought back."""
    played = ladders.run(past.cases, ladders.even(ladder.tries, ladder.window))
    charged = np.where(played.recovered, played.seconds, np.inf)
    own = past.own - past.cases.opened
    own = np.where(own <= ladder.window * DAY, own, np.inf)
    back = np.minimum(charged, own) < np.inf
    chargeable = np.zeros(len(past.cases))
    chargeable[[debt.key for debt in to_debts(past) if debt.is_chargeable]] = 1
    amount = chargeable * past.cases.amount
    return float((back * amount).sum() / amount.sum())


def to_debts(past: Past) -> list[Debt]:
    """Return the debts as the audit reads them from a database."""
    cases, declines = past.cases, _read_messages()
    debts, payments = {}, []
    for case, charges in enumerate(past.charges):
        amount, settled = amount_of(past, case), settled_at(past, case)
        is_paid = charges[-1][1] == PAID
        debts[case] = Debt(
            case,
            case,
            amount,
            [],
            0.0 if is_paid or settled else amount,
            settled,
            cases.countries[cases.country[case]],
            cases.zones.names[cases.zone[case]],
        )
        facts = {"network": str(cases.brand[case]), "funding": cases.funding_of(case)}
        for at, code in charges:
            decline = None if code == PAID else replace(declines[CODES[code]], **facts)
            payments.append(PastPayment(case, to_datetime(at), amount, code == PAID, decline, case))
    return gather(payments, debts)


def _read_messages() -> dict:
    taxonomy = Taxonomy.shipped()
    return {code: read_kept("stripe", text, taxonomy) for code, text in MESSAGES.items()}


def amount_of(past: Past, case: int) -> float:
    """Return a debt, in units of the currency."""
    return float(past.cases.amount[case]) / 100


def settled_at(past: Past, case: int) -> datetime | None:
    """Return when the customer paid by themselves: noon of the day, as a database knows it."""
    own = float(past.own[case])
    if past.charges[case][-1][1] == PAID or own == np.inf:
        return None
    return to_datetime(own).replace(hour=12, minute=0, second=0, microsecond=0)


def earlier(past: Past, case: int) -> list[datetime]:
    """Return when the customer's earlier invoices were paid by charges."""
    return [at for at, paid in past.cases.past(case) if paid]


def audit(past: Past, until: datetime):
    """Return what the audit estimates without a database, and the model that learned the past."""
    debts, model = to_debts(past), Model()
    cases = {
        debt.key: make_case(debt, [PastCharge(at) for at in earlier(past, debt.key)])
        for debt in debts
    }
    for debt in debts:
        for attempt in find_finished(debt, cases[debt.key], f"past {debt.key}"):
            model.learn(attempt)
    model.refresh()
    chosen = choose(debts)
    chargeable = sum(debt.is_chargeable for debt in debts)
    some = {debt.key: cases[debt.key] for debt in chosen}
    found = estimate(chosen, model, SCHEDULES, until, some, count=chargeable)
    return found, chargeable, model


def end_of(past: Past) -> datetime:
    """Return an instant at which all windows are over."""
    latest = float(past.cases.opened.max()) + (_LONGEST + 1) * DAY
    return datetime.fromtimestamp(latest, timezone.utc) + timedelta(hours=1)
