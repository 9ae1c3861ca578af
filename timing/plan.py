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
from .trail import Charge, Trail, effect_levels, follow

_MOST_HYPOTHESES = 32
_LEAST_WEIGHT = 0.002


@dataclass(frozen=True)
class Plan:
    """A sequence of slots.

    :ivar slots: numbers of the slots, ascending; empty when no try is worth its cost
    :ivar value: expected share of the amount that is recovered, less costs
    :ivar chance: probability that one of the tries succeeds
    :ivar is_ladder: the tries are those of the fixed schedule; value and chance stay those of the
        best plan
    """

    slots: tuple[int, ...]
    value: float
    chance: float
    is_ladder: bool = False


class Outlook:
    """A case, its belief and the instants at which it may be charged, ready to be planned.

    A hypothesis is a guard of the issuer together with a pattern of the payer.

    :param belief: weights, guards by patterns
    :param slots: local minutes of the allowed instants, ascending, after the last failure
    :param cost: of one try, as a share of the amount
    :param discount: worth of a recovery at each slot, relative to one now
    :param rest: minutes that must pass between two tries
    """

    def __init__(
        self,
        odds: Odds,
        trail: Trail,
        belief: np.ndarray,
        slots: np.ndarray,
        cost: float,
        discount: np.ndarray,
        rest: int = 0,
    ) -> None:
        self.odds, self.trail, self.slots = odds, trail, slots
        self.charge = follow(trail.events)
        self.cost, self.discount, self.rest = cost, discount.astype(np.float32), rest
        flat = belief.ravel()
        order = np.argsort(-flat, kind="stable")[:_MOST_HYPOTHESES]
        kept = np.sort(order[flat[order] > _LEAST_WEIGHT])
        self.guard, self.which = kept // belief.shape[1], kept % belief.shape[1]
        self.weight = (flat[kept] / flat[kept].sum()).astype(np.float32)
        # What each guard leaves of the failures so far: refusals unseen tell nothing about money.
        left: dict[Charge, list[int]] = {}
        for guard in dict.fromkeys(self.guard.tolist()):
            numbers = np.flatnonzero(self.guard == guard).tolist()
            left.setdefault(follow(trail.events, int(cells.GUARDS[guard])), []).extend(numbers)
        self.charges = {charge: np.array(numbers) for charge, numbers in left.items()}
        self.first = self.chances(odds.cells, odds.effects, slots).astype(np.float32)
        self.later = self._chances_after()

    def chances(self, alpha: np.ndarray, effects: np.ndarray, minutes: np.ndarray) -> np.ndarray:
        """Return chances of the next charge, hypotheses by instants.

        :param alpha: values of the cells, or draws of them in rows before
        :param effects: the same of the effects
        :param minutes: local, after the last failure
        """
        count = len(minutes)
        result = np.empty((*alpha.shape[:-1], len(self.which), count))
        for charge, numbers in self.charges.items():
            which = self.which[numbers]
            failed, group = np.full(count, charge.failed), np.full(count, charge.group)
            found = cells.find_cells(failed, minutes, group, self.trail.country, which)
            levels = effect_levels(self.trail, charge, minutes)
            effect = effects[..., levels].sum(axis=-2)
            effect = effect + self.odds.named_score(self.trail, charge.reason)[0]
            alive = (which != DEAD_AT)[:, None]
            score = alpha[..., found] + np.where(alive, effect[..., None, :], 0.0)
            result[..., numbers, :] = expit(score)
        since = minutes - self.trail.events[-1].minute
        return result * (since >= cells.GUARDS[self.guard][:, None])

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
        same = np.delete(odds.effects[levels], rows.index("gap"), axis=0).sum(axis=0)
        same += odds.named_score(self.trail, after.reason)[0]
        bins = cells.gap_bin(slots[:, None], slots[None, :])
        gap = odds.effects[cells.OFFSETS["gap"] + bins]
        shared = same[None, :] + gap
        patterns, place = np.unique(self.which, return_inverse=True)
        pay = latest_pay(day, self.trail.country)[patterns]
        family = FAMILY[patterns]
        paid = family < ERRATIC
        kind = np.where(paid, family, 0)[:, None]
        ages = cells.CAME + kind * len(cells.AGES) + cells.age_bin(day - pay, minute)
        came = _exp(odds.cells[ages] + same)
        dry = _exp(odds.cells[cells.DRY + group * len(cells.GAPS) + bins] + shared)
        came_since = pay[None, :, :] > day[:, None, None]
        result = np.where(came_since, came[None] * _exp(gap)[:, None], dry[:, None])
        source, hypothesis = np.nonzero((pay == day).T & paid)
        if len(source):
            days = np.maximum(day[None, :] - day[:, None], 0)
            late = _exp(odds.cells[cells.LATE + cells.late_bin(minute[:, None], days)] + shared)
            still = ~came_since[source, hypothesis]
            found = result[source, hypothesis]
            result[source, hypothesis] = np.where(still, late[source], found)
        for number in np.flatnonzero(~paid):
            result[:, number] = self._without_pay_day(int(family[number]), bins, shared)
        result /= 1 + result
        # To try in between can only add knowledge: what a later charge would have won alone, it
        # wins at least after a failure before it. Learned cells don't know that of each other.
        lost = np.clip(1 - self.first, 1e-6, 1.0)
        floor = lost[None] / -lost.T[:, :, None]
        floor += 1
        result = np.maximum(result[:, place], floor, out=floor)
        if self.guard.any():
            gaps = slots[None, :] - slots[:, None]
            result *= gaps[:, None, :] >= cells.GUARDS[self.guard][None, :, None]
        return result

    def _without_pay_day(self, family: int, bins: np.ndarray, shared: np.ndarray) -> np.ndarray:
        """Return the odds of charges after failures where no pay day matters."""
        alpha, by_group = self.odds.cells, self.charge.group * len(cells.GAPS)
        if family == DEAD:
            return np.exp(alpha[cells.GONE])
        starts = {
            ERRATIC: cells.FREE + by_group,
            IDLE: cells.SELDOM,
            SOLID: cells.CALM + by_group,
            HELD: cells.SLOW,
        }
        return _exp(alpha[starts[family] + bins] + shared)

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


