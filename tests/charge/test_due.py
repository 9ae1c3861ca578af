# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""In which order due charges are taken up, and how many at once."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.charge import due as due_module
from ...models.charge.at_once import AT_ONCE, DEFAULT, MOST, read_at_once
from ...models.charge.due import DueCharges
from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestDue(RecoveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_provider = cls._prepare_stripe_provider()
        cls.other_provider.recovery_request_rate = 0
        cls.other_company = cls._create_company(name="Other")

    def _plan(self, count=1, provider=None, company=None, minutes=0):
        """Return the ids of attempts that have been due for some minutes."""
        token = self._create_card()
        if provider:
            token = self._create_stripe_card(provider)
        ids = []
        for _number in range(count):
            invoice = self._create_invoice(token=token)
            invoice.sudo()._plan_collection()
            attempt = invoice.recovery_attempt_ids.sudo()
            attempt.planned_at = fields.Datetime.now() - timedelta(minutes=minutes, seconds=1)
            if company:
                # What the list is made of; invoices of two companies need two sets of books.
                self.env.flush_all()
                self.cr.execute(
                    "UPDATE recovery_attempt SET company_id = %s WHERE id = %s",
                    [company.id, attempt.id],
                )
            ids.append(attempt.id)
        self.env.flush_all()
        return ids

    def _take_all(self, due, is_finished=True):
        """Return what comes off a list, in its order."""
        taken = []
        with self._enter_job_mode(), self._cron_cursor() as env:
            while attempt_id := due.take(env):
                taken.append(attempt_id)
                if is_finished:
                    due.finish(attempt_id)
        return taken

    def test_what_is_due_longest_comes_first(self):
        late, later = self._plan(minutes=1), self._plan(minutes=2)
        self._plan(minutes=-60)
        self.assertEqual(self._take_all(DueCharges()), later + late)

    def test_provider_with_much_to_do_lets_the_other_have_its_turn(self):
        many = self._plan(6, minutes=60)
        few = self._plan(2, provider=self.other_provider)
        taken = self._take_all(DueCharges())
        self.assertEqual(set(taken), set(many + few))
        self.assertLessEqual(set(few), set(taken[:4]), msg="They take turns.")

    def test_company_with_two_providers_gets_no_more_than_the_other(self):
        ours = self._plan(4, minutes=60) + self._plan(4, provider=self.other_provider, minutes=60)
        theirs = self._plan(4, company=self.other_company)
        taken = self._take_all(DueCharges())
        self.assertEqual(len(taken), len(ours + theirs))
        self.assertLessEqual(set(theirs), set(taken[:8]), msg="Companies take turns.")

    def test_next_is_of_the_provider_with_the_fewest_under_way(self):
        self._plan(6, minutes=60)
        few = self._plan(3, provider=self.other_provider)
        taken = self._take_all(DueCharges(), is_finished=False)
        self.assertLessEqual(set(few), set(taken[:6]))

    def test_limited_provider_gets_no_more_hands_than_may_wait_for_it(self):
        self.demo_provider.recovery_request_rate = 0.4
        self._plan(6, minutes=60)
        others = self._plan(6, provider=self.other_provider)
        due = DueCharges()
        with self._enter_job_mode(), self._cron_cursor() as env:
            taken = [due.take(env) for _hand in range(8)]
        self.assertEqual(set(taken) & set(others), set(others))
        self.assertEqual(len(set(taken) - set(others)), 2, msg="Two turns lie within five seconds.")

    def test_provider_that_takes_nothing_rests_and_what_was_put_back_comes_again(self):
        first, second = self._plan(2)
        due = DueCharges()
        soon = fields.Datetime.now() + timedelta(seconds=30)
        with self._enter_job_mode(), self._cron_cursor() as env:
            self.assertEqual(due.take(env), first)
            due.finish(first, rests_until=soon)
            self.assertFalse(due.take(env))
        self.freeze_time.move_to(soon)
        self.assertEqual(self._take_all(due), [second, first])

    def test_list_is_made_anew_when_a_provider_has_more(self):
        self.patch(due_module, "LANE_SIZE", 2)
        many, few = self._plan(5), self._plan(1, provider=self.other_provider)
        taken = self._take_all(DueCharges())
        self.assertEqual(sorted(taken), sorted(many + few))

    def test_attempt_that_somebody_else_took_is_left_out(self):
        self._plan(2)
        due = DueCharges()
        with self._enter_job_mode(), self._cron_cursor() as env:
            attempts = env["recovery.attempt"]
            first = due.take(env)
            attempts.browse(first).state = "cancelled"
            env.flush_all()
            self.assertFalse(attempts._lock_due(first))
            due.finish(first)
            self.assertEqual(attempts._claim(due).state, "running")
            self.assertFalse(attempts._claim(due))

    def test_number_at_once_is_what_the_settings_say(self):
        attempts = self.env["recovery.attempt"]
        self.assertEqual(attempts._get_at_once(), DEFAULT)
        self.env["res.config.settings"].create({"recovery_charges_at_once": 9}).execute()
        self.assertEqual(attempts._get_at_once(), 9)

    def test_number_that_is_none_is_said_and_the_default_is_taken(self):
        for value, number in (("0", 1), ("-3", 1), ("9999", MOST), (False, DEFAULT), (" 6 ", 6)):
            with self.subTest(value=value):
                self.assertEqual(read_at_once(value), number)
        with self.assertLogs("odoo.addons.revenue_recovery.models.charge.at_once") as logs:
            self.assertEqual(read_at_once("many"), DEFAULT)
        self.assertIn("“many”", logs.output[0])
        self.env["ir.config_parameter"].sudo().set_param(AT_ONCE, "many")
        invoice = self._create_invoice(token=self._create_card("done"))
        with mute_logger("odoo.addons.revenue_recovery.models.charge.at_once"):
            self._collect()
        self.assertEqual(invoice.payment_state, "paid", msg="No job is stopped by it.")

    def test_settings_take_no_impossible_number(self):
        for number in (0, -1, MOST + 1):
            with self.subTest(number=number), self.assertRaisesRegex(ValidationError, "at once"):
                self.env["res.config.settings"].create({"recovery_charges_at_once": number})
