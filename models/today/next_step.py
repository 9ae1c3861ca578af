# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What happens next: one sentence with its time, worked out when it is read.

The kinds stand in one list, in the order in which they are asked: the first whose condition holds
is the next step. The same conditions find the records of a kind, so that lists can be filtered.
"""

from odoo.fields import Domain

from ..case.recovery_attempt import IN_FLIGHT
from ..case.states import CHARGING_STATES, OPEN_STATES

KINDS = [
    ("look", "You Must Look"),
    ("charging", "Charge Under Way"),
    ("setup", "Waits for Our Own Set-Up"),
    ("customer", "Waits for the Customer"),
    ("wait", "Waits for a Day"),
    ("charge", "Charge Planned"),
    ("message", "Message Planned"),
    ("end", "About to End"),
    ("nothing", "Nothing"),
]
IS_OPEN = Domain("state", "in", OPEN_STATES)
IS_CHARGING = Domain("state", "in", CHARGING_STATES)

# The steps of a case: the kind, its condition, and who says the sentence (of :class:`CaseTeller`).
CASE_STEPS = (
    ("look", Domain("attention", "!=", False), "_say_look"),
    ("charging", Domain("attempt_ids", "any", [("state", "in", IN_FLIGHT)]), "_say_charging"),
    ("nothing", ~IS_OPEN, "_say_closed"),
    ("wait", Domain("state", "=", "paused"), "_say_paused"),
    ("wait", Domain("state", "=", "suspended"), "_say_suspended"),
    ("wait", Domain("excluded", "in", ("charges", "both")), "_say_excluded"),
    ("setup", IS_CHARGING & Domain("blocked_class", "=", "merchant"), "_say_setup"),
    ("customer", IS_CHARGING & Domain("blocked_class", "!=", False), "_say_customer"),
    ("charge", Domain("attempt_ids", "any", [("state", "=", "planned")]), "_say_charge"),
    ("message", Domain("notice_ids", "any", [("state", "=", "planned")]), "_say_message"),
    ("end", Domain("state", "=", "grace"), "_say_grace"),
    ("nothing", Domain.TRUE, "_say_nothing"),
)


def find_domain(steps, kinds):
    """Return the domain of the records whose next step is of one of these kinds.

    :param steps: as :data:`CASE_STEPS`
    :param kinds: of :data:`KINDS`
    """
    found, earlier = Domain.FALSE, Domain.FALSE
    for kind, condition, _teller in steps:
        if kind in kinds:
            found |= condition & ~earlier
        earlier |= condition
    return found


def split_by_step(records, steps):
    """Yield the steps with those of the records whose next step they are."""
    for kind, condition, teller in steps:
        if found := records.filtered_domain(condition):
            yield kind, teller, found
            records -= found


class CaseTeller:
    """Says what happens next to a case.

    :param reader: the :class:`tools.moments.Reader`
    """

    def __init__(self, env, reader):
        self._env = env
        self._reader = reader

    def tell(self, teller, case):
        """Return the sentence of a step of :data:`CASE_STEPS`."""
        return getattr(self, teller)(case)

    def _say_look(self, case):
        return say_look(self._env, case.attention)

    def _say_charging(self, case):
        attempts = case.attempt_ids.filtered(lambda each: each.state in IN_FLIGHT)
        return say_charging(self._env, self._reader, attempts[:1])

    def _say_closed(self, case):
        if not case.closed_at:
            return self._env._("Nothing: the case is closed.")
        closed = self._reader.say_instant(case.closed_at)
        return self._env._("Nothing: the case was closed %(when)s.", when=closed)

    def _say_paused(self, case):
        if not case.paused_until:
            return self._env._("Is paused until somebody resumes it.")
        day = self._reader.say_day(case.paused_until)
        return self._env._("Is paused; charges again %(day)s.", day=day)

    def _say_suspended(self, case):
        if case.postponed_until:
            day = self._reader.say_day(case.postponed_until)
            return self._env._("Waits: the invoice is due later, %(day)s.", day=day)
        if case.end_reason:
            return self._env._("Waits: %(reason)s", reason=case.end_reason)
        return self._env._("Waits until the invoice can be charged again.")

    def _say_excluded(self, case):
        sentence = case.exclusion_sentence or self._env._("Charges are excluded.")
        return self._env._("Waits: %(reason)s", reason=sentence)

    def _say_setup(self, case):
        return self._env._(
            "Waits until %(provider)s is put in order.",
            # In sudo mode: an accountant need not be allowed to see providers.
            provider=case.waiting_provider_id.sudo().name or self._env._("the provider"),
        )

    def _say_customer(self, case):
        if case.blocked_class == "customer_action":
            return self._env._("Waits for the customer to confirm the payment.")
        if case.blocked_class == "fix_data" and case.method_label:
            return self._env._(
                "Waits for the customer to update %(method)s.", method=case.method_label
            )
        return self._env._("Waits for the customer to add a payment method.")

    def _say_charge(self, case):
        attempt = case.next_attempt_id
        if case._get_promise_end():
            day = self._reader.say_day(case.promise_date)
            return self._env._("Waits for the customer, who promised to pay %(day)s.", day=day)
        if attempt.part_id and case._get_running_part_plan():
            return self._env._(
                "Pays in parts: %(amount)s are charged %(when)s.",
                amount=case.currency_id.format(attempt._get_amount()),
                when=self._reader.say_instant(attempt.planned_at),
            )
        home = case.partner_id.with_company(case.company_id)._get_recovery_tz()
        return say_charge(self._env, self._reader, attempt.planned_at, case.method_label, home)

    def _say_message(self, case):
        notice = min(
            case.notice_ids.filtered(lambda each: each.state == "planned"),
            key=lambda each: each.planned_at,
        )
        return self._env._(
            "%(message)s goes out %(when)s.",
            message=notice.name or notice.display_name,
            when=self._reader.say_instant(notice.held_until or notice.planned_at),
        )

    def _say_grace(self, case):
        if not case.grace_until:
            return self._env._("All retries are used up; the case ends soon.")
        ends = self._reader.say_instant(case.grace_until)
        return self._env._("All retries are used up; the case ends %(when)s.", when=ends)

    def _say_nothing(self, case):
        return self._env._("Nothing is planned yet.")


def say_look(env, sentence):
    """Return that a person must look at what an alert says."""
    return env._("You must look: %(sentence)s", sentence=sentence)


def say_charge(env, reader, instant, method, home):
    """Return that a method will be charged at a naive UTC instant.

    :param str home: the name of the customer's time zone
    """
    when = reader.say_instant(instant, home)
    if method:
        return env._("Will be charged %(when)s to %(method)s.", when=when, method=method)
    return env._("Will be charged %(when)s.", when=when)


def say_charging(env, reader, attempt):
    """Return what a charge under way waits for."""
    if attempt.state == "running":
        return env._("Is being charged right now.")
    ask_at = attempt.resolve_at if attempt.state == "unknown" else attempt.deadline_at
    if attempt.state == "unknown":
        if not ask_at:
            return env._("Waits for the provider's word on the charge.")
        when = reader.say_instant(ask_at)
        return env._("Waits for the provider, who is asked again %(when)s.", when=when)
    if not ask_at:
        return env._("The money is on its way.")
    when = reader.name_instant(ask_at)
    return env._("The money is on its way; the bank lets know until %(when)s.", when=when)
