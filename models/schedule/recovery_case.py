# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...declines.taxonomy import BLOCKING_CLASSES
from ...tools.said import SaidField, put, say
from ..case.answers import fill_answer
from ..case.recovery_attempt import FAILED_STATES, SOURCES
from ..case.states import CHARGING_STATES
from ..rules.recovery_decline_reason import DECLINE_CLASSES
from .advice import ADVICE_KINDS, prepare_advice_vals
from .decider import MISSING
from .facts import TimingFacts
from .forecast import Forecast
from .method_choice import MethodChooser
from .part_course import begin, end
from .planner import Planner


def _is_charged_again(case):
    """Return whether what refused the first charge stands against none of the next."""
    later = case.attempt_ids.filtered(lambda each: each.transaction_id or each.state == "paid")
    return bool(later or case._get_coming_charge())


fill_answer("method", lambda case: case.blocked_class != MISSING)
fill_answer("refused", _is_charged_again)
fill_answer("parts", lambda case: case._is_charged_since_parts())
# What keeps a case without a planned charge until somebody does something.
WAITING_CLASSES = (*BLOCKING_CLASSES, "merchant")


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    arm = fields.Selection(
        selection=[("smart", "Smart"), ("control", "Control")],
        string="Group",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Smart: charged by the smart schedule. Control: charged by the fixed one, to compare. "
        "Drawn when the case opens, and never changed. Empty: the policy has no smart schedule.",
    )
    blocked_class = fields.Selection(
        selection=[
            *(item for item in DECLINE_CLASSES if item[0] in WAITING_CLASSES),
            (MISSING, "No Payment Method"),
        ],
        string="Method Waits",
        readonly=True,
        copy=False,
        help="Set while no payment method of the customer may be charged. The case stays open, and "
        "charges as soon as a method is added or updated; for Own Set-Up, as soon as the provider "
        "was mended.",
    )
    block_sentence = SaidField(
        string="No Charge Because",
        readonly=True,
        copy=False,
        help="Why no charge is planned until the payment method changes.",
    )
    block_rule_id = fields.Many2one(
        comodel_name="recovery.network.rule",
        string="Forbidden By",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="The network's rule that forbids another charge of the method.",
    )
    next_attempt_id = fields.Many2one(
        comodel_name="recovery.attempt",
        compute="_compute_next_attempt",
        string="Planned Charge",
    )
    next_attempt_at = fields.Datetime(
        compute="_compute_next_attempt", search="_search_next_attempt_at", string="Next Attempt"
    )
    next_attempt_sentence = fields.Char(
        compute="_compute_next_attempt_sentence",
        string="Why Then",
        help="Why the next charge is planned so.",
    )
    next_attempt_rule_id = fields.Many2one(
        comodel_name="recovery.network.rule",
        compute="_compute_next_attempt",
        string="Bound By",
        help="The network's rule that put the next charge off.",
    )
    method_label = fields.Char(
        string="Payment Method",
        compute="_compute_method_label",
        help="The saved payment method that the next attempt charges.",
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
    retry_advice = fields.Selection(
        selection=ADVICE_KINDS,
        readonly=True,
        copy=False,
        help="What somebody, or something, outside the schedule advised for the next charge.",
    )
    retry_advice_at = fields.Datetime(string="Advised Time", readonly=True, copy=False)
    retry_advice_reason = SaidField(string="Who Advised, and Why", readonly=True, copy=False)
    retry_advice_since = fields.Datetime(string="Advised", readonly=True, copy=False)
    part_plan_ids = fields.One2many(
        comodel_name="recovery.part.plan", inverse_name="case_id", string="Payments in Parts"
    )
    part_plan_id = fields.Many2one(
        comodel_name="recovery.part.plan",
        string="Payment in Parts",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="The latest agreement to pay in parts.",
    )
    part_plan_state = fields.Selection(related="part_plan_id.state", string="Parts")
    part_plan_reason = fields.Char(
        compute="_compute_part_plan_reason", string="Why It Ended", help="Why the parts ended."
    )
    part_ids = fields.One2many(related="part_plan_id.part_ids", string="Dated Parts")
    parts_agreed_at = fields.Datetime(related="part_plan_id.agreed_at")
    parts_agreed_by = fields.Selection(related="part_plan_id.agreed_by")
    parts_consent = fields.Text(related="part_plan_id.consent")
    offers_parts = fields.Boolean(
        compute="_compute_offers_parts",
        help="Whether the policy lets debts be paid in parts, and the case can be charged so.",
    )
    retry_block = fields.Char(
        string="Can't Be Retried Now",
        compute="_compute_retry_block",
        compute_sudo=True,  # Whoever sees the case need not see all charges of the method.
        help="Why a charge of the open case would be refused now, whoever asks for it.",
    )
    method_facts = fields.Char(
        compute="_compute_method_facts",
        string="Method Details",
        help="Network, funding, country and validity of the method, as the provider tells them.",
    )

    # === COMPUTE METHODS === #

    @api.depends("attempt_ids.state", "attempt_ids.planned_at")
    def _compute_next_attempt(self):
        for case in self:
            planned = case.attempt_ids.filtered(lambda attempt: attempt.state == "planned")[:1]
            case.next_attempt_id = planned
            case.next_attempt_at = planned.planned_at
            case.next_attempt_rule_id = planned.rule_id

    @api.depends("attempt_ids.state", "attempt_ids.sentence")
    @api.depends_context("lang", "tz")
    def _compute_next_attempt_sentence(self):
        for case in self:
            case.next_attempt_sentence = case.next_attempt_id.sentence

    def _search_next_attempt_at(self, operator, value):
        domain = [("state", "=", "planned"), ("planned_at", operator, value)]
        return [("attempt_ids", "any", domain)]

    @api.depends("move_id.collect_token_id", "partner_id", "token_id", "attempt_ids.state")
    def _compute_method_label(self):
        for case in self:
            token = case.next_attempt_id.token_id or case._get_default_token()
            case.method_label = token._recovery_get_label() if token else False

    @api.depends("next_attempt_id", "attempt_ids.probability", "attempt_ids.source")
    def _compute_next_odds(self):
        for case in self:
            attempt = case.next_attempt_id
            case.next_probability = attempt.probability
            case.next_probability_low = attempt.probability_low
            case.next_probability_high = attempt.probability_high
            case.next_source = attempt.source

    @api.depends("part_plan_id.end_reason")
    @api.depends_context("lang", "tz")
    def _compute_part_plan_reason(self):
        for case in self:
            case.part_plan_reason = case.part_plan_id.end_reason

    @api.depends("ladder", "policy_id.parts_most")
    def _compute_offers_parts(self):
        for case in self:
            case.offers_parts = bool(case.ladder and case.policy_id.parts_most)

    @api.depends("attempt_ids.state", "blocked_class", "move_id.collect_token_id", "state")
    def _compute_retry_block(self):
        for case in self:
            is_open = case.state in CHARGING_STATES and case._origin
            case.retry_block = is_open and case._get_retry_block()

    def _compute_method_facts(self):
        for case in self:
            # In sudo mode: the facts of a method are shown to whoever may see the case.
            token_sudo = (case.next_attempt_id.token_id or case._get_default_token()).sudo()
            case.method_facts = token_sudo and token_sudo._recovery_describe()

    # === ACTION METHODS === #

    def action_retry_now(self):
        """Make the next charge due and wake the job; nothing is charged in this request."""
        reason = say(self.env, "asked_by", user=self.env.user.name)
        left_out = self._act_on_each(
            lambda case_sudo: case_sudo._plan_by_user(fields.Datetime.now(), reason)
        )
        self.env["recovery.attempt"]._make_due()
        message = self.env._("The charge goes out as soon as the scheduled job comes to it.")
        return self._notify(message, left_out)

    def action_pay_in_parts(self):
        """Ask for the parts in which the customer pays."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Pay in Parts"),
            "res_model": "recovery.parts.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_case_id": self.id},
        }

    def action_cancel_parts(self):
        """End the payment in parts of these cases: the whole debt is recovered again."""
        reason = say(self.env, "parts_cancelled_by", user=self.env.user.name)
        for case_sudo in self._check_may_act():
            if block := case_sudo._get_in_flight_sentence():
                raise UserError(block)
            if case_sudo._get_running_part_plan():
                case_sudo._end_parts("cancelled", reason)
                case_sudo._plan_next_charge()
        return True

    def action_change_date(self):
        """Ask for another time of the next charge of these cases."""
        return self._open_wizard("date", self.env._("Change Date"))

    def action_skip(self):
        """Leave out the next charge of these cases; the schedule goes on with the one after."""
        reason = say(self.env, "skipped_by", user=self.env.user.name)
        left_out = self._act_on_each(lambda case_sudo: Planner(case_sudo).skip(reason))
        return self._notify(self.env._("The next charge is left out."), left_out)

    def action_method_updated(self):
        """Take a person's word that the customer has put their payment method in order."""
        for case_sudo in self._check_may_act():
            if case_sudo.blocked_class in ("fix_data", "customer_action"):
                case_sudo._get_default_token()._recovery_mark_updated()
        return True

    def set_retry_advice(self, kind, at=None, reason=None):
        """Advise when these open cases charge next; the retry schedule follows below all rules.

        For automation rules, server actions and the API. Charge hours, the networks' rules and the
        policy's window still hold, and nothing is charged in this call. ``now`` and ``at`` are for
        the next charge only, ``not_before`` holds until its time. New advice replaces old advice.

        :param str kind: ``now``, ``at`` or ``not_before``; empty takes the advice back
        :param at: for ``at`` and ``not_before``: UTC, a datetime or ``YYYY-MM-DD HH:MM:SS``
        :param str reason: why, for people
        :return: a sentence for each case that was left out: closed, or being charged right now
        :raise UserError: for an unknown kind, or one that needs a time and has none
        :raise AccessError: when the user may not write the cases
        """
        cases_sudo = self._check_may_act()
        values = prepare_advice_vals(self.env, kind, at, reason)
        left_out = []
        for case_sudo in cases_sudo:
            if block := case_sudo._get_acting_block(waiting=True):
                left_out.append(block)
                continue
            case_sudo.write(values)
            case_sudo._replan(values["retry_advice_reason"] or say(self.env, "planned_anew"))
        return left_out

    # === BUSINESS METHODS === #

    def _plan_next_charge(self, attempts=None, transactions=None, owed=None):
        """Fill the hook: plan the next charge, unless one is unfinished, or begin the grace period.

        :param attempts: those of the invoice, where they have just been read
        :param transactions: those of the invoice that have just changed
        :param float owed: of the case, where it has just been read
        """
        self.ensure_one()
        result = super()._plan_next_charge(attempts, transactions, owed)
        Planner(self, owed=owed).plan_next(attempts, transactions)
        return result

    def _wait_for_provider(self):
        """Fill the hook: let the case wait while the company's own fault keeps it from being paid.

        :return: whether it waits
        """
        self.ensure_one()
        return super()._wait_for_provider() or Planner(self).wait_for_provider()

    def _replan(self, reason):
        """Plan the next charge anew, unless a person has chosen its time."""
        self.ensure_one()
        Planner(self).replan(reason)

    def _plan_by_user(self, instant, sentence):
        """Plan the next charge for an instant that a person chose (UTC, naive).

        :return: why it is refused, for a person; nothing when it is planned
        """
        self.ensure_one()
        return Planner(self).plan_by_user(instant, sentence)

    def _retry_from(self, instant, reason):
        """Plan the next charge as soon as hours and rules allow, not before a naive UTC instant.

        :param instant: empty for now
        :return: why there is none, for a person; nothing when it is planned
        """
        self.ensure_one()
        return Planner(self).retry_from(instant, reason)

    def _plan_backup(self, reason):
        """Plan a charge of another saved method of the customer that they agreed to.

        :return: why there is none, for a person; nothing when it is planned
        """
        self.ensure_one()
        return Planner(self).plan_backup(reason)

    def _begin_parts(self, parts, consent, author=None):
        """Keep what was agreed: the debt is paid in parts, each charged on its day.

        :param parts: pairs of a day, where the customer lives, and an amount
        :param str consent: what the customer agreed to, as they read it
        :param author: the `res.partner` who agreed; none when a person wrote it down for them
        :return: why it can't be, for a person; nothing when it is kept
        """
        self.ensure_one()
        return begin(self, parts, consent, author)

    def _end_parts(self, state, reason):
        """End the parts of this case: the whole debt is recovered, with the whole window.

        :param str state: of the plan: ``broken`` or ``cancelled``
        """
        self.ensure_one()
        end(self, state, reason)

    def _break_parts(self):
        """Fill the hook: the time of the parts is over, so the whole debt is recovered."""
        self.ensure_one()
        if super()._break_parts() or not self._get_running_part_plan():
            return False
        self._end_parts("broken", say(self.env, "parts_overdue"))
        self._plan_next_charge()
        return True

    def _on_parts_agreed(self):
        """Hook: this case is paid in parts from now on; does nothing by itself.

        Filled by notice, which confirms it, and by page, whose promises it replaces.
        """

    def _remind_of_part(self, attempt):
        """Hook for `notice`, which reminds the customer of a part before it is charged.

        It does nothing by itself.

        :param attempt: the planned charge of the part
        """

    def _announce_backup(self, token):
        """Hook for `notice`, which tells the customer of the first charge of a backup method.

        It does nothing by itself; what has not been announced is not charged.

        :param token: the backup
        """

    def _on_new_method(self):
        """Hook for the page, whose promises are kept by a new method; it does nothing by itself.

        The case is just about to be charged to a method that the customer has saved for it.
        """

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
        return Forecast(self, move, policy, rng).list_charges()

    def _on_closed(self, reason):
        """Fill the hook: a closed case waits for no payment method, and has no parts to come."""
        result = super()._on_closed(reason)
        for case in self:
            Planner(case).unblock()
            target = "paid" if case.state == "recovered" else "cancelled"
            case._get_running_part_plan()._set_state(target, reason)
        return result

    @api.model
    def _prepare_opening_vals(self, move, due_date, policy):
        """Fill the hook: draw the arm of a case that opens."""
        values = super()._prepare_opening_vals(move, due_date, policy)
        return {**values, "arm": self._draw_arm(move, due_date, policy)}

    @api.model
    def _draw_arm(self, move, due_date, policy):
        """Return the arm of the case of an invoice; the same one however often it is asked."""
        if policy.retry_schedule != "smart":
            return False
        name = f"{self._get_database_uuid()} {move.id} {fields.Date.to_string(due_date)}"
        digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
        drawn = int.from_bytes(digest, "big") / 2**64
        return "control" if drawn < policy.control_share else "smart"

    # === GETTERS === #

    def _get_part_plan(self):
        """Return the plan by which this life of the case is, or was, paid in parts, or none."""
        plan = self.part_plan_id
        is_of_this_life = plan and plan.life == self.life and plan.state != "paid"
        return plan if is_of_this_life else plan.browse()

    def _get_running_part_plan(self):
        """Return the plan by which the case is paid in parts now, or none."""
        return self._get_part_plan().filtered(lambda plan: plan.state == "running")

    def _is_charged_since_parts(self):
        """Return whether a charge was made since the latest plan ended, or another one began."""
        ended_at = self.part_plan_id.ended_at
        charged = self.attempt_ids.filtered("transaction_id").mapped("started_at")
        return not ended_at or any(at and at > ended_at for at in charged)

    def _judge_method(self, token, amount=None):
        """Return a saved method with what stands against charging it for this case.

        :param amount: what would be charged, where it is known; else what is owed
        :rtype: MethodChoice
        """
        self.ensure_one()
        return MethodChooser(self).judge(token, amount)

    def _get_other_tokens(self):
        """Return the customer's methods that could be charged, the latest first."""
        self.ensure_one()
        return MethodChooser(self).get_other_tokens()

    def _get_timing_constraints(self, finished, choice):
        """Return what else forbids or delays a charge of the chosen method.

        Hook for addons with constraints of their own, as :mod:`timing.constraints` has them.

        :param finished: the attempts that failed, oldest first
        :param MethodChoice choice: the method to charge
        """
        return TimingFacts(self).get_constraints(finished, choice)

    def _charges_new_method(self):
        """Return whether a method that the customer saves now is charged for this case at once.

        Nobody is told so otherwise.
        """
        self.ensure_one()
        return Planner(self).may_charge_new_method() and not self.move_id._get_dispute_block()

    def _get_coming_charge(self):
        """Return the planned charge of which people may be told: nothing known stands against it.

        Looked at again whenever a customer is told of it: what stood in its way since it was
        planned need not have been followed yet.
        """
        self.ensure_one()
        planned = self.next_attempt_id
        if not planned or not self._is_charging() or planned._get_lasting_block():
            return planned.browse()
        return planned

    def _is_of_this_life(self, attempt):
        """Return whether an attempt came after the first failure, or after the case re-opened."""
        self.ensure_one()
        if attempt.case_id != self or attempt == self.first_attempt_id:
            return False
        return not attempt.finished_at or attempt.finished_at >= self.first_failure_at

    def _get_last_failure(self, attempts):
        """Return when the latest of these attempts, or of the case itself, failed, naive UTC."""
        failed = attempts.filtered(lambda attempt: attempt.state in FAILED_STATES)
        return max(failed.mapped("finished_at"), default=self.first_failure_at)

    def _get_charge_hours(self):
        """Return the hours in which the customer may be charged."""
        self.ensure_one()
        return self.policy_id._get_charge_hours(self.partner_id)

    def _get_retry_block(self):
        """Return why a charge that a person asks for now is refused, or none."""
        self.ensure_one()
        return self._get_acting_block(waiting=False) or Planner(self).get_block_at(
            fields.Datetime.now()
        )

    def _find_free_instant(self):
        """Return the first naive UTC instant at which a person may let the case charge, or none."""
        self.ensure_one()
        if self.state not in CHARGING_STATES or self._get_in_flight_sentence():
            return None
        return Planner(self).find_free_instant(fields.Datetime.now())

    def _get_skip_block(self):
        """Return why the next charge can't be left out, or none."""
        self.ensure_one()
        if block := self._get_acting_block(waiting=False):
            return block
        if not self.next_attempt_id:
            return self.env._("No charge of %(case)s is planned.", case=self.display_name)
        return None

    def _get_update_block(self):
        """Return why nobody can say that the customer has put their method in order, or none."""
        self.ensure_one()
        if block := self._get_acting_block(waiting=False):
            return block
        if self.blocked_class not in ("fix_data", "customer_action"):
            return self.env._(
                "%(case)s does not wait for an update of the method.", case=self.display_name
            )
        return None

    @api.model
    def _render(self, sentence):
        """Return a sentence of `timing` in words; one that was put into words already as it is."""
        return put(self.env, sentence)

    @api.model
    def _get_database_uuid(self):
        # In sudo mode: whoever pays has no rights on parameters.
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")
