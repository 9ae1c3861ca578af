from datetime import date, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ..declines import read_return
from .common import RecoveryCommon

ACCOUNTANT = "account.group_account_invoice"


class ReturnCommon(RecoveryCommon):
    """Payments that arrived, of bank accounts that can be debited by SEPA."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outstanding = cls.inbound_payment_method_line.payment_account_id
        cls.receivable = cls.company_data["default_account_receivable"]

    def _create_account(self, **values):
        """Create a saved bank account whose debits arrive."""
        return self._create_card("done", **{"recovery_network": "sepa", **values})

    def _pay_invoice(self, **values):
        """Return an invoice that a charge of a saved bank account paid, and its payment."""
        invoice = self._create_invoice(token=self._create_account(), **values)
        self._collect()
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        return invoice, invoice.reconciled_payment_ids

    def _read(self, code="AM04", scheme="sepa", message=""):
        taxonomy = self.env["recovery.decline.code"]._get_taxonomy()
        return read_return(scheme, code, message, taxonomy)

    def _return(self, payment, code="AM04", scheme="sepa", on=None, **kwargs):
        return payment._recovery_return(self._read(code, scheme), on or fields.Date.today())

    def _get_lines(self, move):
        """Return the lines of an entry: account, balance, amount in currency."""
        return sorted(
            (line.account_id.code, line.balance, line.amount_currency) for line in move.line_ids
        )

    def _match_with_bank(self, move, amount, currency=None):
        """Match the outstanding line of an entry with a bank transaction."""
        transaction = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": fields.Date.today(),
                "payment_ref": "bank",
                "amount": amount,
            }
        )
        _liquidity, suspense, _other = transaction._seek_for_lines()
        suspense.account_id = self.outstanding
        line = move.line_ids.filtered(lambda line: line.account_id == self.outstanding)
        (suspense + line).reconcile()
        return line


@tagged("post_install", "-at_install")
class TestReturnBooking(ReturnCommon):
    """What a return does in the ledger."""

    def test_payment_is_reversed_on_the_date_of_return_and_the_invoice_is_open_again(self):
        with freeze_time("2026-03-02 12:00:00"):
            invoice, payment = self._pay_invoice()
        with freeze_time("2026-03-06 12:00:00"):
            entry = self._return(payment, on=date(2026, 3, 5))
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("not_paid", 100.0))
        self.assertEqual((entry.state, entry.date), ("posted", date(2026, 3, 5)))
        self.assertEqual(entry.journal_id, payment.journal_id)
        self.assertIn("AM04", entry.ref)
        self.assertEqual(
            self._get_lines(entry),
            sorted(
                [
                    (self.receivable.code, 100.0, 100.0),
                    (self.outstanding.code, -100.0, -100.0),
                ]
            ),
        )
        self.assertEqual(payment.state, "rejected")
        self.assertEqual(payment.recovery_return_move_id, entry)
        self.assertTrue(payment.is_reconciled, msg="The customer has no credit left.")

    def test_outstanding_lines_of_an_unmatched_payment_wait_for_the_bank_statement(self):
        _invoice, payment = self._pay_invoice()
        entry = self._return(payment)
        for move, residual in ((payment.move_id, 100.0), (entry, -100.0)):
            line = move.line_ids.filtered(lambda line: line.account_id == self.outstanding)
            self.assertEqual(line.amount_residual, residual)

    def test_payment_matched_with_the_bank_stays_matched_and_the_banks_debit_matches_the_return(
        self,
    ):
        invoice, payment = self._pay_invoice()
        paid_line = self._match_with_bank(payment.move_id, 100.0)
        self.assertEqual((payment.state, invoice.payment_state), ("paid", "paid"))
        entry = self._return(payment)
        self.assertEqual(paid_line.amount_residual, 0.0)
        self.assertTrue(payment.is_matched)
        returned_line = self._match_with_bank(entry, -100.0)
        self.assertEqual(returned_line.amount_residual, 0.0)
        self.assertEqual(payment.state, "rejected", msg="A match must not make it paid again.")
        self.assertEqual(invoice.amount_residual, 100.0)

    def test_bank_transaction_that_arrives_after_the_return_leaves_the_payment_rejected(self):
        _invoice, payment = self._pay_invoice()
        entry = self._return(payment)
        self._match_with_bank(payment.move_id, 100.0)
        self._match_with_bank(entry, -100.0)
        self.assertEqual(payment.state, "rejected")

    def test_all_invoices_of_the_payment_are_open_again(self):
        invoices = self._create_invoice(60.0) + self._create_invoice(40.0)
        payment = self._register(invoices, group_payment=True)
        self.assertEqual(len(payment), 1)
        self._return(payment)
        self.assertEqual(invoices.mapped("payment_state"), ["not_paid", "not_paid"])
        self.assertEqual(invoices.mapped("amount_residual"), [60.0, 40.0])

    def _register(self, invoices, **values):
        return (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({"payment_date": fields.Date.today(), **values})
            ._create_payments()
        )

    def test_partial_payment_is_taken_off_and_another_one_stays(self):
        invoice = self._create_invoice()
        kept = self._register_payment(invoice, 30.0)
        payment = self._register_payment(invoice, 50.0)
        self._return(payment)
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("partial", 70.0))
        self.assertTrue(kept.is_reconciled)

    def test_difference_that_the_payment_wrote_off_is_owed_again(self):
        invoice = self._create_invoice()
        loss = self.company_data["default_account_expense"]
        payment = self._register(
            invoice,
            amount=98.5,
            payment_difference_handling="reconcile",
            writeoff_account_id=loss.id,
        )
        self.assertEqual(invoice.amount_residual, 0.0)
        entry = self._return(payment)
        self.assertEqual(invoice.amount_residual, 100.0)
        self.assertIn((loss.code, -1.5, -1.5), self._get_lines(entry))
        self.assertIn((self.outstanding.code, -98.5, -98.5), self._get_lines(entry))

    def test_payment_in_another_currency_is_reversed_to_the_cent_in_both(self):
        currency = self.setup_other_currency(
            "EUR", rates=[("2026-03-01", 0.913), ("2026-03-10", 0.887)]
        )
        with freeze_time("2026-03-02 12:00:00"):
            invoice = self._create_invoice(99.99, currency_id=currency.id)
        before = self._get_lines(invoice)
        with freeze_time("2026-03-11 12:00:00"):
            payment = self._register(invoice)
        self.assertEqual(payment.currency_id, currency)
        self.assertEqual(invoice.payment_state, "paid")
        with freeze_time("2026-03-14 12:00:00"):
            entry = self._return(payment)
        self.assertEqual((invoice.amount_residual, invoice.payment_state), (99.99, "not_paid"))
        self.assertEqual(self._get_lines(invoice), before)
        line = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual((line.amount_residual, line.amount_residual_currency), (109.52, 99.99))
        rate = 112.73  # 99.99 at 0.887, the rate of the payment
        self.assertEqual(
            self._get_lines(entry),
            sorted([(self.receivable.code, rate, 99.99), (self.outstanding.code, -rate, -99.99)]),
        )
        balance = self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.customer.id),
                ("account_id", "=", self.receivable.id),
                ("parent_state", "=", "posted"),
            ]
        )
        self.assertEqual(
            self.env.company.currency_id.round(sum(balance.mapped("balance"))),
            109.52,
            msg="The exchange difference of the payment is taken back, too.",
        )

    def test_payment_without_an_entry_is_rejected_and_the_invoice_open_again(self):
        invoice = self._create_invoice()
        payment = self.env["account.payment"].create(
            {
                "amount": 100.0,
                "partner_id": self.customer.id,
                "journal_id": self.company_data["default_journal_bank"].id,
                "invoice_ids": [Command.set(invoice.ids)],
            }
        )
        payment.outstanding_account_id = False
        payment.action_post()
        self.assertFalse(payment.move_id)
        self.assertEqual(invoice.payment_state, "paid")  # What Community calls in payment.
        self.assertFalse(self._return(payment))
        self.assertEqual((payment.state, invoice.payment_state), ("rejected", "not_paid"))

    def test_return_is_refused_in_a_closed_period(self):
        with freeze_time("2026-03-02 12:00:00"):
            _invoice, payment = self._pay_invoice()
        self.env.company.fiscalyear_lock_date = "2026-03-31"
        with freeze_time("2026-04-03 12:00:00"):
            with self.assertRaisesRegex(UserError, "books are closed"):
                self._return(payment, on=date(2026, 3, 30))
            entry = self._return(payment, on=date(2026, 4, 1))
        self.assertEqual(entry.date, date(2026, 4, 1))

    def test_return_is_refused_twice(self):
        _invoice, payment = self._pay_invoice()
        self._return(payment)
        with self.assertRaisesRegex(UserError, "returned already"):
            self._return(payment)

    def test_return_in_the_future_or_before_the_payment_is_refused(self):
        _invoice, payment = self._pay_invoice()
        today = fields.Date.today()
        for on, message in (
            (today + timedelta(days=1), "not in the future"),
            (today - timedelta(days=1), "can't have been returned before"),
        ):
            with self.subTest(on=on), self.assertRaisesRegex(UserError, message):
                self._return(payment, on=on)

    def test_what_is_no_confirmed_customer_payment_is_refused(self):
        bank = self.company_data["default_journal_bank"]
        values = {"amount": 10.0, "partner_id": self.customer.id, "journal_id": bank.id}
        draft = self.env["account.payment"].create(values)
        refund = self.env["account.payment"].create({**values, "payment_type": "outbound"})
        refund.action_post()
        for payment in (draft, refund):
            with self.assertRaisesRegex(UserError, "not a confirmed payment of a customer"):
                self._return(payment)

    def test_return_is_told_on_the_payment_and_on_the_invoice(self):
        invoice, payment = self._pay_invoice()
        self._return(payment)
        for record in (invoice, payment):
            self.assertIn("The bank returned", record.message_ids[0].body)


@tagged("post_install", "-at_install")
class TestReturnUndone(ReturnCommon):
    """The usual means: the entry of the return is cancelled, deleted or reversed."""

    def _undo_and_check(self, undo):
        invoice, payment = self._pay_invoice()
        entry = self._return(payment, "MD07")
        attempt = invoice.recovery_attempt_ids
        case = invoice.recovery_case_id
        self.assertEqual((attempt.state, case.gated_class), ("returned", "never"))
        undo(entry)
        self.assertEqual((payment.state, payment.recovery_return_move_id.id), ("in_process", False))
        self.assertEqual((attempt.state, attempt.decline_class), ("paid", False))
        self.assertFalse(attempt.transaction_id.recovery_decline)
        self.assertEqual(case.state, "paused", msg="Nothing is charged while the credit is open.")
        self.assertIn("Assign the payment", case.attention)
        credit = payment.move_id.line_ids.filtered(lambda line: line.account_id == self.receivable)
        invoice.js_assign_outstanding_line(credit.id)
        self._run_cron("follow")
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(case.state, "recovered")
        self._return(payment)
        self.assertEqual((case.state, attempt.state), ("in_recovery", "returned"))

    def test_cancelling_the_entry_undoes_the_return(self):
        self._undo_and_check(lambda entry: entry.button_cancel())

    def test_deleting_the_entry_undoes_the_return(self):
        def delete(entry):
            entry.button_draft()
            entry.with_context(force_delete=True).unlink()

        self._undo_and_check(delete)

    def test_reversing_the_entry_undoes_the_return(self):
        self._undo_and_check(lambda entry: entry._reverse_moves(cancel=True))

    def test_payment_matched_with_the_bank_is_paid_again(self):
        _invoice, payment = self._pay_invoice()
        self._match_with_bank(payment.move_id, 100.0)
        self._return(payment).button_cancel()
        self.assertEqual(payment.state, "paid")

    def test_payment_reset_to_draft_stays_a_draft(self):
        _invoice, payment = self._pay_invoice()
        self._return(payment)
        payment.action_draft()
        self.assertEqual((payment.state, payment.move_id.state), ("draft", "draft"))


@tagged("post_install", "-at_install")
class TestReturnRecovery(ReturnCommon):
    """What a return does to attempts and cases."""

    def _charge_again(self, case):
        """Let the next charge of a case succeed."""
        self._charge_next(case)
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")
        return case.move_id.reconciled_payment_ids.filtered(
            lambda payment: payment.state != "rejected"
        )

    def test_first_charge_that_is_returned_opens_a_case_with_the_reason(self):
        invoice, payment = self._pay_invoice()
        self.assertFalse(invoice.recovery_case_id)
        self._return(payment)
        attempt, case = invoice.recovery_attempt_ids.sorted("id")[:1], invoice.recovery_case_id
        self.assertEqual((attempt.state, attempt.decline_class), ("returned", "later"))
        self.assertEqual((attempt.network, attempt.network_code), ("sepa", "AM04"))
        self.assertEqual(attempt.decline_reason_id.code, "insufficient_funds")
        self.assertEqual(attempt.transaction_id.recovery_decline["network_code"], "AM04")
        self.assertEqual(attempt.transaction_id.recovery_reason_id.code, "insufficient_funds")
        self.assertEqual((case.state, case.first_attempt_id), ("in_recovery", attempt))
        self.assertEqual(case.decline_reason_id.code, "insufficient_funds")
        self.assertEqual(case.failed_amount, 100.0)
        self.assertTrue(case.next_attempt_at, msg="Planned by the retry schedule.")

    def test_nothing_changes_when_the_job_follows_the_return(self):
        invoice, payment = self._pay_invoice()
        self._return(payment)
        case = invoice.recovery_case_id
        before = case.read(["state", "decline_class", "next_attempt_at", "first_failure_at"])
        attempts = case.attempt_ids
        self._run_cron("follow")
        self.assertEqual(
            case.read(["state", "decline_class", "next_attempt_at", "first_failure_at"]), before
        )
        self.assertEqual((case.attempt_ids, invoice.recovery_case_ids), (attempts, case))

    def test_same_case_opens_again_and_its_schedule_begins_anew(self):
        with freeze_time("2026-03-02 12:00:00"):
            invoice, case = self._fail_invoice()
            invoice.collect_token_id = self._create_account()
            payment = self._charge_again(case)
            self.assertEqual(case.recovered_amount, 100.0)
        with freeze_time("2026-03-06 12:00:00"):
            self._return(payment)
            returned = payment.payment_transaction_id.id
        self.assertEqual(invoice.recovery_case_ids, case)
        self.assertEqual((case.state, case.recovered_amount), ("in_recovery", 0.0))
        self.assertEqual(str(case.first_failure_at), "2026-03-06 12:00:00")
        self.assertEqual(case.first_attempt_id.transaction_id.id, returned)
        self.assertIn("AM04", case.end_reason)
        self.assertFalse(case.attention, msg="Whoever recorded it knows.")
        self.assertGreater(case.next_attempt_at, case.first_failure_at)

    def test_sepa_debit_is_charged_again_twice_and_then_never(self):
        with freeze_time("2026-03-02 12:00:00"):
            invoice, payment = self._pay_invoice()
        case = self.env["recovery.case"]
        for day in (5, 9):
            with self.subTest(day=day), freeze_time(f"2026-03-{day:02} 12:00:00"):
                self._return(payment)
                case = invoice.recovery_case_id
                self.assertEqual((case.state, case.gated_class), ("in_recovery", False))
                payment = self._charge_again(case)
        with freeze_time("2026-03-13 12:00:00"):
            self._return(payment)
            self.assertEqual(case.state, "in_recovery")
            self.assertFalse(case.next_attempt_at)
            self.assertEqual(case.gated_class, "never")
            rule = case.gate_rule_id
            self.assertIn(rule.name, case.gate_sentence)
            with self.assertRaises(UserError) as refusal:
                case.action_retry_now()
        self.assertIn(rule.name, str(refusal.exception))
        self.assertIn(rule.source, str(refusal.exception))

    def test_sepa_debit_is_not_charged_again_after_thirty_days(self):
        with freeze_time("2026-03-02 12:00:00"):
            invoice, payment = self._pay_invoice()
        with freeze_time("2026-04-02 12:00:00"):
            self._return(payment)
            self.assertEqual(invoice.recovery_case_id.gated_class, "never")
            self.assertTrue(invoice.recovery_case_id.gate_rule_id)

    def test_class_of_the_return_decides_what_happens(self):
        for scheme, code, reason, gated in (
            ("sepa", "MD07", "deceased", "never"),
            ("sepa", "AC04", "account_closed", "never"),
            ("sepa", "AC01", None, None),
            ("ach", "R01", "insufficient_funds", False),
            ("ach", "R02", "account_closed", "never"),
            ("bacs", "0", "refer_to_payer", False),
            ("bacs", "B", "account_closed", "never"),
            ("becs", "6", "refer_to_payer", False),
            ("pad", "901", "insufficient_funds", False),
        ):
            with self.subTest(scheme=scheme, code=code):
                token = self._create_account(recovery_network=scheme)
                invoice = self._create_invoice(token=token)
                self._collect()
                self._return(invoice.reconciled_payment_ids, code, scheme)
                case = invoice.recovery_case_id
                decline = self._read(code, scheme)
                self.assertEqual(case.state, "in_recovery")
                self.assertEqual(case.decline_reason_id.code, reason or decline.reason)
                if gated is not None:
                    self.assertEqual(case.gated_class, gated)
                self.assertEqual(bool(case.next_attempt_at), not case.gated_class)
                if case.gated_class:
                    self.assertTrue(case.gate_sentence)

    def test_closed_account_is_shut_though_a_later_debit_of_it_seemed_to_succeed(self):
        account = self._create_account()
        with freeze_time("2026-03-02 12:00:00"):
            account.recovery_updated_at = fields.Datetime.now()
            first, second = (self._create_invoice(token=account) for _turn in range(2))
            second.invoice_date_due = "2026-03-05"
            self._collect()
        with freeze_time("2026-03-05 12:00:00"):
            self._collect()
            self.assertEqual(second.recovery_attempt_ids.state, "paid")
        with freeze_time("2026-03-06 12:00:00"):
            self._return(first.reconciled_payment_ids, "AC04")
            self.assertEqual(first.recovery_case_id.gated_class, "never")
            self.assertIn("account", first.recovery_case_id.gate_sentence)

    def test_unknown_code_is_kept_and_treated_as_later(self):
        invoice, payment = self._pay_invoice()
        self._return(payment, "ZZ99")
        attempt, case = invoice.recovery_attempt_ids.sorted("id")[:1], invoice.recovery_case_id
        self.assertEqual((attempt.network_code, attempt.decline_class), ("ZZ99", "later"))
        self.assertEqual(case.decline_reason_id.code, "unknown")
        unlisted = self.env["recovery.decline.unlisted"].search([("code", "=", "ZZ99")])
        self.assertEqual(unlisted.scope, "sepa", msg="A manager is asked what it means.")

    def test_payment_recorded_by_hand_opens_a_case(self):
        invoice = self._create_invoice(token=self._create_account(), collect_automatically=False)
        payment = self._register_payment(invoice, 100.0)
        self._return(payment, "AC04")
        case = invoice.recovery_case_id
        self.assertEqual((case.state, case.decline_class), ("in_recovery", "never"))
        self.assertEqual(case.decline_reason_id.code, "account_closed")
        self.assertFalse(case.first_attempt_id)

    def test_payment_of_the_portal_opens_a_case_whose_window_begins_now(self):
        with freeze_time("2026-03-02 12:00:00"):
            invoice = self._create_invoice(collect_automatically=False)
            transaction = self._create_portal_transaction(
                invoice, provider_id=self.demo_provider.id
            )
            transaction._set_done()
            transaction._post_process()
            self._run_cron("follow")
        with freeze_time("2026-03-20 12:00:00"):
            self._return(transaction.payment_id)
            self._run_cron("follow")
        case = invoice.recovery_case_id
        self.assertEqual(case.state, "in_recovery")
        self.assertEqual(str(case.first_failure_at), "2026-03-20 12:00:00")
        self.assertEqual(case.decline_reason_id.code, "insufficient_funds")
        self.assertEqual(transaction.recovery_reason_id.code, "insufficient_funds")

    def test_each_invoice_of_the_payment_gets_its_case(self):
        invoices = self._create_invoice(60.0) + self._create_invoice(40.0)
        payment = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({"group_payment": True})
            ._create_payments()
        )
        self._return(payment)
        self.assertEqual(invoices.recovery_case_id.mapped("failed_amount"), [60.0, 40.0])

    def test_invoice_that_is_paid_otherwise_has_nothing_to_recover(self):
        invoice, payment = self._pay_invoice()
        line = payment.move_id.line_ids.filtered(lambda line: line.account_id == self.receivable)
        line.remove_move_reconcile()
        self._register_payment(invoice, 100.0)
        self._return(payment)
        self.assertFalse(invoice.recovery_case_id)
        self.assertEqual(payment.state, "rejected")

    def test_credited_invoice_has_nothing_to_recover(self):
        invoice, payment = self._pay_invoice()
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        reversal.refund_moves()
        credit = self.env["account.move"].browse(reversal.new_move_ids.ids)
        credit.action_post()
        line = payment.move_id.line_ids.filtered(lambda line: line.account_id == self.receivable)
        line.remove_move_reconcile()
        (invoice + credit).line_ids.filtered(
            lambda line: line.account_id == self.receivable
        ).reconcile()
        self.assertEqual(invoice.payment_state, "reversed")
        self._return(payment)
        self.assertFalse(invoice.recovery_case_id)

    def test_case_that_was_given_up_stays_lost(self):
        invoice, case = self._fail_invoice()
        payment = self._register_payment(invoice, 30.0)
        case.action_stop()
        self._return(payment)
        self._run_cron("follow")
        self.assertEqual((case.state, invoice.recovery_case_ids), ("lost", case))

    def test_open_case_takes_the_reason_of_a_partial_payment_that_is_returned(self):
        invoice, case = self._fail_invoice()
        payment = self._register_payment(invoice, 30.0)
        self._run_cron("follow")
        self.assertEqual(case.recovered_amount, 30.0)
        self._return(payment, "AC04")
        self.assertEqual((case.state, case.recovered_amount), ("in_recovery", 0.0))
        self.assertEqual(case.decline_reason_id.code, "account_closed")

    def test_no_policy_no_case(self):
        self.policy.action_archive()
        invoice, payment = self._pay_invoice()
        self._return(payment)
        self.assertFalse(invoice.recovery_case_id)
        self.assertEqual(invoice.recovery_attempt_ids.state, "returned")

    def test_suspended_invoice_is_not_charged(self):
        invoice, case = self._fail_invoice()
        payment = self._register_payment(invoice, 100.0)
        self._run_cron("follow")
        invoice.line_ids.no_followup = True
        self._return(payment)
        self.assertEqual((case.state, case.next_attempt_at), ("suspended", False))

    def test_timeline_shows_the_returned_charge(self):
        invoice, payment = self._pay_invoice()
        self._return(payment)
        self.env.invalidate_all()
        line = invoice.recovery_case_id.timeline_ids.filtered(lambda line: line.state == "returned")
        self.assertEqual(len(line), 1)
        self.assertIn("AM04", line.sentence)
        states = dict(line._fields["state"]._description_selection(self.env))
        self.assertEqual(states["returned"], "Returned")

    def test_customer_hears_of_it_unless_the_trouble_is_technical(self):
        template = self.env.ref("revenue_recovery.mail_template_payment_failed")
        self.policy.step_ids = [Command.create({"name": "Failed", "mail_template_id": template.id})]
        for code, notices in (("AM04", 1), ("ED05", 0)):
            with self.subTest(code=code):
                invoice, payment = self._pay_invoice()
                self._return(payment, code)
                self.assertEqual(len(invoice.recovery_case_id.notice_ids), notices)


@tagged("post_install", "-at_install")
class TestReturnWizard(ReturnCommon):
    """The dialog of the accountant."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = new_test_user(
            cls.env,
            "return accountant",
            ACCOUNTANT,
            company_id=cls.env.company.id,
            company_ids=[Command.set(cls.env.company.ids)],
        )

    def _open(self, record, user=None):
        wizards = self.env["recovery.return.wizard"].with_user(user or self.accountant)
        self.env.invalidate_all()
        return Form(wizards.with_context(active_model=record._name, active_id=record.id))

    def test_accountant_records_a_return_from_invoice_and_payment(self):
        for name in ("account.move", "account.payment"):
            with self.subTest(model=name):
                invoice, payment = self._pay_invoice()
                form = self._open(invoice if name == "account.move" else payment)
                self.assertEqual((form.payment_id, form.scheme), (payment, "sepa"))
                form.code = " am04 "
                self.assertEqual(form.meaning, "Not enough money")
                self.assertIn(invoice.name, form.consequences)
                self.assertIn("debited again by the retry schedule", form.consequences)
                message = form.save().action_confirm()["params"]["message"]
                self.assertIn(f"{invoice.name} is charged again on", message)
                self.assertEqual(payment.state, "rejected")
                self.assertEqual(invoice.recovery_case_id.state, "in_recovery")
                attempt = invoice.recovery_case_id.first_attempt_id
                self.assertEqual(attempt.network_code, "AM04")

    def test_accountant_records_a_return_from_a_case(self):
        invoice, case = self._fail_invoice()
        payment = self._register_payment(invoice, 100.0)
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")
        form = self._open(case)
        self.assertEqual(form.payment_id, payment)
        form.scheme = "sepa"
        form.code = "AC04"
        form.message = "Letter of the bank"
        form.save().action_confirm()
        self.assertEqual((case.state, case.decline_class), ("in_recovery", "never"))
        self.assertIn("Letter of the bank", case.end_reason)

    def test_one_of_several_payments_is_chosen(self):
        invoice = self._create_invoice()
        first = self._register_payment(invoice, 30.0)
        second = self._register_payment(invoice, 70.0)
        form = self._open(invoice)
        self.assertFalse(form.payment_id)
        self.assertEqual(set(form.payment_ids.ids), {first.id, second.id})
        form.payment_id = second
        form.code = "AM04"
        form.save().action_confirm()
        self.assertEqual(invoice.amount_residual, 70.0)
        self.assertEqual(self._open(invoice).payment_id, first, msg="The other can't come again.")

    def test_scheme_is_proposed(self):
        for network, method, currency, scheme in (
            ("bacs", None, "USD", "bacs"),
            (None, "becs_direct_debit", "USD", "becs"),
            (None, None, "USD", "ach"),
            ("visa", None, "EUR", "sepa"),
        ):
            with self.subTest(scheme=scheme):
                values = {"recovery_network": network}
                if method:
                    found = self.env["payment.method"].with_context(active_test=False)
                    method = found.search([("code", "=", method)], limit=1)
                    values["payment_method_id"] = method.id
                token = self._create_card("done", **values)
                currency = (
                    self.env["res.currency"]
                    .with_context(active_test=False)
                    .search([("name", "=", currency)])
                )
                payment = self.env["account.payment"].new(
                    {"payment_token_id": token.id, "currency_id": currency.id}
                )
                self.assertEqual(payment._recovery_guess_scheme(), scheme)

    def test_unknown_code_is_accepted_with_a_note(self):
        _invoice, payment = self._pay_invoice()
        form = self._open(payment)
        form.code = "ZZ99"
        self.assertIn("not known", form.meaning)
        form.save().action_confirm()
        self.assertEqual(payment.state, "rejected")

    def test_code_of_blanks_is_refused(self):
        _invoice, payment = self._pay_invoice()
        form = self._open(payment)
        form.code = "   "
        with self.assertRaisesRegex(UserError, "return code"):
            form.save().action_confirm()

    def test_invoice_without_payment_offers_none(self):
        invoice = self._create_invoice()
        form = self._open(invoice)
        self.assertFalse(form.payment_ids.ids)
        form.code = "AM04"
        with self.assertRaisesRegex(AssertionError, "payment_id is a required field"):
            form.save()

    def test_long_and_odd_codes_do_no_harm(self):
        for code in ("A" * 500, "\u0000AM04", "<b>AM04</b>", "💥"):
            with self.subTest(code=code[:10]):
                invoice, payment = self._pay_invoice()
                wizard = self.env["recovery.return.wizard"].create(
                    {"payment_id": payment.id, "scheme": "sepa", "code": code.replace("\0", "")}
                )
                wizard.action_confirm()
                self.assertEqual(invoice.recovery_case_id.decline_class, "later")
                self.assertNotIn("<b>", invoice.message_ids[0].body)

    def test_who_may_not_register_payments_may_not_record_returns(self):
        _invoice, payment = self._pay_invoice()
        portal = new_test_user(self.env, "return portal", "base.group_portal")
        reader = new_test_user(self.env, "return reader", "account.group_account_readonly")
        for user in (portal, reader):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._open(payment, user)
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                payment.with_user(user)._recovery_return(self._read(), fields.Date.today())
        self.assertEqual(payment.state, "paid")

    def test_accountant_of_another_company_may_not_record_returns(self):
        _invoice, payment = self._pay_invoice()
        company = self._create_company(name="Other")
        stranger = new_test_user(
            self.env,
            "return stranger",
            ACCOUNTANT,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        with self.assertRaises(AccessError):
            self._open(payment, stranger)
        wizards = self.env["recovery.return.wizard"].with_user(stranger)
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            wizards.create(
                {"payment_id": payment.id, "scheme": "sepa", "code": "AM04"}
            ).action_confirm()
        self.assertEqual(payment.state, "paid")
