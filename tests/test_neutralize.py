# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

import requests

from odoo import fields
from odoo.fields import Command
from odoo.modules.neutralize import get_neutralization_queries, neutralize_database
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RecoveryCommon

JOBS = ("collect", "charge", "follow")
# What waits to be done in each model, which a copy must not find: of our own models, and of the
# stock ones that we add waiting work to. A new model needs a line, here or below.
PENDING = {
    "account.move": [("collect_automatically", "=", True)],
    "base.automation": [("active", "=", True), ("model_id.model", "=like", "recovery.%")],
    "payment.provider": [("recovery_events_secret", "!=", False)],
    "payment.transaction": [("state", "=", "draft"), ("recovery_ask_at", "=", False)],
    "recovery.attempt": [
        "|",
        ("state", "in", ("planned", "running")),
        "&",
        ("state", "=", "unknown"),
        ("resolve_at", "!=", False),
    ],
    "recovery.case": [
        "|",
        ("promise_date", "!=", False),
        ("state", "in", ("in_recovery", "suspended", "grace")),
    ],
    "recovery.invoice.queue": [],
    "recovery.notice": [
        "|",
        "|",
        ("state", "=", "planned"),
        ("held_until", "!=", False),
        ("next_partner_id", "!=", False),
    ],
    "recovery.planned.action": ["|", ("state", "=", "planned"), ("untold", "=", True)],
    "recovery.policy": [("remind_unpaid", "=", True)],
    "recovery.policy.step": [
        ("active", "=", True),
        ("trigger", "in", ("before_attempt", "before_due", "method_expires")),
    ],
    "recovery.standing.endpoint": [("state", "=", "live")],
    "recovery.standing.key": [("state", "=", "live")],
    "recovery.standing.message": [("state", "=", "waiting")],
    "recovery.trigger": [],
    "res.company": [("recovery_charge_test_providers", "=", True)],
    "res.partner": [("collect_automatically", "=", True)],
}
NOTHING_PENDING = {
    "recovery.audit": "only reads, whoever asks for it",
    "recovery.case.tag": "labels",
    "recovery.charge.minimum": "knowledge",
    "recovery.decline.code": "knowledge",
    "recovery.decline.reason": "knowledge",
    "recovery.event": "what happened; rules were set off for it when it was written",
    "recovery.flow.version": "what a flow did; a person goes back to it",
    "recovery.network.rule": "knowledge",
    "recovery.part": "what was agreed; what is charged of it is an attempt",
    "recovery.part.plan": "what was agreed; its case is paused, and its charges are attempts",
    "recovery.policy.retry": "waits of a policy",
    "recovery.policy.trial": "only reads, whoever asks for it",
    "recovery.provider.pace": "a counter",
    "recovery.return": "what providers told; booked when it was told",
    "recovery.settlement": "figures of what was paid",
    "recovery.timing": "what was learned",
}


