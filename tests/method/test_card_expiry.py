# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import date

from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from ..common import RecoveryCommon


class ExpiryCommon(RecoveryCommon):
    """Saved cards, of which the customer's default is charged automatically."""

    NOW = "2026-11-23 09:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.card = cls._create_card("done")
        cls.card.recovery_expiry = "2026-12-31"
        cls.tokens = cls.env["payment.token"]

    def _choose_as_default(self, card=None, collect=True):
        self.customer.write(
            {"collect_automatically": collect, "collect_token_id": (card or self.card).id}
        )

    def _get_expiring(self, until="2027-01-31", company=None):
        return self.tokens._recovery_get_expiring(
            company or self.company, fields.Date.to_date(until)
        )


@tagged("post_install", "-at_install")
class TestExpiring(ExpiryCommon):
    """Which methods end soon, and somebody relies on."""

    def test_default_of_a_customer_is_in_use(self):
        self.assertFalse(self._get_expiring(), msg="Saved, and charged by nobody.")
        self._choose_as_default()
        self.assertEqual(self._get_expiring(), self.card)

    def test_default_of_a_customer_who_is_not_collected_is_not(self):
        self._choose_as_default(collect=False)
        self.assertFalse(self._get_expiring())
        invoice = self._create_invoice()
        self.assertEqual(self._get_expiring(), self.card, msg="An open invoice is charged to it.")
        invoice.collect_automatically = False
        self.assertFalse(self._get_expiring())

    def test_method_of_an_open_invoice_is_in_use_until_it_is_paid(self):
        invoice = self._create_invoice(token=self.card)
        self.assertEqual(self._get_expiring(), self.card)
        self._register_payment(invoice, 40.0)
        self.assertEqual(self._get_expiring(), self.card, msg="Sixty are open.")
        self._register_payment(invoice, 60.0)
        self.assertFalse(self._get_expiring())

    def test_draft_and_cancelled_invoices_do_not_count(self):
        invoice = self._create_invoice(token=self.card, post=False)
        self.assertFalse(self._get_expiring())
        invoice.button_cancel()
        self.assertFalse(self._get_expiring())

    def test_invoice_with_a_method_of_its_own_does_not_use_the_default(self):
        self._choose_as_default(collect=False)
        other = self._create_card("done", recovery_expiry="2027-01-31")
        self._create_invoice(token=other)
        self.assertEqual(self._get_expiring(), other)

    def test_last_day_lies_between_today_and_the_other_day_both_included(self):
        self._choose_as_default()
        table = {
            ("2026-11-22", "2026-12-31"): False,
            ("2026-11-23", "2026-12-31"): True,
            ("2026-12-31", "2026-12-31"): True,
            ("2027-01-01", "2026-12-31"): False,
            (False, "2026-12-31"): False,
        }
        for (expiry, until), expected in table.items():
            with self.subTest(expiry=expiry, until=until):
                self.card.recovery_expiry = expiry
                self.assertEqual(bool(self._get_expiring(until)), expected)

    def test_today_is_the_company_s(self):
        self._choose_as_default()
        self.card.recovery_expiry = "2026-11-30"
        with freeze_time("2026-12-01 02:00:00"):
            for tz, expected in (("America/New_York", True), ("Asia/Tokyo", False)):
                with self.subTest(tz=tz):
                    self.company.partner_id.tz = tz
                    self.assertEqual(bool(self._get_expiring()), expected)
        with freeze_time("2026-11-30 23:30:00"):
            self.company.partner_id.tz = "Europe/Paris"
            self.assertFalse(self._get_expiring(), msg="It is December there already.")

    def test_first_to_end_comes_first(self):
        self._choose_as_default()
        later = self._create_card("done", recovery_expiry="2027-01-31")
        sooner = self._create_card("done", recovery_expiry="2026-11-30")
        self._create_invoice(token=later)
        self._create_invoice(token=sooner)
        self.assertEqual(list(self._get_expiring()), [sooner, self.card, later])

    def test_archived_methods_and_disabled_providers_do_not_count(self):
        self._choose_as_default()
        self.card.active = False
        self.assertFalse(self._get_expiring())

    def test_each_company_has_its_own(self):
        self._choose_as_default()
        other = self._create_company(name="Other")
        self.assertFalse(self._get_expiring(company=other))
        branch = self._create_company(name="Branch", parent_id=self.company.id)
        self.assertFalse(self._get_expiring(company=branch))
        self.customer.with_company(branch).write(
            {"collect_automatically": True, "collect_token_id": self.card.id}
        )
        self.assertEqual(self._get_expiring(company=branch), self.card, msg="Of its parent.")

    def test_default_for_all_customers_counts(self):
        self.customer.collect_token_id = self.card
        self.assertFalse(self._get_expiring())
        self.env["ir.default"].set("res.partner", "collect_automatically", True)
        self.assertEqual(self._get_expiring(), self.card)

    def test_one_query_whatever_their_number(self):
        self._choose_as_default()
        for _number in range(5):
            self._create_invoice(token=self._create_card("done", recovery_expiry="2026-12-31"))
        self.env.flush_all()
        self._get_expiring().ids  # noqa: B018  What the ORM reads once, it has read.
        with self.assertQueryCount(1):
            self.assertEqual(len(self._get_expiring()), 6)


