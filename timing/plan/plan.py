# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The plan: which instants to try, one after the other, so that most is recovered before the end.

Only failure continues a case, so a plan is a fixed sequence of instants. What a try adds depends on
the tries before it. A failure tells that there was no money then, and each of them by itself says
how likely there is some at a later instant; to know of several can only say more. So what is left
of a hypothesis after a try at an instant is the least of what the failures before it leave, each
alone. Without that, a plan would gain by leaving tries out, because the last failure alone is a
better beginning the longer it is ago.

Where the issuer refuses unseen whatever comes too soon after the charge before, such a try tells
nothing about money and begins the wait anew.

The dynamic programme goes forward in time: for each number of tries and each last instant it keeps
the best sequence, and with it what is left of each hypothesis. It never looks ahead, so a longer
window or one more try can only add sequences to choose from: neither lowers the value of the plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..arrays import np
from ..model import bins
from ..model.odds import Odds, expit
from ..model.patterns import DEAD, DEAD_AT, ERRATIC, FAMILY, HELD, IDLE, SOLID, latest_pay
from ..model.sequence import (
    ChargeSequence,
    Covariates,
    effect_levels,
    find_informative,
    follow,
    is_credit,
)

_MOST_HYPOTHESES = 32
_LEAST_WEIGHT = 0.002
_REMEMBERED = 5  # failures of the case that are read one by one
# What a try costs beside its price, as a share of the amount, where the issuer refuses what comes
# too soon: how soon is too soon is known of issuers in general, not of this one.
_RESENTED = 0.01


@dataclass(frozen=True)
class SlotPlan:
    """A sequence of slots.

    :ivar slots: numbers of the slots, ascending; empty when no try is worth its cost
    :ivar value: expected share of the amount that is recovered, less costs
    :ivar chance: probability that one of the tries succeeds
    :ivar is_spread: the tries are spread evenly over the window; value and chance stay those of the
        best plan
    """

    slots: tuple[int, ...]
    value: float
    chance: float
    is_spread: bool = False


