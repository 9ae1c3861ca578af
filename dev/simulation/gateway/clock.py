"""The gateway's clock: the real one, or one that a test moves."""

from __future__ import annotations

from datetime import datetime, timezone


class Clock:
    """Tells the instant (aware, UTC) at which everything in the gateway happens.

    :param start: aware instant at which a manual clock stands; None follows the machine's clock
    :raises ValueError: when `start` has no time zone
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._manual = None if start is None else _utc(start)

    @property
    def is_manual(self) -> bool:
        """Return whether the clock stands still until it is moved."""
        return self._manual is not None

    def now(self) -> datetime:
        """Return the current instant, in UTC."""
        return self._manual or datetime.now(timezone.utc)

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


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return instant.astimezone(timezone.utc)
