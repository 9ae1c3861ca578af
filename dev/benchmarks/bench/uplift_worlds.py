# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Plays worlds that were drawn at random: all arms on the same cases, an engine a merchant.

What doesn't change while an engine is tuned is kept in the cache folder, by a hash of the code that
it comes from; so is what an engine did, by a hash of the engine's code.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

import numpy as np

from environment.settings import REPOSITORY, read_settings
from simulation.streams import ladders
from simulation.streams.baselines import EvenLadder
from simulation.streams.clairvoyant import clairvoyant
from simulation.streams.noise import uniform
from simulation.streams.runner import Player, Setting
from simulation.streams.views import Tried, View
from simulation.worlds import World, WorldCases, draw, generate
from simulation.worlds.informed import informed

from .uplift_engine import Smart

HINDSIGHT, HINDSIGHT_CASES = 1, 3000  # stream of the cases on which hindsight chooses
MERCHANTS = 100  # first of the merchants' streams
CONTROL = 0.1  # share of cases that keep the fixed schedule for good, as the product draws them
SMART, INFORMED, CLAIRVOYANT = "smart", "informed", "clairvoyant"
OWN, BEST = "own", "best"
ARMS = (SMART, INFORMED, CLAIRVOYANT)


@dataclass(frozen=True)
class Plan:
    """How much of a world is played.

    :param cases: at least so many cases; a merchant with fewer is played several times
    :param most: a merchant with more is thinned to so many
    :param bound: cases that the informed bound plays, which is slow
    """

    cases: int
    most: int
    bound: int

    def merchants(self, world: World) -> tuple[int, int]:
        """Return how many merchants play, and the cases of each."""
        size = min(world.size, self.most)
        return max(1, round(self.cases / size)), size


@dataclass
class Played:
    """What one arm did with all cases of a world in one setting.

    :param recovered: of each case
    :param attempts: charges after the first failure
    :param dead: charges of dead methods, all cases together
    :param early: charges before the network's advice allowed, or out of hours
    :param index: cases that were played; the others have no outcome
    :param stated: of charges with a promise: promise, paid, number of the try, number of cases that
        the merchant had before this one; (charges, 4)
    :param milliseconds: median time of a decision
    :param schedule: name of the fixed schedule
    """

    recovered: np.ndarray
    attempts: np.ndarray
    dead: int
    early: int
    index: np.ndarray
    stated: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))
    milliseconds: float = float("nan")
    schedule: str = ""


@dataclass
class WorldResult:
    """One world with all that was played.

    :param amount: of each case, of all merchants, as a share of a usual pay
    :param judged: cases that are compared: the control group keeps to the fixed schedule
    """

    world: World
    amount: np.ndarray
    judged: np.ndarray
    played: dict[Setting, dict[str, Played]]


class AsShipped:
    """The product: the engine, a control group on the fixed schedule, and answers heard of both.

    :param control: cases of the control group
    """

    def __init__(self, engine: Smart, control: np.ndarray) -> None:
        self.engine, self.ladder, self._control = engine, EvenLadder(), control
        self.probability: float | None = None

    def next(self, view: View, now: datetime, rng: Random) -> datetime | None:
        """Ask whoever the case belongs to."""
        chosen = self.ladder if self._is_control(view) else self.engine
        at = chosen.next(view, now, rng)
        self.probability = chosen.probability
        return at

    def learn(self, view: View, tried: Tried) -> None:
        """Teach the engine every answer."""
        self.engine.learn(view, tried, self._is_control(view))

    def _is_control(self, view: View) -> bool:
        return bool(self._control[int(view.key.rpartition("/")[2])])


def is_control(cases: WorldCases) -> np.ndarray:
    """Return which cases belong to the control group."""
    return uniform(cases.seed, np.zeros(len(cases)), 20) < CONTROL


def play_world(
    kind: str,
    number: int,
    settings: Sequence[Setting],
    arms: Collection[str],
    plan: Plan,
    heard: Callable[[str], None],
    keep: bool = True,
) -> WorldResult:
    """Play one world, as far as it is not in the cache.

    :param keep: read and write the cache
    """
    world = draw(kind, number)
    merchants, size = plan.merchants(world)
    loaded: list[WorldCases] = []

    def cases() -> list[WorldCases]:
        if not loaded:
            loaded.extend(generate(world, MERCHANTS + m, size) for m in range(merchants))
        return loaded

    def cached(*asked):
        return read_cached(*asked) if keep else asked[-1]()

    head = (kind, number, merchants, size)

    def facts():
        amount = np.concatenate([each.worth for each in cases()])
        return amount, np.concatenate([~is_control(each) for each in cases()])

    amount, judged = cached((*head, "facts"), WORLDS, facts)
    played: dict[Setting, dict[str, Played]] = {}
    for setting in settings:
        key = (*head, str(setting))
        played[setting] = found = {}
        found[OWN] = cached((*key, OWN), WORLDS, lambda s=setting: _play_own(cases(), s))
        name = cached(
            (kind, number, str(setting), "hindsight"), WORLDS, lambda s=setting: _best(world, s)
        )
        found[BEST] = cached(
            (*key, BEST, name), WORLDS, lambda s=setting, n=name: _play_best(cases(), s, n)
        )
        if CLAIRVOYANT in arms:
            found[CLAIRVOYANT] = cached(
                (*key, CLAIRVOYANT), WORLDS, lambda s=setting: _play_clairvoyant(cases(), s)
            )
        if SMART in arms:
            found[SMART] = cached(
                (*key, SMART),
                (*WORLDS, *ENGINE),
                lambda s=setting: _play_smart(cases(), s, lambda n: heard(f"smart, {s}: {n}")),
            )
    if INFORMED in arms:
        bounds = cached(
            (*head, "+".join(map(str, settings)), INFORMED, plan.bound),
            WORLDS,
            lambda: _play_informed(
                cases(), settings, plan.bound, lambda n: heard(f"informed, {n}")
            ),
        )
        for setting, bound in bounds.items():
            played[setting][INFORMED] = bound
    return WorldResult(world, amount, judged, played)


