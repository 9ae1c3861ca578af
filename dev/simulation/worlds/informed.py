# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The informed bound on worlds: who knows how a world is made, and what a merchant sees.

People who might stand behind a case live through the months before and after it; what was seen of
the customer weighs them, and so does every answer. On the likeliest thousand it looks for the
instants at which most of the weight would pay, knowing what each issuer would do with so many
charges, sends the first and looks again with the answer. As in `streams.informed`, but people are
shared by all cases of a month, so that a world takes a minute. It is a little below what could be
known: months of a customer's record count as independent, and the likely people are few.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ..streams.baselines import EvenLadder
from ..streams.issuers import ADVICE, ADVICE_DAYS, CODE, TOLD
from ..streams.ladders import BACK_OFF, CLOSES, OPENS, Outcomes
from ..streams.planning import Outlook, cover
from ..streams.runner import Player, Setting
from ..streams.views import View
from ..streams.zones import DAY, HOUR, to_datetime
from .banks import MEMORY, refusal, refusals_in_turn, remember
from .maker import Maker, zone_shares
from .money import Paths
from .stream import BACKGROUND, FUNDING, HISTORY, HORIZON, OPENINGS, STEADY_PAYS, WorldCases

LIVES = 6000  # of a country, a kind of card and a month
_SAMPLE = 1000
# A record that a life does not explain: nobody is ruled out by a single charge.
_MISMATCH = 0.08
_HOURS = np.array([8.0, 9.0, 11.0, 13.0, 15.0, 17.0, 18.0, 19.5])
_SPACINGS = (0.0, 1.4 * DAY, 2.8 * DAY)
_GENERAL = np.zeros(len(TOLD["funds"]))
_GENERAL[[CODE["do_not_honor"], CODE["generic_decline"]]] = 0.8, 0.2
_REFUSED = np.zeros(len(_GENERAL))
_REFUSED[CODE["do_not_honor"]] = 1.0
_LIMIT = np.zeros(len(_GENERAL))
_LIMIT[CODE["card_velocity_exceeded"]] = 1.0


def informed(
    cases: WorldCases,
    settings: Iterable[Setting],
    index: Iterable[int],
    heard: Callable[[int], None] | None = None,
) -> dict[Setting, Outcomes]:
    """Play the bound on some cases; return outcomes of all settings, empty for the other cases."""
    bound = Bound(cases) if cases.world.nothing != "luck" else EvenLadder()
    players = {setting: Player(cases, bound) for setting in settings}
    # Month by month: people of one month are in memory.
    for done, case in enumerate(sorted(index, key=lambda case: cases.opened[case])):
        for setting, player in players.items():
            player.play(setting, [case])
        if heard:
            heard(done + 1)
    return {setting: player.outcomes for setting, player in players.items()}


class Bound:
    """The bound in the shape of a strategy; it learns nothing.

    :param cases: those it is asked about; read is what the merchant sees of them, and the world
    """

    probability = None

    def __init__(self, cases: WorldCases) -> None:
        self.cases, self.world = cases, cases.world
        self.maker = Maker(self.world, 999)
        self._pools: dict[tuple[int, int, bool], _Pool] = {}
        self._kept: tuple[str, _Sample] | None = None

    def next(self, view: View, now: datetime, rng: random.Random) -> datetime | None:
        """Return the first of the best instants."""
        last = view.tried[-1]
        if view.is_dead:
            return None
        row = view.technical_row
        if 0 < row <= len(BACK_OFF):
            return last.at + timedelta(seconds=float(BACK_OFF[row - 1]))
        case = int(view.key.rpartition("/")[2])
        key = f"{view.key}/{view.tried[0].at}"
        if self._kept is None or self._kept[0] != key:
            self._kept = key, _Sample(self, case, view)
        sample = self._kept[1]
        if sample.setting != (view.tries, view.window):
            sample.begin(view)
        return sample.first_instant(view)

    def learn(self, view, tried) -> None:
        """Nothing is left to learn."""

    def pool(self, day: int, country: int, credit: bool) -> _Pool:
        """Return the people of the month in which a day lies."""
        month = (day - self.world.first_day) // OPENINGS
        key = (month, country, credit)
        if key not in self._pools:
            if any(other[0] != month for other in self._pools):
                self._pools.clear()
            first = self.world.first_day + month * OPENINGS - HISTORY
            self._pools[key] = _Pool(self.maker.people(LIVES, first, country, credit), first)
        return self._pools[key]


@dataclass
class _Pool:
    people: dict
    first_day: int

    @property
    def paths(self) -> Paths:
        return self.people["paths"]

    def short(self, amount: float) -> float:
        """Return the share of days on which there is too little."""
        days = slice(HISTORY, HISTORY + OPENINGS)
        return float((self.paths.balances(self.people["due_hour"], days) < amount).mean())


