# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A case as the odds read it: local minutes, groups and levels instead of facts and names.

The same reading serves the decision about a running case and the fit on thousands of finished ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timezone
from typing import NamedTuple

from ...tools.instants import aware, find_zone
from ..arrays import np
from ..case import Case, Failure, local_minutes
from ..spread import spread_days
from . import bins
from .calibration import Promise
from .priors import Priors

PAID = 9  # the outcome of a charge that succeeded, beside the groups of failures
_DAY_SECONDS = 86400.0
_HISTORY = 24  # the latest earlier charges of the customer that count
_SERIES = 16 * 1440  # an earlier charge this soon after a failed one was a retry of it
_YEAR = 400 * 1440
DENSE = 3 * 1440  # failures this close to a charge may have annoyed the issuer


class Observation(NamedTuple):
    """One charge of a case, its first failure included.

    :ivar minute: local
    :ivar outcome: group of the failure, or :data:`PAID`
    :ivar reason: id of the reason, empty when paid
    :ivar advised: local minute that the network named for the next try, 0 for none
    :ivar predicted: promised probability of success in thousandths, -1 when none was
    :ivar believed: what the odds had given it, in thousandths, -1 when nobody asked them
    :ivar left: 1 where the charge left the even spread of tries
    """

    minute: int
    outcome: int
    reason: str
    advised: int = 0
    predicted: int = -1
    believed: int = -1
    left: int = 0


@dataclass(frozen=True)
class ChargeSequence:
    """A case with its charges in order.

    :ivar born: days since 1970 (UTC) of the first failure
    :ivar past: the customer's earlier charges, oldest first: twice the local minute, plus 1 if paid
    """

    born: float
    country: str
    funding: str
    rail: str
    issuer: str
    observations: tuple[Observation, ...]
    past: tuple[int, ...]


def read(case: Case, priors: Priors) -> ChargeSequence:
    """Read a case whose facts are tidy (see :func:`timing.case.tidy`)."""
    zone = case.zone
    method = case.method
    oldest = local_minutes(case.failures[0].at, zone) - _YEAR
    past = tuple(
        2 * minute + bool(charge.paid)
        for charge in case.history[-_HISTORY:]
        if (minute := local_minutes(aware(charge.at), zone)) > oldest
    )
    return ChargeSequence(
        round(case.failures[0].at.timestamp() / _DAY_SECONDS, 4),
        str(method.country or "").upper()[:2],
        str(method.funding or ""),
        str(method.rail or "card"),
        str(method.issuer or "")[:24],
        tuple(read_failure(failure, zone, priors) for failure in case.failures),
        past,
    )


def read_failure(failure: Failure, zone, priors: Priors) -> Observation:
    """Read one declined charge."""
    wait = failure.wait_until
    return Observation(
        local_minutes(failure.at, zone),
        priors.group(failure.reason, failure.decline_class),
        str(failure.reason or "")[:40],
        local_minutes(wait, zone) if wait else 0,
    )


def read_finished(attempt, priors: Priors) -> ChargeSequence:
    """Read a finished attempt: the case before it, and how it ended."""
    case = attempt.case
    zone = find_zone(case.tz)
    failures = [f for f in case.failures if aware(f.at) < aware(attempt.at)]
    if not all(f.at.tzinfo is timezone.utc for f in failures) or len(failures) > 1:
        failures = sorted(failures, key=lambda f: aware(f.at))
    sequence = read(
        Case(
            tuple(failures) or (Failure(aware(attempt.at)),),
            case.method,
            history=case.history,
            tz=case.tz,
        ),
        priors,
    )
    predicted = _thousandths(attempt.predicted)
    minute = local_minutes(aware(attempt.at), zone)
    if attempt.paid:
        last = Observation(minute, PAID, "", 0)
    else:
        failure = attempt.failure or Failure(attempt.at)
        last = read_failure(failure, zone, priors)
    last = last._replace(
        minute=minute,
        predicted=predicted,
        believed=_thousandths(attempt.believed) if attempt.believed is not None else predicted,
        left=int(leaves_spread(case, sequence, minute)),
    )
    before = sequence.observations if failures else ()
    return replace(sequence, observations=(*before, last))


def _thousandths(probability: float | None) -> int:
    return -1 if probability is None else round(1000 * min(max(probability, 0.0), 1.0))


def leaves_spread(case: Case, sequence: ChargeSequence, minute: int) -> bool:
    """Return whether a charge was made on another day than the even spread's next one."""
    policy, minutes = case.policy, [one.minute for one in sequence.observations]
    left = policy.tries - case.tries_used
    if left < 1 or not 0 < policy.window <= 366:
        return False
    last = (minutes[0] + round(policy.window * 1440)) // 1440
    days = spread_days(minutes[0], minutes[-1], policy.window, policy.tries, left, last)
    return minute // 1440 not in days[:1]


def find_promises(sequence: ChargeSequence) -> list[tuple[int, Promise]]:
    """Return what the odds said of the charges of a case beforehand, and their local minutes.

    Of the control group's charges, too, which leave the odds nothing to choose. Not of quick tries
    after technical trouble, which count by themselves.
    """
    found, number, credit = [], 1, is_credit(sequence)
    for before, charge in zip(sequence.observations, sequence.observations[1:], strict=False):
        if charge.believed >= 0 and before.outcome != bins.TECHNICAL:
            paid = charge.outcome == PAID
            promise = Promise(charge.believed / 1000, number, bool(charge.left), credit, paid)
            found.append((charge.minute, promise))
        number += charge.outcome != bins.TECHNICAL
    return found


