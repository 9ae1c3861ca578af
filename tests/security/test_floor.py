# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...timing.ceiling import read_rows
from .rights_common import RightsCommon

HAS_GROUP = "odoo.addons.base.models.res_users.ResUsers.has_group"
# Each lets something through that the shipped rule refuses: by code, field and value.
LAXER = (
    ("visa_20", "active", False),
    ("visa_20", "limit", 21),
    ("visa_20", "limit", 10**6),
    ("visa_20", "window_hours", 719),
    ("visa_20", "same_amount", True),
    ("visa_20", "consecutive", True),
    ("visa_20", "valid_to", "2026-05-01"),
    ("visa_20", "valid_from", "2999-01-01"),
    ("visa_20", "scopes", "mastercard"),
    ("visa_20", "scopes", "visa elo"),
    ("visa_20", "categories", "2"),
    ("visa_20", "codes", "51"),
    ("visa_20", "reasons", "insufficient_funds"),
    ("visa_20", "countries", "DE"),
    ("visa_20", "kind", "wait"),
    ("visa_never", "categories", "4"),
    ("visa_never", "advice_codes", "03"),
    ("mastercard_advice_24", "window_hours", 0),
    ("mastercard_advice_30", "window_hours", 239),
    ("mastercard_advice_03", "scopes", "mastercard"),
    ("other_20", "scopes", "elo"),
    ("sepa_represent", "window_hours", 10**4),
    ("sepa_represent", "limit", 3),
    ("sepa_represent", "codes", ""),
    ("sepa_represent", "reasons", "insufficient_funds refer_to_payer"),
)
STRICTER = (
    ("visa_20", "limit", 10),
    ("visa_20", "window_hours", 1000),
    ("visa_20", "valid_from", "2020-01-01"),
    ("visa_20", "valid_from", False),
    ("visa_20", "categories", "4 3 2"),
    ("visa_20", "name", "Our words"),
    ("visa_20", "source", "Ours"),
    ("mastercard_10_day", "consecutive", False),
    ("mastercard_35_month", "same_amount", False),
    ("mastercard_advice_24", "window_hours", 2),
    ("visa_15", "valid_to", False),
    ("sepa_represent", "window_hours", 24),
    ("sepa_represent", "limit", 0),
)


