# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import date, timedelta

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import freeze_time, tagged

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestCollect(RecoveryCommon):
    NOW = "2026-03-02 12:00:00"

    def test_invoice_is_not_charged_before_its_due_date(self):
        tomorrow = fields.Date.today() + timedelta(days=1)
        invoice = self._create_invoice(token=self._create_card("done"), due=tomorrow)
        self._collect()
        self.assertFalse(invoice.recovery_attempt_ids)

    def test_first_charge_of_an_invoice_paid_otherwise_is_withdrawn_at_once(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._run_cron("collect")
        attempt = invoice.recovery_attempt_ids
        self.assertEqual(attempt.state, "planned")
        self._register_payment(invoice, 100)
        self._run_cron("follow")
        self.assertEqual(attempt.state, "cancelled")
        self.assertEqual(attempt.sentence, "Nothing is owed.")

    def test_first_charge_withdrawn_with_a_payment_is_planned_again_without_it(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._run_cron("collect")
        payment = self._register_payment(invoice, 100)
        self._run_cron("follow")
        payment.action_draft()
        payment.action_cancel()
        self._collect()
        self.assertEqual(
            invoice.recovery_attempt_ids.sorted("id").mapped("state"), ["cancelled", "paid"]
        )

    def test_first_charge_of_a_partly_paid_invoice_stays(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._run_cron("collect")
        self._register_payment(invoice, 40)
        self._run_cron("follow")
        self.assertEqual(invoice.recovery_attempt_ids.state, "planned")

    def test_invoice_without_the_setting_is_left_alone(self):
        invoice = self._create_invoice(token=self._create_card("done"), collect_automatically=False)
        self._collect()
        self.assertFalse(invoice.recovery_attempt_ids)

    def test_new_invoice_takes_the_customers_default(self):
        token = self._create_card("done")
        self.customer.write({"collect_automatically": True, "collect_token_id": token.id})
        invoice = self._create_bare_invoice()
        self.assertTrue(invoice.collect_automatically)
        self.assertEqual(invoice.collect_token_id, token)

    def test_invoice_of_a_contact_takes_the_default_of_his_company(self):
        token = self._create_card("done")
        self.customer.write(
            {"is_company": True, "collect_automatically": True, "collect_token_id": token.id}
        )
        contact = self.env["res.partner"].create({"name": "C", "parent_id": self.customer.id})
        self.assertTrue(self._create_bare_invoice(partner_id=contact.id).collect_automatically)

    def test_card_saved_by_a_contact_pays_the_companys_invoice(self):
        contact = self.env["res.partner"].create({"name": "C", "parent_id": self.customer.id})
        token = self._create_card("done", partner_id=contact.id)
        invoice = self._create_invoice(token=token)
        self._collect()
        self.assertEqual(invoice.payment_state, "paid")

    def test_vendor_bills_and_credit_notes_are_never_collected(self):
        self.customer.collect_automatically = True
        for move_type in ("in_invoice", "out_refund"):
            move = self._create_bare_invoice(move_type=move_type)
            self.assertFalse(move.collect_automatically)

    def test_posted_invoice_keeps_what_was_agreed_when_the_default_changes(self):
        token = self._create_card("done")
        invoice = self._create_invoice(token=token)
        self.customer.write({"collect_automatically": False, "collect_token_id": False})
        self.assertTrue(invoice.collect_automatically)
        self.assertEqual(invoice.collect_token_id, token)

    def test_recurring_copy_keeps_the_way_of_payment(self):
        token = self._create_card("done")
        invoice = self._create_invoice(token=token, post=False)
        invoice.write({"auto_post": "monthly", "date": fields.Date.today()})
        invoice.action_post()
        copy = self.env["account.move"].search([("auto_post_origin_id", "=", invoice.id)]) - invoice
        self.assertEqual(len(copy), 1)
        self.assertTrue(copy.collect_automatically)
        self.assertEqual(copy.collect_token_id, token)

    def test_excluded_instalment_keeps_the_others_from_being_planned_each_hour(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": days})
                    for days in (0, 30)
                ],
            }
        )
        with freeze_time("2026-03-02 12:00:00"):
            invoice = self._create_invoice(
                token=self._create_card("done"),
                invoice_payment_term_id=term.id,
                invoice_date_due=False,
            )
        with freeze_time("2026-04-02 12:00:00"):
            invoice.line_ids.filtered("date_maturity").sorted("date_maturity")[0].no_followup = True
            for _run in range(3):
                self._collect()
        self.assertFalse(invoice.recovery_attempt_ids)

    def test_instalments_are_charged_one_by_one_when_they_fall_due(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": days})
                    for days in (0, 30)
                ],
            }
        )
        with freeze_time("2026-03-02 12:00:00") as clock:
            invoice = self._create_invoice(
                token=self._create_card("done"),
                invoice_payment_term_id=term.id,
                invoice_date_due=False,
            )
            self._collect()
            self.assertEqual(invoice.recovery_attempt_ids.mapped("amount"), [50.0])
            self.assertEqual(invoice.payment_state, "partial")
            self._collect()
            self.assertEqual(len(invoice.recovery_attempt_ids), 1)
            clock.move_to("2026-04-01 12:00:00")
            self._collect()
        self.assertEqual(invoice.recovery_attempt_ids.mapped("amount"), [50.0, 50.0])
        self.assertEqual(invoice.payment_state, "paid")

    def test_instalment_that_fails_after_a_recovered_one_opens_a_case_of_its_own(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": days})
                    for days in (0, 30)
                ],
            }
        )
        token = self._create_card("error")
        with freeze_time("2026-03-02 12:00:00") as clock:
            invoice, first = self._fail_invoice(
                token=token, invoice_payment_term_id=term.id, invoice_date_due=False
            )
            token.demo_simulated_state = "done"
            self._charge_next(first)
            self.assertEqual((first.state, first.recovered_amount), ("recovered", 50.0))
            token.demo_simulated_state = "error"
            clock.move_to("2026-04-01 12:00:00")
            self._collect()
        second = invoice.recovery_case_id
        self.assertNotEqual(first, second)
        self.assertEqual((second.state, second.failed_amount), ("in_recovery", 50.0))

    def test_charge_waits_for_the_customers_morning(self):
        self.policy.write({"charge_hour_from": 8, "charge_hour_to": 20})
        self.customer.tz = "America/Los_Angeles"
        with freeze_time("2026-03-03 02:00:00") as clock:
            due = date(2026, 3, 2)
            invoice = self._create_invoice(token=self._create_card("done"), due=due)
            clock.move_to("2026-03-03 06:00:00")  # 22:00 on the second of March in Los Angeles.
            self._collect()
            self.assertEqual(str(invoice.recovery_attempt_ids.planned_at), "2026-03-03 16:00:00")
            self.assertEqual(invoice.recovery_attempt_ids.state, "planned")
            clock.move_to("2026-03-03 16:00:00")
            self._collect()
        self.assertEqual(invoice.payment_state, "paid")

    def test_foreign_currency_invoice_is_charged_in_its_currency(self):
        currency = self._enable_currency("EUR")
        invoice = self._create_invoice(token=self._create_card("done"), currency_id=currency.id)
        self._collect()
        transaction = invoice.recovery_attempt_ids.transaction_id
        self.assertEqual((transaction.currency_id, transaction.amount), (currency, 100.0))
        self.assertEqual(invoice.payment_state, "paid")

    def test_invoice_is_collected_without_a_policy_but_no_case_opens(self):
        self.policy.action_archive()
        invoice = self._create_invoice(token=self._create_card("error"))
        self._collect()
        self.assertEqual(invoice.recovery_attempt_ids.state, "declined")
        self.assertFalse(invoice.recovery_case_id)
        self._collect()
        self.assertEqual(len(invoice.recovery_attempt_ids), 1)

    def test_token_of_another_customer_is_refused_on_invoice_and_customer(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        token = self._create_card("done", partner_id=stranger.id)
        with self.assertRaisesRegex(ValidationError, "another customer"):
            self._create_invoice(token=token, post=False)
        with self.assertRaisesRegex(ValidationError, "another customer"):
            self.customer.collect_token_id = token

    def test_tokens_offered_are_those_that_can_be_charged(self):
        token = self._create_card("done")
        self._create_card("done", active=False)
        self._create_card("done", partner_id=self.env["res.partner"].create({"name": "S"}).id)
        self.assertEqual(self.customer.collect_token_ids, token)
        self.demo_provider.with_context(active_test=False).capture_manually = True
        self.customer.invalidate_recordset(["collect_token_ids"])
        self.assertFalse(self.customer.collect_token_ids)

    def _create_bare_invoice(self, **values):
        return self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create({"name": "Service", "price_unit": 100.0, "tax_ids": []})
                ],
                **values,
            }
        )
