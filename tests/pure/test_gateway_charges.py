# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Charging saved methods through the simulated gateway, over HTTP."""

from datetime import timedelta

import pytest

from simulation.client import GatewayError
from simulation.gateway.cards import BY_METHOD

DECLINED_CARDS = {
    "4000000000000002": ("card_declined", "generic_decline", "try_again_later"),
    "4000000000009995": ("card_declined", "insufficient_funds", "try_again_later"),
    "4000000000009987": ("card_declined", "lost_card", "do_not_try_again"),
    "4000000000009979": ("card_declined", "stolen_card", "do_not_try_again"),
    "4000000000000069": ("expired_card", "expired_card", "confirm_card_data"),
    "4000000000000127": ("incorrect_cvc", "incorrect_cvc", "confirm_card_data"),
    "4000000000000119": ("processing_error", "processing_error", "try_again_later"),
    "4000000000006975": ("card_declined", "card_velocity_exceeded", "try_again_later"),
}


def on_session(merchant, number, **params):
    """Pay as a customer who has just typed a card number."""
    return merchant.api(
        "POST",
        "payment_intents",
        {
            "amount": 1000,
            "currency": "eur",
            "confirm": "true",
            "payment_method_data[type]": "card",
            "payment_method_data[card][number]": number,
            "payment_method_data[card][exp_month]": 12,
            "payment_method_data[card][exp_year]": 2030,
            **params,
        },
    )


def test_a_charge_that_succeeds_shows_what_odoo_reads(merchant):
    saved = merchant.create_card(brand="mastercard", last4="4444", country="DE")
    answer = merchant.pay(saved)
    intent = answer.body
    assert answer.status == 200
    assert (intent["status"], intent["amount"], intent["currency"]) == ("succeeded", 2500, "usd")
    assert intent["description"] == "INV/2026/0001"
    assert intent["payment_method"]["card"]["brand"] == "mastercard", "expanded, as asked for"
    assert intent["charges"]["data"][0]["id"] == intent["latest_charge"]
    details = intent["charges"]["data"][0]["payment_method_details"]
    assert details["type"] == "card"
    assert details["card"]["last4"] == "4444"


@pytest.mark.parametrize(("number", "codes"), DECLINED_CARDS.items())
def test_a_documented_card_declines_with_its_codes(merchant, number, codes):
    answer = on_session(merchant, number)
    error = answer.error
    assert answer.status == 402
    assert error["type"] == "card_error"
    assert (error["code"], error["decline_code"], error["advice_code"]) == codes
    assert error["message"].startswith(("Your card", "An error occurred"))
    assert error["payment_intent"]["status"] == "requires_payment_method"
    assert error["payment_intent"]["payment_method"] is None
    assert error["payment_intent"]["last_payment_error"]["decline_code"] == codes[1]
    assert error["payment_intent"]["charges"]["data"][0]["id"] == error["charge"]
    assert error["payment_method"]["type"] == "card"


@pytest.mark.parametrize("number", DECLINED_CARDS)
def test_a_declining_test_card_cannot_be_saved(merchant, number):
    customer = merchant.api("POST", "customers", {"name": "Ada"}).body["id"]
    method = merchant.api(
        "POST",
        "payment_methods",
        {"type": "card", "card[number]": number, "card[exp_month]": 1, "card[exp_year]": 30},
    ).body
    answer = merchant.api("POST", f"payment_methods/{method['id']}/attach", {"customer": customer})
    assert answer.status == 402
    assert answer.error["code"] == DECLINED_CARDS[number][0]


def test_the_card_that_attaches_and_then_fails_does_both(merchant):
    customer = merchant.api("POST", "customers", {"name": "Ada"}).body["id"]
    attached = merchant.api(
        "POST", "payment_methods/pm_card_chargeCustomerFail/attach", {"customer": customer}
    ).body
    answer = merchant.api(
        "POST",
        "payment_intents",
        {
            "amount": 500,
            "currency": "usd",
            "confirm": "true",
            "off_session": "true",
            "customer": customer,
            "payment_method": attached["id"],
        },
    )
    assert (answer.status, answer.error["code"]) == (402, "card_declined")


@pytest.mark.parametrize("test_id", ["pm_card_visa", "pm_card_amex", "pm_card_mastercard_debit"])
def test_a_test_id_stands_for_a_card_of_its_brand(merchant, test_id):
    answer = merchant.api(
        "POST",
        "payment_intents",
        {
            "amount": 500,
            "currency": "usd",
            "confirm": "true",
            "payment_method": test_id,
            "expand[]": "payment_method",
        },
    )
    card = BY_METHOD[test_id]
    assert answer.body["status"] == "succeeded"
    assert answer.body["payment_method"]["card"]["brand"] == card.brand
    assert answer.body["payment_method"]["card"]["funding"] == card.funding


