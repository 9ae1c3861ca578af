# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What providers tell of money that they take back.

The shapes are those of the providers' references, named beside each; Adyen's notice of a chargeback
is as others have recorded it in public.
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenue_recovery.declines import (
    Taxonomy,
    classify_return,
    is_authentic,
    read_chargeback,
    read_returns,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=timezone.utc)
KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"


def stripe(kind, **found):
    """Return an event: Stripe API reference, "The Event object", "The Dispute object"."""
    values = {
        "id": "dp_1",
        "object": "dispute",
        "amount": 1000,
        "currency": "usd",
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "reason": "general",
        "status": "needs_response",
        "evidence_details": {"due_by": 1796688000},
        **found,
    }
    return {"type": kind, "created": 1795424400, "data": {"object": values}}


def adyen(kind, **values):
    """Return a webhook: Adyen, "Dispute webhooks"."""
    item = {
        "additionalData": {
            "autoDefended": "false",
            "chargebackReasonCode": "10.4",
            "chargebackSchemeCode": "visa",
            "defendable": "true",
            "defensePeriodEndsAt": "2023-01-24T12:17:23+01:00",
            "disputeStatus": "Undefended",
        },
        "amount": {"currency": "EUR", "value": 1000},
        "eventCode": kind,
        "eventDate": "2022-09-26T10:17:23.00Z",
        "merchantAccountCode": "Merchant",
        "merchantReference": "S1",
        "originalReference": "NXDJ258MG5BV9D82",
        "paymentMethod": "visa",
        "pspReference": "8626641874058257",
        "reason": "Other Fraud-Card Absent Environment",
        "success": "true",
        **values,
    }
    return {"notificationItems": [{"NotificationRequestItem": item}]}


def read_one(provider, payload):
    (event,) = read_returns(provider, payload)
    return event


@pytest.mark.parametrize(
    ("kind", "found", "state"),
    [
        ("created", {}, "opened"),
        ("created", {"balance_transactions": [{"amount": -1000}]}, "taken"),
        ("created", {"status": "warning_needs_response"}, "opened"),
        ("updated", {"status": "under_review"}, "opened"),
        ("funds_withdrawn", {}, "taken"),
        ("funds_reinstated", {"status": "under_review"}, "won"),
        ("funds_reinstated", {"status": "won"}, "won"),
        ("updated", {"balance_transactions": [{"amount": -9}, {"amount": 9}]}, "opened"),
        ("closed", {"status": "won"}, "won"),
        ("closed", {"status": "warning_closed"}, "won"),
        ("closed", {"status": "lost"}, "lost"),
        ("created", {"status": "lost"}, "lost"),
    ],
)
def test_state_of_a_dispute_at_stripe_follows_its_money(kind, found, state):
    event = read_one("stripe", stripe(f"charge.dispute.{kind}", **found))
    assert (event.kind, event.state, event.id) == ("dispute", state, "dp_1")
    assert event.payments == ("pi_1", "ch_1")
    assert (event.amount, event.currency, event.is_minor) == (Decimal(1000), "USD", True)
    assert event.deadline == datetime(2026, 12, 8, tzinfo=timezone.utc)
    assert not event.is_known_to_addon


def test_expanded_objects_of_stripe_are_named_by_their_id():
    found = {"charge": {"id": "ch_1"}, "payment_intent": None}
    assert read_one("stripe", stripe("charge.dispute.created", **found)).payments == ("ch_1",)


@pytest.mark.parametrize(
    ("reason", "kind", "expected", "decline_class"),
    [
        ("fraudulent", "dispute", "fraudulent", "never"),
        ("subscription_canceled", "dispute", "dispute_cancelled", "never"),
        ("product_not_received", "dispute", "dispute_not_received", "customer_action"),
        ("a_new_reason", "dispute", "disputed", "customer_action"),
        (None, "dispute", "disputed", "customer_action"),
        ("debit_not_authorized", "dispute", "debit_refused", "customer_action"),
        ("insufficient_funds", "failed", "insufficient_funds", "later"),
        ("incorrect_account_details", "failed", "invalid_bank_account", "fix_data"),
    ],
)
def test_reason_of_a_dispute_at_stripe(reason, kind, expected, decline_class):
    event = read_one("stripe", stripe("charge.dispute.created", reason=reason))
    decline = classify_return(event)
    assert (event.kind, decline.reason) == (kind, expected)
    assert decline.decline_class == decline_class


