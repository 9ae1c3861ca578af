# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.revenue_recovery.controllers.standing_limit import Buckets
from odoo.addons.revenue_recovery.models.standing.memory import Memory
from odoo.addons.revenue_recovery.models.standing.tokens import hash_secret, read_token

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestKey(RecoveryCommon):
    """The keys of products, which managers make and nobody can read again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = {"company_id": cls.env.company.id, "company_ids": [cls.env.company.id]}
        cls.manager = new_test_user(
            cls.env, login="manager", groups="account.group_account_manager", **company
        )
        cls.accountant = new_test_user(
            cls.env, login="accountant", groups="account.group_account_invoice", **company
        )
        cls.keys = cls.env["recovery.standing.key"].with_user(cls.manager)

    def _create_key(self, **values):
        return self.keys.create({"name": "Product", **values})

    def test_manager_makes_a_secret_that_is_shown_once(self):
        with Form(self.keys) as form:
            form.name = "Product"
            form.origins = "https://app.example.com\n http://localhost:8000/ "
        key = form.record
        self.assertEqual(key.state, "new")
        action = key.action_make_secret()
        secret = action["context"]["default_secret"]
        self.assertTrue(secret.startswith(f"rrk_{key.identifier}_"))
        shown = Form(
            self.env["recovery.standing.key.show"]
            .with_user(self.manager)
            .with_context(**action["context"])
        )
        self.assertEqual(shown.secret, secret)
        self.assertEqual(key.state, "live")
        self.env.flush_all()
        self.cr.execute("SELECT * FROM recovery_standing_key WHERE id = %s", [key.id])
        self.assertNotIn(secret.rpartition("_")[2], str(self.cr.fetchall()))

    def test_nobody_reads_what_is_kept_of_a_secret(self):
        key = self._create_key()
        key.action_make_secret()
        for keys in (key, key.with_user(self.env.user)):
            self.assertNotIn("secret_hash", keys.fields_get())
            self.assertNotIn("secret_hash", keys.read()[0])
            with self.assertRaises(AccessError):
                keys.read(["secret_hash"])
            with self.assertRaises(AccessError):
                keys.search([("secret_hash", "=like", "a%")])
        self.manager.group_ids += self.env.ref("base.group_allow_export")
        with self.assertRaises(AccessError):
            key.export_data(["secret_hash"])

    def test_nobody_chooses_a_secret(self):
        key = self._create_key()
        mine = {"secret_hash": hash_secret("mine")}, {"identifier": "mine"}, {"state": "live"}
        for values in mine:
            with self.assertRaises(AccessError):
                key.write(values)
            with self.assertRaises(AccessError):
                self._create_key(**values)

    def test_accountant_sees_no_key(self):
        key = self._create_key()
        for operation in ("read", "write", "create", "unlink"):
            self.assertFalse(key.with_user(self.accountant).has_access(operation))

    def test_key_stays_with_its_company(self):
        other = self._create_company(name="Other")
        self.manager.company_ids += other
        key = self._create_key().with_context(allowed_company_ids=(self.env.company + other).ids)
        key.company_id = other
        key.action_make_secret()
        with self.assertRaises(UserError):
            key.company_id = self.env.company

    def test_revoked_key_has_no_secret_left(self):
        key = self._create_key()
        key.action_make_secret()
        key.action_revoke()
        self.assertEqual(key.state, "revoked")
        self.assertTrue(key.revoked_at)
        self.assertFalse(key.sudo().secret_hash)

    def test_copy_of_a_key_opens_nothing(self):
        key = self._create_key()
        key.action_make_secret()
        copy = key.copy()
        self.assertEqual((copy.state, copy.identifier), ("new", False))

    def test_copy_of_the_database_answers_no_product(self):
        key = self._create_key()
        key.action_make_secret()
        self.env.flush_all()
        for query in get_neutralization_queries(["revenue_recovery"]):
            self.cr.execute(query)
        self.env.invalidate_all()
        self.assertEqual((key.state, key.sudo().secret_hash), ("revoked", False))

    def test_only_addresses_of_pages_are_taken(self):
        for right in ("https://app.example.com", "https://a.b:8443/", "http://localhost:3000", ""):
            self._create_key(origins=right)
        for wrong in (
            "*",
            "null",
            "app.example.com",
            "http://app.example.com",
            "https://app.example.com/path",
            "https://*.example.com",
            "https://user@example.com",
            "http://localhost.example.com",
            "https://a.example.com, https://b.example.com",
        ):
            with self.subTest(origin=wrong), self.assertRaises(ValidationError):
                self._create_key(origins=wrong)

    def test_rate_is_a_rate(self):
        for rate in (0, -1, 10**9):
            with self.assertRaises(ValidationError):
                self._create_key(rate=rate)

    def test_views_open_for_managers(self):
        self.assertTrue(self.env.ref("revenue_recovery.menu_recovery_standing_key"))
        for view_type in ("form", "list", "search"):
            self.keys.get_view(view_type=view_type)


class Ticks:
    """A clock that goes when it is told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@tagged("post_install", "-at_install")
class TestCounting(RecoveryCommon):
    """What a worker remembers and counts, by a clock of its own."""

    def test_bucket_refills_as_time_passes(self):
        clock = Ticks()
        buckets = Buckets(clock)
        self.assertEqual([buckets.take("a", 2) for _turn in range(3)], [0, 0, 30])
        self.assertEqual(buckets.take("b", 2), 0)
        clock.now = 29.0
        self.assertEqual(buckets.take("a", 2), 1)
        clock.now = 30.0
        self.assertEqual([buckets.take("a", 2), buckets.take("a", 2)], [0, 30])
        clock.now = 10_000.0
        self.assertEqual([buckets.take("a", 2) for _turn in range(3)], [0, 0, 30])

    def test_changed_rate_counts_at_once(self):
        clock = Ticks()
        buckets = Buckets(clock)
        buckets.take("a", 1000)
        self.assertEqual([buckets.take("a", 1), buckets.take("a", 1)], [0, 60])

    def test_answer_is_as_old_as_its_question(self):
        clock = Ticks()
        memory = Memory(2.0, 10, clock)

        def find():
            clock.now += 1.5  # What happens meanwhile is not in it.
            return clock.now

        self.assertEqual(memory.get("a", find), 1.5)
        self.assertEqual(memory.get("a", find), 1.5)
        clock.now = 2.0
        self.assertEqual(memory.get("a", find), 3.5)

    def test_memory_has_room_for_so_many(self):
        memory = Memory(2.0, 2, Ticks())
        for key in "abc":
            memory.get(key, lambda key=key: key)
        self.assertEqual(memory.get("c", lambda: "new"), "c")
        self.assertEqual(memory.get("a", lambda: "new"), "new")

    def test_what_is_no_token_is_not_read(self):
        for text in ("", "rrt_", "rrt_.", "rrt_!.x", "rrt_W10.x", f"rrt_{'x' * 9000}.y", "rrt_é.x"):
            self.assertIsNone(read_token(text))
