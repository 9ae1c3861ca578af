# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import hashlib
import hmac
import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .taken_common import TakenBackCommon
from .test_taken_back import QUIET


@tagged("post_install", "-at_install")
class TestAdyen(TakenBackCommon):
    """Adyen: disputes that go back and forth, captures that fail, and no draft refund left."""

    def setUp(self):
        super().setUp()
        self.invoice, self.transaction = self._pay_through_adyen()

    def _send(self, kind, **values):
        self.assertEqual(self._send_adyen(kind, **values).status_code, 200)
        self._run_cron("follow")
        return self._get_return(self.transaction)

    def test_dispute_is_announced_booked_won_and_lost_in_the_second_round(self):
        outstanding = self._get_balance(self.outstanding)
        deadline = (fields.Datetime.now() + timedelta(days=18)).replace(microsecond=0)
        record = self._send(
            "NOTIFICATION_OF_CHARGEBACK",
            additionalData={
                "chargebackReasonCode": "10.4",
                "chargebackSchemeCode": "visa",
                "defensePeriodEndsAt": f"{deadline.isoformat()}+00:00",
            },
        )
        self.assertEqual((record.state, record.deadline_at), ("opened", deadline))
        self.assertEqual((record.code, record.reason_id.code), ("10.4", "fraudulent"))
        self.assertEqual(self.invoice.amount_residual, 0.0)
        steps = (
            ("CHARGEBACK", 61, "taken", 100.0),
            ("CHARGEBACK_REVERSED", 900, "won", 0.0),
            ("CHARGEBACK", 61, "won", 0.0),
            ("SECOND_CHARGEBACK", 1800, "lost", 100.0),
            ("CHARGEBACK_REVERSED", 900, "lost", 100.0),
        )
        for kind, later, state, residual in steps:
            with self.subTest(kind=kind, later=later):
                record = self._send(kind, later=later)
                self.assertEqual((len(record), record.state), (1, state))
                self.assertEqual(self.invoice.amount_residual, residual)
        self.assertEqual(self._get_balance(self.outstanding), outstanding - 100.0)
        self.assertEqual(record.reason_id.code, "fraudulent")
        self.assertFalse(self.transaction.child_transaction_ids, msg="No draft refund is left.")
        self.assertEqual(self.invoice.recovery_case_id.state, "lost")

    @mute_logger("odoo.addons.payment_adyen.models.payment_transaction")
    def test_capture_that_fails_opens_a_case_and_is_tried_again(self):
        record = self._send("CAPTURE_FAILED", pspReference="CAP1", reason="Capture Failed")
        self.assertEqual((record.kind, record.booked_amount), ("failed", 100.0))
        case = self.invoice.recovery_case_id
        self.assertEqual((case.state, self.invoice.amount_residual), ("in_recovery", 100.0))
        self.assertTrue(case.next_attempt_at)

    def test_returned_debit_is_read_by_the_banks_code(self):
        record = self._send(
            "CHARGEBACK", paymentMethod="sepadirectdebit", reason="AM04:Insufficient Funds"
        )
        self.assertEqual((record.kind, record.code), ("failed", "AM04"))
        self.assertEqual(record.reason_id.code, "insufficient_funds")
        self.assertEqual(self.invoice.recovery_case_id.state, "in_recovery")

    def test_refund_from_the_providers_side_is_booked_once(self):
        for _turn in range(2):
            self._send("REFUND", pspReference="REF1", amount=4000)
        refund = self.transaction.child_transaction_ids
        self.assertEqual((len(refund), refund.state, refund.amount), (1, "done", -40.0))
        self.assertEqual(refund.payment_id.amount, 40.0)
        self.assertEqual(self.invoice.amount_residual, 0.0, msg="Nobody is dunned.")
        self.assertFalse(self.invoice.recovery_case_id)

    def test_refund_that_comes_back_counts_no_more(self):
        outstanding = self._get_balance(self.outstanding)
        self._send("REFUND", pspReference="REF1", amount=4000)
        self.assertEqual(self._get_balance(self.outstanding), outstanding - 40.0)
        record = self._send("REFUNDED_REVERSED", pspReference="REF1", amount=4000, later=99)
        refund = self.transaction.child_transaction_ids
        self.assertEqual((len(refund), refund.state, record.state), (1, "error", "won"))
        self.assertEqual(self._get_balance(self.outstanding), outstanding)
        self.assertEqual(len(self._get_todos("refund")), 1)

    @QUIET
    def test_forged_dispute_changes_nothing(self):
        response = self._send_adyen("CHARGEBACK", key="00" * 32)
        self.assertEqual(response.status_code, 403)
        self._run_cron("follow")
        self.assertFalse(self._get_return(self.transaction))

    @QUIET
    def test_dispute_of_an_unknown_payment_leaves_nothing(self):
        count = self.env["payment.transaction"].search_count([])
        self._send("CHARGEBACK", originalReference="PSP9")
        self.assertEqual(self.env["payment.transaction"].search_count([]), count)


