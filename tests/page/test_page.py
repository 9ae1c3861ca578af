# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...controllers.recovery_page_limit import LIMITS
from ...tools.links import Link
from .page_common import PageCommon


@tagged("post_install", "-at_install")
class TestPage(PageCommon):
    """What the page behind the link shows, and whom."""

    def test_page_shows_what_is_owed_and_odoos_form(self):
        page = self._get()
        self.assertEqual(page.status_code, 200)
        self.assertIn(self.invoice.name, page.text)
        self.assertIn("100.00", page.text)
        self.assertIn("o_payment_form", page.text)
        self.assertIn(f'/transaction/{self.case.id}"', page.text)

    def test_amount_is_the_one_owed_when_the_page_is_opened(self):
        self._register_payment(self.invoice, 30.0)
        self.assertIn('data-amount="70.0"', self._get().text)

    def test_page_is_private_and_tells_no_other_site_of_the_link(self):
        headers = self._get().headers
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertIn("noindex", headers["X-Robots-Tag"])
        self.assertEqual(headers["X-Frame-Options"], "DENY")

    def test_page_speaks_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        page = self._get()
        self.assertIn('lang="fr-FR"', page.text)
        self.assertIn("100,00", page.text)

    def test_tampered_link_opens_nothing_and_says_nothing(self):
        for path in (
            self.path[:-4],
            f"{self.path[:-3]}AAA",
            "/recovery/pay/x",
            "/recovery/pay/%F0%9F%92%B3",
            f"/recovery/pay/{'A' * 3000}",
        ):
            with self.subTest(path=path):
                page = self._get(path)
                self.assertEqual(page.status_code, 404)
                self.assertIn("This link does not work", page.text)
                self.assertNotIn(self.invoice.name, page.text)

    def test_link_with_any_character_changed_opens_nothing(self):
        text = self.path.split("/")[-1]
        self.assertTrue(Link.parse(self.env, text))
        for position in range(len(text)):
            for other in "Ab_":
                changed = f"{text[:position]}{other}{text[position + 1 :]}"
                if changed != text:
                    self.assertIsNone(Link.parse(self.env, changed), msg=changed)
        for changed in (f"{text}=", f" {text}", f"{text}A", text[1:], "", "é", "A" * 100_000):
            self.assertIsNone(Link.parse(self.env, changed), msg=changed[:50])

    def test_link_is_short_enough_for_a_text_message(self):
        self.assertLessEqual(len(self.path.split("/")[-1]), 50)
        ids = (2**31 - 1,)
        link = Link("case", ids, 2**31 - 1, 2**31 - 1, fields.Datetime.now())
        self.assertEqual(Link.parse(self.env, link.sign(self.env)).ids, ids)

    def test_link_signed_for_another_purpose_opens_nothing(self):
        link = Link.parse(self.env, self.path.split("/")[-1])
        self.assertEqual(link.ids, tuple(self.case.ids))
        self.env["ir.config_parameter"].sudo().set_param("database.secret", "another database")
        self.assertIsNone(Link.parse(self.env, self.path.split("/")[-1]))

    def test_expired_link_shows_no_invoice_and_offers_a_new_one(self):
        page = self._get(self._expire(self.case))
        self.assertEqual(page.status_code, 410)
        self.assertIn("This link has expired", page.text)
        self.assertNotIn(self.invoice.name, page.text)
        self.assertNotIn("100.00", page.text)

    def test_link_lives_thirty_days(self):
        link = Link.parse(self.env, self.path.split("/")[-1])
        life = link.expires_at - fields.Datetime.now()
        self.assertAlmostEqual(life / timedelta(days=1), 30, places=2)

    def test_new_link_goes_to_the_customers_own_address_once_an_hour(self):
        path = self._expire(self.case)
        mails = self.env["mail.mail"].search([])
        first = self._post("renew", path)
        sent = self.env["mail.mail"].search([]) - mails
        self.assertEqual(sent.recipient_ids, self.customer)
        self.assertIn("/recovery/pay/", sent.body_html)
        second = self._post("renew", path)
        self.assertEqual(self.env["mail.mail"].search([]) - mails, sent)
        self.assertIn("a new link is on its way", first.text)
        self.assertIn("a new link is on its way", second.text, msg="It says the same.")

    def test_new_link_is_not_sent_without_an_address_or_for_a_lost_case(self):
        path = self._expire(self.case)
        mails = self.env["mail.mail"].search([])
        self.customer.email = False
        answer = self._post("renew", path)
        self.customer.email = "customer@example.com"
        self.case.sudo()._close("lost", "Given up.")
        self._post("renew", path)
        self.assertEqual(self.env["mail.mail"].search([]), mails)
        self.assertIn("a new link is on its way", answer.text, msg="It says the same.")

    def test_paid_invoice_is_thanked_for_and_nothing_else_is_shown(self):
        self._register_payment(self.invoice, 100.0)
        page = self._get()
        self.assertEqual(page.status_code, 200)
        self.assertIn("Paid, thank you", page.text)
        self.assertIn(self.invoice.name, page.text)
        self.assertNotIn("100.00", page.text)
        self.assertNotIn("o_payment_form", page.text)

    def test_lost_case_leads_to_the_company(self):
        self.env.company.email = "accounting@example.com"
        self.case.sudo()._close("lost", "Given up.")
        page = self._get()
        self.assertEqual(page.status_code, 410)
        self.assertIn("accounting@example.com", page.text)
        self.assertNotIn(self.invoice.name, page.text)

    def test_blocked_invoice_cannot_be_paid(self):
        self.invoice.action_toggle_block_payment()
        self.assertNotIn("o_payment_form", self._get().text)
        self.assertIn("nothing to pay", self._pay())

    def test_customer_who_was_merged_into_another_gets_a_new_link(self):
        self.case.sudo().partner_id = self.env["res.partner"].create({"name": "Other"})
        self.assertIn("This link has expired", self._get().text)

    def test_link_opens_its_own_invoices_only(self):
        other, other_case = self._fail_invoice(amount=55.0)
        page = self._get().text
        self.assertNotIn(other.name, page)
        both = self._get(self._get_path(self.case | other_case)).text
        self.assertIn(other.name, both)
        self.assertIn('data-amount="155.0"', both)

    def test_link_never_mixes_customers(self):
        stranger = self.env["res.partner"].create({"name": "S", "email": "s@example.com"})
        card = self._create_card(partner_id=stranger.id)
        other, other_case = self._fail_invoice(token=card, partner_id=stranger.id)
        page = self._get(self._get_path(self.case | other_case)).text
        self.assertNotIn(other.name, page)

    def test_link_never_mixes_companies(self):
        _invoice, other = self._fail_invoice()
        other_company = self._create_company(name="Other")
        self.env.cr.execute(
            "UPDATE recovery_case SET company_id = %s WHERE id = %s", [other_company.id, other.id]
        )
        other.invalidate_recordset()
        link = Link.parse(self.env, self._get_path(self.case | other).split("/")[-1])
        self.assertEqual(link.ids, tuple(self.case.ids))

    def test_one_of_several_invoices_can_be_paid(self):
        _other, other_case = self._fail_invoice(amount=55.0)
        path = self._get_path(self.case | other_case)
        page = self._get(f"{path}?only={other_case.id}").text
        self.assertIn('data-amount="55.0"', page)
        self.assertIn(f'/transaction/{other_case.id}"', page)
        nonsense = self._get(f"{path}?only=99").text
        self.assertIn('data-amount="155.0"', nonsense)

    def test_markup_in_names_is_escaped(self):
        self.customer.name = "<script>alert(1)</script>"
        self.env.company.name = "<b>Company</b>"
        self.assertNotIn("<script>alert(1)", self._get().text)
        self.assertNotIn("<b>Company</b>", self._get().text)

    def test_a_mail_scanner_changes_nothing(self):
        def snapshot():
            self.env.invalidate_all()
            return (
                self.case.read(),
                self.invoice.read(["write_date", "access_token", "state"]),
                self.env["payment.transaction"].search([]).ids,
                self.env["mail.message"].search([], order="id desc", limit=1).id,
            )

        before = snapshot()
        for path in (self.path, f"{self.path}/method", f"{self.path}/state"):
            for method in ("GET", "HEAD"):
                with self.subTest(path=path, method=method):
                    answer = self.url_open(path, method=method)
                    self.assertEqual(answer.status_code, 200)
        self.assertEqual(snapshot(), before)

    def test_forms_cannot_be_sent_by_opening_a_link(self):
        for part in ("promise", "question", "renew"):
            with mute_logger("odoo.http"):
                self.assertIn(self._get(f"{self.path}/{part}").status_code, (404, 405))

    def test_forms_need_a_token_against_forged_requests(self):
        with mute_logger("odoo.http"):
            answer = self.url_open(f"{self.path}/question", data={"question": "Forged"})
        self.assertEqual(answer.status_code, 400)
        self.assertNotIn("Forged", str(self.case.message_ids.mapped("body")))

    def test_many_requests_are_refused_for_a_while(self):
        for _turn in range(LIMITS["view"]["link"][0]):
            self._get(f"{self.path}/state")
        page = self._get()
        self.assertEqual(page.status_code, 429)
        self.assertNotIn(self.invoice.name, page.text)

    def test_guessing_links_is_refused_after_a_few(self):
        for _turn in range(LIMITS["wrong"]["address"][0]):
            self._get("/recovery/pay/guess")
        self.assertEqual(self._get("/recovery/pay/guess").status_code, 429)

    def test_reason_never_speaks_of_fraud(self):
        stolen = self.env["recovery.decline.reason"]._find("stolen_card")
        self.case.sudo().write({"decline_reason_id": stolen.id, "decline_class": "never"})
        page = self._get().text
        self.assertIn("Please use another one", page)
        self.assertNotIn("stolen", page.lower())
        self.assertNotIn(stolen.name, page)

    def test_each_class_has_its_sentence(self):
        sentences = set()
        classes = ("later", "technical", "fix_data", "customer_action", "never", "merchant", False)
        for decline_class in classes:
            self.case.sudo().decline_class = decline_class
            sentences.add(self.case._get_page_reason())
        self.assertEqual(len(sentences), 7)

    def test_sentences_of_the_code_are_in_every_language(self):
        classes = ("later", "technical", "fix_data", "customer_action", "never", "merchant", False)
        for lang in ("fr_FR", "de_DE", "es_ES", "it_IT", "nl_NL", "pt_BR", "ja_JP"):
            self.env["res.lang"]._activate_lang(lang)
            case = self.case.with_context(lang=lang)
            for decline_class in classes:
                with self.subTest(lang=lang, decline_class=decline_class):
                    said = case._explain_decline(decline_class)
                    self.assertNotEqual(said, self.case._explain_decline(decline_class))

    def test_confirmation_leads_to_the_card_form_and_not_to_the_saved_method(self):
        self.case.first_attempt_id.sudo().decline_class = "customer_action"
        self.case.sudo().decline_class = "customer_action"
        page = self._get().text
        self.assertIn("Confirm with your bank", page)

    def test_question_lands_in_the_chatter_escaped(self):
        answer = self._post("question", question="Why <b>so much</b>?")
        self.assertIn("Thank you for your message", answer.text)
        message = self.case.message_ids.filtered(lambda message: message.author_id == self.customer)
        self.assertIn("Why &lt;b&gt;so much&lt;/b&gt;?", message.body)
        self.assertIn("asks a question", self.case.attention)

    def test_question_that_is_empty_or_too_long_is_refused(self):
        messages = self.case.message_ids
        self.assertIn("Please write your question", self._post("question", question="  ").text)
        answer = self._post("question", question="x" * 2001)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("Please shorten your question", answer.text)
        self.assertIn("x" * 2001, answer.text, msg="What was written is not lost.")
        self.assertIn("<textarea", self._get().text)
        self.assertEqual(self.case.message_ids, messages)

    def test_questions_are_few_a_day(self):
        for _turn in range(5):
            self._post("question", question="Why?")
        self.assertIn("wait for our answer", self._post("question", question="Why?").text)
        own = self.case.message_ids.filtered(lambda message: message.author_id == self.customer)
        self.assertEqual(len(own), 5)

    def test_what_the_customer_does_is_traced_to_the_notice_that_carried_the_link(self):
        template = self.env.ref("revenue_recovery.mail_template_payment_failed")
        step = {"name": "Failed", "mail_template_id": template.id}
        self.policy.step_ids = [Command.create(step)]
        _invoice, case = self._fail_invoice()
        self._run_cron("follow")
        notice = case.notice_ids[:1]
        self.assertTrue(notice)
        path = self._get_path(case, notice=notice)
        self._get(path)
        self.assertFalse(notice.opened_at, msg="A mail scanner opens links, too.")
        self._call(f"{path}/opened")
        self.assertTrue(notice.opened_at)
        self._post("question", path, question="Why?")
        self.assertEqual(notice.result, "question")
        self._simulate(self._pay(path=path))
        self.assertEqual(notice.result, "paid")
