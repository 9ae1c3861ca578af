# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Facts are stored; sentences are made when they are read, by language, clock and form of date."""

from datetime import date

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from ..timing import Sentence
from ..tools.instants import aware, find_zone
from ..tools.said import Choice, Money, Said, get_facts, join, put, put_in_words, say
from ..tools.sentences import SENTENCES
from .common import RecoveryCommon

LANGUAGES = ("en_US", "fr_FR", "ja_JP")
ZONES = ("America/New_York", "Europe/Paris")
# What placeholders of these names stand for; all others are texts.
INSTANTS = ("at", "oldest", "end", "deadline")
DAYS = ("day", "first", "last")


class SaidCommon(RecoveryCommon):
    NOW = "2027-03-09 20:30:00"  # In New York it is afternoon, in Paris half past nine.

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for language in LANGUAGES:
            cls.env["res.lang"]._activate_lang(language)

    def _read_as(self, record, language, zone):
        """Return a record as somebody reads it; env keeps its zone, so it is another env."""
        record.env.flush_all()
        return record.sudo(False).with_context(lang=language, tz=zone)

    def _get_reader(self, language="en_US", zone="UTC"):
        return self.env(context={"lang": language, "tz": zone})


@tagged("post_install", "-at_install")
class TestEachKind(SaidCommon):
    def _invent(self, kind):
        """Return values for all placeholders of a kind."""
        known = {name: f"<{name}>" for name in self._list_placeholders(SENTENCES[kind])}
        at = aware(fields.Datetime.now()).astimezone(find_zone("Europe/Paris"))
        known |= {name: at for name in INSTANTS if name in known}
        known |= {name: date(2027, 3, 12) for name in DAYS if name in known}
        if "amount" in known and "retry" not in kind:
            known["amount"] = Money(1234.5, self.env.ref("base.EUR"))
        return known

    def _list_placeholders(self, text):
        return [part.split(")s")[0] for part in text.split("%(")[1:]]

    def test_each_kind_is_said_in_each_language_by_each_clock(self):
        for kind, source in SENTENCES.items():
            facts = say(self.env, kind, **self._invent(kind)).facts
            for zone in ZONES:
                said = {
                    # As plain texts: sentences of the same facts are the same.
                    language: str(put_in_words(self._get_reader(language, zone), facts))
                    for language in LANGUAGES
                }
                with self.subTest(kind=kind, zone=zone):
                    for sentence in said.values():
                        self.assertNotRegex(sentence, r"%\(|%%|\{")
                    if self._has_words(source):
                        self.assertNotEqual(said["fr_FR"], said["en_US"])
                        self.assertRegex(said["ja_JP"], r"[\u3040-\u30ff\u4e00-\u9fff]")

    def _has_words(self, source):
        rest = "".join(part.split(")s")[-1] for part in source.split("%("))
        return any(letter.isalpha() for letter in rest)

    def test_instant_is_told_by_the_readers_clock_and_the_customers(self):
        home = aware(fields.Datetime.now()).astimezone(find_zone("Europe/Paris"))
        facts = say(self.env, "not_due", at=home).facts
        words = {zone: put_in_words(self._get_reader("en_US", zone), facts) for zone in ZONES}
        self.assertRegex(words["Europe/Paris"], r"^Not due before Tue, Mar 9, 9:30\sPM\.$")
        self.assertRegex(
            words["America/New_York"],
            r"^Not due before Tue, Mar 9, 3:30\sPM "
            r"\(9:30\sPM for the customer, Europe/Paris\)\.$",
        )
        french = put_in_words(self._get_reader("fr_FR", "America/New_York"), facts)
        self.assertEqual(
            french, "Pas dû avant le mar. 9 mars, 15:30 (21:30 chez le client, Europe/Paris)."
        )

    def test_customers_day_is_told_where_it_is_another(self):
        home = aware(fields.Datetime.now()).astimezone(find_zone("Asia/Tokyo"))
        facts = say(self.env, "not_due", at=home).facts
        self.assertRegex(
            put_in_words(self._get_reader("en_US", "Europe/Paris"), facts),
            r"9:30\sPM \(Wed, Mar 10, 5:30\sAM for the customer, Asia/Tokyo\)",
        )

    def test_amounts_names_and_choices_are_the_readers(self):
        reason = self.env["recovery.decline.reason"]._find("expired_card")
        self.assertTrue(reason)
        reason.with_context(lang="fr_FR").name = "Carte périmée"
        facts = say(self.env, "method_dead", method="Visa 4242", reason=reason).facts
        french = put_in_words(self._get_reader("fr_FR"), facts)
        self.assertEqual(french, "Visa 4242 n'est plus prélevé : Carte périmée.")
        amount = Money(1234.5, self.env.ref("base.EUR"))
        facts = say(self.env, "rest_waits", amount=amount).facts
        self.assertIn("1,234.50", put_in_words(self._get_reader(), facts))
        self.assertIn("234,50", put_in_words(self._get_reader("fr_FR"), facts))
        case = self._fail_invoice()[1]
        facts = say(self.env, "case_over", state=Choice(case, "state", "lost")).facts
        self.assertEqual(put_in_words(self._get_reader(), facts), "The case is over: lost.")

    def test_sentence_in_a_sentence_is_the_readers_too(self):
        inner = say(self.env, "collected")
        outer = say(self.env, "window_ends_before", reason=inner)
        self.assertEqual(
            put_in_words(self._get_reader("fr_FR"), outer.facts),
            "Prélevé automatiquement à l'échéance. La période se termine avant.",
        )
        both = join(self.env, inner, None, "As typed.")
        self.assertEqual(
            put_in_words(self._get_reader("fr_FR"), both.facts),
            "Prélevé automatiquement à l'échéance. As typed.",
        )

    def test_sentences_are_the_same_when_their_facts_are(self):
        french = say(self._get_reader("fr_FR"), "collected")
        self.assertEqual(french, say(self.env, "collected"))
        self.assertNotEqual(french, say(self.env, "planned_anew"))
        self.assertEqual(say(self.env, "collected"), "Charged automatically on the due date.")

    def test_sentence_of_the_odoo_free_packages(self):
        sentence = Sentence("all_tries_made", {"tries": 8})
        self.assertEqual(put(self.env, sentence), str(sentence))
        self.assertEqual(put(self.env, Sentence("100% own.")), "100% own.", msg="An addon's own.")


