# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The smart timing engine in the shape of a strategy of the simulated streams."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from revenue_recovery.timing import Stop
from revenue_recovery.timing.plan.smart import (
    Case,
    Failure,
    FinishedAttempt,
    Method,
    Model,
    PastCharge,
    RetryPolicy,
    believe,
    decide,
)
from simulation.streams.views import Tried, View

# The waits that Mastercard's advice codes name, in hours.
_WAITS = {"24": 1, "25": 24, "26": 48, "27": 96, "28": 144, "29": 192, "30": 240}
_ADVICE = {"never": "never", "fix_data": "update_data", "customer_action": "customer_action"}


class Smart:
    """The engine with its model.

    :param model: what it has learned; None for priors only
    """

    def __init__(self, model: Model | None = None) -> None:
        self.model = model or Model()
        self.probability: float | None = None
        # By case: other cases are decided on before this one's charge is answered.
        self._stated: dict[str, tuple[float | None, float | None]] = {}
        self.attempts: list[FinishedAttempt] = []

    def next(self, view: View, now: datetime, rng: random.Random) -> datetime | None:
        """Return the instant that the engine decides on, None when it stops."""
        decision = decide(_case(view), now, self.model, rng)
        stops = isinstance(decision, Stop)
        self.probability = None if stops else decision.probability
        believed = None if stops else decision.record.get("believed")
        self._stated[view.key] = self.probability, believed
        return None if stops else decision.at

    def learn(self, view: View, tried: Tried, control: bool = False) -> None:
        """Teach the engine one finished attempt.

        :param control: the case keeps the fixed schedule; the engine learns from it all the same,
            and holds what it would have promised against the outcome
        """
        predicted, believed = self._stated.pop(view.key, (None, None))
        if control:
            believed = believe(_case(view), tried.at, self.model)
        attempt = finished(view, tried, predicted, believed)
        self.attempts.append(attempt)
        self.model.learn(attempt)
        self.model.refresh(tried.at)

    def relearn(self, attempts: Iterable[FinishedAttempt]) -> tuple[float, float]:
        """Return the seconds in which a fresh model hears attempts, and in which it refits."""
        model = Model()
        hearing = 0.0
        for attempt in attempts:
            begun = time.perf_counter()
            model.learn(attempt)
            hearing += time.perf_counter() - begun
        begun = time.perf_counter()
        model.refresh()
        return hearing, time.perf_counter() - begun

    def size(self) -> int:
        """Return the bytes of the model as it is stored."""
        return len(self.model.to_json().encode())


def finished(
    view: View, tried: Tried, predicted: float | None = None, believed: float | None = None
) -> FinishedAttempt:
    """Return an answered charge as the engine hears of it."""
    return FinishedAttempt(
        key=view.key,
        case=_case(view),
        at=tried.at,
        paid=tried.paid,
        failure=None if tried.paid else _failure(tried),
        predicted=predicted,
        believed=believed,
    )


def _case(view: View) -> Case:
    return Case(
        failures=tuple(map(_failure, view.tried)),
        method=Method(
            "card",
            view.network,
            view.funding,
            view.country,
            issuer=view.issuer,
            since=view.method_since,
        ),
        amount=view.amount,
        currency=view.currency,
        tz=view.time_zone,
        history=_history(view.history),
        policy=_policy(view.tries, view.window),
        sent=view.tries - view.tries_left,
    )


@lru_cache(maxsize=16)
def _policy(tries: int, window: float) -> RetryPolicy:
    return RetryPolicy(tries, window)


@lru_cache(maxsize=4096)
def _history(history: tuple) -> tuple[PastCharge, ...]:
    return tuple(PastCharge(past.at, past.paid) for past in history)


@lru_cache(maxsize=65536)
def _failure(tried: Tried) -> Failure:
    wait = _WAITS.get(tried.advice)
    return Failure(
        at=tried.at,
        reason=_REASONS.get(tried.code, tried.code),
        decline_class=tried.decline_class,
        advice="wait" if wait else _ADVICE.get(tried.decline_class, "none"),
        wait_until=tried.at + timedelta(hours=wait) if wait else None,
    )


# Where the reason that `declines` reads has another name than Stripe's code.
_REASONS = {"try_again_later": "generic_decline"}
