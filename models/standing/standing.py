# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How a customer stands with a company: good, failing, in grace, or ended."""

from collections import defaultdict
from typing import NamedTuple

from odoo import fields

from ..case.states import OPEN_STATES

# From the best to the worst.
STANDINGS = ("good", "failing", "grace", "ended")
UNPAID = ("not_paid", "partial")
# Marking the invoice as blocked is one of the ends of a case; it is owed all the same.
UNPAID_AT_THE_END = (*UNPAID, "blocked")


class Standing(NamedTuple):
    """How a customer stands.

    :ivar standing: the worst of their cases; of :data:`STANDINGS`
    :ivar until: naive UTC instant at which the grace ends, the earliest one; none outside of grace
    :ivar owed: amounts of what is in recovery or was given up, by currency
    :ivar page: where it can be paid; none when nothing is owed, or it can't be paid online
    :ivar processing: whether a payment is on its way and decides the rest
    :ivar as_of: naive UTC instant at which it was so
    :ivar in_parts: whether all that fails is paid in parts, as agreed
    :ivar withdrawn: how often links to that page were withdrawn: then it is another one
    """

    standing: str
    until: object
    owed: dict
    page: str | None
    processing: bool
    as_of: object
    withdrawn: int = 0
    in_parts: bool = False


class _Judged(NamedTuple):
    case: object
    standing: str
    processing: bool


def read_standing(company, partner):
    """Return the :class:`Standing` of a customer in a company, from the ledger as it is now.

    Of the cases only what no job has to work off first is believed: a payment counts when it is
    booked, or done at the provider, not when its case has been closed.

    :param company: in sudo mode; the key says what may be told
    :param partner: the commercial partner
    """
    judged = [each for each in map(_judge, _find_cases(company, partner)) if each]
    standing = max((each.standing for each in judged), key=STANDINGS.index, default="good")
    page, withdrawn = _get_page(judged)
    ends = [each.case.grace_until for each in judged if each.standing == "grace"]
    return Standing(
        standing=standing,
        until=min(ends) if standing == "grace" else None,
        owed=_add_up(judged),
        page=page,
        processing=any(each.processing for each in judged),
        as_of=fields.Datetime.now().replace(microsecond=0),
        withdrawn=withdrawn,
        in_parts=bool(judged) and all(each.case._get_running_part_plan() for each in judged),
    )


def _find_cases(company, partner):
    cases = company.env["recovery.case"].with_company(company)
    return cases.search(
        [
            ("company_id", "=", company.id),
            ("partner_id", "=", partner.id),
            ("state", "in", (*OPEN_STATES, "lost")),
            ("active", "=", True),
            ("move_id.state", "=", "posted"),
            ("move_id.payment_state", "in", UNPAID_AT_THE_END),
        ],
        order="id",
    )


def _judge(case):
    """Return how one case lets its customer stand, none when it is nothing to them."""
    is_lost = case.state == "lost"
    move = case.move_id
    debt = move._get_debt(case.due_date)
    if debt.is_excluded or debt.is_small or case.currency_id.compare_amounts(debt.owed, 0) <= 0:
        return None
    # What the accountant keeps back, and what is the company's own fault, is not held against them.
    if not is_lost and (move.payment_state not in UNPAID or _is_silent(case)):
        return None
    money = _read_money(case, debt.owed)
    if money == "arrived":
        return None
    processing = money == "processing"
    # While nothing may be charged, the clock that leads to the end stands still.
    if processing or case.state not in ("lost", "grace") or (case.excluded_since and not is_lost):
        return _Judged(case, "failing", processing)
    return _Judged(case, "ended" if is_lost else "grace", False)


def _is_silent(case):
    """Return whether the customer is to hear nothing of this case yet, here as by mail."""
    if case.waiting_since or case.decline_class == "merchant" or case.state == "suspended":
        return True
    if case.excluded in ("notices", "both"):
        return True  # By a person, or since the customer contests the invoice.
    if case.decline_class != "technical" or case.state != "in_recovery":
        return False
    heard = case._get_notice_facts()[case].heard
    return bool(heard) and all(failure.silent for failure in heard)


def _read_money(case, owed):
    """Return ``arrived``, ``processing``, or nothing, of the money under way for the invoice."""
    attempts = case.env["recovery.attempt"]
    for transaction_sudo in attempts._search_money_under_way(case.move_id):
        is_done = transaction_sudo.state == "done"
        if not is_done or not attempts._get_transaction_block(transaction_sudo):
            continue  # Booked, so that the ledger tells, or not there yet.
        is_all = case.currency_id.compare_amounts(transaction_sudo.amount, owed) >= 0
        if is_all or len(transaction_sudo.invoice_ids) > 1:
            return "arrived"
    under_way = case._get_payment_under_way()
    if under_way.state in ("pending", "authorized") or case.move_id._get_attempt_in_flight():
        return "processing"
    return None


def _add_up(judged):
    """Return what is owed by currency; several cases of an invoice have one debt."""
    last = {}
    for each in judged:
        move = each.case.move_id
        last[move] = max(last.get(move, each.case.due_date), each.case.due_date)
    owed = defaultdict(float)
    for move, due_date in last.items():
        owed[move.currency_id] += move._get_amount_owed(due_date)
    return {
        currency.name: f"{currency.round(amount):.{currency.decimal_places}f}"
        for currency, amount in sorted(owed.items(), key=lambda item: item[0].name)
    }


def _get_page(judged):
    """Return the address at which what is owed can be paid, or none, and its withdrawals so far."""
    is_open = [each.case for each in judged if each.case.state in OPEN_STATES]
    if is_open:
        cases = is_open[0].browse([case.id for case in is_open])
        kind = "customer" if len(cases) > 1 else "case"
        return cases._get_recovery_link(), cases._count_withdrawals(kind)
    # The customer's page is closed with its case: what was given up is paid like any invoice.
    for each in judged:
        move = each.case.move_id
        if move.payment_state in UNPAID:
            return f"{move.get_base_url()}{move.get_portal_url()}", 0
    return None, 0
