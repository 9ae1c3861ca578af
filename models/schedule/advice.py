"""Outside advice: a person, an automation or another service says when to charge."""

from datetime import datetime, timezone

from odoo import fields, models
from odoo.exceptions import UserError

from ...timing import Sentence
from ...timing.plan.smart import Hint
from ..case.recovery_attempt import FAILED_STATES
from ..case.recovery_case import OPEN_STATES
from .planner import _aware, _naive

ADVICE_KINDS = [
    ("now", "As soon as allowed"),
    ("at", "At a time"),
    ("not_before", "Not before a time"),
]


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    retry_advice = fields.Selection(
        selection=ADVICE_KINDS,
        readonly=True,
        copy=False,
        help="What somebody, or something, outside the schedule advised for the next charge.",
    )
    retry_advice_at = fields.Datetime(string="Advised Time", readonly=True, copy=False)
    retry_advice_reason = fields.Char(string="Who Advised, and Why", readonly=True, copy=False)
    retry_advice_since = fields.Datetime(string="Advised", readonly=True, copy=False)

    # === ACTION METHODS === #

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
        values = self._prepare_advice_vals(kind, at, reason)
        left_out = []
        for case_sudo in cases_sudo:
            if block := case_sudo._get_acting_block(waiting=True):
                left_out.append(block)
                continue
            case_sudo.write(values)
            case_sudo._replan(values["retry_advice_reason"] or self.env._("Planned anew."))
        return left_out

    def _prepare_advice_vals(self, kind, at, reason):
        if kind and kind not in dict(ADVICE_KINDS):
            raise UserError(
                self.env._(
                    "Advice is “now”, “at” or “not_before”; “%(kind)s” is none of them.", kind=kind
                )
            )
        instant = self._read_advised_instant(at) if kind in ("at", "not_before") else False
        if kind in ("at", "not_before") and not instant:
            raise UserError(
                self.env._("Say the time of the advice, in UTC, as “2026-11-30 09:00:00”.")
            )
        now = fields.Datetime.now()
        return {
            "retry_advice": kind or False,
            "retry_advice_at": instant,
            "retry_advice_reason": self._describe_advice(kind, instant, reason) if kind else False,
            "retry_advice_since": now if kind else False,
        }

    def _read_advised_instant(self, at):
        """Return a naive UTC instant, or none when there is none to read."""
        try:
            if isinstance(at, str) and "T" in at:  # As other services write it.
                at = datetime.fromisoformat(at.replace("Z", "+00:00"))
            if isinstance(at, datetime) and at.tzinfo:
                at = at.astimezone(timezone.utc).replace(tzinfo=None)
            instant = fields.Datetime.to_datetime(at)
        except (TypeError, ValueError):
            return None
        return instant and instant.replace(microsecond=0)

    def _describe_advice(self, kind, instant, reason):
        """Return the sentence by which the charge is explained."""
        token = self.env["payment.token"]
        date = instant and token._recovery_format_instant(instant)
        known = {"user": self.env.user.name, "date": date}
        sentence = {
            "now": self.env._("As soon as allowed, as advised by %(user)s.", **known),
            "at": self.env._("At %(date)s, as advised by %(user)s.", **known),
            "not_before": self.env._("Not before %(date)s, as advised by %(user)s.", **known),
        }[kind]
        return f"{sentence} {reason}" if reason else sentence

    # === BUSINESS METHODS === #

    def _replan(self, reason):
        """Plan the next charge anew, unless a person has chosen its time."""
        self.ensure_one()
        planned = self.next_attempt_id
        if self.state != "in_recovery" or planned.source == "user":
            return
        planned._set_state("cancelled", sentence=reason)
        self._plan_next_charge()

    def _forget_used_advice(self, attempts):
        """Drop advice about one charge once it was made, and about a time once it has come."""
        if not self.retry_advice:
            return
        last = self._get_last_failure(attempts)
        until = self.retry_advice_at if self.retry_advice == "not_before" else False
        is_used = until <= fields.Datetime.now() if until else last > self.retry_advice_since
        if is_used:
            self.write(dict.fromkeys(self._get_advice_fields(), False))

    def _follow_retry_advice(self, plan, finished):
        """Return a plan of the fixed schedule as outside advice has it."""
        for hint in self._get_retry_hints(_aware(self._get_last_failure(finished))):
            now = _aware(fields.Datetime.now())
            at = max(now, hint.at or now)
            if hint.kind == "not_before" and _aware(plan.planned_at) >= at:
                continue
            at = self._get_charge_hours().next_instant(at)
            sentence = self._render(hint.sentence)
            plan = plan._replace(planned_at=_naive(at), source="hint", sentence=sentence)
        return plan

    # === GETTERS === #

    def _get_retry_hints(self, last_failure):
        """Return the advice that is still to be followed, as the timing engine takes it.

        :param last_failure: aware instant; what was advised about an earlier charge is used up
        """
        kind = self.retry_advice
        if not kind or self.state not in OPEN_STATES:
            return []
        if kind != "not_before" and _aware(self.retry_advice_since) < last_failure:
            return []
        at = self.retry_advice_at and _aware(self.retry_advice_at)
        return [Hint(kind, at or None, Sentence(self.retry_advice_reason or ""))]

    def _get_last_failure(self, attempts):
        """Return when the latest of these attempts, or of the case itself, failed, naive UTC."""
        failed = attempts.filtered(lambda attempt: attempt.state in FAILED_STATES)
        return max(failed.mapped("finished_at"), default=self.first_failure_at)

    def _get_advice_fields(self):
        return ("retry_advice", "retry_advice_at", "retry_advice_reason", "retry_advice_since")