def test_networks_name_the_same_reason_differently(merchant):
    codes = {}
    for brand in ("visa", "mastercard", "amex"):
        saved = merchant.create_card({"script": ["insufficient_funds"]}, brand=brand)
        error = merchant.pay(saved).error
        codes[brand] = (error.get("network_decline_code"), error.get("network_advice_code"))
    assert codes == {"visa": ("51", None), "mastercard": ("51", "02"), "amex": ("116", None)}


def test_a_script_may_set_the_codes_of_the_network(merchant):
    wait = {"outcome": "do_not_honor", "network_decline_code": "79", "network_advice_code": "26"}
    saved = merchant.create_card({"script": [wait]}, brand="mastercard")
    error = merchant.pay(saved).error
    assert (error["network_decline_code"], error["network_advice_code"]) == ("79", "26")


def test_a_script_is_used_up_one_answer_a_charge(merchant):
    saved = merchant.create_card({"script": ["lost_card", "insufficient_funds", "succeed"]})
    outcomes = [merchant.pay(saved) for _ in range(4)]
    assert [answer.error.get("decline_code", "paid") for answer in outcomes] == [
        "lost_card",
        "insufficient_funds",
        "paid",
        "paid",
    ]


def test_a_decline_code_the_gateway_does_not_know_is_sent_as_it_is(merchant):
    saved = merchant.create_card({"script": ["a_code_of_next_year"]})
    error = merchant.pay(saved).error
    assert (error["code"], error["decline_code"]) == ("card_declined", "a_code_of_next_year")


def test_an_account_pays_what_it_has_and_waits_for_pay_day(merchant):
    account = {"opening": 3000, "pay": {"amount": 10000, "days": [15]}}
    saved = merchant.create_card({"account": account})
    assert merchant.pay(saved).status == 200
    assert merchant.pay(saved).error["decline_code"] == "insufficient_funds"
    merchant.advance(timedelta(days=11))
    assert merchant.pay(saved).status == 200, "pay day was yesterday"


def test_a_card_is_dead_from_its_instant_on(merchant):
    at = (merchant.now() + timedelta(hours=2)).isoformat()
    saved = merchant.create_card({"dies_at": at, "dies_of": "stolen_card"})
    assert merchant.pay(saved).status == 200
    merchant.advance(timedelta(hours=2))
    assert merchant.pay(saved).error["decline_code"] == "stolen_card"


def test_a_card_works_until_the_end_of_its_last_month(merchant):
    saved = merchant.create_card(exp_month=1, exp_year=2026)
    merchant.set_clock(merchant.now().replace(day=31, hour=23, minute=59))
    assert merchant.pay(saved).status == 200
    merchant.advance(timedelta(minutes=1))
    assert merchant.pay(saved).error["code"] == "expired_card"
    merchant.update_card(saved.payment_method, exp_year=2029)
    assert merchant.pay(saved).status == 200, "the network has updated the card"


def test_off_session_a_bank_that_asks_for_3d_secure_declines(merchant):
    saved = merchant.create_card({"authentication": "always"})
    error = merchant.pay(saved).error
    assert error["code"] == error["decline_code"] == "authentication_required"
    assert error["payment_intent"]["status"] == "requires_payment_method"


def test_on_session_the_customer_authenticates_and_pays(merchant):
    intent = on_session(merchant, "4000002760003184").body
    assert intent["status"] == "requires_action"
    assert intent["next_action"]["type"] == "use_stripe_sdk"
    assert merchant.ledger() == []
    assert merchant.authenticate(intent["id"])["status"] == "succeeded"
    assert [entry["amount"] for entry in merchant.ledger()] == [1000]


def test_a_failed_authentication_leaves_the_intent_without_method(merchant):
    intent = on_session(merchant, "4000002760003184").body
    failed = merchant.authenticate(intent["id"], succeed=False)
    assert failed["status"] == "requires_payment_method"
    assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert merchant.ledger() == []


def test_a_scripted_action_is_asked_for_even_off_session(merchant):
    saved = merchant.create_card({"script": ["requires_action"]})
    answer = merchant.pay(saved)
    assert (answer.status, answer.body["status"]) == (200, "requires_action")


def test_a_bank_debit_is_decided_days_later(merchant):
    saved = merchant.create_card(type="sepa_debit", country="DE")
    intent = merchant.pay(saved, currency="eur").body
    assert intent["status"] == "processing"
    assert intent["charges"]["data"][0]["payment_method_details"]["sepa_debit"]["mandate"]
    assert merchant.ledger() == []
    assert merchant.advance(timedelta(days=4)) == 0
    assert merchant.advance(timedelta(days=1)) == 1
    assert merchant.api("GET", f"payment_intents/{intent['id']}").body["status"] == "succeeded"
    assert merchant.totals()["eur"]["net"] == 2500


def test_a_bank_debit_that_fails_says_why_on_its_charge(merchant):
    behaviour = {"script": ["insufficient_funds"]}
    saved = merchant.create_card(behaviour, type="sepa_debit", country="FR")
    id = merchant.pay(saved, currency="eur").body["id"]
    merchant.advance(timedelta(days=5))
    intent = merchant.api("GET", f"payment_intents/{id}").body
    assert intent["status"] == "requires_payment_method"
    assert intent["charges"]["data"][0]["failure_code"] == "insufficient_funds"
    assert merchant.ledger() == []
    assert merchant.counters()["charges_declined"] == 1


