# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta
from unittest.mock import patch

import requests

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.revenue_recovery.models.case import alerts
from odoo.addons.revenue_recovery.models.rules.block import Block
from odoo.addons.revenue_recovery.models.schedule.decider import PlannedCharge

from ..common import RecoveryCommon


class AlertCommon(RecoveryCommon):
    def _find_todos(self, kind=""):
        """Return the open to-dos of our alerts, oldest first."""
        todos = self.env["mail.activity"].search([("recovery_subject", "!=", False)], order="id")
        return todos.filtered(lambda todo: todo.recovery_subject.startswith(kind))

    def _withdraw_policy(self):
        self.env["recovery.policy"].search([]).action_archive()

    def _pay_online(self, invoice, **values):
        """Return the booked payment of a customer who finished it at the provider."""
        transaction = self._create_portal_transaction(invoice, **values)
        transaction._set_done()
        with self._enter_job_mode():
            transaction._post_process()
        self._run_cron("follow")
        return transaction


@tagged("post_install", "-at_install")
class TestAlert(AlertCommon):
    """One helper: a sentence and a to-do, on the open case or on the invoice, until answered."""

    def test_alert_of_an_invoice_without_case_stands_on_the_invoice(self):
        invoice = self._create_invoice()
        alerts.raise_alert(invoice, "Look.", "outcome:1")
        self.assertEqual(invoice.recovery_attention, "Look.")
        todo = self._find_todos()
        self.assertEqual((todo.res_model, todo.res_id), ("account.move", invoice.id))
        self.assertTrue(todo.user_id.active)
        found = self.env["account.move"].search([("recovery_attention", "!=", False)])
        self.assertIn(invoice, found)
        none = self.env["account.move"].search([("recovery_attention", "=", False)])
        self.assertNotIn(invoice, none)
        like = self.env["account.move"].search([("recovery_attention", "ilike", "look")])
        self.assertEqual(like, invoice)
        alerts.answer_alert(self.env, "outcome:1")
        self.assertFalse(invoice.recovery_attention)
        self.assertFalse(self._find_todos())
        self.assertNotIn(
            invoice, self.env["account.move"].search([("recovery_attention", "!=", False)])
        )

    def test_same_subject_renews_the_sentence_and_another_one_is_another_to_do(self):
        invoice, case = self._fail_invoice()
        alerts.raise_alert(invoice, "Look.", "outcome:1")
        alerts.raise_alert(invoice, "Look again.", "outcome:1")
        self.assertEqual(self._find_todos().mapped("recovery_sentence"), ["Look again."])
        self.assertIn("Look again.", self._find_todos().note)
        self.assertEqual(case.attention, "Look again.")
        alerts.raise_alert(invoice, "Refund it.", "excess:1")
        self.assertEqual((len(self._find_todos()), case.attention), (2, "Refund it."))
        alerts.answer_alert(self.env, "excess:1")
        self.assertEqual(case.attention, "Look again.", msg="The newest that is still open.")
        alerts.answer_alert(self.env, "outcome:1")
        self.assertFalse(case.attention)
        self.assertFalse(case.activity_ids)

    def test_answer_leaves_what_else_the_case_asks_for(self):
        invoice, case = self._fail_invoice()
        alerts.raise_alert(invoice, "Look.", "outcome:1")
        case.sudo()._ask_for_attention("No e-mail address.")
        alerts.answer_alert(self.env, "outcome:1")
        self.assertEqual(case.attention, "No e-mail address.")

    def test_alert_about_money_survives_the_end_of_the_case_and_a_note_does_not(self):
        invoice, case = self._fail_invoice()
        case.sudo()._ask_for_attention("The case could not go on.", activity=True)
        self.assertEqual(len(case.activity_ids), 1)
        alerts.raise_alert(invoice, "Refund it.", "excess:1")
        case.action_stop()
        self.assertEqual((case.state, case.attention), ("lost", "Refund it."))
        self.assertEqual(self._find_todos().mapped("recovery_subject"), ["excess:1"])
        alerts.answer_alert(self.env, "excess:1")
        self.assertFalse(case.attention)

    def test_alert_of_the_invoice_stays_in_sight_when_a_case_opens(self):
        invoice = self._create_invoice(token=self._create_card())
        alerts.raise_alert(invoice, "Refund it.", "thing:1")
        self._collect()
        self.assertTrue(invoice.recovery_case_id)
        self.assertEqual(invoice.recovery_attention, "Refund it.")

    def test_to_do_goes_to_somebody_who_can_see_it(self):
        invoice, case = self._fail_invoice()
        gone = self.env["res.users"].create({"name": "Gone", "login": "gone", "active": False})
        blind = self.env["res.users"].create(
            {
                "name": "Blind",
                "login": "blind",
                "group_ids": [Command.set(self.env.ref("base.group_user").ids)],
            }
        )
        invoice.invoice_user_id = gone
        case.user_id = blind
        self.env.ref("base.user_admin").active = False
        alerts.raise_alert(invoice, "Look.", "excess:1")
        user = self._find_todos().user_id
        self.assertTrue(user.active)
        self.assertNotIn(user, gone + blind)
        self.assertTrue(case.with_user(user).has_access("read"))

    def test_person_ticks_an_alert_off_and_it_is_not_raised_again_in_the_same_words(self):
        invoice = self._create_invoice()
        alerts.raise_alert(invoice, "Refund it.", "excess:1")
        self._find_todos().action_feedback()
        self.assertFalse(invoice.recovery_attention)
        alerts.raise_alert(invoice, "Refund it.", "excess:1")
        self.assertFalse(self._find_todos())
        alerts.raise_alert(invoice, "Refund more.", "excess:1")
        self.assertEqual(invoice.recovery_attention, "Refund more.")

    def test_button_of_the_invoice_ticks_off_what_stands_on_it_and_on_its_case(self):
        invoice, case = self._fail_invoice()
        alerts.put_alert(invoice.sudo(), "Refund it.", "excess:1")
        case.sudo()._ask_for_attention("No e-mail address.", activity=True)
        self.assertEqual(invoice.recovery_attention, "No e-mail address. Refund it.")
        invoice.action_recovery_attention_done()
        self.assertFalse(invoice.recovery_attention)
        self.assertFalse(self._find_todos())

    def test_case_whose_to_do_is_cancelled_does_not_ask_for_attention_any_more(self):
        invoice, case = self._fail_invoice()
        alerts.raise_alert(invoice, "Refund it.", "excess:1")
        self._find_todos().with_user(self.env.user).unlink()
        self.assertFalse(case.attention)

    def test_question_about_an_outcome_cannot_be_ticked_off(self):
        invoice = self._create_invoice()
        alerts.raise_alert(invoice, "Look.", "outcome:1")
        todo = self._find_todos().with_user(self.env.user)
        for tick_off in (
            invoice.action_recovery_attention_done,
            todo.action_done,
            todo.unlink,
        ):
            with self.assertRaisesRegex(UserError, "Confirm first"):
                tick_off()
        self.assertEqual(invoice.recovery_attention, "Look.")


