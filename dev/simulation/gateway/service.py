# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""One request from its arrival to its answer: credentials, idempotency, processing, faults."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .api import Api
from .errors import (
    ApiError,
    key_in_use,
    key_reused,
    no_api_key,
    server_error,
    too_many_requests,
    unknown_url,
    wrong_api_key,
)
from .faults import Fault, Faults
from .forms import parse_form
from .idempotency import IdempotencyKeys, Response
from .state import State

DROP, RESET = "drop", "reset"
_PROXY_PAGE = Response(502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html")
_GARBAGE = Response(200, b"<html>maintenance {", "text/html")


@dataclass(frozen=True)
class Outcome:
    """What the connection does: send `response`, or end without one (`DROP`, `RESET`)."""

    response: Response | None
    replayed: bool = False
    cut: str | None = None


class Service:
    """Answers requests under `/v1/` as Stripe does, from any thread.

    Other providers override what is theirs: how a key is sent, how a request is read, who may send
    it, what is done, and how an error looks.

    :param secret_key: the only key accepted, or None for any that begins with `sk_test_`
    """

    def __init__(self, state: State, faults: Faults, secret_key: str | None = None) -> None:
        self.state = state
        self.faults = faults
        self.keys = IdempotencyKeys()
        self.api = Api(state)
        self._secret_key = secret_key
        # Descriptions of charges processed late, after a look-up may have denied them.
        self.late: list[str] = []
        self._late_keys: set[str] = set()
        # How many requests are being processed, also of clients that went away.
        self.running = 0
        # Shuts the address under which calls come, for so many seconds of the machine's time.
        self.shut: Callable[[float], None] = lambda seconds: None

    def clear(self) -> None:
        """Forget the keys, but of requests that still run, and what was to be processed late."""
        for key in self._late_keys:
            self.keys.finish(key, _GARBAGE, keep=False)
        self._late_keys.clear()
        self.late.clear()
        self.keys.clear()

    def serve(
        self, method: str, path: str, query: str, body: str, headers: Mapping[str, str]
    ) -> Outcome:
        """Handle one request; `headers` finds names in any case."""
        with self.state.lock:
            self.running += 1
        try:
            return self._serve(method, path, query, body, headers)
        finally:
            with self.state.lock:
                self.running -= 1

    def _serve(
        self, method: str, path: str, query: str, body: str, headers: Mapping[str, str]
    ) -> Outcome:
        key = self._find_key(method, headers)
        fault = self.faults.draw(method, path, key)
        if fault:
            with self.state.lock:
                self.state.counters.faults[fault.kind] += 1
            spoiled = self._spoil(fault.kind.removesuffix("_before"), method, path, key)
            if not fault.kind.endswith("_after") and spoiled:
                return self._cut_off(fault, spoiled)
        params = self._read(query, body)
        if fault and fault.kind == "drop_late":
            return self._cut_off(fault, self._answer_late(method, path, params, headers, fault))
        outcome = self._answer(method, path, params, headers, fault)
        if fault and fault.kind == "delay_after":
            time.sleep(fault.seconds)
        if fault and fault.kind.endswith("_after"):
            spoiled = self._spoil(fault.kind.removesuffix("_after"), method, path, key)
            return self._cut_off(fault, spoiled or outcome)
        return outcome

    def _cut_off(self, fault: Fault, outcome: Outcome) -> Outcome:
        """Shut the address before a lost answer ends, where the re-asks are to be refused."""
        if fault.again == "refused":
            with self.state.lock:
                self.state.counters.faults["refused"] += 1
            self.shut(fault.shut_seconds)
        return outcome

    def _answer_late(
        self,
        method: str,
        path: str,
        params: dict[str, Any],
        headers: Mapping[str, str],
        fault: Fault,
    ) -> Outcome:
        """Take a request, and process it after a while; its key is in use until then.

        No recording shows it: it is the worst that a provider's queue can do, a charge that no
        look-up finds and that succeeds all the same.
        """
        key = self._find_key(method, headers)
        now = self.state.clock.now()
        try:
            self._authenticate(path, params, headers)
            if key and (stored := self.keys.begin(key, path, params, now)):
                return Outcome(stored, replayed=True)
        except ApiError as error:
            return Outcome(Response.of(error.status, error.body()))

        def process() -> None:
            self.late.append(params.get("description") or params.get("reference") or "")
            response = self._process(method, path, params, None)
            if key:
                self._late_keys.discard(key)
                self.keys.finish(key, response, keep=True)

        with self.state.lock:
            if key:
                self._late_keys.add(key)
            self.state.do_at(now + timedelta(seconds=fault.seconds), process)
        return Outcome(None, cut=DROP)

    def _answer(
        self,
        method: str,
        path: str,
        params: dict[str, Any],
        headers: Mapping[str, str],
        fault: Fault | None,
    ) -> Outcome:
        key = self._find_key(method, headers)
        try:
            self._authenticate(path, params, headers)
            if key:
                stored = self.keys.begin(key, path, params, self.state.clock.now())
                if stored:
                    with self.state.lock:
                        self.state.counters.replayed += 1
                    return Outcome(stored, replayed=True)
        except ApiError as error:
            return Outcome(Response.of(error.status, error.body()))
        if fault and fault.kind == "delay_before":
            time.sleep(fault.seconds)
        response = self._process(method, path, params, fault)
        if key:
            self.keys.finish(key, response, keep=self._keeps(response))
        return Outcome(response)

    def _process(
        self, method: str, path: str, params: dict[str, Any], fault: Fault | None
    ) -> Response:
        with self.state.lock:
            if fault and fault.kind == "error_500_before":
                return self._refuse("error_500", method, path, None)
            try:
                response = self._do(method, path, params)
            except ApiError as error:
                response = Response.of(error.status, error.body())
            except Exception:
                # A mistake of the gateway must look like one of the provider, and be seen.
                traceback.print_exc()
                response = self._refuse("error_500", method, path, None)
            if fault and fault.kind == "error_500_after":
                return self._refuse("error_500", method, path, None)
            return response

    def _spoil(self, kind: str, method: str, path: str, key: str | None) -> Outcome | None:
        """Return what is sent instead of the true answer, or None when that one is sent."""
        if kind in {DROP, RESET}:
            return Outcome(None, cut=kind)
        if kind == "error_502":
            return Outcome(_PROXY_PAGE)
        if kind == "garbage":
            return Outcome(_GARBAGE)
        # It is kept under the key, as far as processing began.
        response = None if kind == "error_500" else self._refuse(kind, method, path, key)
        return response and Outcome(response)

    # What is Stripe's

    def _find_key(self, method: str, headers: Mapping[str, str]) -> str | None:
        return headers.get("Idempotency-Key") if method == "POST" else None

    def _read(self, query: str, body: str) -> Any:
        # Odoo sends the parameters of a GET in its body.
        return parse_form("&".join(part for part in (query, body) if part))

    def _do(self, method: str, path: str, params: Any) -> Response:
        return Response.of(200, self.api.answer(method, path, params))

    def _keeps(self, response: Response) -> bool:
        """Return whether an answer is given again for the same key."""
        return response.status in {200, 402} or response.status >= 500

    def _refuse(self, kind: str, method: str, path: str, key: str | None) -> Response | None:
        """Return the answer that a fault of this kind gives, if it gives one."""
        errors = {
            "error_400_key": key_reused(key or ""),
            "error_401": wrong_api_key("sk_test_rolled_over"),
            "error_404": unknown_url(method, path),
            "error_409": key_in_use(key or ""),
            "error_429": too_many_requests(),
            "error_500": server_error(),
        }
        error = errors.get(kind)
        return error and Response.of(error.status, error.body())

    def _authenticate(self, path: str, params: dict[str, Any], headers: Mapping[str, str]) -> None:
        scheme, _, key = (headers.get("Authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise no_api_key()
        # A browser has the publishable key, and the secret of the one intent it may confirm.
        if key.startswith("pk_test_") and self._is_secret_of(path, params.get("client_secret")):
            return
        if key != self._secret_key if self._secret_key else not key.startswith("sk_test_"):
            raise wrong_api_key(key)

    def _is_secret_of(self, path: str, secret: str | None) -> bool:
        match = re.match(r"/v1/(payment_intent|setup_intent)s/(\w+)", path)
        with self.state.lock:
            intent = self.state.tables[match[1]].get(match[2]) if match else None
            return bool(intent) and intent["client_secret"] == secret
