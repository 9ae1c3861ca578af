"""The plan: which instants to try, one after the other, so that most is recovered before the end.

Only failure continues a case, so a plan is a fixed sequence of instants. What a try adds depends on
the tries before it: per hypothesis they form a Markov chain from failure to failure, and the
probability that all fail is the product along it. The dynamic programme goes forward in time: for
each number of tries and each last instant it keeps the best sequence, together with the weight of
every hypothesis under which that sequence has failed. It never looks ahead, so a longer window or
one more try can only add sequences to choose from: neither lowers the value of the plan.
"""

from dataclasses import dataclass, replace

import numpy as np

from . import cells
from .odds import Odds, expit
from .patterns import DEAD, DEAD_AT, ERRATIC, FAMILY, HELD, IDLE, SOLID, latest_pay
from .trail import Charge, Trail, effect_levels

_MOST_HYPOTHESES = 26
_LEAST_WEIGHT = 0.002


@dataclass(frozen=True)
class Plan:
    """A sequence of slots.

    :ivar slots: numbers of the slots, ascending; empty when no try is worth its cost
    :ivar value: expected share of the amount that is recovered, less costs
    :ivar chance: probability that one of the tries succeeds
    """

    slots: tuple[int, ...]
    value: float
    chance: float


class Outlook:
    """A case, its belief and the instants at which it may be charged, ready to be planned.

    :param slots: local minutes of the allowed instants, ascending, after the last failure
    :param cost: of one try, as a share of the amount
    :param discount: worth of a recovery at each slot, relative to one now
    :param rest: minutes that must pass between two tries
    """

    def __init__(
        self,
        odds: Odds,
        trail: Trail,
        charge: Charge,
        belief: np.ndarray,
        slots: np.ndarray,
        cost: float,
        discount: np.ndarray,
        rest: int = 0,
    ) -> None:
        self.odds, self.trail, self.charge, self.slots = odds, trail, charge, slots
        self.cost, self.discount, self.rest = cost, discount.astype(np.float32), rest
        order = np.argsort(-belief, kind="stable")[:_MOST_HYPOTHESES]
        self.which = np.sort(order[belief[order] > _LEAST_WEIGHT])
        weight = belief[self.which]
        self.weight = (weight / weight.sum()).astype(np.float32)
        self.first = odds.chance(trail, charge, slots, self.which).astype(np.float32)
        self.later = self._chances_after()

    def _chances_after(self) -> np.ndarray:
        """Return chances of a charge at a slot after a failure at another: (from, hypothesis, to).

        Computed as odds: where money came in between they factor into what depends on the pay day
        and what depends on the gap, which keeps this fast.
        """
        odds, slots = self.odds, self.slots
        day, minute = cells.split(slots)
        group = self.charge.group
        # Later failures are planned for as if they were of the same kind, one number on.
        after = replace(self.charge, number=self.charge.number + 1, recent=())
        levels = effect_levels(self.trail, after, slots)
        rows = list(cells.EFFECTS)
        by_gap = [rows.index("gap"), rows.index("turned")]
        same = np.delete(odds.effects[levels], by_gap, axis=0).sum(axis=0)
        same += odds.named_score(self.trail, after.reason)[0]
        bins = cells.gap_bin(slots[None, :] - slots[:, None])
        gap = odds.effects[cells.OFFSETS["gap"] + bins]
        if after.turned:
            gap = gap + odds.effects[cells.OFFSETS["turned"] + 1 + bins]
        shared = same[None, :] + gap
        pay = latest_pay(day, self.trail.country)[self.which]
        family = FAMILY[self.which]
        paid = family < ERRATIC
        kind = np.where(paid, family, 0)[:, None]
        ages = cells.CAME + kind * len(cells.AGES) + cells.age_bin(day - pay, minute)
        came = np.exp(odds.cells[ages] + same).astype(np.float32)
        dry = np.exp(odds.cells[cells.DRY + group * len(cells.GAPS) + bins] + shared)
        bins_late = cells.late_bin(minute[:, None], np.maximum(day[None, :] - day[:, None], 0))
        late = np.exp(odds.cells[cells.LATE + bins_late] + shared).astype(np.float32)
        gap = np.exp(gap).astype(np.float32)
        came_since = pay[None, :, :] > day[:, None, None]
        result = np.where(came_since, came[None] * gap[:, None], dry.astype(np.float32)[:, None])
        source, hypothesis = np.nonzero((pay == day).T & paid)
        if len(source):
            still = ~came_since[source, hypothesis]
            result[source, hypothesis] = np.where(
                still, late[source], result[source, hypothesis]
            )
        starts = {
            ERRATIC: cells.FREE + group * len(cells.GAPS),
            IDLE: cells.SELDOM,
            SOLID: cells.CALM + group * len(cells.GAPS),
            HELD: cells.SLOW,
        }
        for number in np.flatnonzero(~paid):
            if family[number] == DEAD:
                result[:, number] = np.exp(odds.cells[cells.GONE])
            else:
                result[:, number] = np.exp(odds.cells[starts[family[number]] + bins] + shared)
        result /= 1 + result
        # To try in between can only add knowledge: what a later charge would have won alone, it
        # wins at least after a failure before it. Learned cells don't know that of each other.
        lost = np.clip(1 - self.first, 1e-6, 1.0)
        return np.maximum(result, 1 - lost[None] / lost.T[:, :, None])

    def best(self, tries: int) -> Plan:
        """Return the best plan of at most so many tries."""
        count = len(self.slots)
        best = Plan((), 0.0, 0.0)
        if not count or tries < 1:
            return best
        # A try comes after the one before it, and not too soon.
        blocked = self.slots[None, :] - self.slots[:, None] < max(self.rest, 1)
        failed = self.weight[:, None] * (1 - self.first)
        gain = self.weight @ self.first
        score = self.discount * gain - self.cost
        pointers: list[np.ndarray] = []
        values = [score]
        for _number in range(1, min(tries, count)):
            gains = np.matmul(failed.T[:, None, :], self.later)[:, 0, :]
            total = score[:, None] + self.discount * gains
            if self.cost:
                total -= self.cost * failed.sum(axis=0)[:, None]
            total[blocked] = -np.inf
            source = total.argmax(axis=0)
            pointers.append(source)
            score = total[source, np.arange(count)]
            failed = failed[:, source] * (1 - self.later[source, :, np.arange(count)].T)
            values.append(score)
        table = np.stack(values)
        number, slot = divmod(int(table.argmax()), count)
        value = float(table[number, slot])
        if value <= 0:
            return best
        path = [slot]
        for pointer in reversed(pointers[:number]):
            path.append(int(pointer[path[-1]]))
        path.reverse()
        return Plan(tuple(path), value, 1 - float(self._failing(path).sum()))

    def value(self, path: list[int]) -> float:
        """Return the value of a given sequence of slots."""
        total, failed, before = 0.0, self.weight, -1
        for slot in path:
            chance = self.first[:, slot] if before < 0 else self.later[before, :, slot]
            total += float(self.discount[slot] * (failed @ chance) - self.cost * failed.sum())
            failed, before = failed * (1 - chance), slot
        return total

    def _failing(self, path: list[int]) -> np.ndarray:
        failed, before = self.weight, -1
        for slot in path:
            chance = self.first[:, slot] if before < 0 else self.later[before, :, slot]
            failed, before = failed * (1 - chance), slot
        return failed

    def tail(self, path: tuple[int, ...]) -> np.ndarray:
        """Return, hypotheses by slots, what the rest of a plan is worth after a failure there.

        The rest is everything but the plan's first try; slots not before it have nothing.
        """
        worth = np.zeros((len(self.weight), len(self.slots)), dtype=np.float32)
        rest = path[1:]
        if not rest:
            return worth
        after = np.zeros(len(self.weight), dtype=np.float32)
        for before, slot in zip(reversed(rest[:-1]), reversed(rest[1:]), strict=True):
            chance = self.later[before, :, slot]
            after = chance * self.discount[slot] - self.cost + (1 - chance) * after
        slot = rest[0]
        chance = self.later[:slot, :, slot].T
        worth[:, :slot] = chance * self.discount[slot] - self.cost + (1 - chance) * after[:, None]
        return worth