@tagged("post_install", "-at_install")
class TestSavedMethods(ExpiryCommon):
    """The list of saved methods, as an accountant sees it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = {
            "company_id": cls.company.id,
            "company_ids": [Command.set(cls.company.ids)],
        }
        cls.accountant = new_test_user(
            cls.env, "cards accountant", "account.group_account_invoice", **company
        )
        cls.clerk = new_test_user(cls.env, "cards clerk", "base.group_user", **company)
        cls.expired, cls.soon, cls.next, cls.later, cls.unknown = (
            cls._create_card("done", recovery_expiry=expiry)
            for expiry in ("2026-10-31", "2026-11-30", "2027-01-22", "2027-01-31", False)
        )
        cls.all = cls.expired + cls.soon + cls.next + cls.later + cls.unknown

    def _filter(self, name):
        """Return which of the cards a filter of the list leaves, with an accountant's rights."""
        view = self.env.ref("revenue_recovery.payment_token_saved_search")
        tokens = self.tokens.with_user(self.accountant)
        arch = tokens.get_view(view.id, "search")["arch"]
        [found] = etree.fromstring(arch).xpath(f"//filter[@name='{name}']")
        domain = safe_eval(found.get("domain"))
        context = safe_eval(found.get("context") or "{}")
        return tokens.with_context(**context).search(
            [("id", "in", self.all.ids), *domain], order="id"
        )

    def test_filters(self):
        table = {
            "expired": self.expired,
            "expires_30": self.soon,
            "expires_60": self.soon + self.next,
            "unknown": self.unknown,
            "in_use": self.tokens,
            "removed": self.tokens,
            "inactive": self.tokens,
        }
        for name, expected in table.items():
            with self.subTest(filter=name):
                self.assertEqual(self._filter(name), expected)
        self._choose_as_default(self.later)
        self._create_invoice(token=self.soon)
        self.assertEqual(self._filter("in_use"), self.soon + self.later)
        self.unknown._recovery_note_removed(fields.Datetime.now())
        self.assertEqual(self._filter("removed"), self.unknown)

    def test_not_in_use_is_the_rest(self):
        self._choose_as_default(self.later)
        found = self.tokens.search([("id", "in", self.all.ids), ("recovery_in_use", "=", False)])
        self.assertEqual(found, self.all - self.later)

    def test_validity_and_use_are_shown(self):
        self._choose_as_default(self.later)
        tokens = self.all.with_user(self.accountant)
        self.assertEqual(
            tokens.mapped("recovery_expiry_state"), ["expired", "soon", "next", False, False]
        )
        self.assertEqual(
            [token.recovery_in_use for token in tokens], [False, False, False, True, False]
        )

    def test_accountant_reads_list_and_form_without_rights_on_providers(self):
        specification = {}
        for view_type in ("list", "form"):
            view = self.env.ref(f"revenue_recovery.payment_token_saved_{view_type}")
            models = self.tokens.with_user(self.accountant).get_view(view.id, view_type)["models"]
            specification |= {name: {} for name in models["payment.token"]}
        self.env.invalidate_all()
        rows = self.soon.with_user(self.accountant).web_read(specification)
        self.assertEqual(rows[0]["recovery_provider_name"], self.demo_provider.name)
        with Form(
            self.soon.with_user(self.accountant), "revenue_recovery.payment_token_saved_form"
        ):
            pass

    def test_views_show_no_reference_to_charge_with(self):
        for view_type in ("list", "form"):
            view = self.env.ref(f"revenue_recovery.payment_token_saved_{view_type}")
            shown = set(self.tokens.get_view(view.id, view_type)["models"]["payment.token"])
            secret = {"provider_ref", "stripe_payment_method", "stripe_mandate", "provider_id"}
            self.assertFalse(shown & (secret | {"recovery_fingerprint"}))

    def test_accountant_groups_by_provider_and_network(self):
        for group in ("provider_id", "recovery_network", "recovery_expiry:month", "partner_id"):
            with self.subTest(group=group):
                groups = self.tokens.with_user(self.accountant).web_read_group(
                    [("id", "in", self.all.ids)], [group]
                )["groups"]
                self.assertEqual(sum(found["__count"] for found in groups), 5)

    def test_clerk_sees_neither_the_cards_nor_what_is_known_of_them(self):
        tokens = self.tokens.with_user(self.clerk)
        self.assertFalse(tokens.search([("id", "in", self.all.ids)]))
        own = self._create_card("done", partner_id=self.clerk.partner_id.id)
        self.assertEqual(tokens.search([]), own)
        with self.assertRaises(AccessError):
            own.with_user(self.clerk).read(["recovery_in_use"])
        menu = self.env.ref("revenue_recovery.menu_recovery_saved_method")
        self.assertNotIn(menu.id, self.env["ir.ui.menu"].with_user(self.clerk)._visible_menu_ids())
        self.assertIn(
            menu.id, self.env["ir.ui.menu"].with_user(self.accountant)._visible_menu_ids()
        )

    def test_accountant_of_another_company_sees_no_card(self):
        other = self._create_company(name="Other")
        stranger = new_test_user(
            self.env,
            "cards stranger",
            "account.group_account_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.tokens.with_user(stranger).search([("id", "in", self.all.ids)]))
        with self.assertRaises(AccessError):
            self.soon.with_user(stranger).read(["recovery_expiry"])

    def test_accountant_writes_nothing_of_it(self):
        for values in ({"recovery_expiry": date(2040, 1, 1)}, {"active": False}):
            with self.assertRaises(AccessError):
                self.soon.with_user(self.accountant).write(values)
