# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The fixed retry schedule: tries spread evenly over a window, or waits chosen by the merchant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ..calendar import ChargeHours
from ..decision import Decision, Sentence, Stop

# Against simulated payers the evenly spread schedule at this local hour does best or nearly so.
EVEN_HOUR = 10.0


@dataclass(frozen=True)
class Ladder:
    """A fixed schedule of charges after a first failure.

    :param tries: charges after the first failure, at least 1
    :param window: days after the first failure in which they must lie, above 0
    :param waits: hours from each failure to the next charge, one for each try; empty spreads
        the tries evenly over the window
    :raise ValueError: for a ladder without tries or window, with more tries than hours, or with
        waits that exceed the window or differ in number from the tries
    """

    tries: int
    window: float
    waits: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.tries < 1 or self.window <= 0:
            raise ValueError("A ladder needs at least one try and a window.")
        if self.tries > self.window * 24:
            raise ValueError("A ladder can't have more tries than its window has hours.")
        if self.waits and len(self.waits) != self.tries:
            raise ValueError("A ladder with waits needs one for each try.")
        if any(wait <= 0 for wait in self.waits):
            raise ValueError("Each wait of a ladder must be longer than nothing.")
        if sum(self.waits) > self.window * 24:
            raise ValueError("The waits of the ladder are longer than its window.")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Ladder":
        """Read what :meth:`to_dict` wrote."""
        return cls(values["tries"], values["window"], tuple(values["waits"]))

    def to_dict(self) -> dict[str, Any]:
        """Return the ladder as plain JSON values."""
        return {"tries": self.tries, "window": self.window, "waits": list(self.waits)}

    def window_end(self, first_failure: datetime) -> datetime:
        """Return the instant after which this ladder charges no more."""
        return first_failure.astimezone(timezone.utc) + timedelta(days=self.window)


def plan_ladder(
    ladder: Ladder,
    *,
    first_failure: datetime,
    last_failure: datetime,
    sent: int,
    rungs_used: int,
    now: datetime,
    hours: ChargeHours,
) -> Decision | Stop:
    """Return the next charge of a fixed schedule, or why there is none. All instants are aware.

    :param first_failure: the failure that opened the case; the window counts from it
    :param last_failure: the latest failure; own waits count from it
    :param sent: tries already sent to the provider, the first failure not among them
    :param rungs_used: own waits already consumed, blocked ones included: the clock of a case runs
        on while its payment method cannot be charged
    """
    if sent >= ladder.tries:
        return Stop(Sentence("all_tries_made", {"tries": ladder.tries}))
    if ladder.waits and rungs_used >= len(ladder.waits):
        return Stop(Sentence("all_retries_used", {"tries": ladder.tries}))
    plan = _plan_own_waits if ladder.waits else _plan_evenly
    # Adding to a local time would count the hours of its clock, not those that pass.
    first_failure = first_failure.astimezone(timezone.utc)
    last_failure = last_failure.astimezone(timezone.utc)
    decision = plan(ladder, first_failure, last_failure, rungs_used, now, hours)
    if decision is None or decision.at > ladder.window_end(first_failure):
        days = {"days": f"{ladder.window:g}"}
        return Stop(Sentence("window_of_days_over", days))
    return decision


def _plan_own_waits(ladder, first_failure, last_failure, rungs_used, now, hours):
    wait = ladder.waits[rungs_used]
    at = hours.next_instant(max(last_failure + timedelta(hours=wait), now))
    source, amount = (
        ("retry_after_days", wait / 24) if wait % 24 == 0 else ("retry_after_hours", wait)
    )
    values = {"number": rungs_used + 1, "tries": ladder.tries, "amount": f"{amount:g}"}
    return Decision(at, "ladder", Sentence(source, values))


def _plan_evenly(ladder, first_failure, last_failure, rungs_used, now, hours):
    hour = hours.nearest_hour(EVEN_HOUR)
    step = timedelta(days=ladder.window) / ladder.tries
    first_day = first_failure.astimezone(hours.tz).date()
    last_day = _get_last_day(ladder.window_end(first_failure), hour, hours)
    for number in range(1, ladder.tries + 1):
        day = (first_failure + number * step).astimezone(hours.tz).date()
        # The hour of the window's last day can lie after its end. The tries then move up, one a
        # day, instead of two falling on the same day; none moves to the day of the failure.
        latest = last_day - timedelta(days=ladder.tries - number)
        day = min(day, max(latest, min(first_day + timedelta(days=1), last_day)))
        at = _get_instant(day, hour, hours)
        if at > now and at > last_failure:
            values = {"number": number, "tries": ladder.tries, "days": f"{ladder.window:g}"}
            source = "retry_spread"
            return Decision(at, "ladder", Sentence(source, values))
    return None


def _get_last_day(end, hour, hours):
    """Return the last day whose hour lies in the window."""
    day = end.astimezone(hours.tz).date()
    return day if _get_instant(day, hour, hours) <= end else day - timedelta(days=1)


def _get_instant(day, hour, hours):
    # The next allowed instant is another one only where a clock change skips the hour that day.
    return hours.next_instant(hours.local_instant(day, hour))
