# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a policy would do about a case: each charge for when all before it have failed."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from ..declines.taxonomy import BLOCKING_CLASSES
from ..timing.case import Case, Failure, tidy
from ..timing.ceiling import OTHER, Charge, PastAttempt, Rule, check, next_allowed
from ..timing.decision import Sentence, Stop
from ..timing.model.model import Model
from ..timing.plan.backoff import WAITS, plan_technical_retry
from ..timing.plan.ladder import plan_ladder
from ..timing.plan.smart import decide
from .person import Person, Recorded, Terms

# A charge that really was made so near another one has told its answer.
NEAR = timedelta(hours=12)
# What is left of a case when it is not worth to be followed further.
_LEAST = 0.02
_MOST_CHARGES, _MOST_BOUNDS = 60, 20
# What everybody expects of a schedule that plans in its hours is no rule that was met.
_EXPECTED = ("", "hours", "rest")


@dataclass(frozen=True)
class Charged:
    """One charge.

    :ivar recorded: the real charge whose answer is taken, if one was near enough
    :ivar run: of a quick try after technical trouble, how many failures came before it in a row
    :ivar met: kinds and names of the rules that put it off
    """

    at: datetime
    recorded: Recorded | None = None
    run: int = 0
    met: tuple[tuple[str, str], ...] = ()


@dataclass
class Walk:
    """The charges of a case.

    :ivar is_over: whether the case ended before the tries were used up: its method is dead, or was
        paid
    :ivar ended_by: the rules that forbade a further charge
    """

    charges: list[Charged] = field(default_factory=list)
    is_over: bool = False
    ended_by: tuple[tuple[str, str], ...] = ()

    @property
    def instants(self) -> tuple[datetime, ...]:
        """When they are made."""
        return tuple(charge.at for charge in self.charges)

    def count_rules(self, paid_at: datetime | None = None) -> Counter:
        """Return the rules that were met, counted, in a life that ends with a payment, if so."""
        made = [each for each in self.charges if paid_at is None or each.at <= paid_at]
        found = Counter(rule for each in made for rule in each.met)
        found.update(self.ended_by if paid_at is None else ())
        return found


class _Ceiling:
    """The networks' rules on the case's own charges, as a constraint of `timing`."""

    kind = "ceiling"
    sentence = Sentence("ceiling_not_before")

    def __init__(self, rules: Sequence[Rule], past: Sequence[PastAttempt], charge: Charge) -> None:
        self._args = rules, past
        self._charge = charge
        self._since = past[-1].at
        self._is_free = self._find_whether_free(rules)

    def _find_whether_free(self, rules):
        """Return whether no rule forbids anything from the last charge on.

        Rules forgive as time passes: what none forbids right after a charge, none does later. But
        for those that count from the first debit, and those that are not in force yet.
        """
        day = self._since.astimezone(timezone.utc).date()
        is_forgiving = all(
            rule.kind != "represent" and (rule.valid_from is None or rule.valid_from <= day)
            for rule in rules
        )
        return is_forgiving and check(*self._args, self._since, self._charge) is None

    def first_allowed(self, instant: datetime) -> datetime | None:
        if not self.find(instant):
            return instant
        allowed = next_allowed(*self._args, instant, self._charge)
        return allowed and allowed + timedelta(seconds=1)

    def find(self, instant: datetime) -> str:
        """Return the name of the rule that forbids a charge at an instant, or nothing."""
        if self._is_free and instant >= self._since:
            return ""
        block = check(*self._args, instant, self._charge)
        return (block.rule.name or block.rule.id) if block else ""


def walk(
    person: Person, terms: Terms, model: Model, rules: Sequence[Rule], rng: random.Random
) -> Walk:
    """Return what a policy does about a case, charge by charge.

    A charge whose answer is not known fails as the one before it did: only a failure goes on.

    :param rules: of card networks and bank schemes
    :param rng: of the smart schedule's draws
    """
    return _Walker(person, terms, model, rules, rng).go()


