# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Everything one gateway knows: Stripe's objects, who stands behind them, and what is due."""

from __future__ import annotations

import copy
import heapq
import itertools
import random
import string
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ..behaviours import Behaviour
from .clock import Clock
from .errors import no_such_object
from .ledger import Counters, Ledger

API_VERSION = "2019-05-16"  # the one that Odoo asks for
EVENT_LIFETIME = 30 * 24 * 3600  # seconds; Stripe lists events for thirty days
_ALPHABET = string.ascii_letters + string.digits

StripeObject = dict[str, Any]


class State:
    """The gateway's memory. Whoever reads or changes it holds `lock`.

    :param clock: what time it is
    :param ledger: where money is recorded
    :param seed: makes ids reproducible; None makes them unique
    """

    def __init__(self, clock: Clock, ledger: Ledger, seed: int | None = None) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.ledger = ledger
        self.emit_to: Callable[[StripeObject], None] = lambda event: None
        self._seed = seed
        self.clear()

    def clear(self) -> None:
        """Forget everything but the clock."""
        self._random = random.Random(self._seed)
        self.counters = Counters()
        self.ledger.clear()
        self.tables: dict[str, dict[str, StripeObject]] = {
            kind: {}
            for kind in (
                "customer",
                "payment_method",
                "payment_intent",
                "setup_intent",
                "charge",
                "refund",
                "mandate",
                "event",
                "webhook_endpoint",
            )
        }
        self.behaviours: dict[str, Behaviour] = {}
        self.set_up: set[str] = set()
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def new_id(self, prefix: str) -> str:
        """Return a new id such as `pi_…`."""
        return f"{prefix}_" + "".join(self._random.choices(_ALPHABET, k=24))

    def new_number(self, last4: str | None = None) -> str:
        """Return a card or account number of its own, which ends as asked."""
        return "".join(self._random.choices(string.digits, k=16))[:-4] + (
            last4 or f"{self._random.randrange(10**4):04}"
        )

    def new_object(self, kind: str, prefix: str, **values: Any) -> StripeObject:
        """Create, keep and return a Stripe object."""
        created = {
            "id": self.new_id(prefix),
            "object": kind,
            "created": self.clock.timestamp(),
            "livemode": False,
            "metadata": {},
            **values,
        }
        self.tables[kind][created["id"]] = created
        return created

    def get(self, kind: str, id: str, param: str | None = None) -> StripeObject:
        """Return an object.

        :param param: the parameter that carried the id, or None when it was in the path
        :raises StripeError: 404, or 400 for a parameter, when there is none
        """
        found = self.tables[kind].get(id)
        if found is None:
            name = "PaymentMethod" if kind == "payment_method" else kind
            raise no_such_object(name, id, param or "id", status=400 if param else 404)
        return found

    def emit(self, type: str, subject: StripeObject, previous: StripeObject | None = None) -> None:
        """Make an event about `subject` as it is now, and hand it to the webhooks."""
        data: StripeObject = {"object": copy.deepcopy(subject)}
        if previous is not None:
            data["previous_attributes"] = previous
        event = self.new_object(
            "event",
            "evt",
            api_version=API_VERSION,
            data=data,
            pending_webhooks=1,
            request={"id": self.new_id("req"), "idempotency_key": None},
            type=type,
        )
        del event["metadata"]
        self._forget_events(event["created"] - EVENT_LIFETIME)
        self.emit_to(event)

    def _forget_events(self, before: int) -> None:
        events = self.tables["event"]
        while (oldest := next(iter(events.values())))["created"] < before:
            del events[oldest["id"]]

    def do_at(self, instant: datetime, action: Callable[[], None]) -> None:
        """Keep an action until the clock has reached `instant`."""
        heapq.heappush(self._due, (instant, next(self._order), action))

    @property
    def waiting(self) -> int:
        """How many actions wait for their instant."""
        return len(self._due)

    def run_due(self) -> int:
        """Run, in order of time, the actions whose instant has come; return how many."""
        count = 0
        while self._due and self._due[0][0] <= self.clock.now():
            heapq.heappop(self._due)[2]()
            count += 1
        return count

    def move_clock(self, instant: datetime) -> int:
        """Stand the clock at `instant`; return how many actions ran, each at its own instant.

        :raises ValueError: when the clock would go back, or the instant has no time zone
        """
        count = 0
        while self._due and self._due[0][0] <= instant:
            due, _order, action = heapq.heappop(self._due)
            self.clock.set(max(due, self.clock.now()))
            action()
            count += 1
        self.clock.set(instant)
        return count
