# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How a customer stands with a company: good, failing, in grace, or ended."""

from collections import defaultdict
from typing import NamedTuple

from odoo import fields

from ..case.owed import read_debts
from ..case.states import OPEN_STATES
from ..page.shown import find_holding

# From the best to the worst.
STANDINGS = ("good", "failing", "grace", "ended")
UNPAID = ("not_paid", "partial")
# Marking the invoice as blocked is one of the ends of a case; it is owed all the same.
UNPAID_AT_THE_END = (*UNPAID, "blocked")
# What an answer needs: all columns of these three would take most of its time.
_CASE_FIELDS = (
    *("company_id", "currency_id", "decline_class", "due_date", "excluded", "excluded_since"),
    *("grace_until", "life", "links_withdrawn", "move_id", "part_plan_id", "partner_id", "state"),
    "waiting_since",
)
_MOVE_FIELDS = ("company_id", "currency_id", "name", "partner_id", "payment_state", "state")
_COMPANY_FIELDS = ("currency_id", "partner_id", "recovery_small_rests_wait")


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
    owed: float


def read_standing(company, partner):
    """Return the :class:`Standing` of a customer in a company, from the ledger as it is now.

    Of the cases only what no job has to work off first is believed: a payment counts when it is
    booked, or done at the provider, not when its case has been closed.

    :param company: in sudo mode; the key says what may be told
    :param partner: the commercial partner
    """
    judged = _judge(_find_cases(company, partner))
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
    """Return the cases of a customer that may matter to them, with what is read of them here."""
    cases = company.env["recovery.case"].with_company(company)
    found = cases.search_fetch(
        [
            ("company_id", "=", company.id),
            ("partner_id", "=", partner.id),
            ("state", "in", (*OPEN_STATES, "lost")),
            ("active", "=", True),
            ("move_id.state", "=", "posted"),
            ("move_id.payment_state", "in", UNPAID_AT_THE_END),
        ],
        _CASE_FIELDS,
        order="id",
    )
    if found:
        found.move_id.fetch(_MOVE_FIELDS)
        found.move_id.partner_id.fetch(["commercial_partner_id"])
        company.fetch(_COMPANY_FIELDS)
    return found


def _judge(cases):
    """Return how these cases let their customer stand, without those that are nothing to them."""
    debts = read_debts([(case.move_id, case.due_date) for case in cases])
    owed = {
        case: debt.owed for case, debt in zip(cases, debts, strict=True) if _is_asked(case, debt)
    }
    money = _read_money(owed)
    return [_judge_case(case, owed[case], money[case]) for case in owed if money[case] != "arrived"]


def _is_asked(case, debt):
    """Return whether anything is asked of the customer for a case."""
    if debt.is_excluded or debt.is_small or case.currency_id.compare_amounts(debt.owed, 0) <= 0:
        return False
    # What the accountant keeps back, and what is the company's own fault, is not held against them.
    return case.state == "lost" or (case.move_id.payment_state in UNPAID and not _is_silent(case))


def _judge_case(case, owed, money):
    is_lost, processing = case.state == "lost", money == "processing"
    # While nothing may be charged, the clock that leads to the end stands still.
    if processing or case.state not in ("lost", "grace") or (case.excluded_since and not is_lost):
        return _Judged(case, "failing", processing, owed)
    return _Judged(case, "ended" if is_lost else "grace", False, owed)


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


def _read_money(owed):
    """Return ``arrived``, ``processing``, or nothing, of the money under way for each case.

    :param owed: amounts by case
    """
    if not owed:
        return {}
    cases = next(iter(owed)).union(*owed)
    transactions_sudo = cases.env["recovery.attempt"]._search_money_under_way(cases.move_id)
    holding = find_holding(cases, transactions_sudo)
    in_flight = cases.move_id._get_attempt_in_flight().move_id
    money = {}
    for case in cases:
        move = case.move_id
        if any(_has_arrived(case, owed[case], each) for each in transactions_sudo):
            money[case] = "arrived"
        elif move in in_flight or (
            move in holding and holding[move].state in ("pending", "authorized")
        ):
            money[case] = "processing"
        else:
            money[case] = None
    return money


def _has_arrived(case, owed, transaction_sudo):
    """Return whether a payment is done at its provider, and pays a case once it is booked."""
    if transaction_sudo.state != "done" or case.move_id not in transaction_sudo.invoice_ids:
        return False
    if not case.env["recovery.attempt"]._get_transaction_block(transaction_sudo):
        return False  # Booked, so that the ledger tells.
    is_all = case.currency_id.compare_amounts(transaction_sudo.amount, owed) >= 0
    return is_all or len(transaction_sudo.invoice_ids) > 1


def _add_up(judged):
    """Return what is owed by currency; several cases of an invoice have one debt."""
    last = {}
    for each in judged:
        known = last.setdefault(each.case.move_id, each)
        if each.case.due_date > known.case.due_date:
            last[each.case.move_id] = each
    owed = defaultdict(float)
    for move, each in last.items():
        owed[move.currency_id] += each.owed
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
