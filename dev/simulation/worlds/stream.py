"""A year of cases of a world: charges that failed when they were due, and what is behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from ..streams.cases import CAUSES
from ..streams.issuers import ADVICE_DAYS, CODE, PAID, tell
from ..streams.noise import uniform
from ..streams.zones import DAY, HOUR, Zones, to_datetime
from .banks import MEMORY, Banks, draw_banks, is_out, refusal, remember
from .money import Incomes, Paths, draw_people, live
from .places import PLACES
from .world import YEAR, World

HISTORY = 155  # days before the case that a merchant remembers
OPENINGS = 31  # days on one of which the case opens
HORIZON = 44  # days after it
WARM_UP = 45  # days that nobody looks at
MONTHS = 5  # earlier charges, one a month
_CHUNK = 6000
BACKGROUND = 0.01  # any charge may meet trouble that has nothing to do with anything
_MAILS = (0.2, 3.0, 7.0)  # days after the failure at which customers are written to
STEADY_PAYS = 0.98


@dataclass
class WorldCases:
    """Cases as columns; whoever plays them asks `fresh_memory` and `charge`, and what is public.

    :param zone: number of the time zone that the merchant takes for the customer's
    :param home: number of the one in which the customer lives
    :param row: of the case's person in `paths`
    :param cause: number in `CAUSES`; hidden
    :param bank: number in `banks`
    :param luck: chance that a try pays, in worlds of mere luck
    :param risk_until: instant until which the issuer's score refuses everything
    :param limited: share of days on which the daily limit is reached before the evening
    :param funded_from: instant from which the customer has put money aside for this, inf for never
    :param pays_at: instant at which the customer pays without a charge, inf for never
    :param tenure: months of earlier charges
    :param earlier: days after a failure on which the merchant used to retry
    """

    world: World
    zones: Zones
    banks: Banks
    paths: Paths
    seed: np.ndarray
    row: np.ndarray
    country: np.ndarray
    zone: np.ndarray
    home: np.ndarray
    brand: np.ndarray
    funding: np.ndarray
    amount: np.ndarray
    opened: np.ndarray
    first_day: np.ndarray
    cause: np.ndarray
    bank: np.ndarray
    issuer_known: np.ndarray
    luck: np.ndarray
    risk_until: np.ndarray
    limited: np.ndarray
    funded_from: np.ndarray
    pays_at: np.ndarray
    away_until: np.ndarray
    dies_at: np.ndarray
    dead_code: np.ndarray
    replaced_at: np.ndarray
    tenure: np.ndarray
    due_hour: np.ndarray
    steady: np.ndarray

    # What Visa allows in thirty days, after the first: the product blocks whatever is beyond it.
    most_charges = 14

    def __len__(self) -> int:
        return len(self.seed)

    @property
    def countries(self) -> tuple[str, ...]:
        """ISO codes, addressed by `country`."""
        return tuple(self.world.countries)

    def take(self, index: np.ndarray) -> WorldCases:
        """Return some of the cases."""
        values = {
            name: getattr(self, name)[index] if name not in _WHOLE else getattr(self, name)
            for name in self.__dataclass_fields__
        }
        return WorldCases(**values)

    # What a merchant sees

    def currency(self, case: int) -> str:
        """Return the currency of a case's amount."""
        return PLACES[self.countries[self.country[case]]].currency

    def funding_of(self, case: int) -> str:
        """Return `debit`, `credit` or `prepaid`."""
        return FUNDING[self.funding[case]]

    def issuer_of(self, case: int) -> str:
        """Return the card's first digits, where the provider tells them."""
        return self.banks.digits[self.bank[case]] if self.issuer_known[case] else ""

    def past(self, case: int) -> list[tuple[datetime, bool]]:
        """Return earlier charges of the customer, oldest first, and whether they were paid."""
        at, paid, known = (values[case] for values in self._history)
        return [
            (to_datetime(instant), bool(was))
            for instant, was, there in zip(at, paid, known, strict=True)
            if there
        ]

    # What happens

    def own_payments(self) -> np.ndarray:
        """Return the instants at which customers pay without being charged, inf for never."""
        return self.pays_at

    def fresh_memory(self) -> np.ndarray:
        """Return what issuers remember after the charges with which the cases opened."""
        index = np.arange(len(self))
        nothing = np.zeros((len(self), MEMORY))
        return remember(self.banks, self.bank, self.opened, self.opened[index], nothing)

    def first_answers(self) -> tuple[np.ndarray, np.ndarray]:
        """Return codes and advice of the charges with which the cases opened."""
        index = np.arange(len(self))
        return self.charge(index, self.opened, np.zeros((len(self), MEMORY)))[:2]

    def charge(
        self, index: np.ndarray, at: np.ndarray, memory: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return codes and advice of charges, and what issuers remember afterwards.

        :param index: which cases; each may occur any number of times
        :param at: instants, seconds
        :param memory: of these cases before the charge
        """
        seed, number, bank = self.seed[index], memory[:, 0], self.bank[index]
        opened = self.opened[index]
        day, hour = self.zones.local(self.home[index], at)
        banks, first = self.banks, number == 0
        told = uniform(seed, number, 1)
        funded = self._has_money(index, day, hour, at, number)
        code = np.where(funded, PAID, CODE["insufficient_funds"])
        trouble = uniform(seed, number, 2)
        code = np.where(funded & (trouble < BACKGROUND), CODE["do_not_honor"], code)
        over = (self.limited[index] > 0) & self._over_limit(index, day, hour)
        code = np.where(over, CODE["card_velocity_exceeded"], code)
        code = np.where(at < self.risk_until[index], tell("mood", told), code)
        refused = ~first & (uniform(seed, number, 3) < refusal(banks, bank, at, opened, memory))
        code = np.where(refused, tell("soon", told), code)
        code = self._blur(code, bank, seed, number)
        away = (at < self.away_until[index]) | (trouble > 1 - BACKGROUND)
        since = (hour - banks.window[bank]) % 24
        closed = (banks.window[bank] >= 0) & (since < banks.window_hours[bank])
        closed &= uniform(seed, at // HOUR, 4) < self.world.values["window_fails"]
        away |= closed & ~first
        away |= ~first & is_out(banks, bank, at)
        code = np.where(away, tell("technical", told), code)
        gone = (at >= self.dies_at[index]) & (at < self.replaced_at[index])
        hidden = uniform(seed, number, 5) < 0.3 * banks.vague[bank]
        dead = np.where(hidden, CODE["do_not_honor"], self.dead_code[index])
        code = np.where(gone, dead, code)
        advice = self._advise(index, day, at, code, number)
        return code, advice, remember(banks, bank, at, opened, memory)

    def _has_money(self, index, day, hour, at, number) -> np.ndarray:
        world = self.world
        if world.nothing == "luck":
            # Each try has its own luck, the same for whoever makes it and whenever.
            found = uniform(self.seed[index], number, 6) < self.luck[index]
            return found & ((number > 0) | (self.cause[index] != _FUNDS))
        column = np.clip(day - self.first_day[index], 0, self.paths.opening.shape[1] - 1)
        found = self.paths.balance(self.row[index], column, hour) >= self.amount[index]
        return found | (at >= self.funded_from[index])

    def _over_limit(self, index, day, hour) -> np.ndarray:
        seed = self.seed[index]
        reached = 10 + 14 * uniform(seed, day, 7)  # Purchases of the day add up to the limit.
        return (uniform(seed, day, 8) < self.limited[index]) & (hour >= reached)

    def _blur(self, code, bank, seed, number) -> np.ndarray:
        vague = (code != PAID) & (uniform(seed, number, 9) < self.banks.vague[bank])
        general = np.where(
            uniform(seed, number, 10) < 0.8, CODE["do_not_honor"], CODE["generic_decline"]
        )
        return np.where(vague, general, code)

    def _advise(self, index, day, at, code, number) -> np.ndarray:
        """Return advice: a wait until there is money that day, or a guess."""
        asked = self.banks.advises[self.bank[index]] & (self.brand[index] == "mastercard")
        asked &= np.isin(code, (1, 2, 3))
        advice = np.zeros(len(index), np.int64)
        if not asked.any():
            return advice
        index, day, number = index[asked], day[asked], number[asked]
        funded = self._funded_days[index]
        column = (day - self.first_day[index])[:, None]
        later = np.arange(funded.shape[1])[None, :] - column
        wait = np.where(funded & (later > 0), later, 99).min(axis=1)
        right = np.searchsorted(ADVICE_DAYS[1:-1], wait) + 1
        seed = self.seed[index]
        guess = 2 + (uniform(seed, number, 11) * 4).astype(np.int64)
        is_right = uniform(seed, number, 12) < self.world.values["advice_right"]
        advice[asked] = np.where(is_right, right, guess)
        return advice

    @cached_property
    def _funded_days(self) -> np.ndarray:
        """Whether there is enough at noon or in the evening of days; (n, days)."""
        found = [
            self.paths.balances(hour)[self.row] >= self.amount[:, None] for hour in (12.0, 18.0)
        ]
        return found[0] | found[1]

    @cached_property
    def _history(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return instants of earlier charges, whether they paid, and whether they happened.

        An invoice of each month was charged on its due day and then by the merchant's ladder of
        those days, until it was paid.
        """
        n, today = len(self), self.first_day + self._opening_column
        ladder = np.array([0, 3, 7, 12])
        back = 30.4375 * np.arange(MONTHS, 0, -1)
        days = np.rint(today[:, None] - back[None, :]).astype(np.int64)
        days = np.minimum(days[:, :, None] + ladder, today[:, None, None] - 1)
        column = (days - self.first_day[:, None, None]).clip(0)
        hours = np.repeat(self.due_hour, MONTHS * len(ladder)).reshape(days.shape)
        hours = np.where(ladder > 0, 10.0, hours)
        flat = column.ravel()
        each = np.repeat(np.arange(n), MONTHS * len(ladder))
        paid = self.paths.balance(self.row[each], flat, hours.ravel()) >= self.amount[each]
        if self.world.nothing == "luck":
            chance = np.where(self.cause == _FUNDS, self.luck, STEADY_PAYS)
            paid = uniform(self.seed[each], flat, 13) < chance[each]
        paid |= self.steady[each] & (uniform(self.seed[each], flat, 14) < STEADY_PAYS)
        paid = paid.reshape(days.shape)
        before = np.cumsum(paid, axis=2) - paid
        months = np.arange(MONTHS, 0, -1)[None, :, None]
        known = (before == 0) & (months <= self.tenure[:, None, None])
        distinct = np.ones(days.shape, bool)
        distinct[:, :, 1:] = days[:, :, 1:] > days[:, :, :-1]
        at = self.zones.instant(self.home[each], days.ravel(), hours.ravel()).reshape(n, -1)
        known = (known & distinct).reshape(n, -1) & (at < self.opened[:, None] - HOUR)
        order = np.argsort(at, axis=1, kind="stable")
        pick = np.arange(n)[:, None], order
        return at[pick], paid.reshape(n, -1)[pick], known[pick]

    @cached_property
    def _opening_column(self) -> np.ndarray:
        return self.zones.local(self.home, self.opened)[0] - self.first_day


_WHOLE = {"world", "zones", "banks", "paths"}
_FUNDS = CAUSES.index("funds")
FUNDING = ("debit", "credit", "prepaid")


def generate(world: World, stream: int, count: int | None = None) -> WorldCases:
    """Return cases of a world in the order in which they open.

    :param stream: another number gives other cases of the same world
    :param count: as many as its merchant has in a year by default
    """
    count = world.size if count is None else count
    maker = Maker(world, stream)
    parts, found = [], 0
    while found < count:
        part = maker.batch(min(count - found, _CHUNK))
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
        if name in _WHOLE:
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
        for_money = int((cause == _FUNDS).sum())
        people = self._draw_people(max(2 * for_money, 50), False)
        some = self._choose(people, for_money, cause[cause == _FUNDS], short=True)
        if for_money < count:
            others = self._draw_people(count - for_money, True)
            rest = self._choose(others, count - for_money, cause[cause != _FUNDS], short=False)
            if not for_money:
                return rest
            return _join([some, rest])
        return some

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
        days = WARM_UP + HISTORY + OPENINGS + HORIZON
        paths = live(rng, people, self.incomes, first - WARM_UP, days)
        columns = ("opening", "paid", "other", "billed", "wanted")
        paths = Paths(people, *(getattr(paths, name)[:, WARM_UP:] for name in columns))
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
        has = np.where(people["steady"][:, None], 1.0, there.T).astype(np.float32)
        paths.opening[:] = has * (2 * people["amount"][:, None]).astype(np.float32)
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


def _is_first() -> np.ndarray:
    from ..streams.zones import calendar_days

    return np.array([day.day == 1 for day in calendar_days()])


def zone_shares(count: int) -> np.ndarray:
    shares = 0.5 ** np.arange(count)
    return shares / shares.sum()
