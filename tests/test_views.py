# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from pathlib import Path

from lxml import etree

from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import file_path

from .common import RecoveryCommon

MODELS = (
    "recovery.case",
    "recovery.attempt",
    "recovery.policy",
    "recovery.case.tag",
    "recovery.event",
    "recovery.forecast.wizard",
    "recovery.notice",
    "recovery.policy.step",
    "recovery.preview.wizard",
    "recovery.planned.action",
    "recovery.decline.reason",
    "recovery.decline.code",
    "recovery.decline.unlisted",
    "recovery.network.rule",
    "recovery.charge.minimum",
    "account.move",
    "res.partner",
)


@tagged("post_install", "-at_install")
class TestFiles(TransactionCase):
    def test_no_record_of_the_data_files_replaces_another(self):
        ids = []
        for folder in ("data", "report", "views", "wizards"):
            for path in Path(file_path(f"revenue_recovery/{folder}")).glob("*.xml"):
                ids += etree.parse(path).xpath("//record/@id | //template/@id | //menuitem/@id")
        twice = {name for name in ids if ids.count(name) > 1}
        self.assertFalse(twice)


@tagged("post_install", "-at_install")
class TestViews(RecoveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = {"company_id": cls.env.company.id, "company_ids": [cls.env.company.id]}
        cls.accountant = new_test_user(
            cls.env, login="accountant", groups="account.group_account_invoice", **company
        )
        cls.auditor = new_test_user(
            cls.env, login="auditor", groups="account.group_account_readonly", **company
        )

    def _get_invoice_form(self, user):
        view = self.env.ref("account.view_move_form")
        return self.env["account.move"].with_user(user).get_view(view.id, "form")["arch"]

    def test_accountant_loads_every_view(self):
        views = self.env["ir.ui.view"].search([("model", "in", MODELS), ("inherit_id", "=", False)])
        own = views.filtered(lambda view: (view.xml_id or "").startswith("revenue_recovery."))
        self.assertGreaterEqual(len(own), 24)
        for view in own:
            with self.subTest(view=view.xml_id):
                self.env[view.model].with_user(self.accountant).get_view(view.id, view.type)

    def test_case_form_opens_with_its_timeline(self):
        _invoice, case = self._fail_invoice()
        with Form(case.with_user(self.accountant)) as form:
            self.assertEqual(len(form.timeline_ids), 2, msg="The declined charge and the next one.")

    def test_invoices_are_grouped_by_recovery_state(self):
        invoice, _case = self._fail_invoice()
        other = self._create_invoice(collect_automatically=False)
        groups = (
            self.env["account.move"]
            .with_user(self.accountant)
            .web_read_group([("id", "in", (invoice + other).ids)], ["recovery_state"])["groups"]
        )
        counts = {group["recovery_state"]: group["__count"] for group in groups}
        self.assertEqual(counts["in_recovery"], 1)
        self.assertEqual(counts[False], 1)

    def test_invoice_filters_find_the_states_of_recovery(self):
        invoice, case = self._fail_invoice()
        moves = self.env["account.move"].with_user(self.accountant)
        self.assertIn(invoice, moves.search([("recovery_state", "=", "in_recovery")]))
        case.action_stop()
        self.assertIn(invoice, moves.search([("recovery_state", "=", "lost")]))

    def test_due_this_week_finds_the_case_by_its_next_attempt(self):
        _invoice, case = self._fail_invoice()
        self._make_due(case)
        found = (
            self.env["recovery.case"]
            .with_user(self.accountant)
            .search([("next_attempt_at", "<", "=week_start +1w")])
        )
        self.assertIn(case, found)

    def test_invoice_form_shows_recovery_to_those_who_work_on_it_only(self):
        self.assertIn('name="recovery"', self._get_invoice_form(self.accountant))
        self.assertNotIn("recovery", self._get_invoice_form(self.auditor))

    def test_customer_form_asks_for_the_method_that_is_charged(self):
        self._create_card()
        self._create_card()
        with (
            self.assertRaisesRegex(AssertionError, "collect_token_id"),
            Form(self.customer) as form,
        ):
            form.collect_automatically = True

    def test_only_saved_method_of_a_customer_is_chosen_by_itself(self):
        token = self._create_card()
        with Form(self.customer) as form:
            form.collect_automatically = True
        self.assertEqual(self.customer.collect_token_id, token)
