# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What providers tell of saved methods: what is believed, and what it says."""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenue_recovery.declines import MethodEvent, MethodFacts, is_authentic, read_event

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=timezone.utc)
SECRET = "whsec_of_the_merchant"
KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
BODY = b'{"type": "payment_method.updated"}'


def stripe_header(body=BODY, secret=SECRET, age=timedelta(), name="v1"):
    instant = int((NOW - age).timestamp())
    signature = hmac.new(secret.encode(), f"{instant}.".encode() + body, hashlib.sha256)
    return f"t={instant},{name}={signature.hexdigest()}"


def adyen_header(body=BODY, key=KEY):
    digest = hmac.new(bytes.fromhex(key), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


GOOD = stripe_header()
INSTANT, SIGNATURE = GOOD.split(",")


@pytest.mark.parametrize(
    ("header", "secrets", "believed"),
    [
        (GOOD, [SECRET], True),
        (GOOD, ["whsec_new", SECRET], True),
        (f"{INSTANT},v1={'0' * 64},{SIGNATURE},v0=abc", [SECRET], True),
        (f" {INSTANT} , {SIGNATURE}".replace(" ,", ","), [SECRET], True),
        (stripe_header(age=timedelta(minutes=9)), [SECRET], True),
        (stripe_header(age=timedelta(minutes=11)), [SECRET], False),
        (stripe_header(age=-timedelta(minutes=11)), [SECRET], False),
        (GOOD, [], False),
        (GOOD, ["", None], False),
        (stripe_header(secret=""), [""], False),
        (GOOD, ["whsec_of_somebody_else"], False),
        (stripe_header(body=BODY + b" "), [SECRET], False),
        (stripe_header(name="v0"), [SECRET], False),
        (SIGNATURE, [SECRET], False),
        (INSTANT, [SECRET], False),
        (f"t=now,{SIGNATURE}", [SECRET], False),
        (f"t=-1,{SIGNATURE}", [SECRET], False),
        (f"t={'9' * 400},{SIGNATURE}", [SECRET], False),
        (f"t=١٢٣,{SIGNATURE}", [SECRET], False),
        (f"{INSTANT},v1=ü", [SECRET], False),
        ("t=1,,,v1", [SECRET], False),
        ("", [SECRET], False),
        (None, [SECRET], False),
    ],
)
def test_stripe_is_believed_with_its_signature_only(header, secrets, believed):
    headers = {} if header is None else {"Stripe-Signature": header}
    assert is_authentic("stripe", headers, BODY, secrets, NOW) is believed


@pytest.mark.parametrize(
    ("header", "secrets", "believed"),
    [
        (adyen_header(), [KEY], True),
        (adyen_header(), ["not hexadecimal", KEY.lower()], True),
        (adyen_header(body=b"{}"), [KEY], False),
        (adyen_header(key="00" * 32), [KEY], False),
        (adyen_header(), [], False),
        (adyen_header(key=""), [" "], False),
        ("ü", [KEY], False),
        (None, [KEY], False),
    ],
)
def test_adyen_is_believed_with_its_signature_only(header, secrets, believed):
    headers = {} if header is None else {"HmacSignature": header}
    assert is_authentic("adyen", headers, BODY, secrets, NOW) is believed


def test_adyen_is_believed_after_days():
    """It delivers the same body with the same signature until it is accepted."""
    later = NOW + timedelta(days=20)
    assert is_authentic("adyen", {"HmacSignature": adyen_header()}, BODY, [KEY], later)


def test_one_provider_is_not_believed_with_the_signature_of_another():
    headers = {"Stripe-Signature": GOOD, "HmacSignature": adyen_header()}
    for provider in ("demo", "none", "", "razorpay"):
        assert not is_authentic(provider, headers, BODY, [SECRET, KEY], NOW)


# === READING === #


def stripe_event(event_type="payment_method.automatically_updated", **values):
    card = {
        "brand": "visa",
        "country": "FR",
        "exp_month": 8,
        "exp_year": 2030,
        "fingerprint": "Xt5EWLLDS7FJjR1c",
        "funding": "credit",
        "last4": "4242",
    }
    method = {"id": "pm_1", "object": "payment_method", "type": "card", "card": card}
    return {
        "id": "evt_1",
        "object": "event",
        "type": event_type,
        "created": int(NOW.timestamp()),
        "data": {"object": method},
        **values,
    }


def adyen_event(event_type="recurring.token.updated", **values):
    return {
        "createdAt": "2026-11-23T10:00:00+01:00",
        "eventId": "QBQQ9DLNRHHKGK38",
        "environment": "test",
        "data": {
            "merchantAccount": "Merchant",
            "storedPaymentMethodId": "M5N7TQ4TG5PFWR50",
            "type": "visastandarddebit",
            "shopperReference": "ODOO_PARTNER_1",
        },
        "type": event_type,
        **values,
    }


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [
        ("payment_method.automatically_updated", "renewed"),
        ("payment_method.card_automatically_updated", "renewed"),
        ("payment_method.updated", "changed"),
        ("payment_method.detached", "removed"),
    ],
)
def test_event_of_stripe_is_read(event_type, kind):
    facts = MethodFacts("visa", "credit", "FR", 8, 2030, "Xt5EWLLDS7FJjR1c", "card", "4242")
    assert read_event("stripe", stripe_event(event_type)) == MethodEvent(kind, "pm_1", NOW, facts)


