# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the next charge of a case would be: the schedule's instant, held back by all rules.

Nothing is written here: forecasts ask as well.
"""

import logging
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg2

from odoo import fields

from ...declines.taxonomy import BLOCKING_CLASSES
from ...timing import Ladder, Stop, plan_ladder, plan_technical_retry
from ...timing.plan.smart import decide
from ...tools.instants import aware, naive
from ...tools.said import join, say
from ..case.recovery_attempt import FAILED_STATES
from .advice import RetryAdvice
from .facts import TimingFacts
from .record import pack_case

if TYPE_CHECKING:
    from odoo import models

_logger = logging.getLogger(__name__)

# Sources whose charges go out at once, whatever the hour of the customer's day.
UNTIMED_SOURCES = ("technical", "method")
# Why a case waits that has no saved method to charge, beside what declines ask for.
MISSING = "missing"
# Two methods of a customer are never charged within less.
NEXT_METHOD_WAIT = timedelta(minutes=1)
# Each rule can put a charge off once more; they are fewer than this.
MAX_BOUNDS = 20
# What holds a charge back is told with the decision, unless everybody expects it.
TOLD_BINDINGS = ("ceiling", "cooldown", "skipped")


class PlannedCharge(NamedTuple):
    """A charge to plan.

    :ivar planned_at: naive UTC
    :ivar sentence: why then, for a person
    :ivar rule: the `recovery.network.rule` that puts it off, if one does
    :ivar facts: further values of the attempt: its odds, and the record of the decision
    """

    planned_at: datetime
    source: str
    sentence: str
    rule: "models.Model | None" = None
    facts: Mapping[str, Any] = MappingProxyType({})

    def prepare_vals(self):
        """Return the values of its attempt."""
        return {
            "source": self.source,
            "planned_at": self.planned_at,
            "sentence": self.sentence,
            "rule_id": self.rule.id if self.rule else False,
            **self.facts,
        }


class Decider:
    """Decides on the next charge of a case.

    :param random.Random rng: of the smart schedule's draws, by default the case's own
    """

    def __init__(self, case, rng=None):
        self.case = case
        self.env = case.env
        self._rng = rng
        self._facts = TimingFacts(case)
        self._advice = RetryAdvice(case)

    def decide(self, attempts, choice):
        """Return the next charge to plan, or why there is none.

        :param attempts: the attempts since the first failure, oldest first
        :param MethodChoice choice: the method to charge, that nothing stands against
        :rtype: PlannedCharge | Stop
        """
        case = self.case
        finished = attempts.filtered(lambda attempt: attempt.state in FAILED_STATES)
        latest = finished[-1:] or case.first_attempt_id
        decline_class = latest.decline_class or case.decline_class
        is_mended = case.blocked_class == "merchant" or (latest and latest._is_merchant())
        if is_mended and (latest.state, latest.source) != ("refused", "mended"):
            return self.bound(self.charge_mended(), choice, latest)
        is_shut = case.blocked_class in BLOCKING_CLASSES or decline_class in BLOCKING_CLASSES
        # One that was only put away for a while has not become another one.
        is_shut |= case.blocked_class == MISSING and choice.token != latest.token_id
        if is_shut and not _was_refused_at_once(latest, choice):
            # It may be charged after all: the method is another one, or was put in order.
            return self.bound(self.charge_at_once(choice, latest), choice, latest)
        if latest and latest._is_technical():
            decision = decide_technical_retry(latest)
            if not isinstance(decision, Stop):
                return self.bound(make_charge(case, decision), choice, latest)
        charge = self.follow_schedule(finished, choice)
        return charge if isinstance(charge, Stop) else self.bound(charge, choice, latest)

    def charge_at_once(self, choice, latest):
        """Return a charge of a method that was just added, updated, or is next in line."""
        at = fields.Datetime.now()
        if latest:
            at = max(at, latest.finished_at + NEXT_METHOD_WAIT)
        if choice.source == "backup":
            at = naive(self.case._get_charge_hours().next_instant(aware(at)))
            sentence = say(self.env, "backup_charged")
            return PlannedCharge(at, "backup", sentence)
        sentence = say(self.env, "method_changed")
        return PlannedCharge(at, "method", sentence)

    def charge_mended(self):
        """Return the charge that had to wait until the company mended its set-up."""
        at = naive(self.case._get_charge_hours().next_instant(aware(fields.Datetime.now())))
        sentence = say(self.env, "mended")
        return PlannedCharge(at, "mended", sentence)

    # === THE RETRY SCHEDULE === #

    def follow_schedule(self, finished, choice):
        """Return the next charge of the retry schedule.

        :param finished: the attempts that failed, oldest first
        :rtype: PlannedCharge | Stop
        """
        case = self.case
        timing_case = charge = failed = None
        if case.arm:
            try:
                timing_case = self._facts.make_case(finished, choice)
                if case.arm == "smart":
                    charge = self._follow_engine(timing_case, finished)
            except psycopg2.Error:
                raise  # The database transaction is lost, and with it the fixed schedule's plan.
            except Exception:  # A planner that raises would leave the invoice without any charge.
                _logger.exception("The smart schedule failed on case %s", case.id)
                failed = True
        if charge:
            return charge
        decision = self.follow_ladder(finished)
        if isinstance(decision, Stop):
            return decision
        charge = self._advice.follow(make_charge(case, decision), finished)
        if timing_case:
            charge = charge._replace(facts={"decision": self._record_ladder(timing_case, decision)})
        if failed and case.arm == "smart":
            sentence = say(self.env, "schedule_failed", reason=charge.sentence)
            charge = charge._replace(sentence=sentence)
        return charge

    def follow_ladder(self, finished):
        """Return what the fixed schedule says.

        :param finished: the attempts that failed, oldest first; neither technical trouble nor a
            fault of the company's own uses up a try
        :rtype: Decision | Stop
        """
        case = self.case
        rungs = finished.filtered(uses_up_a_try)
        last = rungs[-1:]
        last_failure = max(last.finished_at, last.planned_at) if last else case.first_failure_at
        return plan_ladder(
            Ladder.from_dict(case.ladder),
            first_failure=aware(case._get_clock_start()),
            last_failure=aware(last_failure),
            sent=len(rungs.filtered(lambda attempt: attempt.state == "declined")),
            rungs_used=len(rungs),
            now=aware(fields.Datetime.now()),
            hours=case._get_charge_hours(),
        )

    def _follow_engine(self, timing_case, finished):
        """Return what the timing engine decides, a Stop if it wants no further charge.

        :param timing.smart.Case timing_case:
        :rtype: PlannedCharge | Stop
        """
        model = self.env["recovery.timing"]._get_model(self.case.company_id)
        rng = self._rng or self._make_generator(finished)
        decision = decide(timing_case, aware(fields.Datetime.now()), model, rng)
        if isinstance(decision, Stop):
            return decision
        binding = self._find_binding(timing_case, decision)
        charge = make_charge(self.case, decision)
        sentence = charge.sentence
        if binding:
            sentence = join(self.env, sentence, self.case._render(binding.sentence))
        low, high = decision.interval
        facts = {
            "probability": decision.probability,
            "probability_low": low,
            "probability_high": high,
            "propensity": decision.propensity,
            "decision": self._record_decision(timing_case, decision),
        }
        # Instants are stored in whole seconds, which must not fall before the decision's.
        at = charge.planned_at
        at = at.replace(microsecond=0) + timedelta(seconds=1) if at.microsecond else at
        rule = getattr(binding, "rule", None)
        return charge._replace(planned_at=at, sentence=sentence, rule=rule, facts=facts)

    def _make_generator(self, finished):
        """Return the generator of the next decision: planning twice gives the same plan."""
        return random.Random(f"{self.case._get_database_uuid()} {self.case.id} {len(finished)}")

    def _find_binding(self, timing_case, decision):
        """Return the constraint that put a decision off, if a person should be told."""
        kind = decision.record.get("binding")
        if kind == "hint" and decision.source != "hint":
            return next(hint for hint in timing_case.hints if hint.kind == "not_before")
        if kind not in TOLD_BINDINGS:
            return None
        return next((rule for rule in timing_case.constraints if rule.kind == kind), None)

    def _record_decision(self, timing_case, decision):
        """Return what is kept of a smart decision, to learn from it and to judge it."""
        return {
            "arm": "smart",
            "at": naive(decision.at).isoformat(),
            **decision.record,
            "case": pack_case(timing_case),
        }

    def _record_ladder(self, timing_case, decision):
        """Return what is kept of the decision of the fixed schedule."""
        return {
            "arm": self.case.arm,
            "at": naive(decision.at).isoformat(),
            "model": "",
            "binding": "",
            "case": pack_case(timing_case),
        }

    # === WHAT HOLDS CHARGES BACK === #

    def bound(self, charge, choice, latest):
        """Put a charge off until advice, all networks' rules and a promise allow it.

        :rtype: PlannedCharge | Stop
        """
        charge = self._bound_by_rules(charge, choice, latest) if choice.token else charge
        promised = self.case._get_promised_wait()
        if isinstance(charge, Stop) or not promised or charge.planned_at >= promised.until:
            return charge
        return self._put_off(charge, promised.until, promised.sentence)

    def _bound_by_rules(self, charge, choice, latest):
        for _turn in range(MAX_BOUNDS):
            refusal = choice.token._recovery_check_ceiling(
                choice.charge, charge.planned_at, choice.history
            )
            if not refusal:
                advised = self._follow_bank(charge, choice.token, latest)
                if advised == charge:
                    break
                charge = advised
                continue
            sentence = choice.token._recovery_render_ceiling(refusal)
            if not refusal.allowed_from:
                return Stop(sentence)
            rule = choice.token._recovery_get_rule(refusal)
            # Instants are stored in whole seconds, which must not fall before the rule's.
            allowed_from = naive(refusal.allowed_from) + timedelta(seconds=1)
            charge = self._put_off(charge, allowed_from, sentence, rule)
        is_late = charge.planned_at > self.case.deadline_at
        if is_late and charge.source not in ("method", "backup", "mended", "part"):
            sentence = say(self.env, "window_ends_before", reason=charge.sentence)
            return Stop(sentence)
        return charge

    def _follow_bank(self, charge, token, latest):
        """Put a charge off as the bank or the provider asked in its last answer."""
        until = latest.advised_until
        if not until or latest.token_id != token or charge.planned_at >= until:
            return charge
        sentence = say(self.env, "bank_advises", at=self.case.partner_id._recovery_localise(until))
        return self._put_off(charge, until, sentence)

    def _put_off(self, charge, instant, sentence, rule=None):
        """Return a charge for a later naive UTC instant, in the hours for charges."""
        if charge.source not in UNTIMED_SOURCES:
            instant = naive(self.case._get_charge_hours().next_instant(aware(instant)))
        return charge._replace(planned_at=instant, sentence=sentence, rule=rule)


def uses_up_a_try(attempt):
    """Return whether a failed charge counts as a try, and as a rung of the fixed schedule."""
    return not (attempt._is_technical() or attempt._is_merchant())


def make_charge(cases, decision):
    """Return the charge that a decision of `timing` asks for."""
    return PlannedCharge(naive(decision.at), decision.source, cases._render(decision.sentence))


def _was_refused_at_once(latest, choice):
    """Return whether a charge at once was not let out, and the method has not changed since.

    What stood against it is still there: it is looked at again when the schedule says so.
    """
    if latest.state != "refused" or latest.source not in ("method", "backup"):
        return False
    updated_at = choice.token.recovery_updated_at
    return not updated_at or updated_at <= latest.finished_at


def decide_technical_retry(attempt):
    """Return when to try again what could not be sent, this charge being the latest.

    :rtype: Decision | Stop
    """
    return plan_technical_retry(attempt._count_recent_technical(), aware(attempt.finished_at))
