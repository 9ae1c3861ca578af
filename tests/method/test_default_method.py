# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestDefaultMethod(RecoveryCommon):
    """A customer's default that fits no more is dropped with a reason, and stops no invoice."""

    NOW = "2026-03-02 12:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env["res.partner"]
        cls.firm = partners.create({"name": "Firm", "is_company": True})
        cls.other_firm = partners.create({"name": "Other Firm", "is_company": True})
        cls.clerk = partners.create({"name": "Clerk", "parent_id": cls.firm.id})
        cls.card = cls._create_card("done", partner_id=cls.clerk.id)
        cls.firm.write({"collect_automatically": True, "collect_token_id": cls.card.id})

    def _prepare_invoice(self, partner, **values):
        return {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "invoice_date": fields.Date.today(),
            "invoice_line_ids": [
                Command.create({"name": "Service", "price_unit": 100.0, "tax_ids": []})
            ],
            **values,
        }

    def _create_for(self, *partners):
        return self.env["account.move"].create([self._prepare_invoice(each) for each in partners])

    def test_default_leaves_with_the_contact_who_saved_it(self):
        self.clerk.parent_id = self.other_firm
        self.assertFalse(self.firm.collect_token_id)
        self.assertTrue(self.firm.collect_automatically, msg="That was not about the card.")
        note = self.firm.message_ids[0].body
        self.assertIn("4242", note)
        self.assertIn("does not belong to Firm", note)
        invoice = self._create_for(self.firm)
        invoice.action_post()
        self.assertEqual((invoice.state, invoice.collect_token_id.id), ("posted", False))

    def test_contact_who_becomes_a_customer_of_his_own_takes_his_card_along(self):
        self.clerk.write({"parent_id": False})
        self.assertFalse(self.firm.collect_token_id)
        self.assertEqual(self.clerk.collect_token_id, self.card, msg="It is theirs.")

    def test_contact_who_becomes_a_company_within_the_company_takes_his_card_along(self):
        self.clerk.is_company = True
        self.assertFalse(self.firm.collect_token_id)

    def test_contacts_contact_leaves_with_him(self):
        assistant = self.env["res.partner"].create({"name": "A", "parent_id": self.clerk.id})
        card = self._create_card("done", partner_id=assistant.id)
        self.firm.collect_token_id = card
        self.clerk.parent_id = self.other_firm
        self.assertFalse(self.firm.collect_token_id)

    def test_contact_who_leaves_does_not_keep_a_colleagues_card(self):
        colleague = self.env["res.partner"].create({"name": "C", "parent_id": self.firm.id})
        colleague.parent_id = False
        self.assertFalse(colleague.collect_token_id)
        self.assertEqual(self.firm.collect_token_id, self.card, msg="Nothing changed for them.")
        self.assertFalse(self._create_for(colleague).collect_token_id)

    def test_card_given_to_somebody_else_is_nobodys_default_any_more(self):
        self.card.partner_id = self.other_firm
        self.assertFalse(self.firm.collect_token_id)

    def test_customer_who_joins_a_company_still_pays_his_own_invoice(self):
        card = self._create_card("done")
        invoice = self._create_invoice(token=card)
        self.customer.parent_id = self.firm
        self._collect()
        self.assertEqual(invoice.payment_state, "paid")

    def test_batch_goes_through_whatever_one_customers_default_is(self):
        # As another addon might do it, of whom we hear nothing.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_token SET partner_id = %s WHERE id = %s",
            [self.other_firm.id, self.card.id],
        )
        self.env.invalidate_all()
        invoices = self._create_for(self.customer, self.firm)
        invoices.action_post()
        self.assertEqual(invoices.mapped("state"), ["posted", "posted"])
        self.assertFalse(invoices.collect_token_id)
        self.assertFalse(self.firm.collect_token_id)
        self.assertIn("does not belong", self.firm.message_ids[0].body)

    def test_card_of_another_company_is_refused_where_it_is_entered(self):
        other = self._create_company(name="Other")
        with self.assertRaisesRegex(ValidationError, "can't be charged by Other"):
            self.firm.with_company(other).collect_token_id = self.card

    def test_card_of_another_customer_is_refused_where_it_is_entered(self):
        with self.assertRaisesRegex(ValidationError, "another customer"):
            self.other_firm.collect_token_id = self.card
        with self.assertRaisesRegex(ValidationError, "another customer"):
            self.env["account.move"].create(
                self._prepare_invoice(self.other_firm, collect_token_id=self.card.id)
            )

    def test_default_is_dropped_when_its_provider_goes_to_another_company(self):
        other = self._create_company(name="Other")
        self.demo_provider.state = "disabled"
        journals = self.env["account.journal"].with_company(other)
        journal = journals.search([("type", "=", "bank"), ("company_id", "=", other.id)], limit=1)
        self.demo_provider.write({"company_id": other.id, "journal_id": journal.id})
        self.assertFalse(self.firm.collect_token_id)
        self.assertIn("another company", self.firm.message_ids[0].body)

    def test_default_fits_in_a_branch_of_the_company(self):
        branch = self._create_company(name="Branch", parent_id=self.env.company.id)
        self.firm.with_company(branch).collect_token_id = self.card
        self.assertEqual(self.firm._get_collect_default(branch), self.card)

    def test_default_that_was_left_behind_is_not_charged(self):
        invoice = self._create_for(self.firm)
        invoice.collect_token_id = False  # The customer's default is meant.
        invoice.action_post()
        self.clerk.parent_id = self.other_firm
        self._collect()
        self.assertEqual(invoice.payment_state, "not_paid")
        self.assertIn("Choose one", invoice.recovery_attempt_ids.sorted("id")[0].sentence)

    def test_recurring_invoice_goes_on_when_its_card_has_left(self):
        invoice = self._create_for(self.firm)
        invoice.write({"auto_post": "monthly", "date": fields.Date.today()})
        self.clerk.parent_id = self.other_firm
        invoice.action_post()
        copy = self.env["account.move"].search([("auto_post_origin_id", "=", invoice.id)]) - invoice
        self.assertEqual((len(copy), copy.collect_automatically), (1, True))
        self.assertFalse(copy.collect_token_id)
        self.assertIn("4242", invoice.message_ids.mapped("body")[0])
