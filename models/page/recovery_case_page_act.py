"""What the customer does on his page: another method, a question, a new link."""

from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import ValidationError

from ..case.recovery_case import OPEN_STATES
from ..charge.under_way import ONLINE_DRAFT_AGE

# A question longer than this is no question.
QUESTION_LENGTH = 2000
QUESTIONS_A_DAY = 5
# A new link is sent once an hour, however often it is asked for.
LINK_WAIT = timedelta(hours=1)


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    link_asked_at = fields.Datetime(
        readonly=True, copy=False, help="When a new link to the page was last sent on request."
    )

    # === BUSINESS METHODS === #

    def _check_payable(self, amount):
        """Make sure that these invoices can be paid at this instant, all of them, by one payment.

        What the customer began elsewhere and did not finish is withdrawn at the provider first,
        so that it can't be finished later beside the new payment.

        :param amount: that the page showed, in the invoices' currency
        :raise ValidationError: with what the customer should know
        """
        self.move_id._recovery_touch()
        states = {case._get_page_state() for case in self}
        if states & {"charging", "processing", "begun"}:
            raise ValidationError(self._get_busy_sentence())
        if states != {"open"}:
            raise ValidationError(
                self.env._("There is nothing to pay here any more. Please reload the page.")
            )
        owed = sum(case._get_owed() for case in self)
        if self.currency_id.compare_amounts(owed, amount):
            raise ValidationError(
                self.env._("The amount has changed meanwhile. Please reload the page.")
            )
        self._withdraw_begun()

    def _withdraw_begun(self):
        """Withdraw the payments of these invoices that were begun and not finished.

        :raise ValidationError: when one can't be, and may just have been finished
        """
        for transaction_sudo in self.env["recovery.attempt"]._search_money_under_way(self.move_id):
            if not transaction_sudo._recovery_can_withdraw():
                continue
            age = fields.Datetime.now() - transaction_sudo.create_date
            if not transaction_sudo._recovery_withdraw() and age < ONLINE_DRAFT_AGE:
                raise ValidationError(self._get_busy_sentence())

    def _get_busy_sentence(self):
        return self.env._(
            "A payment is being processed already. Please wait a few minutes and reload the page: "
            "nothing has to be paid twice."
        )

    def _adopt_method(self, token, for_future):
        """Charge these invoices to a method that the customer has just chosen for them.

        :param bool for_future: whether he agreed to the same for his other invoices
        """
        lead = self[:1]
        for case in self.filtered(lambda case: case.move_id._is_own_token(token)):
            case.move_id.collect_token_id = token
        partner = lead.partner_id.with_company(lead.company_id)
        if for_future and partner.collect_token_id != token:
            partner.collect_token_id = token

    def _ask_question(self, text):
        """Put what the customer asks into the chatter, and make sure that somebody reads it.

        :return: why it is refused, for the customer; nothing when it was posted
        """
        self.ensure_one()
        text = text.strip()
        if not text:
            return self.env._("Please write your question.")
        if len(text) > QUESTION_LENGTH:
            return self.env._(
                "Please shorten your question to %(length)s characters.", length=QUESTION_LENGTH
            )
        author = self.move_id.partner_id
        since = fields.Datetime.now() - timedelta(days=1)
        asked = self.env["mail.message"].search_count(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("author_id", "=", author.id),
                ("message_type", "=", "comment"),
                ("date", ">=", since),
            ]
        )
        if asked >= QUESTIONS_A_DAY:
            return self.env._(
                "Thank you, we have your questions. Please wait for our answer before you write "
                "again."
            )
        self.message_post(
            body=text,  # Plain text, which Odoo escapes.
            author_id=author.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self._ask_for_attention(
            self.env._("The customer asks a question. Answer it below."), activity=True
        )
        return None

    def _send_new_link(self):
        """Send the customer a new link, to the address that is known of him and no other."""
        lead = self[:1]
        now = fields.Datetime.now()
        contact = lead.move_id.partner_id
        is_recent = lead.link_asked_at and lead.link_asked_at > now - LINK_WAIT
        if is_recent or not contact.email or lead.state not in OPEN_STATES:
            return
        self.link_asked_at = now
        lang_lead = lead.with_context(lang=contact.lang or self.env.lang)
        body = self.env["ir.qweb"]._render(
            "revenue_recovery.recovery_page_link_mail",
            {"case": lang_lead, "link": self._get_recovery_link()},
            lang=contact.lang or self.env.lang,
        )
        lang_lead.with_context(
            mail_notify_force_send=False, mail_post_autofollow=False
        ).message_post(
            body=body,
            subject=lang_lead.env._(
                "%(company)s: your new payment link", company=lead.company_id.name
            ),
            author_id=lead.company_id.partner_id.id,
            partner_ids=contact.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
            email_layout_xmlid="revenue_recovery.mail_layout",
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
