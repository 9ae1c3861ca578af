# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Makes the cases of a world: people live, and on some days when they are short they are due."""

from __future__ import annotations

from functools import cache

import numpy as np

from ..streams.cases import CAUSES
from ..streams.issuers import CODE
from ..streams.zones import DAY, HOUR, Zones, calendar_days
from .banks import draw_banks
from .money import Incomes, Paths, draw_people, live
from .places import PLACES
from .stream import FUNDS, HISTORY, HORIZON, OPENINGS, WHOLE, WorldCases
from .world import YEAR, World

_CHUNK = 6000  # cases made at once
_WARM_UP = 45  # days that nobody looks at
_MAILS = (0.2, 3.0, 7.0)  # days after the failure at which customers are written to
_PLENTY = 1e12  # minor units, enough for any amount


def generate(world: World, stream: int, count: int | None = None) -> WorldCases:
    """Return cases of a world in the order in which they open.

    :param stream: another number gives other cases of the same world
    :param count: as many as its merchant has in a year by default
    :raises ValueError: where nobody is ever short of money
    """
    count = world.size if count is None else count
    maker = Maker(world, stream)
    parts, found = [], 0
    while found < count:
        part = maker.batch(min(count - found, _CHUNK))
        if not len(part):
            raise ValueError(f"Nobody in {world.name} is ever short of money.")
        parts.append(part)
        found += len(part)
    cases = _join(parts)
    return cases.take(np.argsort(cases.opened, kind="stable"))


def _join(parts: list[WorldCases]) -> WorldCases:
    first, start = parts[0], 0
    for part in parts:
        part.row = part.row + start
        start += part.paths.opening.shape[0]
    values = {}
    for name in first.__dataclass_fields__:
        if name in WHOLE:
            values[name] = getattr(first, name)
        else:
            values[name] = np.concatenate([getattr(part, name) for part in parts])
    values["paths"] = _join_paths([part.paths for part in parts])
    return WorldCases(**values)


def _join_paths(paths: list[Paths]) -> Paths:
    if len(paths) == 1:
        return paths[0]
    people = type(paths[0].people)(
        **{
            name: np.concatenate([vars(each.people)[name] for each in paths])
            for name in vars(paths[0].people)
        }
    )
    columns = ("opening", "paid", "other", "billed", "wanted")
    return Paths(people, *(np.concatenate([getattr(each, n) for each in paths]) for n in columns))


