# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Events sent to Odoo, signed as their provider signs them, on time or not.

Waiting times are of the machine's clock, and so is the signature's timestamp: Odoo compares it
with its own. Only what is to come late waits by the gateway's clock: Stripe tries again for three
days, and signs each try anew (docs.stripe.com/webhooks, "Retry behavior").
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import http.client
import itertools
import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from .state import State, StripeObject

MODES = ("off", "immediate", "held")
ORDERS = ("made", "reversed", "shuffled")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TIMEOUT = 10.0
# How often a delivery that is to come late is looked at.
_PAUSE = 0.005
# No proxy of the environment stands between two processes of one machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class WebhookSettings:
    """Where, how and how well events are delivered.

    :param url: Odoo's `…/payment/stripe/webhook`, on a loopback host; None uses only the
        endpoints that were created through the API
    :param secret: signing secret for `url`
    :param mode: `off` (events are made and not sent), `immediate` or `held` (until flushed)
    :param delay: seconds, lower and upper bound of a random delay; it also shuffles the order
    :param doubled: probability that an event is sent twice
    :param late: probability that an event comes only after `late_seconds`
    :param late_seconds: lower and upper bound of that wait, by the gateway's clock
    :param lost: probability that an event never comes
    :param wrong_signature: probability that an event is signed with another secret
    :param retries: further tries when the answer is not 2xx
    :param retry_seconds: wait before a further try
    :param headers: added to every request, such as Odoo's choice of database
    :param seed: makes chance reproducible
    :raises ValueError: for a mode, url or probability that does not exist
    """

    url: str | None = None
    secret: str = "whsec_simulation"
    mode: str = "off"
    delay: tuple[float, float] = (0.0, 0.0)
    doubled: float = 0.0
    late: float = 0.0
    late_seconds: tuple[float, float] = (3600.0, 3 * 86400.0)
    lost: float = 0.0
    wrong_signature: float = 0.0
    retries: int = 2
    retry_seconds: float = 0.5
    headers: dict[str, str] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"Webhooks are one of {', '.join(MODES)}, not {self.mode!r}.")
        if self.url and not is_loopback(self.url):
            raise ValueError("Webhooks are sent to this machine only: the host must be loopback.")
        shares = (self.doubled, self.late + self.lost, self.late, self.lost, self.wrong_signature)
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError("A probability is between 0 and 1.")
        self.late_seconds = (float(self.late_seconds[0]), float(self.late_seconds[1]))
        self.delay = (float(self.delay[0]), float(self.delay[1]))


