# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

import requests
from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..flow.rules_common import RulesCommon

ADMINISTRATOR = "base.group_system"
MANAGER = "account.group_account_manager"
CLERK = "account.group_account_invoice"
HOUR = timedelta(hours=1)


class BreakerCommon(RulesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls._prepare_stripe_provider()
        cls.card = cls._create_stripe_card(cls.provider)

    def _pause(self, hours=2, reason="The provider is down.", provider=None):
        (provider or self.demo_provider)._recovery_pause(timedelta(hours=hours), reason)

    def _break(self, count):
        """Let so many charges through the failing provider not reach it."""
        for _turn in range(count):
            self._create_invoice(token=self.card)
        error = requests.exceptions.ConnectTimeout("no route")
        with (
            self._patch_requests(side_effect=error),
            mute_logger("odoo.addons.payment.models.payment_provider"),
        ):
            self._run_cron("collect")
            self._run_cron("charge")
        self._follow()

    def _pay(self, count):
        """Let so many charges of the failing provider have been made."""
        for _turn in range(count):
            invoice = self._create_invoice(token=self._create_card("done"))
            self._run_cron("collect")
            self._run_cron("charge")
            attempt = invoice.sudo().recovery_attempt_ids
            self.env.cr.execute(
                "UPDATE payment_transaction SET provider_id = %s WHERE id = %s",
                [self.provider.id, attempt.transaction_id.id],
            )

    def _get_events(self):
        return self.env["recovery.event"].sudo().search([("type", "=", "provider_failing")])

    def _run_action(self, records, user=None, hours=2):
        action = self.env["ir.actions.server"].create(
            {
                "name": "Breaker",
                "model_id": self.env["ir.model"]._get_id(records._name),
                "state": "recovery_pause_provider",
                "recovery_hours": hours,
            }
        )
        env = self.env(user=user or self.env.ref("base.user_root"), su=not user)
        context = {
            "active_model": records._name,
            "active_ids": records.ids,
            "active_id": records[:1].id,
        }
        return action.with_env(env).with_context(**context).run()


@tagged("post_install", "-at_install")
class TestPausedProvider(BreakerCommon):
    """Charges of a paused provider wait; nothing is lost, and no try is used up."""

    def test_first_charge_waits_and_goes_out_when_the_pause_is_over(self):
        self._pause()
        invoice = self._create_invoice(token=self._create_card("done"))
        self._collect()
        attempt = invoice.recovery_attempt_ids
        self.assertEqual(attempt.state, "planned")
        self.assertEqual(attempt.planned_at, self.demo_provider.recovery_paused_until)
        self.assertIn("are paused until", attempt.sentence)
        self.assertIn("The provider is down.", attempt.sentence)
        self.assertFalse(attempt.transaction_id)
        self.assertFalse(invoice.recovery_case_id, msg="Nothing failed.")
        with freeze_time(fields.Datetime.now() + 2 * HOUR + timedelta(minutes=1)):
            self._run_cron("charge")
        self.assertEqual((attempt.state, invoice.payment_state), ("paid", "paid"))

    def test_planned_retry_waits_without_using_up_a_try(self):
        _invoice, case = self._fail_invoice()
        retry = case.next_attempt_id
        self._pause()
        self._charge_next(case)
        self._follow()
        self.assertEqual((case.next_attempt_id, retry.state), (retry, "planned"))
        self.assertFalse(retry.transaction_id)
        self.assertEqual(len(case.attempt_ids), 2, msg="The first charge and the one that waits.")
        self.assertEqual(case.next_attempt_at, self.demo_provider.recovery_paused_until)

    def test_charge_that_a_person_asked_for_waits_too(self):
        _invoice, case = self._fail_invoice()
        self._pause()
        case.action_retry_now()
        self._run_cron("charge")
        self.assertFalse(case.next_attempt_id.transaction_id)
        self.assertIn("are paused until", case.next_attempt_id.sentence)

    def test_charges_of_other_providers_go_out(self):
        self._pause(provider=self.provider)
        invoice = self._create_invoice(token=self._create_card("done"))
        self._collect()
        self.assertEqual(invoice.payment_state, "paid")

    def test_what_stands_against_a_charge_for_good_is_said_at_once(self):
        self._pause()
        card = self._create_card("done")
        invoice = self._create_invoice(token=card)
        card.active = False
        self._collect()
        self.assertEqual(invoice.recovery_attempt_ids.sorted("id")[:1].state, "refused")

    def test_resuming_charges_at_once_what_waited(self):
        self._pause(hours=48)
        invoice = self._create_invoice(token=self._create_card("done"))
        self._collect()
        self.demo_provider.action_recovery_resume_charges()
        self.assertFalse(self.demo_provider.recovery_is_paused)
        self._run_cron("charge")
        self.assertEqual(invoice.payment_state, "paid")

    def test_resuming_leaves_charges_of_other_days_and_providers_alone(self):
        _invoice, case = self._fail_invoice()
        planned_at = case.next_attempt_at
        self._pause(hours=48)
        self._pause(provider=self.provider, hours=48)
        until = fields.Datetime.now() + 48 * HOUR
        self.demo_provider.recovery_paused_until = self.provider.recovery_paused_until = until
        other = self._create_invoice(token=self._create_card("done"))
        self._collect()
        self.provider.action_recovery_resume_charges()
        self.assertEqual(case.next_attempt_at, planned_at)
        self.assertEqual(other.recovery_attempt_ids.planned_at, until)

    def test_longer_pause_is_not_shortened(self):
        self._pause(hours=48)
        until = self.demo_provider.recovery_paused_until
        self._pause(hours=1, reason="Once more.")
        self.assertEqual(self.demo_provider.recovery_paused_until, until)
        self.assertEqual(self.demo_provider.recovery_pause_reason, "The provider is down.")
        self._pause(hours=72)
        self.assertGreater(self.demo_provider.recovery_paused_until, until)

    def test_pause_that_outlasts_the_window_loses_no_charge(self):
        invoice, case = self._fail_invoice()
        invoice.collect_token_id.demo_simulated_state = "done"
        self._make_due(case)
        days = case.policy_id.window_days + 10
        self._pause(hours=24 * days)
        self._run_cron("charge")
        with freeze_time(fields.Datetime.now() + timedelta(days=days, minutes=1)):
            self._follow()
            self._run_cron("charge")
            self._follow()
        self.assertEqual(case.state, "recovered")

    def test_charge_that_waited_for_something_else_is_too_late_all_the_same(self):
        _invoice, case = self._fail_invoice()
        attempt = case.next_attempt_id
        self._pause(hours=2)
        days = case.policy_id.window_days + 10
        with freeze_time(fields.Datetime.now() + timedelta(days=days)):
            self._run_cron("charge")
        self.assertEqual(attempt.state, "cancelled")
        self.assertIn("window", attempt.sentence)

    def test_pause_that_begins_again_while_a_charge_waits_puts_it_off_once_more(self):
        self._pause(hours=1)
        invoice = self._create_invoice(token=self._create_card("done"))
        self._collect()
        self._pause(hours=5)
        with freeze_time(fields.Datetime.now() + 2 * HOUR):
            self._run_cron("charge")
        attempt = invoice.recovery_attempt_ids
        self.assertEqual(attempt.state, "planned")
        self.assertEqual(attempt.planned_at, self.demo_provider.recovery_paused_until)

    def test_button_pauses_for_a_day_and_says_who_did(self):
        self.demo_provider.action_recovery_pause_charges()
        self.assertAlmostEqual(
            self.demo_provider.recovery_paused_until,
            fields.Datetime.now() + 24 * HOUR,
            delta=timedelta(seconds=5),
        )
        self.assertIn(self.env.user.name, self.demo_provider.recovery_pause_reason)
        self.assertTrue(self.demo_provider.recovery_is_paused)


@tagged("post_install", "-at_install")
class TestPauseAction(BreakerCommon):
    """The action works on whatever tells of a provider."""

    def test_each_kind_of_record_tells_the_provider(self):
        invoice, case = self._fail_invoice()
        event = (
            self.env["recovery.event"]
            .sudo()
            ._prepare_event_vals(
                "attempt_failed", case, None, None, None, None, {"sentence": "No."}
            )
        )
        event = self.env["recovery.event"].sudo().create(event)
        notice = self.env["recovery.notice"].sudo().search([("case_id", "=", case.id)], limit=1)
        for records in (
            invoice,
            case,
            case.first_attempt_id,
            case.next_attempt_id,
            event,
            notice or case,
            self.demo_provider,
        ):
            with self.subTest(model=records._name):
                self.demo_provider.recovery_paused_until = False
                self._run_action(records, hours=3)
                self.assertAlmostEqual(
                    self.demo_provider.recovery_paused_until,
                    fields.Datetime.now() + 3 * HOUR,
                    delta=timedelta(seconds=5),
                )
                self.assertFalse(self.provider.recovery_paused_until)
                self.assertIn("Breaker", self.demo_provider.recovery_pause_reason)

    def test_record_without_a_provider_is_told(self):
        invoice = self._create_invoice()
        with self.assertRaisesRegex(UserError, "no payment provider"):
            self._run_action(invoice)

    def test_manager_may_pause_and_accountant_may_not(self):
        _invoice, case = self._fail_invoice()
        clerk = new_test_user(self.env, "breaker clerk", CLERK)
        with self.assertRaisesRegex(AccessError, "Only managers"):
            self._run_action(case, user=clerk)
        self.assertFalse(self.demo_provider.recovery_paused_until)
        manager = new_test_user(self.env, "breaker manager", MANAGER)
        self._run_action(case, user=manager)
        self.assertTrue(self.demo_provider.recovery_is_paused)
        self.assertIn(manager.name, self.demo_provider.recovery_pause_reason)

    def test_buttons_are_for_who_may_set_providers_up(self):
        clerk = new_test_user(self.env, "breaker clerk", CLERK)
        for button in ("action_recovery_pause_charges", "action_recovery_resume_charges"):
            with self.assertRaises(AccessError):
                getattr(self.demo_provider.with_user(clerk), button)()
        administrator = new_test_user(self.env, "breaker admin", ADMINISTRATOR)
        provider = self.demo_provider.with_user(administrator)
        provider.action_recovery_pause_charges()
        self.assertTrue(self.demo_provider.recovery_is_paused)
        provider.action_recovery_resume_charges()
        self.assertFalse(self.demo_provider.recovery_is_paused)

    def test_form_of_the_provider_shows_the_pause(self):
        administrator = new_test_user(self.env, "breaker admin", ADMINISTRATOR)
        with Form(self.demo_provider.with_user(administrator)) as form:
            self.assertFalse(form.recovery_is_paused)
            self.assertEqual((form.recovery_failing_count, form.recovery_failing_share), (10, 50))
            form.recovery_failing_share = 60
        self.assertEqual(self.demo_provider.recovery_failing_share, 60)
        self._pause()
        with Form(self.demo_provider.with_user(administrator)) as form:
            self.assertTrue(form.recovery_is_paused)
            self.assertEqual(form.recovery_pause_reason, "The provider is down.")

    def test_form_of_the_action_asks_for_the_hours(self):
        form = Form(self.env["ir.actions.server"])
        form.model_id = self.env["ir.model"]._get("recovery.event")
        form.state = "recovery_pause_provider"
        form.recovery_hours = 4
        self.assertEqual(form.save().recovery_hours, 4)

    def test_pause_of_no_hours_is_refused(self):
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self._run_action(self.demo_provider, hours=0)

    def test_settings_that_mean_nothing_are_refused(self):
        for values in (
            {"recovery_failing_count": -1},
            {"recovery_failing_share": 0},
            {"recovery_failing_share": 101},
        ):
            with (
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.provider.write(values)


@tagged("post_install", "-at_install")
class TestFailingProvider(BreakerCommon):
    """Many technical failures within an hour are an event, once an hour."""

    def setUp(self):
        super().setUp()
        self.provider.recovery_failing_count = 3

    def _listen(self, *actions):
        return self._create_rule(
            *(actions or ("pass",)),
            model="recovery.event",
            trigger="on_create",
            filter_domain="[('type', '=', 'provider_failing')]",
            recovery_stop_when_paid=False,
        )

    def test_enough_failures_are_told_once_with_their_numbers(self):
        self._listen()
        self._break(2)
        self.assertFalse(self._get_events())
        self._break(1)
        event = self._get_events()
        self.assertEqual(event.provider_id, self.provider)
        self.assertEqual(event.company_id, self.provider.company_id)
        self.assertIn("3 of 3 charges through", event.sentence)
        self._break(1)
        self._follow()
        self.assertEqual(self._get_events(), event)

    def test_still_failing_an_hour_later_is_told_again(self):
        self._listen()
        self._break(3)
        with freeze_time(fields.Datetime.now() + HOUR + timedelta(minutes=1)):
            self._follow()
            self.assertEqual(len(self._get_events()), 1, msg="Those charges are history.")
            self._break(3)
        self.assertEqual(len(self._get_events()), 2)

    def test_nothing_is_told_while_nobody_listens(self):
        self._break(4)
        self.assertFalse(self._get_events())

    def test_nothing_is_told_while_the_provider_is_paused(self):
        self._listen()
        self._break(2)
        self._pause(provider=self.provider)
        self.provider.recovery_failing_count = 2
        self._follow()
        self.assertFalse(self._get_events())

    def test_few_failures_among_many_charges_are_none_of_the_provider(self):
        self._listen()
        self._pay(4)
        self._break(3)
        self.assertFalse(self._get_events(), msg="3 of 7 are less than half.")
        self._break(1)
        self.assertIn("4 of 8", self._get_events().sentence)

    def test_declines_for_lack_of_funds_are_none_of_the_provider(self):
        self._listen()
        with self._decline_charges("insufficient_funds"):
            for _turn in range(5):
                self._create_invoice(token=self.card)
            self._collect()
        declined = self.env["recovery.attempt"].search_count([("state", "=", "declined")])
        self.assertEqual(declined, 5)
        self.assertFalse(self._get_events())

    def test_unclear_answers_count(self):
        self._listen()
        for _turn in range(3):
            self._create_invoice(token=self.card)
        with (
            self._patch_requests(side_effect=requests.exceptions.ReadTimeout("slow")),
            mute_logger(
                "odoo.addons.payment.models.payment_provider",
                "odoo.addons.revenue_recovery.models.charge",
            ),
        ):
            self._collect()
        self.assertEqual(len(self._get_events()), 1)

    def test_number_of_zero_is_never(self):
        self._listen()
        self.provider.recovery_failing_count = 0
        self._break(4)
        self.assertFalse(self._get_events())

    def test_rule_breaks_the_circuit_and_the_charges_go_out_afterwards(self):
        self._listen({"state": "recovery_pause_provider", "recovery_hours": 2})
        self._break(3)
        self.assertTrue(self.provider.recovery_is_paused)
        self.assertIn("Rule", self.provider.recovery_pause_reason)
        invoice = self._create_invoice(token=self.card)
        with self._patch_requests() as request:
            self._collect()
            self.env["recovery.attempt"].sudo().search([("state", "=", "planned")]).write(
                {"planned_at": fields.Datetime.now() - timedelta(seconds=1)}
            )
            self._run_cron("charge")
            request.assert_not_called()
        attempts = self.env["recovery.attempt"].search([("state", "=", "planned")])
        self.assertEqual(len(attempts), 4, msg="Three technical retries and a first charge.")
        self.assertIn(invoice, attempts.move_id)
        self.assertEqual(set(attempts.mapped("planned_at")), {self.provider.recovery_paused_until})
