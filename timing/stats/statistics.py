# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a model has learned, as plain tables for a screen: seen and learned against the prior."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..arrays import np
from ..model import bins
from ..model.calibration import NUMBERS
from ..model.fit import Fit
from ..model.model import Model
from ..model.odds import Odds
from ..model.patterns import ERRATIC, PATTERNS
from ..model.sequence import PAID as SUCCESS
from ..model.training import Sample, TrainingData, gather

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MOST_REASONS = 20


@dataclass(frozen=True)
class Row:
    """One bar of a chart.

    :ivar label: of the bar: an hour, a weekday, days since pay day, …
    :ivar tries: remembered retries it rests on; soft counts where the pay day is a belief
    :ivar seen: share of them that succeeded, none without tries
    :ivar learned: what the model now says of the same retries
    :ivar prior: what it would have said without having learned
    """

    label: str
    tries: float
    seen: float | None
    learned: float | None
    prior: float | None


@dataclass(frozen=True)
class Bin:
    """One point of the calibration curve.

    :ivar low: lower bound of the promised probability
    :ivar high: upper bound
    :ivar tries: charges whose promise lies between
    :ivar promised: their mean promise
    :ivar seen: share of them that succeeded
    """

    low: float
    high: float
    tries: int
    promised: float
    seen: float


def learned_tables(model: Model) -> dict[str, list[Row]]:
    """Return tables by ``hour``, ``weekday``, ``payday``, ``attempt``, ``gap`` and ``reason``.

    Takes about a second for thousands of cases.
    """
    cases = TrainingData().update(model.reservoir)
    if not cases:
        return {name: [] for name in ("hour", "weekday", "payday", "attempt", "gap", "reason")}
    today = model.reservoir.newest
    sample = gather(model.reservoir, cases, model.priors.half_lives, today)
    learned, belief = _predict(sample, model, model.odds)
    learned = _as_promised(sample, model, learned)
    prior, _belief = _predict(sample, model, Odds.prior(model.priors))
    paid = sample.paid.astype(float)
    tables = {}
    labels = {
        "hour": bins.HOURS,
        "weekday": WEEKDAYS,
        "attempt": ("1", "2", "3", "4", "5", "6", "7+"),
        "gap": bins.GAPS,
    }
    rows = list(bins.EFFECTS)
    for name, names in labels.items():
        level = sample.levels[:, rows.index(name)] - bins.OFFSETS[name]
        tables[name] = _rows(names, level, paid, learned, prior)
    reasons = np.array([reason for case in cases for reason in case.reasons])
    names, level, counts = np.unique(reasons, return_inverse=True, return_counts=True)
    table = _rows([str(name) for name in names], level, paid, learned, prior)
    order = np.argsort(-counts, kind="stable")[:_MOST_REASONS]
    tables["reason"] = [table[number] for number in order]
    tables["payday"] = _by_pay_day(sample, model, belief)
    return tables


def _predict(sample: Sample, model: Model, odds: Odds) -> tuple[np.ndarray, np.ndarray]:
    """Return each retry's probability as it could be said before, and the belief before it."""
    fit = Fit(sample, model.priors, odds)
    chance, likely, _joint = fit.expect()
    _likely, log = fit.likelihoods(chance)
    starts = np.searchsorted(sample.case, sample.case)
    before, paid = np.zeros(chance.shape), np.zeros(len(chance))
    shares, plain = fit.shares_of_kinds(), np.exp(likely)
    for kind in range(bins.KIND_COUNT):
        part, looks = likely.astype(float), sample.looks[:, kind]
        rows = np.flatnonzero(looks < 1)
        part[rows] = fit.mixed(plain, kind, rows)
        # What was known before a retry: everything but it and the ones after it, within its case.
        running = np.cumsum(part, axis=0) - part
        weight = shares[sample.case, kind, None] * np.exp(
            log[sample.case] - _most(log)[sample.case] + running - running[starts]
        )
        before += weight
        paid += (weight * chance).sum(axis=1) * looks
    total = before.sum(axis=1)
    return paid / total, before / total[:, None]


def _as_promised(sample: Sample, model: Model, chance: np.ndarray) -> np.ndarray:
    """Return chances of retries moved by what promises have been worth, as decisions name them."""
    number = sample.levels[:, list(bins.EFFECTS).index("attempt")] - bins.OFFSETS["attempt"] + 1
    moves = np.array([model.calibration.move(n, False, 0) for n in range(number.max() + 1)])
    odds = chance / (1 - np.clip(chance, 0, 1 - 1e-9)) * np.exp(moves[number])
    return odds / (1 + odds)


