# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is known of a charge only grows: tables, and any order of answers, webhooks and people."""

import json
import os
from unittest.mock import patch

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from revenue_recovery.declines import (
    GROWS,
    Answer,
    Certainty,
    Known,
    Role,
    answer,
    calls,
    find_role,
    read_status,
)

# How many histories are played; a long run names more.
HISTORIES = int(os.environ.get("RR_HISTORIES", "300"))
# A planted fault is found within so many.
PLANTED = 2000
SETTLED = (Known.NOT_SENT, Known.DECLINED)

known_states = st.sampled_from(Known)


def learn(known, told):
    """Return what is known after somebody has told something, as the states of attempts have it.

    :param told: by an answer to the call that moves money, a replay, a completed look-up, a
        webhook or a person; what tells nothing of the charge is ``None``
    """
    return told if told in GROWS[known] else known


# === THE TABLES === #


@given(st.lists(known_states | st.none(), max_size=8), known_states)
def test_success_is_never_forgotten_and_always_believed(told, known):
    for word in told:
        before, known = known, learn(known, word)
        assert known is before or known in GROWS[before]
        if before is Known.PAID or word is Known.PAID:
            assert known is Known.PAID


@pytest.mark.parametrize(
    ("provider", "method", "endpoint", "role"),
    [
        ("razorpay", "POST", "orders", Role.BEFORE),
        ("razorpay", "POST", "payments/create/recurring", Role.MONEY),
        ("razorpay", "GET", "payments/pay_1", Role.AFTER),
        ("mercado_pago", "POST", "/v1/card_tokens", Role.BEFORE),
        ("mercado_pago", "POST", "/v1/payments", Role.MONEY),
        ("stripe", "POST", "payment_intents", Role.MONEY),
        ("stripe", "GET", "payment_methods", Role.BEFORE),
        ("stripe", "POST", "payment_intents/pi_1/cancel", Role.BEFORE),
        ("adyen", "POST", "/payments", Role.MONEY),
        ("worldline", "POST", "payments", Role.MONEY),
        ("flutterwave", "POST", "tokenized-charges", Role.MONEY),
        ("xendit", "POST", "credit_card_charges", Role.MONEY),
        ("newcomer", "GET", "anything", Role.BEFORE),
        ("newcomer", "POST", "anything", Role.MONEY),
    ],
)
def test_role_of_a_call(provider, method, endpoint, role):
    assert find_role(provider, method, endpoint) is role
    if role is Role.BEFORE:
        assert find_role(provider, method, endpoint, is_sent=True) in (Role.AFTER, Role.MONEY)


@pytest.mark.parametrize(
    ("provider", "payload", "known"),
    [
        ("stripe", {"payment_intent": {"status": "succeeded"}}, Known.PAID),
        ("stripe", {"payment_intent": {"status": "processing"}}, Known.PENDING),
        ("stripe", {"payment_intent": {"status": "requires_action"}}, None),
        ("stripe", {"error": {"type": "card_error"}}, Known.DECLINED),
        ("stripe", {"error": {"type": "api_error"}}, None),
        ("adyen", {"resultCode": "Authorised"}, Known.PAID),
        ("adyen", {"resultCode": "Received"}, Known.PENDING),
        ("adyen", {"resultCode": "Error", "refusalReason": "new"}, Known.DECLINED),
        ("adyen", {"status": 422, "errorCode": "704"}, None),
        ("worldline", {"payment": {"status": "AUTHORIZATION_REQUESTED"}}, Known.PENDING),
        ("worldline", {"paymentResult": {"payment": {"status": "REJECTED"}}}, Known.DECLINED),
        ("razorpay", {"status": "authorized"}, Known.PENDING),
        ("razorpay", {"status": "failed"}, Known.DECLINED),
        ("mercado_pago", {"status": "in_process"}, Known.PENDING),
        ("authorize", {"response": {"x_response_code": "4"}}, Known.PENDING),
        ("authorize", {"response": {"x_response_code": "2"}}, Known.DECLINED),
        (
            "authorize",
            {
                "response": {
                    "x_response_code": "3",
                    "x_response_reason_text": "A duplicate transaction has been submitted.",
                }
            },
            None,
        ),
        ("flutterwave", {"status": "successful"}, Known.PAID),
        ("xendit", {"status": "CAPTURED"}, Known.PAID),
        ("newcomer", {"status": "succeeded"}, None),
    ],
)
def test_what_a_status_says(provider, payload, known):
    assert read_status(provider, payload) is known


