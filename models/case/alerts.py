# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Alerts: what a person must look at, told by a sentence and one to-do.

An alert belongs to an invoice. It stands on the invoice's open case, else on the invoice itself,
and stays where it was raised. Its subject names what would answer it: a kind, and the id of a
record.

* ``outcome:<attempt>``, ``overdue:<attempt>``: what became of a charge is known
* ``charge:<attempt>``: the invoice owes nothing any more, or is charged again
* ``begun:<transaction>``: it is clear what became of a payment by somebody else, or a person has
  seen to it
* ``excess:<transaction>``, ``paid_twice:<transaction>``: the money was refunded, or assigned
* ``retries:<transaction>``: its provider does not retry it any more
* ``unbooked:<transaction>``: the money was booked
* ``fault:<provider>``: the provider takes charges again; it stands on the provider
* ``backlog:<company>``: the charging hours suffice again; it stands on the busiest provider
* ``dispute:<return>``: the dispute is won or lost
* ``booking:<return>``: the return is in the books
* ``rest:<invoice>``: what is left of it was written off or paid, or is not too little any more
* ``credit:<invoice>``: the customer's credit was used, or nothing is owed
* ``follow:<invoice>``: the invoice has been followed
* ``step:<notice>``, ``undelivered:<notice>``: the invoice is settled, or another message arrived;
  to-dos, not alerts
* ``refund:<return>``: the refund was made again
* ``return:<invoice>``: the invoice is in recovery, or owes nothing any more
* ``case:<case>`` and the other kinds of :data:`CASE_KINDS`: the case ends, or what `answers` says

