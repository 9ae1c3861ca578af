# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import base64
from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..case.test_return import ReturnCommon
from .return_files import IBAN, Entry, write_camt, write_pain


class ReturnFileCommon(ReturnCommon):
    """A bank whose files tell of debits that it did not pay, read by the OCA's addons."""

    NOW = "2026-03-06 12:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.journal = cls.company_data["default_journal_bank"]
        # In sudo mode: accountants of customers' invoices may not create the company's accounts.
        account_sudo = (
            cls.env["res.partner.bank"]
            .sudo()
            .create({"acc_number": IBAN, "partner_id": cls.env.company.partner_id.id})
        )
        cls.journal.sudo().bank_account_id = account_sudo
        cls.currency_name = cls.env.company.currency_id.name

    def _entry(self, payment, code="AM04", **values):
        """Return what the bank says of a debit, by the reference that was charged."""
        reference = payment if isinstance(payment, str) else self._get_reference(payment)
        return Entry(reference, code=code, **{"currency": self.currency_name, **values})

    def _get_reference(self, payment):
        return payment.payment_transaction_id.reference

    def _import(self, file, **values):
        """Return the bank returns that a file becomes, its entries matched."""
        before = self.env["payment.return"].search([])
        self.env["payment.return.import"].create(
            {"data_file": base64.b64encode(file), **values}
        ).import_file()
        return self.env["payment.return"].search([]) - before

    def _book(self, file):
        """Import a file and confirm it; return the bank return."""
        record = self._import(file)
        for each in record.filtered(lambda each: each.state == "draft"):
            each.action_confirm()
        return record

    def _get_text(self, record):
        return " ".join(record.message_ids.mapped("body"))


