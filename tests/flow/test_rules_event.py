# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...declines import Decline
from .rules_common import RulesCommon


@tagged("post_install", "-at_install")
class TestEvents(RulesCommon):
    """What happens to failed payments is written as events while a rule waits for them."""

    def setUp(self):
        super().setUp()
        self.rule = self._create_rule("pass", model="recovery.event", trigger="on_create")

    def _get_events(self, *types):
        domain = [("type", "in", types)] if types else []
        return self.env["recovery.event"].sudo().search(domain, order="id")

    def _get_types(self):
        return self._get_events().mapped("type")

    def test_nothing_is_written_while_nobody_waits(self):
        self.rule.active = False
        invoice, _case = self._fail_invoice()
        self.assertFalse(self._get_events())
        self.assertFalse(invoice.recovery_attempt_ids.filtered("is_news"))

    def test_failed_charge(self):
        invoice, case = self._fail_invoice()
        event = self._get_events("attempt_failed")
        self.assertEqual(event.case_id, case)
        self.assertEqual(event.move_id, invoice)
        self.assertEqual(event.partner_id, self.customer)
        self.assertEqual(event.attempt_id, case.first_attempt_id)
        self.assertEqual(event.provider_id, self.demo_provider)
        self.assertEqual(event.amount, 100.0)
        self.assertEqual(event.attempt_number, 1)
        self.assertEqual(event.sentence, case.first_attempt_id.sentence)
        self.assertTrue(event.is_first_payment)
        self.assertEqual(self._get_planned_actions(self.rule).state, "done")

    def test_each_outcome_is_told_once(self):
        _invoice, case = self._fail_invoice()
        self.env["recovery.invoice.queue"].sudo()._add(case.move_id)
        self._follow()
        self.assertEqual(len(self._get_events("attempt_failed")), 1)
        self._charge_next(case)
        events = self._get_events("attempt_failed")
        self.assertEqual(events.mapped("attempt_number"), [1, 2])

    def test_successful_charge_is_not_the_first_one_the_next_time(self):
        card = self._create_card("done")
        for is_first in (True, False):
            invoice = self._create_invoice(token=card)
            self._collect()
            event = self._get_events("attempt_succeeded").filtered(
                lambda event, invoice=invoice: event.move_id == invoice
            )
            self.assertEqual(event.is_first_payment, is_first)
            self.assertEqual(event.attempt_number, 1)

    def test_retries_used_up(self):
        _invoice, case = self._fail_invoice()
        case.sudo().deadline_at = fields.Datetime.now() - timedelta(seconds=1)
        case.sudo().next_attempt_id._set_state("cancelled", sentence="No")
        self._follow()
        event = self._get_events("retries_exhausted")
        self.assertEqual(event.case_id, case)
        self.assertIn("window", event.sentence)

    def test_ceiling_that_holds_the_next_charge_back(self):
        rule = self.env["recovery.network.rule"].create(
            {"name": "Ours", "scopes": "visa", "limit": 1, "window_hours": 240}
        )
        _invoice, case = self._fail_invoice()
        attempt = case.next_attempt_id
        attempt.sudo()._postpone(attempt.planned_at + timedelta(days=9), "Not yet.", rule)
        self._follow()
        self._follow()
        event = self._get_events("ceiling_reached")
        self.assertEqual((event.attempt_id, event.sentence), (attempt, "Not yet."))

    def test_payment_that_the_bank_takes_back_is_told_once(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._collect()
        payment = invoice.transaction_ids.payment_id
        decline = Decline("AM04", "", reason="insufficient_funds", network_code="AM04")
        for _turn in range(2):
            self.env["recovery.case"].sudo()._record_return(
                payment, decline, fields.Date.today(), moves=invoice
            )
        event = self._get_events("payment_returned")
        self.assertEqual(event.move_id, invoice)
        self.assertIn("AM04", event.sentence)
        self.assertEqual(event.decline_reason_id.code, "insufficient_funds")

    def test_promise_that_was_not_kept(self):
        _invoice, case = self._fail_invoice()
        self.assertFalse(case.sudo()._promise(fields.Date.today() + timedelta(days=2)))
        case.sudo().promise_date = fields.Date.today() - timedelta(days=2)
        self._follow()
        event = self._get_events("promise_broken")
        self.assertEqual(event.case_id, case)
        self.assertIn("did not", event.sentence)

    def test_large_invoice(self):
        self.env.company.recovery_large_amount = 500.0
        self._fail_invoice()
        self.assertFalse(self._get_events("large_failed"))
        _invoice, case = self._fail_invoice(amount=500.0)
        self.assertEqual(self._get_events("large_failed").case_id, case)

    def test_invoice_due_soon_and_overdue_are_told_once(self):
        today = fields.Date.today()
        values = {"collect_automatically": False}
        soon = self._create_invoice(due=today + timedelta(days=3), **values)
        self._create_invoice(due=today + timedelta(days=9), **values)
        overdue = self._create_invoice(
            due=today - timedelta(days=1), invoice_date=today - timedelta(days=9), **values
        )
        paid = self._create_invoice(due=today + timedelta(days=2), **values)
        self._register_payment(paid, 100.0)
        for _turn in range(2):
            self.env["ir.config_parameter"].sudo().set_param("revenue_recovery.events_day", "")
            self._follow()
        self.assertEqual(self._get_events("invoice_due_soon").move_id, soon)
        self.assertEqual(self._get_events("invoice_overdue").move_id, overdue)
        self.assertEqual(len(self._get_events("invoice_due_soon", "invoice_overdue")), 2)

    def test_days_are_looked_at_once(self):
        self._follow()
        due = fields.Date.today() + timedelta(days=1)
        self._create_invoice(due=due, collect_automatically=False)
        self._follow()
        self.assertFalse(self._get_events("invoice_due_soon"), msg="Tomorrow it is told.")

    def test_updated_method(self):
        _invoice, case = self._fail_invoice()
        card = case.first_attempt_id.token_id
        card.sudo()._recovery_mark_updated(fields.Datetime.now() + timedelta(seconds=1))
        self._follow()
        self._follow()
        event = self._get_events("method_updated")
        self.assertEqual((event.case_id, event.token_id), (case, card))

    def test_card_without_answer(self):
        card = self._create_card(recovery_expiry=fields.Date.today() + timedelta(days=5))
        card.sudo().recovery_updated_at = fields.Datetime.now() - timedelta(days=30)
        self._create_invoice(token=card, due=fields.Date.today() + timedelta(days=30))
        self._follow()
        self.assertFalse(self._get_events("card_unanswered"), msg="Nobody was told.")
        self.env["recovery.notice"].sudo().create(
            {
                "token_id": card.id,
                "partner_id": self.customer.id,
                "company_id": self.env.company.id,
                "step_id": False,
                "planned_at": fields.Datetime.now(),
                "sent_at": fields.Datetime.now() - timedelta(days=3),
                "state": "sent",
            }
        )
        for _turn in range(2):
            self.env["ir.config_parameter"].sudo().set_param("revenue_recovery.events_day", "")
            self._follow()
        self.assertEqual(self._get_events("card_unanswered").token_id, card)
        self.assertEqual(self._get_events("card_unanswered").company_id, self.env.company)

    def test_event_that_can_not_be_written_does_not_hold_the_case_up(self):
        events = self.env["recovery.event"].sudo()
        model = "odoo.addons.revenue_recovery.models.flow.recovery_event"
        with mute_logger("odoo.sql_db"), self.assertLogs(model, "ERROR"):
            self.assertFalse(events._raise("attempt_failed", sentence=False))
        self.customer.name = "Still writable"
        self.env.flush_all()

    def test_old_events_are_removed(self):
        _invoice, _case = self._fail_invoice()
        event = self._get_events("attempt_failed")
        event._gc_old()
        self.assertTrue(event.exists())
        event.occurred_at -= timedelta(days=401)
        event._gc_old()
        self.assertFalse(event.exists())
