# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What came out over many worlds: points, quantiles, promises, and the goals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulation.streams.runner import Setting

from .output import Bars, table
from .uplift_play import calibration_error
from .uplift_worlds import BEST, CLAIRVOYANT, INFORMED, OWN, SMART, Played, WorldResult

# Points of the amount above the best fixed schedule, and above the product's own, on average.
BEST_POINTS = {Setting(8, 14): 1.2, Setting(8, 28): 2.8, Setting(4, 14): 2.5}
OWN_POINTS = {Setting(8, 14): 1.0, Setting(8, 28): 3.0, Setting(4, 14): 3.0}
WAY = 55.0  # percent of the informed bound's points
LOW, LOW_SHARE, WORST = -0.5, 5.0, -1.0  # points; percent of worlds that may lie below the first
NOTHING = -0.2
# Promises count from so many cases of the merchant on, for numbers of a try with so many charges.
LEARNED, CHARGES = 200, 200
PROMISED = (0.9, 1.1)
CALIBRATION = 0.03
# No network allows more charges of a card in thirty days without a rest (Visa until 2026: 15).
CEILING = 15
QUANTILES = (0, 5, 25, 50, 75, 95, 100)


@dataclass
class Points:
    """Points of one arm above another in one world.

    :param value: percent of the amount
    :param error: standard error, from the cases in which the two differ
    """

    value: float
    error: float


def points(result: WorldResult, setting: Setting, arm: str, than: str) -> Points:
    """Return the points of an arm, on the cases that both played and that are judged."""
    one, other = (result.played[setting][name] for name in (arm, than))
    index = np.intersect1d(one.index, other.index)
    index = index[result.judged[index]]
    amount = result.amount[index]
    gain = one.recovered[index].astype(float) - other.recovered[index]
    share = float(amount @ gain / amount.sum())
    error = float(np.sqrt((amount**2 * (gain - share) ** 2).sum()) / amount.sum())
    return Points(100 * share, 100 * error)


def recovered(result: WorldResult, setting: Setting, arm: str) -> float:
    """Return the recovered share of the amount in percent, of judged cases."""
    played = result.played[setting][arm]
    index = played.index[result.judged[played.index]]
    amount = result.amount[index]
    return float(100 * amount @ played.recovered[index] / amount.sum())


def tries(results: list[WorldResult], setting: Setting, arm: str) -> float:
    """Return charges for one recovery, all worlds alike: the mean of their quotients."""
    found = []
    for result in results:
        played = result.played[setting][arm]
        index = played.index[result.judged[played.index]]
        found.append(played.attempts[index].sum() / max(played.recovered[index].sum(), 1))
    return float(np.mean(found))


def print_worlds(results: list[WorldResult], setting: Setting) -> None:
    """Print a line for each world, then the quantiles over worlds."""
    arms = [arm for arm in (OWN, SMART, INFORMED, CLAIRVOYANT) if arm in results[0].played[setting]]
    headers = [f"{setting} days", "size", "best fixed %", *(f"{arm} to best" for arm in arms)]
    headers += [f"{SMART} to own"] * (SMART in arms)
    rows = []
    for result in results:
        best = result.played[setting][BEST]
        level = f"{recovered(result, setting, BEST):.1f} {best.schedule}"
        each = [points(result, setting, arm, BEST) for arm in arms]
        shown = [f"{one.value:+.1f} ±{1.96 * one.error:.1f}" for one in each]
        if SMART in arms:
            shown.append(f"{points(result, setting, SMART, OWN).value:+.1f}")
        rows.append([f"{result.world.name}", str(result.world.size), level, *shown])
    columns = [values(results, setting, arm, BEST) for arm in arms]
    if SMART in arms:
        columns.append(values(results, setting, SMART, OWN))
    for quantile in QUANTILES:
        shown = [f"{np.percentile(column, quantile):+.1f}" for column in columns]
        rows.append([f"{quantile} % of worlds below", "", "", *shown])
    surely = [
        sum(one.value + 1.64 * one.error < LOW for one in each)
        for each in ([points(result, setting, arm, BEST) for result in results] for arm in arms)
    ]
    rows.append([f"surely below {LOW}", "", "", *map(str, surely), *[""] * (SMART in arms)])
    level = np.mean([recovered(result, setting, BEST) for result in results])
    rows.append(["mean", "", f"{level:.1f}", *(f"{np.mean(c):+.2f}" for c in columns)])
    table(headers, rows)


