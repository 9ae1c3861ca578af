# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..notice.notice_common import NoticeCommon

# A Monday, 11:00 at the customer's, in a fortnight without holidays.
START = "2026-09-14 09:00:00"


class RecipeCommon(NoticeCommon):
    """The shipped flows, lived through day by day."""

    NOW = START

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.write({"tries": 2, "window_days": 6, "grace_days": 20, "step_ids": [(5,)]})
        cls.env["res.lang"]._activate_lang("en_US")

    def setUp(self):
        super().setUp()
        self.known = set()
        self.addCleanup(self._switch_off)

    def _switch_off(self):
        self.env["base.automation"].search([]).active = False
        self.registry.registry_invalidated = False

    def _activate(self, *names):
        rules = self.env["base.automation"]
        for name in names:
            rules |= self.env.ref(f"revenue_recovery.flow_{name}")
        rules.action_recovery_activate()
        self.registry.registry_invalidated = False
        return rules

    def _walk(self, clock, invoice, days, partner=None):
        """Let days pass, and return what was new on each: its acts, and by absence its silences.

        :return: the number of the day, from 0, and what was new on it, sorted
        """
        diary = {}
        for day in range(days):
            for _turn in range(2):  # What one run sets off is done in the next one at the latest.
                for name in ("collect", "charge", "follow"):
                    self._run_cron(name)
                clock.tick(timedelta(hours=1))
            facts = self._get_facts(invoice, partner or invoice.partner_id)
            if facts - self.known:
                diary[day] = sorted(facts - self.known)
            self.known = facts | self.known
            clock.tick(timedelta(hours=22))
        return diary

    def _get_facts(self, invoice, partner):
        case = invoice.recovery_case_ids[:1].sudo()
        facts = {f"state {case.state}"} if case else set()
        for attempt in invoice.recovery_attempt_ids.sudo().filtered("transaction_id"):
            facts.add(f"charge {attempt.id} {attempt.state}")
        facts = {
            f"charge {number} {fact.split()[2]}"
            for number, fact in enumerate(
                sorted(
                    (f for f in facts if f.startswith("charge")), key=lambda f: int(f.split()[1])
                ),
                1,
            )
        } | {fact for fact in facts if not fact.startswith("charge")}
        notices = (
            self.env["recovery.notice"]
            .sudo()
            .search([("partner_id", "=", partner.id), ("state", "=", "sent")])
        )
        facts |= {f"notice {notice.name}" for notice in notices}
        for record in (case, invoice, partner):
            facts |= {f"to-do {activity.summary}" for activity in record.activity_ids}
        if case:
            facts.add(f"policy {case.policy_id.name}")
        if partner.recovery_blocked:
            facts.add("blocked")
        return facts

    def _bill(self, **values):
        """Create an invoice whose charges are declined."""
        token = values.pop("token", None) or self._create_card()
        return self._create_invoice(token=token, **values)


