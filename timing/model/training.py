"""Cases as arrays: one row for each charge that tells something about the payer.

A row is a retry of the case, or an earlier charge of the customer. The same encoding serves the
belief about a running case and the fit on thousands of finished ones, where each case is encoded
once and kept until it changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..arrays import np
from . import bins as cells
from .patterns import PAID
from .reservoir import Memory
from .sequence import DENSE, Trail, facts, find_levels, follow, read_past
from .sequence import PAID as SUCCESS

# Days after which an earlier charge says half as much about its customer: people change their jobs
# and their ways.
PAST_HALF_LIFE = 75.0


@dataclass
class Encoded:
    """One case.

    :ivar cells: retries by hypotheses
    :ivar levels: retries by effects
    :ivar reasons: of the failure before each retry
    :ivar outcomes: group of each retry's failure, or paid
    :ivar since: minutes since the charge before each retry, whatever it was answered
    :ivar opening: days since pay day when the case opened, binned, by hypotheses; -1 if it matters
        not
    :ivar past: earlier charges by hypotheses, their cells
    :ivar past_paid: whether they were paid
    :ivar past_trust: how much each of them still says, 0 to 1: pay days change
    """

    trail: Trail
    cells: np.ndarray
    levels: np.ndarray
    reasons: list[str]
    outcomes: np.ndarray
    predicted: np.ndarray
    since: np.ndarray
    opening: np.ndarray
    past: np.ndarray
    past_paid: np.ndarray
    past_trust: np.ndarray


class Examples:
    """The encoded cases of a memory."""

    def __init__(self) -> None:
        self._encoded: dict[int, Encoded] = {}

    def update(self, memory: Memory) -> list[Encoded]:
        """Return all cases of the memory that have a finished attempt, by key."""
        new: dict[str, list[int]] = {}
        for key, trail in memory.cases.items():
            known = self._encoded.get(key)
            if known is None or known.trail is not trail:
                new.setdefault(trail.country, []).append(key)
        for country, keys in new.items():
            found = encode(country, [memory.cases[key] for key in keys])
            self._encoded.update(zip(keys, found, strict=True))
        self._encoded = {key: self._encoded[key] for key in sorted(memory.cases)}
        return [encoded for encoded in self._encoded.values() if len(encoded.outcomes)]


def encode(country: str, trails: Sequence[Trail]) -> list[Encoded]:
    """Encode cases of one country."""
    rows, reasons, counts = _rows(trails)
    columns = np.array(rows, dtype=np.int64).reshape(len(rows), 13).T
    minute, since, failed, number, group, near, *columns = columns
    advised, opened, outcome, predicted, *same = columns
    found = cells.find_cells(failed, minute, group, country).T
    levels = find_levels(minute, failed, number, group, near, advised, opened, *same).T
    first = np.array([trail.events[0].minute for trail in trails], dtype=np.int64)
    opening = cells.fresh_cells(first, country)[PAID].T.astype(np.int16) - cells.FRESH
    opening[[trail.events[0].outcome == cells.TECHNICAL for trail in trails]] = -1
    pasts = [trail.past for trail in trails]
    if len(trails) == 1:
        past, past_paid, trust = _encode_one_past(country, pasts[0], int(first[0]))
    else:
        past, past_paid, trust = _encode_pasts(country, pasts, first)
    ends = np.cumsum(counts)
    ends_past = np.cumsum([len(trail.past) for trail in trails])
    encoded = []
    for index, trail in enumerate(trails):
        part = slice(ends[index] - counts[index], ends[index])
        part_past = slice(ends_past[index] - len(trail.past), ends_past[index])
        encoded.append(
            Encoded(
                trail,
                found[part],
                levels[part].astype(np.int16),
                reasons[part],
                outcome[part].astype(np.int8),
                predicted[part].astype(np.int16),
                since[part],
                opening[index],
                past[part_past],
                past_paid[part_past],
                trust[part_past],
            )
        )
    return encoded


def _rows(trails: Sequence[Trail]) -> tuple[list[tuple], list[str], list[int]]:
    rows: list[tuple] = []
    reasons: list[str] = []
    counts = []
    for trail in trails:
        before = len(rows)
        same = facts(trail)
        for index in range(1, len(trail.events)):
            event = trail.events[index]
            if event.outcome == cells.TECHNICAL:
                continue  # Technical trouble tells nothing about the payer.
            charge = follow(trail.events[:index])
            near = sum(event.minute - minute <= DENSE for minute in charge.recent)
            rows.append(
                (event.minute, event.minute - trail.events[index - 1].minute)
                + (charge.failed, charge.number, charge.group, min(near, 2))
                + (charge.advised, charge.opened, event.outcome, event.predicted, *same)
            )
            reasons.append(charge.reason)
        counts.append(len(rows) - before)
    return rows, reasons, counts


@lru_cache(maxsize=1024)
def _encode_one_past(country: str, past: tuple[int, ...], opened: int):
    """Return the same for one customer: his past is asked for at each decision of his case."""
    return _encode_pasts(country, [past], [opened])


def _encode_pasts(country: str, pasts: Sequence[tuple[int, ...]], opened: Sequence[int]):
    """Return the cells of earlier charges by hypotheses, whether they were paid, and their trust.

    :param opened: local minutes at which the cases opened
    """
    read = [read_past(past) for past in pasts]
    minutes, paid, retried = (np.concatenate([one[part] for one in read]) for part in range(3))
    found = cells.fresh_cells(minutes, country)
    again = np.flatnonzero(retried)
    if len(again):
        group = np.full(len(again), cells.FUNDS)
        found[:, again] = cells.find_cells(retried[again], minutes[again], group, country)
    age = np.repeat(opened, [len(past) for past in pasts]) - minutes
    trust = 0.5 ** (np.maximum(age, 0) / (1440.0 * PAST_HALF_LIFE))
    return found.T, paid.astype(bool), trust.astype(np.float32)


@dataclass
class Sample:
    """All cases side by side; `case` and `past_case` are the numbers of the rows' cases.

    :ivar weight: of each case for hazards
    :ivar recent: of each case for habits, which are forgotten faster
    """

    cases: list[Encoded]
    cells: np.ndarray
    levels: np.ndarray
    outcomes: np.ndarray
    since: np.ndarray
    case: np.ndarray
    opening: np.ndarray
    groups: np.ndarray
    past: np.ndarray
    past_paid: np.ndarray
    past_trust: np.ndarray
    past_case: np.ndarray
    weight: np.ndarray
    recent: np.ndarray

    @property
    def paid(self) -> np.ndarray:
        """Whether each retry succeeded."""
        return self.outcomes == SUCCESS


def gather(
    memory: Memory, cases: list[Encoded], half_lives: tuple[float, float], now: float
) -> Sample:
    """Put cases side by side and weigh them.

    :param half_lives: days, of habits and of hazards
    :param now: days since 1970, from which age counts
    """
    habits, hazards = half_lives
    numbers = np.arange(len(cases))
    first = np.array([case.trail.events[0].outcome for case in cases])
    return Sample(
        cases,
        np.concatenate([case.cells for case in cases]),
        np.concatenate([case.levels for case in cases]).astype(np.int64),
        np.concatenate([case.outcomes for case in cases]),
        np.concatenate([case.since for case in cases]),
        np.repeat(numbers, [len(case.outcomes) for case in cases]),
        np.stack([case.opening for case in cases]),
        np.minimum(first, cells.TECHNICAL),
        np.concatenate([case.past for case in cases]),
        np.concatenate([case.past_paid for case in cases]),
        np.concatenate([case.past_trust for case in cases]),
        np.repeat(numbers, [len(case.past_paid) for case in cases]),
        np.array([memory.weight(case.trail, now, hazards) for case in cases]),
        np.array([memory.weight(case.trail, now, habits) for case in cases]),
    )


def add_up(values: np.ndarray, case: np.ndarray, count: int) -> np.ndarray:
    """Return the sums of rows by case; cases are in order, some have no rows.

    :param values: rows by hypotheses
    """
    total = np.zeros((count, values.shape[1]), dtype=values.dtype)
    if len(values):
        present, starts = np.unique(case, return_index=True)
        total[present] = np.add.reduceat(values, starts, axis=0)
    return total
