# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A debt that is paid in parts: when each part is charged, and what becomes of one that fails."""

from datetime import datetime, time, timedelta

from odoo import fields

from ...timing import Stop
from ...tools.instants import aware, find_zone, naive
from ...tools.said import say
from ..case.recovery_attempt import FAILED_STATES
from .decider import Decider, PlannedCharge

# Two parts are never charged within less, should one have become due while another was tried.
PART_REST = timedelta(days=1)


class Since:
    """A case as its retry schedule sees it from a later beginning than its own.

    A part that fails has the schedule of the policy to itself, and what is left of a broken plan
    has it once more, instead of what the charges before have left of it.

    :param attempt: the failed charge with which it begins; may be none
    :param begin: naive UTC instant at which it begins
    :param waited: hours for which the case had waited for its provider by then
    """

    def __init__(self, case, attempt, begin, waited):
        self._case = case
        self.first_attempt_id = attempt
        self.first_failure_at = begin
        self._waited = timedelta(hours=max(case.waited_hours - waited, 0.0))
        self.deadline_at = self._get_clock_start() + timedelta(days=case.policy_id.window_days)

    def __getattr__(self, name):
        return getattr(self._case, name)

    def _get_clock_start(self):
        return self.first_failure_at + self._waited


class PartSchedule:
    """Decides on the charges of a case that is, or in this life was, paid in parts.

    :param case: a `recovery.case` with such a plan
    """

    def __init__(self, case):
        self.case = case
        self.env = case.env
        self.plan = case._get_part_plan()

    @property
    def is_running(self):
        return self.plan.state == "running"

    def list_charges(self):
        """Return the parts that are to be charged with their amounts, the earliest first."""
        return self.plan._list_charges() if self.is_running else []

    def find_earliest(self):
        """Return the earliest part that is open, or none."""
        return next((part for part, _amount in self.list_charges()), self.env["recovery.part"])

    def find_next(self):
        """Return the part that is charged next, and with how much; none when nothing is owed."""
        charges = self.list_charges()
        # Where later parts go on, those that failed are none of its business.
        for part, amount in charges:
            if not (self.plan.goes_on and part._find_failed()):
                return part, amount
        return charges[0] if charges else (self.env["recovery.part"], 0.0)

    def is_before_next(self):
        """Return whether no part is due yet, or has failed."""
        part, _amount = self.find_next()
        is_due = part and self._get_midnight(part.day) <= fields.Datetime.now()
        return not is_due and not part.filtered(lambda each: each._find_failed())

    def decide(self, attempts, choice):
        """Return the next charge of a running plan, or why there is none.

        A part that failed is tried again by the policy's schedule, which it has to itself. Later
        parts wait for it, or go on, as was agreed.

        :param attempts: the attempts of this life, oldest first
        :param MethodChoice choice: the method to charge, that nothing stands against
        :rtype: PlannedCharge | Stop
        """
        found, stop = [], Stop(say(self.env, "parts_all_tried"))
        for part, _amount in self.list_charges():
            failed = part._find_failed()
            if not failed:
                found.append(self._charge_on_its_day(part, attempts, choice))
                break
            if not found:
                view = self._see(failed)
                charge = Decider(view).decide(failed[1:], choice)
                if isinstance(charge, Stop):
                    stop = charge
                else:
                    found.append(_name(charge, part))
            if not self.plan.goes_on:
                break
        possible = [charge for charge in found if not isinstance(charge, Stop)]
        return min(possible, key=lambda charge: charge.planned_at) if possible else stop

    def decide_whole(self, attempts, choice):
        """Return the next charge of what a plan that has ended left open, or why there is none."""
        since = attempts.filtered(self._is_after_plan)
        return Decider(self.see_whole(attempts)).decide(since, choice)

    def see_whole(self, attempts):
        """Return the case as its schedule sees it since the plan ended."""
        before = attempts.filtered(lambda each: each.state in FAILED_STATES) - attempts.filtered(
            self._is_after_plan
        )
        # What the case waited before, its deadline has in it.
        view = Since(self.case, before[-1:], self.plan.ended_at, self.case.waited_hours)
        view.deadline_at = self.case.deadline_at
        return view

    def keep_deadline(self):
        """Let the window of the case last as long as what is charged next may be tried.

        A part that can't be charged at all, for want of a method, then ends the plan in time.
        """
        charges = self.list_charges()
        if not charges:
            return
        window = timedelta(days=self.case.policy_id.window_days)
        waited = timedelta(hours=max(self.case.waited_hours - self.plan.waited_hours, 0.0))
        deadlines = []
        for part, _amount in charges:
            failed = part._find_failed()
            if failed:
                deadlines.append(self._see(failed).deadline_at)
            else:
                deadlines.append(self._get_midnight(part.day) + window + waited)
            if not failed or not self.plan.goes_on:
                break
        if self.case.deadline_at != max(deadlines):
            self.case.deadline_at = max(deadlines)

    # === HELPERS === #

    def _see(self, failed):
        return Since(self.case, failed[0], failed[0].finished_at, self.plan.waited_hours)

    def _is_after_plan(self, attempt):
        return not attempt.finished_at or attempt.finished_at > self.plan.ended_at

    def _charge_on_its_day(self, part, attempts, choice):
        """Return the first charge of a part: on its day, in the hours for charges."""
        at = max(self._get_midnight(part.day), fields.Datetime.now())
        paid = attempts.filtered(lambda each: each.state == "paid" and each.part_id)
        if paid:
            at = max(at, max(paid.mapped("finished_at")) + PART_REST)
        at = naive(self.case._get_charge_hours().next_instant(aware(at)))
        sentence = say(
            self.env, "part_due", number=part._get_number(), count=len(self.plan.part_ids)
        )
        charge = PlannedCharge(at, "part", sentence)
        return _name(Decider(self.case).bound(charge, choice, attempts.browse()), part)

    def _get_midnight(self, day):
        """Return the naive UTC instant at which a day begins where the customer lives."""
        partner = self.case.partner_id.with_company(self.case.company_id)
        return naive(datetime.combine(day, time(), find_zone(partner._get_recovery_tz())))


def _name(charge, part):
    """Return a charge that knows which part it is of; what is no charge stays as it is."""
    if isinstance(charge, Stop):
        return charge
    return charge._replace(facts={**charge.facts, "part_id": part.id})
