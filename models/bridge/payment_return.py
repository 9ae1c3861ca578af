# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Bank returns that the addon `account_payment_return` of the OCA books, by hand or by import.

The addon is not needed, and none that bridges the two: where its models are loaded, some of their
methods are watched.
"""

import logging

import psycopg2

from odoo import fields

from ...tools import series
from ...tools.errors import describe_error
from ...tools.said import say
from ..case.alerts import raise_alert
from .return_entries import ReturnEntries, find_reason, read_line

_logger = logging.getLogger(__name__)


def complete_reasons(complete, importer, values):
    """Let an import find the reason of each entry by the bank's code.

    The addon takes the first reason whose code or name contains the code, as *End customer …* for
    ``CUST``, and stops at an entry without one.

    :param complete: the method that completes what was read from a file
    :param dict values: of one `payment.return`, with its entries as *transactions*
    """
    values.setdefault("account_number", False)
    entries = values["transactions"]
    for entry in entries:
        entry.setdefault("reason_code", "")
    codes = [entry["reason_code"] for entry in entries]
    completed = complete(importer, values)
    for entry, code in zip(entries, codes, strict=True):
        entry["reason_id"] = find_reason(importer.env, code).id
    return completed


def match_payments(match, lines):
    """Let entries of a file find the payments of charges, by the reference that was charged.

    :param match: the method that matches them by the names of invoices and entries
    :param lines: of the model `payment.return.line`
    """
    for line in lines.filtered(lambda line: line.reference and not line.move_line_ids):
        ReturnEntries(line.return_id).match(line)
    result = match(lines)
    # Before the addon refuses the whole file for an entry that it knows.
    for record in lines.return_id:
        ReturnEntries(record).put_aside()
    return result


def record_returns(confirm, record):
    """Let a bank return be confirmed, and recover the invoices that it takes money off.

    :param confirm: the method that confirms it
    :param record: one `payment.return`
    """
    record.ensure_one()
    entries = ReturnEntries(record)
    entries.put_aside(is_confirmed=True)
    if record.state == "cancelled":
        return True  # Nothing of it is to be booked.
    entries.check()
    entries.choose_account()
    found = _find_returned(record)
    result = confirm(record)
    if record.state == "done":
        for line, move_line, payment, moves in found:
            _give_back_rest(move_line, moves)
            _record_safely(record, line, payment, moves)
    return result


def _find_returned(record):
    """Return what a bank return is about to take off its invoices.

    :return: for each of the payments: the line of the return, the journal item of the payment, the
        payment, empty where a bank transaction paid without one, and the invoices it paid
    """
    return [
        (
            line,
            move_line,
            move_line.move_id.origin_payment_id,
            move_line.matched_debit_ids.debit_move_id.move_id.filtered(
                lambda move: move.is_sale_document(True)
            ),
        )
        for line in record.line_ids
        for move_line in line.move_line_ids
    ]


def _give_back_rest(move_line, moves):
    """Let what the bank left of a payment pay its invoices again.

    Else they would owe, and be charged, what is there.
    """
    if move_line.reconciled:
        return
    owed = moves.line_ids.filtered(
        lambda line: line.account_id == move_line.account_id and not line.reconciled
    )
    (move_line + owed).reconcile()


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
        sentence = say(env, "return_trouble", error=describe_error(error))
        for move in moves:
            raise_alert(move, sentence, f"return:{move.id}")


def _record(record, line, payment, moves):
    # In sudo mode: attempts and cases are written by the engine only.
    cases_sudo = record.env["recovery.case"].sudo()
    payment_sudo = payment.sudo()
    decline = read_line(line, payment_sudo)
    payment_sudo.recovery_return_move_id = record.move_id
    if payment_sudo and payment_sudo.currency_id.compare_amounts(line.amount, payment.amount) >= 0:
        series.reject(payment_sudo)  # As one that is recorded by hand.
    date = record.date or fields.Date.context_today(record)
    cases_sudo._record_return(payment_sudo, decline, date, moves.sudo())
