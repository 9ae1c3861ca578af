# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import datetime, timedelta

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .rules_common import RulesCommon

# The clocks of the customer, in Paris, go forward on 2026-03-29.
START = "2026-03-24 09:30:00"


@tagged("post_install", "-at_install")
class TestFlow(RulesCommon):
    """An ordered list of actions with waits and conditions, as a rule sets it off for a case."""

    NOW = START

    def _open_case(self, clock, *actions, **values):
        """Create a rule on new cases, then a case; return both."""
        rule = self._create_rule(*actions, trigger=values.pop("trigger", "on_create"), **values)
        _invoice, case = self._fail_invoice()
        return rule, case

    def _go_to(self, clock, day, time="12:00:00"):
        clock.move_to(f"2026-{day} {time}")
        self._follow()

    def test_actions_wait_for_their_days_and_keep_the_customer_s_clock(self):
        with freeze_time(START) as clock:
            rule, case = self._open_case(
                clock,
                self._note("at once"),
                self._note("later", recovery_wait_count=1, recovery_wait_unit="hours"),
                self._note("after a week", recovery_wait_count=1, recovery_wait_unit="weeks"),
                self._note("days after", recovery_wait_count=2),
            )
            self.assertEqual(
                self._get_planned_actions(rule).mapped("planned_at"),
                [
                    datetime(2026, 3, 24, 9, 30),
                    datetime(2026, 3, 24, 10, 30),
                    # 11:30 in Paris, where it is summer by now.
                    datetime(2026, 3, 31, 9, 30),
                    datetime(2026, 4, 2, 9, 30),
                ],
            )
            words = ("at once", "later", "after a week", "days after")
            self.assertEqual(self._get_notes(case, *words), ["at once"])
            self._go_to(clock, "03-24")
            self.assertEqual(self._get_notes(case, *words), ["at once", "later"])
            self._go_to(clock, "03-30")
            self.assertEqual(self._get_notes(case, *words), ["at once", "later"])
            self._go_to(clock, "03-31")
            self._go_to(clock, "04-02")
            self.assertEqual(self._get_notes(case, *words), list(words))

    def test_clock_of_the_customer_is_kept_when_summer_time_begins(self):
        with freeze_time("2026-03-24 11:00:00") as clock:
            rule, _case = self._open_case(clock, self._note("x", recovery_wait_count=10))
            planned_at = self._get_planned_actions(rule).planned_at
        self.assertEqual(planned_at, datetime(2026, 4, 3, 10, 0), msg="Noon in Paris, both times.")

    def test_actions_that_come_late_keep_their_distance(self):
        with freeze_time(START) as clock:
            rule, case = self._open_case(
                clock,
                self._note("first", recovery_wait_count=1),
                self._note("second", recovery_wait_count=7),
            )
            self._go_to(clock, "03-28")  # The server was off for three days.
            self.assertEqual(self._get_notes(case, "first", "second"), ["first"])
            second = self._get_planned_actions(rule)[1]
            self.assertEqual(second.planned_at.date().isoformat(), "2026-04-04")
            self._go_to(clock, "04-03")
            self.assertEqual(self._get_notes(case, "second"), [])
            self._go_to(clock, "04-05")
            self.assertEqual(self._get_notes(case, "second"), ["second"])

    def test_what_is_planned_is_cancelled_when_the_invoice_is_paid(self):
        with freeze_time(START) as clock:
            rule, case = self._open_case(
                clock, self._note("now"), self._note("never", recovery_wait_count=3)
            )
            self._register_payment(case.move_id, 100.0)
            self._follow()
            self.assertEqual(case.state, "recovered")
            self._go_to(clock, "03-28")
            self.assertEqual(self._get_notes(case, "now", "never"), ["now"])
            planned_action = self._get_planned_actions(rule)[1]
            self.assertEqual(planned_action.state, "cancelled")
            self.assertIn("The case is over", planned_action.sentence)

    def test_rule_may_go_on_after_the_payment(self):
        with freeze_time(START) as clock:
            _rule, case = self._open_case(
                clock,
                self._note("always", recovery_wait_count=3),
                recovery_stop_when_paid=False,
            )
            self._register_payment(case.move_id, 100.0)
            self._go_to(clock, "03-28")
            self.assertEqual(self._get_notes(case, "always"), ["always"])

    def test_rule_on_recovered_cases_is_not_stopped_by_what_set_it_off(self):
        rule = self._create_rule(self._note("thanks"), state="recovered")
        _invoice, case = self._fail_invoice()
        self._register_payment(case.move_id, 100.0)
        self._follow()
        self.assertEqual(self._get_notes(case, "thanks"), ["thanks"])
        self.assertEqual(self._get_planned_actions(rule).state, "done")

    def test_flow_of_the_grace_period_ends_when_the_case_goes_back(self):
        with freeze_time(START) as clock:
            rule = self._create_rule(self._note("end", recovery_wait_count=3), state="grace")
            _invoice, case = self._fail_invoice()
            case.sudo()._begin_grace("All used up.")
            self._follow()
            self.assertEqual(self._get_planned_actions(rule).state, "planned")
            case.sudo()._set_state("in_recovery", "A new card.", grace_until=False)
            self._go_to(clock, "03-28")
            self.assertEqual(self._get_notes(case, "end"), [])
            self.assertIn("left the state", self._get_planned_actions(rule).sentence)

    def test_flow_of_the_grace_period_goes_on_when_the_case_is_lost(self):
        with freeze_time(START) as clock:
            self._create_rule(self._note("end", recovery_wait_count=3), state="grace")
            _invoice, case = self._fail_invoice()
            case.sudo()._begin_grace("All used up.")
            self._follow()
            case.action_stop()
            self._go_to(clock, "03-28")
            self.assertEqual(self._get_notes(case, "end"), ["end"])

    def test_flow_begins_anew_with_its_state(self):
        with freeze_time(START) as clock:
            rule = self._create_rule(self._note("end", recovery_wait_count=3), state="paused")
            _invoice, case = self._fail_invoice()
            for day in ("03-25", "03-27"):
                case.sudo()._pause(False, "Waiting.")
                self._go_to(clock, day)
                case.action_resume()
            case.sudo()._pause(False, "Waiting.")
            self._follow()
            self.assertEqual(
                self._get_planned_actions(rule).mapped("state"),
                ["cancelled", "cancelled", "planned"],
            )
            self._go_to(clock, "03-29")
            self.assertEqual(self._get_notes(case, "end"), [])
            self._go_to(clock, "03-31")
            self.assertEqual(self._get_notes(case, "end"), ["end"])

    def test_action_whose_condition_does_not_hold_is_left_out(self):
        rule, case = self._open_case(
            None,
            self._note("large", recovery_condition="[('failed_amount', '>', 500)]"),
            self._note("all"),
        )
        self.assertEqual(self._get_notes(case, "large", "all"), ["all"])
        planned_actions = self._get_planned_actions(rule)
        self.assertEqual(planned_actions.mapped("state"), ["skipped", "done"])
        self.assertIn("did not hold", planned_actions[0].sentence)

    def test_condition_is_looked_at_just_before_the_action(self):
        with freeze_time(START) as clock:
            user = self.env.user.id
            _rule, case = self._open_case(
                clock,
                self._note("free", recovery_condition="[('user_id', '=', False)]"),
                self._note(
                    "mine",
                    recovery_wait_count=1,
                    recovery_condition=f"[('user_id', '=', {user})]",
                ),
            )
            case.user_id = user
            self._go_to(clock, "03-26")
            self.assertEqual(self._get_notes(case, "free", "mine"), ["free", "mine"])

    def test_condition_that_is_none_is_refused(self):
        for condition in ("[('nonsense', '=', 1)]", "[(", "1 +"):
            with self.assertRaisesRegex(ValidationError, "is not one"):
                self._create_rule(self._note("x", recovery_condition=condition), state="grace")

    def test_negative_wait_is_refused(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self._create_rule(self._note("x", recovery_wait_count=-1), state="grace")
            self.env.flush_all()

    def test_rule_that_is_switched_off_does_nothing_more(self):
        with freeze_time(START) as clock:
            rule, case = self._open_case(clock, self._note("never", recovery_wait_count=1))
            rule.active = False
            self._go_to(clock, "03-28")
            self.assertEqual(self._get_notes(case, "never"), [])
            self.assertIn("switched off", self._get_planned_actions(rule).sentence)

    def test_deleted_rules_actions_and_records_cancel_what_is_planned(self):
        with freeze_time(START) as clock:
            wait = {"recovery_wait_count": 1}
            gone, _case = self._open_case(clock, self._note("x", **wait))
            planned_action = self._get_planned_actions(gone)
            action = self._create_rule(self._note("y", **wait), self._note("z"), state="grace")
            case = planned_action.case_id
            case.sudo()._begin_grace("All used up.")
            self._follow()
            gone.unlink()
            others = self._get_planned_actions(action)
            action.action_server_ids.sorted("sequence")[0].unlink()
            self.registry.registry_invalidated = False
            self._go_to(clock, "03-28")
            self.assertIn("rule was deleted", planned_action.sentence)
            self.assertEqual(others.mapped("state"), ["cancelled", "cancelled"])
            self.assertIn("taken out", others[0].sentence)

    def test_planned_actions_are_on_the_timeline_and_can_be_cancelled_there(self):
        accountant = new_test_user(
            self.env,
            "rules accountant",
            "account.group_account_invoice",
            company_id=self.env.company.id,
            company_ids=self.env.company.ids,
        )
        with freeze_time(START) as clock:
            rule, case = self._open_case(
                clock, self._note("a", recovery_wait_count=1), self._note("b")
            )
            with Form(case.with_user(accountant)) as form:
                self.assertEqual(len(form.timeline_ids), 4)
            lines = case.timeline_ids.filtered(lambda line: line.kind == "action")
            self.assertEqual(lines.mapped("state"), ["planned", "planned"])
            self.assertIn("Action 1: Planned by the rule", lines[0].sentence)
            lines.filtered(lambda line: "Action 1" in line.sentence).with_user(
                accountant
            ).action_cancel()
            self._go_to(clock, "03-28")
            planned_actions = self._get_planned_actions(rule)
            self.assertEqual(planned_actions.mapped("state"), ["cancelled", "cancelled"])
            self.assertIn("rules accountant", planned_actions[1].sentence)

    def test_action_that_is_done_can_not_be_cancelled(self):
        rule, _case = self._open_case(None, self._note("a"))
        planned_action = self._get_planned_actions(rule)
        planned_action.with_env(self.env).action_cancel()
        self.assertEqual(planned_action.state, "done")


@tagged("post_install", "-at_install")
class TestLoops(RulesCommon):
    """Rules that set off each other, or themselves, come to an end."""

    NOW = START

    def test_rule_that_sets_itself_off_runs_once(self):
        code = "record.write({'user_id': not record.user_id and env.uid})"
        rule = self._create_rule(code, trigger="on_create_or_write")
        _invoice, case = self._fail_invoice()
        for _turn in range(3):
            self._follow()
        self.assertLess(len(self._get_planned_actions(rule)), 10)
        self.assertFalse(rule.recovery_error)
        self.assertTrue(case.exists())

    def test_two_rules_that_set_off_each_other_run_once_each(self):
        tag = self.env["recovery.case.tag"].create({"name": "Loop"})
        add = {"code": f"record.write({{'tag_ids': [(4, {tag.id})]}})"}
        remove = {"code": f"record.write({{'tag_ids': [(3, {tag.id})]}})"}
        first = self._create_rule(add, trigger="on_create")
        values = {"trigger": "on_create_or_write"}
        second = self._create_rule(
            remove, filter_domain=f"[('tag_ids', 'in', {tag.ids})]", **values
        )
        third = self._create_rule(
            add, filter_domain=f"[('tag_ids', 'not in', {tag.ids})]", **values
        )
        self._fail_invoice()
        self.assertEqual(len(self._get_planned_actions(first)), 1)
        self.assertLessEqual(len(self._get_planned_actions(second)), 3)
        self.assertLessEqual(len(self._get_planned_actions(third)), 3)

    def test_rule_that_raises_events_for_itself_is_cut_off_and_told(self):
        code = (
            "env['recovery.event'].create({'type': 'service_ended', 'sentence': 'Again',"
            " 'company_id': record.company_id.id})"
        )
        rule = self._create_rule(code, model="recovery.event", trigger="on_create")
        self.env["recovery.event"].sudo()._raise(
            "service_ended", sentence="Once", company_id=self.env.company.id
        )
        self._follow()
        self.assertEqual(
            self._get_planned_actions(rule).mapped("state"), ["done"] * 11 + ["failed"]
        )
        self.assertIn("the chain was cut", rule.recovery_error)
        self.assertEqual(len(rule.activity_ids), 1)

    def test_rule_that_is_set_off_again_and_again_for_a_case_stops_for_the_day(self):
        with freeze_time(START) as clock:
            rule = self._create_rule("pass", state="grace")
            _invoice, case = self._fail_invoice()
            for _turn in range(13):
                case.sudo()._begin_grace("All used up.")
                self._follow()
                case.sudo()._set_state("in_recovery", "Again.", grace_until=False)
                clock.tick(timedelta(minutes=5))
            planned_actions = self._get_planned_actions(rule)
            self.assertEqual(planned_actions.mapped("state").count("done"), 10)
            self.assertEqual(planned_actions.mapped("state").count("failed"), 1)
            self.assertIn("within a day", rule.recovery_error)
            self.assertTrue(fields.Datetime.now())
