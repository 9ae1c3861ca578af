# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a retry schedule would probably have brought back of debts that failed in the past.

No past tells for certain what charges that were never made would have brought. What is known:
what the timing engine expects of each charge (priors that ship, and what it has learned), and
what the merchant's own retries of such debts brought. The first is held against the second: all
chances are moved in log-odds by a level with a normal prior, and what stays unsure of that level,
of tries later than any the merchant made, and of who happened to be looked at, makes the
interval. `docs/audit.md` has the argument and the formulas.

Only debts count that waiting can heal and whose method was saved (`Debt.is_chargeable`): what
messages bring back, and new cards, the past can't tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ..declines.taxonomy import BLOCKING_CLASSES
from ..timing.arrays import np
from ..timing.case import Case, local_minutes, tidy
from ..timing.model.model import Model
from ..timing.model.sequence import read
from ..timing.plan.backoff import WAITS
from ..timing.plan.ladder import Ladder
from ..timing.plan.plan import Outlook
from ..timing.stats.expectation import find_instants
from .payments import Debt
from .retries import find_finished

# Fewer say nothing, and neither do fewer retries than this of whose outcome the level is learned.
FEWEST, FEWEST_RETRIES = 30, 30
# With reasons read of fewer failures, nobody knows which of them waiting could heal.
LEAST_READABLE = 0.5
# A share that is not known better than this is not told.
WIDEST = 0.5
# Standard deviations in log-odds: of the level before anything is known of a merchant (as of the
# calibration's), of tries beyond those that the merchant made, and of what the odds can't express.
LEVEL_SD, BEYOND_SD, MISFIT_SD = 0.7, 0.7, 0.3
# Beta prior of the share of debts that no waiting heals although the odds hope for them.
IMMUNE = (3.0, 17.0)
_DRAWS = 400
_LEAST = 1e-4
_DAY = timedelta(days=1)


class Prospect(NamedTuple):
    """What a schedule would probably have brought back, with a 90 % interval.

    :ivar share: of the amount of the debts
    :ivar why: why it can't be told: ``few`` debts, reasons that are ``unread``, ``no_retries`` to
        hold the odds against, or too ``wide`` an interval; empty when it can
    """

    share: float
    low: float
    high: float
    why: str = ""


class Outlooks(NamedTuple):
    """What all schedules of an audit were estimated from.

    :ivar count: chargeable debts
    :ivar sampled: of them, those that were looked at
    :ivar retries: charges by which the level was learned
    :ivar expected: share of these that the odds had expected to succeed
    :ivar seen: share that did
    :ivar level: by which chances were moved, in log-odds, and its standard deviation
    :ivar immune: share of debts that no waiting heals, beyond what the odds believe
    """

    count: int
    sampled: int
    retries: int
    expected: float
    seen: float
    level: tuple[float, float]
    immune: float
    by_schedule: dict[str, Prospect]


class Look(NamedTuple):
    """One debt as it is looked at.

    :ivar hazards: by schedule, the chance of each try when those before it have failed
    :ivar days: by schedule, days from the first failure to each try
    :ivar retried: chance and outcome of each retry that the merchant made, and days to it
    :ivar own_days: days after which the customer paid without being charged; infinite if never
    :ivar seen_days: days for which it was seen whether they would
    """

    amount: float
    hazards: dict[str, np.ndarray]
    days: dict[str, np.ndarray]
    retried: list[tuple[float, bool, float]]
    own_days: float
    seen_days: float


def estimate(
    debts: Sequence[Debt],
    model: Model,
    ladders: Mapping[str, Ladder],
    until: datetime,
    cases: Mapping[object, Case],
    *,
    count: int | None = None,
    readable: float = 1.0,
    seed: int = 0,
) -> Outlooks:
    """Return what each of some fixed schedules would probably have brought back.

    What comes back is what charges bring, and what customers pay by themselves before the window
    of the schedule is over.

    :param debts: those that are chargeable; each with its window behind it by `until`
    :param until: aware instant up to which the past was read
    :param cases: as the debts stood at the first failure, by key
    :param count: of all the debts that these were chosen from (`retries.choose`)
    :param readable: share of the failures of which anything could be read
    """
    debts = [debt for debt in debts if debt.key in cases]
    looks = [
        _look(debt, tidy(cases[debt.key], debt.first.at), model, ladders, until) for debt in debts
    ]
    return combine(looks, count or len(debts), ladders, readable, seed)