def test_code_of_the_network_says_more_than_the_providers_word():
    card = {"brand": "visa", "network_reason_code": "10.4"}
    event = read_one(
        "stripe", stripe("charge.dispute.created", payment_method_details={"card": card})
    )
    decline = classify_return(event)
    assert (decline.reason, decline.network, decline.network_code) == ("fraudulent", "visa", "10.4")


@pytest.mark.parametrize(
    ("status", "state"),
    [("succeeded", "taken"), ("pending", "opened"), ("failed", "won"), ("canceled", "won")],
)
def test_refund_at_stripe(status, state):
    found = {"id": "re_1", "object": "refund", "status": status}
    event = read_one("stripe", stripe("refund.updated", **found))
    assert (event.kind, event.state, event.id) == ("refund", state, "re_1")


def test_each_refund_that_a_charge_lists_is_an_event():
    refunds = [{"id": f"re_{n}", "amount": n, "status": "succeeded"} for n in (1, 2)]
    events = read_returns("stripe", stripe("charge.refunded", refunds={"data": refunds}))
    assert [(event.id, event.amount) for event in events] == [("re_1", 1), ("re_2", 2)]
    assert read_returns("stripe", stripe("charge.refunded", refunds=None)) == []


def test_debit_that_fails_late_is_one_failure_in_both_of_stripes_events():
    details = {"payment_method_details": {"type": "us_bank_account"}, "failure_code": "R01"}
    charge = read_one("stripe", stripe("charge.failed", id="ch_1", **details))
    intent = stripe(
        "payment_intent.payment_failed", id="pi_1", payment_method_types=["us_bank_account"]
    )
    assert charge.id == read_one("stripe", intent).id == "pi_1"
    card = {"payment_method_details": {"type": "card"}}
    assert read_returns("stripe", stripe("charge.failed", id="ch_1", **card)) == []


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("REQUEST_FOR_INFORMATION", "opened"),
        ("NOTIFICATION_OF_CHARGEBACK", "opened"),
        ("CHARGEBACK", "taken"),
        ("CHARGEBACK_REVERSED", "won"),
        ("SECOND_CHARGEBACK", "lost"),
        ("PREARBITRATION_WON", "won"),
        ("PREARBITRATION_LOST", "lost"),
    ],
)
def test_dispute_at_adyen(kind, state):
    event = read_one("adyen", adyen(kind))
    assert (event.kind, event.state, event.id) == ("dispute", state, "8626641874058257")
    assert event.payments == ("NXDJ258MG5BV9D82",)
    assert event.deadline == datetime(2023, 1, 24, 11, 17, 23, tzinfo=timezone.utc)
    assert event.at == datetime(2022, 9, 26, 10, 17, 23, tzinfo=timezone.utc)
    decline = classify_return(event)
    assert (decline.reason, decline.network_code) == ("fraudulent", "10.4")
    assert decline.message == "Other Fraud-Card Absent Environment"
    assert not event.is_known_to_addon


def test_item_of_adyen_is_read_as_its_webhook():
    payload = adyen("CHARGEBACK")
    item = payload["notificationItems"][0]["NotificationRequestItem"]
    assert read_returns("adyen", item) == read_returns("adyen", payload)


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("CAPTURE_FAILED", {}, ("failed", "taken", True)),
        ("REFUND", {}, ("refund", "taken", True)),
        ("REFUND", {"success": "false"}, ("refund", "won", True)),
        ("REFUND_FAILED", {}, ("refund", "won", False)),
        ("REFUNDED_REVERSED", {}, ("refund", "won", False)),
        ("CHARGEBACK", {"paymentMethod": "sepadirectdebit"}, ("failed", "taken", False)),
    ],
)
def test_failures_and_refunds_at_adyen(kind, values, expected):
    event = read_one("adyen", adyen(kind, **values))
    assert (event.kind, event.state, event.is_known_to_addon) == expected


