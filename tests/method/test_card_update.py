# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...declines import MethodFacts
from ..charge.test_decline import DeclineCommon

KNOWN = MethodFacts("visa", "debit", "US", 8, 2027, "fp_1", "card", "4242")


@tagged("post_install", "-at_install")
class TestCardUpdate(DeclineCommon):
    """What an answer tells of a card is compared with what was known."""

    def setUp(self):
        super().setUp()
        self.card.recovery_updated_at = "2026-01-01 00:00:00"
        self.card._recovery_note_facts(KNOWN)
        self.assertEqual(str(self.card.recovery_updated_at), "2026-01-01 00:00:00")

    def _is_updated(self, **news):
        facts = MethodFacts(**{**vars(KNOWN), **news})
        with freeze_time("2026-11-24 09:00:00"):
            self.card._recovery_note_facts(facts)
        return self.card.recovery_updated_at.year == 2026 and (
            self.card.recovery_updated_at.month == 11
        )

    def test_later_validity_is_an_update(self):
        self.assertTrue(self._is_updated(exp_year=2030))
        self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2030-08-31"))

    def test_other_digits_are_an_update(self):
        self.assertTrue(self._is_updated(last4="1881"))
        self.assertEqual(self.card.payment_details, "1881")

    def test_other_fingerprint_is_an_update(self):
        self.assertTrue(self._is_updated(fingerprint="fp_2"))

    def test_what_is_learned_late_or_corrected_is_none(self):
        self.assertFalse(self._is_updated(network="mastercard", funding="credit", country="FR"))
        self.assertFalse(self._is_updated(exp_month=7))
        self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2027-07-31"))

    def test_what_is_not_told_stays(self):
        with freeze_time("2026-11-24 09:00:00"):
            self.card._recovery_note_facts(MethodFacts())
        self.assertEqual(self.card.recovery_fingerprint, "fp_1")
        self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2027-08-31"))
        self.assertEqual(self.card.payment_details, "4242")

    def test_answer_without_news_writes_nothing(self):
        """Two charges of one card run side by side, and must not wait for each other's row."""
        self.env.flush_all()
        query = "SELECT xmin FROM payment_token WHERE id = %s"
        self.env.cr.execute(query, [self.card.id])
        before = self.env.cr.fetchone()
        with freeze_time("2026-11-24 09:00:00"):
            self.card._recovery_note_facts(KNOWN)
        self.env.flush_all()
        self.env.cr.execute(query, [self.card.id])
        self.assertEqual(self.env.cr.fetchone(), before)
        self.assertEqual(str(self.card.recovery_told_at), "2026-11-23 09:00:00")

    def test_details_that_are_no_digits_stay(self):
        self.card.payment_details = "ada@example.com"
        self.assertFalse(self._is_updated(last4="1881"))
        self.assertEqual(self.card.payment_details, "ada@example.com")

    def test_details_around_the_digits_stay(self):
        self.card.payment_details = "DE •• 4242"
        self._is_updated(last4="1881")
        self.assertEqual(self.card.payment_details, "DE •• 1881")

    def test_answer_about_an_earlier_time_changes_nothing(self):
        self._is_updated(exp_year=2030)
        self.card._recovery_note_facts(KNOWN, fields.Datetime.now() - timedelta(days=1))
        self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2030-08-31"))

    def test_late_webhook_of_an_old_charge_does_not_bring_the_old_card_back(self):
        card = {"exp_month": 8, "exp_year": 2027, "last4": "4242"}
        case = self._decline_first_charge("expired_card", card, code="expired_card")
        self._is_updated(exp_year=2030)
        transaction = case.first_attempt_id.transaction_id
        with freeze_time("2026-11-25 09:00:00"):
            transaction._recovery_note_answer(
                {
                    "payment_method": {
                        "object": "payment_method",
                        "type": "card",
                        "card": {"fingerprint": "fp_1", **card},
                    }
                }
            )
        self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2030-08-31"))

    def test_decline_that_tells_of_a_new_card_counts_for_the_new_card(self):
        """Some providers try the renewed card at once; its decline must not be forgotten."""
        case = self._decline_first_charge(
            "expired_card", {"exp_year": 2030, "last4": "4242"}, code="expired_card"
        )
        self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2030-08-31"))
        self.assertEqual(case.blocked_class, "fix_data")
        self.assertFalse(self._get_planned(case))

    def test_answer_to_another_invoice_renews_the_card_of_a_waiting_one(self):
        case = self._decline_first_charge(
            "expired_card", {"exp_month": 8, "exp_year": 2027}, code="expired_card"
        )
        self.assertEqual(case.blocked_class, "fix_data")
        with freeze_time("2026-11-25 09:00:00"):
            self.card.recovery_updated_at = "2026-11-24 09:00:00"  # Somebody's word lets it try.
            with self._decline_charges("insufficient_funds", {"exp_year": 2031}):
                self._fail_invoice(token=self.card)
            self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2031-08-31"))
            self._run_cron("follow")
            self.assertTrue(self._get_planned(case))
            notes = case.message_ids.mapped("body")
            self.assertTrue(any("was renewed: now valid until 08/2031" in note for note in notes))


@tagged("post_install", "-at_install")
class TestCardRefresh(DeclineCommon):
    """Which cards a provider is asked about, and how often."""

    def _ask(self, **card):
        """Return how many calls the job made; Stripe answers with this card."""
        details = {"brand": "visa", "exp_month": 8, "exp_year": 2030, "fingerprint": "fp_1", **card}
        body = {"id": "pm_1", "object": "payment_method", "type": "card", "card": details}
        response = self._create_response(200, json.dumps(body).encode())
        with (
            self._patch_requests(return_value=response) as request,
            mute_logger("odoo.addons.payment.models.payment_provider"),
        ):
            self._run_cron("refresh")
        return request.call_count

    def test_card_that_ends_soon_is_asked_for_each_week(self):
        self.card.write({"recovery_network": "visa", "recovery_expiry": "2026-12-31"})
        self.assertEqual(self._ask(exp_month=12, exp_year=2026), 1)
        self.assertEqual(self._ask(exp_month=12, exp_year=2026), 0)
        with freeze_time("2026-12-01 09:00:00"):
            self.assertEqual(self._ask(exp_month=12, exp_year=2029), 1)
            self.assertEqual(self.card.recovery_expiry, fields.Date.to_date("2029-12-31"))
        with freeze_time("2026-12-20 09:00:00"):
            self.assertEqual(self._ask(), 0)

    def test_card_that_is_valid_for_long_is_left_alone(self):
        self.card.write({"recovery_network": "visa", "recovery_expiry": "2027-12-31"})
        self.assertEqual(self._ask(), 0)

    def test_archived_card_is_left_alone(self):
        self.card.write({"recovery_expiry": "2026-12-31", "active": False})
        self.assertEqual(self._ask(), 0)
