"""When a case charges next: the schedule's instant, held back by advice and the networks' rules."""

from collections.abc import Mapping
from datetime import timedelta, timezone
from types import MappingProxyType
from typing import Any, NamedTuple

from odoo import api, fields, models

from ...timing import Ladder, Sentence, Stop, plan_ladder
from ..case.recovery_attempt import FAILED_STATES, IN_FLIGHT
from ..method.history import BLOCKING_CLASSES

# Sources whose charges go out at once, whatever the hour of the customer's day.
UNTIMED_SOURCES = ("technical", "method")
# Two methods of a customer are never charged within less.
NEXT_METHOD_WAIT = timedelta(minutes=1)
# Each rule can put a charge off once more; they are fewer than this.
MAX_BOUNDS = 20


class Plan(NamedTuple):
    """A charge to plan.

    :ivar planned_at: naive UTC
    :ivar sentence: why then, for a person
    :ivar rule: the `recovery.network.rule` that puts it off, if one does
    :ivar facts: further values of the attempt: its odds, and the record of the decision
    """

    planned_at: fields.Datetime
    source: str
    sentence: str
    rule: models.Model | None = None
    facts: Mapping[str, Any] = MappingProxyType({})


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    # === PLAN === #

    def _plan_next_charge(self, attempts=None, transactions=None):
        """Fill the hook: plan the next charge, unless one is unfinished, or begin the grace period.

        A case leaves the grace period when another method, or an updated one, may be charged.
        """
        self.ensure_one()
        super()._plan_next_charge(attempts, transactions)
        if self.state == "grace" and self.blocked_class:
            self._leave_grace()
        if any(each._recovery_is_new_method() for each in transactions or ()):
            self._retry_with_new_method()
            attempts = None
        if self.state != "in_recovery" or not self.ladder:
            return
        attempts = (attempts or self.move_id.recovery_attempt_ids).sorted("id")
        if any(attempt.state in IN_FLIGHT for attempt in attempts):
            return
        choice = self._choose_method()
        planned = attempts.filtered(lambda attempt: attempt.state == "planned")
        if planned and not self._withdraw_outdated(planned, choice):
            return
        if choice.block:
            self._block_method(choice.block)
            return
        attempts = attempts.filtered(self._is_of_this_life)
        self._forget_used_advice(attempts)
        plan = self._decide(attempts, choice)
        if isinstance(plan, Stop):
            self._begin_grace(self._render(plan.sentence))
            return
        self._unblock_method()
        attempt = self._create_attempt(
            self.move_id,
            plan,
            self.due_date,
            case_id=self.id,
            # One other than the usual is written on the attempt; that one may still change.
            token_id=choice.token.id if choice.token != self._get_default_token() else False,
        )
        latest = attempts[-1:] or self.first_attempt_id
        if latest.state != "declined":  # What has just been sent to the provider can be charged.
            block = attempt._get_method_block()
            if block:
                self._ask_for_attention(block.sentence)

    def _withdraw_outdated(self, planned, choice):
        """Cancel a planned charge of a method that is not the one to charge any more.

        What a person planned stays: the blocks tell him, should it be refused.

        :return: whether the charge was cancelled
        """
        if planned.source == "user":
            return False
        if choice.block:
            reason = choice.block.sentence
        elif planned._get_token() != choice.token:
            reason = self.env._("Another payment method is charged instead.")
        elif self._has_news_of_siblings(planned, choice):
            reason = self.env._("Planned anew: another invoice was just paid with the method.")
        else:
            return False
        return bool(planned._set_state("cancelled", sentence=reason))

    def _decide(self, attempts, choice, rng=None):
        """Return the next charge to plan, or why there is none.

        :param attempts: the attempts since the first failure, oldest first
        :param random.Random rng: of the smart schedule's draws, by default the case's own
        :rtype: Plan | Stop
        """
        finished = attempts.filtered(lambda attempt: attempt.state in FAILED_STATES)
        latest = finished[-1:] or self.first_attempt_id
        decline_class = latest.decline_class or self.decline_class
        if self.blocked_class or decline_class in BLOCKING_CLASSES:
            # It may be charged after all: the method is another one, or was put in order.
            return self._bound(self._plan_at_once(choice, latest), choice, latest)
        if latest and latest._is_technical():
            decision = latest._decide_technical_retry()
            if not isinstance(decision, Stop):
                return self._bound(self._make_plan(decision), choice, latest)
        plan = self._plan_by_schedule(finished, choice, rng)
        return plan if isinstance(plan, Stop) else self._bound(plan, choice, latest)

    def _decide_by_schedule(self, finished):
        """Return what the fixed schedule says.

        :param finished: the attempts that failed, oldest first; technical trouble uses up no try
        :rtype: Decision | Stop
        """
        rungs = finished.filtered(lambda attempt: not attempt._is_technical())
        last = rungs[-1:]
        last_failure = max(last.finished_at, last.planned_at) if last else self.first_failure_at
        return plan_ladder(
            Ladder.from_dict(self.ladder),
            first_failure=_aware(self.first_failure_at),
            last_failure=_aware(last_failure),
            sent=len(rungs.filtered(lambda attempt: attempt.state == "declined")),
            rungs_used=len(rungs),
            now=_aware(fields.Datetime.now()),
            hours=self._get_charge_hours(),
        )

    def _plan_at_once(self, choice, latest):
        """Return a charge of a method that was just added, updated, or is next in line."""
        at = fields.Datetime.now()
        if latest:
            at = max(at, latest.finished_at + NEXT_METHOD_WAIT)
        if choice.source == "backup":
            at = _naive(self._get_charge_hours().next_instant(_aware(at)))
            sentence = self.env._("A backup: the method that failed can't be charged again.")
            return Plan(at, "backup", sentence)
        return Plan(at, "method", self.env._("The payment method was added or updated."))

    @api.model
    def _make_plan(self, decision):
        return Plan(_naive(decision.at), decision.source, self._render(decision.sentence))

    def _bound(self, plan, choice, latest):
        """Put a charge off until advice and all networks' rules allow it.

        :rtype: Plan | Stop
        """
        if not choice.token:
            return plan
        for _turn in range(MAX_BOUNDS):
            refusal = choice.token._recovery_check_ceiling(
                choice.charge, plan.planned_at, choice.history
            )
            if not refusal:
                advised = self._follow_advice(plan, choice.token, latest)
                if advised == plan:
                    break
                plan = advised
                continue
            sentence = choice.token._recovery_render_refusal(refusal)
            if not refusal.allowed_from:
                return Stop(Sentence(sentence))
            rule = choice.token._recovery_get_rule(refusal)
            # Instants are stored in whole seconds, which must not fall before the rule's.
            allowed_from = _naive(refusal.allowed_from) + timedelta(seconds=1)
            plan = self._put_off(plan, allowed_from, sentence, rule)
        if plan.planned_at > self.deadline_at and plan.source not in ("method", "backup"):
            sentence = self.env._("%(reason)s The window ends before.", reason=plan.sentence)
            return Stop(Sentence(sentence))
        return plan

    def _follow_advice(self, plan, token, latest):
        """Put a charge off as the bank or the provider asked in its last answer."""
        until = latest.advised_until
        if not until or latest.token_id != token or plan.planned_at >= until:
            return plan
        date = token._recovery_format_instant(until)
        sentence = self.env._("Not before %(date)s, as the bank advises.", date=date)
        return self._put_off(plan, until, sentence)

    def _put_off(self, plan, instant, sentence, rule=None):
        """Return a plan for a later naive UTC instant, in the hours for charges."""
        if plan.source not in UNTIMED_SOURCES:
            instant = _naive(self._get_charge_hours().next_instant(_aware(instant)))
        return plan._replace(planned_at=instant, sentence=sentence, rule=rule)

    @api.model
    def _create_attempt(self, move, plan, due_date, **values):
        """Create the attempt of a plan."""
        attempt = self.env["recovery.attempt"].create(
            move._prepare_attempt_vals(
                source=plan.source,
                planned_at=plan.planned_at,
                due_date=due_date,
                sentence=plan.sentence,
                rule_id=plan.rule and plan.rule.id,
                **plan.facts,
                **values,
            )
        )
        if plan.rule:
            attempt.case_id._emit("ceiling_reached", plan.sentence, attempt=attempt)
        return attempt

    def _plan_by_user(self, instant, sentence):
        """Plan the next charge for an instant that a person chose (UTC, naive).

        :return: why it is refused, for a person; nothing when it is planned
        """
        self.ensure_one()
        if block := self._get_charge_block(instant):
            return block
        values = {
            "planned_at": instant,
            "source": "user",
            "sentence": sentence,
            "rule_id": False,
            # What the engine had promised was about another instant.
            **dict.fromkeys(("probability", "probability_low", "probability_high"), 0.0),
            "propensity": 0.0,
            "decision": False,
        }
        self._on_changed()
        attempt = self.next_attempt_id
        if attempt:
            attempt.write(values)
        else:
            self.env["recovery.attempt"].create(
                self.move_id._prepare_attempt_vals(
                    case_id=self.id, due_date=self.due_date, **values
                )
            )
        return None

    # === GETTERS === #

    def _is_of_this_life(self, attempt):
        """Tell whether an attempt came after the first failure, or after the case re-opened."""
        self.ensure_one()
        if attempt.case_id != self or attempt == self.first_attempt_id:
            return False
        return not attempt.finished_at or attempt.finished_at >= self.first_failure_at

    def _get_charge_hours(self):
        """Return the hours in which the customer may be charged."""
        self.ensure_one()
        return self.policy_id._get_charge_hours(self.partner_id)

    @api.model
    def _render(self, sentence):
        """Translate a sentence of `timing`, whose terms are exported with the addon's."""
        return self.env._(sentence.source, **sentence.values)


def _aware(instant):
    return instant.replace(tzinfo=timezone.utc)


def _naive(instant):
    return instant.astimezone(timezone.utc).replace(tzinfo=None)
