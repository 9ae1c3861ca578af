# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What takes back that a message could not be sent, or did not arrive, and a step's to-do."""

from ..case.account_move import SETTLED_STATES
from ..case.answers import fill_answer


def is_reachable(contact, field="email"):
    """Return whether a contact can be written to: somebody who was archived is not."""
    return bool(contact.active and contact[field])


def _is_sent_since(case):
    """Return whether a later step of the same kind went well after each that failed."""
    sent = case.notice_ids.filtered(lambda notice: notice.state == "sent")
    return all(
        any(
            later.action_type == failed.action_type and later.planned_at > failed.planned_at
            for later in sent
        )
        for failed in case.notice_ids.filtered(lambda notice: notice.state == "failed")
    )


def _has_email(case):
    contact = case.move_id.partner_id
    others = case.partner_id._get_recovery_contacts(contact)
    return is_reachable(contact) or bool(others) or _is_sent_since(case)


def _has_phone(case):
    return is_reachable(case.move_id.partner_id, "phone") or _is_sent_since(case)


def _has_arrived_since(case):
    return _is_arrived(case.notice_ids)


def _is_told_otherwise(notice):
    """Return whether another message reached the customer, or there is nothing to tell."""
    move = notice.move_id
    if move and (move.state != "posted" or move.payment_state in SETTLED_STATES):
        return True
    return _is_arrived(notice.search([("partner_id", "=", notice.partner_id.id)]))


def _is_moot(notice):
    """Return whether nothing need be done any more for an unpaid invoice: it is not one."""
    if notice.step_id.trigger == "recovered":
        return False
    if notice.case_id:
        return notice.case_id.state in ("recovered", "cancelled")
    return notice.move_id.state == "cancel" or notice.move_id.payment_state in SETTLED_STATES


def _is_arrived(notices):
    """Return whether the latest message of notices that went out has arrived."""
    sent = notices.filtered("sent_at").sorted(lambda notice: (notice.sent_at, notice.id))
    return sent[-1:].delivery in ("sent", "done")


fill_answer("notice", _is_sent_since)
fill_answer("email", _has_email)
fill_answer("phone", _has_phone)
fill_answer("delivery", _has_arrived_since)
fill_answer("undelivered", _is_told_otherwise, "recovery.notice")
fill_answer("step", _is_moot, "recovery.notice")
