# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The form in which a customer chooses the parts: what they entered, and what comes of it."""

import hashlib

from odoo import fields

from ...tools.parts import FEWEST, STEPS, list_days
from ..schedule.part_offer import PartOffer

# So many are proposed to whoever has not chosen yet.
USUAL = 3


class PartForm:
    """What one customer may agree to for one case, and the parts that they have chosen.

    Whatever they sent is read as far as it makes sense; the rest is proposed.

    :param case: a `recovery.case`, in sudo mode
    :param author: the contact who reads the page
    :param str count: how many parts, as it was sent
    :param str first: the day of the first one
    :param str step: what lies between two parts
    :ivar reason: why nothing is offered; nothing when the form is shown
    :ivar error: what has to be chosen otherwise; nothing when the parts may be agreed
    :ivar parts: pairs of a day and an amount
    :ivar consent: what the customer agrees to
    :ivar mark: of that text: what was agreed to is what was shown
    """

    def __init__(self, case, author, count="", first="", step=""):
        self.case = case
        self._author = author
        self._offer = PartOffer(case, author)
        self.reason = self._offer.find_customer_reason()
        self.error, self.parts, self.consent, self.mark = None, [], "", ""
        if self.reason:
            return
        self.bounds = self._offer.get_bounds()
        self.steps = self._offer.list_choices()
        self.counts = list(range(FEWEST, self.bounds.most + 1))
        self.count = int(count) if count.isdecimal() and len(count) < 3 else 0
        self.count = self.count if self.count in self.counts else min(USUAL, self.bounds.most)
        self.first = _read_day(first) or self.bounds.first
        self.step = step if step in STEPS else self._find_usual_step()
        self.parts = self._offer.propose(self.count, self.first, self.step)
        self.error = self._offer.find_error(self.parts)
        self.consent = self._offer.describe(self.parts)
        self.mark = hashlib.sha256(self.consent.encode()).hexdigest()

    def _find_usual_step(self):
        """Return the longest step with which all parts lie within the time of the policy."""
        fitting = [
            step
            for step in STEPS
            if list_days(self.first, step, self.count)[-1] <= self.bounds.last
        ]
        return fitting[-1] if fitting else next(iter(STEPS))

    def agree(self, mark, is_agreed):
        """Keep what the customer agreed to.

        :param str mark: of the text that they were shown
        :param bool is_agreed: whether they said so
        :return: why it can't be, for them; nothing when it is kept
        """
        env = self.case.env
        if self.reason or self.error:
            return self.reason or self.error
        if not is_agreed:
            return env._("Please tick that you agree to these charges.")
        if mark != self.mark:
            return env._("Something has changed meanwhile. Please look at the parts once more.")
        error = self.case._begin_parts(self.parts, self.consent, self._author)
        return error and (self._offer.find_customer_reason() or error)


def _read_day(text):
    try:
        return fields.Date.to_date(text) or None
    except ValueError:
        return None
