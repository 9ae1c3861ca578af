"""Trouble at the gateway: a script of faults and waits, one for each call."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

# Shares of the faulty calls. Long delays take a worker's ten seconds each, so they are few.
KINDS = {
    "drop_before": 12,
    "drop_after": 14,
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
# Odoo waits ten seconds for an answer.
LONG_SECONDS = 11.0
# A provider takes its time. It also lets kills find a charge on its way.
_USUAL_SECONDS = (0.02, 0.2)


def make_script(count: int, share: float, seed: int) -> list[dict[str, Any]]:
    """Return what happens to each of the next calls, as the gateway's faults take it.

    :param share: of the calls that go wrong; the others only take a moment
    """
    chance = random.Random(seed)
    kinds, weights = list(KINDS), list(KINDS.values())
    script = []
    for _call in range(count):
        if chance.random() < share:
            kind, seconds = chance.choices(kinds, weights)[0], LONG_SECONDS
        else:
            kind, seconds = "delay_before", chance.uniform(*_USUAL_SECONDS)
        script.append({"kind": kind, "seconds": seconds})
    return script


def count_faults(script: Sequence[dict[str, Any]], left: int) -> Counter[str]:
    """Return how often each kind happened, when `left` entries of the script were not used."""
    used = script[: len(script) - left]
    return Counter(
        item["kind"]
        for item in used
        if not item["kind"].startswith("delay") or item["seconds"] == LONG_SECONDS
    )
