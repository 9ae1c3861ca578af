# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The notes that Odoo writes on invoices, one by one, written on many of them at once."""

from collections import defaultdict
from datetime import datetime

from markupsafe import escape

from odoo import SUPERUSER_ID

# How many messages of a record Odoo looks at for the one that a note belongs to.
_MOST_PARENTS = 200
_WRITTEN_BY = ("comment", "email")


class GroupedNotes:
    """The notes about some payments, in the context of their booking until they are written.

    A caller from outside can't send such an object.
    """

    def __init__(self):
        self._bodies = defaultdict(list)

    @classmethod
    def of(cls, env):
        """Return the notes that are being collected, or none."""
        notes = env.context.get("recovery_notes")
        return notes if isinstance(notes, cls) else None

    def add(self, transaction, body):
        """Keep a note on the invoices of a transaction, which has no other documents."""
        is_ours = transaction.env.uid == SUPERUSER_ID
        author = transaction.env.user.partner_id if is_ours else transaction.partner_id
        for move in transaction._get_invoices_to_notify():
            self._bodies[author.id].append((move.id, body))

    def post(self, env):
        """Post all notes."""
        for author_id, bodies in self._bodies.items():
            moves = env["account.move"].browse(move_id for move_id, _body in bodies)
            _post(moves, dict(bodies), author_id)


def _post(moves, bodies, author_id):
    """Post what `message_post` posts of a text alone, and notify who wants to know of notes."""
    moves = moves._fallback_lang()
    author_id, email_from = moves._message_compute_author(author_id)
    subtype_id = moves.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note")
    company = moves.env.company
    domains = moves.sudo()._mail_get_alias_domains(default_company=company)
    companies = moves._mail_get_companies(default=company)
    answers = moves._notify_get_reply_to(default=email_from, author_id=author_id)
    parents = _find_parents(moves)
    values_list = [
        {
            "email_add_signature": True,
            "author_id": author_id,
            "author_guest_id": False,
            "email_from": email_from,
            "model": moves._name,
            "res_id": move.id,
            "body": escape(bodies[move.id]),
            "message_type": "notification",
            "parent_id": parents.get(move.id, False),
            "attachment_ids": [],
            "subject": False,
            "subtype_id": subtype_id,
            "partner_ids": [],
            "incoming_email_to": False,
            "incoming_email_cc": False,
            "outgoing_email_to": False,
            "record_alias_domain_id": domains[move.id].id,
            "record_company_id": companies[move.id].id,
            "reply_to": answers[move.id],
        }
        for move in moves
    ]
    messages = moves._message_create(values_list)
    followers = moves.env["mail.followers"]
    recipients = followers._get_recipient_data(moves, "notification", subtype_id, [])
    for move, message, values in zip(moves, messages, values_list, strict=True):
        move._message_post_after_hook(message, values)
        if recipients.get(move.id):
            move._notify_thread(message, values)


def _find_parents(moves):
    """Return the message that a note on each record belongs to, as Odoo finds it for one."""
    if not moves._mail_flat_thread:
        return {}
    # In sudo mode, as Odoo: only the id is used.
    messages_sudo = moves.env["mail.message"].sudo()
    messages_sudo = messages_sudo.search_fetch(
        [
            ("model", "=", moves._name),
            ("res_id", "in", moves.ids),
            ("message_type", "!=", "user_notification"),
        ],
        ["res_id", "message_type", "date"],
        order="date desc, id desc",
    )
    return {
        move_id: max(
            of_move_sudo[:_MOST_PARENTS],
            key=lambda each: (
                each.message_type in _WRITTEN_BY,
                each.date or datetime.min,
                each.id,
            ),
        ).id
        for move_id, of_move_sudo in messages_sudo.grouped("res_id").items()
    }
