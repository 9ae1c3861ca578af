# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Fits the timing engine to many worlds at once, and says it in the words of its data file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from revenue_recovery.timing.model import bins
from revenue_recovery.timing.model.fit import Fit
from revenue_recovery.timing.model.odds import Odds, expit
from revenue_recovery.timing.model.patterns import FAMILIES, FAMILY, RHYTHMS
from revenue_recovery.timing.model.priors import GROUP_COUNT, load
from revenue_recovery.timing.model.reservoir import Reservoir, hash_key
from revenue_recovery.timing.model.sequence import read_finished
from revenue_recovery.timing.model.training import Sample, TrainingData, gather
from revenue_recovery.timing.plan.smart import FinishedAttempt

ROUNDS = 100
_AGELESS = 1e9  # days: no world is of an older time than another
_LEAST_ANSWER = 0.002
# Calendar and number of a try have effects of their own merchant only, and so have all hours beside
# each other: `schedules.py` says what is believed of these.
_EFFECTS = ("gap", "group", "density", "advice", "funding", "regular")
_RETRIED = ("dry", "free", "calm")
_RHYTHMS = len(RHYTHMS)
_COUNTED = (
    ("came", slice(bins.CAME, bins.QUICK)),
    ("quick", slice(bins.QUICK, bins.LATE)),
    ("late", slice(bins.LATE, bins.DRY)),
    ("seldom", slice(bins.SELDOM, bins.SLOW)),
    ("slow", slice(bins.SLOW, bins.GONE)),
    ("gone", slice(bins.GONE, bins.GONE + 1)),
)


class Beliefs:
    """What many worlds have in common, by the engine's own fit.

    It is drawn to what the data file says, as the engine's odds are.
    """

    def __init__(self, attempts: Iterable[FinishedAttempt], rounds: int = ROUNDS) -> None:
        self.priors = load()
        sample = _sample(attempts)
        self.cases = len(sample.cases)
        fit = Fit(sample, self.priors, Odds.prior(self.priors))
        self.odds = fit.run(rounds)
        self.counts = _count_answers(Fit(sample, self.priors, self.odds))
        shares = np.bincount(FAMILY, self._patterns(0), len(FAMILIES))
        self.shares = shares / shares.sum()

    def _patterns(self, credit: int) -> np.ndarray:
        share = np.exp(self.priors.habits("", credit) + self.odds.habits[credit])
        return share / share.sum()

    def values(self) -> dict[str, dict[str, Any]]:
        """Return blocks of the data file, and what changes in them."""
        odds, found = self.odds, {}
        came = odds.bins[: bins.LATE].reshape(2 * _RHYTHMS, -1)
        found["came"] = {name: _round(came[row]) for row, name in enumerate(RHYTHMS)}
        found["came"]["quick"] = _round(self._quick(came))
        found["late"] = {"value": _round(odds.bins[bins.LATE : bins.DRY])}
        found["gaps"] = {name: self._by_group(start) for name, start in self._blocks()}
        found["gaps"]["seldom"] = _chances(odds.bins[bins.SELDOM : bins.SLOW])
        found["gaps"]["slow"] = _chances(odds.bins[bins.SLOW : bins.GONE])
        fresh = odds.bins[bins.FRESH : bins.OTHERS].reshape(2 * _RHYTHMS, -1)
        found["fresh"] = {name: _chances(fresh[row]) for row, name in enumerate(RHYTHMS)}
        found["fresh"]["quick"] = _chances(self._quick(fresh))
        found["fresh"]["others"] = _chances(odds.bins[bins.OTHERS :])
        paid = self.shares[: 2 * _RHYTHMS] / self.shares[: 2 * _RHYTHMS].sum()
        found["opening"] = {"value": _round(paid @ odds.opening.reshape(2 * _RHYTHMS, -1))}
        found["suspects"] = dict(zip(bins.GROUPS, map(self._suspects, odds.suspects), strict=False))
        found["families"] = {**self._families("default", 0), **self._families("credit", 1)}
        found["families"]["quick"] = found["families"].pop("default_quick")
        found["effects"] = self._effects()
        answers = np.maximum(odds.soon_answers, 0.01)
        found["issuers"] = {"shares": _round(odds.issuers, 3), "answers": _round(answers)}
        found["quick"] = {"value": [round(odds.quick_chance(run)[0], 2) for run in range(1, 5)]}
        found["answers"] = self._answers()
        return found

    def _quick(self, rows: np.ndarray) -> np.ndarray:
        """Return the mean of the quick families' rows, each by its share."""
        share = self.shares[_RHYTHMS : 2 * _RHYTHMS]
        return share @ rows[_RHYTHMS : 2 * _RHYTHMS] / share.sum()

    @staticmethod
    def _blocks() -> list[tuple[str, int]]:
        return list(zip(_RETRIED, (bins.DRY, bins.FREE, bins.CALM), strict=True))

    def _by_group(self, start: int) -> dict[str, list[float]]:
        rows = self.odds.bins[start : start + 4 * len(bins.GAPS)].reshape(4, -1)
        return {group: _chances(row) for group, row in zip(bins.GROUPS, rows, strict=False)}

    def _suspects(self, row: np.ndarray) -> list[float]:
        """Return the values of one kind of failure, lasting and quick payers as one."""
        paid = self.shares[: 2 * _RHYTHMS].reshape(2, -1)
        both = (paid * row[: 2 * _RHYTHMS].reshape(2, -1)).sum(axis=0) / paid.sum(axis=0)
        return _round(np.concatenate([both, row[2 * _RHYTHMS :]]))

    def _families(self, name: str, credit: int) -> dict[str, Any]:
        share = np.bincount(FAMILY, self._patterns(credit), len(FAMILIES))
        both = share[:_RHYTHMS] + share[_RHYTHMS : 2 * _RHYTHMS]
        names = (*RHYTHMS, *FAMILIES[2 * _RHYTHMS :])
        shares = _round(np.concatenate([both, share[2 * _RHYTHMS :]]), 3)
        quick = float(share[_RHYTHMS : 2 * _RHYTHMS].sum() / both.sum())
        return {name: dict(zip(names, shares, strict=True)), f"{name}_quick": round(quick, 2)}

    def _effects(self) -> dict[str, list[float]]:
        found = {}
        for name in ("hour", *_EFFECTS):
            start = bins.OFFSETS[name]
            found[name] = self.odds.effects[start : start + bins.EFFECTS[name]]
        known = np.array(self.priors.values["effects"]["hour"])
        nine = bins.HOUR_STARTS.tolist().index(9.0)
        found["hour"] = known + found["hour"][nine] - known[nine]
        return {name: _round(value) for name, value in found.items()}

    def _answers(self) -> dict[str, Any]:
        """Return what failed charges were about, by block, counted on top of ten of the file's."""
        found: dict[str, Any] = {name: self._share(rows) for name, rows in _COUNTED}
        for name, start in self._blocks():
            found[name] = {}
            for number, group in enumerate(bins.GROUPS[:4]):
                first = start + number * len(bins.GAPS)
                found[name][group] = self._share(slice(first, first + len(bins.GAPS)))
        return found

    def _share(self, rows: slice) -> list[float]:
        count = self.counts[rows].sum(axis=0) + 10 * self.priors.answers[rows].mean(axis=0)
        return _round(np.maximum(count / count.sum(), _LEAST_ANSWER), 3)


