# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is believed before anything is learned: the data file, read into arrays.

``data/priors.json`` is written for people; each block names its source or says it is judgement.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

from ..arrays import np
from . import bins
from .patterns import COUNT, FAMILIES, FAMILY, PATTERNS, RHYTHMS

_DATA = Path(__file__).parents[1] / "data" / "priors.json"
GROUP_COUNT = len(bins.GROUPS)


@dataclass(frozen=True)
class Priors:
    """The shipped beliefs as arrays; ``_sd`` is how far a value may be learned away, in log-odds.

    :ivar values: the data file
    :ivar kinship: covariance of the bins
    """

    values: dict[str, Any]
    bins: np.ndarray
    kinship: np.ndarray
    effects: np.ndarray
    effects_sd: np.ndarray
    effects_precision: np.ndarray
    opening: np.ndarray
    suspects: np.ndarray
    answers: np.ndarray
    group_of: dict[str, int]

    @cached_property
    def bins_sd(self) -> np.ndarray:
        """How far each bin's value may be learned away."""
        return np.sqrt(np.diag(self.kinship))

    @cached_property
    def bins_precision(self) -> np.ndarray:
        """The inverse of the kinship. Only learning needs it, and it takes 32 MB for good."""
        return np.linalg.inv(self.kinship)

    @property
    def half_lives(self) -> tuple[float, float]:
        """Days after which what was seen counts half: of habits, of hazards."""
        forgetting = self.values["forgetting"]
        return float(forgetting["habits"]), float(forgetting["hazards"])

    def group(self, reason: str, decline_class: str) -> int:
        """Return what a failure is about, as an index into :data:`timing.model.bins.GROUPS`."""
        if decline_class == "technical":
            return bins.TECHNICAL
        if decline_class in ("fix_data", "customer_action", "never"):
            return bins.HARD
        return self.group_of.get(reason, bins.SOFT)

    def habits(self, country: str, credit: int = 0) -> np.ndarray:
        """Return the log of the prior share of each pattern in a country.

        :param credit: 1 for credit cards, which are paid off when their holders choose to
        """
        return _habits(country, credit)


@lru_cache(maxsize=1)
def load() -> Priors:
    """Return the shipped priors; read once."""
    values = json.loads(_DATA.read_text(encoding="utf-8"))
    alpha, kinship = _bins(values)
    effects, effects_cov = _effects(values["effects"])
    suspects = np.array([values["suspects"][group] for group in bins.GROUPS[:4]])
    rhythms = suspects[:, : len(RHYTHMS)]
    suspects = np.concatenate([rhythms, rhythms, suspects[:, len(RHYTHMS) :]], axis=1)
    return Priors(
        values,
        alpha,
        kinship,
        effects,
        deviations(effects_cov),
        np.linalg.inv(effects_cov),
        np.tile(values["opening"]["value"], 2 * len(RHYTHMS)),
        suspects,
        _answers(values["answers"]),
        {
            reason: index
            for index, group in enumerate(bins.GROUPS)
            for reason in values["groups"].get(group, ())
        },
    )


