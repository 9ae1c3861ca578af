# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import date

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .owed_common import OwedCommon

LOS_ANGELES = "America/Los_Angeles"


@tagged("post_install", "-at_install")
class TestDueDay(OwedCommon):
    """An invoice is due, and overdue, on the day of the place where its customer lives."""

    NOW = "2026-12-02 00:30:00"  # 16:30 of the first of December in Los Angeles.

    def _collect_at(self, instant):
        self.freeze_time.move_to(instant)
        self._collect()

    def test_is_charged_on_the_customers_day_and_not_on_that_of_the_job(self):
        (self.customer | self.env.company.partner_id).tz = LOS_ANGELES
        invoice = self._create_invoice(token=self._create_card("done"), due="2026-12-02")
        self._collect()
        self.assertFalse(invoice.recovery_attempt_ids)
        self._collect_at("2026-12-02 08:01:00")
        self.assertEqual(invoice.recovery_attempt_ids.state, "paid")
        self.assertEqual(invoice.recovery_attempt_ids.due_date, date(2026, 12, 2))

    def test_is_charged_when_the_day_begins_east_of_the_job(self):
        self.customer.tz = "Pacific/Auckland"
        invoice = self._create_invoice(token=self._create_card("done"), due="2026-12-03")
        self._collect_at("2026-12-02 10:59:00")
        self.assertFalse(invoice.recovery_attempt_ids)
        self._collect_at("2026-12-02 11:01:00")
        self.assertEqual(invoice.payment_state, "paid")

    def test_customer_without_time_zone_has_that_of_their_country(self):
        self.customer.tz = False
        self.customer.country_id = self.env.ref("base.nz")
        self.assertEqual(self.customer._get_recovery_tz(), "Pacific/Auckland")
        self.customer.country_id = self.env.ref("base.us")
        self.customer.state_id = self.env.ref("base.state_us_5")
        self.assertEqual(self.customer._get_recovery_tz(), LOS_ANGELES)

    def test_customer_without_address_has_the_time_zone_of_the_company(self):
        self.customer.write({"tz": False, "country_id": False})
        self.env.company.partner_id.tz = LOS_ANGELES
        self.assertEqual(self.customer._get_recovery_tz(), LOS_ANGELES)

    def test_of_a_country_with_many_zones_the_companys_own_is_meant(self):
        self.customer.write({"tz": False, "country_id": self.env.ref("base.us").id})
        self.env.company.partner_id.tz = "America/Chicago"
        self.assertEqual(self.customer._get_recovery_tz(), "America/Chicago")
        self.env.company.partner_id.tz = "Europe/Paris"
        self.assertEqual(self.customer._get_recovery_tz(), "America/New_York")

    def test_second_instalment_is_not_charged_a_day_early(self):
        self.customer.tz = LOS_ANGELES
        term = self._create_term((50, 0), (50, 10))
        invoice = self._create_termed(term, self._create_card("done"), invoice_date="2026-12-01")
        self._collect()
        self.assertEqual(invoice.recovery_attempt_ids.mapped("amount"), [50.0])
        self._collect_at("2026-12-11 00:30:00")
        self.assertEqual(len(invoice.recovery_attempt_ids), 1)
        self._collect_at("2026-12-11 09:00:00")
        self.assertEqual(invoice.payment_state, "paid")

    def test_reminders_of_overdue_invoices_begin_on_the_customers_next_day(self):
        self.customer.tz = LOS_ANGELES
        self.policy.write({"remind_unpaid": True, "remind_since": "2026-11-01"})
        invoice = self._create_invoice(due="2026-12-01", collect_automatically=False)
        self._run_cron("collect")
        self.assertFalse(invoice.recovery_case_ids, msg="It is the day on which it is due.")
        self.freeze_time.move_to("2026-12-02 08:01:00")
        self._run_cron("collect")
        self.assertEqual(invoice.recovery_case_id.due_date, date(2026, 12, 2))

    def test_pause_ends_on_the_customers_day(self):
        self.customer.tz = LOS_ANGELES
        _invoice, case = self._fail_invoice(due="2026-12-01")
        case.sudo()._pause(date(2026, 12, 2), "Test")
        self._run_cron("follow")
        self.assertEqual(case.state, "paused")
        self.freeze_time.move_to("2026-12-02 08:01:00")
        self._run_cron("follow")
        self.assertEqual(case.state, "in_recovery")

    def test_today_in_the_conditions_of_a_policy_is_the_customers(self):
        self.policy.domain = "[('invoice_date_due', '<', context_today().strftime('%Y-%m-%d'))]"
        self.customer.tz = LOS_ANGELES
        invoice = self._create_invoice(due="2026-12-01")
        self.assertFalse(self.policy._match(invoice))
        self.freeze_time.move_to("2026-12-02 08:01:00")
        self.assertEqual(self.policy._match(invoice), self.policy)

    def test_case_of_a_portal_payment_is_about_what_is_due_where_the_customer_lives(self):
        self.customer.tz = LOS_ANGELES
        term = self._create_term((50, 0), (50, 1))
        invoice = self._create_termed(term, invoice_date="2026-12-01")
        transaction = self._create_portal_transaction(invoice)
        transaction._set_error("Test")
        self._run_cron("follow")
        self.assertEqual(invoice.recovery_case_id.failed_amount, 50.0)


