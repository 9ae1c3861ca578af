# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The gateway's clock: the real one, one that is ahead of it, or one that a test moves."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


class Clock:
    """Tells the instant (aware, UTC) at which everything in the gateway happens.

    :param start: aware instant at which a manual clock stands; None follows the machine's clock
    :raises ValueError: when `start` has no time zone
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._manual = None if start is None else _utc(start)
        self._ahead = timedelta()

    @property
    def is_manual(self) -> bool:
        """Return whether the clock stands still until it is moved."""
        return self._manual is not None

    def now(self) -> datetime:
        """Return the current instant, in UTC."""
        return self._manual or datetime.now(timezone.utc) + self._ahead

    def timestamp(self) -> int:
        """Return the current instant in whole seconds since 1970, as Stripe's objects carry it."""
        return int(self.now().timestamp())

    def set(self, instant: datetime) -> None:
        """Stand at `instant` from now on.

        :raises ValueError: when it has no time zone, or lies before a manual clock's instant:
            accounts cannot un-spend their money
        """
        instant = _utc(instant)
        if self._manual is not None and instant < self._manual:
            raise ValueError("The clock of the gateway cannot go back; reset the gateway instead.")
        self._manual = instant

    def restart(self, instant: datetime) -> None:
        """Stand at `instant`, be it in the past, when there is no money left to un-spend.

        :raises ValueError: when it has no time zone
        """
        self._manual = _utc(instant)

    def follow_machine(self) -> None:
        """Follow the machine's clock from now on."""
        self._manual = None
        self._ahead = timedelta()

    def put_ahead(self, by: timedelta) -> None:
        """Let a clock that follows the machine's be so much further ahead of it, and go on.

        :raises ValueError: when it is manual, or would go back
        """
        if self.is_manual:
            raise ValueError("A manual clock is set, not put ahead.")
        if by < timedelta():
            raise ValueError("The clock of the gateway cannot go back; reset the gateway instead.")
        self._ahead += by


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return instant.astimezone(timezone.utc)
