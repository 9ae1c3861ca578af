# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Debts of a file as short plain JSON values: what is kept of it, and nothing that names a card.

Keys, customers and methods are hashes by then (`exports`). Instants are whole seconds since 1970,
UTC.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from ..declines import Decline
from ..tools.instants import from_seconds, to_seconds
from .payments import Debt, PastPayment


def pack_debts(debts: Iterable[Debt]) -> list[list[Any]]:
    """Return debts as lists."""
    return [
        [debt.key, debt.country, debt.amount, debt.owed, [_pack(one) for one in debt.payments]]
        for debt in debts
    ]


def unpack_debts(rows: Sequence[Sequence[Any]] | None) -> list[Debt]:
    """Return what :func:`pack_debts` has packed."""
    return [
        Debt(key, key, amount, [_unpack(key, one) for one in payments], owed, country=country)
        for key, country, amount, owed, payments in rows or ()
    ]


def _pack(payment: PastPayment) -> list[Any]:
    row = [to_seconds(payment.at), payment.amount, payment.method or ""]
    if not payment.is_paid:
        values = payment.decline.to_dict(payment.at)
        row.append({name: value for name, value in values.items() if name in _KEPT})
    return row


def _unpack(key: str, row: Sequence[Any]) -> PastPayment:
    seconds, amount, method, *decline = row
    return PastPayment(
        key,
        from_seconds(seconds),
        amount,
        not decline,
        Decline.from_dict(decline[0]) if decline else None,
        method or None,
    )


_KEPT = (
    "reason",
    "decline_class",
    "network",
    "funding",
    "country",
    "network_code",
    "advice",
    "category",
    "known",
)
