# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Outside advice: a person, an automation or another service says when to charge."""

from datetime import datetime

from odoo import fields
from odoo.exceptions import UserError

from ...timing.plan.smart import Hint
from ...tools.instants import aware, naive
from ...tools.said import join, say
from ..case.states import OPEN_STATES

ADVICE_KINDS = [
    ("now", "As soon as allowed"),
    ("at", "At a time"),
    ("not_before", "Not before a time"),
]
# The fields of a case that keep what was advised.
ADVICE_FIELDS = ("retry_advice", "retry_advice_at", "retry_advice_reason", "retry_advice_since")


class RetryAdvice:
    """What was advised for the next charge of a case, as long as it is to be followed."""

    def __init__(self, case):
        self.case = case
        self.env = case.env

    def forget_used(self, attempts):
        """Drop advice about one charge once it was made, and about a time once it has come."""
        case = self.case
        if not case.retry_advice:
            return
        last = case._get_last_failure(attempts)
        until = case.retry_advice_at if case.retry_advice == "not_before" else False
        is_used = until <= fields.Datetime.now() if until else last > case.retry_advice_since
        if is_used:
            case.write(dict.fromkeys(ADVICE_FIELDS, False))

    def follow(self, charge, finished):
        """Return a charge of the fixed schedule as outside advice has it.

        :param PlannedCharge charge:
        :param finished: the attempts that failed
        """
        case = self.case
        for hint in self.get_hints(aware(case._get_last_failure(finished))):
            now = aware(fields.Datetime.now())
            at = max(now, hint.at or now)
            if hint.kind == "not_before" and aware(charge.planned_at) >= at:
                continue
            at = case._get_charge_hours().next_instant(at)
            sentence = case._render(hint.sentence)
            charge = charge._replace(planned_at=naive(at), source="hint", sentence=sentence)
        return charge

    def get_hints(self, last_failure):
        """Return the advice that is still to be followed, as the timing engine takes it.

        :param last_failure: aware instant; what was advised about an earlier charge is used up
        """
        case = self.case
        kind = case.retry_advice
        if not kind or case.state not in OPEN_STATES:
            return []
        if kind != "not_before" and aware(case.retry_advice_since) < last_failure:
            return []
        at = case.retry_advice_at and aware(case.retry_advice_at)
        return [Hint(kind, at or None, case.retry_advice_reason or None)]


def prepare_advice_vals(env, kind, at, reason):
    """Return the values that keep advice on a case.

    :param str kind: one of :data:`ADVICE_KINDS`; empty to forget it
    :param at: UTC, a datetime or text
    :raise UserError: for an unknown kind, or one that needs a time and has none
    """
    if kind and kind not in dict(ADVICE_KINDS):
        raise UserError(
            env._("Advice is “now”, “at” or “not_before”; “%(kind)s” is none of them.", kind=kind)
        )
    instant = _read_instant(at) if kind in ("at", "not_before") else False
    if kind in ("at", "not_before") and not instant:
        raise UserError(env._("Say the time of the advice, in UTC, as “2026-11-30 09:00:00”."))
    return {
        "retry_advice": kind or False,
        "retry_advice_at": instant,
        "retry_advice_reason": _describe(env, kind, instant, reason) if kind else False,
        "retry_advice_since": fields.Datetime.now() if kind else False,
    }


def _read_instant(at):
    """Return a naive UTC instant, or none when there is none to read."""
    try:
        if isinstance(at, str) and "T" in at:  # As other services write it.
            at = datetime.fromisoformat(at.replace("Z", "+00:00"))
        if isinstance(at, datetime) and at.tzinfo:
            at = naive(at)
        instant = fields.Datetime.to_datetime(at)
    except (TypeError, ValueError):
        return None
    return instant and instant.replace(microsecond=0)


def _describe(env, kind, instant, reason):
    """Return the sentence by which the charge is explained."""
    known = {"user": env.user.name, "at": instant}
    sentence = {
        "now": say(env, "advised_now", **known),
        "at": say(env, "advised_at", **known),
        "not_before": say(env, "advised_not_before", **known),
    }[kind]
    return join(env, sentence, reason)
