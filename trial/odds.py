# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What charges would bring that were never made: chances given all that is known of the case.

What is known later tells of earlier, too: who paid on the fifth had money on the fifth. So each
hypothesis about the payer is weighed by all charges of the case that were really made, those that
the played policy makes itself left out: these count where they come.
"""

from typing import NamedTuple

from ..timing.arrays import np
from ..timing.case import local_minutes
from ..timing.model.model import Model
from ..timing.model.sequence import read
from ..timing.plan.plan import Outlook
from .person import Person
from .walk import Walk, open_case

LEAST = 1e-4
_DAY = 86400.0


class Hazards(NamedTuple):
    """The charges of a case under a policy, in their order.

    :ivar chance: of each, when those before it have failed; of known ones 0 or 1
    :ivar known: whether a real charge told
    :ivar days: after the first failure
    """

    chance: np.ndarray
    known: np.ndarray
    days: np.ndarray


def find_hazards(person: Person, walk: Walk, model: Model) -> Hazards:
    """Return what a policy's charges would bring."""
    charges = walk.charges
    days = np.array([(each.at - person.opened).total_seconds() / _DAY for each in charges])
    known = np.array([each.recorded is not None for each in charges], bool)
    chance = np.zeros(len(charges))
    timed = [number for number, each in enumerate(charges) if not each.run]
    if timed and not (known[timed]).all():
        chance[timed] = _find_timed(person, walk, timed, model)
    for number, each in enumerate(charges):
        if each.recorded:
            chance[number] = float(each.recorded.failure is None)
        elif each.run:
            chance[number] = model.odds.quick_chance(each.run)[0]
    return Hazards(chance, known, days)


def _find_timed(person, walk, timed, model):
    """Return the chance of each timed charge when those before it have failed."""
    case = open_case(person)
    zone = case.zone
    sequence = read(case, model.priors)
    minute, minutes = sequence.observations[-1].minute, []
    for number in timed:
        minute = max(local_minutes(walk.charges[number].at, zone), minute + 1)
        minutes.append(minute)
    belief = _find_belief(person, walk, model)
    outlook = _open(model, sequence, belief, np.array(minutes))
    total = np.array([outlook.value(range(count + 1)) for count in range(len(minutes))])
    total = np.clip(total, 0.0, 1 - LEAST)
    before = np.concatenate([[0.0], total[:-1]])
    return np.clip((total - before) / (1 - before), LEAST, 1 - LEAST)


def _find_belief(person, walk, model):
    """Return the weights of all hypotheses, by the real charges that the policy doesn't make."""
    taken = {id(each.recorded) for each in walk.charges if each.recorded}
    others = [one for one in person.charges if id(one) not in taken]
    failures = [one.failure for one in others if one.failure]
    case = open_case(person, failures)
    sequence = read(case, model.priors)
    belief = model.odds.belief(sequence)
    paid = next((one.at for one in others if one.failure is None), None)
    if paid is None:
        return belief
    minute = max(local_minutes(paid, case.zone), sequence.observations[-1].minute + 1)
    outlook = _open(model, sequence, belief, np.array([minute]))
    likely = outlook.first[:, 0] * outlook.looks(np.array([minute]))[:, 0]
    moved = np.zeros_like(belief)
    moved[outlook.kind, outlook.which] = outlook.weight * np.maximum(likely, LEAST)
    return moved / moved.sum()


def find_retried(person: Person, model: Model) -> list[tuple[float, bool, float]]:
    """Return chance, outcome and day of each real charge, given all that was known before it.

    Quick tries after technical trouble count by themselves in the model.
    """
    found, failures = [], []
    for charge in person.charges if person.is_charged else ():
        last = failures[-1] if failures else person.case.failures[0]
        if last.decline_class != "technical":
            case = open_case(person, failures)
            sequence = read(case, model.priors)
            minute = local_minutes(charge.at, case.zone)
            minute = max(minute, sequence.observations[-1].minute + 1)
            belief = model.odds.belief(sequence)
            chance = _open(model, sequence, belief, np.array([minute])).value([0])
            day = (charge.at - person.opened).total_seconds() / _DAY
            found.append((min(max(chance, LEAST), 1 - LEAST), charge.failure is None, day))
        if charge.failure:
            failures.append(charge.failure)
    return found


def _open(model, sequence, belief, slots):
    outlook = Outlook(model.odds, sequence, belief, slots, 0.0, np.ones(len(slots)))
    outlook.cost[:] = 0
    return outlook
