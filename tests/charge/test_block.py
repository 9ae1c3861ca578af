# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestBlock(RecoveryCommon):
    """What stands against a charge is a sentence on the record; no job stops for it."""

    def _assert_refused(self, invoice, sentence):
        other = self._create_invoice(token=self.good_card)
        self._collect()
        attempt = invoice.recovery_attempt_ids.sorted("id")[:1]
        self.assertEqual(attempt.state, "refused")
        self.assertIn(sentence, attempt.sentence)
        self.assertFalse(attempt.transaction_id)
        case = invoice.recovery_case_id
        self.assertEqual(case.state, "in_recovery", msg="The clock runs; a new card re-opens it.")
        self.assertIn(sentence, case.attention)
        self.assertEqual(other.payment_state, "paid", msg="The job goes on.")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.good_provider = cls.demo_provider.copy({"company_id": cls.env.company.id})
        journal = cls.company_data["default_journal_bank"].copy({"code": "BNK9"})
        cls.good_provider.write({"state": "test", "journal_id": journal.id})
        lines = cls.good_provider.journal_id.inbound_payment_method_line_ids
        lines.payment_account_id = cls.inbound_payment_method_line.payment_account_id
        cls.good_card = cls._create_card("done", provider_id=cls.good_provider.id)

    def test_archived_token(self):
        token = self._create_card("done")
        invoice = self._create_invoice(token=token)
        token.active = False
        self._assert_refused(invoice, "is archived")

    def test_foreign_token(self):
        token = self._create_card("done")
        invoice = self._create_invoice(token=token)
        token.partner_id = self.env["res.partner"].create({"name": "Stranger"})
        self._assert_refused(invoice, "belongs to another customer")

    def test_no_token(self):
        self._assert_refused(self._create_invoice(), "No saved payment method")

    def test_provider_that_is_disabled_archives_the_token(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self.demo_provider.state = "disabled"
        self._assert_refused(invoice, "is archived")

    def test_disabled_provider_whose_token_stays_active(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self.env.cr.execute(
            "UPDATE payment_provider SET state = 'disabled' WHERE id = %s", [self.demo_provider.id]
        )
        self.demo_provider.invalidate_recordset()
        self._assert_refused(invoice, "is disabled")

    def test_provider_without_journal(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        # Odoo gives a provider any bank journal of the company, as long as there is one.
        self.env.cr.execute(
            """
            UPDATE account_payment_method_line SET payment_provider_id = NULL
             WHERE payment_provider_id = %s;
            UPDATE account_journal SET type = 'cash' WHERE type = 'bank';
            """,
            [self.demo_provider.id],
        )
        self.env.invalidate_all()
        self._assert_refused(invoice, "has no journal")

    def test_provider_that_only_reserves_amounts(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self.demo_provider.capture_manually = True
        self._assert_refused(invoice, "only reserves")

    def test_currency_that_the_provider_refuses(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self.demo_provider.available_currency_ids = self._enable_currency("EUR")
        self._assert_refused(invoice, "does not accept")

    def test_amount_above_the_providers_maximum(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self.demo_provider.maximum_amount = 50.0
        self._assert_refused(invoice, "exceeds the maximum")

    def test_provider_in_test_mode_is_not_charged_unless_allowed(self):
        self.env.company.recovery_charge_test_providers = False
        invoice = self._create_invoice(token=self._create_card("done"))
        self._collect()
        self.assertIn("is in test mode", invoice.recovery_attempt_ids.sorted("id")[0].sentence)

    def test_zero_residual_is_not_charged(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._run_cron("collect")
        self._register_payment(invoice, 100.0)
        self._run_cron("charge")
        attempt = invoice.recovery_attempt_ids
        self.assertEqual((attempt.state, attempt.sentence), ("cancelled", "Nothing is owed."))
        self.assertFalse(attempt.transaction_id)

    def test_negative_invoice_is_not_charged(self):
        invoice = self._create_invoice(token=self._create_card("done"), post=False)
        invoice.invoice_line_ids = [
            Command.create({"name": "Rebate", "price_unit": -100.0, "tax_ids": []})
        ]
        invoice.action_post()
        self._collect()
        self.assertNotIn("paid", invoice.recovery_attempt_ids.mapped("state"))
        self.assertFalse(invoice.recovery_attempt_ids.transaction_id)

    def test_young_draft_payment_of_the_customer_puts_the_charge_off(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._create_portal_transaction(invoice)
        self._collect()
        attempt = invoice.recovery_attempt_ids
        self.assertEqual(attempt.state, "planned")
        self.assertIn("may be paying right now", attempt.sentence)
        self.assertGreater(attempt.planned_at, fields.Datetime.now() + timedelta(minutes=55))

    def test_old_draft_payment_of_the_customer_does_not(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        transaction = self._create_portal_transaction(invoice)
        transaction.last_state_change -= timedelta(hours=2)
        self._collect()
        self.assertEqual(invoice.payment_state, "paid")

    def test_pending_payment_of_the_customer_puts_the_charge_off(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._create_portal_transaction(invoice)._set_pending()
        self._collect()
        self.assertIn("is on its way", invoice.recovery_attempt_ids.sentence)

    def test_payment_at_the_provider_that_is_not_booked_yet_puts_the_charge_off(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        self._create_portal_transaction(invoice)._set_done()
        self._collect()
        self.assertIn("is being booked", invoice.recovery_attempt_ids.sentence)

    def test_payment_that_odoo_gave_up_booking_is_for_a_person(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        transaction = self._create_portal_transaction(invoice)
        transaction._set_done()
        transaction.last_state_change -= timedelta(days=5)
        self._collect()
        self.assertIn("could not book it", invoice.recovery_attention)
        self.assertIn("not booked", invoice.recovery_attention)

    def test_lost_answer_to_a_customers_payment_puts_the_charge_off(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        transaction = self._create_portal_transaction(invoice)
        transaction._set_error("Could not establish the connection")
        transaction.recovery_unclear = True
        self._run_cron("collect")
        self._run_cron("charge")
        self.assertIn("got lost", invoice.recovery_attempt_ids.sentence)

    def test_lost_answer_that_cannot_be_asked_for_waits_for_a_person(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        transaction = self._create_portal_transaction(invoice)
        transaction._set_error("Could not establish the connection")
        transaction.recovery_unclear = True
        transaction.last_state_change -= timedelta(days=4)
        self._run_cron("collect")
        self._run_cron("charge")
        attempt = invoice.recovery_attempt_ids
        self.assertEqual(attempt.state, "planned")
        self.assertIn("Look it up at the provider", invoice.recovery_attention)
        invoice.action_recovery_attention_done()
        attempt.sudo().planned_at = fields.Datetime.now()
        self._run_cron("charge")
        self.assertEqual(attempt.state, "paid", msg="A person has looked.")

    def test_charge_that_cannot_be_prepared_is_told_and_the_job_goes_on(self):
        invoice = self._create_invoice(token=self._create_card("done"))
        other = self._create_invoice(token=self.good_card)
        attempts = type(self.env["recovery.attempt"])
        prepare = attempts._prepare_transaction_vals

        def fail_for_one(attempt):
            if attempt.move_id == invoice:
                raise ValueError("Boom")
            return prepare(attempt)

        self._run_cron("collect")
        with (
            mute_logger("odoo.addons.revenue_recovery.tools.jobs"),
            patch.object(attempts, "_prepare_transaction_vals", fail_for_one),
        ):
            self._run_cron("charge")
        self.assertEqual(other.payment_state, "paid")
        self.assertIn("Boom", invoice.recovery_attempt_ids.sorted("id")[0].sentence)

    def test_portal_offers_no_payment_while_a_charge_is_under_way(self):
        invoice = self._create_invoice(token=self._create_card("pending"))
        self.env["ir.config_parameter"].set_param("account_payment.enable_portal_payment", "True")
        self.assertTrue(invoice._has_to_be_paid())
        self._collect()
        self.assertFalse(invoice._has_to_be_paid())
        self.assertIn("is being processed", invoice._get_online_payment_error())

    def _create_portal_transaction(self, invoice, **values):
        """Override: the customer pays with a provider that nothing stands against."""
        return super()._create_portal_transaction(
            invoice, **{"provider_id": self.good_provider.id, **values}
        )
