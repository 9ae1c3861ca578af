# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How what makes further invoices of a kind is ended: Odoo's own recurring entries, and others'."""

from ...tools.said import say
from ..case.account_move import PERIODS


def stop_recurrence(moves, reason):
    """End what would make further invoices of this kind; these ones stay as they are.

    Whoever calls it has checked that the user may.

    :param moves: the invoices
    :param str reason: a sentence for people, kept on what is ended
    :return: a sentence for each recurrence that was ended; none for what had ended before
    :rtype: list[str]
    """
    # In sudo mode: contracts and subscriptions have access rights of their own.
    latest = {}
    for move in moves.sudo().sorted(lambda move: (move.date, move.id)):
        if recurrence := move._get_recurrence():
            latest[recurrence[1]] = move
    sentences = []
    for record, move in latest.items():
        if record._name == move._name:
            sentence = _end_recurring_entries(move, record, reason)
        else:
            sentence = move._end_foreign_recurrence(record, reason)
        if sentence:
            _note_end(move, record, sentence)
            sentences.append(sentence)
    return sentences


def _end_recurring_entries(move, origin, reason):
    """End Odoo's own recurring entries, of which this invoice is one.

    :param origin: the first invoice of the series
    :return: a sentence about what was ended; empty when it had ended before
    """
    series = origin | move.search([("auto_post_origin_id", "=", origin.id)])
    series = series.filtered(lambda move: move.auto_post in PERIODS)
    following = series.filtered(lambda move: move.state == "draft")
    if not following:
        return ""
    for posted in series - following:
        # Else one that is reset to draft and posted again would begin anew.
        posted.auto_post_until = posted.date
    invoices = following.filtered("posted_before")
    # Somebody is correcting these; the others are copies that nobody has seen.
    invoices.auto_post = "no"
    copies = following - invoices
    if copies:
        copies.button_cancel()
    sentence = say(
        move.env,
        "series_ended",
        invoice=move.display_name,
        reason=reason,
    )
    for copy in copies:
        copy.message_post(body=sentence)
    return sentence


def _note_end(move, record, sentence):
    """Write on an invoice that what makes its successors was ended, and tell the rules."""
    move.message_post(body=sentence)
    if record != move:
        record.message_post(body=sentence)
    move.recovery_case_id._emit("service_ended", sentence, move=move)
