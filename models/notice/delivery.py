# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What became of the messages of notices: as the queues see it, and whom else to write to."""

from markupsafe import escape

from ...tools.jobs import work_on_each
from ...tools.said import say
from ..case.recovery_case import OPEN_STATES
from .mailer import Mailer
from .sender import Envelope

# What the queue says of a message, as the notice shows it.
DELIVERIES = {
    "ready": "queued",
    "process": "queued",
    "pending": "sent",
    "sent": "sent",
    "bounce": "bounced",
    "exception": "failed",
    "canceled": "cancelled",
}
# The one to show when a message went to several contacts.
RANKS = ("sent", "queued", "bounced", "failed", "cancelled")
LOST_DELIVERIES = ("bounced", "failed")


class Delivery:
    """Follows the messages of notices after they were handed to the queues.

    :param env: in sudo mode: who sends mail, or learns of a bounce, needn't be an accountant
    """

    def __init__(self, env):
        self.env = env
        self.notices = env["recovery.notice"]

    def follow(self, messages):
        """Note what the queue says of messages; try another contact when they are lost."""
        notices = self.notices.search([("mail_message_id", "in", messages.ids)])
        if not notices:
            return
        notifications = self.env["mail.notification"].search(
            [
                ("mail_message_id", "in", notices.mail_message_id.ids),
                ("notification_type", "in", ("email", "sms")),
            ]
        )
        by_message = notifications.grouped("mail_message_id")
        for message, group in notices.grouped("mail_message_id").items():
            if known := by_message.get(message):
                self._note(group, known)

    def follow_removal(self, mails):
        """Note that e-mails were deleted from the queue, or cancelled, before they were sent."""
        notices = self.notices.search(
            [("mail_message_id", "in", mails.mail_message_id.ids), ("delivery", "=", "queued")]
        )
        sentence = say(self.env, "message_taken_out")
        notices.write({"delivery": "cancelled", "sentence": sentence})
        notices.case_id._ask_for_attention(sentence, kind="delivery")

    def _note(self, notices, notifications):
        """Note the delivery of notices, all of one message."""
        states = {DELIVERIES.get(status) for status in notifications.mapped("notification_status")}
        delivery = next((rank for rank in RANKS if rank in states), None)
        changed = notices.filtered(lambda notice: delivery and notice.delivery != delivery)
        if not changed:
            return
        reason = next(filter(None, notifications.mapped("failure_reason")), "") or ""
        changed.write({"delivery": delivery, "failure_reason": reason.strip()[:500] or False})
        if delivery in LOST_DELIVERIES:
            lead = changed.filtered("message_key")[:1] or changed[:1]
            self._react_to_loss(lead, changed, notifications.res_partner_id)

    def _react_to_loss(self, lead, notices, contacts):
        """Tell a person that a message did not arrive, and try the next contact.

        :param notices: all those that the message was for
        :param contacts: those whom it did not reach
        """
        tried = lead.tried_partner_ids | contacts
        contact = lead.partner_id._get_recovery_contacts(tried)[:1]
        is_email = lead.action_type == "email"
        sentence = say(self.env, "message_not_arrived", recipient=lead.recipients)
        if contact and is_email:
            sentence = say(
                self.env,
                "sent_to_contact",
                sentence=sentence,
                contact=contact.email_formatted,
            )
        notices.write({"sentence": sentence})
        lead.tried_partner_ids = tried
        lead.next_partner_id = contact if is_email else False
        notices.case_id._ask_for_attention(sentence, activity=True, kind="delivery")
        if not notices.case_id:
            lead._get_thread(lead._get_subject()).activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Recovery needs attention"),
                note=escape(sentence),  # Customers choose the name in it.
                user_id=lead._get_responsible().id,
                recovery_subject=f"undelivered:{lead.id}",
            )
        if lead.next_partner_id:
            self.env["recovery.invoice.queue"]._wake()

    # === SEND AGAIN === #

    def send_again(self):
        """Send to the next contact what did not reach the ones before, each in a transaction."""
        lost = self.notices.search([("next_partner_id", "!=", False)], order="id")
        work_on_each(self.env, lost.ids, self._send_again, doing="Sending again the notice")

    def _send_again(self, notice_id):
        notice = self.notices.browse(notice_id)
        contact = notice.next_partner_id
        notice.next_partner_id = False  # Tried once, whatever comes of it.
        notice = notice.with_company(notice.company_id)
        notice._try(self._send_to_contact, notice, contact)

    def _send_to_contact(self, notice, contact):
        """Send a message that did not arrive to another contact, if it is still due."""
        if block := self._find_resend_block(notice):
            notice.sentence = block
            return
        notices = notice | self.notices.search(
            [("mail_message_id", "=", notice.mail_message_id.id)]
        )
        envelope = Envelope(notices, notices.case_id, notice.message_key)
        Mailer(notice.env).queue_batch(notice._get_template(), [envelope], {notice.id: contact})

    def _find_resend_block(self, notice):
        """Return why a message that did not arrive is not sent again, or none."""
        if not notice.step_id:
            return say(self.env, "not_again_step")
        notice.case_id._follow_settled()
        if notice.case_id and notice.case_id.state not in OPEN_STATES:
            return say(self.env, "not_again_closed")
        return None
