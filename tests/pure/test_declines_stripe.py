# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Stripe's refusals, as HTTP errors, answers, webhooks and charges."""

from datetime import timedelta

import pytest

from revenue_recovery.declines import MethodFacts, read, read_method

CARD = {
    "id": "pm_1",
    "object": "payment_method",
    "type": "card",
    "card": {
        "brand": "visa",
        "country": "FR",
        "exp_month": 4,
        "exp_year": 2031,
        "fingerprint": "Xt5EWLLDS7FJjR1c",
        "funding": "debit",
        "last4": "0341",
    },
}
MASTERCARD = {**CARD, "card": {**CARD["card"], "brand": "mastercard"}}
SEPA = {
    "id": "pm_2",
    "type": "sepa_debit",
    "sepa_debit": {
        "bank_code": "37040044",
        "country": "DE",
        "fingerprint": "ab12",
        "last4": "3000",
    },
}


def http_error(code="card_declined", method=CARD, **members):
    """Return the body of an HTTP 402."""
    return {
        "error": {
            "charge": "ch_1",
            "code": code,
            "doc_url": "https://stripe.com/docs/error-codes/card-declined",
            "message": "Your card was declined.",
            "payment_intent": {
                "id": "pi_1",
                "object": "payment_intent",
                "status": "requires_payment_method",
            },
            "payment_method": method,
            "type": "card_error",
            **members,
        }
    }


def webhook(code="card_declined", method=CARD, **members):
    """Return what Odoo makes of the event `payment_intent.payment_failed`."""
    intent = {
        "id": "pi_1",
        "object": "payment_intent",
        "description": "INV/2026/0001-1",
        "last_payment_error": http_error(code, method, **members)["error"],
        "payment_method": None,
        "status": "requires_payment_method",
    }
    return {
        "reference": "INV/2026/0001-1",
        "event_type": "payment_intent.payment_failed",
        "object_id": "pi_1",
        "payment_intent": intent,
        "payment_method": None,
    }


def charge(failure_code="card_declined", **outcome):
    """Return a failed charge."""
    return {
        "id": "ch_1",
        "object": "charge",
        "failure_code": failure_code,
        "failure_message": "Your card was declined.",
        "outcome": {"network_status": "declined_by_network", "type": "issuer_declined", **outcome},
        "payment_intent": "pi_1",
        "payment_method": "pm_1",
        "payment_method_details": {"type": "card", "card": {**CARD["card"], "network": "visa"}},
    }


@pytest.mark.parametrize(
    ("message", "reason", "decline_class"),
    [
        (
            "No such payment_method: 'pm_1'; a similar object exists in live mode, but a test mode "
            "key was used to make this request.",
            "wrong_mode",
            "merchant",
        ),
        (
            "No such customer: 'cus_1'; a similar object exists in test mode, but a live mode key "
            "was used to make this request.",
            "wrong_mode",
            "merchant",
        ),
        ("No such payment_method: 'pm_1'", "method_unusable", "never"),
    ],
)
def test_key_of_the_other_mode_is_not_the_fault_of_the_card(message, reason, decline_class):
    error = {"type": "invalid_request_error", "code": "resource_missing", "message": message}
    decline = read("stripe", {"error": {**error, "param": "payment_method"}})
    assert (decline.reason, decline.decline_class) == (reason, decline_class)
    assert decline.unlisted == ()


@pytest.mark.parametrize("shape", [http_error, webhook])
@pytest.mark.parametrize(
    ("code", "decline_code", "reason", "decline_class"),
    [
        ("card_declined", "insufficient_funds", "insufficient_funds", "later"),
        ("card_declined", "generic_decline", "generic_decline", "later"),
        ("card_declined", "lost_card", "lost_card", "never"),
        ("card_declined", "stolen_card", "stolen_card", "never"),
        ("card_declined", "fraudulent", "fraudulent", "never"),
        ("card_declined", "issuer_not_available", "issuer_not_available", "technical"),
        ("card_declined", "card_velocity_exceeded", "card_velocity_exceeded", "later"),
        ("card_declined", "pickup_card", "pickup_card", "never"),
        ("card_declined", None, "generic_decline", "later"),
        ("expired_card", "expired_card", "expired_card", "fix_data"),
        ("expired_card", None, "expired_card", "fix_data"),
        ("incorrect_cvc", "incorrect_cvc", "incorrect_cvc", "fix_data"),
        ("incorrect_number", None, "invalid_number", "fix_data"),
        ("processing_error", "processing_error", "processing_error", "technical"),
        (
            "authentication_required",
            "authentication_required",
            "authentication_required",
            "customer_action",
        ),
    ],
)
def test_refusal_is_read_from_an_error_and_from_a_webhook(
    shape, code, decline_code, reason, decline_class
):
    decline = read("stripe", shape(code, decline_code=decline_code))
    assert decline.code == (decline_code or code)
    assert (decline.reason, decline.decline_class) == (reason, decline_class)
    assert decline.known
    assert decline.unlisted == ()
    assert decline.message == "Your card was declined."
    assert (decline.network, decline.funding, decline.country) == ("visa", "debit", "FR")


def test_networks_code_says_more_than_a_generic_decline():
    decline = read("stripe", http_error(decline_code="generic_decline", network_decline_code="51"))
    assert decline.code == "generic_decline"
    assert (decline.reason, decline.network_code, decline.category) == (
        "insufficient_funds",
        "51",
        2,
    )


