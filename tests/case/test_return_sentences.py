from odoo import fields
from odoo.tests import tagged

from .test_return import ReturnCommon

SCHEMES = ("sepa", "ach", "bacs", "becs", "pad")
# Codes whose scheme forbids to present the debit again, whatever their class says.
FORBIDDEN = ("MS03", "RR04", "AG02", "NARR", "CNOR")


@tagged("post_install", "-at_install")
class TestReturnSentences(ReturnCommon):
    """What the dialog says of a bank's code is what the engine does then."""

    NOW = "2026-03-02 12:00:00"

    def _choose_codes(self):
        """Return codes of each scheme: one of each class, and those with rules of their own."""
        chosen = {}
        codes = self.env["recovery.decline.code"].search([("scope", "in", SCHEMES)], order="id")
        for code in codes:
            own = code.code if code.scope == "sepa" and code.code in (*FORBIDDEN, "AM04") else ""
            chosen.setdefault((code.scope, code.reason_id.decline_class, own), code)
        return chosen.values()

    def _open(self, payment, code):
        return self.env["recovery.return.wizard"].new(
            {
                "payment_id": payment.id,
                "scheme": code.scope,
                "code": code.code,
                "date": fields.Date.today(),
            }
        )

    def test_sentence_of_each_kind_of_code_agrees_with_what_the_engine_does(self):
        payments = {}
        for scheme in SCHEMES:
            invoice = self._create_invoice(token=self._create_account(recovery_network=scheme))
            self._collect()
            payments[scheme] = invoice, invoice.reconciled_payment_ids
        for code in self._choose_codes():
            invoice, payment = payments[code.scope]
            sentence = self._open(payment, code).consequences.split("\n")[-1]
            savepoint = self.env.cr.savepoint()
            self._return(payment, code.code, code.scope)
            case = invoice.recovery_case_id
            with self.subTest(scheme=code.scope, code=code.code, sentence=sentence):
                self.assertEqual(
                    sentence.startswith("It is debited again"), bool(case.next_attempt_at)
                )
                if code.scope == "sepa" and code.code in FORBIDDEN:
                    self.assertIn("presented again at most twice in 30 days", sentence)
            savepoint.close(rollback=True)
            self.env.invalidate_all()

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