class FloorCommon(RightsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rules = cls.env["recovery.network.rule"].with_context(active_test=False)
        cls.visa = cls._find_rule("visa_20")

    @classmethod
    def _find_rule(cls, code):
        return cls.rules.search([("code", "=", code)])

    def _in_developer_mode(self):
        """Let the group of the developer mode count, as it does in a request of a debug session."""

        def has_group(user, name):
            return user._has_group(name)

        return patch(HAS_GROUP, has_group)


@tagged("post_install", "-at_install")
class TestFloor(FloorCommon):
    def test_shipped_rule_is_not_made_laxer_by_a_manager_or_in_sudo_mode(self):
        for code, name, value in LAXER:
            rule = self._find_rule(code)
            for record in (
                rule.with_user(self.manager),
                rule.with_user(self.manager).sudo(),
                rule.with_user(self.admin),
                rule.sudo(),
            ):
                with self.subTest(rule=code, field=name, user=record.env.user.name):
                    before = rule[name]
                    with self.assertRaisesRegex(UserError, "developer mode"):
                        record.write({name: value})
                    self.assertEqual(rule[name], before)

    def test_shipped_rule_may_be_made_stricter(self):
        for code, name, value in STRICTER:
            with self.subTest(rule=code, field=name):
                self._find_rule(code).with_user(self.manager).write({name: value})

    def test_own_strictness_may_be_taken_back(self):
        rule = self.visa.with_user(self.manager)
        rule.limit = 5
        rule.limit = 20
        with self.assertRaises(UserError):
            rule.limit = 21

    def test_all_rules_at_once_are_not_archived(self):
        rules = self.rules.with_user(self.manager).search([("shipped", "=", True)])
        for archive in (
            rules.action_archive,
            lambda: rules.write({"active": False}),
            lambda: rules.write({"active": False, "loosening_reason": "I want it"}),
        ):
            with self.assertRaises(UserError):
                archive()
        self.assertEqual(self.rules.search_count([("active", "=", True)]), len(read_rows()))

    def test_shipped_rule_is_deleted_by_nobody_whatever_the_caller_says_of_himself(self):
        for user in (self.manager, self.admin):
            for context in ({}, {"_force_unlink": True}, {"recovery_loading": True}):
                rule = self.visa.with_user(user).with_context(**context)
                with self.subTest(user=user.name, **context), self.assertRaises(UserError):
                    rule.unlink()
                with self.subTest(user=user.name, **context), self.assertRaises(UserError):
                    rule.active = False
        self.assertTrue(self.visa.exists())

    def test_rule_is_not_made_laxer_by_an_import(self):
        result = self.rules.with_user(self.manager).load(
            [".id", "limit"], [[str(self.visa.id), "1000"]]
        )
        self.assertFalse(result["ids"])
        result = self.rules.with_user(self.manager).load(
            ["id", "active"], [["revenue_recovery.recovery_network_rule_visa_20", "False"]]
        )
        self.assertFalse(result["ids"])
        self.assertTrue(self.visa.active)
        self.assertEqual(self.visa.limit, 20)

    def test_own_rule_stands_for_no_shipped_one(self):
        """A coded rule for a network takes it out of those that “other” stands for."""
        rules = self.rules.with_user(self.manager)
        values = {"name": "Lax", "scopes": "elo", "limit": 10**6, "window_hours": 1}
        own = rules.create(
            {**values, "code": "elo_many", "shipped": True, "loosening_reason": "Mine"}
        )
        own.write({"code": "elo_many", "shipped": True})
        self.assertFalse(own.code or own.shipped or own.loosening_reason)
        self.assertTrue(own._to_rule().own)

    def test_what_rules_count_by_is_not_taken_from_a_shipped_code(self):
        codes = self.env["recovery.decline.code"].with_user(self.manager)
        stolen = codes.search([("scope", "=", "visa"), ("category", "=", "1")], limit=1)
        for vals in ({"category": "4"}, {"category": False}, {"active": False}):
            with self.subTest(**vals), self.assertRaisesRegex(UserError, "count by it"):
                stolen.write(vals)
        later = codes.search([("scope", "=", "visa"), ("category", "=", "2")], limit=1)
        later.category = "1"
        later.category = "2"
        other = codes.search([("category", "=", False), ("shipped", "=", True)], limit=1)
        other.active = False

    def test_mark_of_a_shipped_rule_is_not_taken_away(self):
        rule = self.visa.with_user(self.manager)
        rule.write({"shipped": False})
        self.assertTrue(self.visa.shipped)
        with self.assertRaises(UserError):
            rule.code = "mine"
        with self.assertRaises(UserError):
            rule.code = False

    def test_new_floor_holds_for_an_edited_rule_after_an_upgrade(self):
        self.visa.with_user(self.manager).write({"name": "Ours", "limit": 19})
        rows = [{**row, "limit": "12"} if row["id"] == "visa_20" else row for row in read_rows()]
        module = "odoo.addons.revenue_recovery.models.rules.recovery_network_rule"
        with patch(f"{module}.read_rows", return_value=rows):
            self.rules._load_shipped()
        self.assertEqual((self.visa.name, self.visa.limit), ("Ours", 12))


@tagged("post_install", "-at_install")
class TestConfirmation(FloorCommon):
    def test_administrator_in_developer_mode_confirms_with_a_reason_that_is_kept(self):
        rule = self.visa.with_user(self.admin)
        with self._in_developer_mode():
            for reason in (None, "", "  "):
                vals = {"limit": 30, "loosening_reason": reason}
                with self.assertRaisesRegex(UserError, "Why It Allows More"):
                    rule.write(vals if reason is not None else {"limit": 30})
            rule.write({"limit": 30, "loosening_reason": "Agreed with <b>the</b> scheme"})
        self.assertEqual(self.visa.limit, 30)
        message = self.visa.message_ids[:1]
        self.assertEqual(message.author_id, self.admin.partner_id)
        self.assertIn("rights admin", message.body)
        self.assertIn("Agreed with &lt;b&gt;the", message.body)

    def test_each_step_further_is_confirmed_anew(self):
        rule = self.visa.with_user(self.admin)
        with self._in_developer_mode():
            rule.write({"limit": 30, "loosening_reason": "Agreed"})
            with self.assertRaises(UserError):
                rule.limit = 31
        self.visa.with_user(self.manager).limit = 25

    def test_manager_in_developer_mode_is_no_administrator(self):
        self.manager.group_ids += self.env.ref("base.group_no_one")
        with self._in_developer_mode(), self.assertRaisesRegex(UserError, "administrator"):
            self.visa.with_user(self.manager).write(
                {"active": False, "loosening_reason": "I want it"}
            )

    def test_reason_is_written_by_nobody_else(self):
        with self.assertRaises(AccessError):
            self.visa.with_user(self.manager).loosening_reason = "Nothing of the kind"

    def test_manager_restores_what_was_loosened(self):
        with self._in_developer_mode():
            self.visa.with_user(self.admin).write(
                {"active": False, "limit": 99, "loosening_reason": "Agreed"}
            )
        self.visa.with_user(self.manager).action_restore_shipped()
        self.assertEqual((self.visa.active, self.visa.limit), (True, 20))
        self.assertFalse(self.visa.loosening_reason)

    def test_upgrade_leaves_what_was_confirmed(self):
        with self._in_developer_mode():
            self.visa.with_user(self.admin).write({"limit": 99, "loosening_reason": "Agreed"})
        self.rules._load_shipped()
        self.assertEqual(self.visa.limit, 99)
