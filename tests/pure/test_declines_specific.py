# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The more specific word of an answer wins, and sentences are read by the words in them.

The payloads are those of the tests of each provider, cut to what matters here; what is recorded
elsewhere says where.
"""

import time
from datetime import timedelta

import pytest

from revenue_recovery.declines import Code, OwnRetries, Taxonomy, read, read_method
from revenue_recovery.declines import read_own_retries as read_retries
from revenue_recovery.declines.patterns import MAX_PATTERN, matches, parse_pattern

TAXONOMY = Taxonomy.shipped()
# Stripe's sentences as they are recorded: in an issue of kurozumi/stripe-eccube-plugin (21), of
# mage2pro/stripe (82), and in a pull request of getlago/lago-api (3826).
DETACHED = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
    "attachment, shared with a connected account without Customer attachment, or was detached from "
    "a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach "
    "it to a Customer first."
)
OLDER = (
    "This PaymentMethod was previously used without being attached to a Customer or was detached "
    "from a Customer, and may not be used again."
)
CONSUMED = (
    "The reusable source you provided is consumed because it was previously charged without being "
    "attached to a customer or was detached from a customer."
)
NOT_ATTACHED = (
    "The customer does not have a payment method with the ID pm_1NxyzABC. The payment method must "
    "be attached to the customer."
)


SEPA = {"id": "pm_2", "type": "sepa_debit", "sepa_debit": {"country": "DE", "last4": "3000"}}


def answer(code, words="Refused", **more):
    """Return Adyen's answer to a charge of a card."""
    return {
        "additionalData": {"paymentMethod": "mc", **more},
        "refusalReason": words,
        "resultCode": "Refused",
        "refusalReasonCode": code,
        "paymentMethod": {"brand": "mc", "type": "scheme"},
    }


def adyen_webhook(words, **more):
    """Return the item of Adyen's webhook about a refused charge."""
    return {
        "additionalData": more,
        "eventCode": "AUTHORISATION",
        "paymentMethod": "mc",
        "reason": words,
        "success": "false",
    }


def http_error(code="card_declined", **members):
    """Return the body of Stripe's HTTP 402."""
    return {"error": {"code": code, "type": "card_error", "payment_intent": {}, **members}}


def stripe_webhook(code="card_declined", method=None, **members):
    """Return what Odoo makes of the event `payment_intent.payment_failed`."""
    error = {"code": code, "payment_method": method, **members}
    return {"payment_intent": {"object": "payment_intent", "last_payment_error": error}}


def razorpay_entity(code, reason):
    """Return a failed payment of Razorpay."""
    return {
        "id": "pay_987",
        "status": "failed",
        "method": "card",
        "error_code": code,
        "error_description": "Payment failed.",
        "error_source": "issuer_bank",
        "error_reason": reason,
    }


# === NETWORK AND PROVIDER === #


@pytest.mark.parametrize(
    ("code", "words", "raw", "reason"),
    [
        ("5", "Blocked Card", "43 : Stolen card", "stolen_card"),
        ("5", "Blocked Card", "41 : Lost card", "lost_card"),
        ("2", "Refused", "51 : Insufficient funds", "insufficient_funds"),
        ("4", "Acquirer Error", "51 : Insufficient funds", "insufficient_funds"),
        ("12", "Not enough balance", "61 : Exceeds limit", "card_velocity_exceeded"),
        ("6", "Expired Card", "62 : Restricted card", "restricted_card"),
    ],
)
def test_raw_code_beats_the_summary_of_the_provider(code, words, raw, reason):
    assert read("adyen", answer(code, words, refusalReasonRaw=raw)).reason == reason
    assert read("adyen", adyen_webhook(words, refusalReasonRaw=raw)).reason == reason


@pytest.mark.parametrize(
    ("code", "words", "raw", "reason"),
    [
        ("6", "Expired Card", "51 : Insufficient funds", "expired_card"),
        ("6", "Expired Card", "05 : Do not honor", "expired_card"),
        ("20", "FRAUD", "51 : Insufficient funds", "blocked_by_risk"),
        ("31", "Issuer Suspected Fraud", "51 : Insufficient funds", "suspected_fraud"),
        ("46", "Transaction blocked by Adyen", "51 : Insufficient funds", "retry_limit_reached"),
    ],
)
def test_raw_code_does_not_soften_what_the_provider_knows(code, words, raw, reason):
    assert read("adyen", answer(code, words, refusalReasonRaw=raw)).reason == reason


def test_stolen_card_is_charged_for_no_other_invoice():
    decline = read("adyen", answer("5", "Blocked Card", refusalReasonRaw="43 : Stolen card"))
    assert (decline.decline_class, decline.advice.kind) == ("never", "never")


