# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The reasons and codes that are shipped, and how a database's own rows replace them."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from revenue_recovery.declines import Advice, Code, Decline, Reason, Taxonomy, read
from revenue_recovery.declines.networks import network_of, scheme_of
from revenue_recovery.declines.taxonomy import CLASSES, read_rows

TAXONOMY = Taxonomy.shipped()
REASONS = TAXONOMY.reasons
# Reasons that must not be guessed from what the customer reads: they would tell a thief.
SECRET = (
    "lost_card",
    "stolen_card",
    "pickup_card",
    "fraudulent",
    "suspected_fraud",
    "blocked_by_risk",
    "blocked_by_merchant",
    "restricted_card",
    "do_not_try_again",
)


def test_every_class_has_reasons_and_every_reason_its_sentences():
    assert {reason.decline_class for reason in REASONS.values()} == set(CLASSES)
    for reason in REASONS.values():
        assert re.fullmatch(r"[a-z_]+", reason.id)
        for sentence in (reason.accountant, reason.customer):
            assert sentence.endswith("."), f"{reason.id} needs whole sentences"


def test_every_reason_of_the_companys_own_says_what_it_concerns():
    for reason in REASONS.values():
        assert bool(reason.concerns) == (reason.decline_class == "merchant"), reason.id
    with pytest.raises(ValueError, match="can't concern"):
        Reason("odd", "Odd", "merchant", concerns="everything")


@pytest.mark.parametrize(
    ("scope", "kind", "code", "reason"),
    [
        ("stripe", "code", "amount_too_small", "amount_too_small"),
        ("stripe", "code", "api_key_expired", "invalid_credentials"),
        ("adyen", "code", "010", "invalid_credentials"),
        ("adyen", "code", "138", "currency_not_enabled"),
        ("authorize", "code", "E00007", "invalid_credentials"),
        ("authorize", "code", "E00008", "account_not_active"),
        ("authorize", "code", "17", "method_not_enabled"),
        ("razorpay", "code", "amount_less_than_minimum_amount", "amount_too_small"),
        ("razorpay", "code", "merchant_not_activated", "account_not_active"),
        ("mercado_pago", "code", "3", "wrong_mode"),
        ("xendit", "code", "INVALID_API_KEY", "invalid_credentials"),
        ("xendit", "code", "AMOUNT_BELOW_MINIMUM_ERROR", "amount_too_small"),
        ("flutterwave", "text", "Invalid authorization key", "invalid_credentials"),
        ("worldline", "code", "ACCESS_TO_MERCHANT_NOT_ALLOWED", "invalid_credentials"),
    ],
)
def test_what_the_company_has_to_mend_is_its_own_class(scope, kind, code, reason):
    found = TAXONOMY.find(scope, kind, code)
    assert (found.reason, REASONS[found.reason].decline_class) == (reason, "merchant")


def test_customer_reads_the_same_for_fraud_and_for_a_decline_without_a_reason():
    neutral = REASONS["generic_decline"].customer
    for reason in SECRET:
        assert REASONS[reason].customer == neutral, reason


def test_no_customers_sentence_names_a_reason_that_a_thief_could_use():
    for reason in REASONS.values():
        for word in ("fraud", "stolen", "lost", "risk", "block", "suspic", "retain", "died"):
            assert word not in reason.customer.lower(), reason.id


def test_every_code_is_there_once_and_says_where_it_comes_from():
    rows = read_rows("codes")
    keys = Counter((row["scope"], row["kind"], row["code"].casefold()) for row in rows)
    assert [key for key, count in keys.items() if count > 1] == []
    for row in rows:
        assert row["source"], row
        assert date(2020, 1, 1) < date.fromisoformat(row["date"]), row
        assert row["kind"] in ("code", "text", "pattern", "advice", "response"), row


def test_visa_codes_have_a_category_and_no_others_do():
    for row in read_rows("codes"):
        is_visa = row["scope"] == "visa"
        assert (row["category"] in ("1", "2", "3", "4")) == is_visa, row


