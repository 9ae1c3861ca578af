# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import logging
from datetime import timedelta
from uuid import uuid4

import psycopg2

from odoo import api, fields, models

from ...notices import Notice, NoticeKey, Stored
from ...notices.plan import find_end, step_hours
from ...tools.errors import describe_error
from ...tools.instants import aware, naive
from ...tools.jobs import work_on_each
from ...tools.said import SaidField, join, put, say
from ...tools.states import allowed
from ..case.recovery_invoice_queue import FOLLOW
from ..policy.recovery_policy_step import ACTION_TYPES
from ..schedule.account_move import COLLECT
from . import acts
from .ahead import Ahead
from .delivery import Delivery
from .mailer import Mailer
from .sender import BATCH, Sender

_logger = logging.getLogger(__name__)
COLLECT.fill("notices ahead", ("recovery.notice", "_plan_ahead"))
FOLLOW.fill("notices", ("recovery.notice", "_send_due"))

# A step that somebody adds is not for what has long been over.
STALE = timedelta(days=7)
# The occurrence of what an automation asked for begins with it.
ASKED = "asked "
# The states that may follow each state.
TRANSITIONS = {
    "planned": ("sent", "skipped", "failed"),
    "sent": ("sent", "failed"),  # To the next contact, when it did not arrive.
    "skipped": (),
    "failed": (),
}
# What a customer did on the page, the most important last.
RESULTS = ("question", "promise", "method", "paid")