class _Walker:
    def __init__(self, person, terms, model, rules, rng):
        self.person, self.terms, self.model, self.rng = person, terms, model, rng
        network = person.case.method.network or OTHER
        # Each charge is held against these only, many times over.
        self.network_rules = [rule for rule in rules if rule.scopes & {network, OTHER}]
        self.found = Walk()
        self.met = []
        self.left = list(person.charges)
        first = person.case.failures[0]
        policy = terms.to_policy() if terms.ladder else person.case.policy
        self.case = tidy(replace(person.case, failures=(first,), policy=policy), first.at)
        self.again = _as_later(first)

    def go(self):
        if not self.terms.ladder or not self.person.is_charged:
            return self.found
        chance = 1.0
        while len(self.found.charges) < _MOST_CHARGES and chance > _LEAST:
            last = self.case.failures[-1]
            if last.decline_class in BLOCKING_CLASSES:
                self.found.is_over = True
                break
            ceiling = self._make_ceiling()
            step = self._decide(last, ceiling)
            if step is None:
                self.found.ended_by = tuple(self.met)
                break
            at, probability, run = step
            recorded = self._take_near(at)
            self.found.charges.append(Charged(at, recorded, run, tuple(self.met)))
            self.met.clear()
            if recorded and recorded.failure is None:
                self.found.is_over = True
                break
            chance *= 1.0 if recorded else 1 - probability
            self._fail(at, recorded, run)
        return self.found

    def _decide(self, last, ceiling):
        """Return the instant, a first guess of the chance, and the number of the quick try."""
        run = self.case.quick_run
        run = run if run <= len(WAITS) else 0
        if self.terms.is_smart:
            return self._decide_smart(last, ceiling, run)
        return self._decide_fixed(last, ceiling, run)

    def _decide_smart(self, last, ceiling, run):
        case = replace(self.case, constraints=(ceiling,))
        decision = decide(case, last.at, self.model, self.rng)
        if isinstance(decision, Stop):
            if ceiling.first_allowed(last.at) is None:
                self.met.append(("ceiling", ceiling.find(last.at)))
            return None
        binding = decision.record.get("binding", "")
        if binding == "ceiling":
            self.met.append(("ceiling", ceiling.find(last.at)))
        elif binding not in _EXPECTED:
            self.met.append((binding, ""))
        return decision.at, decision.probability, run if decision.source == "technical" else 0

    def _decide_fixed(self, last, ceiling, run):
        ladder, hours = self.terms.ladder, self.case.hours
        if run:
            plan = plan_technical_retry(run, last.at)
        else:
            used = self.case.tries_used
            plan = plan_ladder(
                ladder,
                first_failure=self.case.failures[0].at,
                last_failure=last.at,
                sent=used,
                rungs_used=used,
                now=last.at,
                hours=hours,
            )
        if isinstance(plan, Stop):
            return None
        if ladder.waits and not run:
            wanted = last.at + timedelta(hours=ladder.waits[self.case.tries_used])
            if not hours.contains(wanted):
                self.met.append(("hours", ""))
        at = self._bound(plan.at, last, ceiling, None if run else hours)
        if at is None or at > ladder.window_end(self.case.failures[0].at):
            return None
        return at, 0.0, run

    def _bound(self, at, last, ceiling, hours):
        """Return the first instant that advice, ceilings and hours allow, or none."""
        if last.wait_until and last.wait_until > at:
            self.met.append(("advice", ""))
            at = last.wait_until
        for _turn in range(_MOST_BOUNDS):
            before = at
            if rule := ceiling.find(at):
                self.met.append(("ceiling", rule))
                at = ceiling.first_allowed(at)
                if at is None:
                    return None
            at = hours.next_instant(at) if hours else at
            if at == before:
                return at
        return None

    def _take_near(self, at):
        """Return the real charge nearest to an instant, if one is near; it answers once."""
        near = [one for one in self.left if abs(one.at - at) <= NEAR]
        if not near:
            return None
        found = min(near, key=lambda one: abs(one.at - at))
        self.left.remove(found)
        return found

    def _fail(self, at, recorded, run):
        if recorded:
            failure = replace(recorded.failure, at=at)
        elif run:
            failure = Failure(at, self.case.failures[-1].reason, "technical")
        else:
            failure = replace(self.again, at=at)
        self.case = replace(self.case, failures=(*self.case.failures, failure))

    def _make_ceiling(self):
        person, method = self.person, self.case.method
        past = [
            PastAttempt(
                failure.at,
                person.minor,
                self.case.currency,
                "declined",
                method.network,
                failure.code,
                failure.reason,
                debt=person.key,
            )
            for failure in self.case.failures
        ]
        charge = Charge(
            person.minor, self.case.currency, method.network, method.country, debt=person.key
        )
        return _Ceiling(self.network_rules, past, charge)


def _as_later(failure: Failure) -> Failure:
    """Return how a charge fails of whose answer nothing is known."""
    if failure.decline_class == "technical":
        return Failure(failure.at, "unknown", "later")
    return replace(failure, wait_until=None, advice="none")


def open_case(person: Person, failures: Sequence[Failure] = ()) -> Case:
    """Return a case after its first failure, and others if there are any."""
    every = (person.case.failures[0], *failures)
    return tidy(replace(person.case, failures=every), max(failure.at for failure in every))