def _bins(values: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the prior means of the bins, and how they vary together.

    What is learned of a bin says something about its neighbours, and about the same distance to
    pay day in the other families: a few cases then teach all of them.
    """
    alpha = np.zeros(bins.BIN_COUNT)
    kinship = np.zeros((bins.BIN_COUNT, bins.BIN_COUNT))
    spread = values["kinship"]
    place = partial(_place, alpha, kinship, spread)
    groups = bins.GROUPS[:4]
    gaps = values["gaps"]
    came = values["came"]
    place(bins.CAME, [came[rhythm] for rhythm in RHYTHMS], spread["families"])
    place(bins.QUICK, [came["quick"]] * len(RHYTHMS), spread["families"])
    place(bins.LATE, [values["late"]["value"]])
    place(bins.DRY, [logit(np.array(gaps["dry"][group])) for group in groups])
    place(bins.FREE, [logit(np.array(gaps["free"][group])) for group in groups])
    place(bins.CALM, [logit(np.array(gaps["calm"][group])) for group in groups])
    place(bins.SELDOM, [logit(np.array(gaps["seldom"]))])
    place(bins.SLOW, [logit(np.array(gaps["slow"]))])
    fresh = values["fresh"]
    lasting = [logit(np.array(fresh[rhythm])) for rhythm in RHYTHMS]
    place(bins.FRESH, lasting, spread["families"])
    quick = bins.FRESH + len(RHYTHMS) * bins.FRESH_COUNT
    place(quick, [logit(np.array(fresh["quick"]))] * len(RHYTHMS), spread["families"])
    alpha[bins.OTHERS :] = logit(np.array(fresh["others"]))
    kinship[bins.OTHERS :, bins.OTHERS :] = np.eye(bins.BIN_COUNT - bins.OTHERS)
    alpha[bins.GONE], kinship[bins.GONE, bins.GONE] = logit(values["gone"]["value"]), 0.04
    return alpha, kinship


def _place(
    alpha: np.ndarray,
    kinship: np.ndarray,
    spread: dict[str, float],
    start: int,
    blocks: list[Sequence[float]],
    shared: float = 0.0,
) -> None:
    """Place blocks of neighbouring bins, one after the other; `shared` ties them together."""
    width = len(blocks[0])
    near = np.exp(-np.abs(np.subtract.outer(np.arange(width), np.arange(width))) / 1.5)
    within = spread["block"] ** 2 + spread["near"] ** 2 * near
    within += spread["own"] ** 2 * np.eye(width)
    for number, block in enumerate(blocks):
        one = slice(start + number * width, start + (number + 1) * width)
        alpha[one] = block
        kinship[one, one] += within
        for other in range(len(blocks)):
            two = slice(start + other * width, start + (other + 1) * width)
            kinship[one, two] += shared**2 * (0.5 + 0.5 * near)


def _effects(values: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the prior means of the effects, and how they vary together: near hours are alike."""
    mean, sd = np.zeros(bins.EFFECT_COUNT), np.zeros(bins.EFFECT_COUNT)
    for name, levels in bins.EFFECTS.items():
        start = bins.OFFSETS[name]
        mean[start : start + levels] = values.get(name, 0.0)
        sd[start : start + levels] = values["sd"][name]
    covariance = np.diag(sd**2)
    middle = (bins.HOUR_STARTS + np.append(bins.HOUR_STARTS[1:], 24.0)) / 2
    away = np.subtract.outer(middle, middle) / values["hours_alike"]
    hours = slice(bins.OFFSETS["hour"], bins.OFFSETS["hour"] + bins.EFFECTS["hour"])
    covariance[hours, hours] = values["sd"]["hour"] ** 2 * np.exp(-(away**2) / 2)
    covariance[hours, hours] += 0.03**2 * np.eye(bins.EFFECTS["hour"])
    # Where charges are always made at one hour, what is wrong with the odds as a whole would look
    # like that hour's doing, and another one better for having been left alone.
    covariance[hours, hours] += values["hours_level"] ** 2
    return mean, covariance


def deviations(covariance: np.ndarray) -> np.ndarray:
    """Return how uncertain each effect is: of hours, beside the mean of all hours."""
    covariance = covariance.copy()
    hours = slice(bins.OFFSETS["hour"], bins.OFFSETS["hour"] + bins.EFFECTS["hour"])
    apart = np.eye(bins.EFFECTS["hour"]) - 1 / bins.EFFECTS["hour"]
    covariance[hours, hours] = apart @ covariance[hours, hours] @ apart
    return np.sqrt(np.maximum(np.diag(covariance), 0))


def _answers(values: dict[str, Any]) -> np.ndarray:
    """What a failed charge is about, by bin: first the blocks, then what depends on the failure."""
    answers = np.tile(values["came"], (bins.BIN_COUNT, 1))
    answers[bins.QUICK : bins.LATE] = values["quick"]
    answers[bins.LATE : bins.DRY] = values["late"]
    count = len(bins.GAPS)
    for name, start in (("dry", bins.DRY), ("free", bins.FREE), ("calm", bins.CALM)):
        for number, group in enumerate(bins.GROUPS[:4]):
            answers[start + number * count : start + (number + 1) * count] = values[name][group]
    answers[bins.SELDOM : bins.SLOW] = values["seldom"]
    answers[bins.SLOW : bins.GONE] = values["slow"]
    answers[bins.GONE] = values["gone"]
    return answers / answers.sum(axis=1, keepdims=True)


@lru_cache(maxsize=512)
def _habits(country: str, credit: int) -> np.ndarray:
    values = load().values
    countries = values["countries"]
    key = country if country in countries else "europe" if country in values["europe"] else ""
    families = {**values["families"]["default"], **(countries[key] if key else {})}
    within = np.zeros(COUNT)
    days = values["days"].get(country) or values["days"]["default"]
    quick = values["families"]["quick"]
    if credit:
        families, days = dict(values["families"]["credit"]), {}
        quick = values["families"]["credit_quick"]
    pairs, weekdays = values["pairs"], values["weekdays"]["default"]
    for index, pattern in enumerate(PATTERNS):
        rhythm = FAMILIES[pattern.family].partition("_")[0]
        if rhythm == "monthly":
            within[index] = days.get(str(pattern.days[0]), 0.0) + values["days"]["floor"]
        elif rhythm == "twice":
            name = pattern.id.partition(":")[2].partition(" ")[0]
            within[index] = pairs["default"].get(name, 0.0) + pairs["floor"]
        elif pattern.weekday >= 0:
            within[index] = weekdays[pattern.weekday]
        else:
            within[index] = 1.0
    for rhythm in RHYTHMS:
        share = families[rhythm]
        families[rhythm], families[f"{rhythm}_quick"] = (1 - quick) * share, quick * share
    shares = np.array([families[FAMILIES[family]] for family in FAMILY])
    total = np.bincount(FAMILY, within, len(FAMILIES))
    prior = shares * within / total[FAMILY]
    return np.log(prior / prior.sum())


def logit(probability: np.ndarray) -> np.ndarray:
    """Return the log-odds of probabilities between 0 and 1."""
    return np.log(probability) - np.log1p(-probability)
