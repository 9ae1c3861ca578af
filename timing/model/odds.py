# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The learned odds: what the hypotheses about a payer are worth, and how likely a charge succeeds.

A payer follows one hidden pattern (see :mod:`timing.model.patterns`). Under a pattern, the chance
of a charge depends on what is known since the last failure: after it the account is known to be
empty, so only money that came since, or chance, can help. Attempts are thus never independent
draws: a failure lowers the belief in every pattern that promised success, and the same slot is
worth little right after it was tried.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..arrays import np
from . import bins
from .patterns import COUNT, DEAD_AT, ERRATIC, FAMILIES, FAMILY, PAID, latest_pay
from .priors import Priors, load
from .sequence import PAID as SUCCESS
from .sequence import ChargeSequence, is_credit
from .training import Encoded, encode

_DRAWS = 24
# Of these probabilities logarithms are taken, and rounding must not make one nothing.
_LOGGED, _LEAST = frozenset({"issuers", "answers", "soon_answers"}), 1e-5
_ARRAYS = (
    "bins",
    "bins_sd",
    "effects",
    "effects_sd",
    "answers",
    "opening",
    "suspects",
    "habits",
    "habits_sd",
    "issuers",
    "soon_answers",
)


@dataclass(frozen=True)
class Odds:
    """Parameters: prior means before the first fit, then what was learned.

    Arrays are named as in :class:`timing.model.priors.Priors`; `_sd` is the posterior's spread.

    :ivar issuers: share of each kind of issuers, see :data:`timing.model.bins.COOL_DOWNS`
    :ivar soon_answers: what they answer to charges that they do not look at, by group
    :ivar issuers_of: the shares of kinds among those who failed at an issuer, by its name
    :ivar habits: learned log tilt of each pattern against its prior share; credit cards in a row of
        their own, after all others
    :ivar habits_of: the same on top, by country
    :ivar named: learned effect and its spread, by kind and name
    :ivar quick: paid and all quick retries after one, two, … technical failures in a row
    :ivar moved: share of customers of whom earlier charges tell nothing any more
    :ivar evidence: retries behind the fit, old ones counted in part
    """

    bins: np.ndarray
    bins_sd: np.ndarray
    effects: np.ndarray
    effects_sd: np.ndarray
    answers: np.ndarray
    opening: np.ndarray
    suspects: np.ndarray
    habits: np.ndarray
    habits_sd: np.ndarray
    issuers: np.ndarray
    soon_answers: np.ndarray
    habits_of: Mapping[str, np.ndarray] = field(default_factory=dict)
    issuers_of: Mapping[str, np.ndarray] = field(default_factory=dict)
    named: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)
    quick: tuple[tuple[float, float], ...] = ()
    moved: float = 0.0
    evidence: float = 0.0

    @classmethod
    def prior(cls, priors: Priors | None = None) -> "Odds":
        """Return the odds of somebody who has seen nothing."""
        priors = priors or load()
        return cls(
            priors.bins,
            priors.bins_sd,
            priors.effects,
            priors.effects_sd,
            priors.answers,
            priors.opening,
            priors.suspects,
            np.zeros((2, COUNT)),
            np.full((2, COUNT), 0.5),
            np.array(priors.values["issuers"]["shares"]),
            np.array(priors.values["issuers"]["answers"]),
            moved=float(priors.values["moved"]["share"]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values: dict[str, Any] = {
            name: np.round(getattr(self, name), 4).tolist() for name in _ARRAYS
        }
        values["habits_of"] = {k: np.round(v, 3).tolist() for k, v in self.habits_of.items()}
        values["issuers_of"] = {k: np.round(v, 4).tolist() for k, v in self.issuers_of.items()}
        values["named"] = {
            kind: {name: [round(x, 4) for x in pair] for name, pair in effects.items()}
            for kind, effects in self.named.items()
        }
        values["quick"] = [[round(x, 3) for x in pair] for pair in self.quick]
        values["moved"] = round(self.moved, 4)
        values["evidence"] = round(self.evidence, 3)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Odds":
        """Read what :meth:`to_dict` wrote."""
        arrays = {name: np.array(values[name], dtype=float) for name in _ARRAYS}
        for name in _LOGGED & arrays.keys():
            arrays[name] = np.maximum(arrays[name], _LEAST)
        return cls(
            **arrays,
            habits_of={k: np.array(v, dtype=float) for k, v in values["habits_of"].items()},
            issuers_of={k: np.maximum(v, _LEAST) for k, v in values["issuers_of"].items()},
            named={
                kind: {name: (pair[0], pair[1]) for name, pair in effects.items()}
                for kind, effects in values["named"].items()
            },
            quick=tuple((pair[0], pair[1]) for pair in values["quick"]),
            moved=float(values["moved"]),
            evidence=float(values["evidence"]),
        )

    @cached_property
    def draws(self) -> "Draws":
        """Draws of the parameters from their posterior, the same whenever they are asked for."""
        return Draws(self)

    def usual_hour(self, start: float, end: float) -> float:
        """Return the hour of the day, from `start` to before `end`, that was seen to be the best.

        Near hours learn from each other, and as long as little is known it is that of the priors.
        """
        first = bins.OFFSETS["hour"]
        effect = self.effects[first : first + bins.EFFECTS["hour"]]
        inside = (start <= bins.HOUR_STARTS) & (end > bins.HOUR_STARTS)
        if not inside.any():
            return start
        return float(bins.HOUR_STARTS[np.where(inside, effect, -np.inf).argmax()])

    # Beliefs about the payer

    def opening_belief(self, encoded: Encoded) -> np.ndarray:
        """Return the log weight of each pattern when a case opens, not normalised."""
        sequence = encoded.sequence
        credit = is_credit(sequence)
        log = load().habits(sequence.country, credit) + self.habits[credit]
        if sequence.country in self.habits_of:
            log = log + self.habits_of[sequence.country]
        group = min(sequence.observations[0].outcome, bins.TECHNICAL)
        log = log + self.suspects[group][FAMILY]
        if encoded.opening[0] >= 0:
            log[PAID] += self.opening[encoded.opening]
        return log

    def belief(self, sequence: ChargeSequence, match: float = 0.0) -> np.ndarray:
        """Return the weights of kinds of issuers by patterns after all failures of a case.

        They add up to 1.

        :param match: log weight for patterns that pay when the network said to come back
        """
        encoded = encode(sequence.country, [sequence])[0]
        log = self.opening_belief(encoded)
        if len(encoded.past):
            log = log + self.past_likelihood(encoded, log)
        log = log + np.log(self.issuers_of.get(sequence.issuer, self.issuers))[:, None]
        if len(encoded.outcomes):
            score = self.bins[encoded.bins]
            score[:, :DEAD_AT] += self._scores(encoded)[:, None]
            failed = encoded.outcomes != SUCCESS
            outcome = np.where(failed, encoded.outcomes, 0)
            answered = np.log(self.answers[encoded.bins, outcome[:, None]])
            likely = answered - np.logaddexp(0.0, score)
            log = log + _answered(encoded.looks, likely, self.soon_answers[outcome])
        advised = max(observation.advised for observation in sequence.observations)
        if match and advised:
            log = log + match * _pays_when_advised(
                sequence.observations[-1].minute, advised, sequence.country
            )
        weight = np.exp(log - log.max())
        return weight / weight.sum()

    def past_likelihood(self, encoded: Encoded, log_prior: np.ndarray) -> np.ndarray:
        """Return how well each pattern explains the customer's earlier charges, log.

        A method that has died since says nothing about them: it explains them as well as the
        others do on average. Nor do the charges say anything of customers who are paid otherwise
        by now, which nobody tells.
        """
        score = self.bins[encoded.past]
        log = np.where(encoded.past_paid[:, None], score, 0.0) - np.logaddexp(0.0, score)
        log = encoded.past_trust @ log
        alive = log_prior[:DEAD_AT] - log_prior[:DEAD_AT].max()
        weight = np.exp(alive)
        best = log[:DEAD_AT].max()
        mean = (weight * np.exp(log[:DEAD_AT] - best)).sum() / weight.sum()
        log[DEAD_AT] = best + np.log(mean)
        stays = np.log1p(-self.moved) + log[:DEAD_AT]
        log[:DEAD_AT] = np.logaddexp(stays, np.log(max(self.moved, _LEAST)) + log[DEAD_AT])
        return log

    def _scores(self, encoded: Encoded) -> np.ndarray:
        total = self.effects[encoded.levels].sum(axis=1)
        named = [self.named_score(encoded.sequence, reason)[0] for reason in encoded.reasons]
        return total + np.array(named)

    def family_shares(self, belief: np.ndarray) -> dict[str, float]:
        """Return the weight of each family of patterns."""
        total = np.bincount(FAMILY, belief, len(FAMILIES))
        return dict(zip(FAMILIES, total.tolist(), strict=True))

    # Chances of a charge

    def quick_chance(self, run: int) -> tuple[float, tuple[float, float]]:
        """Return the chance of a quick retry after technical failures in a row, and its interval.

        :param run: how many, at least 1
        """
        prior = load().values["quick"]
        index = min(run, len(prior["value"])) - 1
        paid, count = self.quick[index] if index < len(self.quick) else (0.0, 0.0)
        chance = (paid + prior["worth"] * prior["value"][index]) / (count + prior["worth"])
        spread = 1.645 * (chance * (1 - chance) / (count + prior["worth"] + 1)) ** 0.5
        return chance, (max(chance - spread, 0.0), min(chance + spread, 1.0))

    def named_score(self, sequence: ChargeSequence, reason: str) -> tuple[float, float]:
        """Return the effects of reason, country and issuer, and their variance."""
        total = variance = 0.0
        for kind, name in zip(bins.NAMED, (reason, sequence.country, sequence.issuer), strict=True):
            value, sd = self.named.get(kind, {}).get(name, (0.0, 0.0))
            total += value
            variance += sd * sd
        return total, variance


class Draws:
    """Draws of the parameters from their posterior, one a row.

    :ivar habits: factors of the patterns' weights, of other methods and of credit cards
    """

    def __init__(self, odds: Odds, seed: int = 20) -> None:
        rng = np.random.default_rng(seed)

        def draw(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
            return mean + sd * rng.standard_normal((_DRAWS, *mean.shape))

        self.bins = draw(odds.bins, odds.bins_sd)
        self.effects = draw(odds.effects, odds.effects_sd)
        self.habits = np.exp(draw(np.zeros((2, COUNT)), odds.habits_sd))


def _answered(looks: np.ndarray, likely: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """Return the log-likelihood of answers, kinds of issuers by patterns.

    :param looks: charges by kinds, shares that are looked at
    :param likely: charges by patterns, log-likelihood of the answer to a charge that is looked at
    :param unseen: likelihood of the answer to one that is not, by charge
    """
    seen = looks.copy()
    seen[:, bins.MINDFUL] = 1
    log = seen.T @ likely + ((1 - seen) * np.log(unseen)[:, None]).sum(axis=0)[:, None]
    share = looks[:, bins.MINDFUL, None]
    mixed = share * np.exp(likely)[:, None, :] + (1 - share) * unseen[:, None, None]
    log[bins.MINDFUL] = np.log(mixed).sum(axis=0)
    return log


def _pays_when_advised(failed: int, advised: int, country: str) -> np.ndarray:
    """Return which patterns pay within a day of the instant that the network named."""
    last = max(advised // 1440, failed // 1440 + 1) + 1 + bins.EPOCH_DAY
    first = max(failed // 1440 + 1 + bins.EPOCH_DAY, last - 2)
    latest = latest_pay(np.array([last]), country)[:, 0]
    return (latest >= first) & (FAMILY < ERRATIC)


def expit(score: np.ndarray) -> np.ndarray:
    """Return probabilities of log-odds."""
    return 1.0 / (1.0 + np.exp(-score))
