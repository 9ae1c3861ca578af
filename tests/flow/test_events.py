# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import base64
import hashlib
import hmac
import json
import time
from contextlib import nullcontext
from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..charge.providers import PROVIDERS
from ..common import RecoveryCommon

SECRET = "whsec_of_our_endpoint"
KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
CONTROLLER = "odoo.addons.revenue_recovery.controllers.recovery_events"


class EventsCommon(RecoveryCommon, HttpCase):
    """A card saved at Stripe, and events sent to Odoo over real HTTP."""

    NOW = "2026-11-23 09:00:00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()
        cls.stripe.recovery_events_secret = SECRET
        cls.card = cls._create_stripe_card(cls.stripe)
        cls.card.recovery_expiry = "2026-11-30"
        cls.created = int(time.time()) - 60

    def _enter_job_mode(self):
        return nullcontext()

    def _create_event(
        self, kind="automatically_updated", created=0, method="pm_1", previous=None, **card
    ):
        """Return an event of Stripe; `created` counts in seconds from the first one."""
        details = {
            "brand": "visa",
            "country": "US",
            "exp_month": 8,
            "exp_year": 2030,
            "fingerprint": "fp_1",
            "funding": "credit",
            "last4": "4242",
            **card,
        }
        subject = {"id": method, "object": "payment_method", "type": "card", "card": details}
        return {
            "id": "evt_1",
            "object": "event",
            "type": f"payment_method.{kind}",
            "created": self.created + created,
            "data": {"object": subject, "previous_attributes": previous or {}},
        }

    def _send(self, event, secret=SECRET, provider=None, age=0, **options):
        """Send an event, signed as Stripe signs it; return the status of the answer."""
        provider = provider or self.stripe
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        timestamp = int(time.time()) - age
        signature = hmac.new(
            secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256
        ).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": f"t={timestamp},v1={signature}",
        }
        path = options.get("path") or f"/recovery/events/stripe/{provider.id}"
        self.env.flush_all()
        response = self.url_open(path, data=body, headers=options.get("headers", headers))
        self.env.invalidate_all()
        return response.status_code

    def _copy_provider(self, **values):
        """Return another provider, with a secret of its own."""
        keys = {"stripe_secret_key": "sk_test_y", "stripe_publishable_key": "pk_test_y"}
        other = self.stripe.copy({"name": "Other", **keys, **values})
        other.write({"state": "test", "recovery_events_secret": "whsec_other"})
        return other

    def _get_month(self, card=None):
        card = card or self.card
        return card.recovery_expiry and card.recovery_expiry.strftime("%m/%Y")


