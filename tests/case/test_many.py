# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Buttons say beforehand what they can: with how many cases, with which not, and why."""

from contextlib import nullcontext
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, HttpCase, new_test_user, tagged

from ..common import RecoveryCommon


class ManyCommon(RecoveryCommon):
    NOW = "2027-03-10 09:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        card = cls._create_card()
        cls.accountant = new_test_user(
            cls.env,
            "accountant",
            "account.group_account_invoice",
            company_id=cls.env.company.id,
            company_ids=cls.env.company.ids,
        )
        invoices = cls.env["account.move"]
        for _number in range(4):
            invoices += cls._create_invoice(token=card)
        cls.invoices = invoices


@tagged("post_install", "-at_install")
class TestMany(ManyCommon):
    def setUp(self):
        super().setUp()
        self._collect()
        self.free, self.paused, self.closed, self.running = self.invoices.recovery_case_id
        self.paused.sudo()._pause(False, "Asked for.")
        self.closed.sudo()._close("lost", "Given up.")
        self.running.sudo().next_attempt_id.state = "running"

    def _open(self, act, cases):
        wizards = self.env["recovery.many.wizard"].with_user(self.accountant)
        context = {"active_model": "recovery.case", "active_ids": cases.ids, "default_act": act}
        return Form(wizards.with_context(**context)).save()

    def test_it_says_how_many_it_can_retry_and_why_not_the_others(self):
        wizard = self._open("retry", self.invoices.recovery_case_id)
        self.assertEqual((wizard.able_count, wizard.unable_count), (1, 3))
        self.assertEqual(wizard.able_ids, self.free)
        self.assertIn(f"Resume the case of {self.paused.display_name} first.", wizard.reasons)
        self.assertIn(f"The case of {self.closed.display_name} is closed.", wizard.reasons)
        self.assertIn("is under way", wizard.reasons)
        wizard.action_apply()
        self.assertEqual(self.free.next_attempt_id.source, "user")
        self.assertEqual(self.paused.state, "paused")

    def test_nothing_is_done_with_none(self):
        wizard = self._open("retry", self.paused | self.closed)
        self.assertEqual(wizard.able_count, 0)
        with self.assertRaisesRegex(UserError, "is closed"):
            wizard.action_apply()

    def test_stop_and_skip(self):
        wizard = self._open("skip", self.free | self.closed)
        self.assertEqual((wizard.able_count, wizard.unable_count), (1, 1))
        planned = self.free.next_attempt_id
        wizard.action_apply()
        self.assertEqual(planned.state, "refused")
        wizard = self._open("stop", self.free | self.paused | self.closed)
        self.assertEqual((wizard.able_count, wizard.unable_count), (2, 1))
        wizard.action_apply()
        self.assertEqual((self.free | self.paused).mapped("state"), ["lost", "lost"])

    def test_method_updated(self):
        self.free.sudo().blocked_class = "fix_data"
        wizard = self._open("updated", self.free | self.closed | self.paused)
        self.assertEqual(wizard.able_ids, self.free)
        wizard.action_apply()

    def test_the_form_knows_what_stands_against_a_charge(self):
        case = self.free.with_user(self.accountant)
        self.assertFalse(case.retry_block)
        rule = self.env["recovery.network.rule"].sudo()
        self.assertTrue(rule.search_count([]))
        self.free.sudo().write(
            {"promise_date": fields.Date.today() + timedelta(days=2), "promised_at": self.NOW}
        )
        case.invalidate_recordset()
        self.assertIn("Withdraw the promise first", case.retry_block)
        self.assertEqual(case.move_id.recovery_retry_block, case.retry_block)

    def test_another_date_is_proposed_that_is_allowed(self):
        day = fields.Date.today() + timedelta(days=5)
        self.free.sudo().write({"promise_date": day, "promised_at": self.NOW})
        action = self.free.with_user(self.accountant).action_change_date()
        wizards = self.env["recovery.plan.wizard"].with_user(self.accountant)
        wizard = Form(wizards.with_context(**action["context"])).save()
        self.assertGreater(wizard.planned_at.date(), day - timedelta(days=1))
        wizard.action_apply()
        self.assertEqual(self.free.next_attempt_id.planned_at, wizard.planned_at)


@tagged("post_install", "-at_install")
class TestManyTour(ManyCommon, HttpCase):
    def _enter_job_mode(self):
        return nullcontext()

    def test_accountant_retries_four_of_which_three_can_not_be(self):
        self._collect()
        free, paused, other, running = self.invoices.recovery_case_id
        (paused | other).sudo()._pause(False, "Asked for.")
        running.sudo().next_attempt_id.state = "running"
        self.start_tour("/odoo/recovery-cases", "recovery_retry_many", login="accountant")
        self.assertEqual(free.next_attempt_id.source, "user")
        self.assertEqual((paused.state, other.state), ("paused", "paused"))