class Outlook:
    """A case, its belief and the instants at which it may be charged, ready to be planned.

    A hypothesis is a cool-down of the issuer together with a pattern of the payer.

    :param belief: weights, cool-downs by patterns
    :param slots: local minutes of the allowed instants, ascending, after the last failure
    :param cost: of one try, as a share of the amount
    :param discount: worth of a recovery at each slot, relative to one now
    :param rest: minutes that must pass between two tries
    """

    def __init__(
        self,
        odds: Odds,
        sequence: ChargeSequence,
        belief: np.ndarray,
        slots: np.ndarray,
        cost: float,
        discount: np.ndarray,
        rest: int = 0,
    ) -> None:
        self.odds, self.sequence, self.slots = odds, sequence, slots
        self.covariates = follow(sequence.observations)
        self.discount, self.rest = discount.astype(np.float32), rest
        flat = belief.ravel()
        order = np.argsort(-flat, kind="stable")[:_MOST_HYPOTHESES]
        kept = np.sort(order[flat[order] > _LEAST_WEIGHT])
        self.kind, self.which = kept // belief.shape[1], kept % belief.shape[1]
        self.wait = bins.COOL_DOWNS[self.kind]
        self.minutes = np.array([one.minute for one in sequence.observations])
        # Hypotheses whose issuers remember, and what they do at the last of the failures.
        self.mindful = np.flatnonzero(bins.RESENTS[self.kind])
        kinds = self.kind[self.mindful]
        self.resents, self.fades, self.patience = (
            values[kinds].astype(np.float32) for values in (bins.RESENTS, bins.FADES, bins.PATIENCE)
        )
        ago = (self.minutes[-1] - self.minutes)[:, None]
        self.memory = np.exp2(-ago / self.fades).sum(axis=0).astype(np.float32)
        self.weight = (flat[kept] / flat[kept].sum()).astype(np.float32)
        self.cost = (cost + _RESENTED * (self.wait > 0)).astype(np.float32)
        # What each cool-down leaves of the failures: refusals unseen say nothing about money.
        self.readings = [
            (
                numbers,
                [follow(sequence.observations[: number + 1], cool_down) for number in informative],
            )
            for numbers, cool_down, informative in self._group()
        ]
        # Chances where the issuer looks at the charge: by the failures before the last, by all.
        self.known, self.first = self._chances_now()
        self.later = self._chances_after()

    def _group(self) -> list[tuple[np.ndarray, int, tuple[int, ...]]]:
        """Return hypotheses that read the failures alike, their cool-down, and these failures."""
        groups: dict[tuple[int, ...], tuple[list[int], int]] = {}
        for cool_down in np.unique(self.wait).tolist():
            informative = find_informative(self.sequence.observations, cool_down)[-_REMEMBERED:]
            numbers = np.flatnonzero(self.wait == cool_down).tolist()
            groups.setdefault(informative, ([], cool_down))[0].extend(numbers)
        return [
            (np.array(numbers), cool_down, informative)
            for informative, (numbers, cool_down) in groups.items()
        ]

    def looks(self, minutes: np.ndarray) -> np.ndarray:
        """Return the share of next charges that the issuer looks at, hypotheses by instants."""
        return self._look((minutes - self.minutes[-1])[:, None], self.memory)[0].T

    def _look(self, gap: np.ndarray, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the share of charges that issuers look at, and what they remember at them.

        :param gap: minutes since the charge before; the last axis is that of hypotheses
        :param memory: of the failures up to that charge, of the hypotheses that remember
        """
        looks = (gap >= self.wait).astype(np.float32)
        if not len(self.mindful):
            return looks, np.empty((*looks.shape[:-1], 0), dtype=np.float32)
        kept = memory * np.exp2(-gap / self.fades)
        if looks.ndim < kept.ndim:
            looks = np.tile(looks, (*kept.shape[:-1], 1))
        looks[..., self.mindful] *= np.exp(-self.resents * np.maximum(kept - self.patience, 0))
        return looks, kept

    def chances(
        self,
        alpha: np.ndarray,
        effects: np.ndarray,
        minutes: np.ndarray,
        slot_of: list[int] | None = None,
    ) -> np.ndarray:
        """Return chances of the next charge, hypotheses by instants.

        :param alpha: values of the bins, or draws of them in rows before
        :param effects: the same of the effects
        :param minutes: local, after the last failure
        :param slot_of: slots of the same days
        """
        result = np.empty((*alpha.shape[:-1], len(self.which), len(minutes)))
        for numbers, covariates in self.readings:
            found = self._after(covariates[-1:], self.which[numbers], alpha, effects, minutes)
            result[..., numbers, :] = found[..., 0, :]
        if slot_of is not None:
            result = np.maximum(result, self.known[:, slot_of])
        return result * self.looks(minutes)

    def _after(
        self,
        covariates: Sequence[Covariates],
        which: np.ndarray,
        alpha: np.ndarray,
        effects: np.ndarray,
        minutes: np.ndarray,
    ) -> np.ndarray:
        """Return chances after each of some failures alone: hypotheses by failures by instants."""
        count, country = len(minutes), self.sequence.country
        charged = np.tile(minutes, len(covariates))
        failed = np.repeat([one.failed for one in covariates], count)
        group = np.repeat([one.group for one in covariates], count)
        found = bins.find_bins(failed, charged, group, country, which)
        effect = effects[..., effect_levels(self.sequence, covariates, minutes)].sum(axis=-2)
        named = [self.odds.named_score(self.sequence, one.reason)[0] for one in covariates]
        effect = effect + np.repeat(named, count)
        alive = (which != DEAD_AT)[:, None]
        score = alpha[..., found] + np.where(alive, effect[..., None, :], 0.0)
        return expit(score).reshape(*score.shape[:-1], len(covariates), count)

    def _chances_now(self) -> tuple[np.ndarray, np.ndarray]:
        """Return chances at the slots, by the failures before the last alone, and by all."""
        known = np.zeros((len(self.which), len(self.slots)), dtype=np.float32)
        first = np.empty_like(known)
        for numbers, covariates in self.readings:
            again = len(covariates) - 1
            # What is left after the failures but the first of these, and then at the slots.
            minutes = np.array([one.failed for one in covariates[1:]], dtype=np.int64)
            minutes = np.concatenate([minutes, self.slots])
            args = self.which[numbers], self.odds.bins, self.odds.effects, minutes
            lost = 1 - self._after(covariates, *args)
            left = np.ones(lost[:, 0].shape)
            for place in range(again):
                before = left[:, place - 1, None] if place else 1.0
                failing = before * lost[:, place, place:]
                left[:, place:] = np.minimum(left[:, place:], failing)
            if again:
                known[numbers] = 1 - left[:, again:] / np.maximum(left[:, again - 1, None], 1e-6)
            first[numbers] = 1 - lost[:, again, again:]
        return known, np.maximum(first, known)

    def _chances_after(self) -> np.ndarray:
        """Return chances of a charge at a slot after a failure at another: (from, hypothesis, to).

        Computed as odds: where money came in between they factor into what depends on the pay day
        and what depends on the gap, which keeps this fast.
        """
        odds, slots = self.odds, self.slots
        day, minute = bins.split(slots)
        group = self.covariates.group
        # Later failures are planned for as if they were of the same kind, one number on.
        after = replace(self.covariates, number=self.covariates.number + 1, recent=())
        levels = effect_levels(self.sequence, [after], slots)
        rows = list(bins.EFFECTS)
        same = np.delete(odds.effects[levels], rows.index("gap"), axis=0).sum(axis=0)
        same += odds.named_score(self.sequence, after.reason)[0]
        gap_bins = bins.gap_bin(slots[:, None], slots[None, :])
        gap = odds.effects[bins.OFFSETS["gap"] + gap_bins]
        shared = same[None, :] + gap
        patterns, place = np.unique(self.which, return_inverse=True)
        pay = latest_pay(day, self.sequence.country, patterns)
        family = FAMILY[patterns]
        paid = family < ERRATIC
        kind = np.where(paid, family, 0)[:, None]
        ages = bins.CAME + kind * len(bins.AGES) + bins.age_bin(day - pay, minute)
        came = _exp(odds.bins[ages] + same)
        dry = _exp(odds.bins[bins.DRY + group * len(bins.GAPS) + gap_bins] + shared)
        came_since = pay[None, :, :] > day[:, None, None]
        result = np.where(came_since, came[None] * _exp(gap)[:, None], dry[:, None])
        source, hypothesis = np.nonzero((pay == day).T & paid)
        if len(source):
            days = np.maximum(day[None, :] - day[:, None], 0)
            late = _exp(odds.bins[bins.LATE + bins.late_bin(minute[:, None], days)] + shared)
            still = ~came_since[source, hypothesis]
            found = result[source, hypothesis]
            result[source, hypothesis] = np.where(still, late[source], found)
        for number in np.flatnonzero(~paid):
            result[:, number] = self._without_pay_day(int(family[number]), gap_bins, shared)
        result /= 1 + result
        return result[:, place]

    def _without_pay_day(self, family: int, gap_bins: np.ndarray, shared: np.ndarray) -> np.ndarray:
        """Return the odds of charges after failures where no pay day matters."""
        alpha, by_group = self.odds.bins, self.covariates.group * len(bins.GAPS)
        if family == DEAD:
            return np.exp(alpha[bins.GONE])
        starts = {
            ERRATIC: bins.FREE + by_group,
            IDLE: bins.SELDOM,
            SOLID: bins.CALM + by_group,
            HELD: bins.SLOW,
        }
        return _exp(alpha[starts[family] + gap_bins] + shared)

    def best(self, tries: int) -> SlotPlan:
        """Return the best plan of at most so many tries."""
        count = len(self.slots)
        nothing = SlotPlan((), 0.0, 0.0)
        if not count or tries < 1:
            return nothing
        gaps = (self.slots[None, :] - self.slots[:, None]).astype(np.float32)
        # A try comes after the one before it, and not too soon.
        blocked = gaps < max(self.rest, 1)
        remembers = np.zeros(len(self.wait), dtype=bool)
        remembers[self.mindful] = True
        special = np.flatnonzero((self.wait > 0) | remembers)
        # How issuers take a charge after another one depends on their kind alone.
        _kinds, one, kind = np.unique(self.kind[special], return_index=True, return_inverse=True)
        seen = (gaps[:, None, :] >= self.wait[special[one], None]).astype(np.float32)
        mindful = np.flatnonzero(remembers[special[one]])
        which = np.searchsorted(self.mindful, special[one[mindful]])
        resents, patience = (values[which, None] for values in (self.resents, self.patience))
        faded = np.exp2(np.minimum(-gaps, 0)[:, None, :] / self.fades[which, None])
        lost, each, all_of = 1 - self.later, np.arange(count), np.ones(len(self.wait), np.float32)
        # By last slot: what is left of each hypothesis, what would be after one more try, and what
        # issuers remember.
        left, after, memory = self._begin(self.weight, slice(None))
        memory = memory[:, which]
        score = self.discount * (self.weight.sum() - left.sum(axis=1)) - self.cost @ self.weight
        pointers: list[np.ndarray] = []
        values = [score]
        for _number in range(1, min(tries, count)):
            tried = after.copy()
            if len(special):
                kept = memory[:, :, None] * faded
                looks = seen.copy()
                looks[:, mindful] *= np.exp(-resents * np.maximum(kept - patience, 0))
                before = left[:, special, None]
                tried[:, special] = before - looks[:, kind] * (before - after[:, special])
            gains = left.sum(axis=1)[:, None] - all_of @ tried
            total = score[:, None] + self.discount * gains - (left @ self.cost)[:, None]
            total[blocked] = -np.inf
            source = total.argmax(axis=0)
            pointers.append(source)
            if len(special):
                memory = kept[source, :, each] + 1
            score = total[source, each]
            left = tried[source, :, each]
            after = after[source]
            np.minimum(after, left[:, :, None] * lost, out=after)
            values.append(score)
        table = np.stack(values)
        number, slot = divmod(int(table.argmax()), count)
        value = float(table[number, slot])
        if value <= 0:
            return nothing
        path = _trace(pointers[:number], slot)
        return SlotPlan(tuple(path), value, 1 - float(self._follow(path)[1].sum()))

    def _begin(self, weight: np.ndarray, slots: slice):
        """Return what a first try at slots leaves of weights, and would after one more try.

        And what issuers remember then; first tries by hypotheses, by slots too the second one.
        """
        begin = weight[:, None] * (1 - self.first)
        minutes = self.slots[slots]
        looks, kept = self._look((minutes - self.minutes[-1])[:, None], self.memory)
        left = weight - looks * (weight - begin.T[slots])
        after = np.minimum(begin[None], left[:, :, None] * (1 - self.later[slots]))
        return left, after, kept + 1

    def value(self, path: Sequence[int]) -> float:
        """Return the value of a given sequence of slots."""
        return float(self._follow(path)[0].sum())

    def _follow(self, path: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return what a sequence of slots is worth, and what it leaves, by hypothesis."""
        after = self.weight[:, None] * (1 - self.first)
        return self._go_on(self.weight, after, self.memory, path, self.minutes[-1])

    def _go_on(
        self,
        left: np.ndarray,
        after: np.ndarray,
        memory: np.ndarray,
        path: Sequence[int],
        last: np.ndarray | int,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Go through slots one after the other; arrays may have other dimensions in front.

        :param left: weight of the hypotheses so far
        :param after: what would be left of it after a charge at each slot, if the issuer looks
        :param memory: what issuers remember right after the charge before
        :param last: local minutes of the charge before
        """
        worth = np.zeros_like(left)
        for slot in path:
            looks, kept = self._look(np.asarray(self.slots[slot] - last)[..., None], memory)
            tried = left - looks * (left - after[..., slot])
            worth = worth + self.discount[slot] * (left - tried) - self.cost * left
            left, last, memory = tried, self.slots[slot], kept + 1
            after = np.minimum(after, left[..., None] * (1 - self.later[slot]))
        return worth, left

    def tail(self, path: tuple[int, ...]) -> np.ndarray:
        """Return, hypotheses by slots, what the rest of a plan is worth after a failure there.

        The rest is everything but the plan's first try; slots not before it have nothing.
        """
        worth = np.zeros((len(self.weight), len(self.slots)), dtype=np.float32)
        rest = path[1:]
        if not rest:
            return worth
        before = slice(0, rest[0])
        left, after, memory = self._begin(np.ones_like(self.weight), before)
        total, _left = self._go_on(left, after, memory, rest, self.slots[before])
        worth[:, before] = (total / np.maximum(left, 1e-6)).T
        return worth


def _trace(pointers: Sequence[np.ndarray], slot: int) -> list[int]:
    """Return the sequence that ends at a slot, from each try's pointers to the slot before."""
    path = [slot]
    for pointer in reversed(pointers):
        path.append(int(pointer[path[-1]]))
    return path[::-1]


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
    outlook: Outlook,
    minutes: np.ndarray,
    worth: np.ndarray,
    discount: np.ndarray,
    slot_of: list[int] | None = None,
) -> Weighed:
    """Weigh candidate instants for the next try.

    :param minutes: local minutes of the candidates
    :param worth: hypotheses by candidates, of the rest of the plan after a failure there
    :param discount: worth of a recovery at each candidate, relative to one now
    :param slot_of: the slots that stand for the candidates; without them the last failure alone
        tells the chances
    """
    odds = outlook.odds
    draws = odds.draws
    alpha = np.concatenate([odds.bins[None], draws.bins])
    effects = np.concatenate([odds.effects[None], draws.effects])
    chance, *rest = outlook.chances(alpha, effects, minutes, slot_of)
    chances = np.stack(rest)
    weights = outlook.weight * draws.habits[:, is_credit(outlook.sequence), outlook.which]
    weights /= weights.sum(axis=1, keepdims=True)
    return Weighed(
        np.einsum("dh,dhc->dc", weights, chances),
        np.einsum("dh,dhc->dc", weights, chances * discount + (1 - chances) * worth),
        outlook.weight @ chance,
        outlook.weight @ (chance * discount + (1 - chance) * worth),
        outlook.weight[:, None] * chance,
    )
