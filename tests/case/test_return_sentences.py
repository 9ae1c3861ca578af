# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo import fields
from odoo.tests import tagged

from odoo.addons.revenue_recovery.models.case.returns import mark_declined

from .test_return import ReturnCommon

SCHEMES = ("sepa", "ach", "bacs", "becs", "pad")


@tagged("post_install", "-at_install")
class TestReturnSentences(ReturnCommon):
    """What the dialog says of a bank's code is what the engine does then."""

    NOW = "2026-03-02 12:00:00"

    def _preview(self, payment, scheme, code):
        """Return what the dialog says of the account that was debited."""
        values = {
            "payment_id": payment.id,
            "scheme": scheme,
            "code": code,
            "date": fields.Date.today(),
        }
        wizard = self.env["recovery.return.wizard"].new(values)
        return wizard.consequences.split("\n")[-1]

    def test_sentence_of_each_code_agrees_with_what_the_engine_says_of_the_method(self):
        codes = self.env["recovery.decline.code"].search([("scope", "in", SCHEMES)])
        self.assertGreater(len(codes), 200)
        for scheme, group in codes.grouped("scope").items():
            account = self._create_account(recovery_network=scheme)
            invoice = self._create_invoice(token=account)
            self._collect()
            attempt = invoice.recovery_attempt_ids
            case = self.env["recovery.case"].sudo()._open(invoice.sudo(), attempt=attempt.sudo())
            payment = invoice.reconciled_payment_ids
            transaction = attempt.transaction_id.sudo()
            for code in group.mapped("code"):
                transaction.write({"recovery_decline": False, "recovery_reason_id": False})
                with self.subTest(scheme=scheme, code=code):
                    sentence = self._preview(payment, scheme, code)
                    mark_declined(transaction, self._read(code, scheme))
                    block = case._judge_method(account, 100.0).block
                    self.assertEqual(sentence.startswith("It is debited again"), not block)
                    if block and block.kind == "ceiling":
                        self.assertIn(block.sentence, sentence)

    def test_what_was_said_of_a_code_is_what_happens(self):
        for scheme, code, is_again in (
            ("sepa", "AM04", True),
            ("sepa", "RR04", False),
            ("sepa", "MS03", False),
            ("sepa", "AC04", False),
            ("ach", "R24", False),
        ):
            with self.subTest(scheme=scheme, code=code):
                account = self._create_account(recovery_network=scheme)
                invoice = self._create_invoice(token=account)
                self._collect()
                payment = invoice.reconciled_payment_ids
                sentence = self._preview(payment, scheme, code)
                self.assertEqual(sentence.startswith("It is debited again"), is_again)
                self._return(payment, code, scheme)
                self.assertEqual(bool(invoice.recovery_case_id.next_attempt_at), is_again)

    def test_policy_that_plans_no_charges_is_not_said_to_debit_again(self):
        self.policy.retry_schedule = "none"
        _invoice, payment = self._pay_invoice()
        self.assertIn("no policy plans charges", self._preview(payment, "sepa", "AM04"))

    def test_customer_is_told_of_a_debit_that_may_not_be_presented_again(self):
        """It was nothing that they did, but nobody else can pay it in another way."""
        for code in ("RR04", "AB01"):
            with self.subTest(code=code):
                invoice, payment = self._pay_invoice()
                self._return(payment, code)
                case = invoice.recovery_case_id
                self.assertFalse(case.next_attempt_at)
                [failure] = case._get_notice_facts()[case].heard
                self.assertFalse(failure.silent)
                self.assertEqual(case._get_notice_class(), "returned")