def values(results: list[WorldResult], setting: Setting, arm: str, than: str) -> np.ndarray:
    """Return the points of each world."""
    return np.array([points(result, setting, arm, than).value for result in results])


def quarters(results: list[WorldResult]) -> list[list[WorldResult]]:
    """Return the worlds in four groups by the size of the merchant, smallest first."""
    ordered = sorted(results, key=lambda result: (result.world.size, result.world.number))
    return [list(part) for part in np.array_split(np.array(ordered, object), 4)]


def print_kinds(results: list[WorldResult], settings: tuple[Setting, ...]) -> None:
    """Print means by kind of world and by size: the smart schedule's points, and its way."""
    groups: dict[str, list[WorldResult]] = {}
    for result in results:
        for tag in result.world.tags():
            groups.setdefault(tag, []).append(result)
    shown = sorted(groups.items())
    if len(results) >= 4:
        for number, part in enumerate(quarters(results)):
            sizes = [result.world.size for result in part]
            shown.append((f"size quarter {number + 1}: {sizes[0]}–{sizes[-1]}", part))
    headers = ["mean points, smart", "worlds"]
    for setting in settings:
        headers += [f"{setting}: to best", "to own", "informed", "tries", "best's"]
    rows = []
    for name, part in shown:
        row = [name, str(len(part))]
        for setting in settings:
            row += [f"{values(part, setting, SMART, than).mean():+.1f}" for than in (BEST, OWN)]
            bound = INFORMED in part[0].played[setting]
            row.append(f"{values(part, setting, INFORMED, BEST).mean():+.1f}" if bound else "")
            row += [f"{tries(part, setting, arm):.2f}" for arm in (SMART, BEST)]
        rows.append(row)
    table(headers, rows)


def promises(results: list[WorldResult], settings: tuple[Setting, ...]) -> np.ndarray:
    """Return the promised charges of merchants that had learned enough; (charges, 4)."""
    found = [result.played[setting][SMART].stated for result in results for setting in settings]
    stated = np.concatenate(found)
    return stated[stated[:, 3] >= LEARNED]


def by_try(stated: np.ndarray) -> list[tuple[int, int, float, float]]:
    """Return for each number of the try its charges, and what was promised and seen, on average."""
    found = []
    for number in np.unique(stated[stated[:, 2] > 0, 2]).astype(int):
        of = stated[stated[:, 2] == number]
        found.append((int(number), len(of), float(of[:, 0].mean()), float(of[:, 1].mean())))
    return found


def print_promises(results: list[WorldResult], settings: tuple[Setting, ...]) -> None:
    """Print promised against seen by number of the try, and the calibration errors."""
    rows = [
        [f"try {number}", f"{charges:,}", f"{promised:.3f}", f"{seen:.3f}", _ratio(promised, seen)]
        for number, charges, promised, seen in by_try(promises(results, settings))
    ]
    table([f"after {LEARNED} cases", "charges", "promised", "seen", "promised/seen"], rows)
    errors = [
        _error(promises([result], settings))
        for result in results
        if len(promises([result], settings)) >= 1000
    ]
    if errors:
        shown = [f"{np.percentile(errors, quantile):.3f}" for quantile in QUANTILES]
        names = [f"{quantile} %" for quantile in QUANTILES]
        table(["calibration error of worlds", *names], [[f"{len(errors)} worlds", *shown]])


