"""One request from its arrival to its answer: credentials, idempotency, processing, faults."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .api import Api
from .errors import StripeError, no_api_key, server_error, too_many_requests, wrong_api_key
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
    """Answers requests under `/v1/`, from any thread.

    :param secret_key: the only key accepted, or None for any that begins with `sk_test_`
    """

    def __init__(self, state: State, faults: Faults, secret_key: str | None = None) -> None:
        self.state = state
        self.faults = faults
        self.keys = IdempotencyKeys()
        self.api = Api(state)
        self._secret_key = secret_key

    def serve(
        self, method: str, path: str, query: str, body: str, headers: Mapping[str, str]
    ) -> Outcome:
        """Handle one request; `headers` finds names in any case."""
        fault = self.faults.draw(method, path)
        if fault:
            with self.state.lock:
                self.state.counters.faults[fault.kind] += 1
            spoiled = _spoiled(fault.kind.removesuffix("_before"))
            if not fault.kind.endswith("_after") and spoiled:
                return spoiled
        # Odoo sends the parameters of a GET in its body.
        params = parse_form("&".join(part for part in (query, body) if part))
        outcome = self._answer(method, path, params, headers, fault)
        if fault and fault.kind == "delay_after":
            time.sleep(fault.seconds)
        if fault and fault.kind.endswith("_after"):
            return _spoiled(fault.kind.removesuffix("_after")) or outcome
        return outcome

    def _answer(
        self,
        method: str,
        path: str,
        params: dict[str, Any],
        headers: Mapping[str, str],
        fault: Fault | None,
    ) -> Outcome:
        key = headers.get("Idempotency-Key") if method == "POST" else None
        try:
            self._authenticate(path, params, headers)
            if key:
                stored = self.keys.begin(key, path, params, self.state.clock.now())
                if stored:
                    with self.state.lock:
                        self.state.counters.replayed += 1
                    return Outcome(stored, replayed=True)
        except StripeError as error:
            return Outcome(Response.of(error.status, error.body()))
        if fault and fault.kind == "delay_before":
            time.sleep(fault.seconds)
        response = self._process(method, path, params, fault)
        if key:
            began = response.status in {200, 402} or response.status >= 500
            self.keys.finish(key, response, keep=began)
        return Outcome(response)

    def _process(
        self, method: str, path: str, params: dict[str, Any], fault: Fault | None
    ) -> Response:
        with self.state.lock:
            if fault and fault.kind == "error_500_before":
                return Response.of(500, server_error().body())
            try:
                response = Response.of(200, self.api.answer(method, path, params))
            except StripeError as error:
                response = Response.of(error.status, error.body())
            except Exception:
                # A mistake of the gateway must look like one of the provider, and be seen.
                traceback.print_exc()
                response = Response.of(500, server_error().body())
            if fault and fault.kind == "error_500_after":
                return Response.of(500, server_error().body())
            return response

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


def _spoiled(kind: str) -> Outcome | None:
    """Return what is sent instead of the true answer, or None when that one is sent."""
    if kind in {DROP, RESET}:
        return Outcome(None, cut=kind)
    if kind == "error_502":
        return Outcome(_PROXY_PAGE)
    if kind == "error_429":
        error = too_many_requests()
        return Outcome(Response.of(error.status, error.body()))
    return Outcome(_GARBAGE) if kind == "garbage" else None
