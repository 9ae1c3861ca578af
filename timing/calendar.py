"""Which hours of the customer's day a charge may go out in."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class ChargeHours:
    """The local hours in which charges are allowed, from ``start`` up to, not including, ``end``.

    :param start: hour of the day, 0 to 24, fractions allowed (8.5 is half past eight)
    :param end: hour of the day, after ``start``, at most 24
    :param tz: the customer's time zone
    :raise ValueError: when the hours leave no time of the day
    """

    start: float
    end: float
    tz: ZoneInfo

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= 24:
            raise ValueError(
                f"Charge hours from {self.start} to {self.end} leave no time to charge."
            )

    def local_instant(self, day: date, hour: float) -> datetime:
        """Return the UTC instant of a local hour of a local day.

        An hour that daylight saving skips is read with the offset before the change, and the
        first of two equal hours is taken, as Python's ``fold=0`` defines both.
        """
        minutes = round(hour * 60)
        midnight = datetime.combine(day, time(), tzinfo=None) + timedelta(minutes=minutes)
        return midnight.replace(tzinfo=self.tz).astimezone(timezone.utc)

    def contains(self, instant: datetime) -> bool:
        """Tell whether a charge may go out at this aware instant."""
        local = instant.astimezone(self.tz)
        hour = local.hour + local.minute / 60 + local.second / 3600
        return self.start <= hour < self.end

    def next_instant(self, instant: datetime) -> datetime:
        """Return the first allowed UTC instant that is not before this aware instant."""
        if self.contains(instant):
            return instant.astimezone(timezone.utc)
        day = instant.astimezone(self.tz).date()
        for candidate in (day, day + timedelta(days=1), day + timedelta(days=2)):
            opening = self.local_instant(candidate, self.start)
            if opening >= instant and self.contains(opening):
                return opening
        # Only where daylight saving skips the opening hour of a very short day.
        return self.next_instant(instant + timedelta(hours=1))