@tagged("post_install", "-at_install")
class TestChargeAlert(AlertCommon):
    """A charge that nobody goes on with, and a charge of unknown outcome, are told to somebody."""

    NOW = "2026-11-23 09:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()
        cls.card = cls._create_stripe_card(cls.stripe)

    def _lose_answer(self):
        """Return an invoice whose first charge got no answer that only a person can find out."""
        invoice = self._create_invoice(token=self.card)
        self._run_cron("collect")
        attempt = invoice.recovery_attempt_ids.sudo()
        with (
            self._patch_requests(side_effect=requests.exceptions.ReadTimeout("slow")),
            mute_logger(
                "odoo.addons.revenue_recovery.models.charge",
                "odoo.addons.payment.models.payment_provider",
            ),
        ):
            self._run_cron("charge")
            attempt.started_at -= timedelta(days=2)
            attempt.resolve_at = fields.Datetime.now()
            self._run_cron("follow")
        self.assertEqual(attempt.state, "unknown")
        return invoice, attempt

    def test_unknown_outcome_of_an_invoice_without_policy_is_told_and_confirmed_there(self):
        self._withdraw_policy()
        invoice, attempt = self._lose_answer()
        self.assertFalse(invoice.recovery_case_id)
        self.assertIn(attempt.transaction_id.reference, invoice.recovery_attention)
        self.assertEqual(invoice.recovery_in_flight_state, "unknown")
        with self.assertRaisesRegex(UserError, "Confirm first"):
            invoice.action_recovery_attention_done()
        invoice.action_recovery_confirm_charged()
        self.assertEqual(attempt.state, "paid")
        self.assertFalse(invoice.recovery_attention)
        self.assertFalse(self._find_todos())
        with self.assertRaises(UserError, msg="The second person is told so."):
            invoice.action_recovery_confirm_not_charged()

    def test_webhook_takes_the_question_back(self):
        invoice, attempt = self._lose_answer()
        case = invoice.recovery_case_id
        self.assertIn("Look up the payment", case.attention)
        with self.assertRaisesRegex(UserError, "Confirm first"):
            case.action_attention_done()
        attempt.transaction_id._set_error("Declined")
        self._run_cron("follow")
        self.assertEqual(attempt.state, "declined")
        self.assertFalse(case.attention)
        self.assertFalse(self._find_todos())

    def test_end_of_a_wait_takes_back_that_it_was_overdue(self):
        invoice = self._create_invoice(token=self._create_card("pending"))
        self._collect()
        attempt = invoice.recovery_attempt_ids.sudo()
        alerts.raise_alert(invoice, "Look it up.", f"overdue:{attempt.id}")
        self._run_cron("follow")
        self.assertTrue(invoice.recovery_attention)
        attempt._set_state("paid")
        self.assertFalse(invoice.recovery_attention)

    def test_declined_first_charge_without_policy_is_told_until_the_invoice_is_paid(self):
        self._withdraw_policy()
        invoice = self._create_invoice(token=self._create_card("error"))
        self._collect()
        self.assertFalse(invoice.recovery_case_id)
        self.assertIn("No policy matches", invoice.recovery_attention)
        self.assertIn("declined", invoice.recovery_attention)
        self.assertEqual(len(self._find_todos()), 1)
        self._register_payment(invoice, 100.0)
        self._run_cron("follow")
        self.assertFalse(invoice.recovery_attention)
        self.assertFalse(self._find_todos())

    def test_refused_first_charge_without_policy_is_told_until_the_invoice_is_cancelled(self):
        self._withdraw_policy()
        invoice = self._create_invoice()
        with mute_logger("odoo.addons.revenue_recovery.models.charge"):
            self._collect()
        self.assertIn("No saved payment method", invoice.recovery_attention)
        invoice.button_draft()
        invoice.button_cancel()
        self._run_cron("follow")
        self.assertFalse(invoice.recovery_attention)

    def test_alert_about_a_declined_first_charge_is_ticked_off_for_good(self):
        self._withdraw_policy()
        invoice = self._create_invoice(token=self._create_card("error"))
        self._collect()
        invoice.action_recovery_attention_done()
        self.env["recovery.invoice.queue"]._add(invoice)
        self._run_cron("follow")
        self.assertFalse(invoice.recovery_attention)

    def test_invoice_that_could_not_be_followed_is_told_until_it_is(self):
        invoice = self._create_invoice(collect_automatically=False)
        follow = "odoo.addons.revenue_recovery.models.case.follower.InvoiceFollower.follow"
        self.env["recovery.invoice.queue"]._add(invoice)
        with (
            patch(follow, side_effect=ValueError("Boom")),
            mute_logger("odoo.addons.revenue_recovery.tools.jobs"),
        ):
            self._run_cron("follow")
        self.assertIn("Boom", invoice.recovery_attention)
        self.env["recovery.invoice.queue"].sudo().search([]).not_before = False
        self._run_cron("follow")
        self.assertFalse(invoice.recovery_attention)

    def test_case_whose_payment_was_cancelled_does_not_try_at_every_run_of_the_job(self):
        """The card had expired; a new one paid, and the accountant cancels that payment."""
        with self._decline_charges("expired_card", code="expired_card"):
            invoice, case = self._fail_invoice(token=self.card)
        self.assertEqual(case.blocked_class, "fix_data")
        invoice.collect_token_id = self._create_card("done")
        self._run_cron("follow")
        self._charge_next(case)
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")
        before = len(invoice.recovery_attempt_ids)
        with freeze_time("2026-11-24 09:00:00"):
            case.attempt_ids.transaction_id.payment_id.action_cancel()
            self._run_every_five_minutes(60)
        self.assertEqual(case.state, "in_recovery")
        self.assertLessEqual(len(invoice.recovery_attempt_ids) - before, 2)
        self.assertFalse(case.decline_class, msg="What was paid was not declined.")

    def _run_every_five_minutes(self, times):
        start = fields.Datetime.now()
        for run in range(times):
            with freeze_time(start + timedelta(minutes=5 * run)):
                self._run_cron("follow")
                self._run_cron("charge")

    def test_charge_at_once_that_was_refused_waits_for_the_schedule(self):
        with self._decline_charges("expired_card", code="expired_card"):
            invoice, case = self._fail_invoice(token=self.card)
        good_card = self._create_card("done")
        invoice.collect_token_id = good_card
        self._run_cron("follow")
        self.assertEqual(case.next_attempt_id.source, "method")
        self.demo_provider.maximum_amount = 1.0
        self._run_every_five_minutes(10)
        refused = case.attempt_ids.filtered(lambda attempt: attempt.state == "refused")
        self.assertEqual(len(refused), 1)
        self.assertEqual(case.next_attempt_id.source, "ladder")

    def test_charges_that_are_not_let_out_are_few_in_a_day(self):
        invoice, case = self._fail_invoice()
        attempts = type(self.env["recovery.attempt"])

        def cancel(attempt):
            return Block("ours", "Not now.", moot=True)

        decide = "odoo.addons.revenue_recovery.models.schedule.decider.Decider.decide"
        charge = PlannedCharge(fields.Datetime.now(), "ladder", "Now.")
        with (
            patch.object(attempts, "_get_further_block", cancel),
            patch(decide, return_value=charge),
        ):
            self._make_due(case)
            for _run in range(20):
                self._run_cron("charge")
                self._run_cron("follow")
        cancelled = case.attempt_ids.filtered(lambda attempt: attempt.state == "cancelled")
        self.assertEqual(len(cancelled), 4)
        self.assertIn("Put off by a day", case.next_attempt_id.sentence)