@tagged("post_install", "-at_install")
class TestEvents(EventsCommon):
    def test_renewed_card_is_known_at_once(self):
        before = self.card.recovery_updated_at
        self.card.recovery_updated_at = before - timedelta(days=1)
        self.assertEqual(self._send(self._create_event(brand="mastercard")), 200)
        self.assertEqual(self._get_month(), "08/2030")
        self.assertEqual(self.card.recovery_network, "mastercard")
        self.assertEqual(self.card.recovery_fingerprint, "fp_1")
        self.assertGreater(self.card.recovery_updated_at, before - timedelta(minutes=2))

    def test_replaced_card_has_its_new_digits(self):
        self._send(self._create_event(last4="1881", fingerprint="fp_2"))
        self.assertEqual(self.card.payment_details, "1881")
        self.assertEqual(self.card.display_name, "•••• 1881")

    @mute_logger(CONTROLLER)
    def test_what_is_not_signed_by_this_provider_is_refused_and_changes_nothing(self):
        self._copy_provider()
        event = self._create_event()
        table = {
            "another secret": {"secret": "whsec_wrong"},
            "another provider's secret": {"secret": "whsec_other"},
            "an old signature": {"age": 11 * 60},
            "a signature of the future": {"age": -11 * 60},
            "no signature": {"headers": {"Content-Type": "application/json"}},
            "another provider's code": {"path": f"/recovery/events/adyen/{self.stripe.id}"},
            "no such provider": {"path": "/recovery/events/stripe/99999999"},
            "a provider that signs nothing": {
                "path": f"/recovery/events/demo/{self.demo_provider.id}"
            },
        }
        for what, options in table.items():
            with self.subTest(what):
                self.assertEqual(self._send(event, **options), 403)
                self.assertEqual(self._get_month(), "11/2026")

    @mute_logger(CONTROLLER)
    def test_nothing_is_believed_without_a_secret(self):
        self.stripe.write({"recovery_events_secret": False, "stripe_webhook_secret": False})
        for secret in ("", "False", "None", "whsec_x", SECRET):
            self.assertEqual(self._send(self._create_event(), secret=secret), 403)
        self.assertEqual(self._get_month(), "11/2026")

    @mute_logger(CONTROLLER)
    def test_nothing_is_believed_of_a_disabled_provider(self):
        self.stripe.state = "disabled"
        self.assertEqual(self._send(self._create_event()), 403)

    def test_secret_of_the_webhook_for_payments_is_good_too(self):
        self.stripe.recovery_events_secret = False
        self.assertEqual(self._send(self._create_event(), secret="whsec_x"), 200)
        self.assertEqual(self._get_month(), "08/2030")

    @mute_logger(CONTROLLER, "odoo.http")
    def test_body_that_cannot_be_read_is_refused(self):
        event = self._create_event()
        for body in (
            b" ",
            b"{",
            b"[]",
            b"null",
            b'"event"',
            b"\xff\xfe",
            b"[" * 100_000,
            json.dumps({**event, "created": None}).encode(),
            json.dumps({**event, "data": {}}).encode(),
            json.dumps({**event, "type": ["payment_method.updated"]}).encode(),
        ):
            with self.subTest(body=body[:40]):
                self.assertEqual(self._send(body), 400)
        self.assertEqual(self._get_month(), "11/2026")

    @mute_logger(CONTROLLER, "odoo.http")
    def test_endless_body_is_not_read(self):
        self.assertEqual(self._send(b" " * 300_000), 413)

    def test_unknown_method_and_unknown_event_are_acknowledged(self):
        for event in (
            self._create_event(method="pm_unknown"),
            {**self._create_event(), "type": "customer.created"},
        ):
            self.assertEqual(self._send(event), 200)
        self.assertEqual(self._get_month(), "11/2026")

    def test_get_is_no_event(self):
        response = self.url_open(f"/recovery/events/stripe/{self.stripe.id}")
        self.assertEqual(response.status_code, 405)

    def test_event_twice_is_one_update(self):
        event = self._create_event()
        self._send(event)
        # Somebody looked at the card meanwhile: had the event an effect again, it would be seen.
        self.card.recovery_updated_at = "2026-01-01 00:00:00"
        signals = self.env["recovery.invoice.queue"].sudo().search_count([])
        self._send(event)
        self.assertEqual(str(self.card.recovery_updated_at), "2026-01-01 00:00:00")
        self.assertEqual(self.env["recovery.invoice.queue"].sudo().search_count([]), signals)

    def test_older_event_never_overwrites_a_newer_fact(self):
        self._send(self._create_event(created=20, exp_year=2032))
        self.assertEqual(self._send(self._create_event(created=10, exp_year=2030)), 200)
        self.assertEqual(self._get_month(), "08/2032")

    def test_of_two_events_in_a_second_the_longer_validity_is_the_later(self):
        self._send(self._create_event(exp_year=2032, last4="1881", fingerprint="fp_2"))
        self._send(self._create_event(exp_year=2030))
        self.assertEqual((self._get_month(), self.card.payment_details), ("08/2032", "1881"))
        self._send(self._create_event(exp_year=2034, last4="0005", fingerprint="fp_3"))
        self.assertEqual((self._get_month(), self.card.payment_details), ("08/2034", "0005"))

    def test_newer_event_without_news_counts_against_an_older_one(self):
        self._send(self._create_event(created=0, exp_year=2032))
        self._send(self._create_event("updated", created=20, exp_year=2032))
        self._send(self._create_event("updated", created=10, exp_year=2030))
        self.assertEqual(self._get_month(), "08/2032")

    def test_change_of_an_address_is_no_update_of_the_card(self):
        self.card.write({"recovery_expiry": "2030-08-31", "recovery_updated_at": "2026-01-01"})
        self._send(self._create_event("updated", previous={"billing_details": {"name": "A"}}))
        self.assertEqual(str(self.card.recovery_updated_at), "2026-01-01 00:00:00")

    def test_news_of_the_network_is_an_update_although_nothing_was_known(self):
        self.card.write({"recovery_expiry": False, "recovery_updated_at": "2026-01-01"})
        self._send(self._create_event())
        self.assertGreater(self.card.recovery_updated_at.year, 2025)
        self.assertEqual(self._get_month(), "08/2030")
        self.card.recovery_updated_at = "2026-01-01"

    def test_removed_method_is_archived(self):
        self.assertEqual(self._send(self._create_event("detached")), 200)
        self.assertFalse(self.card.active)
        self.assertEqual(self.card.recovery_removed_at.timestamp() - time.timezone, self.created)
        self.assertEqual(self._send(self._create_event(created=5)), 200, msg="It stays away.")
        self.assertFalse(self.card.active)

    def test_method_of_another_company_with_the_same_name_is_left_alone(self):
        company = self._create_company(name="Other")
        other = self._copy_provider(company_id=company.id)
        twin = self._create_stripe_card(other)
        twin.recovery_expiry = "2026-11-30"
        self._send(self._create_event())
        self.assertEqual((self._get_month(), self._get_month(twin)), ("08/2030", "11/2026"))
        event = self._create_event(exp_year=2031)
        self.assertEqual(self._send(event, provider=other, secret="whsec_other"), 200)
        self.assertEqual((self._get_month(), self._get_month(twin)), ("08/2030", "08/2031"))

    def test_event_makes_no_session(self):
        before = dict(self.opener.cookies)
        self._send(self._create_event())
        self.assertEqual(set(self.opener.cookies.keys()), set(before))


