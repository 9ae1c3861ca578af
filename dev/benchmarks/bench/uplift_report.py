# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Shares with their intervals, and the tables of the uplift benchmark."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulation.streams.ladders import Outcomes
from simulation.streams.runner import Setting
from simulation.streams.zones import DAY

from .output import table
from .uplift_play import BEST, CLAIRVOYANT, INFORMED, LADDER, Result, engine_name

RESAMPLES = 1000


@dataclass
class Share:
    """A share or a difference in percent with its resamples, so that comparisons stay paired."""

    value: float
    draws: np.ndarray

    def __sub__(self, other: Share) -> Share:
        return Share(self.value - other.value, self.draws - other.draws)

    def __add__(self, other: Share) -> Share:
        return Share(self.value + other.value, self.draws + other.draws)

    def interval(self) -> tuple[float, float]:
        """Return the bounds between which 95 % of the resamples lie."""
        low, high = np.percentile(self.draws, [2.5, 97.5])
        return float(low), float(high)

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.value:+.1f} ({low:+.1f} to {high:+.1f})"


def mean(shares: list[Share]) -> Share:
    """Return the mean over populations, each with the same weight."""
    draws = np.mean([share.draws for share in shares], axis=0)
    return Share(float(np.mean([share.value for share in shares])), draws)


class Resampling:
    """Draws of some cases, the same for all strategies."""

    def __init__(self, result: Result, index: np.ndarray, seed: int) -> None:
        self.index = index
        amount = result.cases.amount[index]
        rng = np.random.default_rng([seed, *result.population.name.encode()])
        n = len(index)
        self._weights = {"amount": amount / amount.mean(), "cases": np.ones(n)}
        self._counts = rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float32)

    def share(self, outcomes: Outcomes, of: str) -> Share:
        """Return the recovered share of the `amount` or of the `cases`."""
        weights = self._weights[of].astype(np.float32)
        won = weights * outcomes.recovered[self.index]
        draws = 100 * (self._counts @ won) / (self._counts @ weights)
        return Share(100 * float(won.sum() / weights.sum()), draws)


@dataclass
class Figures:
    """The figures of a population and a setting, by strategy.

    Who played every second case is compared with the best fixed schedule on these, and the level
    is that schedule's on all cases plus the difference.

    :param amount: recovered share of the amount
    :param cases: recovered share of the cases
    :param points: of the amount, above the best fixed schedule
    """

    result: Result
    setting: Setting
    seed: int
    amount: dict[str, Share] = field(default_factory=dict)
    cases: dict[str, Share] = field(default_factory=dict)
    points: dict[str, Share] = field(default_factory=dict)

    def __post_init__(self) -> None:
        result, outcomes = self.result, self.result.outcomes[self.setting]
        everybody = Resampling(result, np.arange(len(result.cases)), self.seed)
        some = Resampling(result, result.index, self.seed)
        best = {of: everybody.share(outcomes[BEST], of) for of in ("amount", "cases")}
        for name, played in outcomes.items():
            on = some if name in result.some else everybody
            amount, cases = (
                on.share(played, of) - on.share(outcomes[BEST], of) for of in ("amount", "cases")
            )
            self.points[name] = amount
            self.amount[name] = best["amount"] + amount
            self.cases[name] = best["cases"] + cases

    def way(self, name: str) -> tuple[Share, Share]:
        """Return a strategy's points and the informed bound's, both on every second case."""
        outcomes = self.result.outcomes[self.setting]
        some = Resampling(self.result, self.result.index, self.seed)
        best = some.share(outcomes[BEST], "amount")
        gain, bound = (some.share(outcomes[who], "amount") - best for who in (name, INFORMED))
        return gain, bound

    def print(self) -> None:
        """Print the table of all strategies."""
        title = f"{self.result.population.name}: {self.setting} days"
        headers = [title, "amount %", "points to best fixed", "cases %", *_MORE]
        rows = []
        for name, played in self.result.outcomes[self.setting].items():
            shown = f"{name}: {self.result.best[self.setting]}" if name == BEST else name
            points = "" if name == BEST else str(self.points[name])
            levels = [f"{self.amount[name].value:.1f}", points, f"{self.cases[name].value:.1f}"]
            index = self.result.index if name in self.result.some else slice(None)
            rows.append([shown, *levels, *_effort(played, index)])
        table(headers, rows)


_MORE = ["charges/recovery", "dead retries", "days"]


def _effort(outcomes: Outcomes, index: np.ndarray | slice) -> list[str]:
    recovered = int(outcomes.recovered[index].sum())
    if not recovered:
        return ["", "", ""]
    charges = outcomes.attempts[index].sum() / recovered
    days = np.nanmean(outcomes.seconds[index]) / DAY
    return [f"{charges:.2f}", str(int(outcomes.dead_retries[index].sum())), f"{days:.1f}"]


def print_summary(figures: list[Figures], setting: Setting, learned: tuple[int, ...]) -> None:
    """Print one line for each population: points above the best fixed schedule."""
    names = [engine_name(number) for number in learned]
    shown = [LADDER, *names, INFORMED, CLAIRVOYANT]
    shown = [name for name in shown if all(name in each.points for each in figures)]
    rows = [
        [each.result.population.name, f"{each.amount[BEST].value:.1f}"]
        + [str(each.points[name]) for name in shown]
        for each in figures
    ]
    averages = [str(mean([each.points[name] for each in figures])) for name in shown]
    level = np.mean([each.amount[BEST].value for each in figures])
    rows.append(["mean", f"{level:.1f}", *averages])
    table([f"points, {setting} days", "best fixed %", *shown], rows)
