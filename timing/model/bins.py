# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What an attempt has in common with others: the bins and effects that odds are learned for.

A *bin* depends on the hypothesis about the payer: how long ago, if it is true, money came, and
whether it came since the last failure. An *effect* does not: hour, weekday, attempt, method. The
log-odds of success are the bin's value plus the effects.
"""

from ..arrays import np
from .patterns import DEAD, ERRATIC, FAMILY, HELD, IDLE, LONG_AGO, RHYTHMS, SOLID, latest_pay

EPOCH_DAY = 719163  # ordinal of 1970-01-01

# What a failure is about; the mapping of reasons is in the priors.
GROUPS = ("funds", "soft", "limit", "technical", "hard")
FUNDS, SOFT, LIMIT, TECHNICAL, HARD = range(5)

# Days since the pay day; the day itself by the local hour, because that is when money is booked.
_AGE_EDGES = np.array([1, 2, 3, 4, 5, 7, 10, 14])
_PAY_DAY_HOURS = np.array([9, 12, 16])
AGES = ("0 <9h", "0 9-12h", "0 12-16h", "0 16h+", "1", "2", "3", "4", "5-6", "7-9", "10-13", "14+")
_AGE_COUNT = len(AGES)
# Hours between a failure and the next charge.
_GAP_EDGES = np.array([3, 12, 30, 54, 84, 132, 204]) * 60
GAPS = ("<3h", "3-12h", "1d", "2d", "3d", "4-5d", "6-8d", "9d+")
_GAP_COUNT = len(GAPS)
# After a failure on the pay day itself: failed early or not, by same day, next day, later.
_LATE_COUNT = 6

_PAID_FAMILIES = 2 * len(RHYTHMS)
CAME = 0  # money came between failure and charge: by family and age
QUICK = len(RHYTHMS) * _AGE_COUNT  # the same where it is gone in a day or two
LATE = _PAID_FAMILIES * _AGE_COUNT  # the failure was on the pay day itself
DRY = LATE + _LATE_COUNT  # no money came since: by group and gap
FREE = DRY + 4 * _GAP_COUNT  # erratic, no pay day at all: by group and gap
CALM = FREE + 4 * _GAP_COUNT  # solid, something else was in the way: by group and gap
SELDOM = CALM + 4 * _GAP_COUNT  # idle: by gap
SLOW = SELDOM + _GAP_COUNT  # held: by gap
GONE = SLOW + _GAP_COUNT  # the method is dead
# A charge that follows no recent failure: by family and days since pay day, then the others.
FRESH = GONE + 1
_FRESH_EDGES = np.array([1, 2, 3, 4, 5, 7, 10, 14, 21])
FRESH_COUNT = len(_FRESH_EDGES) + 1
OTHERS = FRESH + _PAID_FAMILIES * FRESH_COUNT
BIN_COUNT = OTHERS + DEAD - ERRATIC

# Kinds of issuers. Some refuse whatever comes sooner than this after the last charge, money or not:
# minutes, a little less than whole days, because charges of neighbouring days are. Others remember
# failures, half of each for so many minutes, and of what comes then look at `exp(-RESENTS)` for one
# that they remember beyond their patience. The last two hardly forget: they count.
COOL_DOWNS = np.array([0, 10, 22, 46, 70, 94, 0, 0, 0, 0, 0]) * 60
RESENTS = np.array([0.0] * 6 + [0.4] * 3 + [3.0] * 2)
FADES = np.array([1] * 6 + [2, 6, 30, 120, 120]) * 1440
PATIENCE = np.array([0.0] * 9 + [2.3, 4.3])
KIND_COUNT = len(COOL_DOWNS)
MINDFUL = np.flatnonzero(RESENTS)  # the kinds that remember

# One-hot effects: name, number of levels. Named levels (reason, country, issuer) are apart.
EFFECTS = {
    "hour": 13,
    "gap": 8,
    "weekday": 7,
    "attempt": 7,
    "group": 4,
    "density": 3,
    "advice": 5,
    "elapsed": 5,
    "funding": 4,
    "rail": 3,
    "regular": 3,
}
HOUR_EDGES = np.array([5, 8, 9, 10.5, 12, 13.5, 15, 16.5, 18, 19, 20, 22])
HOURS = (
    *("0-5", "5-8", "8-9", "9-10:30", "10:30-12", "12-13:30", "13:30-15", "15-16:30"),
    *("16:30-18", "18-19", "19-20", "20-22", "22-24"),
)
HOUR_STARTS = np.concatenate([[0.0], HOUR_EDGES])
ELAPSED_EDGES = np.array([3, 7, 14, 28]) * 1440
OFFSETS = dict(zip(EFFECTS, np.cumsum([0, *EFFECTS.values()]), strict=False))
EFFECT_COUNT = sum(EFFECTS.values())
NAMED = ("reason", "country", "issuer")
FUNDINGS = ("", "credit", "debit", "prepaid")


def split(minutes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ordinal days and minutes of the day of local minutes."""
    minutes = np.asarray(minutes, dtype=np.int64)
    return minutes // 1440 + EPOCH_DAY, minutes % 1440