def _best(world: World, setting: Setting) -> str:
    """Return the fixed schedule that recovers most of the amount on other cases of the world."""
    past = generate(world, HINDSIGHT, HINDSIGHT_CASES)

    def recovered(schedule: ladders.Schedule) -> float:
        return float(ladders.run(past, schedule).recovered @ past.worth)

    return max(ladders.family(setting.tries, setting.window), key=recovered).name


def _play_best(cases: list[WorldCases], setting: Setting, name: str) -> Played:
    family = ladders.family(setting.tries, setting.window)
    schedule = next(each for each in family if each.name == name)
    return _join([ladders.run(each, schedule) for each in cases], schedule=name)


def _play_own(cases: list[WorldCases], setting: Setting) -> Played:
    schedule = ladders.even(setting.tries, setting.window)
    return _join([ladders.run(each, schedule) for each in cases], schedule=schedule.name)


def _play_clairvoyant(cases: list[WorldCases], setting: Setting) -> Played:
    return _join([clairvoyant(each, setting.window) for each in cases])


def _play_informed(
    cases: list[WorldCases],
    settings: Sequence[Setting],
    count: int,
    heard: Callable[[int], None],
) -> dict[Setting, Played]:
    """Play the bound on some cases, evenly over the merchants and the year."""
    step = max(1, sum(map(len, cases)) // count)
    index, outcomes, start = [], [], 0
    for each in cases:
        chosen = np.arange(-start % step, len(each), step)
        outcomes.append(informed(each, settings, chosen, heard))
        index.append(start + chosen)
        start += len(each)
    found = {}
    for setting in settings:
        found[setting] = _join([outcome[setting] for outcome in outcomes])
        found[setting].index = np.concatenate(index)
    return found


def _play_smart(cases: list[WorldCases], setting: Setting, heard: Callable[[int], None]) -> Played:
    outcomes, stated, seconds, misses = [], [], [], 0
    for number, each in enumerate(cases):
        strategy = AsShipped(Smart(), is_control(each))
        player = Player(each, strategy, seed=number, label=f"{number}/")
        outcomes.append(player.play(setting, learn=True, heard=heard))
        log = player.log
        for (promise, paid), (case, row) in zip(log.predictions, log.tries, strict=True):
            stated.append((promise, paid, row, case))
        seconds += log.seconds
        misses += log.misses
    found = _join(outcomes)
    found.early += misses
    found.stated = np.array(stated, float).reshape(-1, 4)
    found.milliseconds = 1000 * float(np.median(seconds))
    return found


def _join(outcomes: list[ladders.Outcomes], schedule: str = "") -> Played:
    recovered = np.concatenate([each.recovered for each in outcomes])
    return Played(
        recovered=recovered,
        attempts=np.concatenate([each.attempts for each in outcomes]),
        dead=sum(int(each.dead_retries.sum()) for each in outcomes),
        early=sum(int(each.early.sum()) for each in outcomes),
        index=np.arange(len(recovered)),
        schedule=schedule,
    )


# What results come from. Documents and tests are no part of it.
WORLDS = ("dev/simulation/worlds", "dev/simulation/streams", "dev/simulation/countries.py")
ENGINE = ("timing", "tools/instants.py", "dev/benchmarks/bench/uplift_engine.py")
_hashes: dict[tuple[str, ...], str] = {}


def source_hash(parts: tuple[str, ...]) -> str:
    """Return a hash of files and folders of the repository: code, and data beside it."""
    if parts not in _hashes:
        found = hashlib.sha256()
        for part in parts:
            path = REPOSITORY / part
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            for file in files:
                if file.suffix in {".py", ".json", ".csv"}:
                    found.update(str(file.relative_to(REPOSITORY)).encode())
                    found.update(file.read_bytes())
        found.update((Path(__file__)).read_bytes())
        _hashes[parts] = found.hexdigest()[:16]
    return _hashes[parts]


def read_cached(key: tuple, parts: tuple[str, ...], make: Callable[[], object]) -> object:
    """Return what was made before from the same code, else make and keep it."""
    folder = read_settings().cache / "uplift" / source_hash(parts)
    path = folder / ("_".join(str(part).replace(" ", "-") for part in key) + ".pickle")
    if path.exists():
        try:
            return pickle.loads(path.read_bytes())
        except (pickle.UnpicklingError, EOFError, AttributeError):
            pass  # Half written by somebody who was stopped, or of another shape: made again.
    value = make()
    folder.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(f".{id(value)}.half")
    half.write_bytes(pickle.dumps(value))
    half.replace(path)
    return value