@tagged("post_install", "-at_install")
class TestWorldline(TakenBackCommon):
    """Worldline: what the status of a payment tells."""

    def setUp(self):
        super().setUp()
        self.invoice, self.transaction = self._pay_through_worldline()

    def _send(self, status, **values):
        self.assertEqual(self._send_worldline(status, **values).status_code, 200)
        self._run_cron("follow")
        return self._get_return(self.transaction)

    def test_chargeback_is_booked_and_closed_as_disputed(self):
        record = self._send("CHARGEBACKED")
        self.assertEqual((record.kind, record.state), ("dispute", "taken"))
        self.assertEqual(record.reason_id.code, "disputed")
        self.assertEqual(self.invoice.amount_residual, 100.0)
        self.assertEqual(self.invoice.recovery_case_id.state, "lost")
        self.assertEqual(self.transaction.state, "done")

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_rejected_capture_is_tried_again(self):
        record = self._send(
            "REJECTED_CAPTURE", statusOutput={"errors": [{"errorCode": "30511001"}]}
        )
        self.assertEqual((record.kind, record.reason_id.code), ("failed", "insufficient_funds"))
        case = self.invoice.recovery_case_id
        self.assertEqual((case.state, self.invoice.amount_residual), ("in_recovery", 100.0))

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_old_news_of_a_try_before_the_one_that_succeeded_is_no_return(self):
        record = self._send("REJECTED_CAPTURE", later=-60)
        self.assertFalse(record)
        self.assertEqual(self.invoice.amount_residual, 0.0)

    def test_refund_that_no_addon_knows_is_booked_as_odoo_books_refunds(self):
        outstanding = self._get_balance(self.outstanding)
        for _turn in range(2):
            self._send("REFUNDED", kind="refund", id="3136405348_2")
        refund = self.transaction.child_transaction_ids
        self.assertEqual((len(refund), refund.state, refund.amount), (1, "done", -100.0))
        self.assertEqual(self._get_balance(self.outstanding), outstanding - 100.0)
        self.assertFalse(self.invoice.recovery_case_id)

    @QUIET
    def test_forged_chargeback_changes_nothing(self):
        self.assertEqual(self._send_worldline("CHARGEBACKED", secret="x").status_code, 403)
        self.assertFalse(self._get_return(self.transaction))