@pytest.mark.parametrize("raw", ["3DS : Not authenticated", "3ds2 : x", "AVS : 2", "N/A : none"])
def test_check_of_the_providers_is_no_code_of_the_network(raw):
    decline = read("adyen", answer("11", "3D Not Authenticated", refusalReasonRaw=raw))
    assert (decline.reason, decline.network_code) == ("authentication_required", "")
    assert not decline.unlisted


def test_part_of_the_providers_code_does_not_beat_the_whole():
    body = {"errors": [{"errorCode": "30151001"}]}
    decline = read("worldline", body)
    assert (decline.reason, decline.network_code) == ("invalid_merchant", "15")


def test_radars_block_is_not_softened_by_a_networks_code():
    charge = {"outcome": {"type": "blocked", "reason": "highest_risk_level"}}
    body = http_error(decline_code="fraudulent", network_decline_code="51")
    body["error"]["payment_intent"]["latest_charge"] = charge
    assert read("stripe", body).reason == "blocked_by_risk"


# === THE CHARGE AND ITS INTENT === #


@pytest.mark.parametrize(
    ("failure", "reason", "decline_class"),
    [
        ("insufficient_funds", "insufficient_funds", "later"),
        ("debit_not_authorized", "no_mandate", "never"),
        ("account_closed", "account_closed", "never"),
        ("incorrect_account_holder_name", "invalid_bank_account", "fix_data"),
    ],
)
def test_failed_debit_is_read_by_its_charge(failure, reason, decline_class):
    body = stripe_webhook("payment_intent_payment_attempt_failed", SEPA, message="Failed.")
    charge = {"object": "charge", "failure_code": failure, "payment_method_details": SEPA}
    body["payment_intent"]["charges"] = {"data": [charge]}
    decline = read("stripe", body)
    assert (decline.reason, decline.decline_class) == (reason, decline_class)
    assert (decline.code, decline.network) == (failure, "sepa")


def test_type_of_the_method_is_read_beside_the_error():
    body = stripe_webhook("debit_not_authorized", None, payment_method_type="sepa_debit")
    assert (read("stripe", body).reason, read("stripe", body).network) == ("no_mandate", "sepa")


# === SENTENCES === #


@pytest.mark.parametrize("sentence", [DETACHED, OLDER, CONSUMED, NOT_ATTACHED])
def test_method_that_may_not_be_used_again_is_dead_though_no_code_says_so(sentence):
    body = {"error": {"message": sentence, "type": "invalid_request_error"}}
    decline = read("stripe", body)
    assert (decline.reason, decline.decline_class) == ("method_unusable", "never")
    assert decline.code == decline.message[:64]
    assert not decline.unlisted


def test_sentence_says_more_than_a_code_that_says_nothing():
    body = {"error": {"code": "payment_intent_payment_attempt_failed", "message": DETACHED}}
    assert read("stripe", body).reason == "method_unusable"


def test_code_that_says_something_is_believed_before_the_sentence():
    assert read("stripe", http_error("expired_card", message=DETACHED)).reason == "expired_card"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Insufficient Funds. Please try another card", "insufficient_funds"),
        ("51: Insufficient Funds", "insufficient_funds"),
        ("Declined - stolen card, pick up", "stolen_card"),
        ("Issuer or the switch is inoperative", "unknown"),
    ],
)
def test_flutterwaves_words_are_found_in_longer_sentences(words, reason):
    assert read("flutterwave", {"status": "failed", "processor_response": words}).reason == reason


def test_raw_answer_without_a_number_is_read_by_its_words():
    decline = read("adyen", answer("2", refusalReasonRaw="DECLINED Insufficient Funds"))
    assert (decline.reason, decline.network_code) == ("insufficient_funds", "")


def test_razorpays_class_of_errors_is_no_fault_of_the_company_when_the_bank_refused():
    entity = razorpay_entity("BAD_REQUEST_ERROR", None)
    assert read("razorpay", entity).reason == "generic_decline"
    words = "Your payment could not be completed due to insufficient account balance."
    assert read("razorpay", {**entity, "error_description": words}).reason == "insufficient_funds"
    error = {"code": "BAD_REQUEST_ERROR", "reason": "NA", "description": words, "source": "bank"}
    assert read("razorpay", {"error": error}).reason == "insufficient_funds"
    entity = razorpay_entity("BAD_REQUEST_ERROR", "NA")
    assert read("razorpay", entity).decline_class == "later"


def test_pattern_holds_its_pieces_in_their_order():
    pieces = parse_pattern("  was   DETACHED * used again ")
    assert matches(pieces, "It was detached\nyesterday and may not be Used Again")
    assert not matches(pieces, "It may not be used again: it was detached")
    assert not matches(pieces, "It was de tached; used again")