@tagged("post_install", "-at_install")
class TestReturnFile(ReturnFileCommon):
    """Each entry of a file ends where one recorded by hand ends."""

    def test_entry_of_either_file_opens_the_case_with_the_banks_reason(self):
        for write in (write_pain, write_camt):
            with self.subTest(file=write.__name__):
                invoice, payment = self._pay_invoice()
                record = self._book(write(self._entry(payment, message="no cover")))
                self.assertEqual((record.state, record.date), ("done", date(2026, 3, 6)))
                self.assertEqual(payment.recovery_return_move_id, record.move_id)
                self.assertEqual(payment.state, "rejected")
                self.assertEqual(invoice.amount_residual, 100.0)
                attempt, case = (
                    invoice.recovery_attempt_ids.sorted("id")[0],
                    invoice.recovery_case_id,
                )
                self.assertEqual((attempt.state, attempt.network_code), ("returned", "AM04"))
                self.assertEqual(attempt.decline_reason_id.code, "insufficient_funds")
                self.assertIn("no cover", attempt.sentence)
                self.assertEqual((case.state, case.decline_class), ("in_recovery", "later"))
                self.assertTrue(case.next_attempt_at)

    def test_file_and_hand_lead_to_the_same_end(self):
        for code in ("AM04", "AC04", "MS03", "MD01", "AC01", "MD06", "AG01"):
            with self.subTest(code=code):
                (by_file, filed), (by_hand, handed) = self._pay_invoice(), self._pay_invoice()
                self._book(write_pain(self._entry(filed, code), name=f"P{code}"))
                self._return(handed, code, on=date(2026, 3, 6))
                self.assertEqual(self._read_end(by_file), self._read_end(by_hand))
                for payment in (filed, handed):
                    entry = payment.recovery_return_move_id
                    self.assertEqual(entry.line_ids.account_id, self.receivable + self.outstanding)

    def _read_end(self, invoice):
        case, attempt = invoice.recovery_case_id, invoice.recovery_attempt_ids.sorted("id")[0]
        return (
            invoice.payment_state,
            invoice.amount_residual,
            case.state,
            case.decline_class,
            case.decline_reason_id,
            bool(case.next_attempt_at),
            attempt.state,
            attempt.network_code,
            invoice.reconciled_payment_ids.mapped("state"),
        )

    def test_case_that_was_recovered_opens_again_and_one_given_up_stays_lost(self):
        invoice, case = self._fail_invoice()
        invoice.collect_token_id = self._create_account()
        self._charge_next(case)
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")
        lost_invoice, lost = self._fail_invoice()
        late = self._register_payment(lost_invoice, 40.0)
        late.memo = "LATE1"
        lost.action_stop()
        payment = invoice.reconciled_payment_ids
        self._book(write_camt(self._entry(payment), self._entry("LATE1", amount=40.0)))
        self.assertEqual(case.state, "in_recovery")
        self.assertEqual((lost.state, lost_invoice.amount_residual), ("lost", 100.0))

    def test_entries_of_several_invoices_and_customers_are_each_followed(self):
        other = self.customer.copy({"name": "Other"})
        paid = [self._pay_invoice(amount=70.0), self._pay_invoice(amount=30.0)]
        token = self._create_account(partner_id=other.id)
        invoice = self._create_invoice(token=token, partner_id=other.id)
        self._collect()
        paid.append((invoice, invoice.reconciled_payment_ids))
        codes = ("AM04", "AC04", "MD01")
        file = write_pain(
            *(
                self._entry(payment, code, amount=payment.amount)
                for (_invoice, payment), code in zip(paid, codes, strict=True)
            )
        )
        record = self._book(file)
        self.assertEqual(len(record.move_id.line_ids), 4)
        for (invoice, _payment), code in zip(paid, codes, strict=True):
            self.assertEqual(invoice.recovery_attempt_ids.sorted("id")[0].network_code, code)
            self.assertEqual(invoice.amount_residual, invoice.amount_total)
            self.assertEqual(invoice.recovery_case_id.state, "in_recovery")

    def test_reason_is_the_one_of_the_code_not_one_whose_name_contains_it(self):
        for code in ("CUST", "NARR", "CURR"):
            invoice, payment = self._pay_invoice()
            record = self._book(write_camt(self._entry(payment, code), name=f"N{code}"))
            self.assertEqual(record.line_ids.reason_id.code, code)
            self.assertEqual(invoice.recovery_attempt_ids.sorted("id")[0].network_code, code)

    def test_reason_of_the_bank_itself_or_none_is_read_and_kept(self):
        for code, kept in (("bank7", "BANK7"), ("", False)):
            invoice, payment = self._pay_invoice()
            record = self._book(write_camt(self._entry(payment, code), name=f"N{code}"))
            self.assertFalse(record.line_ids.reason_id)
            self.assertEqual(invoice.recovery_case_id.decline_class, "later")
            self.assertEqual(invoice.recovery_attempt_ids.sorted("id")[0].network_code, kept)

    def test_reason_that_a_person_chose_goes_before_that_of_the_file(self):
        invoice, payment = self._pay_invoice()
        record = self._import(write_pain(self._entry(payment, "NARR")))
        record.line_ids.reason_id = self.env.ref(
            "account_payment_return_import_iso20022.unpaid_reason_AC04"
        )
        record.action_confirm()
        self.assertEqual(invoice.recovery_case_id.decline_class, "never")

    def test_account_without_an_iban_is_that_of_the_journal_that_is_chosen(self):
        _invoice, payment = self._pay_invoice()
        iban, other = f"<IBAN>{IBAN}</IBAN>".encode(), b"<Othr><Id>77 5749</Id></Othr>"
        file = write_camt(self._entry(payment)).replace(iban, other)
        record = self._import(file, journal_id=self.journal.id)
        record.action_confirm()
        self.assertEqual((record.state, record.journal_id), ("done", self.journal))

    def test_payment_of_somebody_else_opens_a_case_by_the_policy(self):
        invoice = self._create_invoice()
        payment = self._register_payment(invoice, 100.0)
        self._book(write_camt(self._entry(invoice.name)))
        self.assertTrue(payment.recovery_return_move_id)
        self.assertEqual(invoice.recovery_case_id.state, "in_recovery")

    def test_payment_without_an_entry_is_returned_on_the_payment_itself(self):
        lines = self.env["account.payment.method.line"].search([])
        lines.payment_account_id = False
        self.patch(  # As where an accounting app matches bank transactions with invoices.
            type(self.env["account.move"]), "_get_invoice_in_payment_state", lambda _: "in_payment"
        )
        invoice, payment = self._pay_invoice()
        self.assertFalse(payment.move_id)
        record = self._import(write_pain(self._entry(payment)))
        self.assertEqual((record.state, payment.state), ("draft", "in_process"))
        record.action_confirm()
        self.assertEqual((record.state, payment.state), ("cancelled", "rejected"))
        self.assertIn("has no journal entry", self._get_text(record))
        self.assertEqual(invoice.recovery_case_id.state, "in_recovery")

    def test_return_that_is_cancelled_leaves_the_invoice_paid_and_nothing_is_charged(self):
        invoice, payment = self._pay_invoice()
        record = self._book(write_pain(self._entry(payment)))
        case = invoice.recovery_case_id
        record.action_cancel()
        self.assertFalse(payment.recovery_return_move_id)
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(invoice.recovery_attempt_ids.sorted("id")[0].state, "paid")
        self._run_cron("follow")
        self.assertEqual(case.state, "recovered")
        self.assertFalse(case.next_attempt_at)
        self.assertFalse(case.attention)

    def test_return_that_was_cancelled_can_be_booked_again(self):
        invoice, payment = self._pay_invoice()
        record = self._book(write_pain(self._entry(payment)))
        record.action_cancel()
        self._run_cron("follow")
        record.action_draft()
        record.action_confirm()
        self.assertEqual((record.state, payment.recovery_return_move_id), ("done", record.move_id))
        self.assertEqual(invoice.amount_residual, 100.0)
        self.assertEqual(invoice.recovery_case_id.state, "in_recovery")

    def test_return_is_booked_though_the_recovery_fails(self):
        invoice, payment = self._pay_invoice()
        record = self._import(write_pain(self._entry(payment)))
        self.patch(type(self.env["recovery.case"]), "_record_return", _fail)
        with self.assertLogs("odoo.addons.revenue_recovery", "ERROR"):
            record.action_confirm()
        self.assertEqual((record.state, invoice.payment_state), ("done", "not_paid"))
        self.assertTrue(invoice.recovery_attention)

    def test_methods_are_watched_once_and_can_be_let_go(self):
        neighbours = self.env["recovery.neighbours"]
        for name, method in (
            ("payment.return", "action_confirm"),
            ("payment.return.line", "_find_match"),
            ("payment.return.import", "_complete_payment_return"),
        ):
            model_class = self.registry[name]
            origin = getattr(model_class, method).recovery_origin
            neighbours._register_hook()
            self.assertIs(getattr(model_class, method).recovery_origin, origin)
            neighbours._unregister_hook()
            self.assertIs(getattr(model_class, method), origin)
            neighbours._register_hook()
            self.assertIs(getattr(model_class, method).recovery_origin, origin)


