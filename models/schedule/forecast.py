# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What would be done for an invoice: the plan of all its charges, without writing anything."""

import random
from dataclasses import replace
from datetime import timedelta

from odoo import fields

from ...timing import Ladder, Stop, plan_ladder
from ...timing.plan.smart import Failure, decide
from ...tools.instants import aware, naive
from ..case.recovery_attempt import FAILED_STATES
from ..case.states import OPEN_STATES
from .advice import ADVICE_FIELDS
from .decider import Decider, make_charge, uses_up_a_try
from .facts import TimingFacts
from .method_choice import MethodChooser

MOST_CHARGES = 60


class Forecast:
    """The charges that would be planned for an invoice now, each if those before fail.

    An invoice that is not in recovery is looked at as if a charge failed now for lack of money.

    :param cases: the model, in whose environment the charges are decided on
    :param policy: the one to follow instead of the case's, or of the one that matches
    :param random.Random rng: of the smart schedule's draws; the same forecast without it
    """

    def __init__(self, cases, move, policy=None, rng=None):
        self.env = cases.env
        self.move = move
        case = move.recovery_case_id
        self.case = case if case.state in OPEN_STATES else cases.browse()
        self.policy = policy or self.case.policy_id or self.env["recovery.policy"]._match(move)
        self._rng = rng or random.Random(f"{cases._get_database_uuid()} {move.id}")

    def list_charges(self):
        """Return what would be charged; see `recovery.case._forecast`.

        :rtype: list[dict] | str
        """
        case = self.case
        if not self.policy or not self.policy._get_schedule(self.move):
            return self.env._("No charge would be planned.")
        if exclusion := self.move._get_exclusion_block():
            return exclusion.sentence
        if case._get_running_part_plan():
            return self.env._("It is paid in parts: each is charged on its day.")
        attempts = case.attempt_ids.sorted("id").filtered(lambda a: case._is_of_this_life(a))
        planned = attempts.filtered(lambda attempt: attempt.state == "planned")
        virtual = self._make_virtual()
        choice = MethodChooser(virtual).choose()
        if choice.block:
            return choice.block.sentence
        if planned and self.policy == case.policy_id:
            first = _describe_attempt(planned)
        else:
            charge = Decider(virtual, self._rng).decide(attempts, choice)
            if isinstance(charge, Stop):
                return case._render(charge.sentence)
            first = _describe_charge(charge)
        finished = attempts.filtered(lambda attempt: attempt.state in FAILED_STATES)
        go_on = self._follow_engine if virtual.arm == "smart" else self._follow_ladder
        return [first, *go_on(virtual, first["at"], finished, choice)]

    def _make_virtual(self):
        """Return a case that is not stored: the open one under a policy, or one that opens now."""
        cases, policy = self.env["recovery.case"], self.policy
        now = fields.Datetime.now()
        transactions = self.move.transaction_ids.browse()
        values = cases._prepare_case_vals(self.move, policy, None, transactions)
        reason = self.env["recovery.decline.reason"]._find("insufficient_funds")
        values |= {
            "state": "in_recovery",
            "first_failure_at": now,
            "decline_reason_id": reason.id,
            "decline_class": "later",
        }
        if self.case:
            values |= self._prepare_virtual_vals()
        elif values.get("arm"):
            values["arm"] = "smart"
        waited = timedelta(hours=values.get("waited_hours", 0.0))
        window = timedelta(days=policy.window_days)
        values["deadline_at"] = values["first_failure_at"] + waited + window
        return cases.new(values)

    def _prepare_virtual_vals(self):
        """Return what a case that isn't stored has in common with the open one."""
        case = self.case
        names = (
            "decline_reason_id",
            "due_date",
            "first_attempt_id",
            "first_failure_at",
            "waited_hours",
            "blocked_class",
            "decline_class",
            "token_id",
            *ADVICE_FIELDS,
        )
        values = {name: case._fields[name].convert_to_write(case[name], case) for name in names}
        if self.policy == case.policy_id:
            values |= {"arm": case.arm, "ladder": case.ladder}
        elif self.policy.retry_schedule == "smart":
            values["arm"] = "smart"
        return values

    def _follow_engine(self, virtual, at, finished, choice):
        """Yield the charges of the smart schedule after one that fails at a naive UTC instant."""
        model = self.env["recovery.timing"]._get_model(virtual.company_id)
        facts = TimingFacts(virtual)
        timing_case = facts.make_case(finished, choice)
        last = timing_case.failures[-1]
        hints = tuple(hint for hint in timing_case.hints if hint.kind == "not_before")
        timing_case = replace(timing_case, hints=hints)
        others = tuple(rule for rule in timing_case.constraints if rule.kind != "rest")
        for _number in range(MOST_CHARGES):
            failure = Failure(aware(at), last.reason, "later", last.code)
            timing_case = replace(
                timing_case,
                failures=(*timing_case.failures, failure),
                constraints=(*others, facts.make_rest(aware(at))),
            )
            decision = decide(timing_case, aware(at), model, self._rng)
            if isinstance(decision, Stop) or naive(decision.at) > virtual.deadline_at:
                return
            low, high = decision.interval
            at = naive(decision.at)
            yield {
                **_describe_charge(make_charge(virtual, decision)),
                "probability": decision.probability,
                "low": low,
                "high": high,
            }

    def _follow_ladder(self, virtual, at, finished, _choice):
        """Yield the charges of the fixed schedule after one that fails at a naive UTC instant."""
        ladder = Ladder.from_dict(virtual.ladder)
        rungs = finished.filtered(uses_up_a_try)
        sent = len(rungs.filtered(lambda attempt: attempt.state == "declined"))
        for number in range(1, MOST_CHARGES):
            decision = plan_ladder(
                ladder,
                first_failure=aware(virtual._get_clock_start()),
                last_failure=aware(at),
                sent=sent + number,
                rungs_used=len(rungs) + number,
                now=aware(at),
                hours=virtual._get_charge_hours(),
            )
            if isinstance(decision, Stop):
                return
            at = naive(decision.at)
            yield _describe_charge(make_charge(virtual, decision))


def _describe_charge(charge):
    facts = charge.facts
    return {
        "at": charge.planned_at,
        "source": charge.source,
        "sentence": charge.sentence,
        "probability": facts.get("probability"),
        "low": facts.get("probability_low"),
        "high": facts.get("probability_high"),
    }


def _describe_attempt(attempt):
    is_known = bool(attempt.probability)
    return {
        "at": attempt.planned_at,
        "source": attempt.source,
        "sentence": attempt.sentence,
        "probability": attempt.probability if is_known else None,
        "low": attempt.probability_low if is_known else None,
        "high": attempt.probability_high if is_known else None,
    }
