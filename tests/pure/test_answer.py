# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is known of the money after a call that returned no answer, or a refusal."""

import json
import socket
import threading
from contextlib import contextmanager

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from revenue_recovery.declines import Answer, Certainty, Role, judge_exception, read

ANSWERED, NOT_SENT, UNCLEAR = Certainty.ANSWERED, Certainty.NOT_SENT, Certainty.UNCLEAR
DECLINED = {"error": {"type": "card_error", "code": "card_declined", "message": "No."}}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


def call(url, **options):
    """Return the exception in which a charge at this address ends, as Odoo sends one."""
    with requests.Session() as session:
        session.trust_env = False  # No proxy of this machine.
        with pytest.raises(requests.exceptions.RequestException) as caught:
            session.post(
                url, data={"amount": "100"}, **{"timeout": 5, **options}
            ).raise_for_status()
    return caught.value


@contextmanager
def listening(handle, backlog=5):
    """Serve one connection on a port of this machine; give its address."""
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as server:

        def serve():
            connection, _address = server.accept()
            with connection:
                received = b""
                while not received.endswith(b"amount=100"):
                    received += connection.recv(65536)
                handle(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/charge"
        thread.join(5)


def answering(status, body=b"", headers=b""):
    """Return a handler that sends this response."""

    def handle(connection):
        connection.sendall(
            b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), headers, body)
        )

    return handle


def judge_response(status, body, headers=b""):
    """Judge a response that came over the wire."""
    with listening(answering(status, body, headers)) as url:
        error = call(url)
    assert type(error) is requests.exceptions.HTTPError
    return judge_exception(error)


