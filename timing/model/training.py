# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Cases as arrays: one row for each charge that tells something about the payer.

A row is a retry of the case, or an earlier charge of the customer. The same encoding serves the
belief about a running case and the fit on thousands of finished ones, where each case is encoded
once and kept until it changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..arrays import np
from . import bins
from .patterns import PAID
from .reservoir import Reservoir
from .sequence import DENSE, ChargeSequence, facts, find_levels, follow, read_past
from .sequence import PAID as SUCCESS

# Days after which an earlier charge says half as much about its customer: people change their jobs
# and their ways.
PAST_HALF_LIFE = 75.0


@dataclass
class Encoded:
    """One case.

    :ivar bins: retries by hypotheses
    :ivar levels: retries by effects
    :ivar reasons: of the failure before each retry
    :ivar outcomes: group of each retry's failure, or paid
    :ivar looks: retries by kinds of issuers, share of such charges that they look at
    :ivar opening: days since pay day when the case opened, binned, by hypotheses; -1 if it matters
        not
    :ivar past: earlier charges by hypotheses, their bins
    :ivar past_paid: whether they were paid
    :ivar past_trust: how much each of them still says, 0 to 1: pay days change
    """

    sequence: ChargeSequence
    bins: np.ndarray
    levels: np.ndarray
    reasons: list[str]
    outcomes: np.ndarray
    predicted: np.ndarray
    looks: np.ndarray
    opening: np.ndarray
    past: np.ndarray
    past_paid: np.ndarray
    past_trust: np.ndarray


class TrainingData:
    """The encoded cases of a reservoir."""

    def __init__(self) -> None:
        self._encoded: dict[int, Encoded] = {}

    def update(self, reservoir: Reservoir) -> list[Encoded]:
        """Return all cases of the reservoir that have a finished attempt, by key."""
        new: dict[str, list[int]] = {}
        for key, sequence in reservoir.cases.items():
            known = self._encoded.get(key)
            if known is None or known.sequence is not sequence:
                new.setdefault(sequence.country, []).append(key)
        for country, keys in new.items():
            found = encode(country, [reservoir.cases[key] for key in keys])
            self._encoded.update(zip(keys, found, strict=True))
        self._encoded = {key: self._encoded[key] for key in sorted(reservoir.cases)}
        return [encoded for encoded in self._encoded.values() if len(encoded.outcomes)]


def encode(country: str, sequences: Sequence[ChargeSequence]) -> list[Encoded]:
    """Encode cases of one country."""
    rows, reasons, counts, looks = _rows(sequences)
    columns = np.array(rows, dtype=np.int64).reshape(len(rows), 12).T
    minute, failed, number, group, near, *columns = columns
    advised, opened, outcome, predicted, *same = columns
    found = bins.find_bins(failed, minute, group, country).T
    levels = find_levels(minute, failed, number, group, near, advised, opened, *same).T
    first = np.array([sequence.observations[0].minute for sequence in sequences], dtype=np.int64)
    opening = bins.find_fresh_bins(first, country)[PAID].T.astype(np.int16) - bins.FRESH
    opening[[sequence.observations[0].outcome == bins.TECHNICAL for sequence in sequences]] = -1
    pasts = [sequence.past for sequence in sequences]
    if len(sequences) == 1:
        past, past_paid, trust = _encode_one_past(country, pasts[0], int(first[0]))
    else:
        past, past_paid, trust = _encode_pasts(country, pasts, first)
    ends = np.cumsum(counts)
    ends_past = np.cumsum([len(sequence.past) for sequence in sequences])
    encoded = []
    for index, sequence in enumerate(sequences):
        part = slice(ends[index] - counts[index], ends[index])
        part_past = slice(ends_past[index] - len(sequence.past), ends_past[index])
        encoded.append(
            Encoded(
                sequence,
                found[part],
                levels[part].astype(np.int16),
                reasons[part],
                outcome[part].astype(np.int8),
                predicted[part].astype(np.int16),
                looks[part],
                opening[index],
                past[part_past],
                past_paid[part_past],
                trust[part_past],
            )
        )
    return encoded


