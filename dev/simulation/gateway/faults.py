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
    "error_429",  # never processed
    "error_500_before",  # processing began, so the 500 is kept under the idempotency key
    "error_500_after",  # the money moved, and a 500 is kept under the idempotency key
    "error_502_before",  # a proxy's page: the gateway never saw the request
    "error_502_after",  # a proxy's page: a replay gets the true answer
    "garbage_before",  # a 200 that is no JSON
    "garbage_after",
    "reset_before",
    "reset_after",
)


@dataclass(frozen=True)
class Fault:
    """One fault.

    :param kind: one of `KINDS`
    :param seconds: of the machine's time, for delays
    :raises ValueError: for another kind or a negative delay
    """

    kind: str
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no fault {self.kind!r}; there are {', '.join(KINDS)}.")
        if self.seconds < 0:
            raise ValueError("A delay cannot be negative.")

    @classmethod
    def of(cls, value: str | Mapping[str, Any]) -> Fault:
        """Build a fault from its kind, or from a dictionary with `kind` and `seconds`."""
        return cls(value) if isinstance(value, str) else cls(**value)


class Faults:
    """Decides which calls go wrong: first as scripted, then by chance."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.configure()

    def configure(
        self,
        *,
        script: Sequence[str | Mapping[str, Any] | None] = (),
        rates: Mapping[str, float] | None = None,
        seconds: float = 12.0,
        method: str = "POST",
        path: str = "/v1/payment_intents",
        seed: int = 0,
    ) -> None:
        """Replace what was configured; without arguments nothing goes wrong any more.

        :param script: the faults of the next calls in turn, None for a call that goes well
        :param rates: probability of each kind on the calls after the script, together at most 1
        :param seconds: length of the delays that come by chance; the default is longer than the
            ten seconds that Odoo waits
        :param method: HTTP method of the calls meant
        :param path: regular expression that the whole path of the calls meant matches
        :param seed: makes chance reproducible
        :raises ValueError: for an unknown kind, or rates that are not a distribution
        """
        rates = dict(rates or {})
        by_chance = [(Fault(kind, seconds), rate) for kind, rate in rates.items()]
        if any(rate < 0 for rate in rates.values()) or sum(rates.values()) > 1:
            raise ValueError("The rates of faults are not negative and add up to at most 1.")
        scripted = deque(item if item is None else Fault.of(item) for item in script)
        pattern = re.compile(path)
        with self._lock:
            self._script = scripted
            self._rates = by_chance
            self._method = method.upper()
            self._path = pattern
            self._random = random.Random(seed)

    def draw(self, method: str, path: str) -> Fault | None:
        """Return the fault of a call, or None."""
        with self._lock:
            if method != self._method or not self._path.fullmatch(path):
                return None
            if self._script:
                return self._script.popleft()
            if not self._rates:
                return None
            chance = self._random.random()
            for fault, rate in self._rates:
                chance -= rate
                if chance < 0:
                    return fault
            return None

    @property
    def scripted(self) -> int:
        """How many calls the script still covers."""
        return len(self._script)
