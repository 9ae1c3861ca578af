# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What one arm of an experiment recovers more than the other, and how sure that is. Plain Python.

Arms are drawn for each case when it opens, so that what differs between them is the schedule. A
case that still is in recovery counts as not recovered yet, in both arms alike: leaving open cases
out would count those that are recovered quickly and miss those that will be lost.
"""

import math
from typing import NamedTuple

from .intervals import Z95, newcombe

# An arm with fewer cases is not judged by: its share says too little of how many more it takes.
FEWEST = 30


class Comparison(NamedTuple):
    """The difference of two shares, with its 95 % interval.

    :ivar cases_needed: how many more cases, drawn as before, until the interval of a difference of
        this size leaves zero out; 0 when it does, none when it can't be told
    """

    difference: float
    low: float
    high: float
    cases_needed: int | None

    @property
    def is_conclusive(self) -> bool:
        """Whether chance alone does not explain the difference."""
        return self.low > 0 or self.high < 0


def compare(recovered: int, count: int, other_recovered: int, other_count: int) -> Comparison:
    """Return what the first arm recovers more than the other one.

    :param recovered: cases of the first arm that were recovered
    :param count: cases of the first arm, at least one; so for the other one
    """
    share, other_share = recovered / count, other_recovered / other_count
    low, high = newcombe(share, count, other_share, other_count)
    difference = share - other_share
    if low > 0 or high < 0:
        return Comparison(difference, low, high, 0)
    total = count + other_count
    if not difference:
        return Comparison(difference, low, high, None)
    # Arms keep their proportions: the variance of the difference falls with the total.
    variance = share * (1 - share) * total / count
    variance += other_share * (1 - other_share) * total / other_count
    needed = math.ceil(Z95 * Z95 * variance / (difference * difference))
    needed = max(needed, math.ceil(FEWEST * total / min(count, other_count)))
    return Comparison(difference, low, high, max(needed - total, 1))
