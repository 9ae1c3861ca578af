# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Paid charges are booked together as Odoo books each: the same to the last field, or alone."""

import time
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.case.recovery_invoice_queue import OWN_WORK
from ...models.charge import booking, paid_charges
from ...models.charge.booking import book_together, filter_alike
from ...models.charge.paid_charges import MOST, MOST_WAIT, PaidCharges
from ...models.charge.payment_transaction import CLAIM
from ..case.owed_common import OwedCommon
from ..common import RecoveryCommon
from .booked import Books


class BookingCommon(OwedCommon):
    NOW = "2030-06-10 09:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # As a job sees it, with the notes that tests do without otherwise.
        cls.job_env = cls.env(user=SUPERUSER_ID, context={})

    def _charge(self, invoice, amount=None, token=None, **values):
        """Return a charge of an invoice that has succeeded and is not booked."""
        token = token or self._create_card("done")
        transactions = self.job_env["payment.transaction"].with_context(
            recovery_claim=CLAIM, recovery_own_work=OWN_WORK
        )
        transaction = transactions.create(
            {
                "provider_id": token.provider_id.id,
                "payment_method_id": token.payment_method_id.id,
                "reference": f"{invoice.name}-R{invoice.id}",
                "provider_reference": f"pi_{invoice.id}",
                "amount": invoice.amount_residual if amount is None else amount,
                "currency_id": invoice.currency_id.id,
                "partner_id": invoice.partner_id.id,
                "token_id": token.id,
                "operation": "offline",
                "invoice_ids": [Command.set(invoice.ids)],
                **values,
            }
        )
        transaction._set_done()
        return transaction.with_env(transaction.env(context={}))

    def _join(self, transactions):
        return self.job_env["payment.transaction"].concat(*transactions)


