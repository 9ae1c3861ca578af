"""The smart schedule: the next charge when it adds most, and the control arm beside it."""

import hashlib
import logging
import random
from datetime import timedelta

import psycopg2

from odoo import api, fields, models

from ...timing import Stop
from ...timing.plan.smart import decide
from ..case.recovery_attempt import SOURCES
from .planner import _aware, _naive
from .record import pack_case

_logger = logging.getLogger(__name__)

# What holds a charge back is told with the decision, unless everybody expects it.
TOLD_BINDINGS = ("ceiling", "cooldown", "skipped")


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    arm = fields.Selection(
        selection=[("smart", "Smart"), ("control", "Control")],
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Smart: charged by the smart schedule. Control: charged by the fixed one, to compare. "
        "Drawn when the case opens, and never changed. Empty: the policy has no smart schedule.",
    )
    next_probability = fields.Float(
        string="Chance of the Next Charge",
        compute="_compute_next_odds",
        help="Probability that the planned charge succeeds. 0: it was not asked.",
    )
    next_probability_low = fields.Float(compute="_compute_next_odds")
    next_probability_high = fields.Float(compute="_compute_next_odds")
    next_source = fields.Selection(
        selection=SOURCES,
        string="Planned By",
        compute="_compute_next_odds",
        help="What chose the time of the planned charge.",
    )

    # === COMPUTE METHODS === #

    @api.depends("next_attempt_id", "attempt_ids.probability", "attempt_ids.source")
    def _compute_next_odds(self):
        for case in self:
            attempt = case.next_attempt_id
            case.next_probability = attempt.probability
            case.next_probability_low = attempt.probability_low
            case.next_probability_high = attempt.probability_high
            case.next_source = attempt.source

    # === BUSINESS METHODS === #

    @api.model
    def _draw_arm(self, move, due_date, policy):
        """Return the arm of the case of an invoice; the same one however often it is asked."""
        if policy.retry_schedule != "smart":
            return False
        name = f"{self._get_database_uuid()} {move.id} {fields.Date.to_string(due_date)}"
        digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
        drawn = int.from_bytes(digest, "big") / 2**64
        return "control" if drawn < policy.control_share else "smart"

    def _plan_by_schedule(self, finished, choice, rng=None):
        """Return the next charge of the retry schedule.

        :param finished: the attempts that failed, oldest first
        :param random.Random rng: of the smart schedule's draws, by default the case's own
        :rtype: Plan | Stop
        """
        self.ensure_one()
        timing_case = plan = failed = None
        if self.arm:
            try:
                timing_case = self._get_timing_case(finished, choice)
                if self.arm == "smart":
                    plan = self._plan_smart(timing_case, rng or self._get_generator(finished))
            except psycopg2.Error:
                raise  # The database transaction is lost, and with it the fixed schedule's plan.
            except Exception:  # A planner that raises would leave the invoice without any charge.
                _logger.exception("The smart schedule failed on case %s", self.id)
                failed = True
        if plan:
            return plan
        decision = self._decide_by_schedule(finished)
        if isinstance(decision, Stop):
            return decision
        plan = self._follow_retry_advice(self._make_plan(decision), finished)
        if timing_case:
            plan = plan._replace(facts={"decision": self._record_ladder(timing_case, decision)})
        if failed and self.arm == "smart":
            sentence = self.env._(
                "%(reason)s The smart schedule could not decide this time.", reason=plan.sentence
            )
            plan = plan._replace(sentence=sentence)
        return plan

    def _plan_smart(self, timing_case, rng):
        """Return what the timing engine decides, a Stop if it wants no further charge.

        :param timing.smart.Case timing_case:
        :rtype: Plan | Stop
        """
        model = self.env["recovery.timing"]._get_model(self.company_id)
        now = _aware(fields.Datetime.now())
        decision = decide(timing_case, now, model, rng)
        if isinstance(decision, Stop):
            return decision
        binding = self._find_binding(timing_case, decision)
        sentence = self._render(decision.sentence)
        if binding:
            sentence = f"{sentence} {self._render(binding.sentence)}"
        plan = self._make_plan(decision)
        low, high = decision.interval
        facts = {
            "probability": decision.probability,
            "probability_low": low,
            "probability_high": high,
            "propensity": decision.propensity,
            "decision": self._record_decision(timing_case, decision),
        }
        # Instants are stored in whole seconds, which must not fall before the decision's.
        at = plan.planned_at
        at = at.replace(microsecond=0) + timedelta(seconds=1) if at.microsecond else at
        rule = getattr(binding, "rule", None)
        return plan._replace(planned_at=at, sentence=sentence, rule=rule, facts=facts)

    @api.model
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
            "at": _naive(decision.at).isoformat(),
            **decision.record,
            "case": pack_case(timing_case),
        }

    def _record_ladder(self, timing_case, decision):
        """Return what is kept of the decision of the fixed schedule."""
        return {
            "arm": self.arm,
            "at": _naive(decision.at).isoformat(),
            "model": "",
            "binding": "",
            "case": pack_case(timing_case),
        }

    # === GETTERS === #

    def _get_generator(self, finished):
        """Return the generator of the next decision: planning twice gives the same plan."""
        return random.Random(f"{self._get_database_uuid()} {self.id} {len(finished)}")

    @api.model
    def _get_database_uuid(self):
        # In sudo mode: whoever pays has no rights on parameters.
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")
