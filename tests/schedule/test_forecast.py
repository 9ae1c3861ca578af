# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import html2plaintext

from ..common import RecoveryCommon

ACCOUNTANT = "account.group_account_invoice"
WRITTEN = (
    "account.move",
    "mail.message",
    "payment.transaction",
    "recovery.attempt",
    "recovery.case",
    "recovery.notice",
)


@tagged("post_install", "-at_install")
class TestForecast(RecoveryCommon):
    """The dialog that says what would be done for an invoice, and does nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls._create_company(name="Other")
        cls.accountant = cls._create_user("forecast accountant", ACCOUNTANT, cls.env.company)
        cls.stranger = cls._create_user("forecast stranger", ACCOUNTANT, cls.other_company)
        cls.clerk = cls._create_user("forecast clerk", "base.group_user", cls.env.company)
        cls.portal = new_test_user(cls.env, "forecast portal", "base.group_portal")
        cls.portal.partner_id = cls.customer

    @classmethod
    def _create_user(cls, login, group, company):
        return new_test_user(
            cls.env, login, group, company_id=company.id, company_ids=[Command.set(company.ids)]
        )

    def _open_dialog(self, record, user=None, **context):
        """Return the dialog as the web client opens it, without saving it."""
        wizards = self.env["recovery.forecast.wizard"].with_user(user or self.accountant)
        return Form(wizards.with_context(active_model=record._name, active_id=record.id, **context))

    def _create_failing_invoice(self, **values):
        return self._create_invoice(token=self._create_card(), **values)

    def _count_rows(self):
        self.env.flush_all()
        return {model: self.env[model].sudo().search_count([]) for model in WRITTEN}

    def test_invoice_that_has_not_failed_shows_the_calendar_of_its_policy(self):
        dialog = self._open_dialog(self._create_failing_invoice())
        self.assertEqual(dialog.policy_id, self.policy)
        self.assertFalse(dialog.block)
        self.assertIn("failed now", dialog.introduction)
        self.assertGreaterEqual(
            str(dialog.calendar).count("<tr"), 3, msg="A head and the tries that are planned."
        )

    def test_looking_writes_nothing(self):
        invoice = self._create_failing_invoice()
        failed, case = self._fail_invoice()
        before = self._count_rows(), case.next_attempt_id, case.next_attempt_at
        for record in (invoice, failed, case):
            self._open_dialog(record)
        self.env.invalidate_all()
        after = self._count_rows(), case.next_attempt_id, case.next_attempt_at
        self.assertEqual(after, before)

    def test_case_goes_on_from_where_it_is(self):
        _invoice, case = self._fail_invoice()
        dialog = self._open_dialog(case)
        self.assertEqual((dialog.move_id, dialog.policy_id), (case.move_id, case.policy_id))
        self.assertIn("the case goes on", dialog.introduction)

    def test_another_policy_shows_another_calendar(self):
        other = self._create_policy(name="Two tries", tries=2, sequence=99)
        dialog = self._open_dialog(self._create_failing_invoice())
        before = dialog.calendar
        dialog.policy_id = other
        self.assertNotEqual(dialog.calendar, before)
        self.assertLessEqual(str(dialog.calendar).count("<tr"), 3, msg="The head and two tries.")

    def test_chance_of_recovery_is_that_of_all_tries_together(self):
        wizard = self.env["recovery.forecast.wizard"].new({})
        charges = [{"probability": 0.5, "low": 0.4, "high": 0.6}] * 2
        summary = wizard._summarise(charges).replace("\N{NO-BREAK SPACE}", " ")
        self.assertIn("75 %", summary)
        self.assertIn("between 64 % and 84 %", summary)

    def test_chance_is_not_told_where_one_try_is_not_known(self):
        wizard = self.env["recovery.forecast.wizard"].new({})
        self.assertFalse(wizard._summarise([{"probability": 0.5}, {"probability": None}]))

    def test_dates_are_in_the_time_zone_of_the_user(self):
        charge = {
            "at": fields.Datetime.to_datetime("2026-06-01 22:30:00"),
            "source": "ladder",
            "sentence": "Because.",
            "probability": 0.62,
            "low": 0.48,
            "high": 0.74,
        }
        wizard = self.env["recovery.forecast.wizard"].with_context(tz="Asia/Tokyo")
        wizard = wizard.new({"move_id": self._create_failing_invoice().id})
        text = html2plaintext(wizard._render_calendar([charge]))
        self.assertIn("Tue 2 Jun 2026, 07:30", text, msg="Where the user is.")
        self.assertIn("Tue 2 Jun 2026, 00:30", text, msg="Where the customer is, in Paris.")
        self.assertIn("62 % (48–74 %)", text.replace("\N{NO-BREAK SPACE}", " "))

    def test_says_why_nothing_would_be_charged(self):
        paid = self._create_failing_invoice()
        self._register_payment(paid, 100.0)
        draft = self._create_failing_invoice(post=False)
        excluded = self._create_failing_invoice()
        excluded.line_ids.no_followup = True
        for invoice, words in (
            (paid, "Nothing is owed"),
            (draft, "Only posted customer invoices"),
            (excluded, "excluded"),
        ):
            with self.subTest(words=words):
                dialog = self._open_dialog(invoice)
                self.assertIn(words, dialog.block)
                self.assertFalse(dialog.calendar)
                self.assertFalse(dialog.summary)

    def test_says_that_no_policy_fits(self):
        self.policy.active = False
        dialog = self._open_dialog(self._create_failing_invoice())
        self.assertFalse(dialog.policy_id)
        self.assertIn("No policy fits", dialog.block)
        self.policy.active = True
        dialog.policy_id = self.policy
        self.assertFalse(dialog.block, msg="A policy can be tried all the same.")

    def test_says_that_a_policy_makes_no_charges(self):
        for schedule, words in (("none", "no automatic charges"), ("provider", "by itself")):
            with self.subTest(schedule=schedule):
                self.policy.retry_schedule = schedule
                dialog = self._open_dialog(self._create_failing_invoice())
                self.assertIn(words, dialog.block)

    def test_says_that_there_is_no_method_to_charge(self):
        dialog = self._open_dialog(self._create_invoice(collect_automatically=False))
        self.assertTrue(dialog.block)
        self.assertFalse(dialog.calendar)

    def test_users_without_rights_see_nothing(self):
        invoice, case = self._fail_invoice()
        for user in (self.portal, self.clerk, self.stranger):
            for record in (invoice, case):
                with self.subTest(user=user.name, model=record._name):
                    self.env.invalidate_all()
                    with self.assertRaises(AccessError):
                        self._open_dialog(record, user)

    def test_invoice_of_another_company_cannot_be_put_into_the_dialog(self):
        invoice = self._create_failing_invoice()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            wizards = self.env["recovery.forecast.wizard"].with_user(self.stranger)
            wizards.create({"move_id": invoice.id}).read(["calendar", "block"])