@tagged("post_install", "-at_install")
class TestEventsOfCases(EventsCommon):
    """What the cases make of it."""

    def setUp(self):
        super().setUp()
        with self._decline_charges(
            "expired_card", {"exp_month": 11, "exp_year": 2026}, code="expired_card"
        ):
            self.invoice, self.case = self._fail_invoice(token=self.card)
        # All of it an hour ago, so that the events come later.
        self.case.first_attempt_id.sudo().started_at -= timedelta(hours=1)
        self.case.first_attempt_id.sudo().finished_at -= timedelta(hours=1)
        self.card.recovery_told_at -= timedelta(hours=1)
        self.card.recovery_updated_at -= timedelta(hours=2)
        self.assertEqual(self.case.blocked_class, "fix_data")

    def _get_notes(self):
        return [str(body) for body in self.case.message_ids.mapped("body")]

    def test_gated_case_charges_the_renewed_card_at_once_and_says_why(self):
        self._send(self._create_event())
        self._run_cron("follow")
        planned = self.case.next_attempt_id
        self.assertEqual(planned.source, "method")
        self.assertFalse(self.case.blocked_class)
        self.assertIn(
            "The card network renewed Payment method •••• 4242: now valid until 08/2030.",
            self._get_notes()[0],
        )

    def test_case_tells_of_an_event_once(self):
        for _turn in range(3):
            self._send(self._create_event())
        self._run_cron("follow")
        self.assertEqual(sum("renewed" in note for note in self._get_notes()), 1)

    def test_case_of_another_card_says_nothing(self):
        other = self._create_stripe_card(self.stripe)
        other.stripe_payment_method = "pm_other"
        other.recovery_expiry = "2026-11-30"
        self._send(self._create_event(method="pm_other", fingerprint="fp_9"))
        self._run_cron("follow")
        self.assertFalse([note for note in self._get_notes() if "renewed" in note])

    def test_case_of_a_removed_method_waits_for_another_one(self):
        self._send(self._create_event())
        self._run_cron("follow")
        self.assertTrue(self.case.next_attempt_id)
        self._send(self._create_event("detached", created=5))
        self._run_cron("follow")
        self.assertFalse(self.case.next_attempt_id)
        self.assertEqual(self.case.blocked_class, "never")
        self.assertIn("was removed at its provider", self.case.block_sentence)
        self.assertIn("was removed at its provider", self._get_notes()[0])
        with self.assertRaisesRegex(UserError, "removed at its provider"):
            self.case.action_retry_now()
        new_card = self.invoice.collect_token_id = self._create_card("done")
        self._run_cron("follow")
        self._charge_next(self.case)
        self.assertEqual(self.case.state, "recovered")
        paid = self.invoice.recovery_attempt_ids.filtered(lambda attempt: attempt.state == "paid")
        self.assertEqual(paid.token_id, new_card)

    def test_first_charge_of_a_removed_method_is_for_the_customer_to_mend(self):
        self._send(self._create_event("detached"))
        with self._patch_requests() as request:
            invoice, case = self._fail_invoice(token=self.card)
        request.assert_not_called()
        self.assertEqual(invoice.recovery_attempt_ids.state, "refused")
        self.assertEqual((case.blocked_class, case.attention), ("never", False))
        self.assertEqual(case.decline_reason_id.code, "method_unusable")

    def test_who_takes_it_out_of_the_archive_has_the_last_word(self):
        self._send(self._create_event("detached"))
        self._run_cron("follow")
        self.card.active = True
        self._run_cron("follow")
        self.assertFalse(self.card.recovery_removed_at)
        self.assertEqual(self.case.blocked_class, "fix_data", msg="It is the expired card again.")


