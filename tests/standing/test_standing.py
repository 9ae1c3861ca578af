# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.revenue_recovery.models.standing.customers import (
    Ambiguous,
    Unreadable,
    find_customer,
)
from odoo.addons.revenue_recovery.models.standing.standing import read_standing

from ..common import RecoveryCommon


@tagged("post_install", "-at_install")
class TestStanding(RecoveryCommon):
    """How a customer stands, read from their cases and the ledger."""

    def setUp(self):
        super().setUp()
        self.invoice, self.case = self._fail_invoice()
        self.case = self.case.sudo()
        self.currency_name = self.invoice.currency_id.name

    def _begin_payment(self):
        """Return the draft payment of a customer who opened the payment form."""
        return self._create_portal_transaction(self.invoice, provider_id=self.demo_provider.id)

    def _read(self):
        self.env.invalidate_all()
        return read_standing(self.env.company.sudo(), self.customer)

    def _begin_grace(self):
        self.case._cancel_planned("Test")
        self.case._begin_grace("Test")

    def test_customer_without_a_case_stands_well(self):
        other = self.customer.copy()
        standing = read_standing(self.env.company.sudo(), other)
        self.assertEqual(standing[:5], ("good", None, {}, None, False))
        self.assertEqual(standing.as_of, fields.Datetime.now())

    def test_failed_payment_is_failing_with_what_is_owed_and_the_page(self):
        standing = self._read()
        self.assertEqual((standing.standing, standing.until), ("failing", None))
        self.assertEqual(standing.owed, {self.currency_name: "100.00"})
        self.assertIn("/recovery/pay/", standing.page)

    def test_grace_says_until_when(self):
        self._begin_grace()
        standing = self._read()
        self.assertEqual((standing.standing, standing.until), ("grace", self.case.grace_until))

    def test_grace_ends_with_the_first_of_several_cases(self):
        self._begin_grace()
        _invoice, other = self._fail_invoice(amount=40.0)
        other.sudo()._begin_grace("Test")
        other.sudo().grace_until = self.case.grace_until - timedelta(days=1)
        standing = self._read()
        self.assertEqual(standing.until, other.grace_until)
        self.assertEqual(standing.owed, {self.currency_name: "140.00"})

    def test_worst_case_decides(self):
        _invoice, other = self._fail_invoice(amount=40.0)
        other.sudo()._close("lost", "Test")
        standing = self._read()
        self.assertEqual(standing.standing, "ended")
        self.assertIn("/recovery/pay/", standing.page, msg="The page pays what is open.")

    def test_given_up_is_ended_and_can_be_paid_like_any_invoice(self):
        self.case._close("lost", "Test")
        standing = self._read()
        self.assertEqual(standing.standing, "ended")
        self.assertEqual(standing.owed, {self.currency_name: "100.00"})
        self.assertIn(f"/my/invoices/{self.invoice.id}?access_token=", standing.page)

    def test_given_up_and_blocked_is_ended_without_a_page(self):
        self.case._close("lost", "Test")
        self.invoice.action_toggle_block_payment()
        standing = self._read()
        self.assertEqual((standing.standing, standing.page), ("ended", None))

    def test_written_off_is_good_again(self):
        self.case._write_off(self.company_data["default_account_expense"], fields.Date.today())
        self.case._close("lost", "Test")
        self.assertEqual(self._read()[:3], ("good", None, {}))

    def test_archived_case_holds_nothing_against_the_customer(self):
        self.case._close("lost", "Test")
        self.case.active = False
        self.assertEqual(self._read().standing, "good")

    def test_payment_counts_before_the_case_has_followed(self):
        self._register_payment(self.invoice, 100.0)
        self.assertEqual(self.case.state, "in_recovery")
        self.assertEqual(self._read()[:4], ("good", None, {}, None))

    def test_part_of_a_payment_leaves_the_rest(self):
        self._register_payment(self.invoice, 30.0)
        standing = self._read()
        self.assertEqual(
            (standing.standing, standing.owed), ("failing", {self.currency_name: "70.00"})
        )

    def test_payment_done_at_the_provider_counts_before_it_is_booked(self):
        self._begin_payment()._set_done()
        self.assertEqual(self.invoice.payment_state, "not_paid")
        self.assertEqual(self._read().standing, "good")

    def test_payment_on_its_way_puts_off_the_hard_wall(self):
        transaction = self._begin_payment()
        for prepare in (self._begin_grace, lambda: self.case._close("lost", "Test")):
            prepare()
            if transaction.state == "draft":
                self.assertEqual(self._read().standing, "grace")
                transaction._set_pending()
            standing = self._read()
            self.assertEqual((standing.standing, standing.processing), ("failing", True))
        transaction._set_error("Declined")
        self.assertEqual(self._read().standing, "ended")

    def test_paused_is_failing_also_out_of_the_grace(self):
        self._begin_grace()
        self.case._pause(False, "Test")
        self.assertEqual(self._read().standing, "failing")

    def test_what_the_accountant_keeps_back_is_not_held_against_the_customer(self):
        self.invoice.action_toggle_block_payment()
        self._run_cron("follow")
        self.assertEqual((self.case.state, self._read().standing), ("suspended", "good"))

    def test_excluded_invoice_is_not_held_against_the_customer(self):
        for close in (lambda: None, lambda: self.case._close("lost", "Test")):
            close()
            self.invoice.line_ids.no_followup = True
            self.assertEqual(self._read().standing, "good")

    def test_company_s_own_fault_is_not_held_against_the_customer(self):
        for values in (
            {"decline_class": "merchant"},
            {"decline_class": "later", "waiting_since": fields.Datetime.now()},
        ):
            self.case.write(values)
            self.assertEqual(self._read().standing, "good")

    def test_exclusion_from_notices_is_one_from_the_wall_too(self):
        self.invoice.recovery_excluded = "both"
        self._run_cron("follow")
        self.assertEqual((self.case.excluded, self._read().standing), ("both", "good"))

    def test_exclusion_from_charges_puts_the_hard_wall_off(self):
        self._begin_grace()
        self.invoice.recovery_excluded = "charges"
        self._run_cron("follow")
        self.assertTrue(self.case.excluded_since)
        self.assertEqual(self._read().standing, "failing")

    def test_technical_trouble_is_silent_as_the_mails_are(self):
        self.case.decline_class = "technical"
        self.case.first_attempt_id.decline_class = "technical"
        self.assertEqual(self._read().standing, "good")
        self._begin_grace()
        self.assertEqual(self._read().standing, "grace")

    def test_other_currency_is_added_up_apart(self):
        other = self.env.ref("base.JPY" if self.currency_name != "JPY" else "base.EUR")
        other.active = True
        self._fail_invoice(amount=500.0, currency_id=other.id)
        self.assertEqual(self._read().owed, {self.currency_name: "100.00", other.name: "500"})

    def test_cases_of_another_company_are_none(self):
        other = self._create_company(name="Other")
        self.assertEqual(read_standing(other.sudo(), self.customer).standing, "good")