@tagged("post_install", "-at_install")
class TestBookedAlike(BookingCommon):
    """What is booked together is compared with what Odoo books one by one, field by field."""

    def _book_one_by_one(self, transactions):
        for transaction in transactions.sorted(booking._get_memo):
            transaction.with_context(recovery_own_work=OWN_WORK)._post_process()
            self._end_transaction()

    def _book_together(self, transactions):
        alike = filter_alike(transactions)
        self.assertEqual(set(alike.ids), set(transactions.ids), msg="All can be booked together.")
        with patch.object(
            type(transactions), "_create_payment", side_effect=AssertionError("one by one")
        ):
            book_together(alike)
        self._end_transaction()

    def _end_transaction(self):
        """Do what a commit does: the changes that chatters tell of are noted then."""
        self.env.flush_all()
        self.cr.precommit.run()
        self.env.invalidate_all()

    def _see(self, transactions, book):
        """Return what can be seen after a booking that is then undone."""
        self._end_transaction()
        books = Books(self.job_env, transactions)
        savepoint = self.cr.savepoint(flush=False)
        book(transactions)
        seen = books.read()
        savepoint.close(rollback=True)
        self.env.invalidate_all(flush=False)
        return seen

    def _compare(self, *transactions):
        """Check that both ways lead to the same, and return what can be seen then."""
        transactions = self._join(transactions)
        stock = self._see(transactions, self._book_one_by_one)
        ours = self._see(transactions, self._book_together)
        self.assertEqual(set(ours), set(stock), msg="The same records.")
        different = [
            (label, name, value, ours[label][name])
            for label, values in stock.items()
            for name, value in values.items()
            if value != ours[label][name]
        ]
        self.assertFalse(different)
        return stock

    def _count(self, seen, start):
        return sum(label.startswith(start) for label in seen)

    def _create_tax(self, **values):
        return self.env["account.tax"].create({"name": "VAT 20", "amount": 20.0, **values})

    def _create_taxed(self, tax, amount=100.0, **values):
        line = {"name": "Service", "price_unit": amount, "tax_ids": [Command.set(tax.ids)]}
        return self._create_invoice(invoice_line_ids=[Command.create(line)], **values)

    def _prepare_cash_basis(self):
        company = self.env.company
        company.tax_exigibility = True
        account = self.env["account.account"].create(
            {
                "name": "Tax to come",
                "code": "CASHBASIS",
                "account_type": "liability_current",
                "reconcile": True,
            }
        )
        company.account_cash_basis_base_account_id = account.copy({"name": "Base", "code": "CBB"})
        return self._create_tax(
            name="VAT on payment",
            tax_exigibility="on_payment",
            cash_basis_transition_account_id=account.id,
        )

    def _create_foreign(self, count=3, **values):
        """Return invoices in a currency whose rate has changed since."""
        currency = self.setup_other_currency(
            "CHF", rates=[("1900-01-01", 2.0), ("2030-06-01", 1.25)]
        )
        values = {"currency_id": currency.id, "invoice_date": "2030-05-01", **values}
        return [self._create_invoice(**values) for _number in range(count)]

    def test_plain_invoices(self):
        other = self.env["res.partner"].create({"name": "Other", "email": "other@example.com"})
        invoices = [self._create_invoice(amount) for amount in (100.0, 12.34, 100.0)]
        invoices.append(self._create_invoice(50.0, partner_id=other.id))
        seen = self._compare(*map(self._charge, invoices))
        self.assertEqual(self._count(seen, "account.payment "), 4)
        self.assertEqual(self._count(seen, "account.partial.reconcile "), 4)
        self.assertEqual(self._count(seen, "account.full.reconcile "), 4)

    def test_chatter_whose_followers_want_to_know_each_note(self):
        invoices = [self._create_invoice() for _number in range(3)]
        note = self.env.ref("mail.mt_note")
        invoices[1].message_subscribe(self.env.user.partner_id.ids, subtype_ids=note.ids)
        question = "A question"
        invoices[2].sudo().message_post(body=question, message_type="comment")
        seen = self._compare(*map(self._charge, invoices))
        told = [values["notified_partner_ids"] for values in seen.values() if "body" in values]
        self.assertEqual(sum(map(bool, told)), 1)

    def test_exchange_differences(self):
        seen = self._compare(*map(self._charge, self._create_foreign()))
        self.assertEqual(self._count(seen, "account.move EXCH"), 3)

    def test_early_payment_discounts(self):
        term = self._create_term((100, 30), discount=10, discount_days=10)
        tax = self._create_tax()
        values = {
            "invoice_payment_term_id": term.id,
            "invoice_date": fields.Date.today(),
            "invoice_date_due": False,
        }
        charges = []
        for number in range(3):
            invoice = self._create_taxed(tax, 100.0 + number, **values)
            amount = invoice._get_invoice_next_payment_values()["amount_due"]
            self.assertLess(amount, invoice.amount_residual)
            charges.append(self._charge(invoice, amount))
        seen = self._compare(*charges)
        moves = [seen[label] for label in seen if label.startswith("account.move ")]
        self.assertEqual([each["payment_state"] for each in moves].count("paid"), 3)

    def test_instalments_and_parts(self):
        term = self._create_term((50, 0), (50, 30))
        invoices = [self._create_termed(term) for _number in range(3)]
        seen = self._compare(
            self._charge(invoices[0], 50.0),
            self._charge(invoices[1]),
            self._charge(invoices[2], 20.0),
            self._charge(self._create_invoice(), 130.0),
        )
        self.assertEqual(self._count(seen, "account.partial.reconcile "), 5)

    def test_taxes_on_cash_basis(self):
        tax = self._prepare_cash_basis()
        invoices = [self._create_taxed(tax, 100.0 + number) for number in range(3)]
        seen = self._compare(
            self._charge(invoices[0]), self._charge(invoices[1], 33.33), self._charge(invoices[2])
        )
        self.assertEqual(self._count(seen, "account.move CABA"), 3)

    def test_taxes_on_cash_basis_with_exchange_differences(self):
        tax = self._prepare_cash_basis()
        line = {"name": "Service", "price_unit": 100.0, "tax_ids": [Command.set(tax.ids)]}
        invoices = self._create_foreign(invoice_line_ids=[Command.create(line)])
        seen = self._compare(*map(self._charge, invoices, (None, 40.0, None)))
        self.assertGreaterEqual(self._count(seen, "account.move CABA"), 3)

    def test_credit_notes(self):
        invoices = [self._create_invoice() for _number in range(2)]
        note = self._create_credit_note(30.0)
        lines = (note + invoices[0]).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        lines.reconcile()
        self.assertEqual(invoices[0].amount_residual, 70.0)
        self._compare(*map(self._charge, invoices))

    def test_method_whose_payments_are_booked_on_the_bank_account(self):
        bank = self.demo_provider.journal_id.default_account_id
        line = self.demo_provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self.demo_provider
        )
        line.payment_account_id = bank
        self._compare(*(self._charge(self._create_invoice()) for _number in range(2)))

    def test_another_company_with_its_own_journal(self):
        data = self.setup_other_company(name="Second")
        env = self.env(context={"allowed_company_ids": [data["company"].id, self.env.company.id]})
        provider = self.demo_provider.copy({"company_id": data["company"].id})
        provider.write({"state": "test", "journal_id": data["default_journal_bank"].id})
        charges = []
        for _number in range(2):
            invoice = env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_date": fields.Date.today(),
                    "invoice_line_ids": [
                        Command.create({"name": "Service", "price_unit": 80.0, "tax_ids": []})
                    ],
                }
            )
            invoice.action_post()
            card = self._create_card("done", provider_id=provider.id)
            charges.append(self._charge(invoice, token=card))
        seen = self._compare(*charges)
        companies = {
            tuple(values["company_id"])
            for label, values in seen.items()
            if label.startswith("account.payment ")
        }
        self.assertEqual(companies, {(f"res.company {data['company'].id}",)})

    def test_what_has_an_unusual_shape_is_left_to_odoo(self):
        plain = self._charge(self._create_invoice())
        booked = self._charge(self._create_invoice())
        booked._post_process()
        both = self._create_invoice() + self._create_invoice()
        of_two = self._charge(both[0], 200.0, invoice_ids=[Command.set(both.ids)])
        draft = self._create_invoice(post=False)
        of_draft = self._charge(draft, 100.0, reference="draft")
        cancelled = self._create_invoice()
        of_cancelled = self._charge(cancelled)
        cancelled.button_draft()
        cancelled.button_cancel()
        refund = self._charge(
            self._create_invoice(), -100.0, operation="refund", source_transaction_id=booked.id
        )
        twice = self._charge(plain.invoice_ids, reference="once more")
        found = filter_alike(
            self._join((plain, booked, of_two, of_draft, of_cancelled, refund, twice))
        )
        self.assertEqual(found, plain)

    def test_discount_that_only_odoo_grants_is_left_to_odoo(self):
        term = self._create_term((100, 30), discount=10, discount_days=10)
        invoice = self._create_termed(term, invoice_date=fields.Date.today())
        self.assertFalse(filter_alike(self._charge(invoice, 100.0)))
        self.assertTrue(filter_alike(self._charge(invoice, 90.0, reference="discounted")))

    def test_addon_that_books_in_its_own_way_is_asked_each_time(self):
        charge = self._charge(self._create_invoice())
        self.assertTrue(filter_alike(charge))
        for model, method in booking.BOOKED_BY:
            with patch.object(type(self.env[model]), method, lambda self: None):
                self.assertFalse(filter_alike(charge), msg=method)

    def test_addon_that_does_not_let_a_payment_be_booked_is_heeded(self):
        charges = self._join(self._charge(self._create_invoice()) for _number in range(2))
        post_process = type(charges)._post_process

        def leave_one_out(transactions):
            return post_process(transactions - charges[0])

        with (
            patch.object(type(charges), "_post_process", leave_one_out),
            self.assertRaises(booking.BookedOtherwise),
        ):
            book_together(filter_alike(charges))

    def test_statements_do_not_grow_as_odoos_do(self):
        def count(book, number):
            charges = self._join(self._charge(self._create_invoice()) for _number in range(number))
            self._end_transaction()
            before = self.cr.sql_log_count
            book(charges)
            return self.cr.sql_log_count - before

        for book in (self._book_one_by_one, self._book_together):
            count(book, 2)
        one_by_one = (count(self._book_one_by_one, 12) - count(self._book_one_by_one, 2)) / 10
        together = (count(self._book_together, 12) - count(self._book_together, 2)) / 10
        self.assertLess(4 * together, one_by_one, msg=f"{together} and {one_by_one}")