What is not urgent is a note: it stands on the case as an alert does, has a subject too, and no
to-do. Whatever else is told of stays until a person ticks it off.
"""

from markupsafe import escape

from ...tools.said import get_facts, put_in_words
from .states import OPEN_STATES

# What only the answer takes back; no person may tick it off.
QUESTIONS = ("outcome", "overdue", "fault")

# What a case asks for on its own behalf: the end of the case takes it back.
CASE_KINDS = (
    "case",
    "contested",
    "delivery",
    "email",
    "job",
    "method",
    "notice",
    "parts",
    "phone",
    "planning",
    "promise",
    "question",
    "refused",
    "undone",
    "write_off",
)


def raise_alert(move, sentence, subject):
    """Tell a person about an invoice, with one to-do for each subject.

    What was raised before gets the new sentence. What a person has ticked off is not raised again
    in the same words.

    :param move: one invoice, in any mode
    :param str sentence: what there is to look at, and what to do
    :param str subject: what would answer it, as `outcome:7`
    """
    move.ensure_one()
    # In sudo mode: whoever runs into it need not be allowed to see cases, or to assign to-dos.
    move_sudo = move.sudo()
    case_sudo = move_sudo.recovery_case_id
    earlier_sudo = find_alerts(move_sudo.env, subject, ticked_off=True)
    if sentence not in earlier_sudo.mapped("recovery_sentence"):
        put_alert(case_sudo if case_sudo.state in OPEN_STATES else move_sudo, sentence, subject)


def answer_alert(env, *subjects):
    """Take alerts back, wherever they stand: something has answered them."""
    find_alerts(env, *subjects).unlink()
    # Should it come up again, it is another one.
    find_alerts(env, *subjects, ticked_off=True).recovery_subject = False


def find_alerts(env, *subjects, ticked_off=False):
    """Return the open to-dos of these subjects, in sudo mode, or those that were ticked off."""
    # In sudo mode: to-dos are for those who may see their record, alerts are the engine's.
    todos_sudo = env["mail.activity"].sudo().with_context(active_test=False)
    return todos_sudo.search(
        [("recovery_subject", "in", subjects), ("active", "=", not ticked_off)], order="id"
    )


def put_alert(thread_sudo, sentence, subject):
    """Put an alert on a record, unless it is on another one already; it gets the new sentence then.

    :param thread_sudo: a `recovery.case`, an invoice or a provider, in sudo mode
    """
    env = thread_sudo.env
    todo_sudo = find_alerts(env, subject)
    if todo_sudo:
        if todo_sudo.recovery_sentence == sentence:
            return
        thread_sudo = env[todo_sudo.res_model].browse(todo_sudo.res_id)
        todo_sudo.write(_prepare_todo_vals(todo_sudo.user_id, sentence))
    else:
        person = _find_person(thread_sudo)
        # Whatever the caller thinks of to-dos: this one has to be there.
        thread_sudo.with_context(mail_activity_automation_skip=False).activity_schedule(
            "mail.mail_activity_data_todo",
            summary=_get_reader_env(person)._("Recovery needs attention"),
            user_id=person.id,
            recovery_subject=subject,
            **_prepare_todo_vals(person, sentence),
        )
    if thread_sudo._name == "recovery.case":
        thread_sudo.attention = sentence


def _prepare_todo_vals(user, sentence):
    """Return what a to-do tells: the facts, and a text for the one who is to read it."""
    words = put_in_words(_get_reader_env(user), get_facts(sentence))
    return {"recovery_sentence": sentence, "note": escape(words)}


def _get_reader_env(user):
    return user.with_context(lang=user.lang, tz=user.tz).env


def put_note(case_sudo, sentence, subject):
    """Let a case ask for attention without a to-do."""
    case_sudo.attention_notes = [*_other_notes(case_sudo, subject), [subject, get_facts(sentence)]]
    case_sudo.attention = sentence


def answer_case(cases_sudo, *kinds):
    """Take back what these cases ask for of some kinds: something has answered it."""
    asking_sudo = cases_sudo.filtered("attention")
    if not asking_sudo:
        return
    subjects = [f"{kind}:{case.id}" for kind in kinds for case in asking_sudo]
    answer_alert(asking_sudo.env, *subjects)
    for case_sudo in asking_sudo.filtered("attention_notes"):
        case_sudo.attention_notes = _other_notes(case_sudo, *subjects) or False
    show_newest(asking_sudo)


def _other_notes(case_sudo, *subjects):
    return [note for note in case_sudo.attention_notes or () if note[0] not in subjects]


def get_open_alerts(thread_sudo):
    """Return the open to-dos of alerts on a case or an invoice, in sudo mode, oldest first.

    To-dos that are no alerts, as those of a policy's steps, may have a subject; they tell nothing.
    """
    return thread_sudo.activity_ids.filtered("recovery_sentence").sorted("id")


def tick_off(threads_sudo):
    """Take a person's word that they have seen to what these cases or invoices ask for.

    :raise UserError: when an alert asks what became of a charge
    """
    for thread_sudo in threads_sudo:
        get_open_alerts(thread_sudo)._action_done()
        if thread_sudo._name == "recovery.case":
            thread_sudo.write({"attention": False, "attention_notes": False})


def show_newest(cases_sudo):
    """Let cases ask for attention for their newest open alert, else note, or for nothing."""
    for case_sudo in cases_sudo:
        notes = [facts for _subject, facts in case_sudo.attention_notes or ()]
        alert = get_open_alerts(case_sudo)[-1:].recovery_sentence
        case_sudo.attention = alert or (notes[-1] if notes else False)


# === WHO LOOKS AT IT === #


def _find_person(thread_sudo):
    """Return who is to look at a record: somebody who can see it, if there is one."""
    people = _list_people(thread_sudo)
    return (
        next((user for user in people if _may_look(user, thread_sudo)), None)
        or (
            # Nobody can see it: an administrator can at least let somebody see it.
            _list_members(thread_sudo.env, "base.group_system")[:1]
        )
    )


def _list_people(thread_sudo):
    """Yield who may be meant, the nearest first."""
    env = thread_sudo.env
    if thread_sudo._name == "payment.provider":  # Which nobody but administrators may see.
        yield env.ref("base.user_admin", raise_if_not_found=False) or env["res.users"]
        yield from _list_members(env, "base.group_system")
        return
    move_sudo = thread_sudo
    if thread_sudo._name == "recovery.case":
        yield thread_sudo.user_id
        move_sudo = thread_sudo.move_id
    yield move_sudo.invoice_user_id
    yield env.ref("base.user_admin", raise_if_not_found=False) or env["res.users"]
    for group in (
        "revenue_recovery.group_recovery_manager",
        "revenue_recovery.group_recovery_user",
        "base.group_system",
    ):
        members = _list_members(env, group)
        yield from members.filtered(lambda user: move_sudo.company_id in user.company_ids)


def _list_members(env, group):
    group_id = env["ir.model.data"]._xmlid_to_res_id(group)
    return env["res.users"].search(
        [("all_group_ids", "in", group_id), ("share", "=", False)], order="id"
    )


def _may_look(user, thread_sudo):
    """Return whether an active internal user can read a record."""
    if not user or not user.active or user.share:
        return False
    companies = user.company_ids.ids
    record = thread_sudo.with_user(user).with_context(allowed_company_ids=companies)
    return record.has_access("read")
