# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Idempotency keys: what protects a customer from paying twice."""

import threading
import time
from datetime import timedelta

import pytest


def test_the_same_request_with_the_same_key_is_answered_from_memory(merchant):
    saved = merchant.create_card()
    first = merchant.pay(saved, key="k1")
    again = merchant.pay(saved, key="k1")
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.status, again.body) == (first.status, first.body)
    assert len(merchant.ledger()) == 1
    assert merchant.counters()["replayed"] == 1


def test_a_decline_is_replayed_too(merchant):
    saved = merchant.create_card({"script": ["insufficient_funds", "succeed"]})
    first = merchant.pay(saved, key="k1")
    again = merchant.pay(saved, key="k1")
    assert (again.status, again.body, again.replayed) == (402, first.body, True)
    assert merchant.counters()["charges_attempted"] == 1


@pytest.mark.parametrize(("fault", "moved"), [("error_500_before", 0), ("error_500_after", 1)])
def test_a_500_that_began_to_be_processed_is_replayed(merchant, fault, moved):
    saved = merchant.create_card()
    merchant.set_faults([fault])
    assert [merchant.pay(saved, key="k1").status for _ in range(2)] == [500, 500]
    assert len(merchant.ledger()) == moved


def test_other_parameters_under_the_same_key_are_refused(merchant):
    saved = merchant.create_card()
    merchant.pay(saved, 2500, key="k1")
    answer = merchant.pay(saved, 2600, key="k1")
    assert (answer.status, answer.error["type"]) == (400, "idempotency_error")
    assert "k1" in answer.error["message"]
    assert len(merchant.ledger()) == 1


def test_another_path_under_the_same_key_is_refused(merchant):
    merchant.pay(merchant.create_card(), key="k1")
    answer = merchant.api("POST", "customers", {"name": "Ada"}, idempotency_key="k1")
    assert (answer.status, answer.error["type"]) == (400, "idempotency_error")


def test_a_request_that_never_began_may_be_corrected_under_its_key(merchant):
    saved = merchant.create_card()
    assert merchant.pay(saved, 1, key="k1").status == 400
    assert merchant.pay(saved, 2500, key="k1").status == 200


def test_a_key_is_forgotten_after_a_day_of_the_gateway(merchant):
    saved = merchant.create_card()
    merchant.pay(saved, key="k1")
    merchant.advance(timedelta(hours=23, minutes=59))
    assert merchant.pay(saved, key="k1").replayed
    merchant.advance(timedelta(minutes=1))
    assert not merchant.pay(saved, key="k1").replayed
    assert len(merchant.ledger()) == 2
    assert merchant.counters()["charged_twice"] == {"INV/2026/0001": 2}


def test_a_key_in_use_is_refused_until_its_request_ends(merchant):
    saved = merchant.create_card()
    merchant.set_faults([{"kind": "delay_before", "seconds": 0.4}])
    slow = []
    thread = threading.Thread(target=lambda: slow.append(merchant.pay(saved, key="k1")))
    thread.start()
    while not merchant.counters()["faults"]:
        time.sleep(0.01)
    busy = merchant.pay(saved, key="k1")
    thread.join()
    after = merchant.pay(saved, key="k1")
    assert (busy.status, busy.error["code"]) == (409, "idempotency_key_in_use")
    assert (slow[0].status, after.status, after.replayed) == (200, 200, True)
    assert len(merchant.ledger()) == 1


def test_twenty_at_once_with_one_key_charge_once(merchant):
    saved = merchant.create_card()
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(merchant.pay(saved, key="k1")))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} <= {200, 409}
    assert len(merchant.ledger()) == 1
