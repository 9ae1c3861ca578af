# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the kind of a decline decides by itself, and everything that limits the next charge."""

from dataclasses import replace
from datetime import datetime, timedelta

from ...tools.instants import aware
from ..case import Case, Hint
from ..constraints import AllowedHours, AllowedInstants, Constraint, NotBefore
from ..decision import Decision, Sentence, Stop
from .backoff import WAITS, plan_technical_retry

_ENDS = {
    "never": "needs_other_method",
    "fix_data": "needs_details",
    "customer_action": "needs_confirmation",
}
_ADVICE_ENDS = {
    "never": "never",
    "update_data": "fix_data",
    "customer_action": "customer_action",
}
# An account that was empty is seldom filled within hours.
REST_KIND, REST = "rest", timedelta(hours=4)


def stop_or_quick(case: Case, now: datetime) -> Stop | Decision | None:
    """Return the stop or the quick technical retry that a case calls for; None to plan it.

    :param case: a tidy one
    """
    last = case.failures[-1]
    kind = last.decline_class if last.decline_class in _ENDS else _ADVICE_ENDS.get(last.advice)
    since = case.method.since
    if kind and not (since and aware(since) > last.at):
        return Stop(Sentence(_ENDS[kind]))
    policy = case.policy
    end = case.failures[0].at + timedelta(days=policy.window)
    run = case.quick_run
    if 0 < run <= len(WAITS) and policy.tries > 0:
        quick = plan_technical_retry(run, last.at)
        # What holds quick tries back are rules, not the hours of the customer's day.
        at, binding = AllowedInstants(_rules(case), end).first(max(quick.at, now))
        if at is not None:
            return replace(quick, at=at)
        if binding:
            return Stop(binding.sentence)
    if case.tries_used >= policy.tries:
        return Stop(Sentence("all_tries_made", {"tries": policy.tries}))
    if now > end:
        days = {"days": f"{policy.window:g}"}
        return Stop(Sentence("window_of_days_over", days))
    return None


def allowed_instants(case: Case) -> AllowedInstants:
    """Return all constraints of a case as one set."""
    policy = case.policy
    end = case.failures[0].at + timedelta(days=policy.window)
    hours = AllowedHours(case.hours, policy.weekdays)
    return AllowedInstants((*_rules(case), *_rest(case), hours), end)


def _rest(case: Case) -> list[Constraint]:
    """Return what keeps two tries apart that nobody asked for to be close.

    Without it tries that are left near the end of the window would be spent within minutes.
    """
    last = case.failures[-1]
    if last.wait_until or any(hint.kind in ("now", "at") for hint in case.hints):
        return []
    sentence = Sentence("just_declined")
    return [NotBefore(REST_KIND, last.at + REST, sentence)]


def _rules(case: Case) -> list[Constraint]:
    rules = list(case.constraints)
    wait = max((f.wait_until for f in case.failures if f.wait_until), default=None)
    if wait:
        sentence = Sentence("network_asked")
        rules.append(NotBefore("advice", wait, sentence))
    for hint in case.hints:
        if hint.kind == "not_before" and hint.at:
            sentence = hint.sentence or Sentence("somebody_asked")
            rules.append(NotBefore("hint", aware(hint.at), sentence))
    return rules


def follow_hint(
    case: Case, allowed: AllowedInstants, earliest: datetime
) -> tuple[datetime, Hint] | None:
    """Return the instant that outside advice names, moved to the first allowed one."""
    for hint in reversed(case.hints):
        if hint.kind == "now":
            return earliest, hint
        if hint.kind == "at" and hint.at:
            at, _binding = allowed.first(max(earliest, aware(hint.at)))
            if at is not None:
                return at, hint
    return None