def _ratio(promised: float, seen: float) -> str:
    return f"{promised / seen:.2f}" if seen else ""


def _error(stated: np.ndarray) -> float:
    return calibration_error([(promise, paid) for promise, paid in stated[:, :2]])


def add_bars(bars: Bars, results: list[WorldResult], settings: tuple[Setting, ...]) -> None:
    """Add the goals, each with its figure."""
    for setting in settings:
        _add_points(bars, results, setting)
    stated = promises(results, settings)
    ratios = [
        promised / seen if seen else float("inf")
        for _number, charges, promised, seen in by_try(stated)
        if charges >= CHARGES
    ]
    if ratios:
        bars.add("promised over seen, lowest", min(ratios), "at least", PROMISED[0], 2)
        bars.add("promised over seen, highest", max(ratios), "at most", PROMISED[1], 2)
        bars.add("calibration error", _error(stated), "at most", CALIBRATION, 3)


def _add_points(bars: Bars, results: list[WorldResult], setting: Setting) -> None:
    found = values(results, setting, SMART, BEST)
    own = values(results, setting, SMART, OWN)
    name = f"{setting}:"
    if setting in BEST_POINTS:
        bars.add(f"{name} points to best fixed", found.mean(), "at least", BEST_POINTS[setting], 2)
        bars.add(f"{name} points to own fixed", own.mean(), "at least", OWN_POINTS[setting], 2)
    if INFORMED in results[0].played[setting]:
        bars.add(f"{name} % of the way to informed", way(results, setting), "at least", WAY)
    low = 100 * float((found < LOW).mean())
    bars.add(f"{name} % of worlds below {LOW}", low, "at most", LOW_SHARE, 1)
    bars.add(f"{name} worst world", found.min(), "at least", WORST, 2)
    nothing = np.array([bool(result.world.nothing) for result in results])
    if nothing.any():
        mean = found[nothing].mean()
        bars.add(f"{name} worlds with nothing to find", mean, "at least", NOTHING, 2)
    if len(results) >= 4:
        least = min(values(part, setting, SMART, OWN).mean() for part in quarters(results))
        bars.add(f"{name} points to own, worst size quarter", least, "at least", 0.0, 2)
    ours, best = (tries(results, setting, arm) for arm in (SMART, BEST))
    bars.add(f"{name} tries for a recovery", ours, "at most", best, 2)


def way(results: list[WorldResult], setting: Setting) -> float:
    """Return the smart schedule's points in percent of the bound's, on the bound's cases."""
    gain, bound = [], []
    for result in results:
        index = result.played[setting][INFORMED].index
        some = {name: _on(played, index) for name, played in result.played[setting].items()}
        part = WorldResult(result.world, result.amount, result.judged, {setting: some})
        gain.append(points(part, setting, SMART, BEST).value)
        bound.append(points(part, setting, INFORMED, BEST).value)
    return 100 * float(np.mean(gain)) / max(float(np.mean(bound)), 1e-9)


def _on(played: Played, index: np.ndarray) -> Played:
    return Played(played.recovered, played.attempts, played.dead, played.early, index)


def add_conduct(bars: Bars, results: list[WorldResult]) -> None:
    """Add what must never happen, whoever charges."""
    everybody = [
        played
        for result in results
        for each in result.played.values()
        for name, played in each.items()
        if name != CLAIRVOYANT
    ]

    def most(count: Callable[[Played], int]) -> int:
        return sum(map(count, everybody))

    bars.add("worlds: charges of dead methods", most(lambda each: each.dead), "at most", 0)
    early = most(lambda each: each.early)
    bars.add("worlds: charges out of hours or before the network allows", early, "at most", 0)
    over = most(lambda each: int((each.attempts + 1 > CEILING).sum()))
    bars.add("worlds: cases with charges over a network's ceiling", over, "at most", 0)