@tagged("post_install", "-at_install")
class TestReturnFileRefused(ReturnFileCommon):
    """What is no return, is known already, or can't be booked, is told; nothing of it is lost."""

    def _assert_put_aside(self, record, sentence, state="cancelled"):
        """Check that nothing of a bank return was booked, and that it says why."""
        self.assertEqual((record.state, record.move_id.ids), (state, []))
        self.assertRegex(self._get_text(record), sentence)

    def _assert_refused(self, record, sentence):
        with self.assertRaisesRegex(UserError, sentence):
            record.action_confirm()

    def test_code_that_reports_no_error_and_accepted_debits_are_no_returns(self):
        for values in (
            {"code": "0000"},
            {"code": "", "status": "ACSC"},
            {"code": "NARR", "status": "PDNG"},
        ):
            with self.subTest(**values):
                invoice, payment = self._pay_invoice()
                name = f"R{values['code']}{values.get('status', '')}"
                record = self._book(write_pain(self._entry(payment, **values), name=name))
                self._assert_put_aside(record, "is no return")
                self.assertIn(invoice.payment_state, ("paid", "in_payment"))
                self.assertFalse(invoice.recovery_case_id)

    def test_accepted_debits_do_not_keep_the_refused_ones_from_being_booked(self):
        invoice, payment = self._pay_invoice()
        paid_invoice, paid = self._pay_invoice()
        records = self._book(
            write_pain(self._entry(paid, "", status="ACSC"), self._entry(payment, "AC04"))
        )
        self.assertEqual(sorted(records.mapped("state")), ["cancelled", "done"])
        self.assertEqual(invoice.recovery_case_id.decline_class, "never")
        self.assertIn(paid_invoice.payment_state, ("paid", "in_payment"))
        for record in records:
            self.assertIn("reports ACSC", self._get_text(record))

    def test_return_that_was_recorded_by_hand_is_not_booked_twice(self):
        for write in (write_pain, write_camt):
            with self.subTest(file=write.__name__):
                invoice, payment = self._pay_invoice()
                entry = self._return(payment)
                case = invoice.recovery_case_id
                names = ["state", "decline_class", "next_attempt_at", "attempt_count"]
                before = case.read(names)
                record = self._book(write(self._entry(payment, "AC04")))
                self._assert_put_aside(record, f"{payment.name} is known already")
                self.assertEqual(payment.recovery_return_move_id, entry)
                self.assertEqual(case.read(names), before)
                self.assertEqual(invoice.amount_residual, 100.0)

    def test_return_that_is_recorded_by_hand_after_the_import_is_not_booked_twice(self):
        _invoice, payment = self._pay_invoice()
        record = self._import(write_pain(self._entry(payment)))
        self.assertEqual(record.state, "draft")
        entry = self._return(payment)
        record.action_confirm()
        self._assert_put_aside(record, "is known already")
        self.assertEqual(payment.recovery_return_move_id, entry)

    def test_charge_that_the_provider_told_as_declined_is_no_news(self):
        invoice, case = self._fail_invoice()
        reference = case.attempt_ids.transaction_id.reference
        record = self._book(write_pain(self._entry(reference)))
        self._assert_put_aside(record, "known as not paid already")
        self.assertEqual(invoice.amount_residual, 100.0)

    def test_file_that_is_imported_twice_is_refused(self):
        _invoice, payment = self._pay_invoice()
        file = write_pain(self._entry(payment))
        self._book(file)
        with self.assertRaisesRegex(UserError, "already imported this file"):
            self._import(file)

    def test_report_and_booking_of_the_same_return_are_booked_once(self):
        invoice, payment = self._pay_invoice()
        _other_invoice, other = self._pay_invoice()
        first = self._book(write_pain(self._entry(payment)))
        records = self._book(write_camt(self._entry(payment), self._entry(other)))
        self.assertEqual(sorted(records.mapped("state")), ["cancelled", "done"])
        self.assertEqual(payment.recovery_return_move_id, first.move_id)
        self.assertTrue(other.recovery_return_move_id, msg="The other entry is not lost.")
        self.assertEqual(invoice.amount_residual, 100.0)

    def test_two_files_that_wait_for_confirmation_are_booked_once(self):
        _invoice, payment = self._pay_invoice()
        first = self._import(write_pain(self._entry(payment)))
        second = self._import(write_camt(self._entry(payment)))
        first.action_confirm()
        second.action_confirm()
        self._assert_put_aside(second, "is known already")
        self.assertEqual(payment.recovery_return_move_id, first.move_id)

    def test_debit_that_is_in_a_file_twice_is_booked_once(self):
        invoice, payment = self._pay_invoice()
        records = self._book(write_camt(self._entry(payment), self._entry(payment)))
        self.assertEqual(sorted(records.mapped("state")), ["cancelled", "done"])
        self.assertEqual(invoice.amount_residual, 100.0)

    def test_what_was_put_aside_stays_so_when_it_is_confirmed_again(self):
        _invoice, payment = self._pay_invoice()
        entry = self._return(payment)
        record = self._book(write_pain(self._entry(payment)))
        record.action_draft()
        record.button_match()
        record.action_draft()
        record.action_confirm()
        self._assert_put_aside(record, "is known already")
        self.assertEqual(payment.recovery_return_move_id, entry)

    def test_entry_of_an_unknown_payment_is_named_and_the_others_wait(self):
        invoice, payment = self._pay_invoice()
        record = self._import(write_camt(self._entry("NOBODY-1"), self._entry(payment)))
        self._assert_refused(record, "NOBODY-1.*no payment is known")
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        record.line_ids.filtered(lambda line: not line.move_line_ids).unlink()
        record.action_confirm()
        self.assertEqual(invoice.recovery_case_id.state, "in_recovery")

    def test_charge_that_is_still_on_its_way_is_told(self):
        invoice = self._create_invoice(token=self._create_account(demo_simulated_state="pending"))
        self._collect()
        transaction = invoice.recovery_attempt_ids.transaction_id
        self.assertEqual(transaction.state, "pending")
        record = self._import(write_pain(self._entry(transaction.reference)))
        self._assert_refused(record, "still on its way")

    def test_other_currency_is_refused(self):
        _invoice, payment = self._pay_invoice()
        record = self._import(write_camt(self._entry(payment, currency="CHF")))
        self._assert_refused(record, "is in CHF")
        foreign = self.setup_other_currency("HRK")
        invoice, foreign_payment = self._pay_invoice(currency_id=foreign.id)
        record = self._import(write_camt(self._entry(foreign_payment), name="NOTICE2"))
        self._assert_refused(record, "is in HRK")
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))

    def test_part_that_is_returned_is_owed_and_the_rest_stays_paid(self):
        invoice, payment = self._pay_invoice()
        record = self._book(write_camt(self._entry(payment, amount=30.0)))
        self.assertEqual((record.state, invoice.payment_state), ("done", "partial"))
        self.assertEqual(invoice.amount_residual, 30.0)
        case = invoice.recovery_case_id
        self.assertEqual(case.state, "in_recovery")
        self._charge_next(case)
        amounts = invoice.recovery_attempt_ids.sorted("id").mapped("amount")
        self.assertEqual(amounts, [100.0, 30.0], msg="What is charged is what is owed.")

    def test_part_that_is_returned_by_mistake_is_paid_again_when_it_is_cancelled(self):
        invoice, payment = self._pay_invoice()
        record = self._book(write_camt(self._entry(payment, amount=30.0)))
        record.action_cancel()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertFalse(payment.recovery_return_move_id)

    def test_more_than_the_payment_is_refused_until_the_charges_are_apart(self):
        invoice, payment = self._pay_invoice()
        record = self._import(write_camt(self._entry(payment, amount=103.5)))
        self._assert_refused(record, "more than the payment")
        record.line_ids.write(
            {
                "amount": 100.0,
                "expense_amount": 3.5,
                "expense_account": self.company_data["default_account_expense"].id,
            }
        )
        record.action_confirm()
        self.assertEqual(invoice.amount_residual, 100.0)

    def test_entry_that_fits_several_payments_is_refused(self):
        for _number in range(2):
            payment = self._register_payment(self._create_invoice(), 100.0)
            payment.memo = "SHARED"
        record = self._import(write_camt(self._entry("SHARED")))
        self._assert_refused(record, "several payments")

    def test_return_entered_by_hand_is_held_to_the_same_rules(self):
        _invoice, payment = self._pay_invoice()
        entry = self._return(payment)
        receivable = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == self.receivable
        )
        record = self.env["payment.return"].create(
            {
                "journal_id": self.journal.id,
                "line_ids": [Command.create({"move_line_ids": receivable.ids, "amount": 100.0})],
            }
        )
        record.action_confirm()
        self._assert_put_aside(record, "is known already")
        self.assertEqual(payment.recovery_return_move_id, entry)


def _fail(*args, **kwargs):
    raise ValueError("nothing works")