class RecoveryNotice(models.Model):
    """One step at one occurrence of its trigger: planned, handed over, or skipped with a reason.

    Most are about a case. One before the due date is about an invoice that has none yet, and one
    about an expiring method about the method.
    """

    _name = "recovery.notice"
    _description = "Recovery Notice"
    _order = "planned_at desc, id desc"

    case_id = fields.Many2one(
        comodel_name="recovery.case", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    token_id = fields.Many2one(
        comodel_name="payment.token",
        string="Payment Method",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        help="The company, or the person, that owes the invoice.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    step_id = fields.Many2one(
        comodel_name="recovery.policy.step",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    name = fields.Char(string="Step Name", readonly=True, help="The step as it was called.")
    action_type = fields.Selection(
        selection=ACTION_TYPES, string="Action", default="email", required=True, readonly=True
    )
    life = fields.Integer(
        default=1,
        readonly=True,
        help="How often the case had been opened: a payment taken back begins anew.",
    )
    occurrence = fields.Char(
        default="first",
        required=True,
        readonly=True,
        help="Which event of the step's trigger: the first failure, an attempt, a due date.",
    )
    state = fields.Selection(
        selection=[
            ("planned", "Planned"),
            ("sent", "Handed Over"),
            ("skipped", "Skipped"),
            ("failed", "Failed"),
        ],
        default="planned",
        required=True,
        readonly=True,
        help="Handed Over: to the outgoing queue, or done. Whether it arrived is told by the "
        "status.",
    )
    planned_at = fields.Datetime(string="Planned For", required=True, readonly=True)
    held_until = fields.Datetime(
        readonly=True, copy=False, help="When it is asked again whether it may go out."
    )
    sent_at = fields.Datetime(string="Sent", readonly=True, copy=False)
    sentence = SaidField(string="Explanation", readonly=True)
    message_key = fields.Char(
        readonly=True,
        copy=False,
        help="Of the notice that leads a message: company, customer, kind and local day.",
    )
    attachment_id = fields.Many2one(
        comodel_name="ir.attachment",
        string="Letter",
        readonly=True,
        copy=False,
        ondelete="set null",
    )
    template_name = fields.Char(
        string="Template", readonly=True, copy=False, help="The text, as it was called."
    )
    recipients = fields.Char(readonly=True, copy=False, help="The addresses it was written to.")
    recipient_id = fields.Many2one(
        comodel_name="res.partner",
        string="Contact",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="Who it was written to.",
    )
    lang = fields.Char(string="Language", readonly=True, copy=False)
    subject = fields.Char(readonly=True, copy=False)
    mail_message_id = fields.Many2one(
        comodel_name="mail.message",
        string="Message",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
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
    part_id = fields.Many2one(
        comodel_name="recovery.part",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The part of a debt of which it reminds before it is charged.",
    )
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
            ("parts", "Agreed to pay in parts"),
            ("question", "Asked a question"),
        ],
        readonly=True,
        copy=False,
        help="What the customer did on the page behind the link.",
    )

    # PostgreSQL keeps what the planner promises: one notice for each key.
    _key_uniq = models.UniqueIndex(
        "(COALESCE(case_id, 0), COALESCE(move_id, 0), COALESCE(token_id, 0), life, step_id, "
        "occurrence) WHERE step_id IS NOT NULL",
        "The step is planned for this already.",
    )
    # DESIGN section 3, rule 6, is kept by PostgreSQL, whatever the code does. One column instead of
    # four: merging contacts deletes what a unique index over a contact keeps from being merged.
    _message_key_uniq = models.UniqueIndex(
        "(message_key) WHERE message_key IS NOT NULL",
        "The customer has had their message of the day.",
    )
    _due_idx = models.Index(
        "(COALESCE(held_until, planned_at), company_id, partner_id) WHERE state = 'planned'"
    )
    _subject_check = models.Constraint(
        "CHECK(case_id IS NOT NULL OR move_id IS NOT NULL OR token_id IS NOT NULL)",
        "A notice is about a case, an invoice or a payment method.",
    )

    # === COMPUTE METHODS === #

    @api.depends("name", "partner_id")
    def _compute_display_name(self):
        for notice in self:
            about = notice.move_id.name or notice.partner_id.display_name
            notice.display_name = f"{notice.name or ''} · {about or ''}"

    @api.depends("state", "delivery", "held_until")
    def _compute_status(self):
        for notice in self:
            if notice.state == "sent":
                notice.status = notice.delivery or "queued"
            elif notice.state == "planned" and notice.held_until:
                notice.status = "held"
            else:
                notice.status = notice.state

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Complete what follows from the case."""
        for vals in vals_list:
            if vals.get("case_id") and not (vals.get("partner_id") and vals.get("move_id")):
                case = self.env["recovery.case"].browse(vals["case_id"])
                vals.setdefault("partner_id", case.partner_id.id)
                vals.setdefault("move_id", case.move_id.id)
                vals.setdefault("company_id", case.company_id.id)
        return super().create(vals_list)

    # === BUSINESS METHODS === #

    def _apply_changes(self, changes, common):
        """Move and skip these notices as the planner asks.

        :param notices.Changes changes: what to do with them
        :param common: values that new ones have in common
        :return: the values of the notices to create
        """
        records = (
            {notice._get_key(): notice for notice in self} if changes.move or changes.skip else {}
        )
        for wanted in changes.move:
            records[wanted.key].write(
                {
                    "planned_at": naive(wanted.at),
                    "held_until": False,
                    "sentence": self._explain(wanted),
                }
            )
        for key, sentence in changes.skip:
            records[key]._skip(self._render(sentence))
        oldest = aware(fields.Datetime.now()) - STALE
        return [
            {**common, **self._prepare_vals(wanted)}
            for wanted in changes.create
            if wanted.at >= oldest
        ]

    @api.model
    def _prepare_vals(self, wanted):
        """Return the values of a notice as `notices` plans it."""
        step = self.env["recovery.policy.step"].browse(wanted.key.step)
        return {
            "step_id": step.id,
            "name": step.name,
            "action_type": wanted.step.action,
            "life": wanted.key.life,
            "occurrence": wanted.key.occurrence,
            "planned_at": naive(wanted.at),
            "sentence": self._explain(wanted),
        }

    @api.model
    def _ask(self, case, values, sentence):
        """Plan a message for a case at the next hour for messages.

        It goes out like one of the policy's steps: at most one e-mail a day and customer, looked at
        again just before, traced, and withdrawn when the invoice is paid.

        :param dict values: of the step that stands for it: its action and its text
        :param str sentence: why it is sent, for people
        :return: the notice
        """
        step = self.env["recovery.policy.step"]._get_asked_step(
            self.env.ref("revenue_recovery.recovery_policy_asked"), values
        )
        company = case.company_id.partner_id._get_recovery_place()
        customer = case.partner_id._get_recovery_place().or_else(company)
        hours = step_hours(step._make_step(1), customer, company)
        now = aware(fields.Datetime.now())
        case._on_changed()
        return self.create(
            {
                **case._prepare_notice_vals(),
                "step_id": step.id,
                "name": step.name,
                "action_type": step.action_type,
                "life": case.life,
                "occurrence": ASKED + uuid4().hex,
                "planned_at": naive(hours.next_instant(now)),
                "sentence": sentence,
            }
        )

    def _plan_asked(self, facts):
        """Return those of these notices that an automation asked for, as the planner knows them.

        :param notices.CaseFacts facts: what is true of their case
        :rtype: list[notices.Notice]
        """
        asked = []
        for notice in self:
            if notice.state != "planned" or not notice.occurrence.startswith(ASKED):
                continue
            if notice.step_id:
                step = notice.step_id._make_step(1)
                at = aware(notice.planned_at)
                sentence = notice.sentence or ""
                skip = find_end(facts, step) or notice._find_backup_end() or notice._find_part_end()
                asked.append(Notice(notice._get_key(), step, at, at, sentence, skip=skip))
        return asked

    def _follow_new_customer(self, customer):
        """Let what is planned about an invoice go to the customer who owes it now."""
        others = self.filtered(lambda each: each.partner_id != customer)
        others.filtered(lambda each: each.state == "planned").partner_id = customer

    def _set_state(self, target, **values):
        """Move these notices to a state, as far as they may go there.

        :param values: written with it
        :return: those that changed
        """
        changed = allowed(self, TRANSITIONS, target, _logger)
        changed.write({"state": target, "held_until": False, **values})
        return changed

    def _skip(self, reason):
        """Withdraw planned notices, for a reason."""
        self._set_state("skipped", sentence=reason)

    def _keep_back(self, until, reason):
        """Keep planned notices back until a naive UTC instant, for a reason."""
        self.write({"held_until": until, "sentence": reason})
        if self:
            self.env["recovery.invoice.queue"]._wake(until)

    def _fail(self, reason, activity=True, kind="notice"):
        """Note why notices could not be sent, and tell a person once.

        :param str kind: what takes it back, as of :meth:`recovery.case._ask_for_attention`
        """
        failed = self._set_state("failed", sentence=reason)
        failed.case_id._ask_for_attention(reason, activity=activity, kind=kind)
        for move in failed.filtered(lambda notice: not notice.case_id).move_id:
            move._message_log(body=reason)

    def _try(self, act, *args):
        """Do something for one notice in a savepoint; note on it when it fails.

        :return: whether it was done
        """
        try:
            with self.env.cr.savepoint():
                act(*args)
        except psycopg2.OperationalError:
            raise  # The whole turn begins anew.
        except Exception as error:
            _logger.warning("Notice %s could not be sent", self.id, exc_info=True)
            self.env.invalidate_all()
            self._fail(self._explain_error(error))
            return False
        return True

    # Another kind of step has a method of its own here, named after it.

    def _hand_over_sms(self, envelope):
        """Queue an SMS to the customer."""
        Mailer(self.env).queue_sms(envelope)

    def _hand_over_letter(self, _envelope):
        """Attach the letter to the document and ask somebody to print it."""
        acts.print_letter(self)

    def _hand_over_activity(self, _envelope):
        """Ask somebody to do something."""
        acts.ask_somebody(self)

    def _hand_over_server_action(self, _envelope):
        """Run the step's server action on the document."""
        acts.run_server_action(self)

    def _note_done(self, sentence):
        """Note that something other than a message was done."""
        self._set_state("sent", sent_at=fields.Datetime.now(), delivery="done", sentence=sentence)

    def _note_message(self, envelope, message, people, **values):
        """Note on all notices of an envelope that its message was handed to the queue.

        :param message: the `mail.message`
        :param people: the contacts whom it goes to
        :param values: its `recipients`, `lang`, `subject` and `template_name`
        """
        values |= {
            "sent_at": fields.Datetime.now(),
            "delivery": "queued",
            "mail_message_id": message.id,
            "recipient_id": people[:1].id,
            "sentence": say(
                self.env,
                "message_to",
                recipient=values["recipients"],
                subject=values["subject"],
            ),
        }
        envelope.lead._set_state("sent", **values, message_key=envelope.key)
        envelope.lead._note_announced()
        (envelope.notices - envelope.lead)._set_state("sent", **values)

    def _note_opened(self):
        """Note that the customer opened the page behind the link of these notices."""
        # In sudo mode: whoever has the link is nobody to Odoo.
        unopened_sudo = self.sudo().filtered(lambda notice: not notice.opened_at)
        unopened_sudo.opened_at = fields.Datetime.now()

    def _note_result(self, result):
        """Note what the customer did on the page; what matters most stays.

        :param str result: one of `RESULTS`
        """
        notices_sudo = self.sudo()
        notices_sudo._note_opened()
        for notice in notices_sudo:
            if not notice.result or RESULTS.index(result) > RESULTS.index(notice.result):
                notice.result = result

    # === CRON === #

    @api.model
    def _plan_ahead(self):
        """Plan the notices of what has no case yet, company by company."""
        companies = self.env["res.company"].search([("active", "=", True)])
        work_on_each(
            self.env,
            companies.ids,
            lambda company_id: Ahead(self, companies.browse(company_id)).plan(),
            doing="Planning the notices ahead of the company",
        )

    @api.model
    def _send_due(self, batch=BATCH):
        """Send the notices that are due, each customer's in one message a day.

        Any number of workers may run this at once: no two serve the same customer.
        """
        self.env["recovery.case"]._plan_outdated_notices()
        Sender(self).send(batch)
        Delivery(self.env).send_again()

    # === GETTERS === #

    @api.model
    def _render(self, sentence):
        """Return a sentence of `notices` in words; one that was put into words already as it is."""
        return put(self.env, sentence)

    @api.model
    def _explain(self, wanted):
        """Return why a notice is planned when it is."""
        sentences = filter(None, (wanted.sentence, wanted.moved))
        return join(self.env, *(self._render(sentence) for sentence in sentences))

    def _explain_error(self, error):
        known = {"error": describe_error(error)}
        if len(self) != 1 or not self.step_id:
            return say(self.env, "notice_failed", **known)
        text = self._get_template() if self.action_type == "email" else self.step_id
        return say(
            self.env,
            "notice_failed_text",
            text=text.display_name,
            **known,
        )

    def _note_announced(self):
        """Keep on a backup method that its owner was told of its first charge."""
        if self.case_id and self.token_id:
            # In sudo mode: what is known of methods is written by the engine only.
            self.token_id.sudo().recovery_backup_told_at = fields.Datetime.now()

    def _find_backup_end(self):
        """Return why a backup method is not announced any more, or none.

        :rtype: Said | None
        """
        planned = self.case_id.attempt_ids.filtered(lambda each: each.state == "planned")
        if not self.token_id or self.token_id in planned.token_id:
            return None
        return say(self.env, "backup_off")

    def _find_part_end(self):
        """Return why nobody is reminded of a part any more, or none.

        :rtype: Said | None
        """
        if not self.part_id or self.part_id.state == "planned":
            return None
        return say(self.env, "part_not_to_come")

    def _get_fact_key(self):
        """Return what the notice is about, as the facts of `notices` are keyed."""
        self.ensure_one()
        if self.case_id:
            return self.case_id.id
        if self.token_id:
            return f"customer {self.partner_id.id}"
        return f"invoice {self.move_id.id}"

    def _get_key(self):
        """Return what `notices` knows the notice by."""
        return NoticeKey(self._get_fact_key(), self.life, self.step_id.id, self.occurrence)

    def _get_stored(self):
        """Return these notices as `notices` compares them."""
        return [
            Stored(notice._get_key(), aware(notice.planned_at), notice.state == "planned")
            for notice in self
        ]

    def _get_subject(self):
        """Return the record that the step's text and action are about."""
        self.ensure_one()
        model = self.step_id.subject_model
        if model == "account.move":
            return self.move_id
        return self.token_id if model == "payment.token" else self.case_id

    def _get_template(self):
        """Return the e-mail template of this notice."""
        return self.step_id._get_template(self._get_subject())

    @api.model
    def _get_thread(self, record):
        """Return the document whose chatter keeps a message, and gets the answers to it."""
        if isinstance(record, self.pool["mail.thread"]):
            return record
        return record.partner_id

    def _get_recipient(self):
        """Return the contact that the notice is for."""
        self.ensure_one()
        if self.token_id:
            return self.token_id.sudo().partner_id  # Methods of contacts are for few users.
        return self.move_id.partner_id or self.partner_id

    def _get_known_lang(self):
        """Return the recipient's language, when it is installed."""
        lang = self._get_recipient().lang
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        return lang if lang in installed else self.env.lang

    def _get_responsible(self):
        """Return who looks after the customer."""
        self.ensure_one()
        for user in (self.case_id.user_id, self.move_id.invoice_user_id, self.partner_id.user_id):
            if user.active and not user.share:
                return user
        return self.env.ref("base.user_admin")
