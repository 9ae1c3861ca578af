"""Plays every strategy on a population's cases: the same cases, the same luck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from simulation.streams import Population, generate, ladders
from simulation.streams.cases import FIRST_DAY, JUDGED_DAYS, TRAINING_DAYS, Cases
from simulation.streams.ladders import Outcomes, Schedule
from simulation.streams.runner import Log, Player, Setting

SETTINGS = (Setting(8, 14), Setting(8, 28), Setting(4, 14))
# Hindsight chooses on these cases beside the judged ones, so that it is right and not lucky.
HINDSIGHT_CASES = 8000
AMOUNTS_LEARNED = (0, 1000, 5000)
COLD, *LEARNED = [f"smart, {n:,} cases" if n else "smart, cold" for n in AMOUNTS_LEARNED]


@dataclass
class Result:
    """What came out for a population.

    :param outcomes: by setting and name of the strategy
    :param best: name of the best fixed schedule of each setting, by hindsight
    :param logs: of the engine, by setting and name
    """

    population: Population
    cases: Cases
    outcomes: dict[Setting, dict[str, Outcomes]] = field(default_factory=dict)
    best: dict[Setting, str] = field(default_factory=dict)
    logs: dict[Setting, dict[str, Log]] = field(default_factory=dict)
    training: Log | None = None
    learned: object | None = None


def judged_cases(population: Population, seed: int, count: int) -> Cases:
    """Return the cases on which strategies are judged: the last weeks of the stream."""
    return generate(population, seed + 1, count, FIRST_DAY + TRAINING_DAYS, JUDGED_DAYS)


def training_cases(population: Population, seed: int, count: int) -> Cases:
    """Return the cases before them, from which an engine learns."""
    return generate(population, seed, count, FIRST_DAY, TRAINING_DAYS)


def play_ladders(result: Result, settings: tuple[Setting, ...], seed: int) -> None:
    """Add what the field sells and the best fixed schedules."""
    past = generate(
        result.population, seed + 2, HINDSIGHT_CASES, FIRST_DAY + TRAINING_DAYS, JUDGED_DAYS
    )
    field_outcomes = {
        schedule.name: ladders.run(result.cases, schedule)
        for fixed in ladders.FIELD
        for schedule in (fixed, fixed.blind())
    }
    for setting in settings:
        schedules = ladders.family(setting.tries, setting.window)
        best = max(schedules, key=lambda schedule: recovered_amount(past, schedule))
        usual = ladders.even(setting.tries, setting.window)
        result.best[setting] = best.name
        result.outcomes[setting] = {
            **field_outcomes,
            "even at 10:00, blind": ladders.run(result.cases, usual.blind()),
            "even at 10:00": ladders.run(result.cases, usual),
            "best fixed": ladders.run(result.cases, best),
        }


def recovered_amount(cases: Cases, schedule: Schedule) -> float:
    """Return the share of the amount that a schedule recovers."""
    return float((ladders.run(cases, schedule).recovered * cases.amount).sum() / cases.amount.sum())


def learn(
    engine,
    population: Population,
    seed: int,
    count: int,
    settings: tuple[Setting, ...],
    heard: Callable[[int], None],
) -> Log:
    """Let an engine work on a stream of cases and learn; policies take turns."""
    player = Player(training_cases(population, seed, count), engine, seed, label=f"{seed}/")
    player.play(lambda case: settings[case % len(settings)], learn=True, heard=heard)
    return player.log


def play(
    result: Result, name: str, engine, setting: Setting, seed: int, heard: Callable[[int], None]
) -> None:
    """Add an engine's outcomes; it learns nothing from them."""
    player = Player(result.cases, engine, seed, label="judged/")
    outcomes = player.play(setting, heard=heard)
    result.outcomes[setting][name] = outcomes
    result.logs.setdefault(setting, {})[name] = player.log


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
