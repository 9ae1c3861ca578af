# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The network of the fault campaign, and the wrong clocks of its hosts."""

import os
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest

from benchmarks.bench import skew
from benchmarks.bench.wire import Wire

SECONDS = 10


class Gateway(ThreadingHTTPServer):
    """Answers with the path, once it may, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.heard = threading.Condition()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def wait_for(self, path):
        with self.heard:
            return self.heard.wait_for(lambda: path in self.asked, SECONDS)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        with self.server.heard:
            self.server.asked.append(self.path)
            self.server.heard.notify_all()
        self.server.may_answer.wait(SECONDS)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def gateway():
    with Gateway() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def wire(gateway):
    with Wire(f"http://127.0.0.1:{gateway.server_port}") as opened:
        yield opened


def ask(wire, path, seconds=SECONDS):
    with build_opener(ProxyHandler({})).open(wire.url + path, timeout=seconds) as answer:
        return answer.read().decode()


def test_wire_carries_questions_and_answers(wire):
    assert [ask(wire, f"/{number}") for number in range(3)] == ["/0", "/1", "/2"]


def test_cut_wire_refuses_and_loses_the_answer_to_what_was_asked(gateway, wire):
    gateway.may_answer.clear()
    lost = []

    def ask_in_vain():
        try:
            ask(wire, "/lost")
        except OSError as error:
            lost.append(error)

    thread = threading.Thread(target=ask_in_vain)
    thread.start()
    assert gateway.wait_for("/lost")
    wire.refuse()
    thread.join(SECONDS)
    gateway.may_answer.set()
    assert lost, "The gateway was asked, and its answer did not come through."
    with pytest.raises(URLError, match="refused"):
        ask(wire, "/refused")
    wire.mend()
    assert ask(wire, "/again") == "/again"
    assert gateway.asked == ["/lost", "/again"]


def test_silent_wire_delivers_late_what_its_sender_has_given_up(gateway, wire):
    wire.be_silent()
    with pytest.raises(TimeoutError):
        ask(wire, "/late", seconds=0.3)
    assert not gateway.asked
    wire.mend()
    assert gateway.wait_for("/late")


@pytest.mark.parametrize("seconds", [-300, 300])
def test_clock_of_a_process_is_as_wrong_as_it_is_told(seconds):
    pytest.importorskip("freezegun")
    code = (
        "from benchmarks.bench import skew; skew.apply(); "
        "import time; from datetime import datetime; "
        "print(datetime.now().timestamp(), time.time())"
    )
    env = {**os.environ, **skew.skewed(seconds), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    told = [datetime.fromtimestamp(float(each)) for each in done.stdout.split()]
    assert len(told) == 2, done.stderr
    for each in told:
        assert abs(each - datetime.now() - timedelta(seconds=seconds)) < timedelta(seconds=60)
