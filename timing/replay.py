"""What other choices of the first retry's time would have recovered. Plain Python.

Each smart decision drew its time from candidates with known probabilities, so what came of it also
tells of other ways to choose: those that would have taken the same time count for more, the rarer
that time was drawn. Only the first retry of a case is replayed; what follows it stays as it was.
Number of tries, window and ladder are not chosen by chance, so nothing can be said of them here.

Two estimates of the same share: self-normalised importance sampling (SNIPS; Swaminathan and
Joachims, 2015) needs nothing but the draws, and is noisy; the doubly robust one (Dudík, Langford
and Li, 2011) starts from what the odds expected and corrects it by the draws.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from .shares import Z95

# A draw that was rarer than one in so many counts as one in so many: less noise, a little bias.
CLIP = 20.0
# Fewer effective decisions say nothing, and neither do times that were hardly ever to be drawn.
ENOUGH, SUPPORTED = 100.0, 0.9


class Candidate(NamedTuple):
    """A time that could have been chosen.

    :ivar at: its instant, as text that names it
    :ivar probability: that the charge succeeds
    :ivar value: expected recovered share of the amount, with the retries that follow
    :ivar propensity: probability with which it would have been drawn
    """

    at: str
    probability: float
    value: float
    propensity: float


class Decision(NamedTuple):
    """A first retry, and what became of its case.

    :ivar at: the chosen instant, as its candidate names it
    :ivar propensity: probability with which it was drawn, above 0
    :ivar reward: share of the failed amount that was recovered in the end, 0 to 1
    :ivar candidates: the best of those that were weighed, at least one
    """

    at: str
    propensity: float
    reward: float
    candidates: Sequence[Candidate]


class Estimate(NamedTuple):
    """A share that would have been recovered, estimated twice, each with its 95 % interval.

    :ivar effective: how many decisions the estimates rest on, as if all counted the same
    :ivar supported: share of the decisions whose wanted time could have been drawn
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
        """Whether the decisions say anything."""
        return self.effective >= ENOUGH and self.supported >= SUPPORTED


# Ways to choose one of the candidates.
POLICIES: dict[str, Callable[[Sequence[Candidate]], Candidate]] = {
    "best": lambda candidates: max(candidates, key=lambda one: one.value),
    "likeliest": lambda candidates: max(candidates, key=lambda one: one.probability),
    "soonest": lambda candidates: min(candidates, key=lambda one: one.at),
}


def replay(
    decisions: Iterable[Decision], choose: Callable[[Sequence[Candidate]], Candidate]
) -> Estimate:
    """Return what another way to choose would have recovered.

    :param choose: returns one of the candidates of a decision
    """
    rewards, weights, scores, supported = [], [], [], 0
    for decision in decisions:
        wanted = choose(decision.candidates)
        is_same = wanted.at == decision.at
        weight = min(1 / decision.propensity, CLIP) if is_same else 0.0
        supported += wanted.propensity > 0
        rewards.append(decision.reward)
        weights.append(weight)
        scores.append(wanted.value + weight * (decision.reward - wanted.value))
    count, total = len(rewards), math.fsum(weights)
    if not count:
        return Estimate(0, 0.0, None, (0.0, 1.0), None, (0.0, 1.0), 0.0, 0.0)
    effective = total * total / math.fsum(weight * weight for weight in weights) if total else 0.0
    return Estimate(
        count,
        math.fsum(rewards) / count,
        *_normalise(rewards, weights, total),
        *_average(scores),
        effective,
        supported / count,
    )


def _normalise(rewards, weights, total):
    """Return the weighted mean with its interval, none without any weight."""
    if not total:
        return None, (0.0, 1.0)
    pairs = list(zip(weights, rewards, strict=True))
    mean = math.fsum(weight * reward for weight, reward in pairs) / total
    square = math.fsum((weight * (reward - mean)) ** 2 for weight, reward in pairs)
    return mean, _around(mean, math.sqrt(square) / total)


def _average(scores):
    mean = math.fsum(scores) / len(scores)
    square = math.fsum((score - mean) ** 2 for score in scores)
    error = math.sqrt(square / max(len(scores) - 1, 1) / len(scores))
    return min(max(mean, 0.0), 1.0), _around(mean, error)


def _around(mean, error):
    return min(max(mean - Z95 * error, 0.0), 1.0), min(max(mean + Z95 * error, 0.0), 1.0)
