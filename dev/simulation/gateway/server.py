# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The HTTP server around a gateway."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..behaviours import Behaviour
from .clock import Clock
from .control import Control, add_card
from .faults import Faults
from .front import Front
from .idempotency import Response
from .ledger import Counters, Ledger
from .service import RESET, Outcome, Service
from .state import State
from .webhooks import Webhooks, WebhookSettings

HOST = "127.0.0.1"
CONTROL = "/_gateway/"


class Gateway:
    """A payment gateway that listens on this machine only.

    Use it as a context manager, or `start` and `stop` it. Its parts may be used directly in the
    same process; whoever changes `state` holds `state.lock`.

    :param port: TCP port; 0 takes a free one
    :param now: aware instant at which a manual clock stands, or None for the machine's clock
    :param seed: makes ids and card numbers reproducible; leave it out where Odoo keeps them
    :param secret_key: the only secret key accepted, or None for any `sk_test_…`
    :param ledger_path: JSON Lines file to which every movement of money is appended
    :param webhooks: how events reach Odoo; by default not at all
    :param verbose: print one line per request
    :raises OSError: when the port is taken or the file cannot be written
    :raises ValueError: when `now` has no time zone
    """

    def __init__(
        self,
        port: int = 0,
        *,
        now: datetime | None = None,
        seed: int | None = None,
        secret_key: str | None = None,
        ledger_path: str | Path | None = None,
        webhooks: WebhookSettings | None = None,
        verbose: bool = False,
    ) -> None:
        clock, ledger = Clock(now), Ledger(Path(ledger_path) if ledger_path else None)
        self._server = self._listen(port)
        self._front: Front | None = None
        self.verbose = verbose
        self.url = f"http://{HOST}:{self._server.server_port}"
        self.state = State(clock, ledger, seed)
        self.faults = Faults()
        self.service = Service(self.state, self.faults, secret_key)
        self.webhooks = Webhooks(self.state, webhooks)
        self.state.emit_to = self.webhooks.take
        self.control = Control(self)
        # Of other providers, by the beginning of their paths.
        self.services: dict[str, Service] = {}
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True),
            threading.Thread(target=self._settle, daemon=True),
        ]

    def start(self) -> Gateway:
        """Begin to answer."""
        self.webhooks.start()
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Stop answering and delivering, and close the ledger's file."""
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        if self._front:
            self._front.stop()
        self.webhooks.stop()
        self.state.ledger.close()

    def __enter__(self) -> Gateway:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def ledger(self) -> Ledger:
        """The money that really moved."""
        return self.state.ledger

    @property
    def counters(self) -> Counters:
        """What happened since the last reset."""
        return self.state.counters

    def add_card(self, behaviour: Behaviour, **details: Any) -> dict[str, Any]:
        """Create a saved card, or bank account, with `behaviour` behind it.

        :param behaviour: any object that follows the `Behaviour` protocol
        :param details: `type`, `brand`, `country`, `funding`, `exp_month`, `exp_year`, `last4`,
            `number` and `customer` (an id, or the fields of a new customer), all optional
        :return: `payment_method` and `customer` ids, `type`, and the details Stripe shows
        :raises ValueError: for an unknown type or customer
        """
        with self.state.lock:
            return add_card(self, behaviour, **details)

    def find_service(self, path: str) -> Service:
        """Return who answers under a path: Stripe, or the provider that joined with it."""
        found = (each for start, each in self.services.items() if path.startswith(start))
        return next(found, self.service)

    def open_front(self) -> str:
        """Answer under a second address, too, which the fault `refused` shuts; return it."""
        if self._front is None:
            self._front = Front(self._listen)
            self.service.shut = self._front.shut
        return f"http://{HOST}:{self._front.port}"

    def _listen(self, port: int) -> _Server:
        server = _Server((HOST, port), _Handler)
        server.gateway = self
        return server

    def reset(self, now: datetime | None = None) -> None:
        """Forget objects, cards, keys, faults, events, ledger and counters.

        Webhooks return to the settings with which the gateway was made.

        :param now: aware instant, also an earlier one, at which a manual clock then stands; None
            leaves the clock alone
        :raises ValueError: when `now` has no time zone
        """
        with self.state.lock:
            if now is not None:
                self.state.clock.restart(now)
            self.webhooks.clear()
            self.faults.configure()
            for service in (self.service, *self.services.values()):
                service.clear()
            self.state.clear()

    def _settle(self) -> None:
        """Let happen what waits for an instant, when a clock that runs has reached it."""
        while not self._stopped.wait(0.25):
            with self.state.lock:
                if not self.state.clock.is_manual:
                    self.state.run_due()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    gateway: Gateway

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Requests are printed by `_handle`, when asked for."""

    def _handle(self) -> None:
        gateway = self.server.gateway
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        if len(raw) < length:  # the client is gone; half a request must not charge anybody
            self.close_connection = True
            return
        body = raw.decode()
        url = urlsplit(self.path)
        if url.path.startswith(CONTROL):
            outcome = Outcome(self._control(gateway, url.path, url.query, body))
        else:
            service = gateway.find_service(url.path)
            outcome = service.serve(self.command, url.path, url.query, body, self.headers)
        if gateway.verbose:
            result = outcome.response.status if outcome.response else outcome.cut
            print(f"{self.command} {url.path} {result}", flush=True)
        if outcome.response:
            self._send(outcome.response, outcome.replayed)
        else:
            self._cut(outcome.cut)

    def _control(self, gateway: Gateway, path: str, query: str, body: str) -> Response:
        try:
            values = json.loads(body) if body else dict(parse_qsl(query))
        except ValueError:
            return Response.of(400, {"error": "The body is not JSON."})
        return gateway.control.answer(self.command, path.removeprefix(CONTROL), values)

    def _send(self, response: Response, replayed: bool) -> None:
        lines = [
            f"HTTP/1.1 {response.status} {self.responses.get(response.status, ('',))[0]}",
            f"Content-Type: {response.content_type}",
            f"Content-Length: {len(response.body)}",
            f"Request-Id: {self.server.gateway.state.new_id('req')}",
        ]
        if self.headers.get("Idempotency-Key"):
            lines.append(f"Idempotency-Key: {self.headers['Idempotency-Key']}")
        if replayed:
            lines.append("Idempotent-Replayed: true")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        # One write, so that a client never waits for the second segment.
        self.wfile.write(head + response.body)

    def _cut(self, how: str | None) -> None:
        self.close_connection = True
        if how == RESET:
            # Without lingering, closing sends a reset instead of an orderly end.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            os.close(self.connection.detach())
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