@pytest.mark.parametrize("pattern", ["", "*", "no * ok", "a*b*c", "x" * (MAX_PATTERN + 1)])
def test_pattern_without_words_is_refused(pattern):
    with pytest.raises(ValueError, match="pattern|words"):
        parse_pattern(pattern)
    with pytest.raises(ValueError, match="pattern|words"):
        Code("stripe", "pattern", pattern, "unknown")


def test_of_two_patterns_that_fit_the_longer_one_counts():
    codes = [
        Code("stripe", "pattern", "funds missing", "insufficient_funds"),
        Code("stripe", "pattern", "funds missing*account closed", "account_closed"),
    ]
    taxonomy = Taxonomy(TAXONOMY.reasons.values(), codes)
    assert taxonomy.find_pattern("stripe", "Funds missing, account closed.").reason == (
        "account_closed"
    )
    assert taxonomy.find_pattern("stripe", "Funds missing.").reason == "insufficient_funds"
    assert taxonomy.find_pattern("adyen", "Funds missing.") is None


def test_no_pattern_and_no_sentence_takes_long():
    pieces = parse_pattern("*".join(["aaaaaab"] * 20))
    started = time.perf_counter()
    matches(pieces, "a" * 1_000_000)
    assert time.perf_counter() - started < 0.1


# === WHAT ADYEN ADDS === #


@pytest.mark.parametrize(
    ("inferred", "reason", "decline_class"),
    [
        # As Adyen's reference of the field lists them (ResponseAdditionalDataCommon).
        ("3D Secure Mandated", "authentication_required", "customer_action"),
        ("Closed Account", "account_closed", "never"),
        ("Card Updated", "new_account_information", "fix_data"),
        ("Low Authrate Bin", "policy_decline", "later"),
    ],
)
def test_what_adyen_concludes_says_more_than_not_supported(inferred, reason, decline_class):
    decline = read("adyen", answer("10", "Not Supported", inferredRefusalReason=inferred))
    assert (decline.reason, decline.decline_class) == (reason, decline_class)


def test_new_conclusion_of_adyen_is_listed_and_its_code_read():
    decline = read("adyen", answer("12", inferredRefusalReason="Brand New"))
    assert decline.reason == "insufficient_funds"
    assert decline.unlisted == (("adyen", "code", "Brand New"),)


@pytest.mark.parametrize(
    ("status", "reason", "decline_class"),
    [
        ("CloseAccount", "account_closed", "never"),
        ("ContactCardAccountHolder", "account_lifecycle", "fix_data"),
        ("CardChanged", "insufficient_funds", "later"),
        ("CardExpiryChanged", "insufficient_funds", "later"),
    ],
)
def test_card_updaters_word_is_read(status, reason, decline_class):
    payload = answer("12", "Not enough balance", realtimeAccountUpdaterStatus=status)
    decline = read("adyen", payload)
    assert (decline.reason, decline.decline_class) == (reason, decline_class)
    assert not decline.unlisted
    is_renewed = status in ("CardChanged", "CardExpiryChanged")
    assert read_method("adyen", payload).is_renewed is is_renewed


def test_adyens_own_retries_are_read():
    more = {"retry.rescueScheduled": "true", "retry.rescueReference": "SGX84FSHVNLR8M82"}
    planned = OwnRetries(True, "SGX84FSHVNLR8M82", timedelta(days=31))
    assert read_retries("adyen", answer("12", **more)) == planned
    assert read_retries("adyen", adyen_webhook("Refused", **more)) == planned
    debit = {"additionalData": more, "paymentMethod": "sepadirectdebit"}
    assert read_retries("adyen", debit).within == timedelta(days=42)
    more["retry.rescueScheduled"] = "false"
    assert read_retries("adyen", answer("12", **more)).is_planned is False
    ended = {"eventCode": "AUTORESCUE", "success": "false", "additionalData": more}
    assert read_retries("adyen", ended) == OwnRetries(False, "SGX84FSHVNLR8M82")
    assert read_retries("adyen", answer("12")) is None


def test_stripes_own_retries_are_read():
    body = stripe_webhook()
    assert read_retries("stripe", body) is None
    body["payment_intent"]["invoice"] = "in_1"
    assert read_retries("stripe", body) is None
    body["payment_intent"]["invoice"] = {"id": "in_1", "next_payment_attempt": 1764500000}
    assert read_retries("stripe", body) == OwnRetries(True, "in_1", timedelta(days=62))
    body["payment_intent"]["invoice"]["next_payment_attempt"] = None
    assert read_retries("stripe", body).is_planned is False
    off_session = {"object": "v2.payments.off_session_payment", "id": "osp_1"}
    assert read_retries("stripe", {**off_session, "status": "pending_retry"}).is_planned is True
    assert read_retries("stripe", {**off_session, "status": "failed"}).is_planned is False
