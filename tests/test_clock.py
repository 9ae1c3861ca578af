# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.tests import freeze_time, tagged
from odoo.tools import safe_eval

from .common import patch_cursors
from .flow.rules_common import RulesCommon

A_DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestClock(RulesCommon):
    """One clock for what tests make and what they compare."""

    def test_rows_are_written_with_the_clock_that_is_frozen(self):
        at = fields.Datetime.now() + A_DAY
        with freeze_time(at):
            self.assertEqual(self._create_invoice().create_date, at)
        _invoice, case = self._fail_invoice()
        self.assertLess(case.create_date, at, msg="Made by a job, with a cursor of its own.")

    def test_expressions_are_evaluated_by_the_clock_that_is_frozen(self):
        at = fields.Datetime.now() + A_DAY
        now = "time.strftime('%Y-%m-%d'), str(datetime.date.today()), datetime.datetime.now()"
        values = {"datetime": safe_eval.datetime, "time": safe_eval.time}
        with freeze_time(at):
            found = safe_eval.safe_eval(now, values)
        self.assertEqual(found, (str(at.date()), str(at.date()), at))


@tagged("post_install", "-at_install")
class TestTwoHosts(RulesCommon):
    """PostgreSQL runs on another machine, whose clock is a day behind, or ahead."""

    def _shift(self, days):
        """Move PostgreSQL's clock, thus `create_date`, away from Odoo's."""
        for patcher in patch_cursors(timedelta(days=days)):
            self.startPatcher(patcher)

    def test_begun_payment_holds_the_page_for_as_long_as_it_should(self):
        for days in (-1, 1):
            with self.subTest(days=days):
                self._shift(days)
                invoice, case = self._fail_invoice()
                self._create_portal_transaction(invoice, reference=f"portal {days}")
                self.assertEqual(case._get_page_state(), "begun")
                with freeze_time(fields.Datetime.now() + timedelta(minutes=20)):
                    self.assertEqual(case._get_page_state(), "open")

    def test_rule_that_is_set_off_again_and_again_stops_for_the_day(self):
        self._shift(-1)
        rule = self._create_rule("pass", state="grace")
        _invoice, case = self._fail_invoice()
        for _turn in range(13):
            case.sudo()._begin_grace("All used up.")
            self._follow()
            case.sudo()._set_state("in_recovery", "Again.", grace_until=False)
        self.assertIn("within a day", rule.recovery_error)
