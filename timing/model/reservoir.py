# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a model remembers: a fair sample of cases, new ones more likely than old ones.

Cases are kept by priority sampling (Duffield, Lund, Thorup 2007): each has a weight that halves
with every half-life of its age, its priority is the weight divided by a number between 0 and 1 that
follows from its key, and the highest priorities stay. A case that stays stands for as much weight
as the highest priority that went, if its own is less. Which cases stay does not depend on the
order in which they came, nor on the database they came through: reservoirs are merged by putting
them together.
"""

import hashlib
import heapq
import math
from collections.abc import Iterable, Mapping
from typing import Any

from .sequence import ChargeSequence, Observation

_LOWEST = -1e18


class Reservoir:
    """A sample of at most :attr:`limit` cases, by key.

    :param half_life: days after which a case weighs half
    """

    def __init__(self, limit: int, half_life: float) -> None:
        self.limit = limit
        self.half_life = half_life
        self.cases: dict[int, ChargeSequence] = {}
        self.gone = _LOWEST  # the highest priority (log2) of a case that did not stay
        self._heap: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self.cases)

    @property
    def newest(self) -> float:
        """Days since 1970 of the latest opening, 0 without cases."""
        return max((sequence.born for sequence in self.cases.values()), default=0.0)

    def wants(self, key: int, born: float) -> bool:
        """Return whether a case of this key, opened then, would stay: most of a million don't."""
        return key in self.cases or self._priority(key, born) > self.gone

    def add(self, key: int, sequence: ChargeSequence) -> None:
        """Remember a case, or what is new of it."""
        known = self.cases.get(key)
        if known is None:
            priority = self._priority(key, sequence.born)
            if priority <= self.gone:
                return
            self.cases[key] = sequence
            heapq.heappush(self._heap, (priority, key))
            while len(self.cases) > self.limit:
                priority, evicted = heapq.heappop(self._heap)
                self.gone = max(self.gone, priority)
                self.cases.pop(evicted, None)
        elif known != sequence:
            self.cases[key] = unite(known, sequence)

    def weight(self, sequence: ChargeSequence, now: float, half_life: float) -> float:
        """Return how many cases of this instant a remembered one stands for.

        :param now: days since 1970
        :param half_life: days; another one than the reservoir's forgets faster or slower
        """
        own = sequence.born / self.half_life
        stands_for = 2.0 ** min(max(own, self.gone) - own, 60.0)
        return stands_for * 2.0 ** (min(sequence.born - now, 0.0) / half_life)

    def merge(self, other: "Reservoir") -> None:
        """Take in another reservoir; both may know the same cases."""
        self.gone = max(self.gone, other.gone)
        for key, sequence in other.cases.items():
            self.add(key, sequence)
        for key in [k for k, t in self.cases.items() if self._priority(k, t.born) <= self.gone]:
            del self.cases[key]
        self._heap = [(self._priority(k, t.born), k) for k, t in self.cases.items()]
        heapq.heapify(self._heap)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values: a table of names, and for each case a short list."""
        names: dict[str, int] = {}
        rows = [
            [f"{key:x}", *_pack(sequence, names)] for key, sequence in sorted(self.cases.items())
        ]
        return {
            "limit": self.limit,
            "half_life": self.half_life,
            "gone": self.gone,
            "names": list(names),
            "cases": rows,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Reservoir":
        """Read what :meth:`to_dict` wrote."""
        reservoir = cls(int(values["limit"]), float(values["half_life"]))
        for key, *row in values["cases"]:
            reservoir.add(int(key, 16), _unpack(row, values["names"]))
        reservoir.gone = float(values["gone"])
        return reservoir

    def _priority(self, key: int, born: float) -> float:
        return born / self.half_life - math.log2((key + 1) / 2**60)


def hash_key(key: str) -> int:
    """Return the number by which a case is known: nothing of the key can be read from it."""
    digest = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 4


def unite(one: ChargeSequence, two: ChargeSequence) -> ChargeSequence:
    """Return what two readings of the same case know together; the order makes no difference."""
    observations: dict[int, Observation] = {}
    for observation in (*one.observations, *two.observations):
        known = observations.get(observation.minute)
        if known is None:
            observations[observation.minute] = observation
        elif known != observation:
            # Only one of two readings knows what had been promised; if they contradict each other,
            # any rule will do that does not depend on the order.
            promised = max((one.predicted, one.believed, one.left) for one in (known, observation))
            observations[observation.minute] = max(known, observation)._replace(
                **dict(zip(("predicted", "believed", "left"), promised, strict=True))
            )
    first, second = sorted((one, two), key=lambda sequence: (sequence.born, repr(sequence)))
    return ChargeSequence(
        first.born,
        first.country or second.country,
        first.funding or second.funding,
        first.rail,
        first.issuer or second.issuer,
        tuple(observations[minute] for minute in sorted(observations)),
        max(one.past, two.past, key=lambda past: (len(past), past)),
    )


def _pack(sequence: ChargeSequence, names: dict[str, int]) -> Iterable[Any]:
    """Yield a case in few characters: thousands of them are to fit into two megabytes.

    Charges are words of numbers to the base 36, each minute counted from the one before.
    """

    def name(text: str) -> int:
        return names.setdefault(text, len(names))

    start = before = sequence.observations[0].minute
    yield sequence.born
    yield [
        name(text) for text in (sequence.country, sequence.funding, sequence.rail, sequence.issuer)
    ]
    yield start
    words = []
    for observation in sequence.observations:
        advised = observation.advised - start if observation.advised else ""
        promised = "" if observation.predicted < 0 else observation.predicted
        moved = observation.believed - observation.predicted
        values = (
            observation.minute - before,
            observation.outcome,
            name(observation.reason),
            advised,
            promised,
            moved or "",
            observation.left or "",
        )
        words.append(".".join(map(_to_base36, values)).rstrip("."))
        before = observation.minute
    yield " ".join(words)
    before, words = 2 * start, []
    for code in reversed(sequence.past):
        words.append(_to_base36(before - code))
        before = code
    yield " ".join(words)


def _unpack(row: list[Any], names: list[str]) -> ChargeSequence:
    born, named, start, observations, past = row
    minute, charges = start, []
    for word in observations.split():
        gap, outcome, reason, advised, promised, moved, left = (word.split(".") + [""] * 6)[:7]
        promised = int(promised, 36) if promised else -1
        minute += int(gap, 36)
        charges.append(
            Observation(
                minute,
                int(outcome, 36),
                names[int(reason or "0", 36)],
                start + int(advised, 36) if advised else 0,
                promised,
                promised + (int(moved, 36) if moved else 0),
                int(left, 36) if left else 0,
            )
        )
    code, codes = 2 * start, []
    for word in past.split():
        code -= int(word, 36)
        codes.append(code)
    return ChargeSequence(born, *(names[n] for n in named), tuple(charges), tuple(reversed(codes)))


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _to_base36(number: int | str) -> str:
    """Return an integer to the base 36, as `int` reads it; a blank stays blank."""
    if isinstance(number, str):
        return number
    sign, number, digits = "-" if number < 0 else "", abs(number), ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return sign + digits