@tagged("post_install", "-at_install")
class TestInstalment(OwedCommon):
    NOW = "2026-12-02 12:00:00"

    def test_one_that_falls_due_meanwhile_is_asked_for_too(self):
        token = self._create_card()
        term = self._create_term((40, 0), (60, 10))
        invoice, case = self._fail_invoice(
            token=token, invoice_payment_term_id=term.id, invoice_date_due=False
        )
        self.assertEqual(case.amount_owed, 40.0)
        self.freeze_time.move_to("2026-12-11 12:00:00")
        self._run_cron("follow")
        self.assertEqual(case.amount_owed, 40.0, msg="It is due tomorrow.")
        self.freeze_time.move_to("2026-12-12 12:00:00")
        self._run_cron("follow")
        self.assertEqual((case.amount_owed, case.failed_amount), (100.0, 100.0))
        self.assertEqual(case.amount_owed, self._ask_odoo(invoice))
        token.demo_simulated_state = "done"
        self._charge_next(case)
        self._run_cron("follow")
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual((case.state, case.recovered_amount), ("recovered", 100.0))
        self.assertEqual(len(invoice.recovery_case_ids), 1)

    def test_one_that_falls_due_under_a_charge_waits_for_its_outcome(self):
        term = self._create_term((40, 0), (60, 10))
        invoice, case = self._fail_invoice(
            token=self._create_card(), invoice_payment_term_id=term.id, invoice_date_due=False
        )
        attempt = case.sudo().next_attempt_id
        attempt.token_id.demo_simulated_state = "pending"
        invoice.collect_token_id.demo_simulated_state = "pending"
        self._charge_next(case)
        self.assertEqual((attempt.state, attempt.amount), ("pending", 40.0))
        self.freeze_time.move_to("2026-12-12 12:00:00")
        self._run_cron("follow")
        self.assertEqual(case.amount_owed, 40.0)


