# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Plays every strategy on a population's cases: the same cases, the same luck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from statistics import median

import numpy as np

from simulation.streams import Population, generate, ladders
from simulation.streams.cases import FIRST_DAY, JUDGED_DAYS, TRAINING_DAYS, Cases
from simulation.streams.clairvoyant import clairvoyant
from simulation.streams.informed import informed
from simulation.streams.ladders import Outcomes, Schedule
from simulation.streams.runner import Log, Player, Setting

# The first is that of which the goals against the field speak, and the product's default.
SETTINGS = (Setting(8, 14), Setting(8, 28), Setting(4, 14))
LONGEST = Setting(8, 60)  # on which decisions are timed
LEARNED = (0, 1000, 5000)
# Hindsight chooses on cases of its own, so that it is right and not lucky.
HINDSIGHT_CASES = 8000
LADDER, BEST = "even at 10:00", "best fixed"
INFORMED, CLAIRVOYANT = "informed bound", "clairvoyant bound"


def engine_name(learned: int) -> str:
    """Return the name of the engine after so many cases."""
    return f"smart, {learned:,} cases" if learned else "smart, cold"


@dataclass
class Result:
    """What came out for a population.

    :param index: cases that the bounds play: every second one
    :param outcomes: by setting and name of the strategy
    :param some: names of those that played the cases of `index` only
    :param best: name of the best fixed schedule of each setting, by hindsight
    :param logs: by setting and name of the strategy
    :param engine: the one that has learned most
    """

    population: Population
    cases: Cases
    index: np.ndarray
    outcomes: dict[Setting, dict[str, Outcomes]] = field(default_factory=dict)
    some: set[str] = field(default_factory=set)
    best: dict[Setting, str] = field(default_factory=dict)
    logs: dict[Setting, dict[str, Log]] = field(default_factory=dict)
    engine: object | None = None

    def calibration_error(self, name: str) -> float:
        """Return the expected calibration error of a strategy, all settings together."""
        logs = [logs[name] for logs in self.logs.values() if name in logs]
        return calibration_error([pair for log in logs for pair in log.predictions])


def begin(population: Population, seed: int, count: int) -> Result:
    """Return a result with the cases on which strategies are judged: the stream's last weeks."""
    cases = generate(population, seed + 1, count, FIRST_DAY + TRAINING_DAYS, JUDGED_DAYS)
    return Result(population, cases, np.arange(0, count, 2))


def play_ladders(result: Result, settings: tuple[Setting, ...], seed: int) -> None:
    """Add what the field sells, the product's ladder and the best fixed schedules."""
    first = FIRST_DAY + TRAINING_DAYS
    past = generate(result.population, seed + 2, HINDSIGHT_CASES, first, JUDGED_DAYS)
    sold = {
        schedule.name: ladders.run(result.cases, schedule)
        for fixed in ladders.FIELD
        for schedule in (fixed.blind(), fixed)
    }
    for setting in settings:
        schedules = ladders.family(setting.tries, setting.window)
        best = max(schedules, key=lambda schedule: _recovered_amount(past, schedule))
        usual = ladders.even(setting.tries, setting.window)
        result.best[setting] = best.name
        result.outcomes[setting] = {
            **sold,
            f"{LADDER}, blind": ladders.run(result.cases, usual.blind()),
            LADDER: ladders.run(result.cases, usual),
            BEST: ladders.run(result.cases, best),
        }


def _recovered_amount(cases: Cases, schedule: Schedule) -> float:
    return float((ladders.run(cases, schedule).recovered * cases.amount).sum())


def play_bounds(
    result: Result, settings: tuple[Setting, ...], seed: int, heard: Callable[[int], None]
) -> None:
    """Add both bounds."""
    players = informed(result.population, result.cases, settings, seed, result.index, heard)
    result.some |= {INFORMED, CLAIRVOYANT}
    for setting, player in players.items():
        result.outcomes[setting][INFORMED] = player.outcomes
        result.logs.setdefault(setting, {})[INFORMED] = player.log
        result.outcomes[setting][CLAIRVOYANT] = clairvoyant(result.cases, setting.window)


def teach(
    engine,
    population: Population,
    seed: int,
    count: int,
    settings: tuple[Setting, ...],
    heard: Callable[[int], None],
) -> None:
    """Let an engine work on a stream of cases and learn from it; policies take turns."""
    cases = generate(population, seed, count, FIRST_DAY, TRAINING_DAYS)
    player = Player(cases, engine, seed, label=f"{seed}/")
    player.play(lambda case: settings[case % len(settings)], learn=True, heard=heard)


def play_engine(
    result: Result,
    name: str,
    engine,
    setting: Setting,
    seed: int,
    heard: Callable[[int], None],
) -> None:
    """Add an engine's outcomes; it learns nothing from them."""
    player = Player(result.cases, engine, seed, label="judged/")
    result.outcomes[setting][name] = player.play(setting, heard=heard)
    result.logs.setdefault(setting, {})[name] = player.log


def decision_milliseconds(result: Result, engine, count: int) -> float:
    """Return the median time of a decision with eight tries in sixty days."""
    player = Player(result.cases, engine, label="timed/")
    player.play(LONGEST, range(min(count, len(result.cases))))
    return 1000 * median(player.log.seconds)


def relearn_seconds(engine, attempts: int) -> float:
    """Return the seconds in which a fresh model learns a million attempts, in their order.

    Each attempt of the engine's own past is followed by copies of other cases with other amounts,
    `attempts` altogether; hearing them is scaled to a million, refitting is not.
    """
    past = engine.attempts
    copies = max(attempts // len(past), 1)
    hearing, refitting = engine.relearn(
        replace(
            attempt,
            key=f"{copy}/{attempt.key}",
            case=replace(attempt.case, amount=attempt.case.amount + copy),
        )
        for attempt in past
        for copy in range(copies)
    )
    return hearing * 1e6 / (copies * len(past)) + refitting


def calibration_error(predictions: list[tuple[float, bool]], bins: int = 10) -> float:
    """Return the expected calibration error: mean distance of stated and seen success by bin.

    Bins of equal width in the stated probability, weighted by their charges.
    """
    if not predictions:
        return float("nan")
    stated, paid = np.array(predictions, float).T
    of = np.minimum((stated * bins).astype(int), bins - 1)
    distances = [
        abs(stated[of == number].sum() - paid[of == number].sum()) for number in range(bins)
    ]
    return float(sum(distances) / len(stated))
