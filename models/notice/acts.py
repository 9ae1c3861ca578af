"""What a notice does besides writing messages: letters to print, to-dos, server actions."""

import base64

from odoo import fields, models


class RecoveryNotice(models.Model):
    _inherit = "recovery.notice"

    attachment_id = fields.Many2one(
        comodel_name="ir.attachment",
        string="Letter",
        readonly=True,
        copy=False,
        ondelete="set null",
    )

    # === HAND OVER === #

    def _hand_over_letter(self, _envelope):
        """Attach the letter to the document and ask somebody to print it."""
        subject = self._get_subject()
        report_sudo = self.step_id.report_id.sudo().with_context(
            lang=self._get_known_lang(), recovery_notice=self
        )
        content, kind = self._render_letter(report_sudo, subject)
        thread = self._get_thread(subject)
        self.attachment_id = self.env["ir.attachment"].create(
            {
                "name": f"{self.name} {self.move_id.name or ''}.{kind}".replace("/", "_"),
                "datas": base64.b64encode(content),
                "res_model": thread._name,
                "res_id": thread.id,
                "mimetype": "application/pdf" if kind == "pdf" else "text/html",
            }
        )
        thread.message_post(
            body=self.env._("The letter “%(letter)s” is to be printed.", letter=self.name),
            attachment_ids=self.attachment_id.ids,
            subtype_xmlid="mail.mt_note",
        )
        user = self._get_responsible()
        thread.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Print and send: %(letter)s", letter=self.name),
            user_id=user.id,
        )
        recipient = self._get_recipient()
        self.recipient_id = recipient
        self._note_done(
            self.env._(
                "The letter to %(customer)s waits for %(user)s to be printed.",
                customer=recipient.display_name,
                user=user.name,
            )
        )

    def _render_letter(self, report_sudo, subject):
        """Return a letter and its kind: a PDF, or the page itself where nothing makes PDF."""
        if report_sudo.get_wkhtmltopdf_state() in ("ok", "upgrade", "workers"):
            content, kind = report_sudo._render_qweb_pdf(report_sudo, subject.ids)
        else:
            content, kind = report_sudo._render_qweb_html(report_sudo, subject.ids)
        return content if isinstance(content, bytes) else content.encode(), kind

    def _hand_over_activity(self, _envelope):
        """Ask somebody to do something."""
        thread = self._get_thread(self._get_subject())
        user = self.step_id.activity_user_id
        if not user.active:
            user = self._get_responsible()
        kind = self.step_id.activity_type_id
        thread.activity_schedule(
            activity_type_id=kind.id,
            summary=self.name,
            user_id=user.id,
            date_deadline=fields.Date.context_today(self),
        )
        self._note_done(
            self.env._("%(activity)s for %(user)s.", activity=kind.name, user=user.name)
        )

    def _hand_over_server_action(self, _envelope):
        """Run the step's server action on the document."""
        subject = self._get_subject()
        # In sudo mode: the action was chosen by a manager, and the job acts for nobody.
        action_sudo = self.step_id.server_action_id.sudo()
        action_sudo.with_context(
            active_model=subject._name, active_id=subject.id, active_ids=subject.ids
        ).run()
        self.env.flush_all()  # What can't be written must fail here, in the savepoint.
        self._note_done(
            self.env._("The server action “%(action)s” has run.", action=action_sudo.name)
        )

    def _note_done(self, sentence):
        """Note that something other than a message was done."""
        self.write(
            {
                "state": "sent",
                "sent_at": fields.Datetime.now(),
                "held_until": False,
                "delivery": "done",
                "sentence": sentence,
            }
        )

    # === GETTERS === #

    def _get_responsible(self):
        """Return who looks after the customer."""
        self.ensure_one()
        for user in (self.case_id.user_id, self.move_id.invoice_user_id, self.partner_id.user_id):
            if user.active and not user.share:
                return user
        return self.env.ref("base.user_admin")

    def _get_known_lang(self):
        """Return the recipient's language, when it is installed."""
        lang = self._get_recipient().lang
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        return lang if lang in installed else self.env.lang
