# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Issuers: what each remembers, when it cannot answer, and how it tells what is wrong.

An issuer that remembers is one of two kinds. One *resents*: each try leaves something that fades
with a half-life, and the more is left the likelier the next is refused unseen. One *counts*: so
many tries in so many days since the first, and none more until these days are over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..streams.zones import DAY, DAYS, HOUR, ORIGIN
from .world import World

_EPOCH = float(np.datetime64(ORIGIN).astype("datetime64[s]").astype(np.int64))
# Shares of the networks' many issuers: a few have most cards.
_TAIL = 1.1
NEVER = -1.0


@dataclass
class Banks:
    """The issuers of a world; one value each. The second half is the first after the drift.

    :param digits: first digits of the cards
    :param patience: what may be left of earlier tries without any effect
    :param strength: how fast refusals grow with what is left beyond it; 0 for no resentment
    :param half_life: seconds in which half of it fades
    :param count: tries that are allowed in a time; 0 for any number
    :param count_seconds: that time
    :param vague: share of declines that are told as something general
    :param advises: says when to come back, where the network has codes for it
    :param window: local hour from which charges may find nobody; `NEVER` for never
    :param window_hours: how long
    :param outages: whether nobody answers, by hours since `ORIGIN` (UTC); (banks, hours)
    """

    digits: list[str]
    patience: np.ndarray
    strength: np.ndarray
    half_life: np.ndarray
    count: np.ndarray
    count_seconds: np.ndarray
    vague: np.ndarray
    advises: np.ndarray
    window: np.ndarray
    window_hours: np.ndarray
    outages: np.ndarray
    _shares: np.ndarray
    _each: int

    def draw(
        self, rng: np.random.Generator, country: np.ndarray, drifted: np.ndarray
    ) -> np.ndarray:
        """Return the number of each card's bank."""
        at = rng.choice(self._each, size=len(country), p=self._shares)
        half = len(self.digits) // 2
        return country * self._each + at + half * drifted


def draw_banks(world: World) -> Banks:
    """Return the issuers of a world."""
    rng, values = world.rng(1), world.values
    each = round(values["issuers"])
    n = each * len(world.countries)
    shares = 1 / np.arange(1, each + 1) ** _TAIL
    digits = [f"4{number:05d}" for number in rng.choice(100_000, n, replace=False)]
    halves = [_draw_half(rng, world, n) for _ in range(2)]
    if world.drift_day is None:
        halves[1] = halves[0]
    columns = {name: np.concatenate([half[name] for half in halves]) for name in halves[0]}
    return Banks(digits * 2, **columns, _shares=shares / shares.sum(), _each=each)


def _draw_half(rng: np.random.Generator, world: World, n: int) -> dict[str, np.ndarray]:
    values, nothing = world.values, bool(world.nothing)
    # What many issuers do is not the same everywhere: each is drawn around the world's value.
    resents = (rng.random(n) < values["resentful_share"]) & ~np.full(n, nothing)
    counts = resents & (rng.random(n) < values["counting_share"])
    near = np.exp(0.4 * rng.standard_normal((4, n)))
    vague = values["vague_share"]
    night = rng.choice(24, size=n, p=_window_hours())
    closes = (rng.random(n) < values["window_share"]) & ~np.full(n, nothing)
    return {
        "patience": values["memory_patience"] * near[0],
        "strength": np.where(resents & ~counts, values["memory_strength"] * near[1], 0.0),
        "half_life": values["memory_half_life_hours"] * HOUR * near[2],
        "count": np.where(counts, np.maximum(np.round(values["count_limit"] * near[3]), 1), 0),
        "count_seconds": np.full(n, values["count_days"] * DAY),
        "vague": rng.beta(2 * vague, 2 * (1 - vague), n),
        "advises": (rng.random(n) < values["advising_share"]) & ~np.full(n, nothing),
        "window": np.where(closes, night, NEVER),
        "window_hours": np.full(n, values["window_hours"]),
        "outages": _outages(rng, n, 0.0 if nothing else values["outages_a_year"], values),
    }


def _outages(
    rng: np.random.Generator, n: int, a_year: float, values: dict[str, float]
) -> np.ndarray:
    found = np.zeros((n, DAYS * 24), bool)
    for bank, times in enumerate(rng.poisson(a_year * DAYS / 365, n)):
        begins = rng.integers(0, DAYS * 24, times)
        lasts = values["outage_hours"] * np.exp(0.9 * rng.standard_normal(times))
        for begin, hours in zip(begins, np.ceil(lasts).astype(int), strict=True):
            found[bank, begin : begin + hours] = True
    return found


def _window_hours() -> np.ndarray:
    """Return shares of the hours at which unavailability begins: at night for most."""
    shares = np.full(24, 0.3)
    shares[[22, 23, 0, 1, 2, 3]] = 2.5
    return shares / shares.sum()


def is_out(banks: Banks, bank: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return whether banks are in an outage at instants (seconds)."""
    hour = ((at - _EPOCH) // HOUR).astype(np.int64).clip(0, DAYS * 24 - 1)
    return banks.outages[bank, hour]


def refusal(
    banks: Banks, bank: np.ndarray, at: np.ndarray, opened: np.ndarray, memory: np.ndarray
) -> np.ndarray:
    """Return the probability that the memory of earlier tries refuses charges.

    :param memory: as `remember` returns it
    """
    _number, last, level, period, tries = memory.T
    left = level * 2.0 ** (-(at - last) / banks.half_life[bank])
    resented = 1 - np.exp(-banks.strength[bank] * np.maximum(left - banks.patience[bank], 0))
    now = np.floor((at - opened) / banks.count_seconds[bank])
    full = (now == period) & (tries >= banks.count[bank])
    return np.where(banks.count[bank] > 0, full.astype(float), resented)


def refusals_in_turn(
    banks: Banks, bank: np.ndarray, at: np.ndarray, opened: float, memory: np.ndarray
) -> np.ndarray:
    """Return the same for each of several charges of one case that all fail; (charges, banks).

    :param at: instants, ascending
    """
    _number, last, level, period, tries = memory.T
    half = banks.half_life[bank]
    before = np.tri(len(at), k=-1)[:, :, None]
    waits = np.maximum(at[:, None] - at[None, :], 0)[:, :, None]
    left = level * 2.0 ** (-(at[:, None] - last) / half)
    left += (before * 2.0 ** (-waits / half)).sum(axis=1)
    resented = 1 - np.exp(-banks.strength[bank] * np.maximum(left - banks.patience[bank], 0))
    now = np.floor((at[:, None] - opened) / banks.count_seconds[bank])
    same = (before * (now[:, None] == now[None, :])).sum(axis=1) + (now == period) * tries
    return np.where(banks.count[bank] > 0, same >= banks.count[bank], resented)


MEMORY = 5  # columns of what is remembered


def remember(
    banks: Banks, bank: np.ndarray, at: np.ndarray, opened: np.ndarray, memory: np.ndarray
) -> np.ndarray:
    """Return what is remembered after charges.

    :param memory: number of charges, instant of the last, what is left of them, number of the
        period in which they are counted, charges in it; (n, 5), zeros before the first charge
    """
    number, last, level, period, tries = memory.T
    left = np.where(number > 0, level * 2.0 ** (-(at - last) / banks.half_life[bank]), 0.0)
    now = np.floor((at - opened) / banks.count_seconds[bank])
    same = (number > 0) & (now == period)
    return np.stack([number + 1, at, left + 1, now, np.where(same, tries, 0) + 1], axis=1)