@tagged("post_install", "-at_install")
class TestRecipes(RecipeCommon):
    def test_recipes_are_switched_off_and_complete(self):
        recipes = (
            self.env["base.automation"]
            .with_context(active_test=False)
            .search([("recovery_recipe", "!=", False)])
        )
        self.assertEqual(len(set(recipes.mapped("recovery_recipe"))), 10)
        self.assertFalse(any(recipes.mapped("active")))
        for recipe in recipes:
            self.assertTrue(recipe.description, msg=recipe.name)
            self.assertTrue(recipe.action_server_ids, msg=recipe.name)
            self.assertFalse(any(recipe.action_server_ids.mapped("warning")), msg=recipe.name)

    def test_recipe_that_is_switched_off_does_nothing(self):
        with self._at(START) as clock:
            invoice = self._bill()
            diary = self._walk(clock, invoice, 3)
        self.assertEqual(diary, {0: ["charge 1 declined", "policy Policy", "state in_recovery"]})

    def test_companies_are_offered_a_bank_transfer_after_two_failures(self):
        self.customer.is_company = True
        with self._at(START) as clock:
            invoice = self._bill()
            self._activate("bank_transfer")
            diary = self._walk(clock, invoice, 12)
        self.assertEqual(
            diary,
            {
                0: ["charge 1 declined", "policy Policy", "state in_recovery"],
                3: ["charge 2 declined", "notice Recovery: Another payment method needed"],
                6: ["charge 3 declined", "state grace"],
                10: ["to-do Look for the customer's bank transfer"],
            },
        )

    def test_people_are_not_offered_a_bank_transfer(self):
        with self._at(START) as clock:
            invoice = self._bill()
            self._activate("bank_transfer")
            diary = self._walk(clock, invoice, 12)
        self.assertEqual(
            diary,
            {
                0: ["charge 1 declined", "policy Policy", "state in_recovery"],
                3: ["charge 2 declined"],
                6: ["charge 3 declined", "state grace"],
            },
        )

    def test_payment_ends_the_flow(self):
        self.customer.is_company = True
        with self._at(START) as clock:
            invoice = self._bill()
            self._activate("bank_transfer")
            self._walk(clock, invoice, 5)
            self._register_payment(invoice, 100.0)
            diary = self._walk(clock, invoice, 8)
        self.assertEqual(diary, {0: ["state recovered"]})
        planned_actions = invoice.recovery_case_ids.sudo().planned_action_ids
        self.assertEqual(sorted(planned_actions.mapped("state")), ["cancelled", "done"])

    def test_vip_customers_are_called_and_not_written_to(self):
        tag = self.env["res.partner.category"].create({"name": "VIP"})
        self.customer.category_id = tag
        self.policy.step_ids = [self._prepare_step()]
        with self._at(START) as clock:
            invoice = self._bill()
            self._activate("vip")
            diary = self._walk(clock, invoice, 2)
        self.assertEqual(
            diary[0],
            [
                "charge 1 declined",
                "policy VIP customers: retries without e-mails",
                "state in_recovery",
                "to-do Call: the payment of an important customer failed",
            ],
        )
        self.assertFalse([line for lines in diary.values() for line in lines if "notice" in line])

    def test_first_payment_asks_for_another_method_at_once(self):
        with self._at(START) as clock:
            invoice = self._bill()
            self._activate("first_payment")
            diary = self._walk(clock, invoice, 5)
        self.assertEqual(
            diary,
            {
                0: [
                    "charge 1 declined",
                    "notice Recovery: Another payment method needed",
                    "policy Policy",
                    "state in_recovery",
                ],
                3: ["charge 2 declined", "to-do Call: the first payment failed"],
            },
        )

    def test_customer_who_paid_before_is_not_asked_for_another_method(self):
        with self._at(START) as clock:
            self._create_invoice(token=self._create_card(outcome="done"))
            self._collect()
            clock.tick(timedelta(days=1))
            invoice = self._bill()
            self._activate("first_payment")
            diary = self._walk(clock, invoice, 2)
        self.assertEqual(diary, {0: ["charge 1 declined", "policy Policy", "state in_recovery"]})

    def test_broken_promise_is_charged_and_then_called_about(self):
        with self._at(START) as clock:
            invoice = self._bill()
            self._activate("promise_broken")
            self._walk(clock, invoice, 1)
            invoice.recovery_case_id.sudo()._promise(fields.Date.to_date("2026-09-17"))
            diary = self._walk(clock, invoice, 6)
        days = {
            day: [line for line in lines if "notice" not in line] for day, lines in diary.items()
        }
        self.assertEqual(days[3][0], "charge 2 declined", msg="The 18th: the promise is broken.")
        self.assertIn("to-do Call: the promise was broken", days[5])

    def test_large_overdue_invoice_is_told_and_called_about(self):
        with self._at(START) as clock:
            large = self._create_invoice(
                amount=900.0, due=fields.Date.to_date("2026-09-15"), collect_automatically=False
            )
            small = self._create_invoice(
                amount=20.0, due=fields.Date.to_date("2026-09-15"), collect_automatically=False
            )
            self._activate("high_value")
            diary = self._walk(clock, large, 5)
        self.assertEqual(diary, {2: ["to-do Call about the overdue invoice"]})
        self.assertFalse(small.activity_ids)

    def test_returned_payment_is_told_to_customer_and_accountant(self):
        with self._at(START) as clock:
            invoice = self._create_invoice(token=self._create_card(outcome="done"))
            self._activate("returned")
            self.assertEqual(self._walk(clock, invoice, 2), {0: ["charge 1 paid"]})
            payment = invoice.recovery_attempt_ids.sudo().transaction_id.payment_id
            wizard = self.env["recovery.return.wizard"].create(
                {"payment_id": payment.id, "scheme": "sepa", "code": "AM04"}
            )
            wizard.action_confirm()
            diary = self._walk(clock, invoice, 2)
        lines = [line for lines in diary.values() for line in lines]
        self.assertIn("blocked", lines)
        self.assertIn("notice Recovery: Direct debit returned", lines)
        self.assertIn("to-do Look at the returned payment", lines)

    def test_service_that_ended_is_confirmed(self):
        with self._at(START) as clock:
            invoice = self._bill()
            self._activate("ended_survey")
            self._walk(clock, invoice, 1)
            case = invoice.recovery_case_id.sudo()
            self.env["recovery.event"]._raise("service_ended", case=case, sentence="It ended.")
            diary = self._walk(clock, invoice, 2)
        self.assertEqual(diary, {0: ["notice Recovery: Service ended"]})

    def test_annual_customers_get_two_months_and_then_an_end(self):
        with self._at(START) as clock:
            invoice = self._bill(auto_post="yearly")
            self._activate("annual_retries")
            diary = self._walk(clock, invoice, 1)
            case = invoice.recovery_case_id.sudo()
            self.assertIn("policy Annual customers: 8 tries in 2 months", diary[0])
            self.assertEqual(case.deadline_at, case.first_failure_at + timedelta(days=60))
            case._cancel_planned("Test")
            case._begin_grace("All used up.")
            diary = self._walk(clock, invoice, 9)
        states = {day: [line for line in lines if "state" in line] for day, lines in diary.items()}
        self.assertEqual(states[0], ["state grace"])
        self.assertEqual(states[7], ["state lost"])
        self.assertEqual(
            case.planned_action_ids.sorted("id").mapped("state"),
            ["done", "done", "done"],
        )

    def test_card_that_expires_unanswered_is_called_about(self):
        with self._at(START) as clock:
            card = self._create_card()
            invoice = self._create_invoice(token=card, due=fields.Date.to_date("2026-10-20"))
            self._activate("card_unanswered")
            with patch.object(
                type(self.env["payment.token"]), "_recovery_get_expiring", lambda *args: card
            ):
                self.env["recovery.notice"].sudo().create(
                    {
                        "token_id": card.id,
                        "partner_id": self.customer.id,
                        "company_id": self.env.company.id,
                        "planned_at": fields.Datetime.now(),
                        "sent_at": fields.Datetime.now(),
                        "state": "sent",
                        "name": "Card expires in a week",
                    }
                )
                card.sudo().recovery_expiry = fields.Date.to_date("2026-09-30")
                diary = self._walk(clock, invoice, 2)
        self.assertIn(
            "to-do Ask the customer for a new card", [x for v in diary.values() for x in v]
        )

    def test_provider_that_fails_is_paused_for_two_hours_and_the_team_is_told(self):
        with self._at(START) as clock:
            invoice = self._bill()
            self._activate("provider_failing")
            self.env["recovery.event"]._raise(
                "provider_failing",
                provider=self.demo_provider,
                company_id=self.env.company.id,
                sentence="10 of 12 charges failed within an hour.",
            )
            self._run_cron("follow")
            self.assertEqual(str(self.demo_provider.recovery_paused_until), "2026-09-14 11:00:00")
            told = (
                self.env["mail.message"]
                .sudo()
                .search([("body", "ilike", "10 of 12 charges failed within an hour.")])
            )
            self.assertTrue(told.notified_partner_ids)
            self._run_cron("collect")
            self._run_cron("charge")
            self.assertFalse(invoice.recovery_attempt_ids.transaction_id)
            clock.tick(timedelta(hours=2, minutes=1))
            diary = self._walk(clock, invoice, 1)
        self.assertEqual(diary, {0: ["charge 1 declined", "policy Policy", "state in_recovery"]})