@tagged("post_install", "-at_install")
class TestPaidCharges(RecoveryCommon):
    """The job books what it has charged, many at a time."""

    def _plan(self, count):
        invoices = self.env["account.move"]
        for _number in range(count):
            invoices |= self._create_invoice(token=self._create_card("done"))
        self._run_cron("collect")
        return invoices

    def _note_parts(self):
        """Return a patcher that notes how many payments are booked together, and the list."""
        parts = []

        def note(transactions):
            parts.append(len(transactions))
            return book_together(transactions)

        return patch.object(paid_charges, "book_together", note), parts

    def _fail_for(self, invoice):
        """Return a patcher that lets no payment of an invoice be posted."""
        payments = type(self.env["account.payment"])
        action_post = payments.action_post

        def post(records):
            if invoice in records.invoice_ids:
                raise UserError(records.env._("The period is locked."))
            return action_post(records)

        return patch.object(payments, "action_post", post)

    def _get_payments(self, invoices):
        return [len(each.transaction_ids.payment_id) for each in invoices]

    def test_all_charges_of_a_job_are_booked_together_and_their_cases_follow(self):
        invoices = self._plan(5)
        patcher, parts = self._note_parts()
        with patcher:
            self._run_cron("charge")
        self.assertEqual(parts, [5])
        self.assertEqual(set(invoices.mapped("payment_state")), {"paid"})
        self.assertEqual(self._get_payments(invoices), [1] * 5)
        queue = self.env["recovery.invoice.queue"].sudo()
        self.assertFalse(queue.search([("move_id", "in", invoices.ids)]))

    def test_cases_of_a_job_are_recovered(self):
        invoices = self.env["account.move"]
        for _number in range(3):
            invoices |= self._create_invoice(token=self._create_card("error"))
        self._collect()
        invoices.collect_token_id.demo_simulated_state = "done"
        for case in invoices.recovery_case_id:
            self._make_due(case)
        patcher, parts = self._note_parts()
        with patcher:
            self._run_cron("charge")
        self.assertEqual(parts, [3])
        self.assertEqual(set(invoices.recovery_case_id.mapped("state")), {"recovered"})

    def test_no_more_than_is_good_for_others_are_booked_at_once(self):
        invoices = self._plan(5)
        patcher, parts = self._note_parts()
        with patcher, patch.object(paid_charges, "MOST", 2):
            self._run_cron("charge")
        self.assertEqual(parts, [2, 2])
        self.assertEqual(self._get_payments(invoices), [1] * 5)

    @mute_logger("odoo.addons.revenue_recovery.models.charge")
    def test_one_that_fails_is_isolated_and_the_others_are_booked_together(self):
        invoices = self._plan(6)
        patcher, parts = self._note_parts()
        with patcher, self._fail_for(invoices[2]):
            self._run_cron("charge")
        self.assertEqual(self._get_payments(invoices), [1, 1, 0, 1, 1, 1])
        attempt = invoices[2].recovery_attempt_ids
        self.assertEqual((attempt.state, attempt.transaction_id.state), ("paid", "done"))
        self.assertFalse(attempt.transaction_id.is_post_processed)
        self.assertEqual(parts[0], 6)
        self.assertGreater(sum(parts[1:]), 6, msg="Whose halves were tried.")
        attempt.transaction_id._post_process()
        self.assertEqual(invoices[2].payment_state, "paid")

    @mute_logger("odoo.addons.revenue_recovery.models.charge")
    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_one_that_still_fails_after_half_a_day_is_told(self):
        invoices = self._plan(2)
        with self._fail_for(invoices[0]):
            self._run_cron("charge")
            self.freeze_time.move_to(fields.Datetime.now() + timedelta(hours=13))
            with self._enter_job_mode():
                self.env.ref("payment.cron_post_process_payment_tx").method_direct_trigger()
            self._run_cron("follow")
        self.assertEqual(self._get_payments(invoices), [0, 1])
        transaction = invoices[0].transaction_ids
        alerts = (
            self.env["mail.activity"]
            .sudo()
            .search([("recovery_subject", "=", f"unbooked:{transaction.id}")])
        )
        self.assertEqual(len(alerts), 1)

    def test_what_a_killed_job_left_is_booked_together_by_odoos_own_job(self):
        invoices = self._plan(4)
        attempts = type(self.env["recovery.attempt"])
        with patch.object(attempts, "_book_paid", lambda *_args, **_options: None):
            self._run_cron("charge")
        self.assertEqual(self._get_payments(invoices), [0] * 4)
        self.assertTrue(invoices[0]._get_attempt_in_flight(), msg="Nobody pays it again.")
        patcher, parts = self._note_parts()
        with patcher, self._enter_job_mode():
            self.env.ref("payment.cron_post_process_payment_tx").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(parts, [4])
        self.assertEqual(self._get_payments(invoices), [1] * 4)
        self.assertEqual(set(invoices.mapped("payment_state")), {"paid"})

    def test_killed_before_the_cases_followed_they_follow_by_the_next_job(self):
        invoices = self.env["account.move"]
        for _number in range(2):
            invoices |= self._create_invoice(token=self._create_card("error"))
        self._collect()
        invoices.collect_token_id.demo_simulated_state = "done"
        for case in invoices.recovery_case_id:
            self._make_due(case)
        attempts = type(self.env["recovery.attempt"])
        with patch.object(attempts, "_react", lambda *_args: None):
            self._run_cron("charge")
        self.assertEqual(set(invoices.mapped("payment_state")), {"paid"})
        self.assertEqual(set(invoices.recovery_case_id.mapped("state")), {"in_recovery"})
        self._run_cron("follow")
        self.assertEqual(set(invoices.recovery_case_id.mapped("state")), {"recovered"})

    def test_job_of_odoo_that_runs_out_of_time_is_run_again(self):
        invoices = self._plan(4)
        attempts = type(self.env["recovery.attempt"])
        with patch.object(attempts, "_book_paid", lambda *_args, **_options: None):
            self._run_cron("charge")
        with (
            self._enter_job_mode(),
            self._cron_cursor() as env,
            patch.object(paid_charges, "MOST", 2),
            patch.object(paid_charges.jobs, "commit", lambda *_args, **_options: False),
        ):
            self.assertFalse(paid_charges.book_waiting(env))
        self.assertEqual(self._get_payments(invoices), [0] * 4)

    def test_charges_wait_until_they_are_many_or_have_waited_long(self):
        charges = self._plan(2).recovery_attempt_ids
        transaction = self.env["payment.transaction"].new(
            {
                "state": "done",
                "provider_id": self.demo_provider.id,
                "currency_id": self.env.company.currency_id.id,
            }
        )
        paid = PaidCharges()
        now = time.monotonic()
        with patch.object(paid_charges.time, "monotonic", lambda: now):
            self.assertTrue(paid.add(charges[0], transaction, charges[0].move_id))
            self.assertIsNone(paid.take())
            key, taken = paid.take(is_last=True)
            self.assertEqual([each.attempt_id for each in taken], charges[0].ids)
            for _number in range(MOST):
                paid.add(charges[1], transaction, charges[1].move_id)
            self.assertIsNone(paid.take(), msg="Another hand is at this journal.")
            paid.finish(key)
            key, taken = paid.take()
            self.assertEqual(len(taken), MOST)
            paid.finish(key)
            paid.add(charges[1], transaction, charges[1].move_id)
            self.assertIsNone(paid.take())
        with patch.object(paid_charges.time, "monotonic", lambda: now + MOST_WAIT + 1):
            self.assertTrue(paid.take())
        transaction.is_post_processed = True
        self.assertFalse(paid.add(charges[1], transaction, charges[1].move_id))