def test_precise_decline_code_is_trusted_more_than_the_networks():
    decline = read("stripe", http_error(decline_code="expired_card", network_decline_code="05"))
    assert decline.reason == "expired_card"


@pytest.mark.parametrize(
    ("method", "reason"), [(CARD, "incorrect_cvc"), (MASTERCARD, "policy_decline")]
)
def test_the_same_number_means_something_else_on_another_network(method, reason):
    body = http_error(decline_code="do_not_honor", method=method, network_decline_code="82")
    assert read("stripe", body).reason == reason


@pytest.mark.parametrize("shape", [http_error, webhook])
def test_mastercards_never_beats_a_decline_that_could_be_tried_again(shape):
    body = shape(
        decline_code="insufficient_funds",
        method=MASTERCARD,
        network_decline_code="51",
        network_advice_code="03",
    )
    decline = read("stripe", body)
    assert (decline.reason, decline.decline_class) == ("insufficient_funds", "never")
    assert decline.advice.kind == "never"
    assert decline.advice_code == "03"


def test_mastercards_never_gives_a_generic_decline_its_reason():
    body = http_error(decline_code="generic_decline", method=MASTERCARD, network_advice_code="21")
    assert read("stripe", body).reason == "revocation_of_authorization"


def test_mastercards_wait_is_told_with_its_length():
    body = http_error(decline_code="do_not_honor", method=MASTERCARD, network_advice_code="27")
    decline = read("stripe", body)
    assert (decline.decline_class, decline.advice.wait) == ("later", timedelta(days=4))


def test_mastercards_news_of_a_new_card_asks_for_its_data():
    body = http_error(
        decline_code="insufficient_funds", method=MASTERCARD, network_advice_code="01"
    )
    decline = read("stripe", body)
    assert (decline.decline_class, decline.advice.kind) == ("fix_data", "update_data")


@pytest.mark.parametrize(
    ("advice", "decline_class", "kind"),
    [
        ("do_not_try_again", "never", "never"),
        ("try_again_later", "later", "none"),
        ("confirm_card_data", "fix_data", "update_data"),
    ],
)
def test_stripes_own_advice_is_heard(advice, decline_class, kind):
    decline = read("stripe", http_error(decline_code="do_not_honor", advice_code=advice))
    assert (decline.decline_class, decline.advice.kind) == (decline_class, kind)


def test_stripes_never_does_not_keep_the_customer_from_confirming_the_payment():
    body = http_error(
        "authentication_required",
        decline_code="authentication_required",
        advice_code="do_not_try_again",
    )
    decline = read("stripe", body)
    assert (decline.decline_class, decline.advice.kind) == ("customer_action", "customer_action")


@pytest.mark.parametrize(
    ("code", "reason", "decline_class"),
    [
        ("insufficient_funds", "insufficient_funds", "later"),
        ("account_closed", "account_closed", "never"),
        ("debit_not_authorized", "no_mandate", "never"),
        ("generic_could_not_process", "unspecified_return", "later"),
        ("refer_to_customer", "refer_to_payer", "later"),
        ("recipient_deceased", "deceased", "never"),
    ],
)
def test_bank_debit_is_read_by_its_code_not_by_its_decline_code(code, reason, decline_class):
    body = webhook(code, SEPA, decline_code="generic_decline", message="The debit failed.")
    decline = read("stripe", body)
    assert (decline.code, decline.reason, decline.decline_class) == (code, reason, decline_class)
    assert (decline.network, decline.country) == ("sepa", "DE")


def test_charge_tells_what_an_old_interface_leaves_out_of_the_error():
    body = charge(reason="insufficient_funds", network_decline_code="51", network_advice_code=None)
    decline = read("stripe", body)
    assert (decline.reason, decline.network_code, decline.network) == (
        "insufficient_funds",
        "51",
        "visa",
    )
    intent = webhook(code=None)
    intent["payment_intent"] |= {"last_payment_error": None, "charges": {"data": [body]}}
    assert read("stripe", intent) == decline


def test_radars_block_is_told_from_the_banks_decline():
    decline = read("stripe", charge(type="blocked", reason="highest_risk_level"))
    assert (decline.code, decline.reason) == ("highest_risk_level", "blocked_by_risk")


def test_event_is_read_as_stripe_sends_it():
    intent = webhook(decline_code="lost_card")["payment_intent"]
    event = {"type": "payment_intent.payment_failed", "data": {"object": intent}}
    assert read("stripe", event).reason == "lost_card"


def test_new_decline_code_is_listed_with_what_is_needed_to_classify_it():
    decline = read("stripe", http_error(decline_code="moon_phase"))
    assert decline.code == "moon_phase"
    assert decline.reason == "generic_decline", "the general code is known"
    assert decline.unlisted == (("stripe", "code", "moon_phase"),)
    assert dict(decline.excerpt)["error.decline_code"] == "moon_phase"


def test_method_of_a_successful_charge_is_read():
    payload = {
        "reference": "INV/2026/0001-1",
        "payment_intent": {"id": "pi_1", "status": "succeeded", "payment_method": CARD},
        "payment_method": CARD,
    }
    facts = MethodFacts("visa", "debit", "FR", 4, 2031, "Xt5EWLLDS7FJjR1c", "card", "0341")
    assert read_method("stripe", payload) == facts
    assert read_method("stripe", CARD) == facts
    assert read_method("stripe", {"payment_method": SEPA}) == MethodFacts(
        "sepa", "", "DE", fingerprint="ab12", type="sepa_debit", last4="3000"
    )
