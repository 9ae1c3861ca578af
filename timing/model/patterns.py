# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The ways in which people are paid, as hypotheses about a payer, and their days on the calendar.

Days are ordinals of local dates (``date.toordinal``). The hour at which money is booked on its day
is not part of a hypothesis: it is learned (see :mod:`timing.model.bins`).
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from ..arrays import np
from ..days import Place, is_working_day

# Four rhythms, of people whose money lasts for some time and of people whose money is gone within a
# day or two (*quick*). *erratic*: money comes and goes without a rhythm; *idle*: it hardly ever
# comes. *solid*: there is money, something else was in the way; *held*: that lasts. *dead*: the
# method will not work again.
RHYTHMS = ("monthly", "twice", "fortnightly", "weekly")
FAMILIES = (
    *RHYTHMS,
    *(f"{rhythm}_quick" for rhythm in RHYTHMS),
    *("erratic", "idle", "solid", "held", "dead"),
)
MONTHLY, TWICE, FORTNIGHTLY, WEEKLY = range(4)
ERRATIC, IDLE, SOLID, HELD, DEAD = range(8, 13)
# A Friday; fortnights are counted from its Monday.
_FORTNIGHT_ANCHOR = date(2024, 1, 1).toordinal()
LONG_AGO = -100_000


@dataclass(frozen=True)
class Pattern:
    """One hypothesis.

    :ivar family: index into :data:`FAMILIES`
    :ivar days: days of the month, 31 for the last one; a day off is paid on the working day before
    :ivar weekday: of weekly and fortnightly pay, Monday is 0
    :ivar phase: of a fortnight, 0 or 1
    """

    id: str
    family: int
    days: tuple[int, ...] = ()
    weekday: int = -1
    phase: int = 0


def _make() -> tuple[Pattern, ...]:
    monthly = [Pattern(f"monthly:{day}", MONTHLY, (day,)) for day in range(1, 32)]
    pairs = [(day, day + 15) for day in range(1, 16)] + [(1, 15), (15, 31)]
    twice = [Pattern(f"twice:{one},{two}", TWICE, (one, two)) for one, two in pairs]
    fortnightly = [
        Pattern(f"fortnightly:{day},{phase}", FORTNIGHTLY, weekday=day, phase=phase)
        for phase in (0, 1)
        for day in range(7)
    ]
    weekly = [Pattern(f"weekly:{day}", WEEKLY, weekday=day) for day in range(7)]
    lasting = (*monthly, *twice, *fortnightly, *weekly)
    quick = [replace(p, id=f"{p.id} quick", family=p.family + len(RHYTHMS)) for p in lasting]
    others = [Pattern(name, FAMILIES.index(name)) for name in FAMILIES[ERRATIC:]]
    return (*lasting, *quick, *others)


PATTERNS = _make()
COUNT = len(PATTERNS)
FAMILY = np.array([pattern.family for pattern in PATTERNS], dtype=np.int64)
PAID = np.flatnonzero(FAMILY < ERRATIC)  # the hypotheses that have pay days
DEAD_AT = COUNT - 1
INDEX = {pattern.id: index for index, pattern in enumerate(PATTERNS)}


@lru_cache(maxsize=512)
def _working_days(country: str, year: int) -> np.ndarray:
    """Return which days of a year are worked by a country's banks, from its first one on."""
    place, first = Place(country=country), date(year, 1, 1).toordinal()
    days = map(date.fromordinal, range(first, date(year + 1, 1, 1).toordinal()))
    return np.array([is_working_day(day, place) for day in days])


@lru_cache(maxsize=64)
def _pay_days(country: str, year: int) -> np.ndarray:
    """Return patterns by days of the year: whether money comes. December may bring January's."""
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    working = np.concatenate([_working_days(country, y) for y in (year - 1, year, year + 1)])
    start = date(year - 1, 1, 1).toordinal()
    days = np.arange(start, start + len(working))
    # The working day on or before each day; a year that begins with days off has none there.
    before = np.maximum.accumulate(np.where(working, days, start))
    of_month = np.array([date.fromordinal(int(day)).day for day in days])
    is_last = np.append(of_month[1:] == 1, True)
    pays = np.zeros((COUNT, len(days)), dtype=bool)
    for index, pattern in enumerate(PATTERNS):
        if pattern.family >= ERRATIC:
            continue
        if pattern.days:
            nominal = np.zeros(len(days), dtype=bool)
            for day in pattern.days:
                # In a month that is too short, its last day.
                nominal |= (of_month == day) | (is_last & (of_month < day))
        else:
            nominal = (days - 1) % 7 == pattern.weekday
            if pattern.family % len(RHYTHMS) == FORTNIGHTLY:
                nominal &= ((days - _FORTNIGHT_ANCHOR) // 7) % 2 == pattern.phase
        weekend = pattern.weekday >= 5  # who is paid on a Saturday is not paid by a bank's rules
        paid = days[nominal] if weekend else before[nominal]
        pays[index, paid - start] = True
    return pays[:, first - start : last - start + 1]


@lru_cache(maxsize=64)
def _latest_pay(country: str, year: int) -> np.ndarray:
    """Return patterns by days of the year: ordinal of the latest pay day up to that day."""
    previous, this = _pay_days(country, year - 1), _pay_days(country, year)
    both = np.concatenate([previous, this], axis=1)
    days = np.arange(both.shape[1]) + date(year - 1, 1, 1).toordinal()
    latest = np.maximum.accumulate(np.where(both, days, LONG_AGO), axis=1)
    return np.ascontiguousarray(latest[:, previous.shape[1] :].astype(np.int32))


def latest_pay(
    days: np.ndarray, country: str, which: np.ndarray | slice = slice(None)
) -> np.ndarray:
    """Return, patterns by days, the ordinal of the latest pay day on or before each local day.

    Hypotheses without pay days have :data:`LONG_AGO`.

    :param days: ordinals in any order
    :param which: numbers of the hypotheses; all by default
    """
    days = np.asarray(days, dtype=np.int64)
    if not len(days):
        return np.empty((len(FAMILY[which]), 0), dtype=np.int32)
    low, high = date.fromordinal(int(days.min())).year, date.fromordinal(int(days.max())).year
    if low == high:
        return _rows_of(_latest_pay(country, low), which, days - date(low, 1, 1).toordinal())
    result = np.empty((len(FAMILY[which]), len(days)), dtype=np.int32)
    for year in range(low, high + 1):
        first = date(year, 1, 1).toordinal()
        table = _latest_pay(country, year)
        inside = (days >= first) & (days < first + table.shape[1])
        result[:, inside] = _rows_of(table, which, days[inside] - first)
    return result


def _rows_of(table: np.ndarray, which: np.ndarray | slice, columns: np.ndarray) -> np.ndarray:
    return table[:, columns] if isinstance(which, slice) else table[which[:, None], columns]
