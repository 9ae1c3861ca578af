# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Chooses the next instant of a case: plans, weighs what is nearly as good, draws, and explains."""

import random
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..arrays import np
from ..case import Case, Hint, local_minutes
from ..constraints import AllowedInstants
from ..decision import Decision, Sentence, Stop
from ..model import bins
from ..model.calibration import moved
from ..model.model import Model
from ..model.odds import Odds
from ..model.patterns import FAMILY, latest_pay
from ..model.sequence import ChargeSequence, is_credit, leaves_spread, read
from .ladder import Ladder, plan_ladder
from .plan import Outlook, SlotPlan, Weighed, weigh
from .slots import REST, Slots, find_slots, instant_of, spread

# Days are planned at one hour. On a day on which the customer is probably paid the hour of booking
# matters: these are looked at, and must promise this share of the amount more.
_PAY_DAY_HOURS = (0.0, 9.0, 10.0, 11.5, 13.0, 15.0, 17.0, 18.5)
_PROBABLE, _HOUR_MARGIN = 0.5, 0.005
# So many retries tell the hours of a day from each other well enough to look half as often.
_HOURS_KNOWN = 2000
# A candidate is safe when it costs at most this share of the amount, at the parameters' means; to
# learn, a share of the decisions may cost a little more.
_SAFE, _CHEAP = 0.0004, 0.002
_MOST_CANDIDATES = 24
# The even spread is left for a gain of at least this share of the amount, after what tries that
# left it have been worth so far: the best of many plans is partly the luckiest.
_SPREAD_MARGIN = 0.01
# A try that promises less than this share of the amount has no place in a plan: it wins nearly
# nothing, and an issuer remembers it.
_LEAST_WORTH = 0.001
# A network that names a wait with one decline does so with the next: tries are few then.
_REST_ADVISED = 4 * 1440


@dataclass(frozen=True)
class Choice:
    """A chosen instant; the fields are those of :class:`timing.plan.smart.SmartDecision`."""

    at: datetime
    source: str
    sentence: Sentence
    probability: float
    interval: tuple[float, float]
    propensity: float
    record: dict[str, Any]


def choose(
    case: Case,
    allowed: AllowedInstants,
    earliest: datetime,
    model: Model,
    rng: random.Random | None,
    hinted: tuple[datetime, Hint] | None,
) -> Choice | Stop:
    """Return the next instant of a tidy case whose earliest allowed instant is known."""
    sequence, belief = _read(case, model)
    slots = find_slots(case, allowed, earliest, _hour(case, model.odds, rng))
    minutes = np.maximum(slots.minutes, sequence.observations[-1].minute + 1)
    advised = any(observation.advised for observation in sequence.observations)
    # A try that costs more than all there is to win is as bad as one that costs twice that.
    cost = min(case.policy.attempt_cost / case.amount, 2.0) if case.amount > 0 else 0.0
    outlook = Outlook(
        model.odds, sequence, belief, minutes,
        max(cost, _LEAST_WORTH), _discount(case, minutes), _REST_ADVISED if advised else REST,
    )  # fmt: skip
    chooser = _Chooser(case, allowed, model, rng, outlook, slots, sequence)
    if hinted:
        return chooser.follow(*hinted)
    tries = case.policy.tries - case.tries_used
    plan = outlook.best(tries)
    if not plan.slots:
        # Nothing promises much, but the tries are the merchant's: only their cost ends a case.
        outlook.cost[:] = cost
        plan = replace(outlook.best(tries), value=0.0)
    if not plan.slots:
        return Stop(Sentence("costs_more"))
    return chooser.choose(plan if advised else chooser.prefer_spread(plan))


def find_chance(case: Case, at: datetime, model: Model) -> float:
    """Return the probability, by the odds alone, that a charge of a tidy case succeeds."""
    sequence, belief = _read(case, model)
    minutes = np.array([local_minutes(at, case.zone)])
    minutes = np.maximum(minutes, sequence.observations[-1].minute + 1)
    outlook = Outlook(model.odds, sequence, belief, minutes, 0.0, np.ones(1))
    nothing = np.zeros((len(outlook.which), 1))
    return float(weigh(outlook, minutes, nothing, np.ones(1), [0]).chance[0])


