# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .parts_common import PartsCommon


@tagged("post_install", "-at_install")
class TestParts(PartsCommon):
    """Each part is charged on its day, below all that holds for any charge."""

    def test_each_part_is_charged_on_its_day_and_books_a_partial_payment(self):
        plan = self._agree(33.33, 33.33, 33.34)
        self.assertEqual(self.case.next_attempt_id.source, "part")
        self.assertEqual(self.case.next_attempt_id.part_id, plan.part_ids[0])
        self.assertIn("Part 1 of 3", self.case.next_attempt_id.sentence)
        self._set_card("done")
        self._work()
        self.assertFalse(self._list_charged(), msg="Its day has not come.")
        self._pass(1)
        self.assertEqual(self._list_charged(), [(33.33, "paid")])
        self.assertEqual(
            (self.invoice.payment_state, self.invoice.amount_residual), ("partial", 66.67)
        )
        self.assertEqual((self.case.state, self.case.recovered_amount), ("in_recovery", 33.33))
        self.assertEqual(self._list_states(), ["paid", "planned", "planned"])
        self._pass(6)
        self.assertEqual(len(self._list_charged()), 1)
        self._pass(1)
        self._pass(7)
        self.assertEqual(self._list_charged(), [(33.33, "paid"), (33.33, "paid"), (33.34, "paid")])
        self.assertEqual((self.invoice.payment_state, self.case.state), ("paid", "recovered"))
        self.assertEqual((plan.state, self.case.recovered_amount), ("paid", 100.0))
        claim = self.case._get_claim()
        self.assertEqual([each.channel for each in claim.settlements], ["retry"] * 3)
        matches = self.invoice.line_ids.matched_credit_ids
        self.assertEqual(sorted(matches.mapped("debit_amount_currency")), [33.33, 33.33, 33.34])

    def test_part_that_fails_is_tried_by_the_schedule_which_it_has_to_itself(self):
        self._set_policy(**{"tries": 2, "window_days": 4})
        self._agree(50.0, 50.0, days=30)
        self._pass(1)
        self.assertEqual(self._list_charged(), [(50.0, "declined")])
        self.assertEqual(self._list_states(), ["failed", "planned"])
        self.assertEqual(self.case.next_attempt_id.source, "ladder")
        self.assertEqual(self.case.next_attempt_id.part_id.amount, 50.0)
        self._set_card("done")
        self._pass(2)
        self._pass(1)
        self.assertEqual(self._list_charged(), [(50.0, "declined"), (50.0, "paid")])
        self.assertEqual(self._list_states(), ["paid", "planned"])
        day = self.case._get_local_day(self.case.next_attempt_at)
        self.assertEqual(day, self.case.part_plan_id.part_ids[1].day)

    def test_smart_schedule_tries_a_part_that_failed(self):
        self._set_policy(retry_schedule="smart", control_share=0.0)
        self.assertEqual(self.case.arm, "smart")
        self._agree(50.0, 50.0, first=20, days=30)
        self._pass(20)
        self.assertEqual(self._list_charged(), [(50.0, "declined")])
        planned = self.case.next_attempt_id
        self.assertIn(planned.source, ("smart", "payday", "ladder"))
        self.assertEqual(planned.decision["arm"], "smart")
        self.assertEqual(planned.part_id, self.case.part_plan_id.part_ids[0])
        until = fields.Datetime.now() + timedelta(days=14)
        self.assertLessEqual(planned.planned_at, until, msg="Its own window.")
        self._set_card("done")
        self.freeze_time.move_to(planned.planned_at + timedelta(minutes=1))
        self._work()
        self.assertEqual(self._list_charged()[-1], (50.0, "paid"))

    def test_plan_is_broken_when_its_retries_are_used_up_and_the_whole_is_recovered(self):
        self._set_policy(**{"tries": 2, "window_days": 4})
        plan = self._agree(50.0, 50.0, days=30)
        for _day in range(6):
            self._pass(1)
        self.assertEqual(plan.state, "broken")
        self.assertEqual([amount for amount, _state in self._list_charged()], [50.0] * 3)
        self.assertIn("is broken", "".join(self.case.message_ids.mapped("body")))
        self.assertEqual(self.case.state, "in_recovery")
        whole = self.case.attempt_ids.filtered(lambda each: not each.part_id) - (
            self.case.first_attempt_id
        )
        self.assertTrue(whole.filtered(lambda each: each.state in ("planned", "declined")))
        self._set_card("done")
        for _day in range(4):
            self._pass(1)
        self.assertEqual((self.invoice.payment_state, self.case.state), ("paid", "recovered"))
        self.assertEqual(
            self.invoice.recovery_attempt_ids.filtered(lambda a: a.state == "paid").amount, 100.0
        )

    def test_broken_plan_has_the_whole_window_and_ends_in_grace(self):
        self._set_policy(**{"tries": 2, "window_days": 4})
        plan = self._agree(50.0, 50.0, days=30)
        for _day in range(11):
            self._pass(1)
        self.assertEqual((plan.state, self.case.state), ("broken", "grace"))
        whole = self.case.attempt_ids.filtered(
            lambda each: not each.part_id and each.transaction_id
        )
        self.assertEqual(len(whole - self.case.first_attempt_id), 2, msg="All tries once more.")

    def test_later_parts_go_on_where_the_policy_says_so(self):
        self._set_policy(**{"tries": 3, "window_days": 20, "parts_failure": "go_on"})
        self._agree(40.0, 60.0, days=3)
        self._pass(1)
        self.assertEqual(self._list_charged(), [(40.0, "declined")])
        self._pass(3)
        self.assertEqual(self._list_charged()[1:], [(60.0, "declined")], msg="On its own day.")
        self._set_card("done")
        for _day in range(20):
            self._pass(1)
        self.assertEqual((self.invoice.payment_state, self.case.state), ("paid", "recovered"))
        self.assertEqual(
            sum(amount for amount, state in self._list_charged() if state == "paid"), 100
        )

    def test_later_parts_wait_by_default(self):
        self._set_policy(**{"tries": 1, "window_days": 10})
        self._agree(40.0, 60.0, days=3)
        for _day in range(6):
            self._pass(1)
        self.assertEqual(self._list_charged(), [(40.0, "declined")])

    def test_two_parts_are_not_charged_on_one_day(self):
        self._set_policy(**{"tries": 1, "window_days": 6})
        self._agree(50.0, 50.0, days=1)
        self._pass(1)
        self._set_card("done")
        for _day in range(6):
            self._pass(1)
            if len(self._list_charged()) == 2:
                break
        self.assertEqual(self._list_charged()[-1], (50.0, "paid"))
        rest = self.case.next_attempt_at - fields.Datetime.now()
        self.assertGreater(rest, timedelta(hours=23))

    def test_other_payments_lessen_the_earliest_parts(self):
        plan = self._agree(40.0, 30.0, 30.0)
        self._register_payment(self.invoice, 50.0)
        self._work()
        self.assertEqual(plan.part_ids.mapped("amount_open"), [0.0, 20.0, 30.0])
        self.assertEqual(self._list_states(), ["paid", "planned", "planned"])
        self.assertEqual(self.case.next_attempt_id.part_id, plan.part_ids[1])
        self._set_card("done")
        self._pass(1)
        self.assertFalse(self._list_charged())
        self._pass(7)
        self.assertEqual(self._list_charged(), [(20.0, "paid")])

    def test_too_little_of_a_part_is_charged_with_the_next_one(self):
        plan = self._agree(40.0, 30.0, 30.0)
        self._register_payment(self.invoice, 39.9)
        self._work()
        self.assertEqual(plan.part_ids[0].amount_open, 0.1)
        self.assertEqual(self.case.next_attempt_id.part_id, plan.part_ids[1])
        self._set_card("done")
        self._pass(8)
        self.assertEqual(self._list_charged(), [(30.1, "paid")])

    def test_payment_of_the_whole_ends_the_plan_at_once(self):
        plan = self._agree(50.0, 50.0)
        self._register_payment(self.invoice, 100.0)
        self._work()
        self.assertEqual((plan.state, self.case.state), ("paid", "recovered"))
        self.assertEqual(self._list_states(), ["paid", "paid"])
        self.assertFalse(self.case.next_attempt_id)

    def test_credit_note_of_the_whole_cancels_the_case_and_the_plan(self):
        plan = self._agree(50.0, 50.0)
        reversal = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        )
        reversal.create({"journal_id": self.invoice.journal_id.id}).refund_moves()
        note = self.invoice.reversal_move_ids
        note.action_post()
        (note | self.invoice).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()
        self._work()
        self.assertEqual((plan.state, self.case.state), ("cancelled", "cancelled"))

    def test_payment_that_goes_back_opens_its_part_again(self):
        plan = self._agree(50.0, 50.0)
        payment = self._register_payment(self.invoice, 50.0)
        self._work()
        self.assertEqual(plan.part_ids.mapped("amount_open"), [0.0, 50.0])
        payment.action_draft()
        payment.action_cancel()
        self._work()
        self.assertEqual(plan.part_ids.mapped("amount_open"), [50.0, 50.0])
        self.assertEqual(self.case.next_attempt_id.part_id, plan.part_ids[0])

    def test_retry_now_charges_the_part_and_no_more(self):
        self._agree(30.0, 70.0)
        self._set_card("done")
        self.case.action_retry_now()
        self._work()
        self.assertEqual(self._list_charged(), [(30.0, "paid")])
        self.assertEqual(self.case.state, "in_recovery")

    def test_card_that_is_saved_meanwhile_is_charged_on_the_days_of_the_parts(self):
        self._agree(30.0, 70.0, first=3)
        self.assertFalse(self.case.sudo()._charges_new_method())
        self._pass(3)
        self.assertTrue(self.case.sudo()._charges_new_method(), msg="A part has failed.")

    def test_method_that_can_not_be_charged_breaks_the_plan_in_time(self):
        self._set_policy(**{"window_days": 5})
        plan = self._agree(50.0, 50.0, first=2)
        self.token.action_archive()
        self._work()
        self.assertFalse(self.case.next_attempt_id)
        self._pass(6)
        self.assertEqual(plan.state, "running")
        self._pass(2)
        self.assertEqual((plan.state, self.case.state), ("broken", "in_recovery"))

    def test_grace_ends_when_parts_are_agreed(self):
        self.case.sudo()._begin_grace("Test")
        self._agree(50.0, 50.0)
        self.assertEqual((self.case.state, self.case.grace_until), ("in_recovery", False))
        self.assertEqual(self.case.next_attempt_id.source, "part")

    def test_late_success_of_a_debit_is_no_second_payment(self):
        self._agree(50.0, 50.0, days=3)
        self._set_card("done")
        self._pass(1)
        self._set_card("pending")
        self._pass(3)
        pending = self.invoice.recovery_attempt_ids.filtered(lambda each: each.state == "pending")
        self.assertEqual(pending.amount, 50.0)
        self.assertEqual(self._list_states(), ["paid", "charging"])
        pending.transaction_id._set_done()
        pending.transaction_id._post_process()
        self._run_cron("follow")
        self.assertEqual((self.case.state, self.invoice.payment_state), ("recovered", "paid"))
        self.assertFalse(
            self.env["mail.activity"].search([("recovery_subject", "=like", "paid_twice:%")])
        )

    def test_case_that_opens_again_has_no_parts(self):
        self._agree(50.0, 50.0)
        payment = self._register_payment(self.invoice, 100.0)
        self._work()
        payment.action_draft()
        payment.action_cancel()
        self._work()
        self.assertEqual(self.case.state, "in_recovery")
        self.assertFalse(self.case.next_attempt_id.part_id)
        self.assertEqual(self.case.next_attempt_id._get_amount(), 100.0)

    def test_case_says_that_it_is_paid_in_parts(self):
        self._agree(30.0, 70.0)
        self.assertIn("Pays in parts: $\xa030.00", self.case.next_step)
        forecast = self.env["recovery.case"]._forecast(self.invoice)
        self.assertIn("paid in parts", forecast)
        found = self.env["recovery.case"].search([("part_plan_state", "=", "running")])
        self.assertEqual(found, self.case)

    # === WHAT MAY BE AGREED === #

    def _assert_refused(self, text, *parts):
        error = self.case.sudo()._begin_parts(
            [(fields.Date.to_date(day), amount) for day, amount in parts], "I agree."
        )
        self.assertIn(text, error)
        self.assertFalse(self.case.part_plan_id)

    def test_bounds_of_the_policy_hold(self):
        half = [("2026-03-03", 50.0), ("2026-04-03", 50.0)]
        self._assert_refused("from 2 to 6 parts", half[0])
        self._assert_refused("day of its own", half[0], half[0])
        self._assert_refused("day of its own", half[1], half[0])
        self._assert_refused("Choose days from", ("2026-03-01", 50.0), half[1])
        self._assert_refused("Choose days from", half[0], ("2026-06-01", 50.0))
        self._assert_refused("No part may be less", ("2026-03-03", 9.99), ("2026-04-03", 90.01))
        self._assert_refused("must add up", half[0], ("2026-04-03", 50.01))
        self._assert_refused("must add up", ("2026-03-03", 49.995), ("2026-04-03", 50.005))
        self.policy.parts_from = 100.01
        self._assert_refused("too little", *half)
        self.policy.write({"parts_from": 0, "parts_least": 51})
        self._assert_refused("less than two parts", *half)
        self.policy.parts_most = 0
        self._assert_refused("offers no payment in parts", *half)

    def test_what_can_not_be_charged_is_not_agreed(self):
        half = [("2026-03-03", 50.0), ("2026-04-03", 50.0)]
        line = self.demo_provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self.demo_provider
        )
        account, line.payment_account_id = line.payment_account_id, False
        self._assert_refused("without journal entries", *half)
        line.payment_account_id = account
        self.invoice.write(
            {"recovery_excluded": "charges", "recovery_excluded_reason": "They complained."}
        )
        self._assert_refused("xcluded", *half)
        self.invoice.recovery_excluded = False
        self.case.sudo()._pause(False, "Test")
        self._assert_refused("Resume the case", *half)
        self.case.sudo()._resume("Test")
        self.token.action_archive()
        self._assert_refused("archived", *half)

    def test_invoice_with_instalments_to_come_is_split_already(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Term",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": days})
                    for days in (0, 30)
                ],
            }
        )
        self.invoice, self.case = self._fail_invoice(
            token=self.token, invoice_payment_term_id=term.id, invoice_date_due=False
        )
        self._assert_refused("split already", ("2026-03-03", 25.0), ("2026-04-03", 25.0))

    def test_one_plan_at_a_time(self):
        self._agree(50.0, 50.0)
        error = self.case.sudo()._begin_parts([], "I agree.")
        self.assertIn("in parts already", error)

    def test_customer_agrees_once_a_year(self):
        self.assertFalse(self._offer(self.customer).find_reason())
        parts = [(date(2026, 3, 3), 50.0), (date(2026, 3, 10), 50.0)]
        self.assertFalse(self.case.sudo()._begin_parts(parts, "I agree.", self.customer))
        _other, self.case = self._fail_invoice(token=self.token)
        self.assertIn("within the last year", self._offer(self.customer).find_reason())
        self.assertFalse(self._offer().find_reason(), msg="A person may write it down.")
        self.freeze_time.move_to("2027-03-03 09:00:00")
        _other, self.case = self._fail_invoice(token=self.token)
        self.assertFalse(self._offer(self.customer).find_reason())

    def test_policy_with_bounds_that_make_no_sense_is_refused(self):
        for values in (
            {"parts_most": 1},
            {"parts_most": 7},
            {"parts_days": 0},
            {"parts_days": 367},
            {"parts_a_year": 0},
            {"parts_remind_days": 31},
            {"parts_least": -1},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.policy.write(values)

    # === THE ACCOUNTANT === #

    def test_accountant_agrees_to_parts_by_the_wizard(self):
        action = self.invoice.action_recovery_pay_in_parts()
        with Form(self.env["recovery.parts.wizard"].with_context(**action["context"])) as form:
            self.assertEqual(form.amount_owed, 100.0)
            self.assertIn("2 to 6 parts", form.bounds)
            self.assertEqual(
                [form.line_ids.edit(n).amount for n in range(3)], [33.33, 33.33, 33.34]
            )
            form.part_count = 2
            form.step = "week"
            with form.line_ids.edit(0) as line:
                line.amount = 60.0
            with form.line_ids.edit(1) as line:
                line.amount = 40.0
            form.agreement = "By phone"
        form.record.action_apply()
        plan = self.case.part_plan_id
        self.assertEqual(plan.part_ids.mapped("amount"), [60.0, 40.0])
        self.assertEqual(plan.part_ids.mapped("day"), [date(2026, 3, 2), date(2026, 3, 9)])
        self.assertIn("By phone", plan.consent)
        self.assertEqual(plan.agreed_by, "user")
        self.assertIn("By phone", self.case.message_ids[0].body)

    def test_wizard_says_what_is_wrong(self):
        wizard = self.env["recovery.parts.wizard"].create(
            {"case_id": self.case.id, "agreement": "By phone"}
        )
        wizard.line_ids[0].amount = 1.0
        with self.assertRaisesRegex(UserError, "No part may be less"):
            wizard.action_apply()

    def test_accountant_ends_the_parts_and_the_whole_is_recovered(self):
        plan = self._agree(50.0, 50.0, first=20)
        self.case.action_cancel_parts()
        self.assertEqual((plan.state, self.case.state), ("cancelled", "in_recovery"))
        self.assertEqual(self._list_states(), ["ended", "ended"])
        self.assertFalse(self.case.next_attempt_id.part_id)
        self.assertEqual(self.case.next_attempt_id._get_amount(), 100.0)
        self.assertEqual(self.case.deadline_at, fields.Datetime.now() + timedelta(days=14))

    def test_parts_do_not_end_under_a_charge(self):
        self._agree(50.0, 50.0)
        self._set_card("pending")
        self._pass(1)
        with self.assertRaisesRegex(UserError, "under way"):
            self.case.action_cancel_parts()
