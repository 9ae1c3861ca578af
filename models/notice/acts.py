# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a notice does besides writing messages: letters to print, to-dos, server actions."""

import base64

from odoo import fields
from odoo.exceptions import UserError

from ...tools.said import say
from ..policy.choices import is_made_for
from .rendering import Rendering


def print_letter(notice):
    """Attach the letter to the document and ask somebody to print it."""
    env = notice.env
    subject = notice._get_subject()
    report_sudo = notice.step_id.report_id.sudo().with_context(
        lang=notice._get_known_lang(),
        recovery_notice=notice,
        recovery_rendering=Rendering(notice.id),
    )
    content, kind = _render_letter(report_sudo, subject)
    thread = notice._get_thread(subject)
    notice.attachment_id = notice.env["ir.attachment"].create(
        {
            "name": f"{notice.name} {notice.move_id.name or ''}.{kind}".replace("/", "_"),
            "datas": base64.b64encode(content),
            "res_model": thread._name,
            "res_id": thread.id,
            "mimetype": "application/pdf" if kind == "pdf" else "text/html",
        }
    )
    thread.message_post(
        body=env._("The letter “%(letter)s” is to be printed.", letter=notice.name),
        attachment_ids=notice.attachment_id.ids,
        subtype_xmlid="mail.mt_note",
    )
    user = notice._get_responsible()
    thread.activity_schedule(
        "mail.mail_activity_data_todo",
        summary=env._("Print and send: %(letter)s", letter=notice.name),
        user_id=user.id,
        recovery_subject=f"step:{notice.id}",
    )
    recipient = notice._get_recipient()
    notice.recipient_id = recipient
    notice._note_done(
        say(
            env,
            "letter_waits",
            customer=recipient.display_name,
            user=user.name,
        )
    )


def _render_letter(report_sudo, subject):
    """Return a letter and its kind: a PDF, or the page itself where nothing makes PDF."""
    if report_sudo.get_wkhtmltopdf_state() in ("ok", "upgrade", "workers"):
        content, kind = report_sudo._render_qweb_pdf(report_sudo, subject.ids)
    else:
        content, kind = report_sudo._render_qweb_html(report_sudo, subject.ids)
    return content if isinstance(content, bytes) else content.encode(), kind


def ask_somebody(notice):
    """Ask somebody to do something."""
    thread = notice._get_thread(notice._get_subject())
    user = notice.step_id.activity_user_id
    if not user.active:
        user = notice._get_responsible()
    kind = notice.step_id.activity_type_id
    thread.activity_schedule(
        activity_type_id=kind.id,
        summary=notice.name,
        user_id=user.id,
        date_deadline=fields.Date.context_today(notice),
        recovery_subject=f"step:{notice.id}",
    )
    notice._note_done(say(notice.env, "todo_given", activity=kind.name, user=user.name))


def run_server_action(notice):
    """Run the step's server action on the document."""
    subject = notice._get_subject()
    # In sudo mode: whoever chose the action might read it, and the job acts for nobody.
    action_sudo = notice.step_id.server_action_id.sudo()
    if not is_made_for(action_sudo, subject):
        raise UserError(
            notice.env._(
                "The server action “%(action)s” is made for something else. Choose another one in "
                "the step “%(step)s”.",
                action=action_sudo.name,
                step=notice.step_id.name,
            )
        )
    action_sudo.with_context(
        active_model=subject._name, active_id=subject.id, active_ids=subject.ids
    ).run()
    notice.env.flush_all()  # What can't be written must fail here, in the savepoint.
    notice._note_done(say(notice.env, "action_has_run", action=action_sudo.name))
