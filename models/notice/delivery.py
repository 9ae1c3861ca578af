"""What became of the messages of notices: as the queues see it, and what the customer did."""

from odoo import api, fields, models

from ..case.recovery_case import OPEN_STATES

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


class RecoveryNotice(models.Model):
    _inherit = "recovery.notice"

    delivery = fields.Selection(
        selection=[
            ("queued", "Queued"),
            ("sent", "Sent"),
            ("bounced", "Bounced"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
            ("done", "Done"),
        ],
        readonly=True,
        copy=False,
        help="What the outgoing queue says of the message. Queued: not sent yet.",
    )
    status = fields.Selection(
        selection=[
            ("planned", "Planned"),
            ("held", "Held"),
            ("queued", "Queued"),
            ("sent", "Sent"),
            ("bounced", "Bounced"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
            ("done", "Done"),
            ("skipped", "Skipped"),
        ],
        compute="_compute_status",
        store=True,
        help="Queued: handed over to the outgoing queue, and not sent yet.\n"
        "Held: due, but something keeps it back for now.\n"
        "Bounced: it could not be delivered; the next contact for invoices is tried.",
    )
    failure_reason = fields.Char(readonly=True, copy=False)
    tried_partner_ids = fields.Many2many(
        comodel_name="res.partner",
        relation="recovery_notice_tried_partner_rel",
        string="Tried Without Success",
        readonly=True,
        copy=False,
    )
    next_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Tried Next",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The contact that gets the message now that it did not reach the others.",
    )
    opened_at = fields.Datetime(
        string="Link Opened",
        readonly=True,
        copy=False,
        help="When the customer first opened the page behind the link.",
    )
    result = fields.Selection(
        selection=[
            ("paid", "Paid"),
            ("method", "Replaced the payment method"),
            ("promise", "Promised a date"),
            ("question", "Asked a question"),
        ],
        readonly=True,
        copy=False,
        help="What the customer did on the page behind the link.",
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "delivery", "held_until")
    def _compute_status(self):
        for notice in self:
            if notice.state == "sent":
                notice.status = notice.delivery or "queued"
            elif notice.state == "planned" and notice.held_until:
                notice.status = "held"
            else:
                notice.status = notice.state

    # === BUSINESS METHODS === #

    def _note_opened(self):
        """Note that the customer opened the page behind the link of these notices."""
        # In sudo mode: whoever has the link is nobody to Odoo.
        unopened_sudo = self.sudo().filtered(lambda notice: not notice.opened_at)
        unopened_sudo.opened_at = fields.Datetime.now()

    def _note_result(self, result):
        """Note what the customer did on the page; what matters most stays.

        :param str result: `paid`, `method`, `promise` or `question`
        """
        ranks = ("question", "promise", "method", "paid")
        notices_sudo = self.sudo()
        notices_sudo._note_opened()
        for notice in notices_sudo:
            if not notice.result or ranks.index(result) > ranks.index(notice.result):
                notice.result = result

    @api.model
    def _follow_delivery(self, messages):
        """Note what the queue says of messages; try another contact when they are lost."""
        notices = self.search([("mail_message_id", "in", messages.ids)])
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
            known = by_message.get(message)
            if known:
                group._note_delivery(known)

    def _note_delivery(self, notifications):
        """Note the delivery of these notices, all of one message."""
        states = {DELIVERIES.get(status) for status in notifications.mapped("notification_status")}
        delivery = next((rank for rank in RANKS if rank in states), None)
        changed = self.filtered(lambda notice: delivery and notice.delivery != delivery)
        if not changed:
            return
        reason = next(filter(None, notifications.mapped("failure_reason")), "") or ""
        changed.write({"delivery": delivery, "failure_reason": reason.strip()[:500] or False})
        if delivery in LOST_DELIVERIES:
            lead = changed.filtered("message_key")[:1] or changed[:1]
            lead._react_to_loss(changed, notifications.res_partner_id)

    def _react_to_loss(self, notices, contacts):
        """Tell a person that a message did not arrive, and try the next contact.

        :param notices: all those that the message was for
        :param contacts: those whom it did not reach
        """
        self.ensure_one()
        tried = self.tried_partner_ids | contacts
        contact = self.partner_id._get_recovery_contacts(tried)[:1]
        is_email = self.action_type == "email"
        sentence = self.env._(
            "The message to %(recipient)s did not arrive.", recipient=self.recipients
        )
        if contact and is_email:
            sentence = self.env._(
                "%(sentence)s It is sent to %(contact)s as well.",
                sentence=sentence,
                contact=contact.email_formatted,
            )
        notices.write({"sentence": sentence})
        self.tried_partner_ids = tried
        self.next_partner_id = contact if is_email else False
        notices.case_id._ask_for_attention(sentence, activity=True)
        if not notices.case_id:
            self._get_thread(self._get_subject()).activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Recovery needs attention"),
                note=sentence,
                user_id=self._get_responsible().id,
            )
        if self.next_partner_id:
            self.env.ref("revenue_recovery.ir_cron_recovery_follow").sudo()._trigger()

    # === CRON === #

    @api.model
    def _send_again(self):
        """Send to the next contact what did not reach the ones before, each in a transaction."""
        for notice_id in self.search([("next_partner_id", "!=", False)], order="id").ids:
            notice = self.browse(notice_id)
            contact = notice.next_partner_id
            notice.next_partner_id = False  # Tried once, whatever comes of it.
            notice = notice.with_company(notice.company_id)
            notice._try(notice._send_to_contact, contact)
            if not self.env["ir.cron"]._commit_progress():
                return

    def _send_to_contact(self, contact):
        """Send a message that did not arrive to another contact, if it is still due."""
        if block := self._find_resend_block():
            self.sentence = block
            return
        notices = self.search([("mail_message_id", "=", self.mail_message_id.id)])
        envelope = self._make_envelope(self | notices, self.message_key)
        self._queue_batch(self._get_template(), [envelope], {self.id: contact})

    def _find_resend_block(self):
        """Return why a message that did not arrive is not sent again, or none."""
        if not self.step_id:
            return self.env._("Not sent again: the step was removed.")
        self.case_id._follow_settled()
        if self.case_id and self.case_id.state not in OPEN_STATES:
            return self.env._("Not sent again: the case is closed.")
        return None

    @api.model
    def _follow_deleted(self, mails):
        """Note that e-mails were deleted from the queue, or cancelled, before they were sent."""
        notices = self.search(
            [("mail_message_id", "in", mails.mail_message_id.ids), ("delivery", "=", "queued")]
        )
        sentence = self.env._("The message was taken from the queue before it was sent.")
        notices.write({"delivery": "cancelled", "sentence": sentence})
        notices.case_id._ask_for_attention(sentence)