@tagged("post_install", "-at_install")
class TestNeutralize(RecoveryCommon):
    """A database with work of every kind that is due, copied, and its jobs switched on by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = cls.env.ref("revenue_recovery.mail_template_payment_failed")
        cls.policy.step_ids = [
            Command.create(
                {
                    "name": "Failed",
                    "delay_hours": 0,
                    "mail_template_id": template.id,
                    "hour_from": 0,
                    "hour_to": 24,
                    "working_days": False,
                }
            )
        ]

    # === SCENE === #

    def _open_case(self, **values):
        """Return a case whose next charge and whose notice are due."""
        _invoice, case = self._fail_invoice(**values)
        case.notice_ids.sudo().write(
            {"state": "planned", "mail_message_id": False, "message_key": False}
        )
        self._make_due(case)
        return case

    def _create_due_invoice(self):
        """Return an invoice of a collecting customer for which no charge is planned yet."""
        self.customer.write(
            {"collect_automatically": True, "collect_token_id": self._create_card("done").id}
        )
        return self._create_invoice()

    def _tell_products(self):
        """Create what a product of the merchant's asks with, and what it is to be told."""
        self.env["recovery.standing.key"].create({"name": "Product"}).action_make_secret()
        endpoint = self.env["recovery.standing.endpoint"].create(
            {"name": "Product", "url": "https://app.example.com"}
        )
        endpoint.action_make_secret()
        self.env["recovery.standing.message"].sudo().create(
            {
                "identifier": "x",
                "endpoint_id": endpoint.id,
                "partner_id": self.customer.id,
                "standing": "failing",
                "body": "{}",
                "occurred_at": fields.Datetime.now(),
            }
        )

    def _lose_answer(self, state):
        """Return an attempt at a provider that is asked again for a charge whose answer is lost."""
        provider = self._prepare_stripe_provider()
        card = self._create_stripe_card(provider)
        self._create_invoice(token=card)
        with (
            self._patch_requests(side_effect=requests.ReadTimeout("Lost")),
            mute_logger("odoo.addons.revenue_recovery.models.charge"),
        ):
            self._run_cron("collect")
            self._run_cron("charge")
        attempt = self.env["recovery.attempt"].sudo().search([("token_id", "=", card.id)])
        self.assertEqual(attempt.state, "unknown")
        now = fields.Datetime.now()
        attempt.write({"state": state, "resolve_at": now, "started_at": now - timedelta(minutes=1)})
        return attempt

    def _raise_signal(self):
        """Return an invoice whose payment in the portal failed a moment ago."""
        invoice = self._create_invoice(collect_automatically=False)
        self._create_transaction(
            "direct",
            reference="failed in the portal",
            amount=100.0,
            currency_id=invoice.currency_id.id,
            partner_id=self.customer.id,
            invoice_ids=[Command.set(invoice.ids)],
        )._set_error("Declined")
        self.assertTrue(
            self.env["recovery.invoice.queue"].sudo().search([("move_id", "=", invoice.id)])
        )
        return invoice

    # === THE COPY === #

    def _neutralize(self):
        self.env.flush_all()
        for query in get_neutralization_queries(["revenue_recovery"]):
            self.cr.execute(query)
        self.env.invalidate_all()
        # Whoever tests in a copy allows this first; it must not let old work loose.
        self.env.company.recovery_charge_test_providers = True

    def _count_acts(self):
        """Return what tells that somebody was charged or written to."""
        self.env.invalidate_all()
        transactions = self.env["payment.transaction"].sudo().search([])
        return {
            "transactions": len(transactions),
            "open transactions": len(transactions.filtered(lambda tx: tx.state == "draft")),
            "payments": self.env["account.payment"].search_count([]),
            "mails": self.env["mail.mail"].sudo().search_count([]),
            "planned": self.env["recovery.attempt"].search_count([("state", "=", "planned")]),
        }

    def _run_jobs(self):
        """Return what the jobs do in two turns, and the calls of a provider."""
        before = self._count_acts()
        with self._patch_requests(side_effect=requests.ReadTimeout("Lost")) as request:
            for job in JOBS * 2:
                self._run_cron(job)
        after = self._count_acts()
        acts = {name: after[name] - before[name] for name in before if after[name] != before[name]}
        if request.called:
            acts["calls"] = request.call_count
        return acts

    def _assert_only_the_original_acts(self, *expected):
        """Check that the jobs of a copy do nothing, where those of the original would."""
        with self.subTest(database="copy"), self.env.cr.savepoint() as copy:
            self._neutralize()
            self.assertEqual(self._run_jobs(), {})
            copy.rollback()
        self.env.invalidate_all()
        with (
            self.subTest(database="original"),
            mute_logger("odoo.addons.revenue_recovery.models.charge"),
        ):
            acts = self._run_jobs()
            self.assertFalse(set(expected) - acts.keys(), msg=f"The scene is no use: {acts}")

    def _create_rule(self):
        """Return a rule that was set off for a case, with an action that is due and one to come."""
        self.addCleanup(lambda: self.env["base.automation"].search([]).write({"active": False}))
        model = self.env["ir.model"]._get("recovery.case")
        rule = self.env["base.automation"].create(
            {"name": "Rule", "model_id": model.id, "trigger": "on_create_or_write"}
        )
        code = "env['mail.mail'].sudo().create({'email_to': 'x@example.com', 'subject': 'Ran'})"
        rule.action_server_ids = [
            Command.create(
                {
                    "name": name,
                    "model_id": model.id,
                    "usage": "base_automation",
                    "state": "code",
                    "code": code,
                    "recovery_wait_count": days,
                    "sequence": days,
                }
            )
            for name, days in (("Now", 0), ("Later", 1))
        ]
        self.registry.registry_invalidated = False
        return rule

    def _set_off(self, rule, case):
        self.env["recovery.trigger"].sudo()._record(rule, case)

    def _begin_payment(self, invoice):
        """Return a payment that a customer began at Stripe and left."""
        provider = self._prepare_stripe_provider()
        transaction = self._create_portal_transaction(
            invoice, provider_id=provider.id, provider_reference="pi_1"
        )
        transaction.last_state_change -= timedelta(hours=2)
        return transaction

    # === TESTS === #

    def test_code_of_a_rule_that_was_set_off_does_not_run_in_a_copy(self):
        case = self._open_case()
        case.notice_ids.sudo().state = "sent"
        case.sudo()._cancel_planned("Test")
        self._set_off(self._create_rule(), case)
        self._assert_only_the_original_acts("mails")

    def test_code_that_was_planned_does_not_run_in_a_copy_when_the_rule_is_switched_on(self):
        case = self._open_case()
        case.notice_ids.sudo().state = "sent"
        case.sudo()._cancel_planned("Test")
        rule = self._create_rule()
        self._set_off(rule, case)
        self.env["recovery.trigger"].sudo().search([])._plan_actions()
        planned = self.env["recovery.planned.action"].sudo().search([("state", "=", "planned")])
        self.assertEqual(len(planned), 2)
        self._neutralize()
        self.assertEqual(set(planned.mapped("state")), {"cancelled"})
        self.assertIn("this database is a copy", planned[0].sentence)
        self.assertFalse(rule.active)
        rule.active = True
        planned.planned_at = fields.Datetime.now() - timedelta(days=2)
        self.assertEqual(self._run_jobs(), {})

    def test_payment_that_a_customer_began_is_not_asked_for_from_a_copy(self):
        case = self._open_case()
        case.notice_ids.sudo().state = "sent"
        self._begin_payment(case.move_id)
        self._assert_only_the_original_acts("calls")

    def test_every_model_with_waiting_work_is_neutralized(self):
        """All kinds of work at once; a model without a line fails."""
        case = self._open_case(token=self._create_card())
        case.sudo().promise_date = fields.Date.today()
        case.notice_ids.sudo().write(
            {"held_until": fields.Datetime.now(), "next_partner_id": self.customer.id}
        )
        self._begin_payment(case.move_id)
        self._lose_answer("running")
        rule = self._create_rule()
        self._set_off(rule, case)
        self.env["recovery.trigger"].sudo().search([])._plan_actions()
        self._set_off(rule, case)
        self._raise_signal()
        self._create_due_invoice()
        self.demo_provider.sudo().recovery_events_secret = "whsec_x"
        self._tell_products()
        self.policy.write({"remind_unpaid": True})
        self.env["recovery.policy.step"].with_context(active_test=False).search(
            [("trigger", "in", ("before_due", "method_expires"))]
        ).active = True
        for model, domain in PENDING.items():
            self.assertTrue(self._count(model, domain), msg=f"The scene is no use: {model}")
        for query in get_neutralization_queries(["revenue_recovery"]):
            self.cr.execute(query)
        self.env.invalidate_all()
        for model, domain in PENDING.items():
            self.assertEqual(self._count(model, domain), 0, msg=model)
        stored = {
            name
            for name, model in self.registry.items()
            if name.startswith("recovery.")
            and model._auto
            and not model._abstract
            and not model._transient
            and model._table_query is None
        }
        self.assertEqual(
            stored,
            {name for name in PENDING if name.startswith("recovery.")} | set(NOTHING_PENDING),
            msg="Does anything wait in a new model? See data/neutralize.sql.",
        )

    def _count(self, model, domain):
        self.env.flush_all()
        return self.env[model].sudo().search_count(domain)

    def test_planned_charge_and_notice_of_a_case_never_happen_in_a_copy(self):
        self._open_case()
        self._assert_only_the_original_acts("transactions", "mails")

    def test_due_invoice_is_not_collected_in_a_copy(self):
        self._create_due_invoice()
        self._assert_only_the_original_acts("transactions", "payments")

    def test_planned_first_charge_never_happens_in_a_copy(self):
        self._create_due_invoice()
        self._run_cron("collect")
        self._assert_only_the_original_acts("transactions", "payments")

    def test_charge_of_unknown_outcome_is_not_sent_again_from_a_copy(self):
        self._lose_answer("unknown")
        self._assert_only_the_original_acts("calls")

    def test_charge_that_ran_while_the_copy_was_made_is_not_sent_again_from_it(self):
        self._lose_answer("running")
        self._assert_only_the_original_acts("calls")

    def test_failed_payment_that_was_to_be_followed_opens_no_case_in_a_copy(self):
        self._raise_signal()
        self._assert_only_the_original_acts("mails")

    def test_pause_does_not_end_by_itself_in_a_copy(self):
        case = self._open_case()
        case.notice_ids.sudo().state = "sent"
        case.sudo()._pause(fields.Date.today() - timedelta(days=1), "Test")
        self._assert_only_the_original_acts("planned")

    def test_grace_period_does_not_end_in_a_copy(self):
        self.policy.end_action = "block"
        case = self._open_case()
        case.sudo()._cancel_planned("Test")
        case.sudo()._begin_grace("Test")
        case.sudo().grace_until = fields.Datetime.now() - timedelta(minutes=1)
        self._neutralize()
        self._run_jobs()
        self.assertEqual((case.state, case.move_id.payment_state), ("paused", "not_paid"))

    def test_suspended_case_does_not_go_on_in_a_copy(self):
        case = self._open_case()
        case.move_id.action_toggle_block_payment()
        self._run_cron("follow")
        self.assertEqual(case.state, "suspended")
        self._neutralize()
        self.assertEqual(case.state, "paused")

    def test_new_invoice_is_not_collected_in_a_copy_by_old_settings(self):
        self._create_due_invoice()
        for model in ("res.partner", "account.move"):
            self.env["ir.default"].set(model, "collect_automatically", True)
        self._neutralize()
        self.assertFalse(self.customer.collect_automatically)
        draft = self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": self.customer.id}
        )
        self.assertFalse(draft.collect_automatically)

    def test_test_providers_are_not_charged_in_a_copy_unless_allowed_again(self):
        self.env.flush_all()
        for query in get_neutralization_queries(["revenue_recovery"]):
            self.cr.execute(query)
        self.env.invalidate_all()
        self._create_invoice(token=self._create_card("done"))
        acts = self._run_jobs()
        self.assertNotIn("transactions", acts)

    def test_copy_says_why_its_cases_stand_still(self):
        case = self._open_case()
        charge, notice = case.next_attempt_id, case.notice_ids
        self._neutralize()
        self.assertEqual((charge.state, notice.state), ("cancelled", "skipped"))
        for sentence in (charge.sentence, notice.sentence, case.end_reason):
            self.assertIn("this database is a copy", sentence)
        self.assertLessEqual(abs(charge.finished_at - fields.Datetime.now()), timedelta(minutes=10))

    def test_what_was_done_before_the_copy_stays_as_it_was(self):
        case = self._open_case()
        first = case.first_attempt_id
        paid = self._create_invoice(token=self._create_card("done"))
        self._collect()
        self._neutralize()
        self.assertEqual(first.state, "declined")
        self.assertEqual(paid.payment_state, paid._get_invoice_in_payment_state())
        self.assertEqual(paid.recovery_attempt_ids.state, "paid")

    @mute_logger("odoo.modules.neutralize")
    def test_whole_database_can_be_neutralized(self):
        self._open_case()
        self._create_due_invoice()
        self._lose_answer("unknown")
        self._raise_signal()
        self.env.flush_all()
        neutralize_database(self.cr)
        self.env.invalidate_all()
        self.env["ir.cron"].search([("active", "=", False)]).active = True
        self.assertEqual(self._run_jobs(), {})
