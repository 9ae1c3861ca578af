# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What other retry schedules would have recovered of closed cases. Plain Python.

Each smart decision drew its time from candidates with known probabilities, so what came of it also
tells of other schedules: a case that went as another schedule would have gone counts for more, the
rarer its draws were. A schedule wants a day and an hour; of the candidates those count that are
at most :data:`TOLERANCE` away, in the proportions in which they would have been drawn. What was
never drawn cannot be judged: more tries or a longer window than the cases had, or days on which no
candidate lay. An estimate says how much of what a schedule wants was within reach.

Two estimates of the same share, both decision by decision over the whole sequence of a case, with
self-normalised weights: importance sampling (Precup, Sutton and Singh, 2000; *SNIPS* below) needs
nothing but the draws, and is noisy; the weighted doubly robust one (Jiang and Li, 2016; Thomas and
Brunskill, 2016) starts from what the odds expected and corrects it by the draws. What counts is
the money that charges brought; what customers paid by themselves is not the schedule's.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ..calendar import ChargeHours
from ..decision import Stop
from ..plan.ladder import Ladder, plan_ladder
from .intervals import Z95

# A sequence that was rarer than one in so many counts as one in so many: less noise, some bias.
CLIP = 500.0
# Fewer effective cases say nothing, and neither do times that were hardly ever to be drawn.
ENOUGH, SUPPORTED = 200.0, 0.9
# How far from the instant that a schedule wants a candidate may lie.
TOLERANCE = timedelta(hours=12)


class Candidate(NamedTuple):
    """A time that could have been chosen.

    :ivar at: its instant, aware
    :ivar probability: that the charge succeeds
    :ivar value: expected recovered share of the amount, with the retries that follow
    :ivar propensity: probability with which it would have been drawn
    """

    at: datetime
    probability: float
    value: float
    propensity: float


class LoggedDecision(NamedTuple):
    """A charge, and what it brought.

    :ivar at: the chosen instant, aware
    :ivar propensity: probability with which it was drawn
    :ivar paid: share of the failed amount that the charge brought, 0 to 1
    :ivar candidates: the best of those that were weighed; none where nothing was drawn, as a
        repeat after technical trouble, which every schedule makes alike
    :ivar is_bound: whether something forbade to charge before the first candidate
    """

    at: datetime
    propensity: float
    paid: float
    candidates: Sequence[Candidate] = ()
    is_bound: bool = False


class Journey(NamedTuple):
    """A closed case.

    :ivar opened: instant of the first failure, aware
    :ivar hours: in which its charges are allowed
    :ivar decisions: its charges, oldest first
    :ivar is_exhausted: whether it ended because its own schedule was used up: another one might
        have gone on
    """

    opened: datetime
    hours: ChargeHours
    decisions: Sequence[LoggedDecision]
    is_exhausted: bool = False


class Estimate(NamedTuple):
    """A share that would have been recovered, estimated twice, each with its 95 % interval.

    :ivar count: cases replayed
    :ivar logged: share that their charges really recovered
    :ivar effective: how many cases the estimates rest on, as if all counted the same
    :ivar supported: share of the cases in which all that was wanted could have been drawn
    """

    count: int
    logged: float
    snips: float | None
    snips_interval: tuple[float, float]
    robust: float | None
    robust_interval: tuple[float, float]
    effective: float
    supported: float

    @property
    def is_enough(self) -> bool:
        """Whether the cases say anything."""
        return self.effective >= ENOUGH and self.supported >= SUPPORTED


# Returns those of a decision's candidates that a schedule would take, none where it would take
# another time, and nothing (None) where it would charge no more. Its arguments: the journey, the
# decision (None: would it go on, at the journey's end?), its number among those drawn, from 0, and
# the instant of the charge before it.
Wants = Callable[[Journey, LoggedDecision | None, int, datetime], Sequence[Candidate] | None]


def choosing(choose: Callable[[Sequence[Candidate]], Candidate]) -> Wants:
    """Return a schedule that keeps tries and window and chooses one of the candidates."""

    def wants(_journey, decision, _number, _last):
        return [choose(decision.candidates)] if decision else None

    return wants


def following(ladder: Ladder) -> Wants:
    """Return a fixed schedule."""

    def wants(journey, decision, number, last):
        plan = plan_ladder(
            ladder,
            first_failure=journey.opened,
            last_failure=last,
            sent=number,
            rungs_used=number,
            now=last,
            hours=journey.hours,
        )
        if isinstance(plan, Stop):
            return None
        if decision is None:
            return []
        at = plan.at
        if decision.is_bound:  # Whoever must wait charges as soon as that is allowed.
            at = max(at, min(candidate.at for candidate in decision.candidates))
        return [one for one in decision.candidates if abs(one.at - at) <= TOLERANCE]

    return wants


