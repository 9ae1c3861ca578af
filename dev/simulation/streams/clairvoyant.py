# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The clairvoyant bound: who knows every payer's future and charges once, when it will be paid."""

from __future__ import annotations

import numpy as np

from .cases import Cases
from .issuers import ADVICE_DAYS, IS_TECHNICAL, PAID
from .ladders import BACK_OFF, CLOSES, OPENS, Outcomes, add_own_payments, last_instants
from .zones import DAY


def clairvoyant(cases: Cases, window: float) -> Outcomes:
    """Return what one charge at the first instant that will be paid recovers.

    Looks at every full hour at which charges are allowed (accounts rise at full hours only), at the
    end of the window, and at the quick repeats after technical trouble. Waits that the network
    named with the first answer bind it as everybody.
    """
    outcomes = Outcomes.empty(len(cases))
    index = np.arange(len(cases))
    code, advice = cases.first_answers()
    earliest = cases.opened + ADVICE_DAYS[advice] * DAY
    end = last_instants(cases, window)
    memory = cases.fresh_memory()
    for wait in BACK_OFF:
        _try(
            cases, outcomes, index[IS_TECHNICAL[code]], (cases.opened + wait), earliest, end, memory
        )
    first = cases.zones.local(cases.zone, cases.opened)[0]
    for day in range(int(window) + 1):
        for hour in np.arange(OPENS, CLOSES):
            at = cases.zones.instant(cases.zone, first + day, hour)
            _try(cases, outcomes, index, at, earliest, end, memory)
    _try(cases, outcomes, index, end, earliest, end, memory)
    return add_own_payments(cases, outcomes, window)


def _try(
    cases: Cases,
    outcomes: Outcomes,
    index: np.ndarray,
    at: np.ndarray,
    earliest: np.ndarray,
    end: np.ndarray,
    memory: np.ndarray,
) -> None:
    open_ = ~outcomes.recovered[index] & (at[index] > cases.opened[index])
    index = index[open_ & (at[index] >= earliest[index]) & (at[index] <= end[index])]
    if not len(index):
        return
    index = index[cases.charge(index, at[index], memory[index])[0] == PAID]
    outcomes.recovered[index] = True
    outcomes.attempts[index] = 1
    outcomes.seconds[index] = (at - cases.opened)[index]
