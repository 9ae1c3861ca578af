# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_taxonomy import TaxonomyCommon


@tagged("post_install", "-at_install")
class TestUnlistedCodes(TaxonomyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.unlisted = cls.env["recovery.decline.unlisted"]
        cls.unknown = [("code_id", "=", False)]

    def _refuse(self, *unlisted, company=None, **decline):
        """Create a refused payment whose answer held these unknown codes."""
        provider = self.demo_provider
        if company:
            provider = provider.copy({"company_id": company.id})
        transaction = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": self.payment_method_id,
                "reference": f"refused {self.env['payment.transaction'].search_count([])}",
                "amount": 100.0,
                "currency_id": self.env.company.currency_id.id,
                "partner_id": self.customer.id,
                "state": "error",
                "last_state_change": "2026-11-01 12:00:00",
            }
        )
        transaction.recovery_decline = {
            "message": "No payment at full moon",
            "unlisted": [list(entry) for entry in unlisted],
            "excerpt": [["error.code", "moon_phase"]],
            **decline,
        }
        return transaction

    def _meet(self, code="moon_phase", **values):
        self._refuse(("stripe", "code", code), **values)
        return self.unlisted.search([("code", "=", code)])

    def test_unknown_code_is_listed_with_how_often_it_was_seen(self):
        self._refuse(("stripe", "code", "moon_phase"))
        latest = self._refuse(("stripe", "code", "Moon_Phase."), ("visa", "response", "ZZ"))
        latest.last_state_change = "2026-11-20 12:00:00"
        row = self.unlisted.search([("scope", "=", "stripe"), *self.unknown])
        self.assertEqual(row.transaction_count, 2)
        self.assertEqual(
            (str(row.first_seen), str(row.last_seen)),
            ("2026-11-01 12:00:00", "2026-11-20 12:00:00"),
        )
        self.assertEqual(row.transaction_id, latest)
        self.assertEqual(row.message, "No payment at full moon")
        self.assertEqual(row.excerpt, "error.code: moon_phase")
        visa = self.unlisted.search([("scope", "=", "visa"), *self.unknown])
        self.assertEqual((visa.kind, visa.code, visa.transaction_count), ("response", "ZZ", 1))
        self.assertFalse(self.unlisted.search([("id", "not in", (row + visa).ids)]))

    def test_manager_classifies_a_code_in_its_row(self):
        row = self._meet().with_user(self.manager)
        [answer] = row.web_save(
            {"reason_id": self.lost.id, "advice": "wait:4d"}, {"code": {}, "reason_id": {}}
        )
        self.assertEqual(answer["reason_id"], self.lost.id)
        code = self.codes._find_code("stripe", "code", "moon_phase")
        self.assertEqual((code.reason_id, code.advice), (self.lost, "wait:4d"))
        self.assertEqual(code.source, f"Classified by {self.manager.name}")
        self.assertTrue(code.edited)
        self.assertEqual(self._find(code="moon_phase").reason, "lost_card")
        self.assertFalse(self.unlisted.search(self.unknown))

    def test_row_keeps_its_id_when_the_code_comes_again(self):
        row = self._meet()
        self.assertEqual(self._meet(), row)
        self.assertEqual(row.transaction_count, 2)

    def test_archived_code_is_not_asked_for_again(self):
        row = self._meet(self.code.code.upper())
        self.assertEqual(row.code_id, self.code)
        self.code.active = False
        self.assertFalse(self.unlisted.search(self.unknown))

    def test_code_in_letters_that_the_database_folds_otherwise_is_known_once_classified(self):
        row = self._meet("ABGELEHNT: GRÖßE")
        row.reason_id = self.no_funds
        self.assertFalse(self.unlisted.search(self.unknown))

    def test_code_that_two_companies_met_is_classified_for_both(self):
        other = self._create_company(name="Other")
        self._meet()
        rows = self._meet(company=other)
        self.assertEqual(rows.mapped("transaction_count"), [1, 1])
        rows.write({"reason_id": self.lost.id})
        self.assertEqual(self.codes.search_count([("code", "=", "moon_phase")]), 1)
        self.assertFalse(self.unlisted.search(self.unknown))

    def test_choice_can_be_changed_in_the_row_but_not_taken_back(self):
        row = self._meet()
        row.reason_id = self.lost
        row.reason_id = self.no_funds
        self.assertEqual(self._find(code="moon_phase").reason, "insufficient_funds")
        with self.assertRaisesRegex(UserError, "Choose the reason that the code “moon_phase”"):
            row.reason_id = False

    def test_advice_without_a_reason_is_refused(self):
        with self.assertRaisesRegex(UserError, "Choose the reason"):
            self._meet().advice = "never"

    def test_accountant_sees_unknown_codes_but_does_not_classify(self):
        row = self._meet().with_user(self.accountant)
        self.assertTrue(row.read())
        with self.assertRaises(AccessError):
            row.reason_id = self.lost

    def test_answers_in_an_unexpected_form_hurt_nobody(self):
        for decline in (
            {"unlisted": 5},
            {"unlisted": None},
            {"unlisted": [5, [], ["a"], ["a", "code"], ["", "code", "x"], [["a"], None, "b"]]},
            {"unlisted": [["a", "code", ""]], "excerpt": None},
        ):
            with self.subTest(decline=decline):
                self._refuse(**decline)
                self.assertFalse(self.unlisted.search([]))
        self.assertFalse(self._meet(excerpt=None, message=None).excerpt)