@tagged("post_install", "-at_install")
class TestRefund(TakenBackCommon):
    """A refund counts as recovered no more, and dunning does not begin again."""

    def setUp(self):
        super().setUp()
        self.invoice, self.transaction = self._pay_through_stripe()

    def _recover(self):
        """Return the case of an invoice that was recovered by a charge through Stripe."""
        invoice, case = self._fail_invoice()
        invoice.collect_token_id = self._create_card("done")
        self._charge_next(case)
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")
        transaction = invoice.transaction_ids.filtered(lambda each: each.state == "done")
        transaction.write(
            {"provider_id": self.transaction.provider_id.id, "provider_reference": "pi_2"}
        )
        return case, transaction

    def _refund(self, amount, status="succeeded", kind="refund.created", later=60, **values):
        """Send an event about a refund at Stripe: API reference, "The Refund object"."""
        found = {
            "id": "re_1",
            "object": "refund",
            "amount": amount,
            "currency": "usd",
            "payment_intent": "pi_2",
            "status": status,
            **values,
        }
        self.assertEqual(self._send_stripe(kind, found, later).status_code, 200)
        self._run_cron("follow")

    def test_partial_refund_lessens_what_was_recovered(self):
        case, transaction = self._recover()
        self.assertEqual(case.recovered_amount, 100.0)
        self._refund(2500)
        self.env.invalidate_all()
        self.assertEqual((case.state, case.recovered_amount), ("recovered", 75.0))
        self.assertEqual(sum(case.settlement_ids.mapped("amount")), 75.0)
        self.assertEqual(case.move_id.amount_residual, 0.0)
        self.assertEqual(transaction.child_transaction_ids.payment_id.payment_type, "outbound")
        row = self.env["recovery.revenue.report"].search([("case_id", "=", case.id)])
        self.assertEqual((row.recovered_amount, row.recovered_company_amount), (75.0, 75.0))
        self.assertEqual(row.received_amount, 100.0, msg="What the entry says came in.")
        row = self.env["recovery.case.report"].search([("case_id", "=", case.id)])
        self.assertEqual((row.asked_amount, row.refunded_amount), (100.0, 25.0))
        self.assertEqual((row.credited_amount, row.corrected_amount), (0.0, 0.0))
        self.assertEqual((row.failed_amount, row.recovered_amount), (75.0, 75.0))
        self.assertEqual((row.lost_amount, row.in_recovery_amount), (0.0, 0.0))

    def test_full_refund_leaves_nothing_recovered_and_nobody_dunned(self):
        case, transaction = self._recover()
        self._refund(10000)
        self.env.invalidate_all()
        self.assertEqual((case.state, case.recovered_amount), ("cancelled", 0.0))
        self.assertIn("refunded", case.end_reason)
        self.assertEqual(sum(case.settlement_ids.mapped("amount")), 0.0)
        for _turn in range(2):
            self._collect()
        self.assertEqual(case.move_id.transaction_ids, transaction | case.move_id.transaction_ids)
        self.assertEqual(case.state, "cancelled")

    def test_refund_that_fails_counts_as_recovered_again(self):
        case, _transaction = self._recover()
        self._refund(10000)
        self._refund(10000, status="failed", kind="refund.failed", later=90)
        self.env.invalidate_all()
        self.assertEqual((case.state, case.recovered_amount), ("recovered", 100.0))
        self.assertEqual(len(self._get_todos("refund")), 1)

    def test_refund_told_by_both_kinds_of_events_is_one(self):
        case, transaction = self._recover()
        refund = {"id": "re_1", "amount": 2500, "currency": "usd", "status": "succeeded"}
        charge = {
            "id": "ch_2",
            "payment_intent": "pi_2",
            "description": transaction.reference,
            "refunds": {"data": [refund], "has_more": False},
        }
        self._send_stripe("charge.refunded", charge)
        self._refund(2500)
        self.env.invalidate_all()
        self.assertEqual(transaction.child_transaction_ids.mapped("state"), ["done"])
        self.assertEqual(case.recovered_amount, 75.0)

    def test_refund_under_way_waits_for_its_end(self):
        case, transaction = self._recover()
        self._refund(2500, status="pending")
        self.assertFalse(transaction.child_transaction_ids)
        self._refund(2500, kind="refund.updated", later=90)
        self.assertEqual(transaction.child_transaction_ids.state, "done")

    def test_refund_that_odoo_asked_for_is_not_made_twice(self):
        _case, transaction = self._recover()
        child = transaction._create_child_transaction(25.0, is_refund=True)
        self._refund(2500)
        self.assertEqual(transaction.child_transaction_ids, child)
        self.assertEqual((child.state, child.provider_reference), ("done", "re_1"))


