# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What has been paid on an invoice, and through which channel each payment came."""

from typing import NamedTuple

from odoo.tools import SQL

from ...tools.series import GONE_STATES

# How the money came back: one list, used by cases, settlements and reports.
CHANNELS = [
    ("retry", "Retry"),
    ("new_method", "New payment method"),
    ("updated", "Updated card"),
    ("backup", "Backup method"),
    ("notice", "Link in a notice"),
    ("portal", "Customer portal"),
    ("bank_transfer", "Bank transfer"),
    ("manual", "Recorded payment"),
]

REFUNDED = SQL(
    """
    COALESCE((SELECT SUM(-refund.amount) FROM payment_transaction refund
               WHERE refund.source_transaction_id = payment.payment_transaction_id
                 AND refund.operation = 'refund' AND refund.state = 'done'), 0)
    """
)

# What the matches of an invoice are made of. For a query of `part`, the match: its `line` of the
# invoice, the `other` one with its `entry`, the `payment` if there is one, the `kind` of the match
# and what of it is `money`, in the currency of the invoice: what `came`, and what was `kept` after
# refunds. Of several invoices what was written off is each one's share, the refund the last one's.
# What is left of a match was written off, or is an early-payment discount.
MATCHES = SQL(
    """
          JOIN account_move_line line ON line.id = part.debit_move_id
          JOIN account_move_line other ON other.id = part.credit_move_id
          JOIN account_move entry ON entry.id = other.move_id
          JOIN res_company entry_company ON entry_company.id = entry.company_id
          JOIN res_currency line_currency ON line_currency.id = line.currency_id
          JOIN res_currency other_currency ON other_currency.id = other.currency_id
     LEFT JOIN account_payment payment ON payment.id = entry.origin_payment_id
    CROSS JOIN LATERAL (
                   SELECT SUM(-item.balance)
                              FILTER (WHERE account.account_type = 'asset_receivable') AS matched,
                          SUM(item.balance)
                              FILTER (WHERE account.account_type LIKE 'expense%%'
                                         OR account.account_type LIKE 'income%%'
                                         OR item.tax_line_id IS NOT NULL) AS given_up,
                          BOOL_OR(item.account_id IN (
                              entry_company.account_journal_early_pay_discount_loss_account_id,
                              entry_company.account_journal_early_pay_discount_gain_account_id
                          )) IS TRUE AS is_discount,
                          EXISTS (SELECT FROM account_partial_reconcile difference
                                   WHERE difference.exchange_move_id = entry.id) AS is_exchange,
                          EXISTS (SELECT FROM recovery_case given_up_case
                                   WHERE given_up_case.write_off_move_id = entry.id)
                              AS is_write_off
                     FROM account_move_line item
                     JOIN account_account account ON account.id = item.account_id
                    WHERE item.move_id = entry.id
               ) facts
    CROSS JOIN LATERAL (
                   SELECT CASE WHEN entry.move_type = 'out_refund' THEN 'credit'
                               WHEN facts.is_exchange THEN 'exchange'
                               WHEN payment.state IN %(gone)s THEN 'returned'
                               ELSE 'payment' END AS name,
                          CASE WHEN facts.is_write_off THEN 0
                               WHEN payment.currency_id = other.currency_id
                               THEN LEAST(payment.amount
                                          / NULLIF(ABS(other.amount_currency), 0), 1)
                               -- What a bank keeps for itself was paid all the same.
                               WHEN entry.statement_line_id IS NULL OR facts.is_discount
                               THEN GREATEST(0, LEAST(1,
                                        1 - facts.given_up / NULLIF(facts.matched, 0)))
                               END AS share,
                          (SELECT COALESCE(SUM(earlier.credit_amount_currency), 0)
                             FROM account_partial_reconcile earlier
                            WHERE earlier.credit_move_id = part.credit_move_id
                              AND earlier.id < part.id) AS earlier,
                          CASE WHEN payment.currency_id = other.currency_id
                               THEN GREATEST(0, payment.amount - %(refunded)s) END AS at_most,
                          other_currency.rounding::numeric AS rounding
               ) kind
    CROSS JOIN LATERAL (
                   SELECT ROUND(kind.earlier * COALESCE(kind.share, 1) / kind.rounding)
                              * kind.rounding AS begin,
                          ROUND((kind.earlier + part.credit_amount_currency)
                                * COALESCE(kind.share, 1) / kind.rounding)
                              * kind.rounding AS until,
                          CASE WHEN other.currency_id = line.currency_id THEN 1
                               ELSE part.debit_amount_currency
                                    / NULLIF(part.credit_amount_currency, 0) END AS rate,
                          line_currency.rounding::numeric AS rounding
               ) span
    CROSS JOIN LATERAL (
                   SELECT COALESCE(ROUND((span.until - span.begin) * span.rate / span.rounding)
                                   * span.rounding, 0) AS came,
                          -- LEAST passes over what is null.
                          COALESCE(ROUND((LEAST(span.until, kind.at_most)
                                          - LEAST(span.begin, kind.at_most))
                                         * span.rate / span.rounding)
                                   * span.rounding, 0) AS kept
               ) money
    """,
    gone=GONE_STATES,
    refunded=REFUNDED,
)


class Settlement(NamedTuple):
    """A payment on an invoice: its channel, as `recovery.case` names it, and its amount.

    :ivar partial_id: of its match with the invoice; none of a payment without a journal entry
    :ivar payment_id: of the payment, if it was one
    :ivar transaction_id: of the online payment that it was, if it was one
    :ivar is_statement: whether the invoice is matched with a line of a bank statement itself
    :ivar refunded: what was refunded of it, which the amount is without
    """

    channel: str
    amount: float
    partial_id: int | None
    payment_id: int | None
    transaction_id: int | None
    is_statement: bool = False
    refunded: float = 0.0


def find_channel(env, transaction_id, is_statement, case):
    """Return through which channel a payment came.

    :param transaction_id: of the online payment that it was, if it was one
    :param is_statement: whether it is known from a bank statement only
    :param case: whose charges and notices tell it; may be none
    """
    if not transaction_id:
        return "bank_transfer" if is_statement else "manual"
    transaction_sudo = env["payment.transaction"].sudo().browse(transaction_id)
    if transaction_sudo.operation == "offline":
        return _find_channel_of_charge(transaction_id, case) if case else "retry"
    is_public = transaction_sudo.create_uid._is_public()
    return "notice" if case and is_public and case._has_sent_notices() else "portal"


def _find_channel_of_charge(transaction_id, case):
    """Return the channel of a charge of a saved method: which method it was, and why that one."""
    attempts = case.attempt_ids.sorted("id")
    paid = attempts.filtered(lambda attempt: attempt.transaction_id.id == transaction_id)[-1:]
    if not paid:
        return "retry"  # Somebody else's charge of a saved method.
    failed_token = attempts[:1].token_id or case.token_id
    uses = attempts.filtered(
        lambda attempt: attempt.token_id == paid.token_id and attempt.id <= paid.id
    )
    sources = set(uses.mapped("source"))
    if paid.token_id and failed_token and paid.token_id != failed_token:
        return "backup" if "backup" in sources else "new_method"
    return "updated" if "method" in sources else "retry"
