# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Chance without a running generator: numbers that follow from a seed and what is asked.

Strategies ask a case at different instants and in different number. A running generator would give
each of them other luck; a hash of (case, hour, purpose) gives all of them the same.
"""

from __future__ import annotations

import numpy as np

_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STEP = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1


def uniform(seed: np.ndarray, key: np.ndarray, purpose: int) -> np.ndarray:
    """Return numbers in [0, 1) that depend on nothing but the arguments (splitmix64).

    :param seed: uint64, one for each case
    :param key: integers, such as the hour of the charge
    :param purpose: keeps several questions about the same hour apart
    """
    salt = np.uint64((purpose + 1) * _STEP & _MASK)
    value = seed ^ (np.asarray(key).astype(np.uint64) * np.uint64(_STEP) + salt)
    value = (value ^ (value >> np.uint64(30))) * _MIX[0]
    value = (value ^ (value >> np.uint64(27))) * _MIX[1]
    value ^= value >> np.uint64(31)
    return (value >> np.uint64(11)).astype(np.float64) / 2.0**53
