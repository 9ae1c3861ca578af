# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""E-mails and SMS of notices: written for many customers at once, and handed to the queues."""

import logging
from collections import defaultdict

import psycopg2

from odoo.fields import Command
from odoo.tools import email_split

from ...tools.said import say
from .answers import is_reachable
from .rendering import Rendering

_logger = logging.getLogger(__name__)

# What stock `mail.template.send_mail_batch` asks of a template, except for what the notice knows.
TEMPLATE_FIELDS = (
    "attachment_ids",
    "auto_delete",
    "body_html",
    "email_cc",
    "email_from",
    "email_to",
    "mail_server_id",
    "model",
    "partner_to",
    "reply_to",
    "report_template_ids",
    "res_id",
    "subject",
)
DEFAULT_LAYOUT = "mail.mail_notification_light"


class Mailer:
    """Hands over what goes out; what fails, fails alone.

    An envelope is a :class:`sender.Envelope`: notices that go out together, and their cases.
    """

    def __init__(self, env):
        self.env = env

    def hand_over(self, envelopes):
        """Do what is to be done with what goes out now."""
        emails = defaultdict(list)
        for envelope in envelopes:
            lead = envelope.lead
            if lead.action_type == "email":
                emails[lead._get_template()].append(envelope)
            else:
                lead._try(getattr(lead, f"_hand_over_{lead.action_type}"), envelope)
        for template, group in emails.items():
            self._queue_emails(template, group)

    # === E-MAIL === #

    def _queue_emails(self, template, envelopes):
        """Queue the e-mails of one template: all at once, one by one when that fails."""
        try:
            with self.env.cr.savepoint():
                self.queue_batch(template, envelopes)
        except (psycopg2.OperationalError, psycopg2.errors.UniqueViolation):
            raise  # Another worker wrote to one of these customers; the turn begins anew.
        except Exception:
            if len(envelopes) > 1:
                _logger.info("A batch of %s notices is sent one by one", len(envelopes))
            for envelope in envelopes:
                self.env.invalidate_all()
                envelope.lead._try(self.queue_batch, template, [envelope])

    def queue_batch(self, template, envelopes, contacts=None):
        """Write and queue e-mails of one template.

        :param contacts: whom to write to instead of the template's recipients, by notice
        """
        by_subject = {envelope.lead._get_subject().id: envelope for envelope in envelopes}
        template = self._tell(template, by_subject)
        self._warm_up(envelopes)
        rendered = template._generate_template(list(by_subject), TEMPLATE_FIELDS)
        langs = template._render_lang(list(by_subject))
        ready = {}
        for res_id, envelope in by_subject.items():
            values = rendered[res_id]
            lead = envelope.lead
            people = (contacts or {}).get(lead.id) or self._choose_recipients(lead, values)
            if not people and not (values.get("email_to") and not contacts):
                lead._fail(
                    self._explain_silence(lead._get_recipient()), activity=False, kind="email"
                )
                continue
            values["recipient_ids"] = [Command.set(people.ids)]
            ready[res_id] = (envelope, people, values)
        if ready:
            self._create_emails(template, ready, langs)

    def _tell(self, template, by_subject):
        """Return a template that knows of each record the notice that it is written for."""
        return template.with_context(
            recovery_notices={
                res_id: Rendering(envelope.lead.id, envelope.cases.ids)
                for res_id, envelope in by_subject.items()
            }
        )

    def _warm_up(self, envelopes):
        """Read for all e-mails at once what their texts name; they are written one by one."""
        cases = self.env["recovery.case"].union(*(envelope.cases for envelope in envelopes))
        notices = self.env["recovery.notice"].union(*(each.notices for each in envelopes))
        moves = cases.move_id | notices.move_id
        moves.mapped("access_token")
        (moves.partner_id | moves.commercial_partner_id).mapped("lang")
        cases.mapped("next_attempt_at")

    def _create_emails(self, template, ready, langs):
        """Create the outgoing e-mails, their traces in the chatter, and note them."""
        records = self.env[template.model].with_prefetch(list(ready)).browse(ready)
        companies = records._mail_get_companies(default=self.env.company)
        attachments = []
        values_list = []
        for record in records:
            envelope, people, values = ready[record.id]
            attachments.append(values.pop("attachments", []))
            values_list.append(
                self._prepare_mail_vals(
                    template, record, values, langs.get(record.id), companies[record.id]
                )
            )
        mails = self.env["mail.mail"].sudo().create(values_list)
        self._attach(mails, attachments)
        notifications = []
        for mail, (res_id, (envelope, people, values)) in zip(mails, ready.items(), strict=True):
            addresses = people.mapped("email_formatted") or [values.get("email_to")]
            notifications += self._prepare_notification_vals(mail, people, values)
            envelope.lead._note_message(
                envelope,
                mail.mail_message_id,
                people,
                recipients=", ".join(filter(None, addresses)),
                lang=langs.get(res_id),
                template_name=template.name,
                subject=values["subject"],
            )
        self.env["mail.notification"].sudo().create(notifications)
        self._wake_queue("mail.ir_cron_mail_scheduler_action")

    def _prepare_mail_vals(self, template, record, values, lang, company):
        """Return the values of one outgoing e-mail, its body in the template's layout."""
        lang = lang or self.env.lang
        body = template.with_context(lang=lang)._render_encapsulate(
            template.email_layout_xmlid or DEFAULT_LAYOUT,
            values["body_html"],
            add_context={
                "company": company,
                "model_description": self.env["ir.model"]
                .with_context(lang=lang)
                ._get(record._name)
                .display_name,
            },
            context_record=record.with_context(lang=lang),
        )
        thread = self.env["recovery.notice"]._get_thread(record)
        values.pop("partner_ids", None)
        values.update(
            body=body,
            body_html=body,
            attachment_ids=[Command.link(att_id) for att_id in values.get("attachment_ids") or []],
            # The message stays in the chatter when the queue forgets the e-mail.
            is_notification=True,
            message_type="email_outgoing",
            model=thread._name,
            record_name=thread.display_name,
            res_id=thread.id,
            subtype_id=self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment"),
        )
        if not values.get("email_from"):
            values.pop("email_from", None)
        return values

    def _prepare_notification_vals(self, mail, people, values):
        """Return the records by which the queue tells what became of an e-mail."""
        common = {
            "author_id": mail.author_id.id,
            "is_read": True,
            "mail_mail_id": mail.id,
            "mail_message_id": mail.mail_message_id.id,
            "notification_status": "ready",
            "notification_type": "email",
        }
        if people:
            return [{**common, "res_partner_id": person.id} for person in people]
        # A template may name addresses that are no contact's.
        return [
            {**common, "mail_email_address": address} for address in email_split(values["email_to"])
        ]

    def _attach(self, mails, attachments):
        """Attach what the templates rendered."""
        for mail, files in zip(mails, attachments, strict=True):
            if files:
                mail.attachment_ids = [
                    Command.create(
                        {
                            "name": name,
                            "datas": datas,
                            "type": "binary",
                            "res_model": "mail.message",
                            "res_id": mail.mail_message_id.id,
                        }
                    )
                    for name, datas in files
                ]

    def _choose_recipients(self, notice, values):
        """Return the contacts that a rendered template names and that can be written to.

        When none of them can, another contact of the customer for invoices takes their place.
        """
        named = self.env["res.partner"].browse(values.get("partner_ids") or [])
        usable = named.filtered(is_reachable)
        if usable or values.get("email_to"):
            return usable
        return notice.partner_id._get_recovery_contacts(named)[:1]

    def _explain_silence(self, contact, is_email=True):
        """Return why a contact can't be written to."""
        known = {"customer": contact.display_name}
        if not contact.active:
            return say(
                self.env,
                "contact_archived",
                **known,
            )
        if is_email:
            return say(self.env, "no_email", **known)
        return say(self.env, "no_phone", **known)

    def _wake_queue(self, xmlid):
        """Let a queue be worked off soon: by themselves they run every hour, or every day."""
        if cron := self.env.ref(xmlid, raise_if_not_found=False):
            cron.sudo()._trigger()

    # === SMS === #

    def queue_sms(self, envelope):
        """Queue an SMS to the customer."""
        notice = envelope.lead
        subject = notice._get_subject()
        contact = notice._get_recipient()
        if not is_reachable(contact, "phone"):
            sentence = self._explain_silence(contact, is_email=False)
            notice._fail(sentence, activity=False, kind="phone")
            return
        number = contact._phone_format(number=contact.phone) or contact.phone
        template = self._tell(notice.step_id.sms_template_id, {subject.id: envelope})
        lang = template._render_lang(subject.ids)[subject.id]
        body = template._render_field("body", subject.ids, compute_lang=True)[subject.id]
        message = notice._get_thread(subject)._message_sms(
            body,
            subtype_id=self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment"),
            partner_ids=contact.ids,
            put_in_queue=True,
        )
        notice._note_message(
            envelope,
            message,
            contact,
            recipients=number,
            lang=lang,
            template_name=template.name,
            subject=body,
        )
        self._wake_queue("sms.ir_cron_sms_scheduler_action")
