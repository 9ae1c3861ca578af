# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How far promised probabilities are kept: a few numbers that a handful of charges can move.

What the odds say of a charge is an average over everything that may be true of its payer. The plan
then takes the best of many instants, which is partly the luckiest one, and a case that comes to its
eighth try is one of those that are worse than they seemed. Both make promises run ahead of what is
seen, and neither can be told from one case. So promises are compared with outcomes: the log of
the odds is moved by a level, by the number of the try, and for tries that leave the even spread.

The last of these is also what a plan has to prove before the spread is left for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..arrays import np

NUMBERS = 8  # tries that are told apart; later ones count as the last
_LEVEL, _FIRST, _LEFT = 0, 1, 1 + NUMBERS
_SIZE = _LEFT + 2
# Prior means, and how far a value may be learned away, in log-odds.
_MEAN = np.zeros(_SIZE)
_SD = np.array([0.7] + [0.3] * NUMBERS + [0.2] * 2)
# With so many newer promises one counts half, and half of that if the odds were fitted since: what
# they said then is not what they say now.
_HALF, _REFITTED = 300, 0.5
_NEWEST = 3000  # promises that are looked at
_ROUNDS = 6


class Promise(NamedTuple):
    """A charge that had been promised something.

    :ivar believed: probability that the odds gave it, before any correction
    :ivar number: of the try, from 1
    :ivar left: whether it left the even spread
    :ivar credit: 1 for a credit card, 0 for any other method
    """

    believed: float
    number: int
    left: bool
    credit: int
    paid: bool


@dataclass(frozen=True)
class Calibration:
    """What promises are moved by.

    :ivar moves: in log-odds: the level, each number of a try, leaving the spread by other methods
        and by credit cards
    :ivar count: promises that it was learned from
    """

    moves: tuple[float, ...] = tuple(_MEAN)
    count: int = 0

    def move(self, number: int, left: bool, credit: int) -> float:
        """Return by how much the log-odds of a promise are to be moved."""
        moves = self.moves
        total = moves[_LEVEL] + moves[_FIRST + min(max(number, 1), NUMBERS) - 1]
        return float(total + (moves[_LEFT + credit] if left else 0.0))

    def gain_factor(self, credit: int) -> float:
        """Return how much of the odds of success is real that leaving the spread promises."""
        return float(np.exp(self.moves[_LEFT + credit]))


def calibrate(promises: Sequence[Promise], refitted: int = 0) -> Calibration:
    """Return what the newest promises teach.

    :param promises: oldest first
    :param refitted: how many of them were made before the odds were last fitted
    """
    count, refitted = len(promises), refitted - max(len(promises) - _NEWEST, 0)
    promises = promises[-_NEWEST:]
    if not promises:
        return Calibration()
    weight = 0.5 ** (np.arange(len(promises))[::-1] / _HALF)
    weight[: max(refitted, 0)] *= _REFITTED
    believed, number, left, credit, paid = np.array(promises, dtype=float).T
    believed = np.clip(believed, 0.002, 0.998)
    offset = np.log(believed / (1 - believed))
    rows = np.arange(len(promises))
    design = np.zeros((len(promises), _SIZE))
    design[:, _LEVEL] = 1
    design[rows, _FIRST - 1 + np.clip(number, 1, NUMBERS).astype(int)] = 1
    design[rows, _LEFT + credit.astype(int)] = left
    moves, precision = _MEAN.copy(), np.diag(1 / _SD**2)
    for _round in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-(offset + design @ moves)))
        gradient = design.T @ (weight * (paid - chance)) - precision @ (moves - _MEAN)
        curvature = (design * (weight * chance * (1 - chance))[:, None]).T @ design + precision
        moves = moves + np.clip(np.linalg.solve(curvature, gradient), -1, 1)
    return Calibration(tuple(np.round(moves, 4).tolist()), count)


def moved(probability: float, move: float) -> float:
    """Return a probability whose log-odds are moved."""
    odds = probability / max(1 - probability, 1e-9) * np.exp(move)
    return float(odds / (1 + odds))
