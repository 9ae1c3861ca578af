# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The money that really moved, and counters of everything else.

Tests compare Odoo with this ledger: what Odoo believes was paid must be what was taken here.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One movement of money.

    :param instant: UTC, by the gateway's clock
    :param kind: `charge` (from the customer) or `refund` (to the customer)
    :param amount: positive, minor units of `currency` (ISO 4217, lower case)
    :param description: the payment intent's description: Odoo's transaction reference
    :param provider: its technical name in Odoo
    """

    instant: datetime
    kind: str
    payment_intent: str
    charge: str
    amount: int
    currency: str
    customer: str | None
    payment_method: str | None
    description: str | None
    metadata: dict[str, str] = field(default_factory=dict)
    provider: str = "stripe"

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as JSON values; the instant is ISO 8601 in UTC."""
        return {**asdict(self), "instant": self.instant.isoformat()}


class Ledger:
    """Append-only list of entries, also streamed to a JSON Lines file when one is named.

    :raises OSError: when the file cannot be opened for appending
    """

    def __init__(self, path: Path | None = None) -> None:
        self._entries: list[Entry] = []
        self._file = path.open("a", encoding="utf-8") if path else None

    def append(self, entry: Entry) -> None:
        """Record a movement; the file has it before the caller goes on."""
        self._entries.append(entry)
        if self._file:
            self._file.write(json.dumps(entry.to_dict()) + "\n")
            self._file.flush()

    def entries(self, **values: Any) -> list[Entry]:
        """Return the entries whose fields have the given values, oldest first."""
        return [
            entry
            for entry in self._entries
            if all(getattr(entry, name) == value for name, value in values.items())
        ]

    def totals(self) -> dict[str, dict[str, Any]]:
        """Return by currency, in minor units: charges, refunds, net, and the net of each month.

        Months are `YYYY-MM` in UTC.
        """
        totals: dict[str, dict[str, Any]] = {}
        for entry in self._entries:
            total = totals.setdefault(
                entry.currency, {"charges": 0, "refunds": 0, "net": 0, "months": {}}
            )
            signed = entry.amount if entry.kind == "charge" else -entry.amount
            month = f"{entry.instant:%Y-%m}"
            total["charges" if entry.kind == "charge" else "refunds"] += entry.amount
            total["net"] += signed
            total["months"][month] = total["months"].get(month, 0) + signed
        return totals

    def clear(self) -> None:
        """Forget the entries; the file keeps what it has."""
        self._entries.clear()

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()


@dataclass
class Counters:
    """What happened, whether or not money moved.

    :param charges_attempted: questions put to an issuer, 3-D Secure requests included
    :param charges_succeeded: of these, those that took (or, for manual capture, held) the money
    :param charges_declined: of these, those refused
    :param replayed: answers given again for an idempotency key
    :param declines: refusals by decline code
    :param faults: faults that happened, by kind
    :param charged: successful charges by description; above 1 is a double charge
    """

    charges_attempted: int = 0
    charges_succeeded: int = 0
    charges_declined: int = 0
    replayed: int = 0
    declines: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    charged: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, Any]:
        """Return the counters as JSON values, with the descriptions charged more than once."""
        doubles = {name: count for name, count in self.charged.items() if count > 1}
        return {**vars(self), "charged_twice": doubles}