@dataclass(frozen=True)
class Weighed:
    """Candidates for the next try, under draws of the parameters.

    :ivar chances: draws by candidates, chance of success
    :ivar values: draws by candidates, value with the rest of the plan
    :ivar chance: by candidate, at the parameters' means
    :ivar value: by candidate, at the parameters' means
    """

    chances: np.ndarray
    values: np.ndarray
    chance: np.ndarray
    value: np.ndarray


def weigh(
    outlook: Outlook, minutes: np.ndarray, worth: np.ndarray, discount: np.ndarray
) -> Weighed:
    """Weigh candidate instants for the next try.

    :param minutes: local minutes of the candidates
    :param worth: hypotheses by candidates, of the rest of the plan after a failure there
    :param discount: worth of a recovery at each candidate, relative to one now
    """
    odds, trail, charge, which = outlook.odds, outlook.trail, outlook.charge, outlook.which
    draws = odds.draws
    count = len(minutes)
    found = cells.find_cells(
        np.full(count, charge.failed), minutes, np.full(count, charge.group), trail.country
    )[which]
    levels = effect_levels(trail, charge, minutes)
    named, variance = odds.named_score(trail, charge.reason)
    alive = (which != DEAD_AT)[:, None]
    effects = draws.effects[:, levels].sum(axis=1)
    effects += named + draws.named[:, None] * np.sqrt(variance)
    chances = expit(draws.cells[:, found] + np.where(alive, effects[:, None, :], 0.0))
    effect = odds.effects[levels].sum(axis=0) + named
    chance = expit(odds.cells[found] + np.where(alive, effect, 0.0))
    weights = outlook.weight * draws.habits[:, which]
    weights /= weights.sum(axis=1, keepdims=True)
    return Weighed(
        np.einsum("dh,dhc->dc", weights, chances),
        np.einsum("dh,dhc->dc", weights, chances * discount + (1 - chances) * worth),
        outlook.weight @ chance,
        outlook.weight @ (chance * discount + (1 - chance) * worth),
    )
