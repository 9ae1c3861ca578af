# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Money that arrived and that Odoo could not book."""

from datetime import timedelta

from odoo import fields

from ...tools.said import Money, say
from .alerts import raise_alert

# Odoo's own job tries to book it every ten minutes, and gives up after four days.
_BOOKING_ALLOWANCE = timedelta(hours=12)


def raise_unbooked(env):
    """Raise an alert for each transaction of invoices that succeeded long ago and is not booked."""
    transactions = env["payment.transaction"].search(
        [
            ("state", "=", "done"),
            ("is_post_processed", "!=", True),
            ("last_state_change", "<", fields.Datetime.now() - _BOOKING_ALLOWANCE),
            ("invoice_ids", "!=", False),
            ("operation", "not in", ("validation", "refund")),
        ]
    )
    for transaction in transactions:
        move = transaction.invoice_ids[0]
        sentence = say(
            env,
            "unbooked",
            amount=Money(transaction.amount, transaction.currency_id),
            reference=transaction.reference,
            invoice=move.display_name,
        )
        raise_alert(move, sentence, f"unbooked:{transaction.id}")
