# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Trouble at the gateway: a script of faults and waits, one for each call."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

# Shares of the faulty calls. Long delays take a worker's ten seconds each, so they are few.
KINDS = {
    "drop_before": 12,
    "drop_after": 14,
    "drop_late": 3,
    "reset_before": 10,
    "reset_after": 12,
    "error_500_before": 4,
    "error_500_after": 8,
    "error_502_before": 8,
    "error_502_after": 10,
    "error_429": 12,
    "garbage_before": 4,
    "garbage_after": 4,
    "delay_before": 1,
    "delay_after": 1,
}
# What the re-asks meet after an answer was lost, and how many of them.
AGAIN = {
    None: 45,
    "error_400_key": 8,
    "error_401": 8,
    "error_404": 8,
    "error_409": 8,
    "error_429": 15,
    "refused": 8,
}
_TIMES = (1, 2, 4, None)
# What read-backs and look-ups meet, as shares of all of them.
READ_BACKS = {
    "error_429": 0.06,
    "error_500_before": 0.06,
    "error_502_before": 0.04,
    "reset_before": 0.03,
    "delay_before": 0.01,
}
# Odoo waits ten seconds for an answer.
LONG_SECONDS = 11.0
# A provider takes its time. It also lets kills find a charge on its way.
_USUAL_SECONDS = (0.02, 0.2)
# After how long a charge that was taken up late is made, and an undecided one is decided, by the
# gateway's clock: within the same day, or days later.
_LATE_SECONDS = (20 * 3600.0, 60 * 3600.0)
_UNDECIDED_SECONDS = (1.0, 5.0, 3600.0, 30 * 3600.0)
UNDECIDED_SHARE = 0.05


def make_script(
    count: int, share: float, seed: int, shares: Mapping[str, int] = MappingProxyType(KINDS)
) -> list[dict[str, Any]]:
    """Return what happens to each of the next calls, as the gateway's faults take it.

    :param share: of the calls that go wrong; the others only take a moment
    :param shares: of the kinds among those
    """
    chance = random.Random(seed)
    kinds, weights = list(shares), list(shares.values())
    script = []
    for _call in range(count):
        if chance.random() < share:
            script.append(_make_fault(chance.choices(kinds, weights)[0], chance))
        else:
            seconds = round(chance.uniform(*_USUAL_SECONDS), 3)
            script.append({"kind": "delay_before", "seconds": seconds})
    return script


def _make_fault(kind: str, chance: random.Random) -> dict[str, Any]:
    late = kind == "drop_late"
    fault = {"kind": kind, "seconds": chance.uniform(*_LATE_SECONDS) if late else LONG_SECONDS}
    if not late and kind != "error_429":
        again = chance.choices(list(AGAIN), list(AGAIN.values()))[0]
        if again:
            fault |= {"again": again, "times": chance.choice(_TIMES)}
    return fault


def make_read_backs(share: float, seed: int) -> dict[str, Any]:
    """Return what happens to the GET requests about payments, as a further plan of the faults.

    :param share: of the charges' calls that go wrong; ten percent stand for `READ_BACKS`
    """
    rates = {kind: min(rate * share * 10, 0.19) for kind, rate in READ_BACKS.items()}
    path = "/v1/payment_intents(/.*)?"
    return {"method": "GET", "path": path, "rates": rates, "seconds": LONG_SECONDS, "seed": seed}


def leave_some_undecided(answers: Sequence[str], chance: random.Random) -> list[Any]:
    """Return a card's answers, some preceded by *processing*: they then come later."""
    script: list[Any] = []
    for answer in [*answers, "succeed"]:
        if chance.random() < UNDECIDED_SHARE:
            seconds = chance.choice(_UNDECIDED_SECONDS)
            script.append({"outcome": "processing", "seconds": seconds})
        script.append(answer)
    return script


def count_faults(script: Sequence[dict[str, Any]], left: int) -> Counter[str]:
    """Return how often each kind happened, when `left` entries of the script were not used."""
    used = script[: len(script) - left]
    return Counter(
        item["kind"]
        for item in used
        if not item["kind"].startswith("delay") or item["seconds"] == LONG_SECONDS
    )
