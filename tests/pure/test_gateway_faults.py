"""Trouble on the line, on demand."""

import http.client
import time

import pytest

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
