# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How many requests a provider takes, and how long it wants to be left alone.

The limits beside this module are those that providers document; where one documents none, none is
invented.
"""

import csv
import math
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, NamedTuple

from .taxonomy import DATA

# RFC 6585, 4: too many requests; RFC 9110, 15.6.4: not available. The second limits nothing by
# itself, only when it says for how long.
_TOO_MANY, _UNAVAILABLE = 429, 503
# Without the provider's word: the first wait, which doubles as long as it goes on, and the longest.
FIRST_WAIT = timedelta(seconds=2)
LONGEST_OWN_WAIT = timedelta(hours=1)
# A provider's word is believed up to here.
LONGEST_WAIT = timedelta(hours=24)
# How deep the causes of an exception are looked through.
_DEPTH = 10


class Limit(NamedTuple):
    """How many requests a provider takes in so many seconds, by which document of which day."""

    requests: int
    seconds: int
    source: str
    date: str

    @property
    def rate(self) -> float:
        """The requests a second."""
        return self.requests / self.seconds


class BackOff(NamedTuple):
    """That a provider refused a request because it had too many.

    :ivar status: of HTTP
    :ivar wait: for how long it asks to be left alone; none when it doesn't say
    """

    status: int
    wait: timedelta | None


@lru_cache
def _read_limits() -> dict[tuple[str, str], Limit]:
    with (DATA / "limits.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["provider"], row["mode"]): Limit(
                int(row["requests"]), int(row["seconds"]), row["source"], row["date"]
            )
            for row in csv.DictReader(file)
        }


def find_limit(provider: str, *, is_test: bool = False) -> Limit | None:
    """Return the limit that a provider documents, or none.

    :param provider: its technical name
    :param is_test: whether its test mode is meant, whose limits are lower
    """
    return _read_limits().get((provider, "test" if is_test else "live"))


def read_back_off(error: BaseException | None, now: datetime) -> BackOff | None:
    """Return that a provider limits requests, as an exception tells it, or none.

    :param error: what ``requests`` raised, or what was raised because of it
    :param now: UTC, aware
    """
    for response in _find_responses(error):
        wait = read_retry_after(response.headers.get("Retry-After"), now)
        if response.status_code == _TOO_MANY or (response.status_code == _UNAVAILABLE and wait):
            return BackOff(response.status_code, wait)
    return None


def _find_responses(error: BaseException | None) -> Iterator[Any]:
    """Yield the answers that an exception, and those before it, hold."""
    for _turn in range(_DEPTH):
        if error is None:
            return
        response = getattr(error, "response", None)
        if hasattr(response, "status_code") and hasattr(response, "headers"):
            yield response
        error = error.__cause__ or error.__context__


def read_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return how long a header ``Retry-After`` asks to wait, or none where it can't be read.

    Source: RFC 9110, 10.2.3: seconds, or a date. What is over already asks for nothing.

    :param now: UTC, aware
    :return: at most :data:`LONGEST_WAIT`
    """
    text = (value or "").strip()
    try:
        # More digits than a day has seconds need no reading.
        wait = timedelta(seconds=int(text[:9])) if _is_number(text) else _read_date(text) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(wait, LONGEST_WAIT) if wait > timedelta(0) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _read_date(text: str) -> datetime:
    instant = parsedate_to_datetime(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)


def choose_wait(
    told: timedelta | None, earlier: timedelta | None, ended: datetime | None, now: datetime
) -> timedelta:
    """Return for how long a provider that limits requests is left alone, in whole seconds.

    As it asks; else for two, and twice as long each time that this did not help for as long.

    :param told: what the provider asked for
    :param earlier: how long it was left alone the last time
    :param ended: when that ended (UTC, like `now`)
    """
    if told is not None:
        wait = min(told, LONGEST_WAIT)
    elif earlier and ended and now - ended <= earlier:
        wait = min(max(2 * earlier, FIRST_WAIT), LONGEST_OWN_WAIT)
    else:
        wait = FIRST_WAIT
    return timedelta(seconds=max(math.ceil(wait.total_seconds()), 1))