def combine(
    looks: Sequence[Look],
    count: int,
    ladders: Mapping[str, Ladder],
    readable: float = 1.0,
    seed: int = 0,
) -> Outlooks:
    """Return the estimates of looks at some of `count` debts."""
    retried = [one for look in looks for one in look.retried]
    learned = learn(look.retried for look in looks)
    level, level_sd, immune = learned.mean()
    found = {
        name: _estimate(looks, count, name, ladder.window, learned, seed)
        for name, ladder in ladders.items()
        if looks
    }
    why = _find_doubt(len(looks), len(retried), readable)
    return Outlooks(
        count,
        len(looks),
        len(retried),
        float(np.mean([chance for chance, *_rest in retried])) if retried else 0.0,
        float(np.mean([paid for _chance, paid, _days in retried])) if retried else 0.0,
        (level, level_sd),
        immune,
        {
            name: one._replace(why=why or ("wide" if one.high - one.low > WIDEST else ""))
            for name, one in found.items()
        },
    )


def _find_doubt(looks, retries, readable):
    """Return why nothing can be told, whatever the schedule; or nothing."""
    if looks < FEWEST:
        return "few"
    if readable < LEAST_READABLE:
        return "unread"
    return "no_retries" if retries < FEWEST_RETRIES else ""


def _look(debt, case, model, ladders, until):
    """Return what the odds expect of schedules for a debt, and what came of its retries."""
    opened, zone = case.failures[0].at, case.zone
    sequence = read(case, model.priors)
    after = sequence.observations[-1].minute + 1
    every = {name: find_instants(case, ladder) for name, ladder in ladders.items()}
    minutes = {
        name: sorted({max(local_minutes(at, zone), after) for at in instants})
        for name, instants in every.items()
    }
    slots = np.array(sorted({minute for found in minutes.values() for minute in found}))
    hazards, days = {}, {}
    outlook = _open(model, sequence, slots) if len(slots) else None
    quick = _quick_hazards(case, model)
    for name, found in minutes.items():
        steps = np.searchsorted(slots, found).tolist()
        worth = [outlook.value(steps[: number + 1]) for number in range(len(steps))]
        hazards[name] = np.concatenate([quick, _to_hazards(worth)])
        days[name] = np.concatenate([np.zeros(len(quick)), (np.array(found) - after) / 1440.0])
    own_at = debt.own_at
    paid = debt.paid
    seen_to = own_at or (paid.at if paid else until)
    return Look(
        debt.amount,
        hazards,
        days,
        _look_at_retries(debt, case, model),
        (own_at - opened) / _DAY if own_at else np.inf,
        max((seen_to - opened) / _DAY, 0.0),
    )


def _open(model, sequence, slots):
    belief = model.odds.belief(sequence)
    outlook = Outlook(model.odds, sequence, belief, slots, 0.0, np.ones(len(slots)))
    outlook.cost[:] = 0
    return outlook


def _to_hazards(worth):
    """Return the chance of each try, when those before it have failed."""
    if not worth:
        return np.zeros(0)
    total = np.clip(np.array(worth, dtype=float), 0.0, 1 - _LEAST)
    before = np.concatenate([[0.0], total[:-1]])
    return np.clip((total - before) / (1 - before), _LEAST, 1 - _LEAST)


def _quick_hazards(case, model):
    """Return the chances of the quick tries that every schedule makes after technical trouble."""
    if case.failures[0].decline_class != "technical":
        return np.zeros(0)
    return np.array([model.odds.quick_chance(run)[0] for run in range(1, len(WAITS) + 1)])


def _look_at_retries(debt, case, model):
    """Return chance and outcome of each retry, given all that was known before it."""
    found = []
    for attempt in find_finished(debt, case, ""):
        last = attempt.case.failures[-1]
        if last.decline_class in BLOCKING_CLASSES:
            break
        # Quick tries after technical trouble count by themselves in the model.
        if last.decline_class == "technical":
            continue
        sequence = read(tidy(attempt.case, attempt.at), model.priors)
        minute = max(local_minutes(attempt.at, case.zone), sequence.observations[-1].minute + 1)
        outlook = _open(model, sequence, np.array([minute]))
        chance = min(max(outlook.value([0]), _LEAST), 1 - _LEAST)
        found.append((chance, attempt.paid, (attempt.at - case.failures[0].at) / _DAY))
    return found


class Learned(NamedTuple):
    """What the merchant's own retries teach: the posterior of level and immune share, on a grid.

    :ivar levels: by which chances are moved, in log-odds
    :ivar immune: shares of debts that no waiting heals, whatever the odds believe
    :ivar weight: levels by shares
    :ivar reached: days after the first failure up to which there were retries
    """

    levels: np.ndarray
    immune: np.ndarray
    weight: np.ndarray
    reached: float

    def draw(self, rng):
        """Return level and share, drawn."""
        place = np.searchsorted(np.cumsum(self.weight.ravel()), rng.random())
        row, column = divmod(min(int(place), self.weight.size - 1), len(self.immune))
        return self.levels[row], self.immune[column]

    def mean(self):
        """Return the mean level with its standard deviation, and the mean share."""
        by_level = self.weight.sum(axis=1)
        level = float((by_level * self.levels).sum())
        variance = float((by_level * (self.levels - level) ** 2).sum())
        return level, variance**0.5, float((self.weight.sum(axis=0) * self.immune).sum())


