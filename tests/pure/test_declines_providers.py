# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The refusals of the other providers, in the shapes in which Odoo gets them."""

import pytest

from revenue_recovery.declines import MethodFacts, read, read_method

# === AUTHORIZE.NET === #


@pytest.mark.parametrize(
    ("status", "words", "reason", "decline_class"),
    [
        ("2", "This transaction has been declined.", "generic_decline", "later"),
        (
            "3",
            "The transaction was unsuccessful.\nThe credit card has expired.",
            "expired_card",
            "fix_data",
        ),
        (
            "3",
            "The transaction was unsuccessful.\nThe credit card number is invalid.",
            "invalid_number",
            "fix_data",
        ),
        (
            "3",
            "The transaction was unsuccessful.\nA duplicate transaction has been submitted.",
            "duplicate_transaction",
            "technical",
        ),
        (
            "3",
            "Customer Profile ID or Customer Payment Profile ID not found.",
            "method_unusable",
            "never",
        ),
        (
            "3",
            "User authentication failed due to invalid authentication values.",
            "invalid_credentials",
            "merchant",
        ),
        ("3", "The transaction was unsuccessful.\nThe moon is wrong.", "generic_decline", "later"),
    ],
)
def test_authorize_is_read_from_the_words_that_odoo_keeps(status, words, reason, decline_class):
    data = {
        "response": {
            "x_response_code": status,
            "x_response_reason_text": words,
            "x_trans_id": "0",
            "x_type": "auth_capture",
            "payment_method_code": "Visa",
        }
    }
    decline = read("authorize", data)
    assert (decline.reason, decline.decline_class) == (reason, decline_class)
    assert decline.network == "visa"
    assert decline.message == " ".join(words.split())


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("2", "generic_decline"),
        ("4", "pickup_card"),
        ("8", "expired_card"),
        ("27", "incorrect_address"),
        ("44", "incorrect_cvc"),
        ("251", "blocked_by_risk"),
        ("19", "processing_error"),
    ],
)
def test_authorize_is_read_from_a_whole_answer(code, reason):
    answer = {
        "transactionResponse": {
            "responseCode": "2",
            "authCode": "",
            "avsResultCode": "P",
            "transId": "0",
            "accountNumber": "XXXX0015",
            "accountType": "MasterCard",
            "errors": [{"errorCode": code, "errorText": "This transaction has been declined."}],
        },
        "messages": {
            "resultCode": "Ok",
            "message": [{"code": "I00001", "text": "Successful."}],
        },
    }
    decline = read("authorize", answer)
    assert (decline.code, decline.reason, decline.network) == (code, reason, "mastercard")


def test_authorize_refusal_before_the_transaction_is_read_from_the_message_code():
    answer = {
        "messages": {
            "resultCode": "Error",
            "message": [{"code": "E00040", "text": "The record cannot be found."}],
        }
    }
    assert read("authorize", answer).reason == "method_unusable"


# === RAZORPAY === #


def razorpay_entity(code, reason, **values):
    """Return a failed payment as a webhook or a query brings it."""
    return {
        "id": "pay_987",
        "entity": "payment",
        "amount": 250000,
        "currency": "INR",
        "status": "failed",
        "method": "card",
        "card": {
            "id": "card_1",
            "last4": "1111",
            "network": "Visa",
            "type": "debit",
            "issuer": "HDFC",
            "international": False,
        },
        "description": "INV/2026/0001-1",
        "error_code": code,
        "error_description": "Payment failed.",
        "error_source": "issuer_bank",
        "error_step": "payment_authorization",
        "error_reason": reason,
        **values,
    }


@pytest.mark.parametrize(
    ("code", "reason", "expected", "decline_class"),
    [
        ("BAD_REQUEST_ERROR", "insufficient_funds", "insufficient_funds", "later"),
        ("GATEWAY_ERROR", "card_declined", "do_not_honor", "later"),
        ("BAD_REQUEST_ERROR", "card_expired", "expired_card", "fix_data"),
        ("GATEWAY_ERROR", "bank_technical_error", "issuer_not_available", "technical"),
        ("GATEWAY_ERROR", "payment_risk_check_failed", "blocked_by_risk", "never"),
        (
            "BAD_REQUEST_ERROR",
            "authentication_failed",
            "authentication_required",
            "customer_action",
        ),
        ("GATEWAY_ERROR", None, "processing_error", "technical"),
        ("GATEWAY_ERROR", "NA", "processing_error", "technical"),
    ],
)
def test_razorpay_is_read_by_its_reason(code, reason, expected, decline_class):
    for payload in (
        razorpay_entity(code, reason),
        {"error": {"code": code, "description": "Payment failed.", "reason": reason}},
    ):
        decline = read("razorpay", payload)
        assert (decline.reason, decline.decline_class) == (expected, decline_class)
        assert decline.message == "Payment failed."
    facts = MethodFacts("visa", "debit", "IN", type="card", last4="1111")
    assert read_method("razorpay", razorpay_entity(code, reason)) == facts


