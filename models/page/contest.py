# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Invoices that their customer contests on the page: wrong, not delivered, or paid already.

Not to be mixed up with disputes, which are payments that a customer has their bank take back. An
open contest excludes the case from charges and notices, if its policy says so, until a person
decides, or the case ends.
"""

from odoo import fields

from ...tools.said import Choice, say
from ..case.alerts import answer_case
from ..case.answers import fill_answer
from ..case.exclusion import Exclusion

REASONS = [
    ("amount", "The amount is wrong"),
    ("delivery", "Not delivered"),
    ("paid", "Paid already"),
    ("other", "Something else is wrong"),
]
STATES = [
    ("open", "To Be Decided"),
    ("stands", "Invoice Stands"),
    ("paid", "Paid All the Same"),
    ("dropped", "Credited or Given Up"),
]


class Contest:
    """What a customer has against the invoice of one case.

    :param case: the `recovery.case`, in sudo mode
    """

    def __init__(self, case):
        self.case = case
        self.env = case.env

    @property
    def is_open(self):
        return self.case.contest_state == "open"

    def begin(self, reason):
        """Keep that the customer contests the invoice, and stop if the policy says so.

        What a person has decided once is not begun again: it is a question then.

        :param str reason: one of :data:`REASONS`
        """
        case = self.case
        if case.contest_state and not self.is_open:
            return False
        case.write(
            {
                "contest_reason": reason,
                "contest_state": "open",
                "contested_at": case.contested_at or fields.Datetime.now(),
            }
        )
        case._ask_for_attention(self._describe_task(), activity=True, kind="contested")
        case._follow_exclusion()
        case._on_changed()
        case._ask_to_follow()
        return True

    def decide(self, reason):
        """Let recovery go on: a person has found that the invoice stands."""
        case = self.case
        case.contest_state = "stands"
        answer_case(case, "contested")
        case.message_post(body=reason)
        case._follow_exclusion()
        case._ask_to_follow()

    def end(self):
        """Note how a contested case ended."""
        if self.is_open:
            self.case.contest_state = "paid" if self.case.state == "recovered" else "dropped"

    def get_exclusion(self):
        """Return what an open contest excludes the case from, or none.

        :rtype: Exclusion | None
        """
        if not self.is_open or self.case.policy_id.contest_action != "stop":
            return None
        return Exclusion("both", self.describe())

    def describe(self):
        """Return what the customer has against the invoice, for a person."""
        return say(
            self.env,
            "contested",
            reason=Choice(self.case, "contest_reason", self.case.contest_reason),
        )

    def explain(self):
        """Return what becomes of it, as the customer reads it; nothing when nothing is stopped."""
        if not self.get_exclusion():
            return None
        return self.env._(
            "You told us that something is wrong with this invoice. Until we have looked into it, "
            "we charge nothing and send no reminders."
        )

    def _describe_task(self):
        return say(
            self.env,
            "contest_task",
            contest=self.describe(),
        )

    def _get_reason(self):
        field = self.case._fields["contest_reason"]
        return dict(field._description_selection(self.env)).get(self.case.contest_reason, "")


fill_answer("contested", lambda case: case.contest_state != "open")
