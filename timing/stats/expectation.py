# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the learned odds expect of a fixed schedule, for cases of which no draw can tell.

A replay (see :mod:`timing.stats.replay`) judges what could have been drawn. Of a schedule that was
never within reach only the odds can say something: how many of these payers, as they stood when
their cases opened, would pay on its days. It is an expectation and no proof.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from ..arrays import np
from ..case import Case, local_minutes, tidy
from ..decision import Stop
from ..model.calibration import moved
from ..model.model import Model
from ..model.sequence import read
from ..plan.ladder import Ladder, plan_ladder
from ..plan.plan import Outlook

_OWN = ""  # the schedule of the case's policy
# So many cases of the control group count as much as the odds do.
_WORTH = 30


def expect(
    openings: Iterable[tuple[Case, float | None]], model: Model, ladders: dict[str, Ladder]
) -> dict[str, float]:
    """Return by name the share that each of some fixed schedules is expected to recover.

    What the control group recovered on the policy's own schedule is what the odds are held against:
    all expectations are moved in log-odds by what they expect too much or too little of it.

    :param openings: closed cases as they stood when they opened, and the share of the amount that
        charges brought of those that kept the fixed schedule
    """
    shares: dict[str, list[float]] = {name: [] for name in ladders}
    held: list[tuple[float, float]] = []
    for case, recovered in openings:
        case = tidy(case, case.failures[0].at)
        policy = case.policy
        if policy.tries < 1 or policy.window <= 0:
            continue
        every = {name: find_instants(case, ladder) for name, ladder in ladders.items()}
        every[_OWN] = find_instants(case, Ladder(policy.tries, policy.window))
        found = _expect_of(case, model, every)
        for name in ladders:
            shares[name].append(found[name])
        if recovered is not None:
            held.append((found[_OWN], recovered))
    move = 0.0
    if held:
        expected, seen = np.mean(held, axis=0)
        move = (_log_odds(seen) - _log_odds(expected)) * len(held) / (len(held) + _WORTH)
    return {name: moved(float(np.mean(each)), move) for name, each in shares.items() if each}


def find_instants(case: Case, ladder: Ladder) -> list[datetime]:
    """Return the instants at which a fixed schedule would charge a case that always fails."""
    opened = last = case.failures[0].at
    found: list[datetime] = []
    while True:
        step = plan_ladder(
            ladder,
            first_failure=opened,
            last_failure=last,
            sent=len(found),
            rungs_used=len(found),
            now=last,
            hours=case.hours,
        )
        if isinstance(step, Stop) or step.at <= last:
            return found
        last = step.at
        found.append(last)


def _expect_of(case: Case, model: Model, every: dict[str, Sequence[datetime]]) -> dict[str, float]:
    sequence = read(case, model.priors)
    belief = model.odds.belief(sequence)
    zone = case.zone
    after = sequence.observations[-1].minute + 1
    minutes = {
        name: sorted({max(local_minutes(at, zone), after) for at in instants})
        for name, instants in every.items()
    }
    slots = np.array(sorted({minute for found in minutes.values() for minute in found}))
    if not len(slots):
        return dict.fromkeys(every, 0.0)
    outlook = Outlook(model.odds, sequence, belief, slots, 0.0, np.ones(len(slots)))
    outlook.cost[:] = 0
    return {
        name: outlook.value(np.searchsorted(slots, found).tolist())
        for name, found in minutes.items()
    }


def _log_odds(share: float) -> float:
    share = float(np.clip(share, 0.01, 0.99))
    return float(np.log(share / (1 - share)))
