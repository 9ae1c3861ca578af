"""What would be done for an invoice: the plan of all its charges, without writing anything."""

import random
from dataclasses import replace
from datetime import timedelta

from odoo import api, fields, models

from ...timing import Ladder, Stop, plan_ladder
from ...timing.plan.smart import Failure, decide
from ..case.recovery_attempt import FAILED_STATES
from ..case.recovery_case import OPEN_STATES
from .planner import _aware, _naive

MOST_CHARGES = 60


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    @api.model
    def _forecast(self, move, policy=None, rng=None):
        """Return the charges that would be planned for an invoice now, each if those before fail.

        An invoice that is not in recovery is looked at as if a charge failed now for lack of
        money. Nothing is written.

        :param policy: the one to follow instead of the case's, or of the one that matches
        :param random.Random rng: of the smart schedule's draws; the same forecast without it
        :return: dictionaries of `at` (naive UTC), `source`, `sentence`, `probability`, `low` and
            `high` (none where the schedule knows no odds); the sentence why, when nothing would be
            charged
        :rtype: list[dict] | str
        """
        rng = rng or random.Random(f"{self._get_database_uuid()} {move.id}")
        case = move.recovery_case_id
        if case.state not in OPEN_STATES:
            case = self.browse()
        policy = policy or case.policy_id or self.env["recovery.policy"]._match(move)
        if not policy or not policy._get_schedule(move):
            return self.env._("No charge would be planned.")
        attempts = case.attempt_ids.sorted("id").filtered(lambda a: case._is_of_this_life(a))
        planned = attempts.filtered(lambda attempt: attempt.state == "planned")
        virtual = self._make_virtual(move, policy, case)
        choice = virtual._choose_method()
        if choice.block:
            return choice.block.sentence
        if planned and policy == case.policy_id:
            first = _describe_attempt(planned)
        else:
            plan = virtual._decide(attempts, choice, rng)
            if isinstance(plan, Stop):
                return self._render(plan.sentence)
            first = _describe_plan(plan)
        finished = attempts.filtered(lambda attempt: attempt.state in FAILED_STATES)
        go_on = virtual._forecast_smart if virtual.arm == "smart" else virtual._forecast_ladder
        return [first, *go_on(first["at"], finished, choice, rng)]

    @api.model
    def _make_virtual(self, move, policy, case):
        """Return a case that is not stored: the open one under a policy, or one that opens now."""
        now = fields.Datetime.now()
        values = self._prepare_case_vals(move, policy, None, move.transaction_ids.browse())
        reason = self.env["recovery.decline.reason"]._find("insufficient_funds")
        values |= {
            "state": "in_recovery",
            "first_failure_at": now,
            "decline_reason_id": reason.id,
            "decline_class": "later",
        }
        if case:
            values |= case._prepare_virtual_vals(policy)
        elif values["arm"]:
            values["arm"] = "smart"
        values["deadline_at"] = values["first_failure_at"] + timedelta(days=policy.window_days)
        return self.new(values)

    def _prepare_virtual_vals(self, policy):
        """Return what a case that isn't stored has in common with this one."""
        names = (
            "decline_reason_id",
            "due_date",
            "first_attempt_id",
            "first_failure_at",
            "blocked_class",
            "decline_class",
            "token_id",
            *self._get_advice_fields(),
        )
        values = {name: self._fields[name].convert_to_write(self[name], self) for name in names}
        if policy == self.policy_id:
            values |= {"arm": self.arm, "ladder": self.ladder}
        elif policy.retry_schedule == "smart":
            values["arm"] = "smart"
        return values

    def _forecast_smart(self, at, finished, choice, rng):
        """Yield the charges of the smart schedule after one that fails at a naive UTC instant."""
        model = self.env["recovery.timing"]._get_model(self.company_id)
        case = self._get_timing_case(finished, choice)
        last = case.failures[-1]
        case = replace(case, hints=tuple(h for h in case.hints if h.kind == "not_before"))
        others = tuple(rule for rule in case.constraints if rule.kind != "rest")
        for _number in range(MOST_CHARGES):
            failure = Failure(_aware(at), last.reason, "later", last.code)
            rest = self._make_rest(_aware(at))
            case = replace(case, failures=(*case.failures, failure), constraints=(*others, rest))
            decision = decide(case, _aware(at), model, rng)
            if isinstance(decision, Stop) or _naive(decision.at) > self.deadline_at:
                return
            low, high = decision.interval
            at = _naive(decision.at)
            yield {
                **_describe_plan(self._make_plan(decision)),
                "probability": decision.probability,
                "low": low,
                "high": high,
            }

    def _forecast_ladder(self, at, finished, _choice, _rng):
        """Yield the charges of the fixed schedule after one that fails at a naive UTC instant."""
        ladder = Ladder.from_dict(self.ladder)
        rungs = finished.filtered(lambda attempt: not attempt._is_technical())
        sent = len(rungs.filtered(lambda attempt: attempt.state == "declined"))
        for number in range(1, MOST_CHARGES):
            decision = plan_ladder(
                ladder,
                first_failure=_aware(self.first_failure_at),
                last_failure=_aware(at),
                sent=sent + number,
                rungs_used=len(rungs) + number,
                now=_aware(at),
                hours=self._get_charge_hours(),
            )
            if isinstance(decision, Stop):
                return
            at = _naive(decision.at)
            yield _describe_plan(self._make_plan(decision))


def _describe_plan(plan):
    facts = plan.facts
    return {
        "at": plan.planned_at,
        "source": plan.source,
        "sentence": plan.sentence,
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
