"""Bank returns that the addon `account_payment_return` of the OCA books, by hand or by import.

The addon is not needed, and none that bridges the two: where its model is loaded, its
confirmation is watched.
"""

import logging

import psycopg2

from odoo import fields

from ...declines import read_return
from ..case.alerts import raise_alert

_logger = logging.getLogger(__name__)


def record_returns(confirm, returns):
    """Let bank returns be confirmed, and recover the invoices that they take money off.

    :param confirm: the method that confirms them
    :param returns: of the model `payment.return`
    """
    found = [(record, _find_returned(record)) for record in returns]
    result = confirm(returns)
    for record, returned in found:
        if record.state == "done":
            for line, payment, moves in returned:
                _record_safely(record, line, payment, moves)
    return result


def _find_returned(record):
    """Return what a bank return is about to take off its invoices.

    :return: for each of the payments: the line of the return, the payment, empty where a bank
        transaction paid without one, and the invoices it paid
    """
    return [
        (
            line,
            move_line.move_id.origin_payment_id,
            move_line.matched_debit_ids.debit_move_id.move_id.filtered(
                lambda move: move.is_sale_document(True)
            ),
        )
        for line in record.line_ids
        for move_line in line.move_line_ids
    ]


def _record_safely(record, line, payment, moves):
    """Recover the invoices of a payment; its return is booked by then, which nothing may undo."""
    env = record.env
    try:
        with env.cr.savepoint():
            _record(record, line, payment, moves)
    except psycopg2.OperationalError:
        raise  # Odoo runs the request once more.
    except Exception as error:
        _logger.exception("The return %s could not be recovered", record.display_name)
        sentence = env._("The bank's return could not be followed: %(error)s", error=error)
        for move in moves:
            raise_alert(move, sentence, f"return:{move.id}")


def _record(record, line, payment, moves):
    # In sudo mode: attempts and cases are written by the engine only.
    cases_sudo = record.env["recovery.case"].sudo()
    payment_sudo = payment.sudo()
    decline = read_return(
        payment_sudo._recovery_guess_scheme() if payment_sudo else "sepa",
        (line.reason_id.code or "").strip().upper(),
        line.reason_additional_information or "",
        cases_sudo.env["recovery.decline.code"]._get_taxonomy(),
    )
    payment_sudo.recovery_return_move_id = record.move_id
    date = record.date or fields.Date.context_today(record)
    cases_sudo._record_return(payment_sudo, decline, date, moves.sudo())
