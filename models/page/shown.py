# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the page says of invoices at this instant: of many of them by the same few questions."""

from datetime import timedelta
from typing import NamedTuple

from odoo import fields

from ..case.owed import read_debts
from ..charge.under_way import UNCLEAR_AGE
from ..method.rail import is_overdue

# A charge that is due goes out within a minute; one that didn't for so long is held up.
CHARGE_WAIT = timedelta(minutes=15)
# How long a payment that the customer has just begun keeps them from beginning another one, where
# the provider can neither be told to forget the first nor be asked for it: on the provider's page,
# and with a form, whose payment is sent at once or never.
REDIRECT_WAIT = timedelta(minutes=15)
FORM_WAIT = timedelta(minutes=2)


class Shown(NamedTuple):
    """What the page says of one case.

    :ivar state: ``open`` when it can be paid; ``paid``; ``closed`` when the case was given up or
        there is nothing to recover; ``held`` while the accountant keeps the invoice back;
        ``charging`` while a charge of ours goes out or is about to; ``processing`` while another
        payment is on its way; ``begun`` when one was begun and may not be finished
    :ivar owed: what is open of it, in the invoice's currency
    """

    state: str
    owed: float


def show(cases):
    """Return what the page says of each of these cases.

    The number of questions does not depend on how many there are, but for payments under way.

    :param cases: `recovery.case` records in sudo mode
    :rtype: dict[recovery.case, Shown]
    """
    cases.move_id._fetch_for_recovery()
    debts = read_debts([(case.move_id, case.due_date) for case in cases])
    shown = {
        case: Shown(_judge(case, debt), debt.owed) for case, debt in zip(cases, debts, strict=True)
    }
    payable = cases.filtered(lambda case: shown[case].state == "open")
    near = _find_near(payable)
    holding = find_holding(payable - near)
    for case in payable:
        if case in near:
            shown[case] = shown[case]._replace(state="charging")
        elif transaction_sudo := holding.get(case.move_id):
            state = "begun" if transaction_sudo.state == "draft" else "processing"
            shown[case] = shown[case]._replace(state=state)
    return shown


def find_holding(cases, under_way=None):
    """Return the payments that keep customers from paying these invoices, by invoice, in sudo mode.

    A transfer that they announced doesn't: they may have thought better of it. Neither does one
    that its provider should have confirmed or refused by now, or whose answer should have come.

    :param under_way: the transactions that may bring money for them, where they are known already
    """
    attempts = cases.env["recovery.attempt"]
    found = {}
    if under_way is None:
        under_way = attempts._search_money_under_way(cases.move_id)
    for transaction_sudo in under_way:
        if not _is_passed_over(transaction_sudo) and (
            attempts._get_transaction_block(transaction_sudo)
        ):
            for move in transaction_sudo.invoice_ids:
                found.setdefault(move, transaction_sudo)
    return found


def _judge(case, debt):
    """Return the state of a case as far as its invoice tells."""
    move = case.move_id
    if case.state in ("lost", "cancelled") or move.state == "cancel":
        return "closed"
    if move.state != "posted" or move.payment_state == "blocked" or debt.is_excluded:
        return "held"
    if move.payment_state not in ("not_paid", "partial") or (
        case.currency_id.compare_amounts(debt.owed, 0) <= 0
    ):
        return "paid"
    return "open"


def _find_near(cases):
    """Return those of these cases of which a charge is under way, or due at any moment."""
    now = fields.Datetime.now()
    busy = cases.move_id._get_attempt_in_flight().move_id
    # A method was just saved on the page, and the job hasn't come to its charge yet.
    busy |= (
        cases.env["recovery.invoice.queue"]
        .search(
            [
                ("move_id", "in", cases.move_id.ids),
                ("transaction_id.operation", "=", "validation"),
                ("transaction_id.last_state_change", ">=", now - CHARGE_WAIT),
            ]
        )
        .move_id
    )
    busy_ids = set(busy.ids)

    def is_near(case):
        planned_at = case.next_attempt_at
        is_due = planned_at and now - CHARGE_WAIT <= planned_at <= now + timedelta(minutes=1)
        return is_due or case.move_id.id in busy_ids

    return cases.filtered(is_near)


def _is_passed_over(transaction_sudo):
    if transaction_sudo.state == "pending" and transaction_sudo.provider_code in ("none", "custom"):
        return True
    if is_overdue(transaction_sudo) or _is_lost(transaction_sudo):
        return True
    is_open = transaction_sudo.state == "draft" or transaction_sudo._recovery_is_open()
    return is_open and _is_left(transaction_sudo)


def _is_lost(transaction_sudo):
    """Return whether the answer to a payment got lost so long ago that it won't come."""
    age = fields.Datetime.now() - transaction_sudo.last_state_change
    return transaction_sudo.state == "error" and age > UNCLEAR_AGE


def _is_left(transaction_sudo):
    """Return whether a begun payment makes way for another one, once it has been put aside."""
    if transaction_sudo._recovery_can_put_aside():
        return True
    is_form = transaction_sudo.operation == "online_direct"
    age = fields.Datetime.now() - transaction_sudo.last_state_change
    return age > (FORM_WAIT if is_form else REDIRECT_WAIT)