def learn(retries: Iterable[Sequence[tuple[float, bool, float]]]) -> Learned:
    """Return what the retries teach: those of one debt all fail where it is immune.

    :param retries: by debt, chance and outcome of each, and days from the first failure
    """
    every_debt = [retried for retried in retries if retried]
    levels = np.linspace(-4 * LEVEL_SD, 4 * LEVEL_SD, 113)
    immune = (np.arange(40) + 0.5) / 80
    log = -0.5 * (levels[:, None] / LEVEL_SD) ** 2 + np.zeros(len(immune))
    log = log + (IMMUNE[0] - 1) * np.log(immune) + (IMMUNE[1] - 1) * np.log(1 - immune)
    for retried in every_debt:
        chance, paid, _days = np.array(retried, float).T
        moved = expit(log_odds(chance)[:, None] + levels)
        likely = np.prod(np.where(paid[:, None] > 0, moved, 1 - moved), axis=0)
        every = (1 - immune) * likely[:, None] + (0.0 if paid.any() else immune)
        log = log + np.log(every)
    weight = np.exp(log - log.max())
    days = [days for retried in every_debt for _chance, _paid, days in retried]
    reached = float(np.quantile(days, 0.9)) if days else 0.0
    return Learned(levels, immune, weight / weight.sum(), reached)


def _estimate(looks, count, name, window, learned, seed):
    """Return the share that a schedule would have brought back, as far as it can be told."""
    # The same draws for all schedules, so that the same schedule is the same.
    rng = np.random.default_rng(seed)
    width = max(len(look.hazards[name]) for look in looks)
    odds = np.full((len(looks), width), -np.inf)
    is_beyond = np.zeros((len(looks), width))
    for row, look in enumerate(looks):
        hazards = look.hazards[name]
        odds[row, : len(hazards)] = log_odds(hazards)
        is_beyond[row, : len(hazards)] = look.days[name] > learned.reached
    amount = np.array([look.amount for look in looks])
    own = np.array([look.own_days for look in looks]) <= window
    by_own = _own_share(looks, window)
    # Who was charged successfully is not seen paying by themselves, and might have.
    unseen = np.array([look.seen_days < window and look.own_days > window for look in looks])
    left = 1 - min(len(looks) / max(count, 1), 1.0)
    shares, middles = np.empty(_DRAWS), np.empty(_DRAWS)
    for draw in range(_DRAWS):
        level, immune = learned.draw(rng)
        misfit, beyond = rng.standard_normal(2) * (MISFIT_SD, BEYOND_SD)
        moved = odds + level + misfit + beyond * is_beyond
        charged = (1 - immune) * (1 - np.prod(1 - expit(moved), axis=1))
        chance = _combine_own(charged, own, unseen, by_own)
        middles[draw] = (chance * amount).sum() / amount.sum()
        shares[draw] = _draw_share(chance, amount, count, left, rng)
    share = float(np.mean(middles))
    low, high = np.quantile(shares, (0.05, 0.95))
    low, high = min(float(low), share), max(float(high), share)
    return Prospect(share, max(low, 0.0), min(high, 1.0))


def _combine_own(chance, is_own, unseen, by_own):
    with_own = np.where(unseen, 1 - (1 - chance) * (1 - by_own), chance)
    return np.where(is_own, 1.0, with_own)


def _draw_share(chance, amount, count, left, rng):
    """Return one draw of the share of all debts: which were looked at, and luck, are chance."""
    value = float((chance * amount).sum() / amount.sum())
    if left:
        picked = rng.integers(0, len(amount), len(amount))
        other = float((chance[picked] * amount[picked]).sum() / amount[picked].sum())
        value += (other - value) * left**0.5
    luck = float((amount**2 * chance * (1 - chance)).sum()) ** 0.5 / amount.sum()
    return value + luck * (len(amount) / max(count, 1)) ** 0.5 * float(rng.standard_normal())


def _own_share(looks, window):
    """Return the share of unpaid debts that customers pay by themselves within days.

    Kaplan and Meier's: whoever was charged successfully is followed until then.
    """
    events = sorted((look.own_days, True) for look in looks if look.own_days <= window)
    ends = sorted(look.seen_days for look in looks)
    alive = 1.0
    for days, _own in events:
        at_risk = sum(end >= days for end in ends)
        alive *= 1 - 1 / max(at_risk, 1)
    return 1 - alive


def log_odds(share: np.ndarray) -> np.ndarray:
    """Return log-odds of probabilities, of none and of all as of nearly so."""
    share = np.clip(share, _LEAST, 1 - _LEAST)
    return np.log(share / (1 - share))


def expit(value: np.ndarray) -> np.ndarray:
    """Return probabilities of log-odds."""
    return 1 / (1 + np.exp(-value))
