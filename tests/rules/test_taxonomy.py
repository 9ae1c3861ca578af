# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.revenue_recovery.declines import Advice, Taxonomy, read
from odoo.addons.revenue_recovery.declines.taxonomy import read_rows

from ..common import RecoveryCommon

MODELS = "odoo.addons.revenue_recovery.models.rules."


class TaxonomyCommon(RecoveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reasons = cls.env["recovery.decline.reason"].with_context(active_test=False)
        cls.codes = cls.env["recovery.decline.code"].with_context(active_test=False)
        company = {"company_id": cls.env.company.id, "company_ids": [cls.env.company.id]}
        cls.accountant = new_test_user(
            cls.env, "taxonomy accountant", "account.group_account_invoice", **company
        )
        cls.manager = new_test_user(
            cls.env, "taxonomy manager", "account.group_account_manager", **company
        )
        cls.no_funds = cls.reasons._find("insufficient_funds")
        cls.lost = cls.reasons._find("lost_card")
        cls.code = cls.codes._find_code("stripe", "code", "insufficient_funds")

    def _create_code(self, **values):
        return self.codes.create(
            {"scope": "stripe", "code": "moon_phase", "reason_id": self.no_funds.id, **values}
        )

    def _find(self, scope="stripe", kind="code", code="insufficient_funds"):
        """Return what the database's taxonomy says of a code."""
        return self.env["recovery.decline.code"]._get_taxonomy().find(scope, kind, code)

    def _upgrade(self, model="recovery.decline.code", rows=None):
        """Load the shipped rows again; other ones than ours when given."""
        if rows is None:
            self.env[model]._load_shipped()
            return
        path = f"{MODELS}{model.replace('.', '_')}.read_rows"
        with patch(path, return_value=rows):
            self.env[model]._load_shipped()

    def _change_row(self, **values):
        """Return the shipped codes, with other values for the code of this test."""
        return [
            {**row, **values} if (row["scope"], row["code"]) == ("stripe", self.code.code) else row
            for row in read_rows("codes")
        ]


@tagged("post_install", "-at_install")
class TestShippedTaxonomy(TaxonomyCommon):
    def test_every_shipped_reason_and_code_is_there(self):
        self.assertEqual(self.reasons.search_count([]), len(read_rows("reasons")))
        self.assertEqual(self.codes.search_count([]), len(read_rows("codes")))
        for records in (self.reasons.search([]), self.codes.search([])):
            self.assertEqual(set(records.mapped("shipped")), {True})
            self.assertEqual(set(records.mapped("edited")), {False})

    def test_rows_mean_exactly_what_is_shipped(self):
        taxonomy = self.env["recovery.decline.code"]._get_taxonomy()
        shipped = Taxonomy.shipped()
        self.assertEqual(taxonomy.reasons, shipped.reasons)
        self.assertEqual(set(taxonomy), set(shipped))

    def test_loading_again_changes_nothing(self):
        for model in ("recovery.decline.reason", "recovery.decline.code"):
            with patch.object(type(self.env[model]), "write") as write:
                self._upgrade(model)
            write.assert_not_called()

    def test_texts_of_reasons_can_be_translated_by_the_addon(self):
        for reason in self.reasons.search([]):
            self.assertEqual(
                reason.get_external_id()[reason.id],
                f"revenue_recovery.recovery_decline_reason_{reason.code}",
            )
        for name in ("name", "accountant", "customer"):
            self.assertTrue(self.reasons._fields[name].translate)

    def test_each_language_has_its_own_sentence(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.no_funds.with_context(lang="fr_FR")
        french.update_field_translations("customer", {"fr_FR": "Nous n'avons pas pu débiter."})
        self.assertEqual(french.customer, "Nous n'avons pas pu débiter.")
        self.assertNotEqual(self.no_funds.customer, french.customer)
        self.env["recovery.decline.reason"].with_context(lang="fr_FR")._load_shipped()
        self.assertEqual(french.customer, "Nous n'avons pas pu débiter.")

    def test_taxonomy_is_read_for_whoever_pays(self):
        public = self.env.ref("base.public_user")
        codes = self.env["recovery.decline.code"].with_user(public)
        self.env.registry.clear_cache()
        self.assertTrue(codes._get_taxonomy().find("stripe", "code", "insufficient_funds"))


@tagged("post_install", "-at_install")
class TestEditedTaxonomy(TaxonomyCommon):
    def test_edit_counts_at_once(self):
        self.assertEqual(self._find().reason, "insufficient_funds")
        self.code.write({"reason_id": self.lost.id, "advice": "wait:4d"})
        self.assertEqual(self._find().reason, "lost_card")
        self.assertEqual(self._find().advice, Advice.parse("wait:4d"))

    def test_class_of_a_reason_counts_at_once(self):
        payload = {"error": {"code": "card_declined", "decline_code": "insufficient_funds"}}
        codes = self.env["recovery.decline.code"]
        self.assertEqual(read("stripe", payload, codes._get_taxonomy()).decline_class, "later")
        self.no_funds.decline_class = "fix_data"
        self.assertEqual(read("stripe", payload, codes._get_taxonomy()).decline_class, "fix_data")

    def test_own_code_counts_until_it_is_deleted(self):
        self.assertIsNone(self._find(code="Moon Phase."))
        code = self._create_code(code="Moon  phase")
        self.assertEqual(self._find(code="Moon Phase.").reason, "insufficient_funds")
        code.unlink()
        self.assertIsNone(self._find(code="Moon Phase."))

    def test_archived_code_is_not_understood(self):
        self.code.active = False
        self.assertIsNone(self._find())
        with self.subTest("not even for whoever looks at archived rows"):
            self.env.registry.clear_cache()
            self.assertIsNone(self.codes._get_taxonomy().find("stripe", "code", self.code.code))

    def test_archived_reason_still_is_what_its_codes_mean(self):
        self.no_funds.active = False
        self.assertEqual(self._find().reason, "insufficient_funds")
        self.assertEqual(
            self.env["recovery.decline.reason"]._find(self.no_funds.code).id, self.no_funds.id
        )

    def test_edit_survives_an_upgrade(self):
        self.code.reason_id = self.lost
        self.no_funds.name = "Broke"
        archived = self.codes._find_code("stripe", "code", "lost_card")
        archived.active = False
        self._upgrade("recovery.decline.reason")
        self._upgrade(rows=self._change_row(reason="stolen_card"))
        self.assertEqual(self.code.reason_id, self.lost)
        self.assertEqual(self.no_funds.name, "Broke")
        self.assertFalse(archived.active)

    def test_row_that_nobody_edited_follows_the_new_file(self):
        self._upgrade(rows=self._change_row(reason="lost_card", date="2027-01-01"))
        self.assertEqual(self.code.reason_id, self.lost)
        self.assertEqual(str(self.code.date), "2027-01-01")
        self.assertFalse(self.code.edited)
        self.assertEqual(self._find().reason, "lost_card")

    def test_new_shipped_code_arrives(self):
        row = {**read_rows("codes")[0], "code": "moon_phase"}
        self._upgrade(rows=[*read_rows("codes"), row])
        self.assertTrue(self.codes._find_code("stripe", "code", "moon_phase").shipped)

    def test_code_that_somebody_added_before_it_was_shipped_stays_his(self):
        code = self._create_code(advice="wait:4d")
        row = {**read_rows("codes")[0], "code": "MOON_PHASE"}
        self._upgrade(rows=[*read_rows("codes"), row])
        self.assertEqual((code.reason_id, code.advice), (self.no_funds, "wait:4d"))
        self.assertTrue(code.shipped)
        self.assertTrue(code.edited)

    def test_code_that_is_not_shipped_any_more_is_archived_unless_it_was_edited(self):
        kept = self.codes._find_code("stripe", "code", "lost_card")
        kept.advice = "never"
        rows = [row for row in read_rows("codes") if row["scope"] != "stripe"]
        self._upgrade(rows=rows)
        self.assertEqual((self.code.active, self.code.shipped), (False, False))
        self.assertEqual((kept.active, kept.shipped), (True, False))
        self._upgrade()
        self.assertEqual((self.code.active, self.code.shipped), (True, True))

    def test_words_in_a_sentence_are_a_code_like_the_others(self):
        sentence = "The moon is full, and this card may not be used before it wanes."
        body = {"error": {"message": sentence}}
        self.assertEqual(read("stripe", body, self.codes._get_taxonomy()).reason, "unknown")
        code = self._create_code(kind="pattern", code="moon is full*may not be used")
        self.assertEqual(
            read("stripe", body, self.codes._get_taxonomy()).reason, "insufficient_funds"
        )
        code.active = False
        self.assertEqual(read("stripe", body, self.codes._get_taxonomy()).reason, "unknown")

    def test_words_that_would_be_found_anywhere_are_refused(self):
        for words in ("*", "no * ok", "x" * 300):
            with self.assertRaisesRegex(ValidationError, "can't be looked for"):
                self._create_code(kind="pattern", code=words)
        code = self._create_code(code="ok")
        with self.assertRaisesRegex(ValidationError, "can't be looked for"):
            code.kind = "pattern"

    def test_shipped_rows_cannot_be_deleted_but_own_ones_can(self):
        for record in (self.code, self.no_funds):
            with self.assertRaisesRegex(UserError, "comes with the addon.*Archive it instead"):
                record.unlink()
        own = self.reasons.create({"code": "moon", "name": "Moon"})
        self._create_code(reason_id=own.id).unlink()
        own.unlink()
        self.assertFalse(own.exists())

    def test_shipped_rows_cannot_be_made_something_else(self):
        for record, values in (
            (self.code, {"code": "other"}),
            (self.code, {"scope": "adyen"}),
            (self.no_funds, {"code": "other"}),
        ):
            with self.assertRaisesRegex(UserError, "can't be made something else"):
                record.write(values)

    def test_nobody_can_pass_his_row_off_as_shipped(self):
        codes = self.codes.with_context(recovery_loading=True)
        code = codes.create(
            {
                "scope": "stripe",
                "code": "moon",
                "reason_id": self.no_funds.id,
                "shipped": True,
                "edited": False,
            }
        )
        code.write({"shipped": True, "edited": False})
        self.assertEqual((code.shipped, code.edited), (False, True))

    def test_restoring_brings_back_what_is_shipped(self):
        self.code.write({"reason_id": self.lost.id, "advice": "never", "active": False})
        untouched = self._create_code(advice="never")
        (self.code + untouched).action_restore_shipped()
        self.assertEqual((self.code.reason_id, self.code.advice), (self.no_funds, False))
        self.assertEqual((self.code.active, self.code.edited), (True, False))
        self.assertEqual(untouched.advice, "never")
        self._upgrade(rows=self._change_row(reason="lost_card"))
        self.assertEqual(self.code.reason_id, self.lost, msg="It follows the files again.")

    def test_restoring_brings_back_the_texts_of_every_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.no_funds.with_context(lang="fr_FR")
        shipped = self.no_funds.name
        french.name = "À sec"
        self.no_funds.name = "Broke"
        french.action_restore_shipped()
        self.assertEqual(self.no_funds.name, shipped)
        self.assertNotEqual(french.name, "À sec")

    def test_restoring_what_is_ones_own_is_refused(self):
        with self.assertRaisesRegex(UserError, "Only what comes with the addon"):
            self._create_code().action_restore_shipped()

    def test_text_changed_in_the_dialog_for_translations_is_an_edit(self):
        self.no_funds.update_field_translations("name", {"en_US": "Broke"})
        self.assertTrue(self.no_funds.edited)
        self._upgrade("recovery.decline.reason")
        self.assertEqual(self.no_funds.name, "Broke")

    def test_row_that_cannot_be_read_is_left_out_and_logged(self):
        self.env.flush_all()
        self.cr.execute(
            "UPDATE recovery_decline_code SET advice = 'nonsense' WHERE id = %s", [self.code.id]
        )
        self.cr.execute(
            "UPDATE recovery_decline_reason SET decline_class = 'gone' WHERE code = 'stolen_card'"
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        with (
            self.assertLogs(f"{MODELS}recovery_decline_code", "WARNING"),
            self.assertLogs(f"{MODELS}recovery_decline_reason", "WARNING"),
        ):
            taxonomy = self.env["recovery.decline.code"]._get_taxonomy()
        self.assertIsNone(taxonomy.find("stripe", "code", self.code.code))
        self.assertIsNone(taxonomy.find("stripe", "code", "stolen_card"))
        self.assertTrue(taxonomy.find("stripe", "code", "lost_card"))

    def test_wrong_values_are_refused_with_a_sentence(self):
        for values, sentence in (
            ({"code": "a", "advice": "soon"}, "“soon” is no advice. Write never"),
            ({"code": "b", "advice": "wait:0x"}, "is no advice"),
            ({"scope": "My Bank"}, "“My Bank” must be a technical name"),
            ({"code": "..."}, "at least one letter or digit"),
        ):
            with self.subTest(values=values), self.assertRaisesRegex(ValidationError, sentence):
                self._create_code(**values)
        with self.assertRaisesRegex(ValidationError, "“No money” of a reason must be made of"):
            self.reasons.create({"code": "No money", "name": "No money"})

    def test_codes_and_reasons_are_listed_once(self):
        for create, model in (
            (lambda: self._create_code(code="Insufficient_Funds."), "recovery.decline.code"),
            (
                lambda: self.reasons.create({"code": "lost_card", "name": "Lost"}),
                "recovery.decline.reason",
            ),
        ):
            with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError) as caught:
                create()
            message = self.env[model]._sql_error_to_message(caught.exception)
            self.assertRegex(message, "listed already|exists already")

    def test_accountant_reads_and_manager_writes(self):
        for record in (self.code, self.no_funds):
            self.assertTrue(record.with_user(self.accountant).read())
            for operation in ("write", "create", "unlink"):
                self.assertFalse(record.with_user(self.accountant).has_access(operation))
                self.assertTrue(record.with_user(self.manager).has_access(operation))
            with self.assertRaises(AccessError):
                record.with_user(self.accountant).action_restore_shipped()
            record.with_user(self.manager).active = False
            record.with_user(self.manager).action_restore_shipped()
            self.assertFalse(record.edited)

    def test_manager_adds_a_code_in_its_form(self):
        with Form(self.env["recovery.decline.code"].with_user(self.manager)) as form:
            form.scope = "stripe"
            form.code = "moon_phase"
            form.reason_id = self.no_funds
        self.assertEqual(self._find(code="moon_phase").reason, "insufficient_funds")

    def test_reason_opens_its_codes(self):
        action = self.no_funds.with_user(self.accountant).action_view_codes()
        found = self.codes.search(action["domain"])
        self.assertIn(self.code, found)
        self.assertEqual(len(found), self.no_funds.code_count)
