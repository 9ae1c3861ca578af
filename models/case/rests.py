# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Rests: what is left of an invoice that was paid, and is too little to charge.

Mostly a difference of rounding or of exchange rates, which only a person can judge.
"""

from ...tools.said import Money, say
from .alerts import find_alerts, raise_alert


def is_rest(move):
    """Return whether an invoice was paid but for what is too little to ask for."""
    return (
        move.state == "posted"
        and move.move_type == "out_invoice"
        and move.payment_state == "partial"
        and move._is_too_small(move.amount_residual)
    )


def raise_rests(moves):
    """Ask a person, once, about each of these invoices of which a rest is left.

    Once means once: a rest that a person has seen to is not told of again, whatever it comes to.
    """
    rests = moves.filtered(is_rest)
    if not rests:
        return
    subjects = {f"rest:{move.id}": move for move in rests.sudo()}
    for ticked_off in (False, True):
        for alert in find_alerts(moves.env, *subjects, ticked_off=ticked_off):
            subjects.pop(alert.recovery_subject, None)
    for subject, move_sudo in subjects.items():
        sentence = say(
            move_sudo.env,
            "rest_left",
            amount=Money(move_sudo.amount_residual, move_sudo.currency_id),
            invoice=move_sudo.display_name,
        )
        raise_alert(move_sudo, sentence, subject)
