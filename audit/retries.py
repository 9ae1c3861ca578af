# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Debts of the past as the timing engine reads them. Needs no NumPy."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

from ..timing.case import Case, Failure, FinishedAttempt, Method
from ..tools.instants import aware
from .payments import Debt, PastPayment

# So many debts are looked at, a few milliseconds each; the others are like them.
MOST = 500


def choose(debts: Sequence[Debt], most: int = MOST) -> list[Debt]:
    """Return some of the chargeable debts, drawn by a hash of their keys: always the same ones."""
    chargeable = [debt for debt in debts if debt.is_chargeable and debt.amount > 0]
    if len(chargeable) <= most:
        return chargeable
    return sorted(chargeable, key=lambda debt: _hash(str(debt.key)))[:most]


def make_case(debt: Debt, history=()) -> Case:
    """Return a debt as the timing engine reads it, right after its first failure."""
    decline = debt.first.decline
    return Case(
        (make_failure(debt.first),),
        Method(
            network=decline.network,
            funding=decline.funding,
            country=decline.country or debt.country,
        ),
        amount=debt.amount,
        tz=debt.tz,
        history=tuple(history),
    )


def make_failure(payment: PastPayment) -> Failure:
    """Return a failed payment as the timing engine reads it."""
    decline = payment.decline
    at = aware(payment.at).replace(microsecond=0)
    wait = decline.advice.wait if decline.advice.kind == "wait" else None
    known_class = "technical" if decline.decline_class == "merchant" else decline.decline_class
    return Failure(
        at,
        decline.reason or "unknown",
        known_class or "later",
        decline.network_code,
        *(("wait", at + wait) if wait else ()),
    )


def find_finished(debt: Debt, case: Case, name: str) -> Iterator[FinishedAttempt]:
    """Yield the retries of a debt as the timing engine learns them.

    :param case: of :func:`make_case`
    :param name: of the debt, that no case of the engine's own has
    """
    failures = case.failures
    for payment in debt.later:
        if payment.by_customer or payment.method is None:
            continue
        if not payment.is_paid and payment.decline.decline_class == "merchant":
            continue
        at = aware(payment.at).replace(microsecond=0)
        if at <= failures[-1].at:
            continue  # Two at once are one.
        before = Case(failures, case.method, tz=case.tz, history=case.history)
        failure = None if payment.is_paid else make_failure(payment)
        yield FinishedAttempt(name, before, at, payment.is_paid, failure)
        if payment.is_paid:
            return
        failures = (*failures, failure)


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()