class Maker:
    """Makes batches of cases: people live, and of the days on which they are short some are due."""

    def __init__(self, world: World, stream: int) -> None:
        self.world = world
        self.rng = world.rng(2, stream)
        self.banks = draw_banks(world)
        self.incomes = Incomes(world)
        places = [PLACES[code] for code in world.countries]
        names = tuple(dict.fromkeys(zone for place in places for zone in place.zones))
        self.zones = Zones(names)
        self.places = places
        self.place_zones = [np.array([names.index(z) for z in place.zones]) for place in places]

    def batch(self, count: int) -> WorldCases:
        """Return so many cases."""
        rng, world = self.rng, self.world
        cause = rng.choice(len(CAUSES), size=count, p=world.causes)
        for_money = int((cause == FUNDS).sum())
        people = self._draw_people(max(2 * for_money, 50), False)
        some = self._choose(people, for_money, cause[cause == FUNDS], short=True)
        if for_money == count:
            return some
        others = self._draw_people(count - for_money, True)
        rest = self._choose(others, count - for_money, cause[cause != FUNDS], short=False)
        return _join([some, rest]) if for_money else rest

    def people(self, n: int, first_day: int, country: int, credit: bool) -> dict:
        """Return people of one country and kind of card who run short, and their lives."""
        ones = np.ones(n, int)
        return self._live(ones * country, ones * first_day, ones * credit, np.zeros(n, bool))

    def _draw_people(self, n: int, mixed: bool) -> dict:
        """Return people and their lives; `mixed` with many who nearly always have the money."""
        rng, world, values = self.rng, self.world, self.world.values
        country = rng.choice(len(self.places), size=n, p=list(world.countries.values()))
        first = world.first_day + rng.integers(0, YEAR - OPENINGS, n) - HISTORY
        funding = (rng.random(n) < values["credit_share"]).astype(int)
        funding = np.where(rng.random(n) < values["prepaid_share"], 2, funding)
        steady = np.full(n, mixed) & (rng.random(n) < values["steady_share"])
        return self._live(country, first, funding, steady)

    def _live(
        self, country: np.ndarray, first: np.ndarray, funding: np.ndarray, steady: np.ndarray
    ) -> dict:
        rng, world, values, n = self.rng, self.world, self.world.values, len(country)
        drifted = np.zeros(n, bool)
        if world.drift_day is not None:
            opens = first + HISTORY + OPENINGS // 2 - world.first_day
            drifted = (opens >= world.drift_day) & (rng.random(n) < values["drift_share"])
        pay = np.array([place.pay for place in self.places])[country]
        people = draw_people(rng, world, self.incomes, country, pay, funding == 1, steady, drifted)
        days = _WARM_UP + HISTORY + OPENINGS + HORIZON
        paths = live(rng, people, self.incomes, first - _WARM_UP, days)
        columns = ("opening", "paid", "other", "billed", "wanted")
        paths = Paths(people, *(getattr(paths, name)[:, _WARM_UP:] for name in columns))
        price = rng.choice(world.prices, size=n, p=world.price_shares)
        due = values["due_hour"] + values["due_spread_hours"] * (rng.random(n) - 0.5)
        found = {
            "country": country, "first_day": first, "funding": funding, "steady": steady,
            "amount": np.round(np.maximum(price * pay, 50.0)), "due_hour": due % 24,
            "drifted": drifted, "paths": paths,
            "on_the_first": rng.random(n) < values["due_on_the_first"],
        }  # fmt: skip
        if world.nothing == "renewal":
            self._renew(found)
        return found

    def _renew(self, people: dict) -> None:
        """Let money come and go by chance: it comes once in days and is gone some time later.

        Written into the paths as a balance that is there for whole days, none of them special.
        """
        rng, paths = self.rng, people["paths"]
        n, days = paths.opening.shape
        waits = rng.gamma(1.2, 6.0, n)  # mean days until it comes
        stays = rng.gamma(1.2, 3.0, n)  # and until it is gone
        there = np.zeros((days, n), np.float32)
        now = rng.random(n) < stays / (stays + waits)
        for day in range(days):
            switch = rng.random(n) < 1 - np.exp(-1 / np.where(now, stays, waits))
            now = now ^ switch
            there[day] = now
        paths.opening[:] = np.where(people["steady"][:, None], 1, there.T) * np.float32(_PLENTY)
        for name in ("paid", "other", "billed", "wanted"):
            getattr(paths, name)[:] = 0

    def _choose(self, people: dict, count: int, cause: np.ndarray, short: bool) -> WorldCases:
        """Return cases of people: of all days on which a charge may be due and fails, some.

        :param short: take only days on which there is too little money
        """
        rng, paths = self.rng, people["paths"]
        n = len(people["country"])
        days = slice(HISTORY, HISTORY + OPENINGS)
        allowed = np.ones((n, OPENINGS), bool)
        if short and self.world.nothing != "luck":
            allowed = paths.balances(people["due_hour"], days) < people["amount"][:, None]
        dates = people["first_day"][:, None] + HISTORY + np.arange(OPENINGS)
        first = _is_first()[dates]
        weight = np.where(people["on_the_first"][:, None], first * 30.4, 1.0) * allowed
        keys = rng.exponential(size=weight.shape) / np.maximum(weight, 1e-12)
        keys[weight <= 0] = np.inf
        flat = np.argpartition(keys.ravel(), min(count, keys.size - 1))[:count]
        flat = flat[np.isfinite(keys.ravel()[flat])]
        row, column = np.divmod(flat, OPENINGS)
        return self._cases(people, row, column + HISTORY, cause[: len(row)])

    def _cases(self, people: dict, row: np.ndarray, column: np.ndarray, cause) -> WorldCases:
        rng, world, values = self.rng, self.world, self.world.values
        kept, rows = np.unique(row, return_inverse=True)
        n = len(row)
        country = people["country"][row]
        home = np.array([self.place_zones[c][0] for c in country])
        for number, options in enumerate(self.place_zones):
            of = country == number
            home[of] = rng.choice(options, size=int(of.sum()), p=zone_shares(len(options)))
        known = rng.random(n) < values["time_zone_known"]
        main = np.array([options[0] for options in self.place_zones])[country]
        day = people["first_day"][row] + column
        due_hour = people["due_hour"][row]
        opened = self.zones.instant(home, day, due_hour)
        names = np.array(CAUSES)[cause]
        brand = np.empty(n, "<U12")
        for number, place in enumerate(self.places):
            of = country == number
            shares = np.array(list(place.brands.values()))
            brand[of] = rng.choice(list(place.brands), size=int(of.sum()), p=shares / shares.sum())
        bank = self.banks.draw(rng, country, people["drifted"][row])
        limited = rng.random(n) < values["limited_share"]
        limited &= (people["funding"][row] != 1) & (not world.nothing)
        risk = values["risk_days"] * DAY * np.exp(0.9 * rng.standard_normal(n))
        pays_at, funded_from, updated_at = self.reactions(opened, home)
        return WorldCases(
            world, self.zones, self.banks, people["paths"].take(kept),
            seed=rng.integers(0, 2**63, n, dtype=np.uint64),
            row=rows, country=country, zone=np.where(known, home, main), home=home, brand=brand,
            funding=people["funding"][row], amount=people["amount"][row], opened=opened,
            first_day=people["first_day"][row], cause=cause, bank=bank,
            issuer_known=rng.random(n) < values["issuer_known"],
            luck=rng.beta(0.5, 2.5, n),
            risk_until=np.where(names == "mood", opened + risk, -np.inf),
            limited=np.where(limited, values["limit_reached"], 0.0),
            funded_from=funded_from, pays_at=pays_at,
            **self._fates(names, opened, updated_at),
            tenure=rng.geometric(1 / (1 + values["tenure_months"]), n),
            due_hour=due_hour, steady=people["steady"][row],
        )  # fmt: skip

    def reactions(self, opened: np.ndarray, home: np.ndarray) -> list[np.ndarray]:
        """Return when customers who react to a mail pay, put money aside, or give another card."""
        rng, values, n = self.rng, self.world.values, len(opened)
        mail = np.array(_MAILS)[rng.choice(3, size=n, p=[0.55, 0.25, 0.2])] * DAY
        waits = values["reaction_days"] * DAY * np.exp(1.0 * rng.standard_normal(n))
        at = opened + mail + waits
        # Nobody does it at night.
        day, hour = self.zones.local(home, np.minimum(at, opened + 40 * DAY))
        awake = np.where((hour > 8) & (hour < 23), hour, 8 + 15 * rng.random(n))
        at = self.zones.instant(home, day + (hour >= 23), awake)
        does = rng.random(n) < values["reaction_share"]
        how = rng.choice(3, size=n, p=[0.5, 0.3, 0.2])
        found = [np.where(does & (how == what) & (at > opened), at, np.inf) for what in range(3)]
        if self.world.nothing:
            found[1:] = [np.full(n, np.inf)] * 2
        return found

    def _fates(self, names: np.ndarray, opened: np.ndarray, updated: np.ndarray) -> dict:
        """Return how long issuers are away, and deaths and replacements of cards."""
        rng, values, n = self.rng, self.world.values, len(names)
        outage = values["outage_hours"] * HOUR * np.exp(1.2 * rng.standard_normal(n))
        dead = np.isin(names, ("dead", "expired", "authentication"))
        dies = np.where(rng.random(n) < 0.03, rng.uniform(1, 60, n) * DAY, np.inf)
        dies_at = np.where(dead, -np.inf, opened + dies)
        code = rng.choice([CODE[c] for c in ("lost_card", "stolen_card", "invalid_account")], n)
        code = np.where(names == "expired", CODE["expired_card"], code)
        authentication = names == "authentication"
        code = np.where(authentication, CODE["authentication_required"], code)
        wait = rng.exponential(values["replaced_days"] * DAY, n) + DAY / 4
        wait = np.where(rng.random(n) < values["replaced_share"], wait, np.inf)
        replaced = np.where(dead, opened, dies_at) + np.where(authentication, np.inf, wait)
        return {
            "away_until": np.where(names == "technical", opened + outage, -np.inf),
            "dies_at": dies_at,
            "dead_code": code,
            "replaced_at": np.where(dead, np.minimum(replaced, updated), replaced),
        }


@cache
def _is_first() -> np.ndarray:
    return np.array([day.day == 1 for day in calendar_days()])


def zone_shares(count: int) -> np.ndarray:
    shares = 0.5 ** np.arange(count)
    return shares / shares.sum()
