# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
from datetime import timedelta
from unittest.mock import patch

from requests.exceptions import ReadTimeout

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...declines.look_ups import LOOK_UPS
from .page_common import PageCommon

TRANSACTION_LOGGER = "odoo.addons.payment.models.payment_transaction"


@tagged("post_install", "-at_install")
class TestPagePayment(PageCommon):
    """Paying on the page: once, what is owed, and never beside another payment."""

    def test_payment_recovers_the_case(self):
        transaction = self._simulate(self._pay())
        self._run_cron("follow")
        self.assertEqual(transaction.partner_id, self.customer)
        self.assertEqual(self.invoice.payment_state, "paid")
        self.assertEqual(self.case.state, "recovered")
        self.assertIn("Paid, thank you", self._get().text)

    def test_several_invoices_are_paid_by_one_payment(self):
        other, other_case = self._fail_invoice(amount=55.0)
        path = self._get_path(self.case | other_case)
        transaction = self._simulate(self._pay(self.case | other_case, path, 155.0))
        self.assertEqual(transaction.amount, 155.0)
        self.assertEqual((self.invoice.payment_state, other.payment_state), ("paid", "paid"))

    def test_instalments_that_are_not_due_are_not_paid(self):
        term = self.env.ref("account.account_payment_term_advance_60days")
        invoice, case = self._fail_invoice(invoice_payment_term_id=term.id)
        owed = case._get_owed()
        self.assertLess(owed, 100.0)
        transaction = self._simulate(self._pay(path=self._get_path(case), amount=owed))
        self.assertEqual(transaction.amount, owed)
        self.assertEqual(invoice.payment_state, "partial")

    def test_another_amount_than_owed_is_refused(self):
        for amount in (1.0, 99.99, 100.01, 0.0, None):
            self.assertIn("amount has changed", self._pay(amount=amount))

    def test_amount_that_changed_since_the_page_was_opened_is_refused(self):
        self._register_payment(self.invoice, 30.0)
        self.assertIn("amount has changed", self._pay())
        self.assertEqual(self._simulate(self._pay(amount=70.0)).amount, 70.0)

    def test_invoices_that_are_not_on_the_page_cannot_be_paid_through_it(self):
        other = self._fail_invoice()[1].id
        own = self.case.id
        for numbers in (f"{other}", f"{own}-{other}", f"-{own}", "0", "x", "all-"):
            self.assertIn("reload the page", self._pay(numbers))

    def test_validation_cannot_be_smuggled_into_a_payment(self):
        transaction = self._simulate(self._pay(is_validation=True))
        self.assertEqual(transaction.operation, "online_direct")

    def test_landing_page_cannot_be_chosen_by_the_visitor(self):
        values = self._pay(landing_route="https://evil.example")
        transaction = self._simulate(values)
        self.assertTrue(transaction.landing_route.startswith(self.path))

    @mute_logger("odoo.http")
    def test_unknown_values_are_refused(self):
        self.assertNotIn("reference", self._pay(partner_id=1))

    def test_provider_of_another_company_is_refused(self):
        other = self.demo_provider.copy({"company_id": self._create_company(name="Other").id})
        self.assertIn("reload the page", self._pay(provider_id=other.id))

    def test_another_customers_card_is_refused(self):
        stranger = self.env["res.partner"].create({"name": "S"})
        card = self._create_card("done", partner_id=stranger.id)
        answer = self._pay(flow="token", token_id=card.id, payment_method_id=None)
        self.assertIn("choose another payment method", answer)

    def test_saved_method_pays_at_once(self):
        card = self._create_card("done")
        self.assertIn(f"o_payment_token_{card.id}", self._get().text)
        self._pay(flow="token", token_id=card.id, payment_method_id=None)
        transaction = self.env["payment.transaction"].search([], order="id desc", limit=1)
        self.assertEqual((transaction.state, transaction.token_id), ("done", card))

    def test_form_makes_way_for_a_charge_under_way(self):
        attempt = self.case.sudo().next_attempt_id
        attempt.planned_at = fields.Datetime.now()
        page = self._get().text
        self.assertNotIn("o_payment_form", page)
        self.assertIn("being processed", page)
        self.assertIn("already", self._pay())

    def test_job_that_stands_still_does_not_keep_a_customer_from_paying(self):
        attempt = self.case.sudo().next_attempt_id
        attempt.planned_at = fields.Datetime.now() - timedelta(hours=1)
        self.assertIn("o_payment_form", self._get().text)

    def test_second_tab_cannot_pay_what_the_first_has_paid(self):
        self._simulate(self._pay())
        self.assertIn("reload the page", self._pay())

    def test_second_tab_cannot_pay_while_the_first_payment_is_being_booked(self):
        values = self._pay()
        transaction = self.env["payment.transaction"].search(
            [("reference", "=", values["reference"])]
        )
        transaction._set_done()
        self.assertEqual(self.invoice.payment_state, "not_paid")
        self.assertIn("already", self._pay())
        self.assertNotIn("o_payment_form", self._get().text)

    def test_second_tab_cannot_pay_while_the_first_payment_is_pending(self):
        self._simulate(self._pay(), "pending")
        self.assertIn("already", self._pay())

    def test_payment_that_its_provider_never_decided_keeps_nobody_from_paying(self):
        transaction = self._simulate(self._pay(), "pending")
        transaction.last_state_change -= timedelta(days=8)
        self.assertIn("o_payment_form", self._get().text)
        self.assertIn("reference", self._pay())

    @mute_logger(TRANSACTION_LOGGER)
    def test_payment_begun_in_another_tab_cannot_be_finished_any_more(self):
        first = self._pay()
        second = self._pay()
        self._simulate(second)
        late = self._simulate(first)
        self.assertEqual(late.state, "cancel")
        self.assertEqual(len(self.invoice.matched_payment_ids), 1)

    def test_begun_payment_that_cannot_be_withdrawn_holds_the_second_back(self):
        transaction = self._create_portal_transaction(self.invoice)
        self.assertNotIn(transaction.provider_code, ("demo", "stripe"))
        self.assertIn("already", self._pay())
        self.assertIn("A payment was begun", self._get().text)
        transaction.last_state_change -= timedelta(minutes=3)
        self.assertIn("reference", self._pay(), msg="A form is sent at once or never.")

    def test_payment_begun_on_the_providers_page_holds_the_second_back_for_some_minutes(self):
        transaction = self._create_portal_transaction(self.invoice, operation="online_redirect")
        transaction.last_state_change -= timedelta(minutes=10)
        self.assertIn("already", self._pay())
        transaction.last_state_change -= timedelta(minutes=10)
        self.assertIn("reference", self._pay())

    def test_begun_payment_of_which_the_provider_knows_nothing_holds_nobody_back(self):
        answers = []
        look_ups = {self.provider.code: lambda _question, _ask: answers.pop()}
        self._create_portal_transaction(self.invoice, provider_reference="order_1")
        with patch.dict(LOOK_UPS, look_ups):
            self.assertIn("o_payment_form", self._get().text)
            for unclear in (None, {"status": "created"}):
                answers.append(unclear)
                self.assertIn("already", self._pay())
            answers.append(False)
            self.assertIn("reference", self._pay())
        self.assertFalse(answers)

    def test_form_of_two_invoices_left_open_makes_way_for_that_of_one(self):
        _other, other_case = self._fail_invoice(amount=55.0)
        path = self._get_path(self.case | other_case)
        both = self._pay(self.case | other_case, path, 155.0)
        one = self._pay(self.case, path)
        self.assertEqual(self._simulate(one).state, "done")
        with mute_logger(TRANSACTION_LOGGER):
            self.assertEqual(self._simulate(both).state, "cancel")

    def test_customer_who_comes_back_again_and_again_can_still_pay(self):
        for _turn in range(35):
            values = self._pay()
            self.assertIn("reference", values)
        self.assertEqual(self._simulate(values).state, "done")

    def test_one_failure_after_another_is_refused_for_some_minutes(self):
        for _turn in range(10):
            self._simulate(self._pay(), "error")
        self.assertIn("many tries", self._pay())
        failed = self.env["payment.transaction"].search([("state", "=", "error")])
        failed.last_state_change = fields.Datetime.now() - timedelta(minutes=11)
        self.assertIn("reference", self._pay())

    def test_failed_payment_can_be_tried_again_and_says_nothing_of_the_bank(self):
        transaction = self._simulate(self._pay(), "error")
        transaction.state_message = "Stolen card"
        page = self._get().text
        self.assertIn("did not go through", page)
        self.assertNotIn("Stolen", page)
        self.assertIn("reference", self._pay())

    def test_running_retry_waits_for_the_customer_who_pays(self):
        self._pay()
        self._charge_next(self.case)
        self.assertIn("may be paying right now", self.case.next_attempt_id.sentence)

    def test_method_that_pays_is_kept_when_the_customer_agrees(self):
        transaction = self._simulate(self._pay(tokenization_requested=True))
        self.assertTrue(transaction.token_id)
        self.assertEqual(self.customer.collect_token_id, transaction.token_id)
        self.assertEqual(self.invoice.collect_token_id, transaction.token_id)

    def test_method_that_pays_is_not_kept_without_asking(self):
        transaction = self._simulate(self._pay())
        self.assertFalse(transaction.token_id)
        self.assertFalse(self.customer.collect_token_id)

    def test_one_invoice_is_paid_while_another_is_being_charged(self):
        _other, other_case = self._fail_invoice(amount=55.0)
        other_case.sudo().next_attempt_id.planned_at = fields.Datetime.now()
        page = self._get(self._get_path(self.case | other_case)).text
        self.assertIn('data-amount="100.0"', page)
        self.assertIn("Being processed", page)

    def test_bank_is_not_quoted_after_the_payment_either(self):
        transaction = self._simulate(self._pay(), "error")
        transaction.state_message = "Stolen card"
        page = self._get("/payment/status").text
        self.assertIn("An error occurred", page)
        self.assertNotIn("Stolen", page)


