# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The gateway's refusals, which Odoo must tell from declines."""

import pytest

from simulation.client import GatewayClient, GatewayError

CHARGE = {"amount": 500, "currency": "usd", "confirm": "true", "payment_method": "pm_card_visa"}


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"amount": ""}, "amount", "parameter_missing"),
        ({"amount": "12.5"}, "amount", "parameter_invalid_integer"),
        ({"amount": "49"}, "amount", "amount_too_small"),
        ({"currency": "us"}, "currency", None),
        ({"customer": "cus_nobody"}, "customer", "resource_missing"),
        ({"payment_method": "pm_nobody"}, "payment_method", "resource_missing"),
        ({"payment_method_types[]": "sepa_debit"}, "payment_method", None),
        ({"expand[]": "moon"}, "expand", None),
        ({"confirm": "false", "off_session": "true"}, "off_session", None),
    ],
)
def test_a_wrong_parameter_is_named(merchant, changes, param, code):
    answer = merchant.api("POST", "payment_intents", {**CHARGE, **changes})
    assert answer.status == 400
    assert answer.error["type"] == "invalid_request_error"
    assert (answer.error["param"], answer.error.get("code")) == (param, code)


def test_a_request_that_is_refused_leaves_no_intent_behind(merchant):
    merchant.api("POST", "payment_intents", {**CHARGE, "payment_method_types[]": "sepa_debit"})
    assert merchant.api("GET", "payment_intents").body["data"] == []


def test_an_unknown_object_is_404(merchant):
    answer = merchant.api("GET", "payment_intents/pi_nobody")
    assert (answer.status, answer.error["code"]) == (404, "resource_missing")
    assert answer.error["message"] == "No such payment_intent: 'pi_nobody'"


def test_an_unknown_path_is_404(merchant):
    answer = merchant.api("POST", "subscriptions")
    assert (answer.status, answer.error["type"]) == (404, "invalid_request_error")


@pytest.mark.parametrize("key", ["", "sk_live_1234567890", "rk_test_1234567890"])
def test_other_credentials_are_401(gateway, merchant, key):
    stranger = GatewayClient(gateway.url, secret_key=key)
    answer = stranger.api("POST", "payment_intents", CHARGE)
    assert (answer.status, answer.error["type"]) == (401, "invalid_request_error")
    assert merchant.ledger() == []


def test_a_browser_may_confirm_the_intent_whose_secret_it_has(gateway, merchant):
    intent = merchant.api("POST", "payment_intents", {"amount": 500, "currency": "usd"}).body
    browser = GatewayClient(gateway.url, secret_key="pk_test_simulation")
    form = {"payment_method": "pm_card_visa"}
    path = f"payment_intents/{intent['id']}/confirm"
    assert browser.api("POST", path, form).status == 401
    assert browser.api("POST", path, {**form, "client_secret": "pi_of_another"}).status == 401
    paid = browser.api("POST", path, {**form, "client_secret": intent["client_secret"]})
    assert paid.body["status"] == "succeeded"


def test_a_wrong_card_number_is_told_from_a_decline(merchant):
    form = {"type": "card", "card[exp_month]": 1, "card[exp_year]": 2030}
    answer = merchant.api("POST", "payment_methods", {**form, "card[number]": "4242424242424241"})
    assert (answer.status, answer.error["code"]) == (402, "incorrect_number")


def test_a_card_whose_date_has_passed_cannot_be_entered(merchant):
    form = {"type": "card", "card[number]": "4242424242424242", "card[exp_month]": 12}
    answer = merchant.api("POST", "payment_methods", {**form, "card[exp_year]": 2025})
    assert (answer.status, answer.error["code"]) == (402, "invalid_expiry_year")


def test_a_paid_intent_can_be_neither_confirmed_nor_canceled(merchant):
    intent = merchant.api("POST", "payment_intents", CHARGE).body
    for verb in ("confirm", "cancel", "capture"):
        answer = merchant.api("POST", f"payment_intents/{intent['id']}/{verb}")
        assert (answer.status, answer.error["code"]) == (400, "payment_intent_unexpected_state")
        assert answer.error["payment_intent"]["status"] == "succeeded"
    assert len(merchant.ledger()) == 1


def test_a_charge_is_not_refunded_twice(merchant):
    intent = merchant.api("POST", "payment_intents", CHARGE).body
    assert merchant.api("POST", "refunds", {"payment_intent": intent["id"]}).status == 200
    again = merchant.api("POST", "refunds", {"payment_intent": intent["id"]})
    assert (again.status, again.error["code"]) == (400, "charge_already_refunded")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (lambda client: client.create_card({"luck": 1}), "luck"),
        (lambda client: client.create_card({"noise": {"do_not_honor": 1.5}}), "at most 1"),
        (lambda client: client.create_card(type="cheque"), "card or one of"),
        (lambda client: client.create_card(customer="cus_nobody"), "no customer"),
        (lambda client: client.set_faults(["earthquake"]), "no fault 'earthquake'"),
        (lambda client: client.set_webhooks(mode="pigeon"), "'pigeon'"),
        (lambda client: client.set_webhooks(url="http://192.0.2.1/hook"), "loopback"),
        (lambda client: client.update_card("pm_nobody"), "pm_nobody"),
        (lambda client: client.authenticate("pi_nobody"), "pi_nobody"),
        (lambda client: client.set_clock(client.now().replace(year=2020)), "cannot go back"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(merchant, command, reason):
    with pytest.raises(GatewayError, match=reason):
        command(merchant)


@pytest.mark.parametrize(
    ("method", "path", "params", "param"),
    [
        ("GET", "payment_intents", {"limit": "many"}, "limit"),
        ("GET", "charges", {"created[gte]": "yesterday"}, "created[gte]"),
        (
            "POST",
            "payment_methods",
            {
                "type": "card",
                "card[number]": "4242424242424242",
                "card[exp_month]": "May",
                "card[exp_year]": "30",
            },
            "card[exp_month]",
        ),
    ],
)
def test_a_number_that_is_none_is_a_wrong_parameter(merchant, method, path, params, param):
    merchant.api("POST", "payment_intents", CHARGE)
    answer = merchant.api(method, path, params)
    assert (answer.status, answer.error["param"]) == (400, param)