@given(
    st.sampled_from(["stripe", "adyen", "worldline", "authorize", "xendit", "newcomer", ""]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["status", "payment", "payment_intent", "error", "response"]), inner
            )
        ),
        max_leaves=8,
    ),
)
def test_no_payload_breaks_the_reading_of_its_status(provider, payload):
    assert read_status(provider, payload) in (None, *Known)


# === ANY ORDER OF EVENTS === #


def refuse(status, body):
    """Return the exception in which a call ends that the provider answered with an error."""
    response = requests.Response()
    response.status_code = status
    response._content = json.dumps(body).encode()
    return requests.exceptions.HTTPError(response=response)


UNREACHED = requests.exceptions.ConnectTimeout("no way")
LOST = requests.exceptions.ReadTimeout("slow")
DECLINED = refuse(402, {"error": {"type": "card_error", "code": "card_declined"}})
# What a provider answers, in one spelling or another, without having looked at the charge.
UNPROCESSED = {
    "limited": refuse(429, {"error": {"type": "rate_limit_error"}}),
    "unauthorised": refuse(401, {"error": {"type": "invalid_request_error"}}),
    "forbidden": refuse(403, {}),
    "missing": refuse(404, {"error": {"code": "resource_missing"}}),
    "wrong": refuse(400, {"error": {"code": "parameter_invalid"}}),
    "unreached": UNREACHED,
}
# The same, when a request with the same key was there before.
KEY_IN_USE = {
    "in use": refuse(409, {"error": {"code": "idempotency_key_in_use"}}),
    "reused": refuse(400, {"error": {"type": "idempotency_error"}}),
    "processed": refuse(422, {"errorCode": "704", "message": "request already processed"}),
    "duplicate": refuse(400, {"errors": [{"id": "DUPLICATE_REQUEST_IN_PROGRESS"}]}),
}
SILENT = {"lost": LOST, "broken": refuse(500, {}), "page": refuse(400, "<html>")}