@dataclass(frozen=True)
class Delivery:
    """One try to deliver an event: the HTTP status, or the error that prevented one."""

    event: str
    type: str
    url: str
    attempt: int
    signed: bool
    status: int | None
    error: str | None = None

    @property
    def arrived(self) -> bool:
        """Return whether Odoo accepted it."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Letter:
    """An event on its way to one address.

    :param event: its id
    :param type: its kind, in the provider's words
    :param url: where it goes
    :param write: returns the body and the headers that sign it, truly or with another secret; it
        is called whenever the letter goes, under the lock of the gateway's state
    :param description: Odoo's transaction reference, where the event has it
    """

    event: str
    type: str
    url: str
    write: Callable[[bool], tuple[bytes, dict[str, str]]]
    description: str | None = None


@dataclass(frozen=True)
class _Parcel:
    letter: Letter
    signed: bool
    attempt: int = 1


def is_loopback(url: str) -> bool:
    """Return whether a URL leads to this machine."""
    return urlsplit(url).hostname in LOOPBACK


def sign(body: bytes, secret: str, timestamp: int) -> str:
    """Return the value of the `Stripe-Signature` header."""
    payload = f"{timestamp}.".encode() + body
    signature = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={signature}"


def write(event: StripeObject, secret: str, signed: bool) -> tuple[bytes, dict[str, str]]:
    """Return the body of an event of Stripe, and the headers that sign it."""
    body = json.dumps(event).encode()
    secret = secret if signed else "whsec_of_somebody_else"
    return body, {
        "Stripe-Signature": sign(body, secret, int(time.time())),
        "User-Agent": "Stripe/1.0",
    }


class Webhooks:
    """Delivers events from a thread of its own, or on command."""

    def __init__(self, state: State, settings: WebhookSettings | None = None) -> None:
        self._state = state
        self._changed = threading.Condition()
        self._order = itertools.count()
        self._due: list[tuple[float, int, _Parcel]] = []
        self._held: list[_Parcel] = []
        self._sending = False
        self._stopped = False
        self.deliveries: list[Delivery] = []
        # What never comes, and how many still are to come late.
        self.lost: list[dict[str, str | None]] = []
        self._late = 0
        self._initial = settings or WebhookSettings()
        self.configure(self._initial)
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def configure(self, settings: WebhookSettings) -> None:
        """Replace the settings; what waits already is delivered as it was to be."""
        with self._changed:
            self.settings = settings
            self._random = random.Random(settings.seed)

    def take(self, event: StripeObject) -> None:
        """Accept an event of Stripe for delivery to all who want it."""
        description = event["data"]["object"].get("description")
        self.post(event["type"], description, self._address(event, description))

    def post(self, type: str, description: str | None, letters: list[Letter]) -> None:
        """Accept the letters that tell of one event."""
        with self._changed:
            if self.settings.mode == "off":
                return
            late, lost = self.settings.late, self.settings.lost
            draw = self._random.random() if late or lost else 1.0
            if draw < lost:
                self.lost.append({"type": type, "description": description})
                return
            parcels = [parcel for letter in letters for parcel in self._pack(letter)]
            if draw < lost + late:
                self._send_late(parcels)
                return
            for parcel in parcels:
                if self.settings.mode == "held":
                    self._held.append(parcel)
                else:
                    self._send_in(self._random.uniform(*self.settings.delay), parcel)

    def flush(self, order: str = "made", limit: int | None = None) -> list[Delivery]:
        """Deliver held events now and return once each has been answered (not retried).

        :param order: `made`, `reversed` or `shuffled`
        :param limit: how many at most, in that order; the others stay held
        :raises ValueError: for another order
        """
        if order not in ORDERS:
            raise ValueError(f"Events are flushed {', '.join(ORDERS)}, not {order!r}.")
        with self._changed:
            parcels, self._held = self._held, []
            if order == "reversed":
                parcels.reverse()
            elif order == "shuffled":
                self._random.shuffle(parcels)
            if limit is not None:
                parcels, self._held = parcels[:limit], parcels[limit:]
        return [self._deliver(parcel) for parcel in parcels]

    def hold_back(self) -> list[_Parcel]:
        """Take what is held away from the next flush, and return it to be brought back later."""
        with self._changed:
            parcels, self._held = self._held, []
            return parcels

    def bring_back(self, parcels: list[_Parcel]) -> None:
        """Let the next flush deliver what was held back."""
        with self._changed:
            self._held += parcels

    def waiting(self) -> int:
        """How many deliveries are on their way or to be retried; held ones do not count."""
        with self._changed:
            return len(self._due) + self._sending

    def held(self) -> int:
        """How many deliveries wait for a flush."""
        return len(self._held)

    def clear(self) -> None:
        """Forget what waits and what was delivered, and return to the first settings."""
        with self._changed:
            self._due.clear()
            self._held.clear()
            self.deliveries.clear()
            self.lost.clear()
            self._late = 0
        self.configure(self._initial)

    def stop(self) -> None:
        """Stop delivering."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(timeout=2)

    def counts(self) -> dict[str, int]:
        """Return how many deliveries are held, on their way, and to come late."""
        return {"held": self.held(), "waiting": self.waiting(), "late": self._late}

    def to_dict(self) -> dict[str, Any]:
        """Return settings, counts and deliveries as JSON values."""
        return {
            "settings": asdict(self.settings),
            **self.counts(),
            "lost": list(self.lost),
            "deliveries": [asdict(delivery) for delivery in self.deliveries],
        }

    def _address(self, event: StripeObject, description: str | None) -> list[Letter]:
        settings = self.settings
        targets = [(settings.url, settings.secret)] if settings.url else []
        for endpoint in self._state.tables["webhook_endpoint"].values():
            if {"*", event["type"]} & set(endpoint["enabled_events"]):
                targets.append((endpoint["url"], endpoint["secret"]))
        return [
            Letter(event["id"], event["type"], url, partial(write, event, secret), description)
            for url, secret in targets
        ]

    def _pack(self, letter: Letter) -> list[_Parcel]:
        signed = self._random.random() >= self.settings.wrong_signature
        copies = 2 if self._random.random() < self.settings.doubled else 1
        return [_Parcel(letter, signed)] * copies

    def _send_in(self, seconds: float, parcel: _Parcel) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), parcel))
        self._changed.notify()

    def _send_late(self, parcels: list[_Parcel]) -> None:
        """Send parcels once the gateway's clock has come so far, whatever the mode is then."""
        seconds = self._random.uniform(*self.settings.late_seconds)
        self._late += len(parcels)

        def send() -> None:
            with self._changed:
                self._late -= len(parcels)
                for parcel in parcels:
                    self._send_in(0.0, parcel)

        self._state.do_at(self._state.clock.now() + timedelta(seconds=seconds), send)

    def _run(self) -> None:
        while parcel := self._take_due():
            delivery = self._deliver(parcel)
            if not delivery.arrived and parcel.attempt <= self.settings.retries:
                again = replace(parcel, attempt=parcel.attempt + 1)
                with self._changed:
                    self._send_in(self.settings.retry_seconds, again)

    def _take_due(self) -> _Parcel | None:
        """Wait for the next parcel whose time has come; return None when stopped."""
        with self._changed:
            self._sending = False
            while not self._stopped:
                if not self._due:
                    self._changed.wait()
                elif self._due[0][0] <= time.monotonic():
                    self._sending = True
                    return heapq.heappop(self._due)[2]
                else:
                    self._pause()
            return None

    def _pause(self) -> None:
        """Let others take the lock for a moment.

        Waiting for the lock with a time limit would end at an instant of the kernel's clock: where
        the clock of a process is moved (libfaketime), that is never.
        """
        self._changed.release()
        try:
            time.sleep(_PAUSE)
        finally:
            self._changed.acquire()

    def _deliver(self, parcel: _Parcel) -> Delivery:
        # The body is made under the lock, the call is not: Odoo calls back while it answers.
        letter = parcel.letter
        with self._state.lock:
            body, headers = letter.write(parcel.signed)
        headers = {"Content-Type": "application/json; charset=utf-8", **headers}
        request = urllib.request.Request(
            letter.url, data=body, headers={**headers, **self.settings.headers}
        )
        status, error = _post(request)
        delivery = Delivery(
            event=letter.event,
            type=letter.type,
            url=letter.url,
            attempt=parcel.attempt,
            signed=parcel.signed,
            status=status,
            error=error,
        )
        self.deliveries.append(delivery)
        return delivery


def _post(request: urllib.request.Request) -> tuple[int | None, str | None]:
    try:
        with _OPENER.open(request, timeout=_TIMEOUT) as response:
            return response.status, None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, None
    except (OSError, http.client.HTTPException) as error:
        return None, str(error)