def reset(connection):
    """Break the connection off, as a server does that is killed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.mark.parametrize(
    ("provider", "role", "status", "is_repeat", "expected"),
    [
        ("stripe", Role.MONEY, 401, False, True),
        ("adyen", Role.MONEY, 403, False, True),
        ("razorpay", Role.BEFORE, 401, False, True),
        ("stripe", Role.MONEY, 429, False, False),
        ("stripe", Role.MONEY, 402, False, False),
        ("stripe", Role.MONEY, 401, True, False),
        ("razorpay", Role.AFTER, 401, False, False),
    ],
)
def test_refused_key_is_told_from_other_refusals(provider, role, status, is_repeat, expected):
    with listening(answering(status, b"{}")) as url:
        error = call(url)
    answer = Answer(provider, is_repeat)
    answer.note_failure(role, error, "No.")
    assert answer.is_unauthorised is expected


@pytest.mark.parametrize("body", [{}, DECLINED, {"error": {"code": "stolen_card"}}])
def test_refused_key_is_the_companys_own_fault_whatever_the_body_says(body):
    decline = read("stripe", body).refuse_key()
    assert (decline.reason, decline.decline_class) == ("invalid_credentials", "merchant")
    assert decline.known
    assert str(decline.advice) == "none"


def test_body_that_says_more_of_the_account_is_believed():
    body = {"error": {"code": "testmode_charges_only", "message": "Not activated."}}
    assert read("stripe", body).refuse_key().reason == "account_not_active"


# === THE CONNECTION === #


def test_refused_connection_charged_nothing():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = call(f"http://127.0.0.1:{port}/")
    assert isinstance(error, requests.exceptions.ConnectionError)
    assert judge_exception(error) == (NOT_SENT, None)


def test_name_that_is_not_found_charged_nothing(monkeypatch):
    def fail(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert judge_exception(call("http://provider.invalid/")) == (NOT_SENT, None)


def test_connection_that_is_not_accepted_in_time_charged_nothing(monkeypatch):
    class Unanswered(socket.socket):
        def connect(self, _address):
            raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "socket", Unanswered)
    error = call("http://127.0.0.1:9/", timeout=0.1)
    assert isinstance(error, requests.exceptions.ConnectTimeout)
    assert judge_exception(error) == (NOT_SENT, None)


def test_answer_that_does_not_come_in_time_is_unclear():
    finished = threading.Event()
    with listening(lambda _connection: finished.wait(5)) as url:
        error = call(url, timeout=0.2)
        finished.set()
    assert isinstance(error, requests.exceptions.ReadTimeout)
    assert judge_exception(error) == (UNCLEAR, None)


def test_connection_that_breaks_after_sending_is_unclear():
    with listening(reset) as url:
        error = call(url)
    assert isinstance(error, requests.exceptions.ConnectionError)
    assert judge_exception(error) == (UNCLEAR, None)


def test_connection_that_closes_without_an_answer_is_unclear():
    with listening(lambda connection: None) as url:
        assert judge_exception(call(url)) == (UNCLEAR, None)


def test_answer_that_breaks_off_is_unclear():
    def handle(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    with listening(handle) as url:
        error = call(url)
    assert isinstance(error, requests.exceptions.ChunkedEncodingError)
    assert judge_exception(error) == (UNCLEAR, None)


def test_server_that_speaks_something_else_is_unclear():
    with listening(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH\r\n")) as url:
        assert judge_exception(call(url)) == (UNCLEAR, None)


def test_endless_redirection_is_unclear():
    elsewhere = b"Location: /charge\r\nConnection: close\r\n"
    with listening(answering(307, b"", elsewhere)) as url:
        error = call(url, timeout=0.3)
    assert judge_exception(error)[0] is not ANSWERED


EXCEPTIONS = sorted(
    {
        name
        for name in dir(requests.exceptions)
        if isinstance(kind := getattr(requests.exceptions, name), type)
        and issubclass(kind, requests.exceptions.RequestException)
    }
)


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_only_a_connection_never_made_counts_as_not_sent(name):
    kind = getattr(requests.exceptions, name)
    error = kind("Bad", "{", 0) if issubclass(kind, ValueError) and "JSON" in name else kind("Bad")
    expected = NOT_SENT if name == "ConnectTimeout" else UNCLEAR
    assert judge_exception(error) == (expected, None)


@pytest.mark.parametrize(
    "error",
    [None, ValueError("x"), KeyError("id"), KeyboardInterrupt(), requests.HTTPError("no response")],
)
def test_anything_else_is_unclear(error):
    assert judge_exception(error) == (UNCLEAR, None)


# === THE STATUS === #


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, ANSWERED),
        (401, NOT_SENT),
        (402, ANSWERED),
        (403, NOT_SENT),
        (404, ANSWERED),
        (408, UNCLEAR),
        (409, UNCLEAR),
        (422, ANSWERED),
        (425, UNCLEAR),
        (429, NOT_SENT),
        (500, UNCLEAR),
        (502, UNCLEAR),
        (503, UNCLEAR),
        (504, UNCLEAR),
        (599, UNCLEAR),
    ],
)
def test_status_of_a_refusal_tells_what_is_known(status, expected):
    body = None if expected is UNCLEAR else DECLINED
    assert judge_response(status, json.dumps(DECLINED).encode()) == (expected, body)


@pytest.mark.parametrize("key", ["type", "code"])
@pytest.mark.parametrize("value", ["idempotency_error", "idempotency_key_in_use"])
def test_key_of_an_earlier_request_is_unclear_the_earlier_one_may_have_charged(key, value):
    body = {"error": {key: value}}
    assert judge_response(400, json.dumps(body).encode()) == (UNCLEAR, body)


# === THE BODY === #


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad request</html>",
        b"{",
        b"[]",
        b'"declined"',
        b"null",
        b"\xff\xfe\xfd\xfc",
        b"[" * 100_000,
        b'{"error": ' * 50_000,
        b'{"amount": %s}' % (b"9" * 5000),
    ],
    ids=range(10),
)
def test_refusal_that_cannot_be_read_is_unclear(body):
    assert judge_response(402, body) == (UNCLEAR, None)


def test_unreadable_body_of_a_request_not_processed_still_charged_nothing():
    assert judge_response(429, b"Slow down") == (NOT_SENT, None)


def test_body_in_an_unknown_character_set_is_read_all_the_same():
    headers = b"Content-Type: application/json; charset=klingon\r\n"
    assert judge_response(402, json.dumps(DECLINED).encode(), headers) == (ANSWERED, DECLINED)


@given(st.sampled_from([400, 401, 402, 404, 429]), st.binary() | json_values.map(json.dumps))
def test_no_body_makes_judging_raise(status, body):
    response = requests.Response()
    response.status_code = status
    response._content = body if isinstance(body, bytes) else body.encode()
    certainty, read = judge_exception(requests.HTTPError("Bad", response=response))
    assert read is None or isinstance(read, dict)
    assert certainty is not ANSWERED or read is not None


# === THE DECLINE === #