class Charges(RuleBasedStateMachine):
    """One debt, a provider of any kind, and our side as the charge path has it.

    The provider is generic: with idempotency keys or without, one call or three, deciding at once
    or later. `payments` is its truth, by reference.
    """

    @initialize(keys=st.booleans(), before=st.booleans(), after=st.booleans())
    def begin(self, keys, before, after):
        self.keys, self.before, self.after = keys, before, after
        self.payments, self.known, self.events, self.wrong = {}, {}, [], False
        self.told_paid = set()

    # --- the provider ---

    def _process(self, reference, decision):
        """Do what a request asks for, unless a request with its key was there."""
        if not (self.keys and reference in self.payments):
            self.payments.setdefault(reference, []).append(decision)
            self.events.append((reference, decision))
        return self.payments[reference][-1]

    def _answer(self, result, decision):
        """Give a decision back as Stripe does."""
        if decision is Known.DECLINED:
            result.note_failure(Role.MONEY, DECLINED)
            return Known.DECLINED if result.certainty is Certainty.ANSWERED else None
        result.note_success(Role.MONEY, {"id": "p"})
        return decision

    # --- our side ---

    def _send(self, reference, data, is_repeat):
        """Play the calls of a charge; return what they tell, as the charge path reads it."""
        result = Answer("stripe", is_repeat)
        told = self._call_all(result, reference, data)
        if result.certainty is Certainty.UNCLEAR:
            return Known.UNKNOWN
        if result.certainty is Certainty.NOT_SENT:
            return Known.NOT_SENT
        return told

    def _call_all(self, result, reference, data):
        if self.before and (failure := data.draw(self._failures(()), label="before")):
            result.note_failure(Role.BEFORE, failure)
            return None
        is_known = self.keys and reference in self.payments
        failure = data.draw(self._failures(KEY_IN_USE if is_known else ()), label="money")
        decision = data.draw(st.sampled_from((Known.PAID, Known.DECLINED, Known.PENDING)))
        if failure in SILENT.values() and data.draw(st.booleans(), label="processed"):
            self._process(reference, decision)
        if failure:
            result.note_failure(Role.MONEY, failure)
            # Refused without the provider saying so of the payment: nothing was processed.
            return Known.DECLINED
        told = self._answer(result, self._process(reference, decision))
        if self.after and (failure := data.draw(self._failures(()), label="after")):
            result.note_failure(Role.AFTER, failure)
        return told

    def _failures(self, more):
        kinds = [None, None, None, *UNPROCESSED.values(), *SILENT.values(), *dict(more).values()]
        return st.sampled_from(kinds)

    def _learn(self, reference, told):
        if told is Known.PAID:
            self.told_paid.add(reference)
        self.known[reference] = learn(self.known[reference], told)

    @precondition(lambda self: all(known in SETTLED for known in self.known.values()))
    @precondition(lambda self: len(self.known) < 6)
    @rule(data=st.data())
    def charge(self, data):
        reference = f"R{len(self.known)}"
        told = self._send(reference, data, is_repeat=False)
        self.known[reference] = told or Known.UNKNOWN

    @precondition(lambda self: self.keys and Known.UNKNOWN in self.known.values())
    @rule(data=st.data())
    def repeat(self, data):
        reference = next(each for each in self.known if self.known[each] is Known.UNKNOWN)
        told = self._send(reference, data, is_repeat=True)
        self._learn(reference, told)

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def webhook(self, data):
        """Deliver any event, old or new, for the first time or again."""
        reference, told = data.draw(st.sampled_from(self.events))
        self._learn(reference, told)

    @rule(data=st.data())
    def decide(self, data):
        """The provider decides what it had accepted."""
        pending = [each for each in self.payments if Known.PENDING in self.payments[each]]
        if pending:
            reference = data.draw(st.sampled_from(pending))
            decision = data.draw(st.sampled_from((Known.PAID, Known.DECLINED)))
            self.payments[reference] = [
                decision if each is Known.PENDING else each for each in self.payments[reference]
            ]
            self.events.append((reference, decision))

    @rule(data=st.data())
    def look_up(self, data):
        """A completed look-up tells the truth of this instant."""
        open_ones = [each for each, known in self.known.items() if known not in SETTLED]
        if open_ones:
            reference = data.draw(st.sampled_from(open_ones))
            found = self.payments.get(reference)
            self._learn(reference, found[-1] if found else Known.NOT_SENT)

    @precondition(lambda self: Known.UNKNOWN in self.known.values())
    @rule(is_right=st.booleans())
    def person(self, is_right):
        reference = next(each for each in self.known if self.known[each] is Known.UNKNOWN)
        found = self.payments.get(reference, [Known.NOT_SENT])[-1]
        if found is Known.PENDING:
            return
        if not is_right and found is Known.PAID:
            self.wrong, found = True, Known.NOT_SENT
        self._learn(reference, Known.PAID if found is Known.PAID else Known.NOT_SENT)

    # --- what must hold ---

    @invariant()
    def no_debt_is_charged_twice(self):
        taken = sum(each.count(Known.PAID) for each in getattr(self, "payments", {}).values())
        assert taken <= 1 or self.wrong

    @invariant()
    def settled_means_that_nothing_was_taken(self):
        for reference, known in getattr(self, "known", {}).items():
            if known in SETTLED and not self.wrong:
                assert not {Known.PAID, Known.PENDING} & set(self.payments.get(reference, ()))

    @invariant()
    def success_that_was_told_stays_known(self):
        for reference in getattr(self, "told_paid", ()):
            assert self.known[reference] is Known.PAID

    def teardown(self):
        """Each word of the provider arrives in the end, and each success is known then."""
        for reference, told in getattr(self, "events", ()):
            self._learn(reference, told)
        for reference, decisions in getattr(self, "payments", {}).items():
            if Known.PAID in decisions:
                assert self.known[reference] is Known.PAID


def play(histories, phases=tuple(Phase)):
    quick = settings(
        max_examples=histories,
        phases=phases,
        stateful_step_count=12,
        database=None,
        derandomize="RR_HISTORIES" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Charges, settings=quick)


def test_no_order_of_events_charges_a_debt_twice_or_forgets_a_success():
    play(HISTORIES)


def forget(_known, told):
    """Believe whoever spoke last."""
    return told


def judge_last_call(error, provider="", *, is_repeat=False):
    """Judge a repeat like a first request."""
    return calls._judge_exception(error, provider)


def test_planted_judgement_of_the_last_call_is_found():
    with patch.object(answer, "judge_exception", judge_last_call), pytest.raises(AssertionError):
        play(PLANTED, [Phase.generate])


def test_planted_forgetfulness_is_found():
    with patch.dict(globals(), learn=forget), pytest.raises(AssertionError):
        play(PLANTED, [Phase.generate])


def test_planted_read_back_that_counts_for_the_charge_is_found():
    original = Answer.note_failure

    def note(self, role, error, sentence=""):
        original(self, Role.MONEY if role is Role.AFTER else role, error, sentence)
        if role is Role.AFTER:
            self.certainty = calls.judge_exception(error, self.provider)[0]

    with patch.object(Answer, "note_failure", note), pytest.raises(AssertionError):
        play(PLANTED, [Phase.generate])
