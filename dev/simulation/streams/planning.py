# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Sets of instants at which many possible payers would pay: greedy choice and exchange.

A set is sought on one half of the particles and judged on the other: what looks best among a
hundred instants is partly luck, and a set chosen and judged by the same particles would take that
luck for knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_EXCHANGES = 2
# Between instants that are worth the same, the earlier one: per day of waiting.
_IMPATIENCE = 0.0005


@dataclass
class Outlook:
    """What particles say about instants.

    :param at: instants, ascending, seconds
    :param last: instant of the charge before them
    :param pays: whether a particle would pay at an instant; (instants, particles)
    :param weights: of the particles
    :param gaps: seconds after a charge within which the particles' issuers refuse the next
    """

    at: np.ndarray
    last: float
    pays: np.ndarray
    weights: np.ndarray
    gaps: np.ndarray

    def part(self, which: slice) -> Outlook:
        """Return the outlook of some particles; their weights add up to 1."""
        weights = self.weights[which]
        weights = weights / max(weights.sum(), 1e-12)
        return Outlook(self.at, self.last, self.pays[:, which], weights, self.gaps[which])

    def lateness(self) -> np.ndarray:
        """Return what a payment at each instant is worth."""
        return 1 - _IMPATIENCE * (self.at - self.at[0]) / 86400.0

    def value(self, chosen: list[int]) -> float:
        """Return the chance that one of several instants, ascending, pays."""
        times = self.at[chosen]
        waits = np.diff(np.concatenate([[self.last], times]))
        pays = self.pays[chosen] & (waits[:, None] >= self.gaps[None, :])
        first = pays & (np.cumsum(pays, axis=0) == 1)
        return float(self.lateness()[chosen] @ (first @ self.weights))


def best_instants(
    outlook: Outlook, tries: int, spacings: tuple[float, ...], others: list[list[int]]
) -> tuple[list[int], Outlook]:
    """Return the numbers of the instants of the best set found, ascending, and who judged it.

    Issuers refuse what comes within their gap of the charge before. Sets are therefore sought for
    several least distances between charges.

    :param tries: size of the set
    :param spacings: least distances to try, seconds
    :param others: sets that need no luck, such as a schedule's
    """
    halves = outlook.part(slice(0, None, 2)), outlook.part(slice(1, None, 2))
    best, judge, best_value = others[0], halves[0], -1.0
    for seen, unseen in (halves, halves[::-1]):
        sought = [cover(seen, tries, spacing) for spacing in spacings]
        for chosen in (*filter(None, sought), *others):
            value = unseen.value(chosen)
            if value > best_value + 1e-9:
                best, judge, best_value = chosen, unseen, value
    return best, judge


def cover(outlook: Outlook, tries: int, spacing: float) -> list[int]:
    """Return instants, ascending, that together reach much of the weight."""
    at, late = outlook.at, outlook.lateness().astype(np.float32)
    chances = outlook.pays.astype(np.float32)
    weights = outlook.weights.astype(np.float32)
    near = np.abs(at[:, None] - at[None, :]) < max(spacing, 1.0)
    blocked = (at - outlook.last < spacing).astype(int)
    left = weights
    chosen: list[int] = []
    for _try in range(tries):
        gains = (chances @ left) * late
        gains[blocked > 0] = -1
        pick = int(gains.argmax())
        if gains[pick] <= 1e-7:
            break
        chosen.append(pick)
        blocked += near[pick]
        left = left * (1 - chances[pick])
    for _pass in range(_EXCHANGES):
        if not _exchange(chances, weights, near, blocked, late, chosen):
            break
    return sorted(chosen)


def _exchange(
    chances: np.ndarray,
    weights: np.ndarray,
    near: np.ndarray,
    blocked: np.ndarray,
    late: np.ndarray,
    chosen: list[int],
) -> bool:
    """Move each instant where it helps most while the others stay; return whether any moved."""
    moved = False
    reached = chances[chosen].sum(axis=0)
    for place, instant in enumerate(chosen):
        reached = reached - chances[instant]
        blocked -= near[instant]
        gains = (chances @ (weights * (reached < 0.5))) * late
        gains[blocked > 0] = -1
        pick = int(gains.argmax())
        if gains[pick] <= gains[instant] + 1e-6:
            pick = instant
        moved |= pick != instant
        chosen[place] = pick
        reached = reached + chances[pick]
        blocked += near[pick]
    return moved