class _Sample:
    """The likely people of one case, each with an issuer and a reason of the first failure."""

    def __init__(self, bound: Bound, case: int, view: View) -> None:
        self.bound, self.view, cases = bound, view, bound.cases
        self.case, self.amount = case, float(view.amount)
        self.opened = view.tried[0].at.timestamp()
        self.zones = cases.zones
        rng = np.random.default_rng([7, int(self.opened) % 2**31, case])
        country = int(cases.country[case])
        zone, main = int(cases.zone[case]), bound.maker.place_zones[country]
        day = int(self.zones.local(np.array([zone]), np.array([self.opened]))[0][0])
        self.pool = bound.pool(day, country, view.funding == "credit")
        n = LIVES
        home = self._draw_homes(rng, zone, main)
        weights = self._weigh(home)
        edges = np.cumsum(weights)
        draws = (np.arange(_SAMPLE) + rng.random()) / _SAMPLE * edges[-1]
        drawn = np.minimum(np.searchsorted(edges, draws), len(weights) - 1)
        # Half by half: plans are sought on one and judged on the other.
        drawn = rng.permutation(drawn)
        self.life, self.kind = drawn % n, drawn // n  # 0 funds, 1 risk, 2 risk and always money
        self.home = home[self.life]
        self._draw_rest(rng, country)
        self._look_ahead()
        # What is remembered of the same charges differs by bank only.
        self.banks, self.at_bank = np.unique(self.bank, return_inverse=True)
        self.begin(view)

    def begin(self, view: View) -> None:
        """Begin the case anew, with the tries and the window of another setting."""
        self.setting = view.tries, view.window
        self.memory = self.remember(self.opened, np.zeros((len(self.banks), MEMORY)))
        self.weights = np.ones(_SAMPLE) / _SAMPLE
        self._heard = 0

    def _times(self, at: float) -> np.ndarray:
        return np.full(_SAMPLE, at)

    def remember(self, at: float, memory: np.ndarray) -> np.ndarray:
        """Return what each bank remembers after a charge at an instant."""
        times, opened = (np.full(len(self.banks), value) for value in (at, self.opened))
        return remember(self.bound.cases.banks, self.banks, times, opened, memory)

    def refusal(self, at: float, memory: np.ndarray) -> np.ndarray:
        """Return each bank's probability to refuse a charge at an instant."""
        times, opened = (np.full(len(self.banks), value) for value in (at, self.opened))
        return refusal(self.bound.cases.banks, self.banks, times, opened, memory)

    def _funded(self, life: np.ndarray, home: np.ndarray, at: float) -> np.ndarray:
        """Tell whether lives have the amount at an instant."""
        day, hour = self.zones.local(home, np.full(len(life), at))
        paths = self.pool.paths
        column = np.clip(day - self.pool.first_day, 0, paths.opening.shape[1] - 1)
        return paths.balance(life, column, hour) >= self.amount

    def _draw_homes(self, rng: np.random.Generator, zone: int, options: np.ndarray) -> np.ndarray:
        """Draw zones in which the customer may live, given the one that the merchant takes.

        :param options: of the country, the one that is taken where none is known first
        """
        if zone != options[0]:
            return np.full(LIVES, zone)
        shares, known = zone_shares(len(options)), self.bound.world.values["time_zone_known"]
        is_known = known * shares[0] / (known * shares[0] + 1 - known)
        home = rng.choice(options, size=LIVES, p=shares)
        return np.where(rng.random(LIVES) < is_known, zone, home)

    def _weigh(self, home: np.ndarray) -> np.ndarray:
        """Return weights of lives: short of money; refused by the issuer; the same, steady."""
        world, view = self.bound.world, self.view
        everybody = np.arange(LIVES)
        record, steady = np.ones(LIVES), 1.0
        for past in view.history:
            funded = self._funded(everybody, home, past.at.timestamp())
            record *= np.where(funded == past.paid, 1 - _MISMATCH, _MISMATCH)
            steady *= STEADY_PAYS if past.paid else 1 - STEADY_PAYS
        funds, risk, technical = world.causes[[0, 1, 2]]
        if view.tried[0].decline_class != "later":
            funds, risk = 0.0, technical
        always = world.values["steady_share"]
        short = ~self._funded(everybody, home, self.opened)
        lacks = record * short * funds / max(self.pool.short(self.amount), 0.01) / LIVES
        code = CODE[view.tried[0].code]
        vague = world.values["vague_share"]
        told = [(1 - vague) * TOLD[state][code] + vague * _GENERAL[code] for state in _STATES]
        if view.tried[0].decline_class != "later":
            told = [1.0, 1.0]
        some = record * risk * (1 - always) / LIVES * told[1]
        rich = np.full(LIVES, steady * risk * always / LIVES * told[1])
        return np.concatenate([lacks * told[0], some, rich]) + 1e-300

    def _draw_rest(self, rng: np.random.Generator, country: int) -> None:
        """Draw for each what the record says nothing about."""
        cases, world, n = self.bound.cases, self.bound.world, _SAMPLE
        values, banks = world.values, cases.banks
        drifted = np.zeros(n, bool)
        if world.drift_day is not None:
            late = self.opened >= cases.opened[0] + world.drift_day * DAY
            drifted = late & (rng.random(n) < values["drift_share"])
        self.bank = banks.draw(rng, np.full(n, country), drifted)
        if self.view.issuer:
            half = len(banks.digits) // 2
            self.bank = banks.digits.index(self.view.issuer) + half * drifted
        risk = values["risk_days"] * DAY * np.exp(0.9 * rng.standard_normal(n))
        risky = (self.kind > 0) & (self.view.tried[0].decline_class == "later")
        self.risk_until = np.where(risky, self.opened + risk, -np.inf)
        limited = rng.random(n) < values["limited_share"] * (self.view.funding != FUNDING[1])
        self.limited = np.where(limited & (not world.nothing), values["limit_reached"], 0.0)
        _pays, self.funded_from, _card = self.bound.maker.reactions(
            np.full(n, self.opened), self.home
        )
        self.vague = banks.vague[self.bank]

    def _look_ahead(self) -> None:
        """Set the slots, and each person's chance at them but for what issuers remember."""
        zone = self.bound.cases.zone[self.case]
        first = self.zones.local(np.array([zone]), np.array([self.opened]))[0][0]
        window = HORIZON - 2
        days = np.repeat(first + np.arange(window + 1), len(_HOURS))
        hours = np.tile(_HOURS, window + 1)
        self.at = self.zones.instant(np.full(len(days), zone), days, hours)
        self.hours = hours
        # Each person's chance at each slot, while the issuer remembers nothing.
        self.chances = np.zeros((window + 1, len(_HOURS), _SAMPLE), np.float32)
        paths = self.pool.paths.take(self.life)
        column = first - self.pool.first_day
        looked = slice(column, column + window + 1)
        behind = self.zones.local(self.home, self._times(self.at[0]))[1] - _HOURS[0]
        for number, hour in enumerate(_HOURS):
            there = (paths.balances(hour + behind, looked) >= self.amount).T | (self.kind == 2)
            self.chances[: len(there), number] = there * self._open(hour + behind)
        self.chances = self.chances.reshape(len(self.at), _SAMPLE)
        self.chances[self.at[:, None] >= self.funded_from] = 1 - BACKGROUND
        self.chances *= self.at[:, None] >= self.risk_until

    def _open(self, hour: np.ndarray) -> np.ndarray:
        """Return each person's chance to pay at their local hour if there is money."""
        banks, values = self.bound.cases.banks, self.bound.world.values
        since = (hour - banks.window[self.bank]) % 24
        closed = (banks.window[self.bank] >= 0) & (since < banks.window_hours[self.bank])
        chance = (1 - BACKGROUND) * (1 - self._over(hour))
        return chance * np.where(closed, 1 - values["window_fails"], 1.0)

    def _over(self, hour: np.ndarray) -> np.ndarray:
        return self.limited * np.clip((hour - 10) / 14, 0, 1)

    def _hear(self, view: View) -> None:
        """Multiply the weights by the probability of the answers that are new."""
        for tried in view.tried[max(self._heard, 1) :]:
            at = tried.at.timestamp()
            if tried.decline_class == "later":
                self.weights *= self._likelihood(at, CODE[tried.code], tried.advice)
            self.memory = self.remember(at, self.memory)
        if not self._heard and view.tried[0].advice:
            self.weights *= self._advised(view.tried[0].at.timestamp(), view.tried[0].advice)
        self._heard = len(view.tried)
        total = self.weights.sum()
        self.weights = self.weights / total if total > 0 else np.ones(_SAMPLE) / _SAMPLE

    def _likelihood(self, at: float, code: int, advice: str) -> np.ndarray:
        def told(shares: np.ndarray) -> np.ndarray:
            return (1 - self.vague) * shares[code] + self.vague * _GENERAL[code]

        refused = self.refusal(at, self.memory)[self.at_bank]
        funded = self._funded(self.life, self.home, at) | (self.kind == 2)
        funded |= at >= self.funded_from
        over = self._over(self.zones.local(self.home, self._times(at))[1])
        plain = np.where(funded, BACKGROUND * told(_REFUSED), told(TOLD["funds"]))
        plain = over * told(_LIMIT) + (1 - over) * plain
        plain = np.where(at < self.risk_until, told(TOLD["mood"]), plain)
        found = refused * told(TOLD["soon"]) + (1 - refused) * plain
        # Nobody is ruled out for ever: lives are few, and luck is not part of them.
        found = np.maximum(found, 1e-4)
        return found * (self._advised(at, advice) if advice else 1.0)

    def _advised(self, at: float, advice: str) -> np.ndarray:
        """Return the probability of an advice: it tells when money comes."""
        right = self.bound.world.values["advice_right"]
        days = np.searchsorted(self.at, at) // len(_HOURS)
        noon = self.chances[4 :: len(_HOURS)] > 0
        wait = np.full(_SAMPLE, 99)
        for later in range(12, 0, -1):
            if days + later < len(noon):
                wait[noon[days + later]] = later
        code = ADVICE.index(advice)
        told = np.searchsorted(ADVICE_DAYS[1:-1], wait) + 1
        return right * (told == code) + (1 - right) * (0.25 if 2 <= code <= 5 else 0.0) + 1e-3

    def first_instant(self, view: View) -> datetime | None:
        """Return when to charge, None where no allowed instant is left."""
        self._hear(view)
        last = view.tried[-1]
        earliest = last.at.timestamp() + HOUR
        if last.advice:
            earliest = last.at.timestamp() + ADVICE_DAYS[ADVICE.index(last.advice)] * DAY
        deadline = view.deadline.timestamp()
        # The first allowed instant stands between two slots, for the one before.
        at, chances = self.at.copy(), self.chances
        zone = np.array([self.bound.cases.zone[self.case]])
        hour = float(self.zones.local(zone, np.array([earliest]))[1][0])
        passed = np.flatnonzero(at < earliest)
        if OPENS <= hour < CLOSES - 0.1 and len(passed):
            at[passed[-1]] = earliest
        allowed = np.flatnonzero((at >= earliest) & (at <= deadline))
        if not len(allowed):
            return None
        outlook = Outlook(
            at[allowed], last.at.timestamp(), chances[allowed], self.weights, np.zeros(_SAMPLE)
        )
        plan = _Planner(self, outlook, self.hours[allowed]).best(view.tries_left or 1)
        return to_datetime(at[allowed][plan[0]])