@tagged("post_install", "-at_install")
class TestCustomers(RecoveryCommon):
    """Whom a product means."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company.sudo()
        cls.customer.ref = "C-1"
        cls._create_invoice()
        cls.other_company = cls._create_company(name="Other").sudo()

    def _find(self, text, company=None):
        return find_customer(company or self.company, text)

    def test_customer_is_found_by_reference_id_and_email(self):
        for text in (
            "C-1",
            "ref:C-1",
            f"{self.customer.id}",
            f"id:{self.customer.id}",
            "customer@example.com",
            "email: Customer@Example.com",
        ):
            with self.subTest(text=text):
                self.assertEqual(self._find(text), self.customer)

    def test_contact_means_the_company_it_belongs_to(self):
        self.env["res.partner"].create(
            {"name": "Clerk", "parent_id": self.customer.id, "email": "clerk@example.com"}
        )
        self.assertEqual(self._find("clerk@example.com"), self.customer)

    def test_reference_goes_before_the_id(self):
        other = self.customer.copy({"ref": str(self.customer.id)})
        self.assertEqual(self._find(f"{self.customer.id}"), other)
        self.assertEqual(self._find(f"id:{self.customer.id}"), self.customer)

    def test_several_customers_of_one_name_are_ambiguous(self):
        self.customer.copy({"ref": "C-1"})
        for text in ("C-1", "customer@example.com"):
            with self.assertRaises(Ambiguous):
                self._find(text)

    def test_what_names_nobody_finds_nobody(self):
        for text in ("C-2", "id:C-1", "0", "99999999999999999999", "ref:customer@example.com", "%"):
            with self.subTest(text=text):
                self.assertFalse(self._find(text))

    def test_what_can_be_no_name_is_refused(self):
        for text in ("", "  ", None, "ref:", "x" * 500, "C\0-1"):
            with self.subTest(text=text), self.assertRaises(Unreadable):
                self._find(text)

    def test_customer_of_another_company_is_not_found(self):
        theirs = self.customer.copy({"ref": "C-2", "company_id": self.other_company.id})
        self.assertFalse(self._find("C-2"))
        self.assertEqual(self._find("C-2", self.other_company), theirs)

    def test_shared_contact_is_the_customer_of_whoever_sends_it_invoices(self):
        self.assertFalse(self._find("C-1", self.other_company))
        new = self.customer.copy({"ref": "C-3"})
        self.assertEqual(self._find("C-3"), new, msg="A customer of nobody may be a new one.")

    def test_customer_of_another_company_hides_nobody(self):
        self.customer.copy({"ref": "C-1", "company_id": self.other_company.id})
        self.assertEqual(self._find("C-1"), self.customer)
