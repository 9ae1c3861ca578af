# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import Command, fields
from odoo.tools import html2plaintext

from odoo.addons.mail.tests.common import MailCase

from ...models.notice.rendering import Rendering
from ..common import RecoveryCommon

CASE_TEMPLATES = (
    "payment_failed",
    "update_card",
    "confirm_bank",
    "other_method",
    "debit_returned",
    "reminder_friendly",
    "reminder_firm",
    "reminder_urgent",
    "final",
    "recovered",
    "ended",
)
# Messages that ask for money: they name the amount and link to the page.
ASKING_TEMPLATES = CASE_TEMPLATES[:9]
MOVE_TEMPLATES = ("upcoming_charge", "due_soon")
TOKEN_TEMPLATES = ("card_expires",)
SMS_TEMPLATES = ("payment_failed", "reminder", "final")


class TemplateCommon(MailCase, RecoveryCommon):
    """A failed invoice, one that is still to be charged, and an expiring card, to write about."""

    NOW = "2026-11-23 09:00:00"

    # GSM 03.38: with any other letter an SMS holds 70 letters instead of 160.
    GSM = set(
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({"name": "Jane Doe", "lang": "en_US"})
        cls.env.company.partner_id.email = "billing@example.com"
        cls.card = cls._create_card()
        cls.card.sudo().recovery_expiry = "2031-08-31"
        cls.invoice = cls._create_invoice(amount=1234.5, token=cls.card, due="2026-03-02")
        cls.case = cls._create_case(cls.invoice)
        cls.coming = cls._create_invoice(amount=77.0, token=cls.card, due="2031-01-15")

    @classmethod
    def _create_case(cls, invoice, **values):
        cases_sudo = cls.env["recovery.case"].sudo()
        case_sudo = cases_sudo.create(
            {
                "move_id": invoice.id,
                "company_id": invoice.company_id.id,
                "partner_id": invoice.commercial_partner_id.id,
                "policy_id": cls.policy.id,
                "currency_id": invoice.currency_id.id,
                "failed_amount": invoice.amount_residual,
                "due_date": invoice.invoice_date_due,
                "first_failure_at": fields.Datetime.now(),
                "token_id": cls.card.id,
                **values,
            }
        )
        return case_sudo.sudo(False)

    def _get_record(self, name):
        if name in MOVE_TEMPLATES:
            return self.coming
        return self.card if name in TOKEN_TEMPLATES else self.case

    def _get_template(self, name):
        return self.env.ref(f"revenue_recovery.mail_template_{name}")

    def _render(self, name, record=None, cases=None):
        """Return subject, HTML and plain text of an e-mail as it leaves, its layout included.

        :param cases: the cases that its notice tells of; by default all open ones of the customer
        """
        record = record or self._get_record(name)
        template = self._get_template(name)
        if cases:
            template = template.with_context(
                recovery_notices={record.id: Rendering(case_ids=cases.ids)}
            )
        values = template._generate_template(record.ids, {"subject", "body_html"})[record.id]
        lang = template._render_lang(record.ids)[record.id]
        html = (
            self.env["mail.render.mixin"]
            .with_context(lang=lang)
            ._render_encapsulate(
                template.email_layout_xmlid, values["body_html"], context_record=record
            )
        )
        return values["subject"], str(html), html2plaintext(html)

    def _print_letter(self, cases=None):
        """Return the text of the letter to the customers of these cases."""
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "revenue_recovery.report_letter", (cases or self.case).ids
        )
        return html2plaintext(html.decode(), include_references=False)

    def _create_foreign_case(self, amount=50.0):
        """Create a case in another currency, of the same customer."""
        currency = self.env.ref("base.EUR")
        currency.active = True
        invoice = self._create_invoice(amount=amount, token=self.card, currency_id=currency.id)
        return self._create_case(invoice)

    def _create_other_invoice(self, amount=50.0, line="Service"):
        return self._create_invoice(
            token=self.card,
            invoice_line_ids=[Command.create({"name": line, "price_unit": amount, "tax_ids": []})],
        )
