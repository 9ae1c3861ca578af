# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Adyen's refusals, as answers and webhooks."""

from datetime import timedelta

import pytest

from revenue_recovery.declines import MethodFacts, read, read_method

MORE = {
    "alias": "H167852639363479",
    "cardBin": "510029",
    "cardIssuingCountry": "NL",
    "cardSummary": "1111",
    "expiryDate": "3/2030",
    "fundingSource": "CREDIT",
    "paymentMethod": "mc",
}


def answer(code, words="Refused", result="Refused", brand="mc", **more):
    """Return the answer to a charge."""
    return {
        "additionalData": {**MORE, "paymentMethod": brand, **more},
        "pspReference": "JVBXGSDM53RZNN82",
        "refusalReason": words,
        "resultCode": result,
        "refusalReasonCode": code,
        "amount": {"currency": "EUR", "value": 2500},
        "merchantReference": "INV/2026/0001-1",
        "paymentMethod": {"brand": brand, "type": "scheme"},
    }


def webhook(words, **more):
    """Return the item of a webhook about a refused charge."""
    return {
        "additionalData": {**MORE, "hmacSignature": "VcoiMGe4ClMs…=", **more},
        "amount": {"currency": "EUR", "value": 2500},
        "eventCode": "AUTHORISATION",
        "merchantAccountCode": "Merchant",
        "merchantReference": "INV/2026/0001-1",
        "paymentMethod": "mc",
        "pspReference": "JVBXGSDM53RZNN82",
        "reason": words,
        "success": "false",
    }


@pytest.mark.parametrize(
    ("code", "words", "reason", "decline_class"),
    [
        ("2", "Refused", "generic_decline", "later"),
        ("3", "Referral", "call_issuer", "later"),
        ("4", "Acquirer Error", "processing_error", "technical"),
        ("5", "Blocked Card", "account_blocked", "customer_action"),
        ("6", "Expired Card", "expired_card", "fix_data"),
        ("8", "Invalid Card Number", "invalid_number", "fix_data"),
        ("9", "Issuer Unavailable", "issuer_not_available", "technical"),
        ("11", "3D Not Authenticated", "authentication_required", "customer_action"),
        ("12", "Not enough balance", "insufficient_funds", "later"),
        ("20", "FRAUD", "blocked_by_risk", "never"),
        ("24", "CVC Declined", "incorrect_cvc", "fix_data"),
        ("26", "Revocation Of Auth", "revocation_of_authorization", "never"),
        ("28", "Withdrawal amount exceeded", "card_velocity_exceeded", "later"),
        ("38", "Authentication required", "authentication_required", "customer_action"),
    ],
)
def test_refusal_is_read_from_an_answer_and_from_a_webhook(code, words, reason, decline_class):
    read_answer = read("adyen", answer(code, words))
    assert (read_answer.code, read_answer.reason) == (code, reason)
    assert read_answer.decline_class == decline_class
    assert read_answer.message == words
    assert read_answer.network == "mastercard"
    read_webhook = read("adyen", webhook(words))
    assert (read_webhook.reason, read_webhook.decline_class) == (reason, decline_class)


def test_charge_stopped_to_save_fees_waits_a_month():
    words = "Transaction blocked by Adyen to prevent excessive retry fees"
    decline = read("adyen", answer("46", words))
    assert (decline.reason, decline.advice.wait) == ("retry_limit_reached", timedelta(days=30))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"refusalReasonRaw": "51 : Insufficient funds/over credit limit"}, "insufficient_funds"),
        ({"refusalCodeRaw": "51", "refusalReasonRaw": "51 : …"}, "insufficient_funds"),
        ({"refusalReasonRaw": "4 : Pickup card"}, "pickup_card"),
        ({"refusalReasonRaw": "82 : Policy"}, "policy_decline"),
        ({"refusalReasonRaw": "DECLINED"}, "generic_decline"),
    ],
)
def test_raw_answer_of_the_network_says_more_than_refused(raw, reason):
    assert read("adyen", answer("2", **raw)).reason == reason


def test_raw_answer_is_told_to_the_accountant():
    decline = read("adyen", answer("2", refusalReasonRaw="51 : Insufficient funds"))
    assert decline.message == "Refused (51 : Insufficient funds)"


@pytest.mark.parametrize(
    ("brand", "raw", "reason"),
    [
        ("amex", "101 : Expired card", "expired_card"),
        ("amex", "116 : Not sufficient funds", "insufficient_funds"),
        ("cartebancaire", "51 : Insufficient funds", "insufficient_funds"),
        ("visa", "82 : CVV", "incorrect_cvc"),
    ],
)
def test_raw_answer_is_read_with_the_codes_of_its_network(brand, raw, reason):
    assert read("adyen", answer("2", brand=brand, refusalReasonRaw=raw)).reason == reason


@pytest.mark.parametrize("advice", ["03", "03 : Do not try again", "3"])
def test_mastercards_advice_is_read_with_and_without_its_words(advice):
    decline = read("adyen", answer("12", merchantAdviceCode=advice))
    assert (decline.advice_code, decline.decline_class) == ("03", "never")


def test_visas_category_comes_with_its_code():
    decline = read("adyen", answer("2", brand="visa", refusalReasonRaw="R1 : Revocation"))
    assert (decline.category, decline.reason) == (1, "revocation_of_authorization")
    assert read("adyen", answer("2", brand="visa", refusalCodeRaw="X9")).category == 4


def test_http_error_and_answer_without_a_reason_are_read():
    error = {"status": 422, "errorCode": "803", "message": "PaymentDetail not found"}
    decline = read("adyen", error | {"errorType": "validation", "pspReference": "X"})
    assert (decline.reason, decline.message) == ("method_unusable", "PaymentDetail not found")
    assert read("adyen", {"resultCode": "Error", "pspReference": "X"}).reason == "unknown"


def test_method_is_read_from_the_additional_data():
    found = read_method("adyen", answer("2"))
    assert found == MethodFacts(
        "mastercard", "credit", "NL", 3, 2030, found.fingerprint, "card", "1111", "510029"
    )
    assert read_method("adyen", webhook("Refused")) == found
    assert read_method("adyen", {"paymentMethod": {"type": "sepadirectdebit"}}) == MethodFacts(
        "sepa", type="sepadirectdebit"
    )


def test_cards_alias_tells_cards_apart_without_looking_like_a_number():
    fingerprints = {
        read_method("adyen", answer("2", alias=alias)).fingerprint
        for alias in ("H167852639363479", "H167852639363480", "H167852639363479")
    }
    assert len(fingerprints) == 2
    assert not any("167852639363" in fingerprint for fingerprint in fingerprints)