@tagged("post_install", "-at_install")
class TestOthers(TakenBackCommon):
    """Debits that fail late, other providers, other currencies, and what can't be booked."""

    def test_debit_that_fails_after_it_had_succeeded_is_tried_again(self):
        invoice, transaction = self._pay_through_stripe()
        intent = {
            "id": "pi_1",
            "amount": 10000,
            "currency": "usd",
            "description": transaction.reference,
            "payment_method": "pm_1",
            "payment_method_types": ["us_bank_account"],
            "status": "requires_payment_method",
            "last_payment_error": {
                "code": "payment_intent_payment_attempt_failed",
                "message": "The customer's account has insufficient funds.",
                "payment_method": {"type": "us_bank_account"},
            },
        }
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            self._send_stripe("payment_intent.payment_failed", intent, later=90)
        self._run_cron("follow")
        record = self._get_return(transaction)
        self.assertEqual((record.kind, record.booked_amount), ("failed", 100.0))
        self.assertEqual(invoice.recovery_case_id.state, "in_recovery")
        self.assertEqual(invoice.recovery_attempt_ids.sorted("id")[:1].state, "returned")

    def test_dispute_for_want_of_money_is_a_returned_debit(self):
        invoice, transaction = self._pay_through_stripe()
        self._dispute(
            "closed", status="lost", reason="insufficient_funds", payment_method_details={}
        )
        self._run_cron("follow")
        record = self._get_return(transaction)
        self.assertEqual((record.kind, record.reason_id.code), ("failed", "insufficient_funds"))
        case = invoice.recovery_case_id
        self.assertEqual((case.state, bool(case.next_attempt_at)), ("in_recovery", True))

    def test_mercado_pago_tells_when_its_payment_is_fetched(self):
        country = self.env.ref("base.mx")
        invoice, transaction = self._pay_through(
            "mercado_pago", "77", mercado_pago_account_country_id=country.id
        )
        payment = {
            "id": 77,
            "external_reference": transaction.reference,
            "status": "charged_back",
            "status_detail": "in_process",
            "transaction_amount": 100.0,
            "currency_id": "USD",
            "date_last_updated": "2099-01-01T10:00:00.000-04:00",
        }
        with (
            mute_logger("odoo.addons.payment.models.payment_transaction"),
            mute_logger("odoo.addons.payment_mercado_pago.models.payment_transaction"),
            patch.object(type(transaction), "_send_api_request", return_value=payment),
        ):
            self._post(
                f"/payment/mercado_pago/webhook/{transaction.reference.replace('/', '-')}",
                {"action": "payment.updated", "data": {"id": "77"}},
            )
            transaction._process("mercado_pago", payment)
        self._run_cron("follow")
        self.assertEqual(self._get_return(transaction).state, "taken")
        self.assertEqual(invoice.amount_residual, 100.0)

    def _send_razorpay(self, kind, **payload):
        """Send a webhook of Razorpay: "Disputes Webhook Events", "Validate webhooks"."""
        at = int(self._get_instant(60).timestamp())
        body = {"event": kind, "created_at": at, "payload": payload}
        digest = hmac.new(b"secret", json.dumps(body).encode(), hashlib.sha256).hexdigest()
        return self._post("/payment/razorpay/webhook", body, {"X-Razorpay-Signature": digest})

    def test_razorpay_tells_of_disputes_and_refunds(self):
        invoice, transaction = self._pay_through("razorpay", "pay_1")
        dispute = {
            "id": "disp_1",
            "payment_id": "pay_1",
            "amount": 10000,
            "amount_deducted": 10000,
            "currency": "USD",
            "reason_code": "chargeback",
        }
        response = self._send_razorpay("payment.dispute.lost", dispute={"entity": dispute})
        self.assertEqual(response.status_code, 200)
        self._run_cron("follow")
        self.assertEqual(self._get_return(transaction).state, "lost")
        self.assertEqual(invoice.amount_residual, 100.0)
        _invoice, transaction = self._pay_invoice_of(100.0)
        transaction.write({"provider_id": self._find("razorpay"), "provider_reference": "pay_2"})
        refund = {
            "id": "rfnd_1",
            "payment_id": "pay_2",
            "amount": 5000,
            "currency": "USD",
            "status": "processed",
        }
        for _turn in range(2):
            self._send_razorpay("refund.processed", refund={"entity": refund})
            self._run_cron("follow")
        self.assertIn(-50.0, transaction.child_transaction_ids.mapped("amount"))
        self.assertEqual(len(transaction.child_transaction_ids), 1)

    def _find(self, code):
        providers = self.env["payment.provider"]
        return providers.search(
            [("code", "=", code), ("company_id", "=", self.env.company.id)], limit=1
        ).id

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_xendit_tells_of_refunds(self):
        _invoice, transaction = self._pay_through("xendit", "inv-1", xendit_webhook_token="tok")
        refund = {"id": "rfd-1", "invoice_id": "inv-1", "amount": 40, "currency": "USD"}
        payload = {"event": "refund.succeeded", "data": refund}
        for token, status in (("no", 403), ("tok", 200)):
            with QUIET:
                response = self._post(
                    "/payment/xendit/webhook", payload, {"x-callback-token": token}
                )
            self.assertEqual(response.status_code, status)
        self._run_cron("follow")
        self.assertEqual(transaction.child_transaction_ids.mapped("amount"), [-40.0])

    def test_amount_in_another_currency_is_the_whole_payment_or_a_question(self):
        self.env["res.currency.rate"].search([]).unlink()
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "rate": 0.5, "name": "2020-01-01"}
        )
        for amount, residual, asked in ((4900, 100.0, 0), (1000, 0.0, 1)):
            with self.subTest(amount=amount):
                invoice, transaction = self._pay_through_stripe()
                self._dispute("funds_withdrawn", amount=amount, currency="eur", id=f"dp_{amount}")
                with mute_logger("odoo.addons.revenue_recovery.tools.jobs"):
                    self._run_cron("follow")
                self.assertEqual(invoice.amount_residual, residual)
                self.assertEqual(len(self._get_todos("booking")), asked)
                transaction.provider_reference = "done"

    def test_payment_in_another_currency_is_taken_back_in_part_at_its_own_rate(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "rate": 0.8, "name": "2020-01-01"}
        )
        receivable = self._get_balance(self.receivable)
        invoice, transaction = self._pay_through_stripe(currency=euro)
        self._dispute("funds_withdrawn", amount=3000, currency="eur")
        self._run_cron("follow")
        record = self._get_return(transaction)
        self.assertEqual(invoice.amount_residual, 30.0)
        balance = self.env.company.currency_id.round(
            30.0 / 100.0 * abs(transaction.payment_id._seek_for_lines()[1].balance)
        )
        self.assertEqual(
            self._get_lines(record.entry_id),
            sorted(
                [
                    (self.receivable.code, balance, 30.0),
                    (self.outstanding.code, -balance, -30.0),
                ]
            ),
        )
        self._dispute("closed", status="won", amount=3000, currency="eur", later=99)
        self._run_cron("follow")
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(self._get_balance(self.receivable), receivable)

    def test_payment_that_was_returned_by_hand_is_not_booked_twice(self):
        invoice, transaction = self._pay_through_stripe()
        wizard = self.env["recovery.return.wizard"].create(
            {"payment_id": transaction.payment_id.id, "scheme": "visa", "code": "13.1"}
        )
        wizard.action_confirm()
        self._run_cron("follow")
        count = self.env["account.move"].search_count([])
        self._dispute("funds_withdrawn")
        self._run_cron("follow")
        record = self._get_return(transaction)
        self.assertEqual(self.env["account.move"].search_count([]), count)
        self.assertEqual((len(record), record.reference, record.state), (1, "dp_1", "taken"))
        self.assertEqual(invoice.recovery_case_id.state, "lost")

    def test_chargeback_recorded_by_hand_reads_the_networks_codes(self):
        invoice, transaction = self._pay_through_stripe()
        transaction.token_id.recovery_network = "mastercard"
        wizard = self.env["recovery.return.wizard"].create(
            {"payment_id": transaction.payment_id.id, "code": "4837"}
        )
        self.assertEqual(wizard.scheme, "mastercard")
        self.assertEqual(wizard.meaning, "Fraud")
        self.assertIn("not charged again", wizard.consequences)
        wizard.action_confirm()
        self.assertEqual(invoice.recovery_case_id.state, "lost")
        self.assertEqual(transaction._recovery_get_decline().decline_class, "never")
        self._run_cron("follow")
        self.assertEqual(len(self._get_todos("dispute")), 1)
        transaction.payment_id.recovery_return_move_id.line_ids.remove_move_reconcile()
        self._run_cron("follow")
        self.assertFalse(self._get_todos("dispute"), msg="A person took it back.")
        self.assertEqual(self._get_return(transaction).state, "won")
        self.assertFalse(invoice._get_dispute_block())

    def test_dispute_before_the_payment_is_booked_waits_for_it(self):
        invoice, transaction = self._pay_through_stripe()
        payment = transaction.payment_id
        transaction.payment_id = False
        self._dispute("funds_withdrawn")
        self._run_cron("follow")
        record = self._get_return(transaction)
        self.assertEqual((record.is_due, record.booked_amount), (True, 0.0))
        self.assertTrue(self._get_todos("dispute"))
        transaction.payment_id = payment
        record.not_before = False
        self._run_cron("follow")
        self.assertEqual((record.is_due, record.booked_amount), (False, 100.0))
        self.assertEqual(invoice.amount_residual, 100.0)

    def test_returns_are_read_by_the_recovery_group_of_the_company_and_edited_by_nobody(self):
        _invoice, transaction = self._pay_through_stripe()
        self._dispute("created")
        record = self._get_return(transaction)
        reader = new_test_user(self.env, "taken reader", "revenue_recovery.group_recovery_user")
        self.assertTrue(record.with_user(reader).read(["state", "deadline_at"]))
        for values in ({"state": "won"}, {"deadline_at": False}):
            with self.assertRaises(AccessError):
                record.with_user(reader).write(values)
        nobody = new_test_user(self.env, "taken nobody", "base.group_user")
        with self.assertRaises(AccessError):
            record.with_user(nobody).read(["state"])
        company = self._create_company(name="Other")
        stranger = new_test_user(
            self.env,
            "taken stranger",
            "revenue_recovery.group_recovery_user",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(record.with_user(stranger).search([("id", "=", record.id)]))
