# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .test_return import ReturnCommon

ACCOUNTANT = "account.group_account_invoice"


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
                self.assertIn(payment.name, form.consequences)
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