def test_an_authorisation_moves_money_when_it_is_captured(merchant):
    saved = merchant.create_card()
    intent = merchant.pay(saved, capture_method="manual").body
    assert (intent["status"], intent["amount_capturable"]) == ("requires_capture", 2500)
    assert merchant.ledger() == []
    captured = merchant.api("POST", f"payment_intents/{intent['id']}/capture").body
    assert captured["status"] == "succeeded"
    assert [entry["amount"] for entry in merchant.ledger()] == [2500]


def test_a_canceled_authorisation_releases_the_money(merchant):
    saved = merchant.create_card({"account": {"opening": 2500}})
    intent = merchant.pay(saved, capture_method="manual").body
    assert merchant.pay(saved).error["decline_code"] == "insufficient_funds"
    canceled = merchant.api("POST", f"payment_intents/{intent['id']}/cancel").body
    assert canceled["status"] == "canceled"
    assert merchant.pay(saved).status == 200


def test_refunds_are_paged_and_never_exceed_the_charge(merchant):
    intent = merchant.pay(merchant.create_card()).body
    for amount in (500, 700):
        refund = merchant.api(
            "POST", "refunds", {"payment_intent": intent["id"], "amount": amount}
        ).body
        assert (refund["object"], refund["status"], refund["amount"]) == (
            "refund",
            "succeeded",
            amount,
        )
    refused = merchant.api("POST", "refunds", {"payment_intent": intent["id"], "amount": 1301})
    assert (refused.status, refused.error["param"]) == (400, "amount")
    page = merchant.api("GET", "refunds", {"charge": intent["latest_charge"], "limit": 1}).body
    assert (page["data"][0]["amount"], page["has_more"]) == (700, True)
    rest = merchant.api(
        "GET",
        "refunds",
        {"charge": intent["latest_charge"], "starting_after": page["data"][0]["id"]},
    ).body
    assert ([refund["amount"] for refund in rest["data"]], rest["has_more"]) == ([500], False)
    assert merchant.totals()["usd"] == {
        "charges": 2500,
        "refunds": 1200,
        "net": 1300,
        "months": {"2026-01": 1300},
    }


def test_a_setup_intent_saves_a_card_for_charges_off_session(merchant):
    customer = merchant.api("POST", "customers", {"name": "Ada"}).body["id"]
    setup = merchant.api(
        "POST",
        "setup_intents",
        {"customer": customer, "description": "V-1", "payment_method_types[]": "card"},
    ).body
    confirmed = merchant.api(
        "POST",
        f"setup_intents/{setup['id']}/confirm",
        {
            "payment_method": "pm_card_authenticationRequiredOnSetup",
            "client_secret": setup["client_secret"],
        },
    ).body
    assert confirmed["status"] == "requires_action"
    assert merchant.authenticate(setup["id"])["status"] == "succeeded"
    methods = merchant.api("GET", f"customers/{customer}/payment_methods").body["data"]
    charged = merchant.api(
        "POST",
        "payment_intents",
        {
            "amount": 500,
            "currency": "usd",
            "confirm": "true",
            "off_session": "true",
            "customer": customer,
            "payment_method": methods[0]["id"],
        },
    )
    assert charged.body["status"] == "succeeded", "it was set up with 3-D Secure"


def test_paying_on_session_may_save_the_card(merchant):
    customer = merchant.api("POST", "customers", {"name": "Ada"}).body["id"]
    paid = on_session(
        merchant, "4242424242424242", customer=customer, setup_future_usage="off_session"
    ).body
    saved = merchant.api("GET", "payment_methods", {"customer": customer, "type": "card"}).body
    assert [method["id"] for method in saved["data"]] == [paid["payment_method"]]


def test_a_detached_method_cannot_be_charged(merchant):
    saved = merchant.create_card()
    merchant.api("POST", f"payment_methods/{saved.payment_method}/detach")
    answer = merchant.pay(saved)
    assert (answer.status, answer.error["param"]) == (400, "payment_method")


def test_it_does_not_matter_in_how_many_steps_time_passes(merchant):
    """Pay day is on the 15th, the debit's decision on the 10th: one long step must not help."""
    behaviour = {"account": {"opening": 0, "pay": {"amount": 9000, "days": [15]}}}
    saved = merchant.create_card(behaviour, type="sepa_debit")
    id = merchant.pay(saved).body["id"]
    assert merchant.advance(timedelta(days=30)) == 1
    intent = merchant.api("GET", f"payment_intents/{id}").body
    assert intent["last_payment_error"]["code"] == "insufficient_funds"
    assert merchant.counters()["declines"] == {"insufficient_funds": 1}


def test_a_real_clock_cannot_be_advanced(merchant):
    merchant.follow_machine()
    with pytest.raises(GatewayError, match="real"):
        merchant.advance(timedelta(days=1))
