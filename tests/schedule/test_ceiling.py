# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import random
from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..charge.test_decline import NOW, DeclineCommon


@tagged("post_install", "-at_install")
class TestCeiling(DeclineCommon):
    """No plan, no claim and no button gets past what a network allows."""

    def _create_foreign_decline(self, at, token=None, **decline):
        """Create the failed payment that somebody else made with the card."""
        token = token or self.card
        with freeze_time(at):
            transaction = self.env["payment.transaction"].create(
                {
                    "provider_id": token.provider_id.id,
                    "payment_method_id": token.payment_method_id.id,
                    "reference": f"foreign-{at}-{random.random()}",
                    "amount": decline.pop("amount", 100.0),
                    "currency_id": self.env.company.currency_id.id,
                    "partner_id": self.customer.id,
                    "token_id": token.id,
                    "operation": "offline",
                }
            )
            transaction._set_error("Declined")
        transaction.recovery_decline = {
            "known": True,
            "reason": "insufficient_funds",
            "decline_class": "later",
            **decline,
        }
        return transaction

    def test_advice_of_the_network_puts_the_next_charge_off(self):
        case = self._decline_first_charge(
            "insufficient_funds",
            {"brand": "mastercard"},
            network_decline_code="51",
            network_advice_code="27",
        )
        planned = self._get_planned(case)
        self.assertGreater(self._get_wait(case), timedelta(days=4))
        self.assertRegex(
            planned.with_context(tz="America/New_York").sentence,
            r"^Not before Fri, Nov 27, 4:00\sAM \(10:00\sAM for the customer, Europe/Paris\): "
            r"Mastercard advice 27 \(retry after 4 days\)\.$",
        )
        self.assertEqual(planned.rule_id.code, "mastercard_advice_27")
        self.assertEqual(case.next_attempt_rule_id, planned.rule_id)

    def test_button_does_not_get_past_it_and_names_rule_source_and_date(self):
        case = self._decline_first_charge(
            "insufficient_funds", {"brand": "mastercard"}, network_advice_code="27"
        )
        rule = self._get_planned(case).rule_id
        with self.assertRaises(UserError) as raised:
            case.action_retry_now()
        for text in ("Nov 27", "Mastercard advice 27", rule.source):
            self.assertIn(text, str(raised.exception))

    def test_claim_looks_again_at_what_was_charged_meanwhile(self):
        case = self._decline_first_charge()
        self._create_foreign_decline(NOW, network="mastercard", advice_code="26", network_code="51")
        self.card.recovery_network = "mastercard"
        with self._patch_requests() as request:
            self._charge_next(case)
        request.assert_not_called()
        planned = self._get_planned(case)
        self.assertGreater(self._get_wait(case), timedelta(days=2))
        self.assertIn("Mastercard advice 26", planned.sentence)

    def test_charges_of_all_invoices_and_of_others_are_counted(self):
        for day in range(19):
            self._create_foreign_decline(
                datetime(2026, 11, 3 + day, 10), network="visa", category=2, network_code="51"
            )
        case = self._decline_first_charge(network_decline_code="51")
        self.assertEqual(case.attempt_count, 1, msg="The twentieth is allowed.")
        planned = self._get_planned(case)
        self.assertIn("Visa allows 20 tries in 30 days", planned.sentence)
        self.assertGreater(planned.planned_at, datetime(2026, 12, 3, 10))

    def test_first_charge_of_an_invoice_is_bound_too(self):
        self._create_foreign_decline(NOW, network="mastercard", advice_code="24", network_code="51")
        with self._patch_requests() as request:
            invoice = self._create_invoice(token=self.card)
            self._collect()
        request.assert_not_called()
        attempt = invoice.recovery_attempt_ids
        self.assertEqual(attempt.state, "planned")
        self.assertIn("Mastercard advice 24", attempt.sentence)

    def test_never_ends_the_charges_of_the_method(self):
        case = self._decline_first_charge(
            "do_not_honor", {"brand": "mastercard"}, network_advice_code="03"
        )
        self.assertEqual(case.blocked_class, "never")
        with self.assertRaises(UserError):
            case.action_retry_now()

    def test_manager_can_only_be_stricter(self):
        self.env["recovery.network.rule"].create(
            {
                "name": "our own limit of one try in 5 days",
                "scopes": "visa",
                "kind": "attempts",
                "limit": 1,
                "window_hours": 120,
                "source": "House rule",
            }
        )
        case = self._decline_first_charge(network_decline_code="51")
        self.assertIn("our own limit", self._get_planned(case).sentence)
        self.assertGreater(self._get_wait(case), timedelta(days=4, hours=23))

    def test_rule_that_ends_after_the_window_ends_the_retries(self):
        self.policy.write({"window_days": 2, "tries": 2})
        case = self._decline_first_charge(
            "insufficient_funds", {"brand": "mastercard"}, network_advice_code="27"
        )
        self.assertEqual(case.state, "grace")
        self.assertIn("Mastercard advice 27", case.end_reason)

    def test_renewed_card_starts_afresh(self):
        self._decline_first_charge(
            "do_not_honor", {"brand": "mastercard"}, network_advice_code="03"
        )
        self.card.write({"recovery_fingerprint": "fp_2", "recovery_updated_at": "2026-11-23 10:00"})
        self.assertFalse(self.card._recovery_get_history())

    def test_no_plan_and_no_claim_breaks_a_rule(self):
        """Random histories of a card, looked at by a counter that knows nothing of the engine."""
        generator = random.Random(3)
        for number in range(12):
            with self.subTest(history=number):
                self._check_random_history(generator)

    def _check_random_history(self, generator):
        brand = generator.choice(["visa", "mastercard", "amex", "unionpay"])
        card = self._create_stripe_card(self.stripe)
        card.recovery_network = brand
        start = fields.Datetime.now() - timedelta(days=40)
        for _attempt in range(generator.randrange(40)):
            self._create_foreign_decline(
                start + timedelta(minutes=generator.randrange(40 * 24 * 60)),
                token=card,
                network=brand,
                network_code="51",
                category=2 if brand == "visa" else None,
                advice_code=generator.choice(["", "", "", "24", "25", "27", "30"])
                if brand == "mastercard"
                else "",
                amount=generator.choice([50.0, 100.0]),
            )
        sent = []
        self.policy.window_days = 60
        with self._decline_charges(card={"brand": brand, "fingerprint": None}) as request:
            request.side_effect = lambda *args, **kwargs: (
                sent.append(fields.Datetime.now()) or request.return_value
            )
            invoice = self._create_invoice(token=card)
            self._run_cron("collect")
            for _turn in range(6):
                planned = invoice.recovery_attempt_ids.filtered(lambda a: a.state == "planned")
                if not planned:
                    break
                with freeze_time(planned.planned_at):
                    self._run_cron("charge")
        for instant in sent:
            self._assert_allowed(card, brand, instant)

    def _assert_allowed(self, card, brand, instant):
        """Count the naive way: walk over all other charges of the card."""
        others = self.env["payment.transaction"].search([("token_id", "=", card.id)])
        declines = []
        for transaction in others:
            attempt = self.env["recovery.attempt"].search([("transaction_id", "=", transaction.id)])
            at = attempt.started_at or transaction.last_state_change
            if at < instant:
                declines.append((at, transaction))
        in_month = [one for one in declines if one[0] > instant - timedelta(days=30)]
        if brand == "mastercard":
            in_day = [one for one in declines if one[0] > instant - timedelta(hours=24)]
            same = [one for one in in_month if one[1].amount == 100.0]
            self.assertLess(len(in_day), 10)
            self.assertLess(len(same), 35)
            waits = {"24": 1, "25": 24, "27": 96, "30": 240}
            for at, transaction in declines:
                advice = transaction.recovery_decline.get("advice_code")
                if advice:
                    self.assertGreaterEqual(instant, at + timedelta(hours=waits[advice]))
        else:
            self.assertLess(len(in_month), 20)