def log_likelihood(attempts: Iterable[FinishedAttempt], odds: Odds) -> np.ndarray:
    """Return for each case how likely its answers were to somebody who believes these odds, log."""
    _chance, _likely, before, joint = Fit(_sample(attempts), load(), odds).explain()
    return _log_sum(joint.reshape(len(joint), -1)) - _log_sum(before)


def _log_sum(log: np.ndarray) -> np.ndarray:
    most = log.max(axis=1)
    return most + np.log(np.exp(log - most[:, None]).sum(axis=1))


def _sample(attempts: Iterable[FinishedAttempt]) -> Sample:
    reservoir, priors = Reservoir(10**6, _AGELESS), load()
    for attempt in attempts:
        reservoir.add(hash_key(attempt.key), read_finished(attempt, priors))
    cases = TrainingData().update(reservoir)
    return gather(reservoir, cases, (_AGELESS, _AGELESS), reservoir.newest)


def _count_answers(fit: Fit) -> np.ndarray:
    """Return failures of retries that issuers looked at: bins by what they were about."""
    _chance, likely, joint = fit.expect()
    failed = ~fit.paid
    seen = fit.find_seen(likely, joint)[failed]
    index = fit.bins[failed] * GROUP_COUNT + fit.outcome[failed][:, None]
    count = np.bincount(index.ravel(), seen.ravel(), bins.BIN_COUNT * GROUP_COUNT)
    return count.reshape(bins.BIN_COUNT, GROUP_COUNT)


def _round(values: np.ndarray, digits: int = 2) -> list[float]:
    return [round(float(value), digits) for value in values]


def _chances(scores: np.ndarray) -> list[float]:
    """Return probabilities; small ones with a digit more."""
    return [round(float(value), 3 if value < 0.095 else 2) for value in expit(scores)]