@tagged("post_install", "-at_install")
class TestSaidField(SaidCommon):
    def test_text_stays_as_it_was_typed(self):
        case = self._fail_invoice()[1].sudo()
        case.end_reason = "Paid in cash."
        case.flush_recordset()
        case.invalidate_recordset()
        self.assertEqual(self._read_as(case, "fr_FR", "UTC").end_reason, "Paid in cash.")

    def test_what_is_read_and_passed_on_keeps_its_facts(self):
        case = self._fail_invoice()[1].sudo()
        case.end_reason = case.next_attempt_id.sentence
        self.assertIsInstance(case.end_reason, Said)
        self.assertEqual(case.end_reason.facts, get_facts(case.next_attempt_id.sentence))
        self.assertEqual(type(case.read(["end_reason"])[0]["end_reason"]), str)
        self.assertEqual(type(case.export_data(["end_reason"])["datas"][0][0]), str)

    def test_it_is_found_by_its_words_and_by_what_is_in_it(self):
        case = self._fail_invoice()[1].sudo()
        case.end_reason = say(self.env, "stopped_by", user="Ada")
        cases = case.search([("id", "=", case.id)])
        for words in ("Ada", "stopped", "STOPPED BY"):
            self.assertEqual(cases.search([("end_reason", "ilike", words)]) & cases, cases)
        self.assertFalse(case.search([("end_reason", "ilike", "Resumed"), ("id", "=", case.id)]))
        self.assertFalse(case.search([("end_reason", "not ilike", "Stop"), ("id", "=", case.id)]))
        french = case.with_context(lang="fr_FR")
        self.assertEqual(french.search([("end_reason", "ilike", "arrêté par")]) & cases, cases)
        same = say(self._get_reader("fr_FR"), "stopped_by", user="Ada")
        self.assertEqual(case.search([("end_reason", "=", same)]) & cases, cases)
        self.assertIn(case, case.search([("end_reason", "!=", False)]))
        case.end_reason = False
        self.assertNotIn(case, case.search([("end_reason", "!=", False)]))


@tagged("post_install", "-at_install")
class TestTimeline(SaidCommon):
    """The same stored facts, read by three people."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = cls.env.ref("revenue_recovery.mail_template_payment_failed")
        step = {"name": "First word", "mail_template_id": template.id}
        cls.policy.step_ids = [Command.create(step)]

    def _list_sentences(self, case, language, zone):
        case = self._read_as(case, language, zone)
        case.timeline_ids.invalidate_recordset()
        return {line.id: str(line.sentence) for line in case.timeline_ids}

    def test_timeline_reads_right_in_each_language_and_by_each_clock(self):
        case = self._fail_invoice()[1]
        self._run_cron("follow")
        home = aware(fields.Datetime.to_datetime("2027-03-12 09:00:00"))
        charge = case.sudo().next_attempt_id
        charge._postpone(
            charge.planned_at,
            say(self.env, "bank_advises", at=home.astimezone(find_zone("Europe/Paris"))),
        )
        self.assertEqual(set(case.timeline_ids.mapped("kind")), {"charge", "notice"})
        english = self._list_sentences(case, "en_US", "America/New_York")
        french = self._list_sentences(case, "fr_FR", "Europe/Paris")
        japanese = self._list_sentences(case, "ja_JP", "America/New_York")
        for line, sentence in english.items():
            with self.subTest(sentence=sentence):
                self.assertTrue(sentence)
                self.assertNotEqual(french[line], sentence)
                self.assertRegex(japanese[line], r"[\u3040-\u30ff\u4e00-\u9fff]")
        told = [each for each in english.values() if "bank advises" in each]
        self.assertRegex(
            told[0],
            r"^Not before Fri, Mar 12, 4:00\sAM "
            r"\(10:00\sAM for the customer, Europe/Paris\), as the bank advises\.$",
        )
        self.assertIn(
            "Pas avant le ven. 12 mars, 10:00, comme la banque le conseille.", french.values()
        )
        written = [each for each in english.values() if each.startswith("First word:")]
        self.assertRegex(written[0], r"^First word: .*Mar (9|10)")

    def test_what_was_sent_to_a_customer_stays_as_it_was(self):
        self.freeze_time.move_to("2027-03-10 10:00:00")
        case = self._fail_invoice()[1]
        self._run_cron("follow")
        self.freeze_time.move_to("2027-03-10 12:00:00")
        self._run_cron("follow")
        notice = case.notice_ids
        self.assertEqual(notice.state, "sent")
        subject = notice.subject
        french = self._read_as(notice, "fr_FR", "Europe/Paris")
        self.assertEqual(french.sentence, f"À {notice.recipients} : {subject}")
        self.assertEqual(french.subject, subject)
