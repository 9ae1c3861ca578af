# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import date, datetime, timedelta, timezone
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.revenue_recovery.timing.ceiling import (
    Charge,
    PastAttempt,
    check,
    read_rows,
    shipped_rules,
)

from ..common import RecoveryCommon

LOGGER = "odoo.addons.revenue_recovery.models.rules.recovery_network_rule"
NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)


class NetworkRuleCommon(RecoveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rules = cls.env["recovery.network.rule"].with_context(active_test=False)
        cls.visa = cls.rules._find("visa_20")
        company = {"company_id": cls.env.company.id, "company_ids": [cls.env.company.id]}
        cls.accountant = new_test_user(
            cls.env, "rule accountant", "account.group_account_invoice", **company
        )
        cls.manager = new_test_user(
            cls.env, "rule manager", "account.group_account_manager", **company
        )

    def _create_rule(self, **values):
        return self.rules.create(
            {
                "name": "our own limit",
                "scopes": "visa",
                "kind": "attempts",
                "limit": 5,
                "window_hours": 720,
                **values,
            }
        )

    def _archive(self, rule):
        """Archive a rule behind the ORM's back: nobody may but an administrator on purpose."""
        rule.flush_recordset()
        query = "UPDATE recovery_network_rule SET active = false, edited = true WHERE id = %s"
        self.cr.execute(query, [rule.id])
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    def _get_rules(self):
        return {rule.id: rule for rule in self.env["recovery.network.rule"]._get_rules()}

    def _check(self, tries, network="visa"):
        """Return the refusal of a charge after so many tries, one an hour."""
        history = [
            PastAttempt(NOW - timedelta(hours=hours), 100, "EUR", network=network)
            for hours in range(1, tries + 1)
        ]
        rules = self.env["recovery.network.rule"]._get_rules()
        return check(rules, history, NOW, Charge(100, "EUR", network))


@tagged("post_install", "-at_install")
class TestShippedRules(NetworkRuleCommon):
    def test_every_shipped_rule_is_there_and_says_exactly_what_is_shipped(self):
        self.assertEqual(self.rules.search_count([]), len(read_rows()))
        self.assertEqual(
            self._get_rules(),
            {rule.id: rule for rule in shipped_rules()},
        )

    def test_loading_again_changes_and_tells_nothing(self):
        messages = self.env["mail.message"].search_count([("model", "=", self.rules._name)])
        rules = self.rules.with_context(tracking_disable=False, mail_notrack=False)
        rules._load_shipped()
        self.cr.precommit.run()
        self.assertEqual(set(self.rules.search([]).mapped("edited")), {False})
        self.assertEqual(
            self.env["mail.message"].search_count([("model", "=", self.rules._name)]), messages
        )

    def test_rule_is_found_by_the_id_that_a_refusal_names(self):
        own = self._create_rule()
        for record in (self.visa, own):
            self.assertEqual(self.rules._find(record._to_rule().id), record)
        for rule_id in ("no_such_rule", "own:", "own:x", "own:0"):
            self.assertFalse(self.rules._find(rule_id))

    def test_archived_rule_is_found_but_not_applied(self):
        self._archive(self.visa)
        self.assertNotIn("visa_20", self._get_rules())
        self.assertEqual(self.env["recovery.network.rule"]._find("visa_20").id, self.visa.id)

    def test_names_are_in_the_language_of_whoever_asks(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.visa.update_field_translations("name", {"fr_FR": "Visa permet 20 essais"})
        names = {
            language: {
                rule.id: rule.name for rule in self.rules.with_context(lang=language)._get_rules()
            }["visa_20"]
            for language in ("fr_FR", "en_US")
        }
        self.assertEqual(names["fr_FR"], "Visa permet 20 essais")
        self.assertEqual(names["en_US"], "Visa allows 20 tries in 30 days")
        self.assertEqual(
            self.visa.get_external_id()[self.visa.id],
            "revenue_recovery.recovery_network_rule_visa_20",
        )

    def test_rules_hold_for_whoever_pays(self):
        public = self.env.ref("base.public_user")
        self.env.registry.clear_cache()
        rules = self.env["recovery.network.rule"].with_user(public)._get_rules()
        self.assertEqual(len(rules), len(shipped_rules()))


@tagged("post_install", "-at_install")
class TestEditedRules(NetworkRuleCommon):
    def test_edit_counts_at_once_and_survives_an_upgrade(self):
        self.visa.limit = 10
        self.assertEqual(self._get_rules()["visa_20"].limit, 10)
        self.rules._load_shipped()
        self.assertEqual(self.visa.limit, 10)

    def test_rule_that_nobody_edited_follows_the_new_file(self):
        rows = [
            {**row, "limit": "18", "valid_to": "2027-04-17"} if row["id"] == "visa_20" else row
            for row in read_rows()
        ]
        with self._patch_rows(rows):
            self.rules._load_shipped()
        self.assertEqual(self._get_rules()["visa_20"].limit, 18)
        self.assertEqual(self._get_rules()["visa_20"].valid_to, date(2027, 4, 17))
        self.assertFalse(self.visa.edited)

    def test_history_says_who_changed_what(self):
        before = self.visa.message_ids
        visa = self.visa.with_user(self.manager)
        visa.with_context(tracking_disable=False, mail_notrack=False).limit = 10
        self.cr.precommit.run()
        self.visa.invalidate_recordset(["message_ids"])
        message = self.visa.message_ids - before
        self.assertEqual(message.author_id, self.manager.partner_id)
        values = message.sudo().tracking_value_ids
        self.assertEqual((values.old_value_integer, values.new_value_integer), (20, 10))

    def test_every_deciding_field_is_tracked(self):
        tracked = self.rules._track_get_fields()
        telling = {"name", "source", "link"}
        self.assertEqual({"active", *self.rules._shipped_fields} - telling, tracked)

    def test_restoring_brings_back_the_shipped_rule(self):
        self._archive(self.visa)
        self.visa.with_user(self.manager).limit = 5
        self.visa.with_user(self.manager).action_restore_shipped()
        self.assertEqual(self._get_rules(), {rule.id: rule for rule in shipped_rules()})
        self.assertFalse(self.visa.edited)

    def test_shipped_rule_cannot_be_deleted_but_an_own_one_can(self):
        with self.assertRaisesRegex(UserError, "comes with the addon"):
            self.visa.unlink()
        own = self._create_rule()
        self.assertIn(own._to_rule().id, self._get_rules())
        rule_id = own._to_rule().id
        own.unlink()
        self.assertNotIn(rule_id, self._get_rules())

    def test_accountant_reads_and_manager_writes(self):
        self.assertTrue(self.visa.with_user(self.accountant).read())
        with self.assertRaises(AccessError):
            self.visa.with_user(self.accountant).limit = 100
        with self.assertRaises(AccessError):
            self.visa.with_user(self.accountant).action_restore_shipped()
        with Form(self.env["recovery.network.rule"].with_user(self.manager)) as form:
            form.name = "our own limit"
            form.scopes = "visa"
            form.limit = 3
            form.window_hours = 24
        self.assertEqual(self._check(4).rule.limit, 3)

    def _patch_rows(self, rows):
        return patch(f"{LOGGER}.read_rows", return_value=rows)


@tagged("post_install", "-at_install")
class TestOwnRules(NetworkRuleCommon):
    def test_own_rule_forbids_more(self):
        self.assertIsNone(self._check(5))
        own = self._create_rule()
        refusal = self._check(5)
        self.assertEqual(self.rules._find(refusal.rule.id), own)
        self.assertIn("our own limit", str(refusal.sentence.values))

    def test_own_rule_never_allows_more(self):
        """Of a network without a shipped rule, those for the others stay in force."""
        self.assertEqual(self._check(20, network="elo").rule.id, "other_20")
        self._create_rule(scopes="elo", limit=50)
        self.assertEqual(self._check(20, network="elo").rule.id, "other_20")
        self._create_rule(scopes="visa", limit=50)
        self.assertIsNone(self._check(19))
        self.assertEqual(self._check(20).rule.id, "visa_20")

    def test_own_rule_for_a_network_without_a_shipped_one_counts(self):
        own = self._create_rule(scopes="elo", limit=3)
        self.assertEqual(self.rules._find(self._check(3, network="elo").rule.id), own)
        self.assertIsNone(self._check(3, network="jcb"))

    def test_nobody_can_give_his_rule_the_code_of_a_shipped_one(self):
        own = self._create_rule(code="visa_20_more")
        self.assertFalse(own.code)
        self.assertFalse(self.visa.copy().code)

    def test_rule_that_cannot_be_read_is_left_out_logged_and_told_on_its_record(self):
        own = self._create_rule()
        self.assertFalse(own.problem)
        self.env.flush_all()
        self.cr.execute(
            "UPDATE recovery_network_rule SET categories = 'many' WHERE id = %s", [own.id]
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        with self.assertLogs(LOGGER, "WARNING"):
            rules = self._get_rules()
        self.assertEqual(len(rules), len(shipped_rules()))
        self.assertIn("many", own.problem)

    def test_words_that_nothing_could_match_are_refused_with_a_sentence(self):
        for values, sentence in (
            ({"scopes": "vsia"}, "“vsia” in the rule “our own limit” is no card network"),
            ({"scopes": "visa,mastercard"}, "Part several by blanks"),
            ({"categories": "5"}, "“5” .* no category of Visa"),
            ({"reasons": "broke"}, "“broke” .* not the technical name of a reason"),
            ({"reasons": "insufficient_funds@Germany"}, "two letters after the @"),
            ({"codes": "AM04@"}, "“AM04@” .* two letters after the @"),
            ({"countries": "Germany"}, "“Germany” .* not the two letters of a country"),
        ):
            with self.subTest(values=values), self.assertRaisesRegex(ValidationError, sentence):
                self._create_rule(**values)

    def test_every_network_that_is_told_apart_can_have_a_rule(self):
        rule = self._create_rule(
            scopes="visa elo sepa other",
            categories="2 3",
            codes="AM04 MS03@DE",
            reasons="insufficient_funds refer_to_payer@DE",
            countries="AT DE",
        )
        value = self._get_rules()[rule._to_rule().id]
        self.assertEqual(value.scopes, {"visa", "elo", "sepa", "other"})
        self.assertEqual(value.categories, {2, 3})
        self.assertTrue(value.own)

    def test_numbers_that_make_no_rule_are_refused_with_a_sentence(self):
        for values, sentence in (
            ({"limit": -1}, "less than no try"),
            ({"window_hours": 0}, "a window of at least one hour"),
            ({"window_hours": -5}, "window"),
            ({"window_hours": 10**6}, "longer than ten years"),
            ({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "end before it begins"),
        ):
            with self.subTest(values=values), mute_logger("odoo.sql_db"):
                with self.assertRaises(IntegrityError) as caught:
                    self._create_rule(**values)
                self.assertIn(sentence, self.rules._sql_error_to_message(caught.exception))

    def test_rule_for_never_needs_no_window(self):
        rule = self._create_rule(kind="never", advice_codes="99", window_hours=0, limit=0)
        self.assertIsNone(self._get_rules()[rule._to_rule().id].window)