@tagged("post_install", "-at_install")
class TestPageStripe(PageCommon):
    """With the unmodified Stripe addon, whose payments the customer's browser finishes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()
        cls.stripe.is_published = True

    def _fail_with(self, decline_code, **error):
        card = self._create_stripe_card(self.stripe)
        with self._decline_charges(decline_code, **error):
            invoice, case = self._fail_invoice(token=card)
        return card, invoice, case

    def _answer(self, **body):
        return self._create_response(200, json.dumps(body).encode())

    def _begin(self, path, *answers):
        """Start a payment by card; Stripe answers as given, then creates the payment."""
        intent = {"id": "pi_1", "client_secret": "pi_1_secret_x", "status": "requires_method"}
        answers = [*answers, self._answer(id="cus_1"), self._answer(**intent)]
        with self._patch_requests(side_effect=answers) as request:
            result = self._pay(path=path, provider_id=self.stripe.id)
        return result, [call.args[1].rpartition("/v1/")[2] for call in request.call_args_list]

    def test_saved_card_that_the_bank_wants_confirmed_is_not_offered_again(self):
        card, _invoice, case = self._fail_with(
            "authentication_required", code="authentication_required"
        )
        self.assertEqual(case.decline_class, "customer_action")
        page = self._get(self._get_path(case)).text
        self.assertIn("Confirm with your bank", page)
        self.assertNotIn(f"o_payment_token_{card.id}", page)
        self.assertIn("o_payment_method_", page)

    def test_dead_card_is_not_offered_again(self):
        card, _invoice, case = self._fail_with("stolen_card")
        page = self._get(self._get_path(case)).text
        self.assertNotIn(f"o_payment_token_{card.id}", page)
        self.assertNotIn("stolen", page.lower())

    def test_empty_card_may_be_tried_once_more(self):
        card, _invoice, case = self._fail_with("insufficient_funds")
        self.assertIn(f"o_payment_token_{card.id}", self._get(self._get_path(case)).text)

    def test_second_tab_withdraws_the_payment_of_the_first_at_stripe(self):
        _card, invoice, case = self._fail_with("insufficient_funds")
        path = self._get_path(case)
        first, calls = self._begin(path)
        self.assertEqual(first["client_secret"], "pi_1_secret_x")
        self.assertEqual(calls, ["customers", "payment_intents"])
        second, calls = self._begin(path, self._answer(id="pi_1", status="canceled"))
        self.assertEqual(calls[0], "payment_intents/pi_1/cancel")
        self.assertEqual(second["state"], "draft")
        drafts = invoice.transaction_ids.filtered(lambda each: each.operation == "online_direct")
        self.assertEqual(sorted(drafts.mapped("state")), ["cancel", "draft"])

    @mute_logger("odoo.addons.payment.models.payment_provider")
    def test_payment_that_cannot_be_withdrawn_any_more_keeps_the_second_from_starting(self):
        _card, invoice, case = self._fail_with("insufficient_funds")
        path = self._get_path(case)
        self._begin(path)
        refused = self._create_response(400, b"{}")
        with self._patch_requests(
            side_effect=[refused, self._answer(id="pi_1", status="succeeded")]
        ):
            answer = self._pay(path=path, provider_id=self.stripe.id)
        self.assertIn("already", answer)
        drafts = invoice.transaction_ids.filtered(lambda each: each.operation == "online_direct")
        self.assertEqual(drafts.mapped("state"), ["draft"])

    @mute_logger("odoo.addons.payment.models.payment_provider")
    def test_payment_that_was_begun_days_ago_is_not_forgotten(self):
        _card, invoice, case = self._fail_with("insufficient_funds")
        path = self._get_path(case)
        self._begin(path)
        draft = invoice.transaction_ids.filtered(lambda each: each.operation == "online_direct")
        self.assertEqual(draft.provider_reference, "pi_1")
        draft.last_state_change -= timedelta(days=3)
        refused = self._create_response(400, b"{}")
        succeeded = self._answer(id="pi_1", status="succeeded")
        slow = ReadTimeout("slow")
        for answers in ([refused, succeeded], [slow, slow]):
            with self._patch_requests(side_effect=answers):
                self.assertIn("already", self._pay(path=path, provider_id=self.stripe.id))
        self.assertEqual(draft.state, "draft")

        draft.recovery_silent_since = fields.Datetime.now() - timedelta(hours=23)
        with self._patch_requests(side_effect=[slow, slow]):
            self.assertIn("already", self._pay(path=path, provider_id=self.stripe.id))
        draft.recovery_silent_since -= timedelta(hours=2)
        second, _calls = self._begin(path, *[slow, slow])
        self.assertEqual(second["state"], "draft", msg="A person knows; the customer may pay.")
