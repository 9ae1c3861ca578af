# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Payments that are alike are booked together, by the methods with which Odoo books each of them.

Odoo books one payment after the other: it creates it, posts it, matches it with its invoice, and
writes a note. Each of these takes many records as well, and then most of the work is done once:
what is read, recomputed and written. No journal item is made up here.
"""

from ...tools import series
from ..case.recovery_invoice_queue import OWN_WORK
from .discounts import prepare_discount_lines
from .notes import GroupedNotes

# Who books a payment, by model and method: where another addon has a say, it is asked each time.
BOOKED_BY = {
    ("payment.transaction", "_create_payment"): ("account_payment", "revenue_recovery"),
    ("payment.transaction", "_log_message_on_linked_documents"): (
        "payment",
        "account_payment",
        "sale",  # On orders, which none of these payments has.
        "revenue_recovery",
    ),
    ("account.move.line", "reconcile"): ("account",),
}
_NO_PAYMENT = ("validation", "refund")
# What other addons of Odoo let a payment be for: an order is confirmed, or invoiced, by it.
_OTHER_DOCUMENTS = ("sale_order_ids", "pos_order_id")


class BookedOtherwise(Exception):
    """Another addon does not let Odoo book a payment as it does by itself."""


def filter_alike(transactions):
    """Return those of these transactions that can be booked together, as Odoo names them.

    The entries then get their numbers in the order of their references. What has an unusual shape
    is left out, and whatever another addon books in its own way.

    :param transactions: of one provider and currency, each with its row and its invoice locked
    """
    if _is_overridden(transactions.env):
        return transactions.browse()
    first = {}  # An invoice that is paid twice takes the payments one after the other.
    for transaction in transactions.filtered(_is_usual):
        first.setdefault(transaction.invoice_ids, transaction.id)
    return transactions.browse(first.values()).sorted(_get_memo)


def book_together(transactions):
    """Book payments, and see to whatever follows from them; the caller commits.

    :param transactions: of :func:`filter_alike`
    :raise BookedOtherwise: when one of them is not to be booked so
    """
    transactions = transactions.with_company(transactions.company_id).with_context(
        recovery_own_work=OWN_WORK
    )
    payments = transactions.env["account.payment"].create(
        [_prepare_payment_vals(each) for each in transactions]
    )
    payments.action_post()
    for transaction, payment in zip(transactions, payments, strict=True):
        transaction.payment_id = payment
    _match(transactions, payments)
    # All are booked by now: of what Odoo does then, the notes are left, and what others do.
    notes = GroupedNotes()
    series.post_process(transactions.with_context(recovery_notes=notes))
    notes.post(transactions.env)
    if not all(transactions.mapped("is_post_processed")) or transactions.payment_id != payments:
        raise BookedOtherwise


def _is_overridden(env):
    """Return whether another addon has its own way to book a payment."""
    return any(
        method in vars(owner) and _get_addon(owner) not in known
        for (model, method), known in BOOKED_BY.items()
        for owner in type(env[model]).__mro__
    )


def _get_addon(owner):
    """Return the addon that a class is written in; none for one that Odoo puts together."""
    parts = owner.__module__.split(".")
    return parts[2] if parts[:2] == ["odoo", "addons"] else None


def _is_usual(transaction):
    """Return whether a payment is a plain one, of one open invoice of its company."""
    move = transaction.invoice_ids
    return (
        transaction.state == "done"
        and not transaction.is_post_processed
        and not transaction.payment_id
        and transaction.operation not in _NO_PAYMENT
        and not (transaction.source_transaction_id or transaction.child_transaction_ids)
        and transaction.currency_id.compare_amounts(transaction.amount, 0.0) > 0
        and not any(transaction[name] for name in _OTHER_DOCUMENTS if name in transaction._fields)
        and len(move) == 1
        and _is_open(move, transaction)
    )


def _is_open(move, transaction):
    return (
        move.state == "posted"
        and move.move_type == "out_invoice"
        and move.payment_state in ("not_paid", "partial")
        and move.company_id == transaction.company_id
        and move.currency_id == transaction.currency_id
        # A discount that Odoo grants by the day of the booking it books by itself.
        and (
            not move.invoice_payment_term_id.early_discount
            or bool(prepare_discount_lines(transaction))
        )
    )


def _get_memo(transaction):
    return f"{transaction.reference} - {transaction.provider_reference or ''}"


def _prepare_payment_vals(transaction):
    """Return the values with which `account_payment` creates the payment of a transaction."""
    provider = transaction.provider_id
    journal = provider.journal_id
    method_line = journal.inbound_payment_method_line_ids.filtered(
        lambda line: line.payment_provider_id == provider
    )
    values = {
        "amount": transaction.amount,
        "payment_type": "inbound",
        "currency_id": transaction.currency_id.id,
        "partner_id": transaction.partner_id.commercial_partner_id.id,
        "partner_type": "customer",
        "journal_id": journal.id,
        "company_id": provider.company_id.id,
        "payment_method_line_id": method_line.id,
        "payment_token_id": transaction.token_id.id,
        "payment_transaction_id": transaction.id,
        "memo": _get_memo(transaction),
        "invoice_ids": transaction.invoice_ids,
    }
    # Its own entry is made at once for a payment with further items, else all are made together.
    if lines := prepare_discount_lines(transaction):
        values["write_off_line_vals"] = lines
    term_lines = transaction.invoice_ids.line_ids.filtered(
        lambda line: line.display_type == "payment_term"
    )
    if term_lines:
        values["destination_account_id"] = term_lines[0].account_id.id
    return values


def _match(transactions, payments):
    """Match payments with their invoices, each with its own, as `_create_payment` does."""
    plan = [
        (payment.move_id.line_ids + transaction.invoice_ids.line_ids).filtered(
            lambda line, account=payment.destination_account_id: (
                line.account_id == account and not line.reconciled
            )
        )
        for transaction, payment in zip(transactions, payments, strict=True)
    ]
    # Exchange differences of the taxes would be numbered after those of all payments.
    parts = [[lines] for lines in plan] if _has_exchanged_taxes(transactions) else [plan]
    for part in parts:
        transactions.env["account.move.line"]._reconcile_plan(part)


def _has_exchanged_taxes(transactions):
    """Return whether taxes fall due with the payment that are in a foreign currency."""
    company = transactions.company_id
    if not company.tax_exigibility or transactions.currency_id == company.currency_id:
        return False
    return "on_payment" in transactions.invoice_ids.line_ids.tax_ids.mapped("tax_exigibility")
