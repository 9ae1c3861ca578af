# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Trouble between client and gateway: lost connections, slow answers, broken servers."""

from __future__ import annotations

import random
import re
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# `before`: nothing was processed. `after`: it was, and only the answer is lost or spoiled.
KINDS = (
    "delay_before",  # the idempotency key is held meanwhile
    "delay_after",
    "drop_before",
    "drop_after",
    "drop_late",  # processed only after `seconds` of the gateway's clock, the key held meanwhile
    "error_400_key",  # the key is said to belong to a request with other parameters
    "error_401",  # a wrong or expired key of the API; never processed, nor are those below
    "error_404",
    "error_409",  # the key is said to be in use
    "error_429",
    "error_500_before",  # processing began, so the 500 is kept under the idempotency key
    "error_500_after",  # the money moved, and a 500 is kept under the idempotency key
    "error_502_before",  # a proxy's page: the gateway never saw the request
    "error_502_after",  # a proxy's page: a replay gets the true answer
    "garbage_before",  # a 200 that is no JSON
    "garbage_after",
    "reset_before",
    "reset_after",
)
# What a re-ask with the same idempotency key may meet after the first answer was lost. Each tells
# nothing of the charge. `refused`: no connection, since the front (`front.py`) is shut for a while.
# Statuses and bodies: docs.stripe.com/api/errors, /rate-limits, /api/idempotent_requests; the rate
# limiter and the check of credentials stand before the store of keys.
AGAIN = ("error_400_key", "error_401", "error_404", "error_409", "error_429", "refused")


@dataclass(frozen=True)
class Fault:
    """One fault.

    :param kind: one of `KINDS`
    :param seconds: for delays, of the machine's time; for `drop_late`, of the gateway's clock
    :param again: one of `AGAIN`, what the next requests with the same idempotency key meet
    :param times: how many of them, or None for all that ever come
    :param shut_seconds: of the machine's time, how long the address is shut for `refused`
    :raises ValueError: for another kind or a negative number
    """

    kind: str
    seconds: float = 0.0
    again: str | None = None
    times: int | None = None
    shut_seconds: float = 0.5

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no fault {self.kind!r}; there are {', '.join(KINDS)}.")
        if self.again is not None and self.again not in AGAIN:
            raise ValueError(f"A re-ask meets one of {', '.join(AGAIN)}, not {self.again!r}.")
        if min(self.seconds, self.shut_seconds, self.times or 0) < 0:
            raise ValueError("A delay or a number of times cannot be negative.")

    @classmethod
    def of(cls, value: str | Mapping[str, Any]) -> Fault:
        """Build a fault from its kind, or from a dictionary of its parameters."""
        return cls(value) if isinstance(value, str) else cls(**value)


class _Plan:
    """What goes wrong with the calls of one method and path."""

    def __init__(
        self,
        *,
        script: Sequence[str | Mapping[str, Any] | None] = (),
        rates: Mapping[str, float] | None = None,
        seconds: float = 12.0,
        method: str = "POST",
        path: str = "/v1/payment_intents",
        seed: int = 0,
    ) -> None:
        rates = dict(rates or {})
        if any(rate < 0 for rate in rates.values()) or sum(rates.values()) > 1:
            raise ValueError("The rates of faults are not negative and add up to at most 1.")
        self.rates = [(Fault(kind, seconds), rate) for kind, rate in rates.items()]
        self.script = deque(item if item is None else Fault.of(item) for item in script)
        self.random = random.Random(seed)
        self._method = method.upper()
        self._path = re.compile(path)

    def covers(self, method: str, path: str) -> bool:
        return method == self._method and bool(self._path.fullmatch(path))

    def draw(self) -> Fault | None:
        if self.script:
            return self.script.popleft()
        if not self.rates:
            return None
        chance = self.random.random()
        for fault, rate in self.rates:
            chance -= rate
            if chance < 0:
                return fault
        return None


class Faults:
    """Decides which calls go wrong: first as scripted, then by chance."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.configure()

    def configure(self, *, further: Sequence[Mapping[str, Any]] = (), **plan: Any) -> None:
        """Replace what was configured; without arguments nothing goes wrong any more.

        The plan, and each of the further ones, is made of

        * `script`: the faults of the next calls in turn, None for a call that goes well
        * `rates`: probability of each kind on the calls after the script, together at most 1
        * `seconds`: length of the delays that come by chance; the default, 12, is longer than the
          ten seconds that Odoo waits
        * `method`: HTTP method of the calls meant, by default POST
        * `path`: regular expression that the whole path of the calls meant matches, by default
          `/v1/payment_intents`
        * `seed`: makes chance reproducible

        :param further: plans for other calls, such as the GET with which Odoo reads a payment back;
            a call follows the first plan that means it
        :raises ValueError: for an unknown kind, or rates that are not a distribution
        """
        plans = [_Plan(**values) for values in (plan, *further)]
        with self._lock:
            self._plans = plans
            # By idempotency key: what its re-asks meet, and how many still do (None: all).
            self._again: dict[str, tuple[str, int | None]] = {}

    def draw(self, method: str, path: str, key: str | None = None) -> Fault | None:
        """Return the fault of a call, or None.

        :param key: its idempotency key; a re-ask that is to be refused uses up no script
        """
        with self._lock:
            if key in self._again:
                return self._draw_again(key)
            plan = next((plan for plan in self._plans if plan.covers(method, path)), None)
            fault = plan and plan.draw()
            if fault and key and fault.again and fault.again != "refused" and fault.times != 0:
                self._again[key] = fault.again, fault.times
            return fault

    def _draw_again(self, key: str) -> Fault:
        kind, times = self._again.pop(key)
        if times != 1:
            self._again[key] = kind, None if times is None else times - 1
        return Fault(kind)

    @property
    def scripted(self) -> int:
        """How many calls the script of the first plan still covers."""
        return len(self._plans[0].script)
