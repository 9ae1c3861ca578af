"""Rests: what is left of an invoice that was paid, and is too little to charge.

Mostly a difference of rounding or of exchange rates, which only a person can judge.
"""

from .alerts import find_alerts, put_alert
from .states import OPEN_STATES


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
    subjects = {move: f"rest:{move.id}" for move in rests}
    known = set()
    for ticked_off in (False, True):
        alerts = find_alerts(moves.env, *subjects.values(), ticked_off=ticked_off)
        known |= set(alerts.mapped("recovery_subject"))
    # In sudo mode: whoever runs into it need not be allowed to see cases, or to assign to-dos.
    for move_sudo in rests.sudo().filtered(lambda move: f"rest:{move.id}" not in known):
        case_sudo = move_sudo.recovery_case_id
        sentence = move_sudo.env._(
            "%(amount)s is left of %(invoice)s, which is too little to charge; perhaps a "
            "difference of rounding or of exchange rates. Write it off, or let it wait.",
            amount=move_sudo.currency_id.format(move_sudo.amount_residual),
            invoice=move_sudo.display_name,
        )
        thread_sudo = case_sudo if case_sudo.state in OPEN_STATES else move_sudo
        put_alert(thread_sudo, sentence, f"rest:{move_sudo.id}")
