# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Shares of what succeeded, with honest intervals. Plain Python."""

import math

# Quantiles of the normal distribution: an interval of 90 % and one of 95 %.
Z90, Z95 = 1.6449, 1.9600


def wilson(share: float, count: float, z: float = Z95) -> tuple[float, float]:
    """Return Wilson's score interval of a share.

    :param share: that was seen, 0 to 1
    :param count: how many were seen, soft counts allowed; without any the interval is 0 to 1
    """
    if count <= 0:
        return 0.0, 1.0
    weight = 1 + z * z / count
    middle = (share + z * z / (2 * count)) / weight
    half = z / weight * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def newcombe(
    share: float, count: float, other_share: float, other_count: float, z: float = Z95
) -> tuple[float, float]:
    """Return the interval of the difference ``share - other_share`` of independent groups.

    Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10): it holds for
    small groups and for shares near 0 and 1, where the usual one does not.
    """
    low, high = wilson(share, count, z)
    other_low, other_high = wilson(other_share, other_count, z)
    difference = share - other_share
    return (
        difference - math.hypot(share - low, other_high - other_share),
        difference + math.hypot(high - share, other_share - other_low),
    )
