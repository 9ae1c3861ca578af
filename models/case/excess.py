# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Money that arrived where nothing is owed any more: it has to go back, or to another invoice."""

from ...tools import series
from ...tools.said import Money, say
from .account_move import SETTLED_STATES
from .alerts import find_alerts, raise_alert
from .claim import Claim


def raise_excess(move):
    """Raise an alert for each online payment of an invoice whose money nothing took.

    :param move: one invoice, in its company
    """
    if not _owes_nothing(move):
        return
    # In sudo mode to see the transactions of every user and provider.
    for transaction_sudo in move.sudo().transaction_ids:
        amount = get_open_amount(transaction_sudo)
        # Another invoice that it was for may still take it.
        if not amount or not all(map(_owes_nothing, transaction_sudo.invoice_ids)):
            continue
        subject = f"paid_twice:{transaction_sudo.id}"
        if find_alerts(move.env, subject) or find_alerts(move.env, subject, ticked_off=True):
            continue  # One to-do for one payment.
        sentence = say(
            move.env,
            "excess",
            amount=Money(amount, transaction_sudo.currency_id),
            reference=transaction_sudo.reference,
            invoice=move.display_name,
        )
        raise_alert(move, sentence, f"excess:{transaction_sudo.id}")


def get_open_amount(transaction):
    """Return how much of a transaction's money nothing has taken, in its currency.

    Neither an invoice, nor a refund. What isn't booked yet can't be told.
    """
    payment = transaction.payment_id
    if transaction.state != "done" or transaction.amount <= 0:
        return 0.0
    if not series.has_arrived(payment):
        return 0.0
    if payment.move_id:
        amount = -_get_residual(payment)
    else:
        amount = min(payment.amount, _get_excess_without_entry(transaction.invoice_ids))
    if transaction.currency_id.compare_amounts(amount, 0) > 0:
        amount -= _get_refunded(transaction)
    return max(transaction.currency_id.round(amount), 0.0)


def _owes_nothing(move):
    return move.state == "cancel" or (
        move.state == "posted" and move.payment_state in SETTLED_STATES
    )


def _get_residual(payment):
    """Return what is open of a booked payment, negative where money came in."""
    _liquidity, counterpart, _write_off = payment._seek_for_lines()
    return sum(counterpart.mapped("amount_residual_currency"))


def _get_refunded(transaction):
    """Return what was refunded of the invoices' payments, and is not matched with one of them."""
    refunds = transaction.invoice_ids.transaction_ids.child_transaction_ids.filtered(
        lambda child: child.operation == "refund" and child.state == "done"
    )
    amount = 0.0
    for refund in refunds:
        payment = refund.payment_id
        is_open = not payment.move_id  # Booked without entry, or not booked yet.
        amount += abs(refund.amount) if is_open else max(_get_residual(payment), 0.0)
    return amount


def _get_excess_without_entry(moves):
    """Return what came in for invoices, by payments without entry, beyond what these can take.

    Such payments take no room on the invoice until a bank transaction does it for them.
    """
    payments = moves.transaction_ids.payment_id.filtered(
        lambda payment: series.has_arrived(payment) and not payment.move_id
    )
    amount = sum(payments.mapped("amount"))
    for move in moves.filtered(lambda move: move.state == "posted"):
        by_bank = sum(each.amount for each in Claim(move).settlements if each.is_statement)
        amount -= move.amount_residual + by_bank
    return amount
