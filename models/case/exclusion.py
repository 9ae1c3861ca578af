# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is left alone: customers and invoices that are excluded from charges, from notices, or both.

An exclusion stands on the customer or on the invoice, until a day, with the reason; later rooms
know of others through `recovery.case._get_further_exclusions`. It is looked at live before each
charge and each message. What the case keeps of it is for its clock, which stands still while
nothing may be charged, and for lists.
"""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ...tools.instants import find_zone, naive
from ...tools.said import Choice, join, say
from .states import OPEN_STATES

WHAT = [
    ("charges", "Charges"),
    ("notices", "Notices"),
    ("both", "Charges and notices"),
]
# The fields of an exclusion, on customers and on invoices.
FIELDS = ("recovery_excluded", "recovery_excluded_until", "recovery_excluded_reason")
# How long a first charge is put off that is excluded until somebody says otherwise.
OPEN_END = timedelta(days=1)


class Exclusion(NamedTuple):
    """Something that is left alone.

    :ivar what: of :data:`WHAT`
    :ivar sentence: for a person, with who or what is excluded, and why
    :ivar until: the day on which it is over, where the customer lives; none until somebody ends it
    """

    what: str
    sentence: str
    until: date | None = None

    def covers(self, what):
        """Return whether it is about ``charges``, or about ``notices``."""
        return self.what in (what, "both")


def list_exclusions(move):
    """Return what excludes an invoice, and its customer, today.

    :rtype: list[Exclusion]
    """
    customer = move.commercial_partner_id.with_company(move.company_id)
    found = (read_exclusion(record) for record in (move, customer))
    return [*filter(None, found), *move.recovery_case_id._get_further_exclusions()]


def find_exclusion(move, what):
    """Return what excludes an invoice from ``charges``, or ``notices``, for the longest, or none.

    :rtype: Exclusion | None
    """
    covering = [each for each in list_exclusions(move) if each.covers(what)]
    return max(covering, key=lambda each: each.until or date.max, default=None)


def get_end(exclusion, move):
    """Return the naive UTC instant from which to look again at what is excluded."""
    if not exclusion.until:
        return fields.Datetime.now() + OPEN_END
    customer = move.commercial_partner_id.with_company(move.company_id)
    midnight = datetime.combine(exclusion.until, time(), find_zone(customer._get_recovery_tz()))
    return naive(midnight)


def read_exclusion(record):
    """Return the exclusion that stands on a customer, in their company, or on an invoice, or none.

    :rtype: Exclusion | None
    """
    record.fetch(FIELDS)  # Three columns instead of all of them: it is asked for each charge.
    env, until = record.env, record.recovery_excluded_until
    if not record.recovery_excluded or (until and until <= _get_day(record)):
        return None
    known = {
        "name": record.display_name,
        "what": Choice(record, "recovery_excluded", record.recovery_excluded),
        "day": until,
    }
    sentence = say(env, "excluded_until" if until else "excluded", **known)
    reason = record.recovery_excluded_reason
    if reason:
        sentence = join(env, sentence, reason)
    return Exclusion(record.recovery_excluded, sentence, until or None)


def check_until(records):
    """Check that what is excluded until a day is so until a day that is still to come.

    :raise ValidationError: for another one
    """
    for record in records.filtered("recovery_excluded"):
        until = record.recovery_excluded_until
        if until and until <= _get_day(record):
            raise ValidationError(
                record.env._(
                    "%(name)s can't be excluded until %(day)s: choose a day that is still to come.",
                    name=record.display_name,
                    day=format_date(record.env, until),
                )
            )


def forget_past(records):
    """Empty exclusions that are over, wherever the customer lives."""
    yesterday = fields.Date.today() - timedelta(days=1)
    past = records.search([("recovery_excluded_until", "<=", yesterday)])
    past.write(dict.fromkeys(FIELDS, False))


def _get_day(record):
    """Return the calendar day that it is where the customer lives.

    :param record: the customer, in their company, or the invoice
    """
    if record._name == "account.move":
        return record._get_recovery_today()
    return record.commercial_partner_id._get_recovery_day(fields.Datetime.now())


# === THE CASE === #


def follow_exclusion(case):
    """Bring what an open case keeps of exclusions in line with what stands on its invoice.

    Planned charges are withdrawn; what is planned afterwards is for the planner.
    """
    exclusions = list_exclusions(case.move_id) if case.state in OPEN_STATES else []
    what = _join(exclusions)
    untils = [each.until for each in exclusions]
    values = {
        "excluded": what,
        # The first that ends: what is left of them is looked at then.
        "excluded_until": min(filter(None, untils), default=False),
    }
    is_still = what in ("charges", "both")
    if is_still and not case.excluded_since:
        values["excluded_since"] = fields.Datetime.now()
        charge = next(each for each in exclusions if each.covers("charges"))
        case._cancel_planned(charge.sentence)
    elif case.excluded_since and not is_still:
        values |= _give_back_time(case)
    changed = {name: value for name, value in values.items() if case[name] != value}
    if changed:
        case.write(changed)
        case._on_changed()


def _join(exclusions):
    covered = [what for what in ("charges", "notices") if any(e.covers(what) for e in exclusions)]
    return "both" if len(covered) == 2 else (covered[0] if covered else False)


def _give_back_time(case):
    """Return the values that let the clock of a case run on from where it stood still."""
    waited = fields.Datetime.now() - case.excluded_since
    values = {
        "excluded_since": False,
        "waited_hours": case.waited_hours + waited / timedelta(hours=1),
    }
    for name in ("deadline_at", "grace_until"):
        if case[name]:
            values[name] = case[name] + waited
    return values