# === MERCADO PAGO === #


@pytest.mark.parametrize(
    ("detail", "reason", "decline_class"),
    [
        ("cc_rejected_insufficient_amount", "insufficient_funds", "later"),
        ("cc_rejected_call_for_authorize", "call_issuer", "later"),
        ("cc_rejected_bad_filled_date", "invalid_expiry", "fix_data"),
        ("cc_rejected_bad_filled_security_code", "incorrect_cvc", "fix_data"),
        ("cc_rejected_card_disabled", "account_blocked", "customer_action"),
        ("cc_rejected_high_risk", "blocked_by_risk", "never"),
        ("cc_rejected_blacklist", "blocked_by_risk", "never"),
        ("cc_rejected_max_attempts", "retry_limit_reached", "later"),
        ("cc_rejected_other_reason", "generic_decline", "later"),
        ("cc_rejected_card_error", "processing_error", "technical"),
    ],
)
def test_mercado_pago_is_read_by_its_status_detail(detail, reason, decline_class):
    payment = {
        "id": 1234567890,
        "status": "rejected",
        "status_detail": detail,
        "payment_type_id": "debit_card",
        "payment_method_id": "debmaster",
        "card": {
            "expiration_month": 11,
            "expiration_year": 2030,
            "first_six_digits": "503175",
            "last_four_digits": "0604",
            "country": "BRA",
        },
        "transaction_amount": 100,
    }
    decline = read("mercado_pago", payment)
    assert (decline.code, decline.reason, decline.decline_class) == (detail, reason, decline_class)
    assert read_method("mercado_pago", payment) == MethodFacts(
        "mastercard", "debit", "", 11, 2030, type="card", last4="0604", issuer="503175"
    )


def test_mercado_pago_http_error_is_read_by_its_cause():
    body = {
        "message": "Card Token not found",
        "error": "bad_request",
        "status": 400,
        "cause": [{"code": 2006, "description": "Card Token not found"}],
    }
    decline = read("mercado_pago", body)
    assert (decline.code, decline.reason) == ("2006", "method_unusable")


# === WORLDLINE === #


def worldline_payment(code, product=1, country="FR"):
    """Return a rejected payment."""
    error = {
        "category": "IO_ERROR",
        "code": "9999",
        "errorCode": code,
        "httpStatusCode": 402,
        "id": "EXTERNAL_ACQUIRER_ERROR",
        "message": "",
        "retriable": False,
    }
    return {
        "id": "7777777000_0",
        "paymentOutput": {
            "cardPaymentMethodSpecificOutput": {
                "card": {
                    "bin": "50010000",
                    "cardNumber": "************7777",
                    "countryCode": country,
                    "expiryDate": "1229",
                },
                "paymentProductId": product,
                "token": "aaaaaaaa-5555-eeee-eeee-eeeeeeeeeeee",
            },
            "paymentMethod": "card",
        },
        "status": "REJECTED",
        "statusOutput": {"errors": [error], "statusCategory": "UNSUCCESSFUL", "statusCode": 2},
    }


@pytest.mark.parametrize(
    ("code", "reason", "network_code", "category"),
    [
        ("30511001", "insufficient_funds", "51", 2),
        ("30331001", "expired_card", "33", 4),
        ("30051001", "generic_decline", "05", 4),
        ("30141001", "invalid_number", "14", 1),
        ("30431001", "stolen_card", "43", 1),
        ("30911001", "issuer_not_available", "91", 2),
        ("30171001", "payment_cancelled", "", None),
        ("40001134", "authentication_required", "", None),
        ("30001100", "blocked_by_risk", "", None),
    ],
)
def test_worldline_is_read_by_its_error_code(code, reason, network_code, category):
    payment = worldline_payment(code)
    error = {"errors": payment["statusOutput"]["errors"], "paymentResult": {"payment": payment}}
    for payload in (error, {"payment": payment, "type": "payment.rejected"}):
        decline = read("worldline", payload)
        assert (decline.code, decline.reason) == (code, reason)
        assert (decline.network_code, decline.category) == (network_code, category)
    assert read_method("worldline", error) == MethodFacts(
        "visa", "", "FR", 12, 2029, type="card", last4="7777", issuer="500100"
    )


# === FLUTTERWAVE === #


