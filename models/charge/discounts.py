# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Discounts for paying early: what was asked for when a payment began is what it settles."""

from odoo import fields

from ..case.owed import list_discounted

# In the context of a payment that is booked with its discounts. A caller from outside can't send an
# object.
BOOKED = object()


def prepare_discount_lines(transaction):
    """Return the journal items of the discounts that a payment was made with.

    Odoo grants them by the day on which it books, and of one invoice alone. A debit arrives days
    after it was asked for; and the customer's page takes several invoices at once.

    :param transaction: a `payment.transaction` that is done, of posted invoices
    :return: the values of journal items, for `account.payment`; none where there was no discount
    """
    # In sudo mode: a customer who pays may read neither journal items nor cases.
    moves_sudo = transaction.sudo().invoice_ids.filtered(
        lambda move: (
            move.state == "posted"
            and move.move_type == "out_invoice"
            and move.currency_id == transaction.currency_id
        )
    )
    begun_at = transaction.recovery_begun_at or fields.Datetime.now()
    discounted = {
        move: installments
        for move in moves_sudo
        if (installments := list_discounted(move, _get_day(move, begun_at)))
    }
    if not discounted or not _is_asked_amount(transaction, moves_sudo, discounted):
        return []
    lines = []
    for move, installments in discounted.items():
        lines += _prepare_lines(move, installments)
    return lines


def _get_day(move, instant):
    """Return by which day a discount counts that was asked for at a naive UTC instant.

    The customer's; where Odoo's portal takes the one in UTC, and shows more, they keep it.
    """
    partner = move.commercial_partner_id.with_company(move.company_id)
    return min(partner._get_recovery_day(instant), instant.date())


def _is_asked_amount(transaction, moves, discounted):
    """Return whether a payment is of what was asked for, the discounts deducted."""
    currency = transaction.currency_id
    reduced = 0.0
    for installments in discounted.values():
        reduced += sum(each["amount_residual_currency_unsigned"] for each in installments)
    others = moves - moves.browse([move.id for move in discounted])
    asked = (
        sum(others.mapped("amount_residual")),
        sum(_get_owed(move) for move in others),
    )
    return any(not currency.compare_amounts(transaction.amount, reduced + each) for each in asked)


def _get_owed(move):
    case = move.recovery_case_id
    return move._get_amount_owed(case.due_date or move._get_recovery_today())


def _prepare_lines(move, installments):
    """Return the journal items of one invoice's discount, as Odoo's own payment dialog makes them.

    All of them: of several taxes Odoo's booking of online payments takes the first.
    """
    values = []
    for installment in installments:
        line = installment["line"]
        by_kind = move._get_invoice_counterpart_amls_for_early_payment_discount(
            [
                {
                    "aml": line,
                    "amount_currency": -line.amount_residual_currency,
                    "balance": -line.amount_residual,
                }
            ],
            installment["discount_amount"],
        )
        for rows in by_kind.values():
            values += [{**row, "partner_id": move.partner_id.id} for row in rows]
    return values