def _most(log: np.ndarray) -> np.ndarray:
    return log.max(axis=1, keepdims=True)


def _normalise(log: np.ndarray) -> np.ndarray:
    weight = np.exp(log - log.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def _rows(names: Sequence[str], level: np.ndarray, *values: np.ndarray) -> list[Row]:
    size = len(names)
    counts = np.bincount(level, minlength=size)
    means = [np.bincount(level, value, size) / np.maximum(counts, 1) for value in values]
    return [
        Row(name, float(count), *(float(mean[n]) if count else None for mean in means))
        for n, (name, count) in enumerate(zip(names, counts, strict=True))
        if count
    ]


def _by_pay_day(sample: Sample, model: Model, belief: np.ndarray) -> list[Row]:
    """Count retries by days since the pay day, in part for each pay day that is believed in.

    :param belief: before each retry; what was believed after it would agree with the outcome
    """
    weight = belief
    inside = sample.bins < bins.LATE
    ages = sample.bins[inside] % len(bins.AGES)
    size = len(bins.AGES)
    tries = np.bincount(ages, weight[inside], size)
    paid = np.bincount(ages, (weight * sample.paid[:, None])[inside], size)
    rows = []
    for number, label in enumerate(bins.AGES):
        which = [bins.CAME + family * size + number for family in range(ERRATIC)]
        shares = np.bincount(sample.bins[inside], weight[inside], bins.BIN_COUNT)[which] + 1e-9
        learned, prior = (
            float(np.average(1 / (1 + np.exp(-odds.bins[which])), weights=shares))
            for odds in (model.odds, Odds.prior(model.priors))
        )
        count = float(tries[number])
        rows.append(
            Row(label, count, float(paid[number]) / count if count >= 1 else None, learned, prior)
        )
    return rows


def pay_habits(model: Model, country: str = "") -> list[Row]:
    """Return the shares of pay patterns among those whose charges fail, the largest first."""
    prior = model.priors.habits(country)
    tilt = model.odds.habits[0] + model.odds.habits_of.get(country, 0.0)
    now, before = _normalise(np.stack([prior + tilt, prior]))
    order = np.argsort(-now, kind="stable")[:20]
    return [
        Row(PATTERNS[n].id, model.odds.evidence, None, float(now[n]), float(before[n]))
        for n in order
    ]


def calibration(model: Model, points: int = 10) -> tuple[list[Bin], float | None]:
    """Return the reliability curve of promised probabilities, and the expected calibration error.

    The error is the mean distance of promise and outcome by bin, weighted by tries; none without
    any promise. Only charges that carried a promise count.
    """
    pairs = [
        (observation.predicted / 1000, observation.outcome == SUCCESS)
        for sequence in model.reservoir.cases.values()
        for observation in sequence.observations
        if observation.predicted >= 0
    ]
    return reliability(pairs, points)


def kept_promises(model: Model) -> list[Row]:
    """Return what was promised (as `learned`) and what was seen, by the number of the try.

    What promises are worth differs most along a case: later tries are those of worse payers.
    """
    counts = np.zeros((NUMBERS, 3))
    for sequence in model.reservoir.cases.values():
        number = 0
        for charge in sequence.observations[1:]:
            if charge.predicted >= 0:
                paid = charge.outcome == SUCCESS
                counts[min(number, NUMBERS - 1)] += 1, charge.predicted / 1000, paid
            number += charge.outcome != bins.TECHNICAL
    labels = [*map(str, range(1, NUMBERS)), f"{NUMBERS}+"]
    return [
        Row(label, float(count), float(paid / count), float(promised / count), None)
        for label, (count, promised, paid) in zip(labels, counts, strict=True)
        if count
    ]


def reliability(
    pairs: Sequence[tuple[float, bool]], points: int = 10
) -> tuple[list[Bin], float | None]:
    """Return the reliability curve and the expected calibration error of promises and outcomes."""
    if not pairs:
        return [], None
    promised, paid = np.array(pairs, dtype=float).T
    level = np.minimum((promised * points).astype(int), points - 1)
    curve, error = [], 0.0
    for number in range(points):
        inside = level == number
        if not inside.any():
            continue
        mean, seen = float(promised[inside].mean()), float(paid[inside].mean())
        count = int(inside.sum())
        curve.append(Bin(number / points, (number + 1) / points, count, mean, seen))
        error += count * abs(mean - seen) / len(pairs)
    return curve, error
