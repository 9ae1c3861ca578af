# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Events sent to Odoo, checked by a small receiver that verifies signatures as Odoo does."""

import hashlib
import hmac
import json
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from simulation.gateway import Gateway, WebhookSettings

SECRET = "whsec_of_the_merchant"


class Receiver(ThreadingHTTPServer):
    """Accepts webhooks, and remembers them in the order of their arrival."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/payment/stripe/webhook"
        self.events = []
        self.headers = []
        self.statuses = []  # answers to give before everything is accepted
        self.refused = 0

    @property
    def types(self):
        return [event["type"] for event in self.events]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if not _is_signed(self.headers["Stripe-Signature"], body):
            status = 403
            self.server.refused += 1
        if status == 200:
            self.server.events.append(json.loads(body))
            self.server.headers.append(self.headers)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def _is_signed(header, body):
    parts = dict(part.split("=") for part in header.split(","))
    payload = f"{parts['t']}.{body.decode()}".encode()
    expected = hmac.new(SECRET.encode(), payload, hashlib.sha256).hexdigest()
    is_recent = abs(time.time() - int(parts["t"])) < 600
    return is_recent and hmac.compare_digest(expected, parts["v1"])


@pytest.fixture
def receiver():
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def test_an_event_carries_the_object_that_odoo_reads(merchant, receiver):
    merchant.set_webhooks(url=receiver.url, secret=SECRET, mode="immediate")
    intent = merchant.pay(merchant.create_card(), description="INV/7-1").body
    merchant.wait_for_webhooks()
    (event,) = receiver.events
    assert event["type"] == "payment_intent.succeeded"
    assert event["data"]["object"]["id"] == intent["id"]
    assert event["data"]["object"]["description"] == "INV/7-1"
    assert event["data"]["object"]["status"] == "succeeded"
    assert isinstance(event["data"]["object"]["payment_method"], str), "not expanded in events"


def test_the_signature_is_of_the_machines_clock_whatever_the_gateways(merchant, receiver):
    merchant.set_webhooks(url=receiver.url, secret=SECRET, mode="immediate")
    merchant.advance(timedelta(days=400))
    merchant.pay(merchant.create_card())
    merchant.wait_for_webhooks()
    assert (len(receiver.events), receiver.refused) == (1, 0)


def test_every_change_of_a_payment_has_its_event(merchant, receiver):
    merchant.set_webhooks(url=receiver.url, secret=SECRET, mode="held")
    saved = merchant.create_card({"script": ["insufficient_funds"]})
    merchant.pay(saved)
    merchant.pay(saved)
    held = merchant.pay(saved, capture_method="manual").body["id"]
    merchant.api("POST", f"payment_intents/{held}/cancel")
    paid = merchant.pay(saved).body["id"]
    merchant.api("POST", "refunds", {"payment_intent": paid})
    merchant.pay(merchant.create_card(type="sepa_debit"))
    merchant.api(
        "POST",
        "setup_intents",
        {"customer": saved.customer, "payment_method": "pm_card_visa", "confirm": "true"},
    )
    merchant.update_card(saved.payment_method, exp_year=2031)
    assert [delivery["status"] for delivery in merchant.flush_webhooks()] == [200] * 9
    assert receiver.types == [
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.succeeded",
        "charge.refunded",
        "payment_intent.processing",
        "setup_intent.succeeded",
        "payment_method.automatically_updated",
    ]
    failed, refunded = receiver.events[0], receiver.events[5]
    assert failed["data"]["object"]["last_payment_error"]["decline_code"] == "insufficient_funds"
    assert refunded["data"]["object"]["refunds"]["data"][0]["amount"] == 2500
    assert refunded["data"]["object"]["description"] == "INV/2026/0001"


def test_events_are_held_until_they_are_flushed(merchant, receiver):
    merchant.set_webhooks(url=receiver.url, secret=SECRET, mode="held")
    saved = merchant.create_card()
    for number in range(3):
        merchant.pay(saved, description=f"INV/{number}")
    assert receiver.events == []
    assert merchant.webhooks()["held"] == 3
    merchant.flush_webhooks(order="reversed", limit=2)
    descriptions = [event["data"]["object"]["description"] for event in receiver.events]
    assert descriptions == ["INV/2", "INV/1"]
    assert merchant.webhooks()["held"] == 1


def test_an_event_shows_the_object_as_it_was_then(merchant, receiver):
    merchant.set_webhooks(url=receiver.url, secret=SECRET, mode="held")
    id = merchant.pay(merchant.create_card(), capture_method="manual").body["id"]
    merchant.api("POST", f"payment_intents/{id}/capture")
    merchant.flush_webhooks()
    statuses = [event["data"]["object"]["status"] for event in receiver.events]
    assert statuses == ["requires_capture", "succeeded"]


def test_an_event_may_come_twice_with_the_same_id(merchant, receiver):
    merchant.set_webhooks(url=receiver.url, secret=SECRET, mode="immediate", doubled=1)
    merchant.pay(merchant.create_card())
    merchant.wait_for_webhooks()
    assert len(receiver.events) == 2
    assert receiver.events[0]["id"] == receiver.events[1]["id"]


def test_an_event_may_come_late(merchant, receiver):
    merchant.set_webhooks(url=receiver.url, secret=SECRET, mode="immediate", delay=[0.3, 0.4])
    merchant.pay(merchant.create_card())
    assert receiver.events == []
    began = time.monotonic()
    merchant.wait_for_webhooks()
    assert time.monotonic() - began > 0.2
    assert len(receiver.events) == 1


def test_a_wrong_signature_is_refused_by_the_receiver(merchant, receiver):
    merchant.set_webhooks(
        url=receiver.url, secret=SECRET, mode="immediate", wrong_signature=1, retries=0
    )
    merchant.pay(merchant.create_card())
    (delivery,) = merchant.wait_for_webhooks()
    assert (delivery["status"], delivery["signed"]) == (403, False)
    assert (receiver.events, receiver.refused) == ([], 1)


def test_a_refused_event_is_sent_again_a_few_times(merchant, receiver):
    receiver.statuses = [500, 502]
    merchant.set_webhooks(
        url=receiver.url, secret=SECRET, mode="immediate", retries=2, retry_seconds=0.02
    )
    merchant.pay(merchant.create_card())
    deliveries = merchant.wait_for_webhooks()
    assert [delivery["status"] for delivery in deliveries] == [500, 502, 200]
    receiver.statuses = [500] * 9
    merchant.pay(merchant.create_card())
    assert len(merchant.wait_for_webhooks()) == 6, "two further tries, and no more"


def test_nobody_listening_is_recorded(merchant):
    merchant.set_webhooks(url="http://127.0.0.1:9/hook", mode="immediate", retries=0)
    merchant.pay(merchant.create_card())
    (delivery,) = merchant.wait_for_webhooks()
    assert delivery["status"] is None
    assert delivery["error"]


def test_headers_of_the_tests_are_sent_along(merchant, receiver):
    merchant.set_webhooks(
        url=receiver.url, secret=SECRET, mode="immediate", headers={"X-Odoo-Database": "demo"}
    )
    merchant.pay(merchant.create_card())
    merchant.wait_for_webhooks()
    assert receiver.headers[0]["X-Odoo-Database"] == "demo"


def test_an_endpoint_made_through_the_api_gets_the_events_it_asked_for(merchant, receiver):
    endpoint = merchant.api(
        "POST",
        "webhook_endpoints",
        [("url", receiver.url), ("enabled_events[]", "payment_intent.payment_failed")],
    ).body
    merchant.set_webhooks(mode="held")
    saved = merchant.create_card({"script": ["lost_card"]})
    merchant.pay(saved)
    merchant.pay(saved)
    (delivery,) = merchant.flush_webhooks()
    assert delivery["type"] == "payment_intent.payment_failed"
    assert endpoint["secret"].startswith("whsec_")


def test_an_endpoint_elsewhere_is_refused(merchant):
    answer = merchant.api("POST", "webhook_endpoints", {"url": "http://192.0.2.1/hook"})
    assert (answer.status, answer.error["code"]) == (400, "url_invalid")


def test_events_that_were_not_sent_can_still_be_listed(merchant):
    merchant.pay(merchant.create_card())
    events = merchant.api("GET", "events", {"type": "payment_intent.succeeded"}).body["data"]
    assert len(events) == 1
    assert merchant.webhooks()["deliveries"] == []


def test_a_reset_returns_to_the_settings_of_the_start(merchant, receiver):
    first = WebhookSettings(url=receiver.url, secret=SECRET, mode="held")
    with Gateway(webhooks=first) as gateway:
        client = type(merchant)(gateway.url)
        client.set_webhooks(mode="off")
        client.reset()
        client.pay(client.create_card())
        assert [delivery["status"] for delivery in client.flush_webhooks()] == [200]