def _read(case: Case, model: Model) -> tuple[ChargeSequence, np.ndarray]:
    """Return a tidy case as the odds read it, and what they believe of its payer."""
    sequence = read(case, model.priors)
    factor = np.log(model.priors.values["advice_match"]["factor"])
    return sequence, model.odds.belief(sequence, factor)


def _hour(case: Case, odds: Odds, rng: random.Random | None) -> float:
    """Return the hour of the days that are planned: the best, but for a share of the decisions.

    That share is twice the policy's exploration to begin with, and falls as hours are learned.
    """
    start, end = case.policy.start, case.policy.end
    share = 2 * case.policy.exploration / (1 + odds.evidence / _HOURS_KNOWN)
    if rng is None or rng.random() >= share:
        return odds.usual_hour(start, end)
    inside = [hour for hour in bins.HOUR_STARTS.tolist() if start <= hour < end]
    return rng.choice(inside) if inside else start


def _discount(case: Case, minutes: np.ndarray) -> np.ndarray:
    """Return the worth of a recovery at local minutes, counted from the opening of the case."""
    opened = local_minutes(case.failures[0].at, case.zone)
    return (1 - case.policy.discount) ** (np.maximum(minutes - opened, 0) / 1440.0)


class _Chooser:
    """The last steps of one decision."""

    def __init__(
        self,
        case: Case,
        allowed: AllowedInstants,
        model: Model,
        rng: random.Random | None,
        outlook: Outlook,
        slots: Slots,
        sequence: ChargeSequence,
    ) -> None:
        self.case, self.allowed, self.model, self.rng = case, allowed, model, rng
        self.outlook, self.slots, self.sequence = outlook, slots, sequence

    def choose(self, plan: SlotPlan) -> Choice:
        """Draw the next instant from those that are nearly as good as the plan's first."""
        limit = self._limit(plan)
        instants, minutes, slot_of = self._candidates(plan, limit)
        worth = self.outlook.tail(plan.slots)[:, slot_of]
        weighed = weigh(self.outlook, minutes, worth, _discount(self.case, minutes), slot_of)
        share = self._shares(weighed, ~np.isin(minutes, self.slots.minutes))
        pick = _draw(share, self.rng)
        at = self._allowed_at(instants[pick])
        source = self._source(int(minutes[pick]), weighed.parts[:, pick], at, limit)
        told = None
        if plan.is_spread and source == "smart":
            source, told = "ladder", "spread"
        move = self._move(int(minutes[pick]))
        return self._choice(at, source, weighed, pick, plan, instants, share, move, told)

    def prefer_spread(self, plan: SlotPlan) -> SlotPlan:
        """Return the even spread of tries where the plan promises little more.

        What a plan promises beyond it rests on what is believed of the payer: the spread is right
        for everybody, if not by much.
        """
        path = [] if self.case.policy.waits else spread(self.case, self.slots)
        kept = self.model.calibration.gain_factor(is_credit(self.sequence))
        value = 1 - max(1 - plan.value, 0.0) ** kept
        if not path or value - self.outlook.value(path) > _SPREAD_MARGIN:
            return plan
        return SlotPlan(tuple(path), plan.value, plan.chance, is_spread=True)

    def follow(self, at: datetime, hint: Hint) -> Choice:
        """Take the instant that outside advice names, and say what is to be expected of it."""
        minutes = np.array([local_minutes(at, self.case.zone)])
        minutes = np.maximum(minutes, self.sequence.observations[-1].minute + 1)
        nothing = np.zeros((len(self.outlook.which), 1))
        weighed = weigh(self.outlook, minutes, nothing, np.ones(1))
        plan, share = SlotPlan((), 0.0, 0.0), np.ones(1)
        move = self._move(int(minutes[0]))
        choice = self._choice(at, "hint", weighed, 0, plan, [at], share, move)
        return replace(choice, sentence=hint.sentence) if hint.sentence else choice

    def _limit(self, plan: SlotPlan) -> datetime | None:
        """Return the ladder's next instant where the policy allows nothing later."""
        if not self.case.policy.pull_only:
            return None
        ladder = ladder_instant(self.case, self.slots.instants[0])
        return ladder.at if isinstance(ladder, Decision) else None

    def _candidates(self, plan: SlotPlan, limit: datetime | None):
        """Return instants, their local minutes and the slots that stand for them.

        They are the slots before the plan's second try, and on a probable pay day other hours of
        the first one's day. A spread keeps its day, and its hour as long as little is known.
        """
        slots, first = self.slots, plan.slots[0]
        last = plan.slots[1] if len(plan.slots) > 1 else len(slots.instants)
        numbers = [first] if plan.is_spread else list(range(last)) or [first]
        if len(numbers) > _MOST_CANDIDATES:
            near = sorted(numbers, key=lambda n: abs(n - first))[:_MOST_CANDIDATES]
            numbers = sorted(near)
        found = {int(slots.minutes[n]): (slots.instants[n], n) for n in numbers}
        day = int(slots.minutes[first]) // 1440
        hours = self.case.hours
        refined = not plan.is_spread and self._pay_day_share(first) > _PROBABLE
        for hour in _PAY_DAY_HOURS if refined else ():
            minute = round(hours.nearest_hour(hour) * 60)
            local = day * 1440 + minute
            at = instant_of(hours, day, minute)
            if local not in found and at >= slots.instants[0] and self.allowed.allows(at):
                found[local] = (at, first)
        if limit:
            inside = {m: pair for m, pair in found.items() if pair[0] <= limit}
            found = inside or {local_minutes(limit, self.case.zone): (limit, first)}
        minutes = np.array(sorted(found))
        pairs = [found[int(minute)] for minute in minutes]
        floor = np.maximum(minutes, self.sequence.observations[-1].minute + 1)
        return [at for at, _n in pairs], floor, [n for _at, n in pairs]

    def _pay_day_share(self, slot: int) -> float:
        """Return how much of a slot's chance is that of people who are paid on its day."""
        outlook = self.outlook
        day = self.slots.minutes[slot : slot + 1] // 1440 + bins.EPOCH_DAY
        part = outlook.weight * outlook.first[:, slot]
        return float(part[self._ages(day) == 0].sum() / max(part.sum(), 1e-9))

    def _ages(self, day: np.ndarray) -> np.ndarray:
        """Return days since pay day, by hypothesis; many for those who have none."""
        return day - latest_pay(day, self.sequence.country, self.outlook.which)[:, 0]

    def _shares(self, weighed: Weighed, other_hour: np.ndarray) -> np.ndarray:
        """Return the probability with which each candidate is drawn.

        Each posterior draw votes for its best candidate among the safe ones; a share of the
        decisions, the policy's exploration, is spread evenly over the cheap ones.

        :param other_hour: whether a candidate is at another hour than the usual one
        """
        margin = _HOUR_MARGIN * other_hour
        value = weighed.value - margin
        safe, cheap = (value >= value.max() - cost for cost in (_SAFE, _CHEAP))
        values = np.where(safe, weighed.values - margin, -np.inf)
        votes = np.bincount(values.argmax(axis=1), minlength=len(safe)) / len(values)
        floor = self.case.policy.exploration
        return (1 - floor) * votes + floor * cheap / cheap.sum()

    def _allowed_at(self, instant: datetime) -> datetime:
        at, _binding = self.allowed.first(instant)
        return at or self.slots.instants[0]

    def _source(self, minute: int, part: np.ndarray, at: datetime, limit: datetime | None) -> str:
        """Name what the chosen instant owes most of its chance to."""
        outlook = self.outlook
        advised = outlook.covariates.advised
        if advised and 0 <= minute - advised <= 1440:
            return "advice"
        fresh = self._ages(np.array([minute // 1440 + bins.EPOCH_DAY])) < 3
        if part[fresh].sum() > 0.5 * part.sum():
            return "payday"
        if limit and at == limit:
            return "ladder"
        return "smart"

    def _choice(
        self, at, source, weighed: Weighed, pick: int, plan, instants, shares, move: float,
        told: str | None = None,
    ) -> Choice:  # fmt: skip
        """Return the choice of a candidate, with what is promised of it.

        :param move: of the promise's log-odds, by what promises have been worth
        :param told: kind of the sentence, where it is not that of the source
        """
        believed = float(weighed.chance[pick])
        low, high = _interval(weighed.chances[:, pick], believed)
        probability, interval = moved(believed, move), (moved(low, move), moved(high, move))
        return Choice(
            at,
            source,
            explain(told or source, self.case, probability),
            probability,
            interval,
            float(shares[pick]),
            {**self._record(weighed, plan, instants, shares, move), "believed": round(believed, 4)},
        )

    def _move(self, minute: int) -> float:
        """Return by how much the promise of a charge at a local minute is to be moved."""
        sequence = self.sequence
        number = 1 + sum(one.outcome != bins.TECHNICAL for one in sequence.observations[1:])
        left = leaves_spread(self.case, sequence, minute)
        return self.model.calibration.move(number, left, is_credit(sequence))

    def _record(
        self, weighed: Weighed, plan: SlotPlan, instants, shares, move: float
    ) -> dict[str, Any]:
        odds: Odds = self.model.odds
        outlook = self.outlook
        belief = np.bincount(outlook.which, outlook.weight, len(FAMILY))
        issuers = np.bincount(outlook.kind, outlook.weight, bins.KIND_COUNT)
        known = self.outlook.covariates
        order = np.argsort(-weighed.value, kind="stable")[:8]
        return {
            "model": self.model.version,
            "evidence": round(odds.evidence, 1),
            "features": {
                "number": known.number,
                "group": bins.GROUPS[known.group],
                "reason": known.reason,
                "country": self.sequence.country,
                "history": len(self.sequence.past),
                "families": {k: round(v, 3) for k, v in odds.family_shares(belief).items()},
                "issuers": np.round(issuers, 3).tolist(),
            },
            "candidates": [
                {
                    "at": instants[n].isoformat(),
                    "probability": round(moved(float(weighed.chance[n]), move), 4),
                    "value": round(float(weighed.value[n]), 4),
                    "propensity": round(float(shares[n]), 4),
                }
                for n in order
            ],
            "plan": [self.slots.instants[slot].isoformat() for slot in plan.slots],
            "spread": plan.is_spread,
            "value": round(plan.value, 4),
        }


def _draw(share: np.ndarray, rng: random.Random | None) -> int:
    if rng is None:
        return int(share.argmax())
    pick = int(np.searchsorted(np.cumsum(share), rng.random() * share.sum(), side="right"))
    return min(pick, len(share) - 1)


def _interval(chances: np.ndarray, mean: float) -> tuple[float, float]:
    """Return the 90 % interval of a probability from draws, around its mean in log-odds."""
    clipped = np.clip(chances, 1e-4, 1 - 1e-4)
    spread = 1.645 * float(np.std(np.log(clipped / (1 - clipped))))
    center = np.log(np.clip(mean, 1e-4, 1 - 1e-4) / (1 - np.clip(mean, 1e-4, 1 - 1e-4)))
    low, high = (1 / (1 + np.exp(-(center + side))) for side in (-spread, spread))
    return float(min(low, mean)), float(max(high, mean))


def explain(source: str, case: Case, probability: float) -> Sentence:
    """Return the sentence for an instant that was chosen by the smart schedule."""
    values = {
        "number": case.tries_used + 1,
        "tries": case.policy.tries,
        "percent": f"{100 * probability:.0f}",
    }
    return Sentence(_SENTENCES[source], values)


_SENTENCES = {
    "payday": "try_payday",
    "smart": "try_smart",
    "advice": "try_advice",
    "ladder": "try_ladder",
    "spread": "try_spread",
    "hint": "try_hint",
}


def ladder_instant(case: Case, now: datetime):
    """Return the decision of the fixed schedule for the same policy and case."""
    policy = case.policy
    try:
        ladder = Ladder(policy.tries, policy.window, tuple(policy.waits))
    except (TypeError, ValueError):
        try:
            ladder = Ladder(policy.tries, policy.window)
        except ValueError:
            return None
    return plan_ladder(
        ladder,
        first_failure=case.failures[0].at,
        last_failure=case.failures[-1].at,
        sent=case.tries_used,
        rungs_used=case.tries_used,
        now=now,
        hours=case.hours,
    )