@tagged("post_install", "-at_install")
class TestDiscount(OwedCommon):
    """A discount for paying early is what Odoo would give at that instant, and is booked."""

    NOW = "2026-12-02 12:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls._create_term((100, 0), discount=2, discount_days=7)

    def test_charge_is_of_what_odoo_asks_and_closes_the_invoice(self):
        invoice = self._create_termed(self.term, self._create_card("done"))
        self.assertEqual(self._ask_odoo(invoice), 98.0)
        self._collect()
        self.assertEqual(invoice.recovery_attempt_ids.amount, 98.0)
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("paid", 0.0))
        booked = invoice.recovery_attempt_ids.transaction_id.payment_id
        self.assertEqual(booked.amount, 98.0)
        loss = self.env.company.account_journal_early_pay_discount_loss_account_id
        discount = booked.move_id.line_ids.filtered(lambda line: line.account_id == loss)
        self.assertEqual(discount.balance, 2.0)

    def test_case_fails_and_recovers_what_was_asked(self):
        invoice, case = self._fail_invoice(
            invoice_payment_term_id=self.term.id, invoice_date_due=False
        )
        self.assertEqual((case.failed_amount, case.amount_owed), (98.0, 98.0))
        self._register_payment(invoice, 98.0)
        self._run_cron("follow")
        self.assertEqual((case.state, case.recovered_amount), ("recovered", 98.0))
        self.assertEqual(invoice.payment_state, "paid")

    def test_after_its_days_all_is_charged(self):
        token = self._create_card()
        _invoice, case = self._fail_invoice(
            token=token, invoice_payment_term_id=self.term.id, invoice_date_due=False
        )
        self.freeze_time.move_to("2026-12-10 12:00:00")
        self.assertEqual(case._get_owed(), 100.0)
        token.demo_simulated_state = "done"
        self._charge_next(case)
        self._run_cron("follow")
        self.assertEqual(case.attempt_ids.filtered(lambda a: a.state == "paid").amount, 100.0)
        self.assertEqual((case.state, case.recovered_amount), ("recovered", 100.0))

    def test_last_day_is_the_customers(self):
        self.customer.tz = LOS_ANGELES
        invoice = self._create_termed(self.term, self._create_card("done"))
        self.freeze_time.move_to("2026-12-10 04:00:00")  # 20:00 of the ninth.
        self._collect()
        self.assertEqual(invoice.recovery_attempt_ids.amount, 98.0)
        self.assertEqual(invoice.payment_state, "paid")

    def test_debit_that_arrives_after_the_last_day_keeps_its_discount(self):
        invoice = self._create_termed(self.term, self._create_card("pending"))
        self._collect()
        attempt = invoice.recovery_attempt_ids
        self.assertEqual((attempt.state, attempt.amount), ("pending", 98.0))
        self.freeze_time.move_to("2026-12-14 12:00:00")
        attempt.transaction_id._set_done()
        attempt.transaction_id._post_process()
        self._run_cron("follow")
        self.assertEqual((attempt.state, invoice.payment_state), ("paid", "paid"))

    def test_payment_that_was_begun_too_late_gets_none(self):
        invoice = self._create_termed(self.term)
        self.freeze_time.move_to("2026-12-14 12:00:00")
        transaction = self._create_portal_transaction(invoice, amount=98.0)
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(invoice.amount_residual, 2.0)

    def test_invoice_paid_in_part_has_no_discount_any_more(self):
        invoice = self._create_termed(self.term, self._create_card("done"))
        self._register_payment(invoice, 50.0)
        self.assertEqual(self._ask_odoo(invoice), 50.0)
        self._collect()
        self.assertEqual(invoice.recovery_attempt_ids.amount, 50.0)
        self.assertEqual(invoice.payment_state, "paid")

    def test_discount_of_several_taxes_is_booked_whole(self):
        taxes = self.env["account.tax"].create(
            [{"name": f"{rate} %", "amount": rate} for rate in (7.0, 11.0)]
        )
        self.term.early_pay_discount_computation = "included"
        invoice = self._create_termed(
            self.term,
            self._create_card("done"),
            invoice_line_ids=[
                Command.create({"name": "A", "price_unit": 100, "tax_ids": [tax.id]})
                for tax in taxes
            ],
        )
        asked = self._ask_odoo(invoice)
        self.assertLess(asked, invoice.amount_total)
        self._collect()
        self.assertEqual(invoice.recovery_attempt_ids.amount, asked)
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("paid", 0.0))

    def test_discount_in_a_foreign_currency_closes_the_invoice(self):
        currency = self._enable_currency("EUR")
        self.env["res.currency.rate"].create(
            [
                {"currency_id": currency.id, "name": day, "rate": rate}
                for day, rate in (("2026-12-01", 2.0), ("2026-12-04", 3.0))
            ]
        )
        invoice = self._create_termed(self.term, self._create_card("done"), currency_id=currency.id)
        self.freeze_time.move_to("2026-12-05 12:00:00")
        self._collect()
        self.assertEqual(invoice.recovery_attempt_ids.amount, 98.0)
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("paid", 0.0))

    def test_one_payment_of_several_invoices_books_each_discount(self):
        invoices = self._create_termed(self.term) + self._create_invoice(55.0)
        invoices += self._create_termed(self.term)
        transaction = self._create_portal_transaction(
            invoices, amount=98.0 + 55.0 + 98.0, invoice_ids=[Command.set(invoices.ids)]
        )
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(invoices.mapped("payment_state"), ["paid"] * 3)

    def test_message_before_the_due_day_asks_as_odoo_does_now(self):
        term = self._create_term((100, 30), discount=2, discount_days=7)
        invoice = self._create_termed(term, collect_automatically=False)
        self.assertEqual(invoice._get_message_day(), self._in_days(30))
        self.assertEqual(invoice._get_message_amount(), 98.0)
        self.assertEqual(invoice._get_message_amount(), self._ask_odoo(invoice))
        self.freeze_time.move_to("2026-12-12 12:00:00")
        self.assertEqual(invoice._get_message_amount(), 100.0)

    def test_message_of_a_coming_charge_tells_what_will_be_charged(self):
        term = self._create_term((100, 30), discount=2, discount_days=7)
        invoice = self._create_termed(term, self._create_card("done"))
        self.assertEqual(invoice._get_message_amount(), 100.0)
        self.freeze_time.move_to("2027-01-01 12:00:00")
        self._collect()
        self.assertEqual(invoice.recovery_attempt_ids.amount, 100.0)

    def test_link_in_a_message_asks_for_what_is_due(self):
        term = self._create_term((40, 0), (60, 30))
        invoice = self._create_termed(term, collect_automatically=False)
        invoice._portal_ensure_token()
        self.assertEqual(invoice._get_message_amount(), 40.0)
        self.assertIn("amount=40.0", invoice._get_recovery_payment_link())

    def test_event_tells_of_what_is_asked(self):
        invoice = self._create_termed(self.term)
        values = self.env["recovery.event"]._prepare_event_vals(
            "invoice_due_soon", None, invoice, None, None, None, {}
        )
        self.assertEqual(values["amount"], 98.0)
        self.assertEqual(fields.Date.to_string(invoice.invoice_date_due), "2026-12-02")
