# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Trouble on the line, on demand."""

import http.client
import json
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from simulation.client import GatewayError
from simulation.gateway import Gateway

KINDS_THAT_CUT = ("drop", "reset")


@pytest.mark.parametrize(("moment", "moved"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("how", KINDS_THAT_CUT)
def test_a_lost_connection_may_or_may_not_have_charged(merchant, how, moment, moved):
    saved = merchant.create_card()
    merchant.set_faults([f"{how}_{moment}"])
    with pytest.raises((ConnectionError, http.client.HTTPException)) as raised:
        merchant.pay(saved, key="k1")
    if how == "reset":
        assert isinstance(raised.value, ConnectionResetError)
        assert not isinstance(raised.value, http.client.HTTPException)
    assert len(merchant.ledger()) == moved
    replay = merchant.pay(saved, key="k1")
    assert (replay.status, replay.replayed) == (200, moment == "after")
    assert len(merchant.ledger()) == 1, "the replay finds out and never charges again"


@pytest.mark.parametrize(("moment", "moved"), [("before", 0), ("after", 1)])
def test_a_bad_gateway_page_is_no_answer_of_the_provider(merchant, moment, moved):
    saved = merchant.create_card()
    merchant.set_faults([f"error_502_{moment}"])
    with pytest.raises(ValueError):
        merchant.pay(saved, key="k1")
    assert len(merchant.ledger()) == moved
    assert merchant.pay(saved, key="k1").status == 200
    assert len(merchant.ledger()) == 1


@pytest.mark.parametrize(("moment", "moved"), [("before", 0), ("after", 1)])
def test_garbage_is_a_200_that_is_no_json(merchant, moment, moved):
    saved = merchant.create_card()
    merchant.set_faults([f"garbage_{moment}"])
    with pytest.raises(ValueError):
        merchant.pay(saved, key="k1")
    assert len(merchant.ledger()) == moved


@pytest.mark.parametrize(
    ("kind", "status", "type", "moved"),
    [
        ("error_429", 429, "invalid_request_error", 0),
        ("error_500_before", 500, "api_error", 0),
        ("error_500_after", 500, "api_error", 1),
    ],
)
def test_errors_of_the_provider_have_its_form(merchant, kind, status, type, moved):
    merchant.set_faults([kind])
    answer = merchant.pay(merchant.create_card())
    assert (answer.status, answer.error["type"]) == (status, type)
    assert len(merchant.ledger()) == moved


def test_a_rate_limit_keeps_nothing_under_the_key(merchant):
    saved = merchant.create_card()
    merchant.set_faults(["error_429"])
    assert merchant.pay(saved, key="k1").status == 429
    answer = merchant.pay(saved, key="k1")
    assert (answer.status, answer.replayed) == (200, False)


def test_a_delay_keeps_the_client_waiting(merchant):
    merchant.set_faults([{"kind": "delay_after", "seconds": 0.2}])
    saved = merchant.create_card()
    began = time.monotonic()
    assert merchant.pay(saved).status == 200
    assert time.monotonic() - began >= 0.2


def test_a_script_names_the_fault_of_each_call_in_turn(merchant):
    saved = merchant.create_card()
    merchant.set_faults([None, "error_429", "error_500_before"])
    assert [merchant.pay(saved).status for _ in range(4)] == [200, 429, 500, 200]
    assert merchant.counters()["faults"] == {"error_429": 1, "error_500_before": 1}


def test_other_calls_go_well_unless_they_are_meant(merchant):
    merchant.set_faults(rates={"error_429": 1})
    assert merchant.api("POST", "customers", {"name": "Ada"}).status == 200
    merchant.set_faults(rates={"error_429": 1}, method="GET", path="/v1/customers/.*")
    assert merchant.api("GET", "customers/cus_1").status == 429
    assert merchant.pay(merchant.create_card()).status == 200


def test_chance_repeats_with_its_seed(merchant):
    saved = merchant.create_card()
    rounds = []
    for seed in (7, 7, 8):
        merchant.set_faults(rates={"error_429": 0.3, "error_500_before": 0.3}, seed=seed)
        rounds.append([merchant.pay(saved).status for _ in range(25)])
    assert rounds[0] == rounds[1] != rounds[2]
    assert set(rounds[0]) == {200, 429, 500}


def test_faults_end_when_they_are_cleared(merchant):
    saved = merchant.create_card()
    merchant.set_faults(rates={"error_429": 1})
    assert merchant.pay(saved).status == 429
    merchant.clear_faults()
    assert merchant.pay(saved).status == 200


# A re-ask that is refused after the answer was lost

LOST = (ConnectionError, http.client.HTTPException)
REFUSALS = {
    "error_400_key": (400, "idempotency_error", None),
    "error_401": (401, "invalid_request_error", None),
    "error_404": (404, "invalid_request_error", None),
    "error_409": (409, "idempotency_error", "idempotency_key_in_use"),
    "error_429": (429, "invalid_request_error", "rate_limit"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_re_ask_is_refused_although_the_money_moved(merchant, kind):
    merchant.set_faults([{"kind": "drop_after", "again": kind}])
    saved = merchant.create_card()
    with pytest.raises(LOST):
        merchant.pay(saved, key="k1")
    for _turn in range(3):
        answer = merchant.pay(saved, key="k1")
        assert (answer.status, answer.error["type"], answer.error.get("code")) == REFUSALS[kind]
        assert not answer.replayed
    assert len(merchant.ledger()) == 1
    assert merchant.pay(saved, key="k2").status == 200, "other keys are let through"
    assert merchant.faults()["happened"] == {"drop_after": 1, kind: 3}


def test_a_re_ask_is_refused_as_often_as_was_said_and_uses_up_no_script(merchant):
    merchant.set_faults([{"kind": "reset_after", "again": "error_429", "times": 2}, "error_401"])
    saved = merchant.create_card()
    with pytest.raises(LOST):
        merchant.pay(saved, key="k1")
    answers = [merchant.pay(saved, key="k1") for _turn in range(3)]
    assert [answer.status for answer in answers] == [429, 429, 401]
    assert merchant.pay(saved, key="k1").replayed


def test_each_refusal_may_meet_a_first_request_too(merchant):
    merchant.set_faults(list(REFUSALS))
    saved = merchant.create_card()
    answers = [merchant.pay(saved, key="k1").status for _kind in REFUSALS]
    assert answers == [400, 401, 404, 409, 429]
    assert merchant.ledger() == []


def test_a_re_ask_meets_a_refused_connection_while_the_front_is_shut(merchant):
    front = type(merchant)(merchant.open_front(), timeout=5)
    saved = merchant.create_card()
    merchant.set_faults([{"kind": "drop_after", "again": "refused", "shut_seconds": 0.4}])
    with pytest.raises(LOST):
        front.pay(saved, key="k1")
    with pytest.raises(ConnectionRefusedError):
        front.pay(saved, key="k1")
    assert len(merchant.ledger()) == 1, "the first address stays open"
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            answer = front.pay(saved, key="k1")
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    assert answer.replayed


def test_a_charge_taken_up_late_is_found_by_nobody_before(merchant):
    saved = merchant.create_card()
    merchant.set_faults([{"kind": "drop_late", "seconds": 7200}])
    with pytest.raises(LOST):
        merchant.pay(saved, key="k1", description="INV/1")
    assert merchant.pay(saved, key="k1", description="INV/1").status == 409
    found = merchant.api("GET", "payment_intents", {"customer": saved.customer}).body["data"]
    assert found == []
    assert merchant.advance(timedelta(hours=2)) == 1
    assert [entry["description"] for entry in merchant.ledger()] == ["INV/1"]
    assert merchant.faults()["late"] == ["INV/1"]
    assert merchant.pay(saved, key="k1", description="INV/1").replayed


def test_a_reset_forgets_what_was_to_be_taken_up_late(merchant):
    saved = merchant.create_card()
    merchant.set_faults([{"kind": "drop_late", "seconds": 60}])
    with pytest.raises(LOST):
        merchant.pay(saved, key="k1")
    merchant.reset()
    assert merchant.advance(timedelta(minutes=2)) == 0
    assert merchant.pay(merchant.create_card(), key="k1").status == 200, "the key is free"


# Read-backs and look-ups that fail


def test_a_read_back_fails_beside_charges_that_go_well(merchant):
    merchant.set_faults(
        [None],
        further=[
            {
                "method": "GET",
                "path": "/v1/payment_intents(/.*)?",
                "script": ["error_429", "error_500_before", "error_502_before"],
            }
        ],
    )
    intent = merchant.pay(merchant.create_card()).body["id"]
    path = f"payment_intents/{intent}"
    assert merchant.api("GET", path).status == 429
    assert merchant.api("GET", "payment_intents").status == 500
    with pytest.raises(ValueError):
        merchant.api("GET", path)
    assert merchant.api("GET", path).body["status"] == "succeeded"


def test_a_look_up_answers_later_than_the_client_waits(merchant):
    merchant.set_faults(
        further=[{"method": "GET", "rates": {"delay_before": 1}, "seconds": 0.3, "path": ".*"}]
    )
    impatient = type(merchant)(merchant.url, timeout=0.1)
    with pytest.raises(TimeoutError):
        impatient.api("GET", "payment_intents")


# Undecided statuses


@pytest.mark.parametrize(
    ("then", "status", "event", "moved"),
    [
        ("succeed", "succeeded", "payment_intent.succeeded", 1),
        ("insufficient_funds", "requires_payment_method", "payment_intent.payment_failed", 0),
    ],
)
def test_an_undecided_charge_of_a_card_is_decided_later(merchant, then, status, event, moved):
    saved = merchant.create_card({"script": [{"outcome": "processing", "seconds": 72000}, then]})
    answer = merchant.pay(saved, key="k1")
    assert (answer.status, answer.body["status"]) == (200, "processing")
    assert answer.body["last_payment_error"] is None
    merchant.advance(timedelta(hours=19))
    path = f"payment_intents/{answer.body['id']}"
    assert merchant.api("GET", path).body["status"] == "processing"
    assert merchant.ledger() == []
    merchant.advance(timedelta(hours=1))
    assert merchant.api("GET", path).body["status"] == status
    assert len(merchant.ledger()) == moved
    replay = merchant.pay(saved, key="k1")
    assert (replay.replayed, replay.body["status"]) == (True, "processing"), "as it was then"
    events = [item["type"] for item in merchant.api("GET", "events").body["data"]]
    assert events[:2] == [event, "payment_intent.processing"]


# Webhooks that come late, or never


class Mailbox:
    """A server that keeps the types of the events it gets."""

    def __init__(self):
        self.types = types = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                types.append(json.loads(body)["type"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/payment/stripe/webhook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def mailbox():
    box = Mailbox()
    yield box
    box.server.shutdown()
    box.server.server_close()


def test_a_webhook_comes_days_late_by_the_clock_of_the_gateway(merchant, mailbox):
    merchant.set_webhooks(
        url=mailbox.url, mode="immediate", late=1, late_seconds=[2 * 86400, 2 * 86400]
    )
    merchant.pay(merchant.create_card())
    assert (merchant.webhooks()["late"], merchant.webhooks()["waiting"]) == (1, 0)
    merchant.advance(timedelta(days=1))
    merchant.wait_for_webhooks()
    assert mailbox.types == []
    merchant.advance(timedelta(days=1))
    merchant.wait_for_webhooks()
    assert mailbox.types == ["payment_intent.succeeded"]
    assert merchant.webhooks()["late"] == 0


def test_a_webhook_never_comes_and_is_named(merchant, mailbox):
    merchant.set_webhooks(url=mailbox.url, mode="immediate", lost=1)
    merchant.pay(merchant.create_card(), description="INV/7")
    merchant.advance(timedelta(days=30))
    state = merchant.webhooks()
    assert (state["waiting"], state["late"], mailbox.types) == (0, 0, [])
    assert state["lost"] == [{"type": "payment_intent.succeeded", "description": "INV/7"}]


def test_late_and_lost_ones_are_together_no_more_than_all(merchant):
    with pytest.raises(GatewayError, match="probability"):
        merchant.set_webhooks(late=0.7, lost=0.7)


def test_a_clock_that_runs_can_be_put_ahead():
    with Gateway() as gateway:
        before = gateway.state.clock.now()
        gateway.state.do_at(before + timedelta(hours=5), lambda: None)
        gateway.state.clock.put_ahead(timedelta(hours=4))
        assert gateway.state.run_due() == 0
        gateway.state.clock.put_ahead(timedelta(hours=2))
        assert gateway.state.run_due() == 1
        assert gateway.state.clock.now() - before >= timedelta(hours=6)
        with pytest.raises(ValueError, match="go back"):
            gateway.state.clock.put_ahead(-timedelta(hours=1))