@pytest.mark.parametrize("kind", ["AUTHORISATION", "CAPTURE", "CANCELLATION", "REPORT_AVAILABLE"])
def test_other_webhooks_of_adyen_are_left_to_its_addon(kind):
    assert read_returns("adyen", adyen(kind)) == []
    assert read_returns("adyen", adyen("CHARGEBACK", success="false")) == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("CHARGEBACKED", ("dispute", "taken")),
        ("REJECTED_CAPTURE", ("failed", "taken")),
        ("REFUNDED", ("refund", "taken")),
    ],
)
def test_payment_of_worldline(status, expected):
    payment = {
        "id": "3136405348_1",
        "status": status,
        "paymentOutput": {
            "amountOfMoney": {"amount": 2980, "currencyCode": "EUR"},
            "references": {"merchantReference": "S1"},
        },
    }
    payload = {"created": "2020-12-09T11:20:40.3744722+01:00", "payment": payment}
    event = read_one("worldline", payload)
    assert (event.kind, event.state) == expected
    assert (event.payments, event.reference) == (("3136405348",), "S1")
    assert event.at == datetime(2020, 12, 9, 10, 20, 40, 374472, tzinfo=timezone.utc)
    for other in ("CAPTURED", "REJECTED", "PENDING_CAPTURE", None):
        assert read_returns("worldline", {"payment": {**payment, "status": other}}) == []


def razorpay(kind, **dispute):
    """Return a webhook: Razorpay, "Disputes Webhook Events"."""
    entity = {
        "id": "disp_1",
        "payment_id": "pay_1",
        "amount": 10000,
        "currency": "INR",
        "amount_deducted": 0,
        "reason_code": "goods_or_services_not_received",
        "respond_by": 1796688000,
        "status": "open",
        **dispute,
    }
    return {
        "event": f"payment.dispute.{kind}",
        "created_at": 1795424400,
        "payload": {
            "payment": {"entity": {"id": "pay_1", "card": {"network": "Visa"}}},
            "dispute": {"entity": entity},
        },
    }


@pytest.mark.parametrize(
    ("kind", "deducted", "state"),
    [
        ("created", 0, "opened"),
        ("under_review", 10000, "taken"),
        ("won", 0, "won"),
        ("lost", 10000, "lost"),
        ("closed", 0, "won"),
        ("closed", 10000, "lost"),
    ],
)
def test_dispute_at_razorpay(kind, deducted, state):
    event = read_one("razorpay", razorpay(kind, amount_deducted=deducted))
    assert (event.kind, event.state, event.payments) == ("dispute", state, ("pay_1",))
    assert event.deadline == datetime(2026, 12, 8, tzinfo=timezone.utc)
    assert classify_return(event).reason == "disputed"


@pytest.mark.parametrize(
    ("status", "detail", "state"),
    [
        ("in_mediation", None, "opened"),
        ("charged_back", "in_process", "taken"),
        ("charged_back", "settled", "lost"),
        ("charged_back", "reimbursed", "won"),
    ],
)
def test_payment_of_mercado_pago(status, detail, state):
    payload = {
        "id": 77,
        "status": status,
        "status_detail": detail,
        "transaction_amount": 58.8,
        "currency_id": "BRL",
        "external_reference": "S1",
    }
    event = read_one("mercado_pago", payload)
    assert (event.kind, event.state, event.payments) == ("dispute", state, ("77",))
    assert (event.amount, event.is_minor) == (Decimal("58.8"), False)
    assert read_returns("mercado_pago", {**payload, "status": "approved"}) == []


def test_partial_refunds_of_mercado_pago_are_told_in_its_payment():
    refunds = [{"id": 1, "amount": 5, "status": "approved"}]
    payload = {"id": 77, "status": "approved", "status_detail": "partially_refunded"}
    event = read_one("mercado_pago", {**payload, "refunds": refunds})
    assert (event.kind, event.state, event.id, event.amount) == ("refund", "taken", "1", 5)


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_refund_of_xendit(is_wrapped):
    refund = {"id": "rfd-1", "invoice_id": "inv-1", "amount": 10000, "currency": "PHP"}
    payload = {"event": "refund.succeeded", "data": {"data": refund} if is_wrapped else refund}
    event = read_one("xendit", payload)
    assert (event.kind, event.state, event.payments) == ("refund", "taken", ("inv-1",))


