"""Figures, intervals and tables of the uplift benchmark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.streams.ladders import Outcomes
from simulation.streams.zones import DAY

from .uplift_play import Result

RESAMPLES = 1000


@dataclass
class Share:
    """A share in percent with its resamples, so that differences and means stay paired."""

    value: float
    draws: np.ndarray

    def __sub__(self, other: Share) -> Share:
        return Share(self.value - other.value, self.draws - other.draws)

    def interval(self) -> tuple[float, float]:
        """Return the bounds between which 95 % of the resamples lie."""
        low, high = np.percentile(self.draws, [2.5, 97.5])
        return float(low), float(high)

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.value:+.1f} ({low:+.1f} to {high:+.1f})"


def mean(shares: list[Share]) -> Share:
    """Return the mean over populations, each of the same weight."""
    return Share(
        float(np.mean([share.value for share in shares])),
        np.mean([share.draws for share in shares], axis=0),
    )


class Resampling:
    """Draws of the same cases for all strategies of a population."""

    def __init__(self, result: Result, seed: int) -> None:
        self.amount = result.cases.amount
        rng = np.random.default_rng(seed)
        n = len(self.amount)
        self.counts = rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float32)
        self._total = self.counts @ self.amount.astype(np.float32)

    def amount_share(self, outcomes: Outcomes) -> Share:
        """Return the recovered share of the amount."""
        won = (self.amount * outcomes.recovered).astype(np.float32)
        draws = 100 * (self.counts @ won) / self._total
        return Share(100 * float(won.sum() / self.amount.sum()), draws)


def row(outcomes: Outcomes, share: Share, best: Share) -> list[str]:
    """Return the cells of a strategy's line."""
    recovered = int(outcomes.recovered.sum())
    days = np.nanmean(outcomes.seconds) / DAY if recovered else float("nan")
    per_recovery = outcomes.attempts.sum() / max(recovered, 1)
    return [
        f"{share.value:.1f}",
        str(share - best) if share is not best else "",
        f"{100 * recovered / len(outcomes.recovered):.1f}",
        f"{per_recovery:.2f}",
        str(int(outcomes.dead_retries.sum())),
        f"{days:.1f}",
    ]


HEADERS = ["amount %", "points to best fixed", "cases %", "charges/recovery", "dead", "days"]