@pytest.mark.parametrize(
    ("words", "reason", "decline_class"),
    [
        ("Insufficient Funds", "insufficient_funds", "later"),
        ("Do Not Honor", "do_not_honor", "later"),
        ("Expired Card", "expired_card", "fix_data"),
        ("Transaction not Permitted to Cardholder", "transaction_not_allowed", "never"),
        ("Issuer or Switch Inoperative", "issuer_not_available", "technical"),
        ("Declined", "generic_decline", "later"),
        ("Lost Card, Pick-Up", "lost_card", "never"),
    ],
)
def test_flutterwave_is_read_by_the_processors_words(words, reason, decline_class):
    charge = {
        "id": 123456789,
        "tx_ref": "INV/2026/0001-1",
        "status": "failed",
        "processor_response": words,
        "payment_type": "card",
        "card": {
            "first_6digits": "539983",
            "last_4digits": "2950",
            "country": "NIGERIA NG",
            "type": "MASTERCARD",
            "expiry": "09/32",
            "token": "flw-t1nf-f9b3bf384cd30d6fca42b6df9d27bd2f-m03k",
        },
    }
    decline = read("flutterwave", charge)
    assert (decline.reason, decline.decline_class) == (reason, decline_class)
    assert read_method("flutterwave", charge) == MethodFacts(
        "mastercard", "", "NG", 9, 2032, type="card", last4="2950", issuer="539983"
    )


def test_flutterwave_http_error_and_bare_status_are_read():
    error = {"status": "error", "message": "Wrong token or email passed", "data": None}
    assert read("flutterwave", error).reason == "method_unusable"
    assert read("flutterwave", {"id": 1, "status": "failed"}).reason == "generic_decline"


# === XENDIT === #


@pytest.mark.parametrize(
    ("failure", "reason", "decline_class"),
    [
        ("EXPIRED_CARD", "expired_card", "fix_data"),
        ("DECLINED_BY_ISSUER", "do_not_honor", "later"),
        ("INSUFFICIENT_BALANCE", "insufficient_funds", "later"),
        ("STOLEN_CARD", "stolen_card", "never"),
        ("INACTIVE_OR_UNAUTHORIZED_CARD", "account_blocked", "customer_action"),
        ("PROCESSOR_ERROR", "processing_error", "technical"),
        ("AUTHENTICATION_FAILED", "authentication_required", "customer_action"),
        ("FRAUD_RISK_BLOCKED", "blocked_by_risk", "never"),
    ],
)
def test_xendit_is_read_by_its_failure_reason(failure, reason, decline_class):
    charge = {
        "status": "FAILED",
        "failure_reason": failure,
        "authorized_amount": 11100,
        "currency": "IDR",
        "credit_card_token_id": "6645aaa2f00da60017cdc669",
        "external_id": "INV/2026/0001-1",
        "masked_card_number": "520000XXXXXX2151",
        "card_brand": "MASTERCARD",
        "card_type": "CREDIT",
        "card_fingerprint": "652e1897a273b700164639a7",
        "id": "6645aaa5f00da60017cdc66c",
    }
    decline = read("xendit", charge)
    assert (decline.code, decline.reason, decline.decline_class) == (
        failure,
        reason,
        decline_class,
    )
    assert read_method("xendit", charge) == MethodFacts(
        "mastercard",
        "credit",
        fingerprint="652e1897a273b700164639a7",
        type="card",
        last4="2151",
        issuer="520000",
    )


def test_xendit_network_codes_and_http_errors_are_read():
    payment = {
        "failure_code": "CARD_DECLINED",
        "channel_properties": {"network": "MASTERCARD"},
        "payment_details": {
            "authorization_data": {
                "card_network_response_code": "65",
                "card_network_descriptor": "Exceeds withdrawal count limit",
                "merchant_advice_code": "28",
            }
        },
    }
    decline = read("xendit", payment)
    assert (decline.network_code, decline.advice_code) == ("65", "28")
    error = {"error_code": "TOKEN_NOT_FOUND_ERROR", "message": "Token was not found", "errors": []}
    assert read("xendit", error).reason == "method_unusable"


# === DEMO AND OTHERS === #


@pytest.mark.parametrize(
    ("state", "reason"), [("error", "generic_decline"), ("cancel", "payment_cancelled")]
)
def test_demo_is_read_by_the_state_that_the_tester_chose(state, reason):
    decline = read("demo", {"reference": "INV/2026/0001-1", "simulated_state": state})
    assert (decline.code, decline.reason) == (state, reason)


def test_provider_without_a_reader_is_read_by_common_names_and_stays_unknown():
    payload = {"status": "failed", "error": {"code": "X1", "message": "It did not work."}}
    decline = read("mollie", payload)
    assert (decline.code, decline.message) == ("X1", "It did not work.")
    assert (decline.reason, decline.decline_class, decline.known) == ("unknown", "later", False)
    assert decline.unlisted == (("mollie", "code", "X1"),)