_STATES = ("funds", "mood")


class _Planner:
    """Looks for the best set of instants, knowing what issuers make of many charges."""

    def __init__(self, sample: _Sample, outlook: Outlook, hours: np.ndarray) -> None:
        self.sample, self.outlook, self.hours = sample, outlook, hours
        banks = sample.bound.cases.banks
        self.remembers = bool((banks.strength[sample.bank] > 0).any()) or bool(
            (banks.count[sample.bank] > 0).any()
        )

    def best(self, tries: int) -> list[int]:
        """Return the numbers of the instants of the best set, ascending."""
        tries = min(tries, len(self.outlook.at))
        halves = slice(0, None, 2), slice(1, None, 2)
        numbers = sorted({tries, *((-(-tries // 2), 2, 1) if self.remembers else ())})
        numbers = [number for number in numbers if number <= tries]
        spreads = [
            self._spread(number, hour, power)
            for number in numbers
            for hour in ((9.0, 13.0, 18.0) if number == tries else (9.0,))
            for power in (1.0, 1.25)
        ]
        best, best_value = spreads[0], -1.0
        for seen, unseen in (halves, halves[::-1]):
            part = self.outlook.part(seen)
            found = [
                cover(part, number, spacing)
                for number in numbers
                for spacing in (_SPACINGS if self.remembers else _SPACINGS[:2])
            ]
            for chosen in (*filter(None, found), *spreads):
                value = self._value(chosen, unseen)
                if value > best_value + 1e-9:
                    best, best_value = chosen, value
        return best

    def _spread(self, tries: int, hour: float, power: float) -> list[int]:
        at, last = self.outlook.at, self.outlook.last
        allowed = np.flatnonzero(self.hours == hour)
        if not len(allowed):
            return [0]
        targets = last + (at[-1] - last) * (np.arange(1, tries + 1) / tries) ** power
        nearest = np.abs(at[allowed][:, None] - targets[None, :]).argmin(axis=0)
        return np.unique(allowed[nearest]).tolist()

    def _value(self, chosen: list[int], which: slice) -> float:
        """Return the chance that one of the instants pays, by some of the people."""
        sample, outlook = self.sample, self.outlook
        alive = outlook.weights[which] / max(outlook.weights[which].sum(), 1e-12)
        late = outlook.lateness()
        value, chances = 0.0, outlook.pays[chosen, which]
        if self.remembers:
            banks, at = sample.bound.cases.banks, outlook.at[chosen]
            refused = refusals_in_turn(banks, sample.banks, at, sample.opened, sample.memory)
            chances = chances * (1 - refused)[:, sample.at_bank[which]]
        for slot, chance in zip(chosen, chances, strict=True):
            value += late[slot] * float(alive @ chance)
            alive = alive * (1 - chance)
        return value