def _rows(
    sequences: Sequence[ChargeSequence],
) -> tuple[list[tuple], list[str], list[int], np.ndarray]:
    rows: list[tuple] = []
    reasons: list[str] = []
    counts, looks = [], [np.empty((0, bins.KIND_COUNT))]
    for sequence in sequences:
        before = len(rows)
        same = facts(sequence)
        for index in range(1, len(sequence.observations)):
            observation = sequence.observations[index]
            if observation.outcome == bins.TECHNICAL:
                continue  # Technical trouble tells nothing about the payer.
            known = follow(sequence.observations[:index])
            near = sum(observation.minute - minute <= DENSE for minute in known.recent)
            charges = [before.minute for before in sequence.observations[:index]]
            looks.append(bins.looks(charges, [observation.minute]).T)
            rows.append(
                (observation.minute, known.failed, known.number, known.group, min(near, 2))
                + (known.advised, known.opened, observation.outcome, observation.predicted, *same)
            )
            reasons.append(known.reason)
        counts.append(len(rows) - before)
    return rows, reasons, counts, np.concatenate(looks).astype(np.float32)


@lru_cache(maxsize=1024)
def _encode_one_past(country: str, past: tuple[int, ...], opened: int):
    """Return the same for one customer, whose past is asked for at each decision of a case."""
    return _encode_pasts(country, [past], [opened])


def _encode_pasts(country: str, pasts: Sequence[tuple[int, ...]], opened: Sequence[int]):
    """Return the bins of earlier charges by hypotheses, whether they were paid, and their trust.

    :param opened: local minutes at which the cases opened
    """
    read = [read_past(past) for past in pasts]
    minutes, paid, retried = (np.concatenate([one[part] for one in read]) for part in range(3))
    found = bins.find_fresh_bins(minutes, country)
    again = np.flatnonzero(retried)
    if len(again):
        group = np.full(len(again), bins.FUNDS)
        found[:, again] = bins.find_bins(retried[again], minutes[again], group, country)
    age = np.repeat(opened, [len(past) for past in pasts]) - minutes
    trust = 0.5 ** (np.maximum(age, 0) / (1440.0 * PAST_HALF_LIFE))
    return found.T, paid.astype(bool), trust.astype(np.float32)


@dataclass
class Sample:
    """All cases side by side; `case` and `past_case` are the numbers of the rows' cases.

    :ivar looks: retries by kinds of issuers, share of such charges that they look at
    :ivar weight: of each case for hazards
    :ivar recent: of each case for habits, which are forgotten faster
    """

    cases: list[Encoded]
    bins: np.ndarray
    levels: np.ndarray
    outcomes: np.ndarray
    looks: np.ndarray
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
    reservoir: Reservoir, cases: list[Encoded], half_lives: tuple[float, float], now: float
) -> Sample:
    """Put cases side by side and weigh them.

    :param half_lives: days, of habits and of hazards
    :param now: days since 1970, from which age counts
    """
    habits, hazards = half_lives
    numbers = np.arange(len(cases))
    first = np.array([case.sequence.observations[0].outcome for case in cases])
    return Sample(
        cases,
        np.concatenate([case.bins for case in cases]),
        np.concatenate([case.levels for case in cases]).astype(np.int64),
        np.concatenate([case.outcomes for case in cases]),
        np.concatenate([case.looks for case in cases]),
        np.repeat(numbers, [len(case.outcomes) for case in cases]),
        np.stack([case.opening for case in cases]),
        np.minimum(first, bins.TECHNICAL),
        np.concatenate([case.past for case in cases]),
        np.concatenate([case.past_paid for case in cases]),
        np.concatenate([case.past_trust for case in cases]),
        np.repeat(numbers, [len(case.past_paid) for case in cases]),
        np.array([reservoir.weight(case.sequence, now, hazards) for case in cases]),
        np.array([reservoir.weight(case.sequence, now, habits) for case in cases]),
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
