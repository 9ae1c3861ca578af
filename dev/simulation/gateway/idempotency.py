# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Idempotency keys: a request that comes again gets the answer of its first time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .errors import ApiError, key_in_use, key_reused, key_reused_elsewhere

# Stripe may forget a key once it is a day old.
LIFETIME = timedelta(hours=24)


@dataclass(frozen=True)
class Response:
    """An answer as it goes over the wire."""

    status: int
    body: bytes
    content_type: str = "application/json"

    @classmethod
    def of(cls, status: int, body: Any) -> Response:
        """Encode a JSON answer."""
        return cls(status, json.dumps(body, separators=(",", ":")).encode())


@dataclass
class _Use:
    path: str
    fingerprint: str
    at: datetime
    response: Response | None = None


class IdempotencyKeys:
    """The keys of one account, with the answers given for them.

    Validation errors are not stored, as at Stripe: a request that never began to be processed may
    be corrected and sent again under the same key.

    :param lifetime: how long a key is remembered
    :param in_use: makes the error for a key whose first request still runs
    :param reused: makes the error for a key with other parameters
    """

    def __init__(
        self,
        lifetime: timedelta = LIFETIME,
        in_use: Callable[[str], ApiError] = key_in_use,
        reused: Callable[[str], ApiError] = key_reused,
    ) -> None:
        self._lifetime, self._in_use, self._reused = lifetime, in_use, reused
        self._uses: dict[str, _Use] = {}
        self._lock = threading.Lock()

    def begin(self, key: str, path: str, params: Any, now: datetime) -> Response | None:
        """Return the stored answer, or None: then the caller processes and calls `finish`.

        :raises ApiError: while the first request runs, and for other parameters or path
        """
        fingerprint = json.dumps(params, sort_keys=True)
        with self._lock:
            use = self._uses.get(key)
            if use is None or (use.response and now - use.at >= self._lifetime):
                self._uses[key] = _Use(path, fingerprint, now)
                return None
            if use.path != path:
                raise key_reused_elsewhere(key, use.path, path)
            if use.fingerprint != fingerprint:
                raise self._reused(key)
            if use.response is None:
                raise self._in_use(key)
            return use.response

    def finish(self, key: str, response: Response, *, keep: bool) -> None:
        """Store the answer, or free the key when processing never began."""
        with self._lock:
            if keep:
                self._uses[key].response = response
            else:
                del self._uses[key]

    def clear(self) -> None:
        """Forget every key but those of requests that still run."""
        with self._lock:
            self._uses = {key: use for key, use in self._uses.items() if use.response is None}