@pytest.mark.parametrize(
    ("event_type", "kind"),
    [("recurring.token.updated", "renewed"), ("recurring.token.disabled", "removed")],
)
def test_event_of_adyen_is_read(event_type, kind):
    event = read_event("adyen", adyen_event(event_type))
    assert (event.kind, event.reference, event.at) == (kind, "M5N7TQ4TG5PFWR50", NOW)
    assert event.facts == MethodFacts("visa")


@pytest.mark.parametrize("reference", ["8415718415172204", "AB12CDEF34567890GH", "pm_AB12" * 10])
def test_reference_that_looks_like_a_card_number_stays_as_it_is(reference):
    event = adyen_event(data={"storedPaymentMethodId": reference})
    assert read_event("adyen", event).reference == reference


@pytest.mark.parametrize(
    ("provider", "payload"),
    [
        ("stripe", stripe_event("payment_intent.succeeded")),
        ("stripe", adyen_event()),
        ("adyen", stripe_event()),
        ("adyen", adyen_event("recurring.token.created")),
        ("demo", stripe_event()),
        ("stripe", {"type": ""}),
    ],
)
def test_event_about_anything_else_is_none(provider, payload):
    assert read_event(provider, payload) is None


@pytest.mark.parametrize(
    ("provider", "payload"),
    [
        ("stripe", None),
        ("stripe", []),
        ("stripe", {}),
        ("stripe", {"type": 5}),
        ("stripe", stripe_event(created=None)),
        ("stripe", stripe_event(created="yesterday")),
        ("stripe", stripe_event(created=10**20)),
        ("stripe", stripe_event(data=None)),
        ("stripe", stripe_event(data={"object": {"id": ["pm_1"]}})),
        ("stripe", stripe_event(data={"object": {"id": "x" * 300}})),
        ("adyen", adyen_event(createdAt=None)),
        ("adyen", adyen_event(createdAt="yesterday")),
        ("adyen", adyen_event(createdAt="2026-11-23T10:00:00")),
        ("adyen", adyen_event(data={})),
        ("adyen", {"live": "false", "notificationItems": []}),
    ],
)
def test_event_without_what_it_must_hold_is_refused(provider, payload):
    with pytest.raises(ValueError, match="\\w"):
        read_event(provider, payload)


def test_facts_that_are_garbage_are_left_out():
    card = {"exp_month": 13, "last4": {}, "brand": 7}
    method = {"id": "pm_1", "object": "payment_method", "type": "card", "card": card}
    event = read_event("stripe", stripe_event(data={"object": method}))
    assert event.facts == MethodFacts(type="card")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


@given(json_values, st.sampled_from(("stripe", "adyen")), st.data())
def test_whatever_was_signed_is_read_or_refused(value, provider, data):
    template = stripe_event() if provider == "stripe" else adyen_event()
    spoiled = data.draw(st.sampled_from(sorted(template)))
    payload = json.loads(json.dumps({**template, spoiled: value}))
    try:
        event = read_event(provider, payload)
    except ValueError:
        return
    assert event is None or (event.reference and event.at.tzinfo)


@given(st.text(max_size=200), st.binary(max_size=50))
def test_no_header_makes_verifying_fail(header, body):
    headers = {"Stripe-Signature": header, "HmacSignature": header}
    for provider, secret in (("stripe", SECRET), ("adyen", KEY)):
        assert not is_authentic(provider, headers, body, [secret], NOW)