# Schedules by name: other ways to choose, and what the field sells.
CHOICES: dict[str, Wants] = {
    "best": choosing(lambda candidates: max(candidates, key=lambda one: one.value)),
    "likeliest": choosing(lambda candidates: max(candidates, key=lambda one: one.probability)),
    "soonest": choosing(lambda candidates: min(candidates, key=lambda one: one.at)),
}
_DAY = 24.0
LADDERS: dict[str, Ladder] = {
    "even_8_14": Ladder(8, 14),
    "even_4_14": Ladder(4, 14),
    "even_4_7": Ladder(4, 7),
    "even_8_28": Ladder(8, 28),
    "usual": Ladder(7, 14, tuple(_DAY * days for days in (1, 1, 1, 2, 2, 3, 4))),
    "daily": Ladder(8, 14, (_DAY,) * 8),
    "weekly": Ladder(3, 21, (7 * _DAY,) * 3),
}


class _Path(NamedTuple):
    """One journey under another schedule: by step, the first before anything was drawn.

    :ivar weights: how much the case counts, from that step on
    :ivar rewards: what its charges brought
    :ivar gaps: what they brought and what is expected then, less what was expected before
    :ivar missed: how much the case counted when it went out of reach, 0 where it did not
    """

    weights: list[float]
    rewards: list[float]
    gaps: list[float]
    expected: float
    missed: float


def replay(journeys: Iterable[Journey], wants: Wants) -> Estimate:
    """Return what another schedule would have recovered."""
    journeys = list(journeys)
    paths = [_walk(journey, wants) for journey in journeys]
    count = len(paths)
    if not count:
        return Estimate(0, 0.0, None, (0.0, 1.0), None, (0.0, 1.0), 0.0, 0.0)
    logged = math.fsum(one.paid for journey in journeys for one in journey.decisions) / count
    last = [path.weights[-1] for path in paths]
    total, missed = math.fsum(last), math.fsum(path.missed for path in paths)
    # What goes out of reach counts as much as it did when it went.
    reached = math.fsum(path.missed or path.weights[-1] for path in paths)
    supported = 1 - missed / reached if reached else 1.0
    if not total:
        return Estimate(count, logged, None, (0.0, 1.0), None, (0.0, 1.0), 0.0, supported)
    effective = total * total / math.fsum(weight * weight for weight in last)
    snips = _add_up(paths, [path.rewards for path in paths], [0.0] * count)
    robust = _add_up(paths, [path.gaps for path in paths], [path.expected for path in paths])
    return Estimate(count, logged, *snips, *robust, effective, supported)


def _walk(journey, wants):
    """Return the path of a journey under another schedule."""
    weights, rewards, gaps, missed = [1.0], [0.0], [0.0], 0.0
    number, last, expected, is_over = 0, journey.opened, 0.0, False
    for decision in journey.decisions:
        if decision.candidates:
            wanted = wants(journey, decision, number, last)
            if wanted is None:
                is_over = True
                break
            share, hoped = _match(decision, wanted)
            if number:
                gaps[-1] += hoped
            else:
                expected = hoped
            if not wanted or not math.fsum(one.propensity for one in wanted):
                missed = weights[-1]
            weights.append(min(weights[-1] * share, CLIP))
            rewards.append(0.0)
            gaps.append(-_find_value(decision))
            number += 1
        rewards[-1] += decision.paid
        gaps[-1] += decision.paid
        last = max(last, decision.at)
        if not weights[-1]:
            break
    may_go_on = journey.is_exhausted and not is_over and weights[-1]
    if may_go_on and wants(journey, None, number, last) is not None:
        # What it would have brought to go on, nobody knows: the case goes out of reach.
        missed = weights[-1]
    return _Path(weights, rewards, gaps, expected, missed)


def _match(decision, wanted):
    """Return how much more a decision counts, and what is expected of the wanted candidates."""
    total = math.fsum(one.propensity for one in wanted)
    if not total:
        nearest = wanted or decision.candidates
        return 0.0, max(one.value for one in nearest)
    hoped = math.fsum(one.propensity * one.value for one in wanted) / total
    is_taken = any(one.at == decision.at for one in wanted)
    return (1 / total if is_taken else 0.0), hoped


def _find_value(decision):
    """Return what was expected of the chosen time; of one not kept, no more than of the others."""
    for one in decision.candidates:
        if one.at == decision.at:
            return one.value
    return min(one.value for one in decision.candidates)


def _add_up(paths, values, offsets):
    """Return the mean of offsets plus the weighted means of each step, and its 95 % interval."""
    count = len(paths)
    mean = math.fsum(offsets) / count
    influences = [(offset - mean) / count for offset in offsets]
    for step in range(max(len(path.weights) for path in paths)):
        weights = [path.weights[min(step, len(path.weights) - 1)] for path in paths]
        total = math.fsum(weights)
        if not total:
            break
        found = [one[step] if step < len(one) else 0.0 for one in values]
        average = math.fsum(map(math.prod, zip(weights, found, strict=True))) / total
        mean += average
        for number, (weight, value) in enumerate(zip(weights, found, strict=True)):
            influences[number] += weight * (value - average) / total
    error = Z95 * math.sqrt(math.fsum(one * one for one in influences))
    return _clamp(mean), (_clamp(mean - error), _clamp(mean + error))


def _clamp(share):
    return min(max(share, 0.0), 1.0)
