"""What has been paid on an invoice, and through which channel each payment came."""

from typing import NamedTuple

from odoo.tools import SQL

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
# Those that only the reports tell from a retry.
REPORTED_CHANNELS = ("new_method", "updated", "backup")


_REFUNDED = SQL(
    """
    COALESCE((SELECT SUM(-refund.amount) FROM payment_transaction refund
               WHERE refund.source_transaction_id = payment.payment_transaction_id
                 AND refund.operation = 'refund' AND refund.state = 'done'), 0)
    """
)


def _left_after(refunded):
    """Return the SQL of what of a payment is left on an invoice, without what it writes off.

    For a query of `part`, the match, its `line` of the invoice, and the `payment`, if there is one.
    Of several invoices the refund is the last one's.

    :param SQL refunded: what was refunded of the payment
    """
    return SQL(
        """
        CASE WHEN payment.currency_id = line.currency_id
             THEN LEAST(part.debit_amount_currency, GREATEST(0,
                  payment.amount - %s
                  - COALESCE((SELECT SUM(earlier.credit_amount_currency)
                                FROM account_partial_reconcile earlier
                               WHERE earlier.credit_move_id = part.credit_move_id
                                 AND earlier.id < part.id), 0)))
             ELSE part.debit_amount_currency END
        """,
        refunded,
    )


KEPT = _left_after(_REFUNDED)
_CAME = _left_after(SQL("0"))


class Settlement(NamedTuple):
    """A payment on an invoice: its channel, as `recovery.case` names it, and its amount.

    :ivar partial_id: of its match with the invoice
    :ivar transaction_id: of the online payment that it was, if it was one
    :ivar refunded: what was refunded of it, which the amount is without
    """

    channel: str
    amount: float
    partial_id: int
    transaction_id: int | None
    refunded: float = 0.0


def read_settlements(move, case=None):
    """Return what has been paid on an invoice, oldest first.

    Credit notes are no payments, and neither is the write-off of a case. A payment that writes a
    difference off counts with the money it brought, and one that was refunded with what is left.

    :param case: the case whose notices tell a link in a notice from the portal
    :rtype: list[Settlement]
    """
    if move.payment_state == "not_paid":
        return []
    move.env.flush_all()
    rows = move.env.execute_query_dict(
        SQL(
            """
            SELECT part.id AS partial_id,
                   %s AS amount,
                   %s AS came,
                   counterpart.id AS move_id,
                   counterpart.statement_line_id,
                   payment.id AS payment_id,
                   payment.payment_transaction_id AS transaction_id
              FROM account_partial_reconcile part
              JOIN account_move_line line ON line.id = part.debit_move_id
              JOIN account_move_line other ON other.id = part.credit_move_id
              JOIN account_move counterpart ON counterpart.id = other.move_id
         LEFT JOIN account_payment payment ON payment.id = counterpart.origin_payment_id
             WHERE line.move_id = %s
               AND line.display_type = 'payment_term'
               AND counterpart.move_type != 'out_refund'
               AND NOT EXISTS (SELECT FROM recovery_case
                                WHERE write_off_move_id = counterpart.id)
          ORDER BY part.id
            """,
            KEPT,
            _CAME,
            move.id,
        )
    )
    return [_prepare_settlement(move.env, row, case) for row in rows]


def _prepare_settlement(env, row, case):
    channel = "manual"
    if row["transaction_id"]:
        channel = _get_channel_of_transaction(env, row["transaction_id"], case)
    elif row["statement_line_id"]:
        channel = "bank_transfer"
    return Settlement(
        channel,
        row["amount"],
        row["partial_id"],
        row["transaction_id"],
        row["came"] - row["amount"],
    )


def _get_channel_of_transaction(env, transaction_id, case):
    transaction_sudo = env["payment.transaction"].sudo().browse(transaction_id)
    if transaction_sudo.operation == "offline":
        return "retry"
    is_public = transaction_sudo.create_uid._is_public()
    return "notice" if case and is_public and case._has_sent_notices() else "portal"
