# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""`python -m simulation.gateway`, and the server around it."""

import errno
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from simulation.client import GatewayClient
from simulation.gateway import Gateway

DEV = Path(__file__).parents[2] / "dev"


def run(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "simulation.gateway", *arguments],
        cwd=DEV,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (DEV, DEV / "plain")))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_ends_cleanly(number):
    process = run("--port", "0", "--clock", "manual", "--now", "2026-03-01T08:00:00+00:00")
    url = re.fullmatch(r"gateway ready: (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())[1]
    health = GatewayClient(url).health()
    instant = "2026-03-01T08:00:00+00:00"
    assert health == {"ok": True, "mode": "manual", "now": instant, "waiting": 0}
    process.send_signal(number)
    output, errors = process.communicate(timeout=5)
    assert (process.returncode, output, errors) == (0, "", "")


def test_a_port_that_is_taken_is_one_sentence(gateway):
    port = urlsplit(gateway.url).port
    process = run("--port", str(port))
    output, errors = process.communicate(timeout=5)
    assert (process.returncode, output) == (1, "")
    assert errors == f"The gateway cannot start on port {port}: {os.strerror(errno.EADDRINUSE)}.\n"


def test_it_listens_on_this_machine_only(gateway):
    address = gateway._server.server_address
    assert address[0] == "127.0.0.1"


def test_a_stopped_gateway_answers_nobody():
    with Gateway() as gateway:
        client = GatewayClient(gateway.url)
        assert client.health()["ok"]
    with pytest.raises(OSError):
        client.health()


def test_a_connection_serves_many_requests(gateway, merchant):
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(gateway.url).port, timeout=5)
    for _ in range(3):
        connection.request("GET", "/_gateway/health")
        response = connection.getresponse()
        assert response.status == 200
        response.read()
    connection.close()


def test_a_charge_takes_little_time(merchant):
    saved = merchant.create_card()
    times = []
    for number in range(60):
        began = time.perf_counter()
        merchant.pay(saved, key=f"k{number}")
        times.append(time.perf_counter() - began)
    # The median: a busy machine spoils an average. Loose enough never to fail for another reason
    # than a pause in the protocol, such as a delayed acknowledgement, which costs 40 ms.
    assert sorted(times)[30] < 0.02


def test_a_client_that_goes_away_does_not_stop_the_gateway(gateway, merchant, capfd):
    with socket.create_connection(("127.0.0.1", urlsplit(gateway.url).port)) as half:
        half.sendall(b"POST /v1/payment_intents HTTP/1.1\r\nContent-Length: 100\r\n\r\namo")
    assert merchant.health()["ok"]
    assert "Traceback" not in capfd.readouterr().err