@pytest.mark.parametrize(
    ("network", "code", "reason"),
    [
        ("visa", "10.4", "fraudulent"),
        ("visa", "13.1", "dispute_not_received"),
        ("visa", "13.2", "dispute_cancelled"),
        ("visa", "12.6.1", "dispute_wrong_charge"),
        ("mastercard", "4837", "fraudulent"),
        ("mastercard", "4853", "disputed"),
        ("mastercard", "4834", "dispute_wrong_charge"),
        ("visa", "51", "disputed"),
        ("mastercard", "10.4", "disputed"),
        ("visa", "", "disputed"),
    ],
)
def test_reason_codes_of_chargebacks(network, code, reason):
    decline = read_chargeback(network, code)
    assert decline.reason == reason
    assert decline.decline_class in ("never", "customer_action"), "Never charged by itself."


def test_disputes_are_never_tried_again_by_waiting():
    reasons = Taxonomy.shipped().reasons
    for row in Taxonomy.shipped():
        if row.scope.endswith("_chargeback"):
            assert reasons[row.reason].decline_class in ("never", "customer_action"), row


@pytest.mark.parametrize(
    "provider", ["stripe", "adyen", "worldline", "razorpay", "mercado_pago", "xendit", "demo"]
)
@given(
    payload=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "data", "object", "event", "payload", "payment", "status", "id"]
                    + ["notificationItems", "NotificationRequestItem", "eventCode", "entity"]
                )
                | st.text(max_size=3),
                inner
                | st.sampled_from(["charge.dispute.closed", "CHARGEBACK", "CHARGEBACKED", "lost"]),
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_nothing_is_raised_whatever_a_payload_holds(provider, payload):
    for event in read_returns(provider, payload):
        assert event.id
        assert event.payments or event.reference
        classify_return(event)


def sign_item(item, key=KEY):
    """Return the signature of an item: Adyen, "Verify HMAC signatures"."""
    names = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")
    values = [item.get(name, "") for name in names]
    values += [item["amount"]["value"], item["amount"]["currency"]]
    values += [item["eventCode"], item["success"]]
    text = ":".join(str(value).replace("\\", "\\\\").replace(":", "\\:") for value in values)
    digest = hmac.new(bytes.fromhex(key), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@pytest.mark.parametrize(
    ("values", "key", "believed"),
    [
        ({}, KEY, True),
        ({"merchantReference": "S1:2\\3"}, KEY, True),
        ({}, "00" * 32, False),
        ({"amount": {"currency": "EUR", "value": 1}}, KEY, True),
    ],
)
def test_payment_webhook_of_adyen_is_believed_when_every_item_is_signed(values, key, believed):
    payload = adyen("CHARGEBACK", **values)
    item = payload["notificationItems"][0]["NotificationRequestItem"]
    item["additionalData"]["hmacSignature"] = sign_item(item, key)
    body = json.dumps(payload).encode()
    assert is_authentic("adyen", {}, body, [KEY], NOW) == believed
    item["amount"] = {"currency": "EUR", "value": 99}
    assert not is_authentic("adyen", {}, json.dumps(payload).encode(), [KEY], NOW)
    unsigned = adyen("CHARGEBACK")["notificationItems"]
    payload["notificationItems"] += unsigned
    assert not is_authentic("adyen", {}, json.dumps(payload).encode(), [KEY], NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"notificationItems": []}', b"\xff"])
def test_body_without_items_is_not_believed(body):
    assert not is_authentic("adyen", {}, body, [KEY], NOW)


@pytest.mark.parametrize(
    ("provider", "header"),
    [
        ("worldline", "X-GCS-Signature"),
        ("razorpay", "X-Razorpay-Signature"),
        ("xendit", "x-callback-token"),
    ],
)
def test_other_providers_sign_in_their_own_way(provider, header):
    body, secret = b'{"a": 1}', "secret"
    digest = hmac.new(secret.encode(), body, hashlib.sha256)
    good = {
        "worldline": base64.b64encode(digest.digest()).decode(),
        "razorpay": digest.hexdigest(),
        "xendit": secret,
    }[provider]
    assert is_authentic(provider, {header: good}, body, [secret], NOW)
    for wrong in (f"{good}x", "", "ü"):
        assert not is_authentic(provider, {header: wrong}, body, [secret], NOW)
    assert not is_authentic(provider, {header: good}, body, ["other", ""], NOW)
    assert not is_authentic(provider, {}, body, [secret], NOW)