@pytest.mark.parametrize(("network", "reason"), [("visa", "incorrect_cvc"), ("mastercard", None)])
def test_82_is_not_the_same_everywhere(network, reason):
    found = TAXONOMY.find_response(network, "82")
    assert found.reason == (reason or "policy_decline")
    assert TAXONOMY.find_response("", "82") is None, "an unknown network's 82 means nothing sure"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("01", Advice("update_data")),
        ("02", Advice()),
        ("03", Advice("never")),
        ("21", Advice("never")),
        ("24", Advice("wait", timedelta(hours=1))),
        ("25", Advice("wait", timedelta(hours=24))),
        ("27", Advice("wait", timedelta(days=4))),
        ("30", Advice("wait", timedelta(days=10))),
        ("41", Advice("never")),
    ],
)
def test_mastercards_advice_codes(code, advice):
    assert TAXONOMY.find_advice("mastercard", code).advice == advice
    assert TAXONOMY.find_advice("", code).advice == advice, "nobody else gives such codes"
    assert TAXONOMY.find_advice("visa", code) is None


def test_rows_of_a_database_count_instead_of_the_shipped_ones():
    rows = [replace(code, reason="expired_card") for code in TAXONOMY if code.scope == "demo"]
    edited = Taxonomy(REASONS.values(), rows)
    payload = {"simulated_state": "error"}
    assert read("demo", payload).reason == "generic_decline"
    assert read("demo", payload, edited).reason == "expired_card"


def test_edited_class_of_a_reason_counts():
    later = replace(REASONS["expired_card"], decline_class="later")
    edited = Taxonomy([*REASONS.values(), later], list(TAXONOMY))
    body = {"error": {"code": "expired_card"}}
    assert read("stripe", body).decline_class == "fix_data"
    assert read("stripe", body, edited).decline_class == "later"


def test_code_of_no_reason_and_reason_of_no_class_are_refused():
    with pytest.raises(ValueError, match="no reason 'gone'"):
        Taxonomy(REASONS.values(), [Code("stripe", "code", "x", "gone")])
    with pytest.raises(ValueError, match="no class 'soon'"):
        Reason("x", "X", "soon")


def test_empty_taxonomy_knows_nothing_and_says_so():
    decline = read("stripe", {"error": {"code": "expired_card"}}, Taxonomy([], []))
    assert (decline.reason, decline.known) == ("unknown", False)


@pytest.mark.parametrize("value", ["soon", "wait", "wait:", "wait:4w", "wait:-1d", "wait:99999d"])
def test_advice_that_makes_no_sense_is_refused(value):
    with pytest.raises(ValueError, match="Not an advice"):
        Advice.parse(value)


def test_case_blanks_and_full_stop_do_not_hide_a_code():
    assert TAXONOMY.find("authorize", "text", "THE credit card\thas expired.")
    assert TAXONOMY.find("xendit", "code", "expired_card")


def test_old_way_to_make_a_decline_still_works():
    assert Decline("lost_card", "No.").reason == "unknown"


def test_documented_codes_are_known():
    documented, known = Counter(), Counter()
    for row in read_rows("documented"):
        documented[row["scope"]] += 1
        known[row["scope"]] += bool(TAXONOMY.find(row["scope"], row["kind"], row["code"]))
    for scope, count in documented.items():
        complete = scope in ("stripe", "adyen", "visa", "mastercard")
        assert known[scope] >= (count if complete else 0.9 * count), scope


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("visa", "visa"),
        ("Visa Electron", "visa"),
        ("debvisa", "visa"),
        ("MasterCard", "mastercard"),
        ("mc", "mastercard"),
        ("mc_applepay", "mastercard"),
        ("master", "mastercard"),
        ("maestro", "mastercard"),
        ("American Express", "amex"),
        ("AmericanExpress", "amex"),
        ("Diners Club", "diners"),
        ("cartebancaire", "cartes_bancaires"),
        ("RuPay", "rupay"),
        ("ideal", ""),
        (None, ""),
    ],
)
def test_card_networks_are_recognised_whatever_providers_call_them(name, network):
    assert network_of(name) == network


@pytest.mark.parametrize(
    ("type", "scheme"),
    [
        ("sepa_debit", "sepa"),
        ("sepadirectdebit", "sepa"),
        ("us_bank_account", "ach"),
        ("bacs_debit", "bacs"),
        ("directdebit_GB", "bacs"),
        ("au_becs_debit", "becs"),
        ("acss_debit", "pad"),
        ("card", ""),
        (7, ""),
    ],
)
def test_bank_schemes_are_recognised_by_the_type_of_the_method(type, scheme):
    assert scheme_of(type) == scheme