def _exp(values: np.ndarray) -> np.ndarray:
    return np.exp(values.astype(np.float32))


@dataclass(frozen=True)
class Weighed:
    """Candidates for the next try, under draws of the parameters.

    :ivar chances: draws by candidates, chance of success
    :ivar values: draws by candidates, value with the rest of the plan
    :ivar chance: by candidate, at the parameters' means
    :ivar value: by candidate, at the parameters' means
    :ivar parts: hypotheses by candidates, what each adds to the chance
    """

    chances: np.ndarray
    values: np.ndarray
    chance: np.ndarray
    value: np.ndarray
    parts: np.ndarray


def weigh(
    outlook: Outlook, minutes: np.ndarray, worth: np.ndarray, discount: np.ndarray
) -> Weighed:
    """Weigh candidate instants for the next try.

    :param minutes: local minutes of the candidates
    :param worth: hypotheses by candidates, of the rest of the plan after a failure there
    :param discount: worth of a recovery at each candidate, relative to one now
    """
    odds = outlook.odds
    draws = odds.draws
    alpha = np.concatenate([odds.cells[None], draws.cells])
    effects = np.concatenate([odds.effects[None], draws.effects])
    chance, *rest = outlook.chances(alpha, effects, minutes)
    chances = np.stack(rest)
    weights = outlook.weight * draws.habits[:, outlook.which]
    weights /= weights.sum(axis=1, keepdims=True)
    return Weighed(
        np.einsum("dh,dhc->dc", weights, chances),
        np.einsum("dh,dhc->dc", weights, chances * discount + (1 - chances) * worth),
        outlook.weight @ chance,
        outlook.weight @ (chance * discount + (1 - chance) * worth),
        outlook.weight[:, None] * chance,
    )
