# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.tests import tagged
from odoo.tools import mute_logger

from .taken_common import TakenBackCommon

QUIET = mute_logger(
    "odoo.addons.revenue_recovery.models.case.return_events",
    "odoo.addons.payment.models.payment_transaction",
    "odoo.http",
)


@tagged("post_install", "-at_install")
class TestDispute(TakenBackCommon):
    """A customer disputes a payment: what Stripe tells, what is booked, and who hears of it."""

    def setUp(self):
        super().setUp()
        self.invoice, self.transaction = self._pay_through_stripe()

    def _check_invoice(self, payment_state, amount):
        self.assertEqual(self.invoice.payment_state, payment_state)
        self.assertEqual(self.invoice.amount_residual, amount)

    def test_notice_raises_one_alert_with_the_deadline_and_moves_no_money(self):
        for kind in ("created", "updated", "created"):
            self.assertEqual(self._dispute(kind).status_code, 200)
        self._run_cron("follow")
        record = self._get_return(self.transaction)
        self.assertEqual((record.kind, record.state, record.amount), ("dispute", "opened", 100.0))
        self.assertEqual(record.code, "13.1")
        self.assertEqual(record.reason_id.code, "dispute_not_received")
        todo = self._get_todos("dispute")
        self.assertEqual(len(todo), 1)
        self.assertIn("Hand evidence in", todo.recovery_sentence)
        self.assertEqual(todo.date_deadline, record.deadline_at.date())
        self.assertEqual((todo.res_model, todo.res_id), ("account.move", self.invoice.id))
        self.assertIn(self.invoice.payment_state, ("paid", "in_payment"))

    def test_money_that_moves_is_booked_and_the_case_is_closed_as_disputed(self):
        before = self._get_balance(self.outstanding)
        self._dispute("created")
        self._dispute("funds_withdrawn", later=61)
        self._run_cron("follow")
        record = self._get_return(self.transaction)
        payment = self.transaction.payment_id
        self.assertEqual((record.state, record.booked_amount), ("taken", 100.0))
        self.assertEqual(
            self._get_lines(record.entry_id),
            sorted([(self.receivable.code, 100.0, 100.0), (self.outstanding.code, -100.0, -100.0)]),
        )
        self.assertEqual(self._get_balance(self.outstanding), before - 100.0)
        self.assertEqual(payment.state, "rejected")
        self.assertEqual(payment.recovery_return_move_id, record.entry_id)
        self._check_invoice("not_paid", 100.0)
        case = self.invoice.recovery_case_id
        self.assertEqual(case.state, "lost")
        self.assertIn("disputed", case.end_reason)
        self.assertEqual(case.dispute_state, "taken")
        self.assertEqual(case.dispute_deadline_at, record.deadline_at)
        self.assertEqual(len(self._get_todos("dispute")), 1)
        self.assertIn(case, case.search([("dispute_state", "in", ("opened", "taken"))]))

    def test_nothing_is_charged_while_the_money_may_still_come(self):
        self._dispute("funds_withdrawn")
        self._run_cron("follow")
        self.invoice.collect_automatically = True
        for _turn in range(3):
            self._collect()
        self.assertEqual(len(self.invoice.transaction_ids), 1)
        self.assertNotIn("sent", self.invoice.recovery_case_id.notice_ids.mapped("state"))

    def test_open_case_of_a_disputed_invoice_is_not_charged_unless_the_policy_says_so(self):
        invoice, case = self._fail_invoice()
        invoice.collect_token_id = self._create_card("done")
        self._dispute("created")
        record = self._get_return(self.transaction)
        record.move_ids |= invoice
        count = len(invoice.transaction_ids)
        self._charge_next(case)
        self.assertEqual(len(invoice.transaction_ids), count)
        self.assertIn("disputes", case.next_attempt_id.sentence, msg="Put off; no try is used.")
        self.policy.dispute_action = "reopen"
        self._charge_next(case)
        self.assertEqual(len(invoice.transaction_ids), count + 1)

    def test_won_dispute_is_paid_again_to_the_cent(self):
        receivable, outstanding = map(self._get_balance, (self.receivable, self.outstanding))
        self._dispute("created")
        self._dispute("funds_withdrawn", later=61)
        self._run_cron("follow")
        self._dispute("closed", status="won", later=900)
        self._dispute("funds_reinstated", status="won", later=900)
        self._run_cron("follow")
        record = self._get_return(self.transaction)
        self.assertEqual((record.state, record.booked_amount), ("won", 0.0))
        self.assertTrue(record.back_entry_id)
        self.assertIn(self.invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(self.invoice.recovery_case_id.state, "recovered")
        self.assertEqual(self._get_balance(self.receivable), receivable)
        self.assertEqual(self._get_balance(self.outstanding), outstanding)
        self.assertFalse(self._get_todos("dispute"))
        self.assertFalse(self.transaction.recovery_decline)
        self.assertIn(self.transaction.payment_id.state, ("paid", "in_process"))
        self.assertEqual(set(self.invoice.recovery_attempt_ids.mapped("state")), {"paid"})
        self.assertFalse(self._get_todos("paid_twice") | self._get_todos("excess"))

    def test_order_and_number_of_the_webhooks_do_not_matter(self):
        self._dispute("funds_reinstated", status="won", later=900)
        self._run_cron("follow")
        for kind in ("created", "funds_withdrawn"):
            self._dispute(kind, later=60)
            self._run_cron("follow")
        record = self._get_return(self.transaction)
        self.assertEqual((len(record), record.state, record.booked_amount), (1, "won", 0.0))
        self.assertIn(self.invoice.payment_state, ("paid", "in_payment"))

    def test_twice_withdrawn_is_booked_once(self):
        before = self.env["account.move"].search_count([])
        for later in (60, 60, 61, 62):
            self._dispute("funds_withdrawn", later=later)
            self._run_cron("follow")
        self._dispute("closed", status="lost", later=90)
        self._run_cron("follow")
        self.assertEqual(self.env["account.move"].search_count([]), before + 1)
        self.assertEqual(self._get_return(self.transaction).state, "lost")
        self.assertFalse(self._get_todos("dispute"))
        self.assertEqual(self.invoice.recovery_case_id.state, "lost")

    def test_part_of_a_payment_is_taken_off_the_invoice(self):
        self._dispute("funds_withdrawn", amount=3001)
        self._run_cron("follow")
        record = self._get_return(self.transaction)
        self._check_invoice("partial", 30.01)
        self.assertEqual(
            self._get_lines(record.entry_id),
            sorted([(self.receivable.code, 30.01, 30.01), (self.outstanding.code, -30.01, -30.01)]),
        )
        self.assertIn(self.transaction.payment_id.state, ("paid", "in_process"))
        self._dispute("closed", status="won", later=99, amount=3001)
        self._run_cron("follow")
        self.assertEqual(self.invoice.amount_residual, 0.0)
        self.assertFalse(self._get_todos("dispute") | self._get_todos("excess"))

    def test_fraud_ends_the_card_for_every_invoice_before_money_moves(self):
        other = self._create_invoice(token=self.transaction.token_id)
        card = {"brand": "visa", "network_reason_code": "10.4"}
        self._dispute(
            "created", reason="fraudulent", payment_method_details={"type": "card", "card": card}
        )
        self._run_cron("follow")
        self._collect()
        self.assertFalse(other.transaction_ids, msg="The card is never charged again.")
        self.assertIn(self.invoice.payment_state, ("paid", "in_payment"))
        self._dispute("closed", status="won", later=99)
        self._run_cron("follow")
        self.assertFalse(self.transaction.recovery_decline, msg="It was no fraud after all.")

    def test_policy_may_recover_a_disputed_invoice_again(self):
        self.policy.dispute_action = "reopen"
        self._dispute("funds_withdrawn")
        self._run_cron("follow")
        case = self.invoice.recovery_case_id
        self.assertEqual((case.state, case.decline_class), ("in_recovery", "customer_action"))
        self.assertFalse(case.next_attempt_at, msg="It is the customer's turn.")

    def test_inquiry_that_is_closed_takes_its_alert_back(self):
        self._dispute("created", status="warning_needs_response")
        self._run_cron("follow")
        self.assertTrue(self._get_todos("dispute"))
        self._dispute("closed", status="warning_closed", later=99)
        self._run_cron("follow")
        self.assertFalse(self._get_todos("dispute"))
        self.assertIn(self.invoice.payment_state, ("paid", "in_payment"))

    @QUIET
    def test_forged_and_unknown_events_change_nothing(self):
        found = {"id": "dp_1", "payment_intent": "pi_1", "amount": 10000, "status": "lost"}
        kind = "charge.dispute.closed"
        self.assertEqual(self._send_stripe(kind, found, secret="whsec_no").status_code, 403)
        unknown = {**found, "payment_intent": "pi_2"}
        self.assertEqual(self._send_stripe(kind, unknown).status_code, 200)
        self.transaction.provider_id.stripe_webhook_secret = False
        self.assertEqual(self._send_stripe(kind, found).status_code, 403)
        self._run_cron("follow")
        self.assertFalse(self._get_return(self.transaction))

    def test_dispute_that_comes_to_our_own_address_counts_as_well(self):
        provider = self.transaction.provider_id
        path = f"/recovery/events/stripe/{provider.id}"
        found = {"id": "dp_1", "payment_intent": "pi_1", "status": "lost", "reason": "general"}
        response = self._send_stripe("charge.dispute.closed", found, path=path)
        self.assertEqual(response.status_code, 200)
        self._run_cron("follow")
        self.assertEqual(self.invoice.payment_state, "not_paid", msg="No amount: all of it.")

    def test_closed_books_move_the_entry_to_an_open_day(self):
        self.env.company.sale_lock_date = False
        self._dispute("funds_withdrawn", later=-86400 * 40)
        self._run_cron("follow")
        record = self._get_return(self.transaction)
        self.assertEqual(record.entry_id.date, self.transaction.payment_id.date)
