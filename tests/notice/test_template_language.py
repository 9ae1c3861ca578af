# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import re

from odoo.tests import tagged
from odoo.tools import format_amount, format_date
from odoo.tools.translate import TranslationImporter, get_po_paths

from .template_common import (
    CASE_TEMPLATES,
    MOVE_TEMPLATES,
    SMS_TEMPLATES,
    TOKEN_TEMPLATES,
    TemplateCommon,
)

LANGUAGES = ("fr_FR", "de_DE", "es_ES", "it_IT", "nl_NL", "pt_BR", "ja_JP")
# Words that are the same in two languages.
SAME_WORDS = {"Total"}
CUSTOMER_VIEWS = ("mail_%", "report_letter%", "recovery_page%", "portal_recovery%")


@tagged("post_install", "-at_install")
class TestTemplateLanguage(TemplateCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        importer = TranslationImporter(cls.env.cr)
        for lang in LANGUAGES:
            cls.env["res.lang"]._activate_lang(lang)
            for path in get_po_paths("revenue_recovery", lang):
                importer.load_file(path, lang)
        importer.save(overwrite=True, force_overwrite=True)
        cls.env.invalidate_all()
        cls.env.registry.clear_cache("templates")
        cls.env.company.country_id = False
        cls.policy.survey_url = "https://survey.example.com"
        cls._create_case(cls._create_invoice(amount=65.5, token=cls.card, due="2026-03-04"))
        cls.case.sudo().grace_until = "2031-05-10 10:00:00"

    def _use(self, lang):
        self.customer.lang = lang

    def test_every_language_has_every_message(self):
        for name in CASE_TEMPLATES + MOVE_TEMPLATES + TOKEN_TEMPLATES:
            self._use("en_US")
            english = self._render(name)
            sentences = self._get_sentences(english[2])
            for lang in LANGUAGES:
                with self.subTest(template=name, lang=lang):
                    self._use(lang)
                    subject, html, text = self._render(name)
                    self.assertNotEqual(subject, english[0])
                    self.assertFalse(sentences & self._get_sentences(text))
                    self.assertNotRegex(text, r"[{}<>]|None|False|\*\*")
                    self.assertNotRegex(subject, r"[{}]|None|False")
                    self.assertIn("Jane Doe", text)
                    self.assertIn(f'lang="{lang.replace("_", "-")}"', html)

    def test_amounts_and_dates_are_those_of_the_language(self):
        for lang in LANGUAGES:
            with self.subTest(lang=lang):
                self._use(lang)
                env = self.env(context={**self.env.context, "lang": lang})
                text = self._render("final")[2]
                self.assertIn(format_amount(env, 1234.5, self.case.currency_id, lang), text)
                self.assertIn(format_amount(env, 1300.0, self.case.currency_id, lang), text)
                for day in ("2026-03-02", "2031-05-09"):
                    self.assertIn(format_date(env, day, lang, "long"), text)

    def test_one_invoice_and_several_are_told_apart(self):
        cases = self.case._get_message_cases()
        states = {"recovered": "recovered", "ended": "lost"}
        for name in CASE_TEMPLATES:
            cases.sudo().state = states.get(name, "in_recovery")
            for lang in LANGUAGES:
                with self.subTest(template=name, lang=lang):
                    self._use(lang)
                    several = self._get_sentences(self._render(name, cases=cases)[2])
                    single = self._get_sentences(self._render(name, cases=self.case)[2])
                    self.assertTrue(several - single)
                    self.assertTrue(single - several)

    def test_translations_keep_the_parts_of_a_template(self):
        for name in CASE_TEMPLATES + MOVE_TEMPLATES + TOKEN_TEMPLATES:
            template = self._get_template(name)
            parts = self._get_parts(template)
            fields = sorted(re.findall(r"{{.*?}}", template.subject))
            for lang in LANGUAGES:
                with self.subTest(template=name, lang=lang):
                    translated = template.with_context(lang=lang)
                    self.assertEqual(self._get_parts(translated), parts)
                    labels = re.findall(r't-set="label" t-value="(.*?)"', translated.body_html)
                    self.assertFalse(set(labels) & set(re.findall(r'"(.*?)"', template.body_html)))
                    self.assertEqual(sorted(re.findall(r"{{.*?}}", translated.subject)), fields)

    def test_every_term_of_shared_parts_is_translated(self):
        for pattern in CUSTOMER_VIEWS:
            views = self.env["ir.ui.view"].search([("key", "=like", f"revenue_recovery.{pattern}")])
            self.assertTrue(views)
            for view in views:
                get_terms = view._fields["arch_db"].get_trans_terms
                english = get_terms(view.with_context(lang="en_US").arch_db)
                for lang in LANGUAGES:
                    translated = get_terms(view.with_context(lang=lang).arch_db)
                    for source, term in zip(english, translated, strict=True):
                        with self.subTest(view=view.key, lang=lang, term=source):
                            if source not in SAME_WORDS and re.search(r"[^\W\d_]{2}", source):
                                self.assertNotEqual(term, source)
                            placeholders = sorted(re.findall(r"{\w+}", source))
                            self.assertEqual(sorted(re.findall(r"{\w+}", term)), placeholders)

    def test_sms_are_translated_and_short(self):
        self.env["ir.config_parameter"].sudo().set_param("web.base.url", "https://www.example.com")
        for name in SMS_TEMPLATES:
            template = self.env.ref(f"revenue_recovery.sms_template_{name}")
            self._use("en_US")
            english = self._render_sms(template)
            for lang in LANGUAGES:
                with self.subTest(template=name, lang=lang):
                    self._use(lang)
                    text = self._render_sms(template)
                    self.assertNotEqual(text, english)
                    self.assertIn("https://www.example.com/recovery/pay/", text)
                    self.assertLessEqual(len(text), 160)
                    if lang != "ja_JP":
                        self.assertFalse(set(text) - self.GSM)

    def test_letter_is_in_the_customers_language(self):
        self._use("en_US")
        english = self._get_sentences(self._print_letter())
        for lang in LANGUAGES:
            with self.subTest(lang=lang):
                self._use(lang)
                text = self._print_letter()
                self.assertFalse(english & self._get_sentences(text))
                env = self.env(context={**self.env.context, "lang": lang})
                self.assertIn(format_date(env, "2026-03-02", lang, "long"), text)

    def _get_parts(self, template):
        """Return the tags of a template, without the labels of its buttons."""
        return re.findall(r"<[^>]+>", re.sub(r't-value="\'.*?\'"', "", template.body_html))

    def _get_sentences(self, text):
        """Return the lines of a message that hold words, without its facts."""
        facts = (self.invoice.name, "Jane Doe", self.env.company.name, "http", "@", "4242")
        return {
            line
            for line in map(str.strip, text.splitlines())
            if re.search(r"[^\W\d_]{3}", line)
            and line not in SAME_WORDS
            and not any(fact in line for fact in facts)
            and not re.fullmatch(r"[\w\s+]*\[\d+\]|INV/\S+", line)
        }

    def _render_sms(self, template):
        return template._render_field("body", self.case.ids, compute_lang=True)[self.case.id]