def age_bin(age: np.ndarray, minute: np.ndarray) -> np.ndarray:
    """Return the bin of days since pay day at a minute of the day."""
    later = 3 + np.searchsorted(_AGE_EDGES, age, side="right")
    same = np.searchsorted(_PAY_DAY_HOURS * 60, minute, side="right")
    return np.where(age <= 0, same, later)


def gap_bin(failed: np.ndarray, charged: np.ndarray) -> np.ndarray:
    """Return the bin of the time between failures and charges, local minutes.

    From one day to another whole days count, so that no hour of a day is better than the others
    for lying a little beyond an edge.
    """
    failed, charged = np.asarray(failed, dtype=np.int64), np.asarray(charged, dtype=np.int64)
    days = charged // 1440 - failed // 1440
    minutes = np.where(days > 0, days * 1440, charged - failed)
    return np.searchsorted(_GAP_EDGES, minutes, side="right")


def late_bin(minute: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Return the bin of a failure on the pay day at a minute, charged again days later."""
    return 3 * (np.asarray(minute) >= 540) + np.minimum(days, 2)


def find_bins(
    failed: np.ndarray,
    charged: np.ndarray,
    group: np.ndarray,
    country: str,
    which: np.ndarray | slice = slice(None),
) -> np.ndarray:
    """Return hypotheses by pairs, the bin of each charge.

    :param failed: local minutes of the failures before
    :param charged: local minutes of the charges
    :param group: what the failures were about
    :param which: numbers of the hypotheses; all by default
    """
    day_failed, minute_failed = split(failed)
    day, minute = split(charged)
    pay_failed, pay = latest_pay(day_failed, country, which), latest_pay(day, country, which)
    family = FAMILY[which]
    group = np.minimum(group, TECHNICAL)
    gap = gap_bin(failed, charged)
    came = CAME + family[:, None] * _AGE_COUNT + age_bin(day[None, :] - pay, minute[None, :])
    late = LATE + late_bin(minute_failed, day - day_failed)
    dry = DRY + group * _GAP_COUNT + gap
    found = np.where(pay > day_failed[None, :], came, dry[None, :])
    found = np.where((pay_failed == day_failed) & (pay <= day_failed), late[None, :], found)
    found[family == ERRATIC] = FREE + group * _GAP_COUNT + gap
    found[family == IDLE] = SELDOM + gap
    found[family == SOLID] = CALM + group * _GAP_COUNT + gap
    found[family == HELD] = SLOW + gap
    found[family == DEAD] = GONE
    return found.astype(np.uint16)


def find_fresh_bins(charged: np.ndarray, country: str) -> np.ndarray:
    """Return hypotheses by charges, the bin of each charge that follows no recent failure."""
    day, _minute = split(charged)
    age = day[None, :] - latest_pay(day, country)
    found = FRESH + FAMILY[:, None] * FRESH_COUNT
    found = found + np.searchsorted(_FRESH_EDGES, age, side="right")
    for family in range(ERRATIC, DEAD):
        found[family == FAMILY] = OTHERS + family - ERRATIC
    found[FAMILY == DEAD] = GONE
    return found.astype(np.uint16)


def hour_level(minute: np.ndarray) -> np.ndarray:
    """Return the level of the effect of the local hour."""
    return np.searchsorted(HOUR_EDGES * 60, minute, side="right")


def looks(charges: np.ndarray, minutes: np.ndarray) -> np.ndarray:
    """Return the shares of charges that issuers look at, kinds by instants.

    :param charges: local minutes of the failures of a case, oldest first
    :param minutes: local minutes of possible next charges
    """
    ago = np.asarray(minutes)[:, None] - np.asarray(charges)[None, :]
    seen = (ago[:, -1] >= COOL_DOWNS[:, None]).astype(np.float64)
    memory = (2.0 ** -(ago / FADES[MINDFUL][:, None, None])).sum(axis=2)
    beyond = np.maximum(memory - PATIENCE[MINDFUL][:, None], 0)
    seen[MINDFUL] *= np.exp(-RESENTS[MINDFUL][:, None] * beyond)
    return seen


def advice_level(charged: np.ndarray, advised: np.ndarray) -> np.ndarray:
    """Return the level of a charge's distance to the instant that a network advised.

    :param advised: local minutes, below 1 for no advice
    """
    past = np.asarray(charged, dtype=np.int64) - advised
    level = 1 + np.searchsorted(np.array([0, 1440, 3 * 1440]), past, side="right")
    return np.where(np.asarray(advised) < 1, 0, level)


assert LONG_AGO < 0
