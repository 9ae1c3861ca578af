# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The company, the customer and the invoices in the pictures. Needs Odoo."""

import base64
import io
import re
from datetime import timedelta
from pathlib import Path

CASE_EMAILS = (
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
_COLOUR = "#1f5c57"


class Scene:
    """What the pictures show, in a database that holds nothing else."""

    def __init__(self, env, lang: str) -> None:
        from odoo import fields

        self.env = env
        self.lang = lang
        self.now = fields.Datetime.now()
        self.company = self._prepare_company()
        if lang != "en_US":
            env["base.language.install"].create(
                {"lang_ids": env["res.lang"]._activate_lang(lang).ids, "overwrite": True}
            ).lang_install()
        self.policy = env.ref("revenue_recovery.recovery_policy_standard")
        self.policy.survey_url = "https://survey.example.com/goodbye"
        self.customer = env["res.partner"].create(
            {"name": "Ana Ribeiro", "email": "ana@example.com", "lang": lang, "tz": "UTC"}
        )
        self.card = self._create_card()

    def write_emails(self, folder: Path) -> list[Path]:
        """Send each e-mail and write its HTML into the folder, by the name of its template."""
        case = self._create_case(49.0, days=-9)
        self._plan_charge(case)
        pages = [self._write("payment_failed", case, folder)]
        case.next_attempt_id.unlink()
        pages += [self._write(name, case, folder) for name in CASE_EMAILS[1:]]
        self._create_case(120.5, days=-3)
        pages.append(self._write("reminder_firm", case, folder, "several_invoices"))
        coming = self._create_invoice(49.0, days=3)
        for name in ("upcoming_charge", "due_soon"):
            pages.append(self._write(name, coming, folder))
        pages.append(self._write("card_expires", self.card, folder))
        return pages

    # === What happens to a customer === #

    def _prepare_company(self):
        company = self.env.company
        if not company.chart_template:
            self.env["account.chart.template"].try_loading("generic_coa", company)
        company.write(
            {
                "name": "Alder & Finch",
                "email": "billing@alderfinch.example",
                "phone": "+1 555 0100",
                "website": "https://alderfinch.example",
                "logo": _draw_logo("Alder & Finch"),
                "email_primary_color": "#ffffff",
                "email_secondary_color": _COLOUR,
            }
        )
        return company

    def _create_card(self):
        provider = self.env["payment.provider"].search([("code", "=", "demo")], limit=1)
        provider.state = "test"
        method = self.env.ref("payment.payment_method_card")
        card = self.env["payment.token"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "payment_details": "4242",
                "partner_id": self.customer.id,
                "provider_ref": "demo",
                "demo_simulated_state": "error",
            }
        )
        card.recovery_expiry = self.now.date() + timedelta(days=30)
        return card

    def _create_invoice(self, amount, days):
        from odoo.fields import Command

        due = self.now.date() + timedelta(days=days)
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_date": due - timedelta(days=10),
                "invoice_date_due": due,
                "invoice_payment_term_id": False,
                "collect_automatically": True,
                "collect_token_id": self.card.id,
                "invoice_line_ids": [
                    Command.create({"name": "Membership", "price_unit": amount, "tax_ids": []})
                ],
            }
        )
        invoice.action_post()
        return invoice

    def _create_case(self, amount, days):
        invoice = self._create_invoice(amount, days)
        return self.env["recovery.case"].create(
            {
                "move_id": invoice.id,
                "company_id": invoice.company_id.id,
                "partner_id": self.customer.id,
                "policy_id": self.policy.id,
                "currency_id": invoice.currency_id.id,
                "failed_amount": amount,
                "due_date": invoice.invoice_date_due,
                "first_failure_at": self.now,
                "token_id": self.card.id,
            }
        )

    def _plan_charge(self, case):
        self.env["recovery.attempt"].create(
            case.move_id._prepare_attempt_vals(
                case_id=case.id,
                source="ladder",
                planned_at=self.now + timedelta(days=2),
                due_date=case.due_date,
                token_id=self.card.id,
            )
        )

    def _write(self, name, record, folder, stem=None):
        """Send an e-mail in a state of the case that it fits, and write down its HTML."""
        self._set_state(name, record)
        template = self.env.ref(f"revenue_recovery.mail_template_{name}")
        if hasattr(record, "message_post_with_source"):
            message = record.with_context(mail_notify_force_send=False).message_post_with_source(
                template,
                subtype_xmlid="mail.mt_comment",
                email_layout_xmlid=template.email_layout_xmlid,
                partner_ids=self.customer.ids,
            )
            mail = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        else:
            mail = self.env["mail.mail"].browse(template.send_mail(record.id))
        page = folder / f"{stem or name}.html"
        logo = f"data:image/png;base64,{self.company.logo.decode()}"
        page.write_text(re.sub(r'src="[^"]*/logo\.png[^"]*"', f'src="{logo}"', mail.body_html))
        (folder / f"{page.stem}.txt").write_text(f"{mail.subject}\n\n{_as_text(mail.body_html)}\n")
        return page

    def _set_state(self, name, record):
        states = {
            "final": {"state": "grace", "grace_until": self.now + timedelta(days=7)},
            "recovered": {"state": "recovered", "recovered_amount": 49.0},
            "ended": {"state": "lost"},
        }
        if record._name == "recovery.case":
            record.write(states.get(name, {"state": "in_recovery", "grace_until": False}))


def _as_text(html):
    from odoo.tools import html2plaintext

    return html2plaintext(html)


def _draw_logo(text):
    """Draw a logo of our own: a leaf-coloured disc and the name."""
    from PIL import Image, ImageDraw, ImageFont

    logo = Image.new("RGBA", (420, 80), (0, 0, 0, 0))
    draw = ImageDraw.Draw(logo)
    draw.ellipse((4, 8, 68, 72), fill=_COLOUR)
    draw.ellipse((26, 20, 60, 54), fill="#f2b84b")
    draw.text((84, 18), text, fill="#22302f", font=ImageFont.load_default(size=40))
    content = io.BytesIO()
    logo.save(content, "PNG")
    return base64.b64encode(content.getvalue())