@tagged("post_install", "-at_install")
class TestEventsOfAdyen(EventsCommon):
    """The events are taken over for Adyen's code alone, whatever else is set up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe.write(PROVIDERS["adyen"][0])  # What Odoo's addon asks for.
        cls.env.cr.execute(
            "UPDATE payment_provider SET code = 'adyen' WHERE id = %s", [cls.stripe.id]
        )
        cls.env.invalidate_all()
        cls.stripe.recovery_events_secret = KEY
        cls.card.provider_ref = "8415718415172204"
        cls.card.recovery_updated_at = "2026-01-01"

    def _send_token_event(self, kind="updated", key=KEY, **values):
        body = json.dumps(
            {
                "createdAt": "2026-11-20T10:00:00+01:00",
                "eventId": "QBQQ9DLNRHHKGK38",
                "environment": "test",
                "data": {
                    "merchantAccount": "Merchant",
                    "storedPaymentMethodId": "8415718415172204",
                    "type": "visa",
                },
                "type": f"recurring.token.{kind}",
                **values,
            }
        ).encode()
        signature = hmac.new(bytes.fromhex(key), body, hashlib.sha256).digest()
        self.env.flush_all()
        response = self.url_open(
            f"/recovery/events/adyen/{self.stripe.id}",
            data=body,
            headers={"HmacSignature": base64.b64encode(signature).decode()},
        )
        self.env.invalidate_all()
        return response

    def test_updated_token_forgets_how_long_the_old_card_was_valid(self):
        response = self._send_token_event()
        self.assertEqual((response.status_code, response.text), (200, "[accepted]"))
        self.assertFalse(self.card.recovery_expiry)
        self.assertEqual(str(self.card.recovery_updated_at), "2026-11-20 09:00:01")
        self.card.recovery_updated_at = "2026-01-02"
        self._send_token_event()
        self.assertEqual(str(self.card.recovery_updated_at), "2026-01-02 00:00:00", msg="Twice.")

    def test_disabled_token_is_archived(self):
        self.assertEqual(self._send_token_event("disabled").status_code, 200)
        self.assertFalse(self.card.active)

    def test_created_token_is_acknowledged(self):
        self.assertEqual(self._send_token_event("created").status_code, 200)
        self.assertEqual(self._get_month(), "11/2026")

    @mute_logger(CONTROLLER)
    def test_forged_and_unreadable_events_are_refused(self):
        self.assertEqual(self._send_token_event("disabled", key="00" * 32).status_code, 403)
        self.assertEqual(self._send_token_event("disabled", createdAt="soon").status_code, 400)
        self.stripe.recovery_events_secret = "not hexadecimal"
        self.assertEqual(self._send_token_event("disabled").status_code, 403)
        self.stripe.recovery_events_secret = False
        self.assertEqual(self._send_token_event("disabled").status_code, 403)
        self.assertTrue(self.card.active)


@tagged("post_install", "-at_install")
class TestEventsSetUp(RecoveryCommon):
    """How an administrator sets it up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = cls._prepare_stripe_provider()

    def _answer(self, status=200, **body):
        return self._patch_requests(
            return_value=self._create_response(status, json.dumps(body).encode())
        )

    def test_button_sets_the_webhook_up_at_stripe_and_keeps_its_secret(self):
        with self._answer(id="we_1", secret="whsec_new") as request:
            action = self.stripe.action_recovery_create_events_webhook()
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual(self.stripe.recovery_events_secret, "whsec_new")
        data = request.call_args.kwargs["data"]
        self.assertTrue(data["url"].endswith(f"/recovery/events/stripe/{self.stripe.id}"))
        self.assertIn("payment_method.automatically_updated", data["enabled_events[]"])
        with self.assertRaisesRegex(UserError, "already"):
            self.stripe.action_recovery_create_events_webhook()

    @mute_logger("odoo.addons.payment.models.payment_provider")
    def test_what_stripe_refuses_is_told(self):
        error = {"message": "Invalid URL: URL must be publicly accessible."}
        with (
            self._answer(400, error=error),
            self.assertRaisesRegex(ValidationError, "publicly accessible"),
        ):
            self.stripe.action_recovery_create_events_webhook()
        with self._answer(id="we_1"), self.assertRaisesRegex(UserError, "no secret"):
            self.stripe.action_recovery_create_events_webhook()
        self.assertFalse(self.stripe.recovery_events_secret)

    def test_provider_without_key_or_news_is_not_asked(self):
        with (
            self._patch_requests() as request,
            self.assertRaisesRegex(UserError, "secret key"),
        ):
            self.demo_provider.action_recovery_create_events_webhook()
        request.assert_not_called()
        self.assertFalse(self.demo_provider.recovery_events_url)

    def test_secret_is_for_administrators_and_is_not_copied(self):
        self.stripe.recovery_events_secret = SECRET
        self.assertFalse(self.stripe.copy().recovery_events_secret)
        manager = new_test_user(self.env, "manager", "account.group_account_manager")
        with self.assertRaises(AccessError):
            self.stripe.with_user(manager).read(["recovery_events_secret"])
        self.assertEqual(self.stripe._fields["recovery_events_secret"].groups, "base.group_system")

    def test_copy_of_the_database_believes_nobody(self):
        self.stripe.recovery_events_secret = SECRET
        self.env.flush_all()
        for query in get_neutralization_queries(["revenue_recovery"]):
            self.cr.execute(query)
        self.env.invalidate_all()
        self.assertFalse(self.stripe.recovery_events_secret)

    def test_settings_name_the_providers_that_tell_nothing_yet(self):
        self.stripe.state = "enabled"
        settings = self.env["res.config.settings"].create({})
        self.assertIn(self.stripe.name, settings.recovery_events_silent)
        self.stripe.recovery_events_secret = SECRET
        settings.invalidate_recordset()
        self.assertNotIn(self.stripe.name, settings.recovery_events_silent or "")

    def test_administrator_reads_address_and_events_on_the_form(self):
        arch = self.env["payment.provider"].get_view(
            self.env.ref("payment.payment_provider_form").id
        )["arch"]
        self.assertIn("recovery_events_url", arch)
        self.assertIn("payment_method.automatically_updated", self.stripe.recovery_events_names)