@dataclass(frozen=True)
class Covariates:
    """What is known of a charge beside hypotheses, when it is made or planned.

    :ivar failed: local minute of the failure that the charge follows
    :ivar group: what it was about
    :ivar number: of the charge, the first failure not counted; from 1
    :ivar opened: local minute of the first failure
    :ivar recent: local minutes of the failures before the last one
    :ivar advised: local minute named by the network, 0 for none
    """

    failed: int
    group: int
    reason: str
    number: int
    opened: int
    recent: tuple[int, ...]
    advised: int


def find_informative(observations: Sequence[Observation], cool_down: int = 0) -> tuple[int, ...]:
    """Return the numbers of the failures that say something about the account.

    Technical failures say nothing: the latest one stands for them where there is no other.

    :param cool_down: minutes; an issuer refuses unseen whatever comes sooner after the last charge,
        so that such refusals say nothing either
    """
    informative = tuple(
        number
        for number, observation in enumerate(observations)
        if observation.outcome != bins.TECHNICAL
        and (not number or observation.minute - observations[number - 1].minute >= cool_down)
    )
    return informative or (len(observations) - 1,)


def follow(observations: Sequence[Observation], cool_down: int = 0) -> Covariates:
    """Return what is known before the charge that follows these failures.

    :param cool_down: minutes, see :func:`find_informative`
    """
    informative = find_informative(observations, cool_down)
    last = observations[informative[-1]]
    advised = max((observation.advised for observation in observations), default=0)
    recent = tuple(
        observation.minute for observation in observations if observation.minute < last.minute
    )
    return Covariates(
        last.minute,
        min(last.outcome, bins.TECHNICAL),
        last.reason,
        len(informative),
        observations[0].minute,
        recent,
        advised,
    )


def effect_levels(
    sequence: ChargeSequence, covariates: Sequence[Covariates], minutes: np.ndarray
) -> np.ndarray:
    """Return the position of each effect's level in the array of effects.

    :param covariates: of one or more charges, each of which may come at any of the instants
    :param minutes: local minutes of the instants
    :return: effects by charges times instants
    """
    minutes, count = np.asarray(minutes, dtype=np.int64), len(minutes)
    near = np.concatenate([np.broadcast_to(density(c, minutes), count) for c in covariates])
    values = [(c.failed, c.number, c.group, c.advised, c.opened) for c in covariates]
    failed, number, group, advised, opened = np.repeat(np.array(values), count, axis=0).T
    charged = np.tile(minutes, len(covariates))
    return find_levels(charged, failed, number, group, near, advised, opened, *facts(sequence))


def is_credit(sequence: ChargeSequence) -> int:
    """Return 1 for a credit card, whose holder pays it off, and 0 for all other methods."""
    return int(sequence.funding == "credit")


def facts(sequence: ChargeSequence) -> tuple[int, int, int]:
    """Return the levels of funding, rail and regularity, which stay the same in a case."""
    fixed = sum(code & 1 for code in sequence.past)
    return (
        bins.FUNDINGS.index(sequence.funding) if sequence.funding in bins.FUNDINGS else 0,
        0 if sequence.rail == "card" else 1 if sequence.rail == "sepa" else 2,
        0 if not fixed else 1 if fixed < 4 else 2,
    )


def find_levels(
    minutes, failed, number, group, density, advised, opened, funding, rail, regular
) -> np.ndarray:
    """Return positions in the array of effects, effects by charges, of numbers or arrays."""
    day, minute = bins.split(minutes)
    values = (
        bins.hour_level(minute),
        bins.gap_bin(failed, minutes),
        (day - 1) % 7,
        np.minimum(number, bins.EFFECTS["attempt"]) - 1,
        group,
        density,
        bins.advice_level(minutes, advised),
        np.searchsorted(bins.ELAPSED_EDGES, minutes - opened, side="right"),
        funding,
        rail,
        regular,
    )
    levels = np.empty((len(bins.EFFECTS), len(minutes)), dtype=np.int64)
    for row, (value, offset) in enumerate(zip(values, bins.OFFSETS.values(), strict=True)):
        levels[row] = value + offset
    return levels


def density(covariates: Covariates, minutes: np.ndarray) -> np.ndarray | int:
    """Return how many failures before the last lie in the three days before a charge: 0, 1, 2."""
    if not covariates.recent or int(minutes.min(initial=2**60)) - covariates.recent[-1] > DENSE:
        return 0
    recent = np.array(covariates.recent)
    return np.minimum((minutes[:, None] - recent[None, :] <= DENSE).sum(axis=1), 2)


def read_past(past: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return minutes, whether paid, and the minute of the failure retried, 0 for none."""
    codes = np.array(past, dtype=np.int64)
    minutes, paid = codes >> 1, (codes & 1).astype(bool)
    before = np.concatenate([[0], minutes[:-1]])[: len(minutes)]
    failed = np.concatenate([[True], paid[:-1]])[: len(minutes)]
    retried = ~failed & (minutes - before <= _SERIES) & (minutes > before)
    return minutes, paid, np.where(retried, before, 0)
