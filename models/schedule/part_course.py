# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How a payment in parts begins and ends, as the case has it."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Command

from ...tools.said import say
from .part_offer import PartOffer


def begin(case, parts, consent, author):
    """Keep what was agreed; see `recovery.case._begin_parts`.

    :return: why it can't be, for a person; nothing when it is kept
    """
    case.move_id._recovery_touch()
    if error := PartOffer(case, author).find_error(parts):
        return error
    days = [day for day, _amount in parts]
    sentence = say(case.env, "parts_agreed", count=len(parts), first=days[0], last=days[-1])
    case.next_attempt_id._set_state("cancelled", sentence=sentence)
    vals = _prepare_plan_vals(case, parts, consent, author)
    case.part_plan_id = case.env["recovery.part.plan"].create(vals)
    case._on_parts_agreed()
    if case.state == "grace":
        case._set_state("in_recovery", sentence, grace_until=False, exhausted_at=False)
    case._plan_next_charge()
    case._on_changed()
    body = "\n".join((sentence, consent))
    case.message_post(
        body=body,
        message_type="comment",
        subtype_xmlid="mail.mt_comment" if author else "mail.mt_note",
        **({"author_id": author.id} if author else {}),
    )
    return None


def _prepare_plan_vals(case, parts, consent, author):
    return {
        "case_id": case.id,
        "life": case.life,
        "amount": sum(amount for _day, amount in parts),
        "agreed_at": fields.Datetime.now(),
        "agreed_by": "customer" if author else "user",
        "author_id": (author or case.env.user.partner_id).id,
        "consent": consent,
        "goes_on": case.policy_id.parts_failure == "go_on",
        "waited_hours": case.waited_hours,
        "part_ids": [Command.create({"day": day, "amount": amount}) for day, amount in parts],
    }


def end(case, state, reason):
    """End the parts of a case, which has its whole window from now on for the whole debt.

    :param str state: of the plan: ``broken`` or ``cancelled``
    """
    if not case._get_running_part_plan()._set_state(state, reason):
        return
    now = fields.Datetime.now()
    sentence = say(case.env, "parts_broken", reason=reason) if state == "broken" else reason
    case.next_attempt_id._set_state("cancelled", sentence=sentence)
    case.write(
        {
            "grace_until": False,
            "exhausted_at": False,
            "waited_hours": (now - case.first_failure_at) / timedelta(hours=1),
            "deadline_at": now + timedelta(days=case.policy_id.window_days),
        }
    )
    case._on_changed()
    case.message_post(body=sentence)
    if state == "broken":
        case._ask_for_attention(sentence, kind="parts")
        case._emit("promise_broken", sentence)
