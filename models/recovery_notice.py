import logging
from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

from odoo import api, fields, models

from .recovery_case import OPEN_STATES

_logger = logging.getLogger(__name__)


class RecoveryNotice(models.Model):
    """One step of one case: planned, sent, or skipped with a reason."""

    _name = "recovery.notice"
    _description = "Recovery Notice"
    _order = "planned_at desc, id desc"

    case_id = fields.Many2one(
        comodel_name="recovery.case", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    move_id = fields.Many2one(related="case_id.move_id", string="Invoice")
    step_id = fields.Many2one(
        comodel_name="recovery.policy.step", readonly=True, ondelete="set null"
    )
    state = fields.Selection(
        selection=[
            ("planned", "Planned"),
            ("sent", "Sent"),
            ("skipped", "Skipped"),
            ("failed", "Failed"),
        ],
        default="planned",
        required=True,
        readonly=True,
        help="Sent: handed to the outgoing mail queue, whose own state is on the message.",
    )
    planned_at = fields.Datetime(string="Planned For", required=True, readonly=True)
    sent_at = fields.Datetime(string="Sent", readonly=True, copy=False)
    mail_message_id = fields.Many2one(
        comodel_name="mail.message", string="Message", readonly=True, ondelete="set null"
    )
    sentence = fields.Char(string="Explanation", readonly=True)

    _due_idx = models.Index("(planned_at, id) WHERE state = 'planned'")

    # === BUSINESS METHODS === #

    def _skip(self, reason):
        """Withdraw planned notices, for a reason."""
        planned = self.filtered(lambda notice: notice.state == "planned")
        planned.write({"state": "skipped", "sentence": reason})

    # === CRON === #

    @api.model
    def _send_due(self, limit=200):
        """Send the notices that are due, one e-mail a day and customer for all of his cases."""
        domain = [("state", "=", "planned"), ("planned_at", "<=", fields.Datetime.now())]
        commit_progress = self.env["ir.cron"]._commit_progress
        is_queued = False
        for notice_id in self.search(domain, order="planned_at, id", limit=limit).ids:
            notice = self.browse(notice_id)
            if notice.state != "planned":
                continue  # Sent together with another one.
            try:
                is_queued |= notice.with_company(notice.company_id)._send()
            except Exception as error:
                self.env.cr.rollback()
                _logger.warning("Notice %s could not be sent", notice_id, exc_info=True)
                notice._fail(error)
            if not commit_progress():
                break
        if is_queued:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _send(self):
        """Send a due notice, or hold or skip it; return whether an e-mail was queued."""
        self.ensure_one()
        case = self.case_id
        case._follow_invoice()
        if case.state == "paused" or case.state == "suspended":
            self.planned_at = fields.Datetime.now() + timedelta(hours=12)
            return False
        if case.state not in OPEN_STATES:
            self._skip(case.end_reason)
            return False
        recipient = case.move_id.partner_id
        if not recipient.email:
            reason = self.env._(
                "%(customer)s has no e-mail address.", customer=recipient.display_name
            )
            self.write({"state": "failed", "sentence": reason})
            case._ask_for_attention(reason)
            return False
        if later := self._get_hold():
            self.planned_at = later
            return False
        self._post()
        return True

    def _post(self):
        """Post the e-mail on the case and take the customer's other due notices along."""
        case = self.case_id
        message = case.with_context(
            mail_notify_force_send=False, mail_post_autofollow=False
        ).message_post_with_source(
            self.step_id.mail_template_id,
            subtype_xmlid="mail.mt_comment",
            email_layout_xmlid="mail.mail_notification_light",
            partner_ids=case.move_id.partner_id.ids,
        )
        due = self.search(
            [
                ("state", "=", "planned"),
                ("planned_at", "<=", fields.Datetime.now()),
                ("company_id", "=", self.company_id.id),
                ("case_id.partner_id", "=", case.partner_id.id),
            ]
        )
        (self | due).write(
            {
                "state": "sent",
                "sent_at": fields.Datetime.now(),
                "mail_message_id": message.id,
                "sentence": self.env._(
                    "E-mail to %(recipient)s: %(subject)s",
                    recipient=case.move_id.partner_id.email,
                    subject=message.subject or self.step_id.name,
                ),
            }
        )

    def _fail(self, error):
        """Note why a notice could not be sent, and tell a person once."""
        reason = self.env._("The notice could not be sent: %(error)s", error=error)
        self.write({"state": "failed", "sentence": reason})
        self.case_id._ask_for_attention(reason, activity=True)

    # === GETTERS === #

    def _get_hold(self):
        """Return until when (UTC, naive) the notice waits, or none.

        A customer gets one e-mail a day, of his own day, whatever number of invoices failed.
        """
        tz = ZoneInfo(self.case_id.partner_id._get_recovery_tz())
        now = fields.Datetime.now()
        local_now = now.replace(tzinfo=timezone.utc).astimezone(tz)
        midnight = local_now.replace(hour=0, minute=0, second=0, microsecond=0)
        sent_today = self.search_count(
            [
                ("state", "=", "sent"),
                ("sent_at", ">=", midnight.astimezone(timezone.utc).replace(tzinfo=None)),
                ("company_id", "=", self.company_id.id),
                ("case_id.partner_id", "=", self.case_id.partner_id.id),
            ],
            limit=1,
        )
        if not sent_today:
            return None
        tomorrow = midnight + timedelta(days=1, hours=9)
        return tomorrow.astimezone(timezone.utc).replace(tzinfo=None)
