# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ...models.schedule.decider import Decider
from ...models.schedule.facts import TimingFacts, read_history
from ...models.schedule.method_choice import MethodChooser
from ..charge.test_decline import NOW, DeclineCommon

ENGINE = "odoo.addons.revenue_recovery.models.schedule.decider"
SMART_SOURCES = ("smart", "payday", "advice", "ladder")


class SmartCommon(DeclineCommon):
    """A customer whose case is charged by the smart schedule."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.write({"retry_schedule": "smart", "control_share": 0.0})

    def _plan_anew(self, case):
        """Withdraw the planned charge and plan once more."""
        self._get_planned(case).sudo()._set_state("cancelled", sentence="Test")
        case.invalidate_recordset()
        case.sudo()._plan_next_charge()
        return self._get_planned(case)

    def _decline_next(self, case, clock, **kwargs):
        """Go to the time of the next charge and let it be declined."""
        clock.move_to(self._get_planned(case).planned_at + timedelta(seconds=1))
        with self._decline_charges(**kwargs):
            self._run_cron("charge")
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestArm(SmartCommon):
    """Which schedule charges a case is drawn once, when it opens."""

    def _draw(self, invoice, share):
        self.policy.control_share = share
        day = fields.Date.today()
        return self.env["recovery.case"]._draw_arm(invoice, day, self.policy)

    def test_arms_are_drawn_in_the_share_of_the_policy(self):
        moves = [self.env["account.move"].browse(number) for number in range(1, 2001)]
        self.policy.control_share = 0.10
        arms = [self._draw(move, 0.10) for move in moves]
        self.assertAlmostEqual(arms.count("control") / len(arms), 0.10, delta=0.025)

    def test_arm_is_the_same_whenever_it_is_drawn(self):
        invoice = self._create_invoice()
        arms = {self._draw(invoice, 0.5) for _turn in range(5)}
        self.assertEqual(len(arms), 1)

    def test_arms_of_a_smaller_group_are_among_those_of_a_larger_one(self):
        for number in range(1, 200):
            move = self.env["account.move"].browse(number)
            if self._draw(move, 0.1) == "control":
                self.assertEqual(self._draw(move, 0.3), "control")

    def test_fixed_schedule_has_no_arm(self):
        self.policy.retry_schedule = "fixed"
        case = self._decline_first_charge()
        self.assertFalse(case.arm)
        self.assertEqual(self._get_planned(case).source, "ladder")
        self.assertFalse(self._get_planned(case).decision)

    def test_control_case_stays_on_the_even_ladder_for_good(self):
        self.policy.control_share = 1.0
        with freeze_time(NOW) as clock:
            case = self._decline_first_charge()
            self.assertEqual(case.arm, "control")
            self.policy.write({"control_share": 0.0, "tries": 3})
            for _turn in range(3):
                planned = self._get_planned(case)
                self.assertEqual(planned.source, "ladder")
                self.assertFalse(planned.probability)
                self.assertEqual(planned.decision["arm"], "control")
                self._decline_next(case, clock)
            self.assertEqual(case.arm, "control")
            self.assertEqual(self._get_planned(case).source, "ladder")

    def test_arm_stays_when_the_case_opens_again(self):
        case = self._decline_first_charge()
        case.sudo()._close("cancelled", "Test")
        self.policy.control_share = 1.0
        case.sudo()._reopen("Test")
        self.assertEqual(case.arm, "smart")

    def test_arm_cannot_be_edited(self):
        case = self._decline_first_charge()
        with self.assertRaises(AccessError):
            case.with_user(self.env.ref("base.user_admin")).arm = "control"


@tagged("post_install", "-at_install")
class TestSmartPlan(SmartCommon):
    """The smart schedule plans within everything that binds a charge."""

    def test_decision_is_stored_with_its_odds_and_a_sentence(self):
        case = self._decline_first_charge()
        planned = self._get_planned(case)
        self.assertIn(planned.source, SMART_SOURCES)
        self.assertTrue(0 < planned.probability_low <= planned.probability)
        self.assertTrue(planned.probability <= planned.probability_high < 1)
        self.assertTrue(0 < planned.propensity <= 1)
        self.assertIn("likely to succeed", planned.sentence)
        self.assertNotIn("%%", planned.sentence)
        self.assertEqual(case.next_probability, planned.probability)
        record = planned.decision
        self.assertEqual(record["arm"], "smart")
        self.assertTrue(record["model"] and record["candidates"] and record["features"])
        self.assertEqual(record["case"]["failures"][0][1], "insufficient_funds")
        self.assertEqual(record["case"]["method"]["network"], "visa")
        self.assertEqual(record["case"]["tz"], "Europe/Paris")

    def test_terms_are_those_of_the_day_on_which_the_case_opened(self):
        self.policy.attempt_cost = 0.5
        case = self._decline_first_charge()
        self.policy.write({"tries": 2, "attempt_cost": 99.0, "pull_only": True})
        terms = TimingFacts(case).get_policy()
        self.assertEqual((terms.tries, terms.window), (8, 14.0))
        self.assertEqual((terms.attempt_cost, terms.pull_only), (0.5, False))

    def test_plan_keeps_hours_tries_and_window(self):
        self.policy.write({"charge_hour_from": 9, "charge_hour_to": 12, "tries": 3})
        with freeze_time(NOW) as clock:
            case = self._decline_first_charge()
            charged = []
            while planned := self._get_planned(case):
                charged.append(planned.planned_at)
                self._decline_next(case, clock)
            self.assertEqual(len(charged), 3)
            self.assertEqual(case.state, "grace")
        for at in charged:
            self.assertLessEqual(at, case.deadline_at)
            self.assertTrue(9 <= at.hour + 1 < 12, msg="From 9 to 12 in Paris.")

    def test_planning_twice_gives_the_same_plan(self):
        case = self._decline_first_charge()
        names = ("planned_at", "source", "sentence", "probability", "propensity")
        planned = self._get_planned(case)
        values = [planned[name] for name in names]
        again = self._plan_anew(case)
        self.assertNotEqual(planned, again)
        self.assertEqual([again[name] for name in names], values)

    def test_network_advice_is_obeyed_and_named(self):
        case = self._decline_first_charge(
            "insufficient_funds", {"brand": "mastercard"}, network_advice_code="27"
        )
        planned = self._get_planned(case)
        self.assertGreater(self._get_wait(case), timedelta(days=4))
        self.assertEqual(planned.rule_id.code, "mastercard_advice_27")
        self.assertIn("Mastercard advice 27", planned.sentence)

    def test_technical_trouble_and_dead_methods_keep_their_journeys(self):
        case = self._decline_first_charge("issuer_not_available")
        self.assertEqual(self._get_planned(case).source, "technical")
        other = self._decline_first_charge(
            "stolen_card", token=self._create_stripe_card(self.stripe)
        )
        self.assertFalse(self._get_planned(other))
        self.assertEqual(other.blocked_class, "never")

    def test_try_that_costs_more_than_it_brings_is_left_out(self):
        self.policy.attempt_cost = 1000.0
        case = self._decline_first_charge()
        self.assertEqual(case.state, "grace")
        self.assertIn("costs more", case.end_reason)

    def test_skipped_charge_is_not_planned_again_for_the_same_time(self):
        case = self._decline_first_charge()
        skipped = self._get_planned(case)
        case.action_skip()
        self.assertGreater(
            self._get_planned(case).planned_at, skipped.planned_at + timedelta(hours=11)
        )

    def test_engine_that_raises_leaves_the_case_on_the_ladder(self):
        with patch(f"{ENGINE}.decide", side_effect=RuntimeError("broken")), mute_logger(ENGINE):
            case = self._decline_first_charge()
        planned = self._get_planned(case)
        self.assertEqual((case.state, planned.source), ("in_recovery", "ladder"))
        self.assertIn("could not decide", planned.sentence)

    def test_person_who_moves_the_charge_takes_the_promise_off_it(self):
        case = self._decline_first_charge()
        case.sudo()._plan_by_user(fields.Datetime.now() + timedelta(days=1), "Test")
        planned = self._get_planned(case)
        self.assertEqual(planned.source, "user")
        self.assertFalse(planned.probability or planned.propensity or planned.decision)

    def test_earlier_charges_of_the_customer_are_the_history(self):
        done = self._create_card("done")
        with freeze_time("2026-10-30 10:00:00"):
            self._create_invoice(token=done)
            self._collect()
        case = self._decline_first_charge()
        history = TimingFacts(case).get_history()
        self.assertEqual([charge.paid for charge in history], [True])
        self.assertEqual(history[0].at.date(), fields.Date.to_date("2026-10-30"))

    def test_forecast_goes_on_from_the_planned_charge_to_the_end_of_the_tries(self):
        case = self._decline_first_charge().sudo()
        charges = case._forecast(case.move_id)
        self.assertEqual(charges[0]["at"], self._get_planned(case).planned_at)
        self.assertEqual(len(charges), 8)
        instants = [charge["at"] for charge in charges]
        self.assertEqual(instants, sorted(set(instants)))
        self.assertLessEqual(instants[-1], case.deadline_at)
        for charge in charges:
            self.assertTrue(charge["low"] <= charge["probability"] <= charge["high"])

    def test_forecast_of_an_invoice_that_has_not_failed_is_the_same_twice(self):
        invoice = self._create_invoice(token=self.card)
        cases = self.env["recovery.case"].sudo()
        charges = cases._forecast(invoice)
        self.assertEqual(len(charges), 8)
        self.assertEqual(cases._forecast(invoice), charges)
        self.assertFalse(invoice.recovery_case_id)

    def test_forecast_under_another_policy_changes_nothing(self):
        case = self._decline_first_charge().sudo()
        planned = self._get_planned(case)
        fixed = self._create_policy(tries=3, window_days=7)
        charges = case._forecast(case.move_id, fixed)
        self.assertEqual([charge["source"] for charge in charges], ["ladder"] * 3)
        self.assertIsNone(charges[0]["probability"])
        self.assertEqual(self._get_planned(case), planned)

    def test_policy_that_only_pulls_forward_never_charges_after_the_ladder(self):
        self.policy.pull_only = True
        case = self._decline_first_charge().sudo()
        ladder = Decider(case).follow_ladder(case.attempt_ids.browse())
        self.assertLessEqual(self._get_planned(case).planned_at, ladder.at.replace(tzinfo=None))

    def test_decision_costs_two_queries(self):
        case = self._decline_first_charge().sudo()
        choice = MethodChooser(case).choose()
        finished = case.attempt_ids.browse()
        Decider(case).follow_schedule(finished, choice)  # The model and the rules are read once.
        self.env.flush_all()
        with self.assertQueryCount(2):
            Decider(case).follow_schedule(finished, choice)

    def test_history_of_another_company_is_not_used(self):
        self._decline_first_charge()
        other = self._create_company(name="Other")
        key = (0, self.customer.id, other.id, fields.Datetime.now() + timedelta(days=1))
        self.assertEqual(read_history(self.env, [key])[0], ())


@tagged("post_install", "-at_install")
class TestCoolDown(SmartCommon):
    """Three invoices on one empty card are one problem, not three."""

    def _get_plans(self, cases):
        return sorted(self._get_planned(case).planned_at for case in cases)

    def test_invoices_on_one_empty_card_are_charged_a_day_apart(self):
        with self._decline_charges():
            invoices = [self._create_invoice(token=self.card) for _number in range(3)]
            self._collect()
        cases = [invoice.recovery_case_id for invoice in invoices]
        first, second, third = self._get_plans(cases)
        self.assertGreaterEqual(second - first, timedelta(days=1))
        self.assertGreaterEqual(third - second, timedelta(days=1))

    def test_invoices_on_two_cards_do_not_wait_for_each_other(self):
        other = self._create_stripe_card(self.stripe)
        one = self._decline_first_charge()
        two = self._decline_first_charge(card={"fingerprint": "fp_2"}, token=other)
        for case in (one, two):
            self.assertNotEqual(self._get_planned(case).decision["binding"], "cooldown")

    def test_decline_of_another_invoice_holds_the_charge_back(self):
        case = self._decline_first_charge()
        with freeze_time("2026-11-25 09:00:00"):
            self._decline_first_charge()
            planned = self._get_planned(case)
            planned.sudo().write({"planned_at": fields.Datetime.now(), "source": "smart"})
            with self._patch_requests() as request:
                self._run_cron("charge")
            request.assert_not_called()
            self.assertEqual(planned.state, "planned")
            self.assertIn("another invoice", planned.sentence)
            self.assertGreater(planned.planned_at, fields.Datetime.now() + timedelta(hours=23))

    def test_payment_of_another_invoice_lets_the_charge_go_out_at_once(self):
        with freeze_time(NOW) as clock:
            case = self._decline_first_charge()
            before = self._get_planned(case)
            clock.move_to(before.planned_at - timedelta(hours=3))
            card = self.card
            transaction = self.env["payment.transaction"].create(
                {
                    "provider_id": self.stripe.id,
                    "payment_method_id": card.payment_method_id.id,
                    "reference": "paid",
                    "amount": 50.0,
                    "currency_id": self.env.company.currency_id.id,
                    "partner_id": self.customer.id,
                    "token_id": card.id,
                    "operation": "offline",
                    "recovery_fingerprint": card.recovery_fingerprint,
                }
            )
            transaction._set_done()
            other = self._create_invoice(amount=50.0, token=card)
            other_attempt = (
                self.env["recovery.attempt"]
                .sudo()
                .create(
                    other._prepare_attempt_vals(
                        source="collect", planned_at=fields.Datetime.now(), due_date=NOW[:10]
                    )
                )
            )
            other_attempt._set_state("running", transaction_id=transaction.id)
            other_attempt._set_state("paid")
            other_attempt._tell_siblings()
            self._run_cron("follow")
            planned = self._get_planned(case)
            self.assertNotEqual(planned, before)
            self.assertEqual(planned.source, "hint")
            self.assertIn("just paid", planned.sentence)
            self.assertLess(planned.planned_at, before.planned_at)


@tagged("post_install", "-at_install")
class TestRetryAdvice(SmartCommon):
    """A person, an automation or another service says when; the rules stay above it."""

    def test_advice_to_wait_is_followed_and_told(self):
        case = self._decline_first_charge()
        until = fields.Datetime.now() + timedelta(days=6)
        self.assertEqual(case.set_retry_advice("not_before", until, "Away until then."), [])
        planned = self._get_planned(case)
        self.assertGreaterEqual(planned.planned_at, until)
        self.assertIn("Away until then.", planned.sentence)
        self.assertIn("likely to succeed", planned.sentence)

    def test_advised_time_is_taken_for_the_next_charge_only(self):
        with freeze_time(NOW) as clock:
            case = self._decline_first_charge()
            case.set_retry_advice("at", "2026-11-27T10:00:00+01:00", "Pay day.")
            planned = self._get_planned(case)
            self.assertEqual(planned.planned_at, fields.Datetime.to_datetime("2026-11-27 09:00:00"))
            self.assertEqual(planned.source, "hint")
            self.assertIn("Pay day.", planned.sentence)
            self.assertTrue(planned.probability)
            self._decline_next(case, clock)
            self.assertNotEqual(self._get_planned(case).source, "hint")
            self.assertFalse(case.retry_advice)

    def test_advice_to_charge_now_waits_for_the_hours_of_the_day(self):
        case = self._decline_first_charge()
        self.policy.write({"charge_hour_from": 8, "charge_hour_to": 20})
        with freeze_time("2026-11-23 23:00:00"):
            case.set_retry_advice("now")
            at = self._get_planned(case).planned_at
        self.assertEqual(at, fields.Datetime.to_datetime("2026-11-24 07:00:00"), msg="8 in Paris.")

    def test_advice_is_followed_by_the_fixed_schedule_too(self):
        self.policy.retry_schedule = "fixed"
        case = self._decline_first_charge()
        until = fields.Datetime.now() + timedelta(days=6)
        case.set_retry_advice("not_before", until, "Away.")
        planned = self._get_planned(case)
        self.assertEqual((planned.planned_at, planned.source), (until, "hint"))

    def test_advice_does_not_get_past_a_network(self):
        case = self._decline_first_charge(
            "insufficient_funds", {"brand": "mastercard"}, network_advice_code="27"
        )
        case.set_retry_advice("now")
        self.assertGreater(self._get_wait(case), timedelta(days=4))

    def test_advice_taken_back_is_forgotten(self):
        case = self._decline_first_charge()
        before = self._get_planned(case).planned_at
        case.set_retry_advice("not_before", fields.Datetime.now() + timedelta(days=6))
        case.set_retry_advice(False)
        self.assertFalse(case.retry_advice or case.retry_advice_reason)
        self.assertEqual(self._get_planned(case).planned_at, before)

    def test_closed_cases_are_left_out_with_a_sentence(self):
        case = self._decline_first_charge()
        case.sudo()._close("lost", "Test")
        self.assertIn("is closed", case.set_retry_advice("now")[0])

    def test_advice_without_sense_is_refused(self):
        case = self._decline_first_charge()
        for arguments in (("later",), ("at",), ("not_before", "nonsense")):
            with self.subTest(arguments=arguments), self.assertRaises(UserError):
                case.set_retry_advice(*arguments)

    def test_server_action_can_advise(self):
        case = self._decline_first_charge()
        action = self.env["ir.actions.server"].create(
            {
                "name": "Wait",
                "model_id": self.env["ir.model"]._get_id("recovery.case"),
                "state": "code",
                "code": "records.set_retry_advice('not_before', '2026-11-29 09:00:00', 'Rule')",
            }
        )
        action.with_context(active_model=case._name, active_ids=case.ids).run()
        self.assertIn("Rule", self._get_planned(case).sentence)


@tagged("post_install", "-at_install")
class TestSmartPolicy(SmartCommon):
    def _assert_refused(self, sentence, **values):
        with self.assertRaisesRegex(ValidationError, sentence):
            self._create_policy(name="Mine", retry_schedule="smart", **values)

    def test_shipped_policy_of_a_new_database_is_smart(self):
        policy = self.env.ref("revenue_recovery.recovery_policy_standard")
        self.assertEqual(policy.retry_schedule, "smart")
        self.assertEqual((policy.tries, policy.window_days), (8, 14))
        self.assertEqual(policy.control_share, 0.10)

    def test_policy_that_was_there_before_an_upgrade_stays_as_it_was(self):
        data = self.env["ir.model.data"].search(
            [("module", "=", "revenue_recovery"), ("name", "=", "recovery_policy_standard")]
        )
        self.assertTrue(data.noupdate)
        policy = self._create_policy(retry_schedule="fixed")
        # A case of before has a schedule without a mode, and no arm.
        case = self._decline_first_charge()
        case.sudo().write({"arm": False, "ladder": policy._get_ladder().to_dict()})
        planned = self._plan_anew(case)
        self.assertEqual(planned.source, "ladder")

    def test_window_is_chosen_in_weeks_and_months(self):
        self.policy.window_choice = "30"
        self.assertEqual(self.policy.window_days, 30)
        self.policy.window_days = 10
        self.assertEqual(self.policy.window_choice, "other")

    def test_smart_policy_can_be_set_up_in_its_form(self):
        form = Form(self.env["recovery.policy"])
        form.name = "Typed"
        form.window_choice = "60"
        form.control_share = 0.2
        policy = form.save()
        self.assertEqual((policy.retry_schedule, policy.window_days), ("smart", 60))
        self.assertEqual(policy.control_share, 0.2)

    def test_smart_policy_out_of_its_bounds_is_refused(self):
        self._assert_refused("at most 60 days", window_days=61)
        self._assert_refused("between 0 % and 100 %", control_share=1.5)
        self._assert_refused("can't be negative", attempt_cost=-1.0)
        self._assert_refused("needs at least one try", tries=0)

    def test_waits_of_a_fixed_schedule_are_kept_but_not_used(self):
        waits = [Command.create({"delay_count": 1})]
        self.policy.write({"retry_ids": waits, "spread_evenly": False})
        self.assertFalse(self.policy._get_ladder().waits)

    def test_cost_is_kept_in_the_currency_of_the_invoice(self):
        currency = self.env["res.currency"].create({"name": "XTS", "symbol": "x"})
        self.env["res.currency.rate"].create(
            {"name": "2020-01-01", "rate": 2.0, "currency_id": currency.id}
        )
        self.policy.attempt_cost = 1.5
        move = self._create_invoice(currency_id=currency.id, post=False)
        self.assertEqual(self.policy._get_schedule(move)["cost"], 3.0)

    def test_user_of_another_company_cannot_advise(self):
        case = self._decline_first_charge()
        other = self._create_company(name="Other")
        stranger = new_test_user(
            self.env,
            "smart stranger",
            "account.group_account_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        with self.assertRaises(AccessError):
            case.with_user(stranger).set_retry_advice("now")
