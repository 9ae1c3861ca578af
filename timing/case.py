# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the smart schedule is told about a failed payment. Frozen values; nothing here decides.

Nothing is refused: facts that are missing, absurd or contradictory are read as harmlessly as they
can be, because a planner that raises leaves an invoice without any charge.
"""

import math
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

from ..tools.instants import EARLIEST, LATEST, aware, find_zone
from .calendar import ChargeHours
from .constraints import Constraint
from .decision import Sentence

_EPOCH_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Failure:
    """One declined charge.

    :param at: aware instant
    :param reason: id of a reason of `declines`
    :param decline_class: one of the classes of declines; anything else counts as ``later``
    :param code: the network's or scheme's own code
    :param advice: kind of the network's advice: ``none``, ``wait``, ``never``, ``update_data``,
        ``customer_action``
    :param wait_until: aware instant before which the network does not want another try
    """

    at: datetime
    reason: str = "unknown"
    decline_class: str = "later"
    code: str = ""
    advice: str = "none"
    wait_until: datetime | None = None


@dataclass(frozen=True)
class Method:
    """What is known of the payment method; what is not known is empty.

    :param rail: ``card``, ``sepa``, ``ach``, ``bacs`` or another bank scheme
    :param network: as ``visa``
    :param funding: ``credit``, ``debit`` or ``prepaid``
    :param country: the issuer's, ISO 3166 alpha-2
    :param issuer: any stable name or number of the bank, as the first digits of the card
    :param since: aware instant at which the method was saved
    """

    rail: str = "card"
    network: str = ""
    funding: str = ""
    country: str = ""
    issuer: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class PastCharge:
    """An earlier charge of the same customer, of other invoices.

    :param at: aware instant
    :param paid: whether it succeeded
    """

    at: datetime
    paid: bool = True


@dataclass(frozen=True)
class RetryPolicy:
    """What the merchant allows.

    :param tries: charges after the first failure
    :param window: days after the first failure in which they lie
    :param waits: the merchant's own ladder, hours from failure to charge; empty: spread evenly
    :param start: local hour from which charges are allowed
    :param end: local hour up to which they are, itself not included
    :param weekdays: on which charges are allowed, Monday is 0; empty allows all
    :param attempt_cost: of one charge, in the unit of the amount
    :param discount: share of the amount's worth that is lost with each day of waiting
    :param pull_only: the smart schedule may only charge earlier than the ladder would
    :param exploration: share of decisions that look at a nearly equal instant instead of the best
    """

    tries: int = 8
    window: float = 14.0
    waits: tuple[float, ...] = ()
    start: float = 8.0
    end: float = 20.0
    weekdays: frozenset[int] = frozenset()
    attempt_cost: float = 0.0
    discount: float = 0.001
    pull_only: bool = False
    exploration: float = 0.10


@dataclass(frozen=True)
class Hint:
    """Outside advice: a person, an automation or another service says when.

    :param kind: ``now`` (at the first allowed instant), ``at`` (at :attr:`at` or right after) or
        ``not_before`` (plan as usual, but not earlier than :attr:`at`)
    :param sentence: who says so and why; it becomes the decision's
    """

    kind: str
    at: datetime | None = None
    sentence: Sentence | None = None


@dataclass(frozen=True)
class Case:
    """A failed payment as it stands.

    :param failures: every declined charge so far; the earliest opened the case
    :param amount: in any unit, the same as that of the policy's cost
    :param currency: ISO 4217
    :param tz: IANA name of the customer's time zone
    :param history: the customer's earlier charges
    :param constraints: what else forbids or delays a charge, as :mod:`timing.constraints` has them
    :param hints: outside advice
    :param sent: tries already used up; none counts the failures after the first that were declined
        for another reason than technical trouble
    """

    failures: tuple[Failure, ...]
    method: Method = Method()
    amount: float = 0.0
    currency: str = ""
    tz: str = "UTC"
    history: tuple[PastCharge, ...] = ()
    policy: RetryPolicy = RetryPolicy()
    constraints: tuple[Constraint, ...] = ()
    hints: tuple[Hint, ...] = ()
    sent: int | None = None

    @property
    def tries_used(self) -> int:
        """Tries already made, the first failure not among them."""
        if self.sent is not None:
            return max(int(self.sent), 0)
        return sum(failure.decline_class != "technical" for failure in self.failures[1:])

    @property
    def quick_run(self) -> int:
        """Technical failures in a row, up to the latest failure."""
        run = 0
        for failure in reversed(self.failures):
            if failure.decline_class != "technical":
                break
            run += 1
        return run

    @property
    def zone(self) -> ZoneInfo:
        """The customer's time zone, UTC when it is not known."""
        return find_zone(self.tz)

    @property
    def hours(self) -> ChargeHours:
        """The local hours in which charges are allowed."""
        return ChargeHours(self.policy.start, self.policy.end, self.zone)


@dataclass(frozen=True)
class FinishedAttempt:
    """A charge whose outcome is known, as :meth:`Model.learn` takes it.

    :param key: names the case, the same for all its attempts and for no other
    :param case: as it stood before this charge
    :param at: aware instant of the charge
    :param failure: what was answered, when it did not pay
    :param predicted: the probability that the decision had named
    :param believed: the probability that the odds had given it, before it was moved by what
        promises are worth: `believed` of the decision's record; the same if that is not known. Of a
        charge that nobody promised anything of: what :func:`timing.plan.smart.believe` says
    """

    key: str
    case: Case
    at: datetime
    paid: bool
    failure: Failure | None = None
    predicted: float | None = field(default=None)
    believed: float | None = None


def tidy(case: Case, now: datetime) -> Case:
    """Return the case with failures in order, aware instants and a policy that can be followed."""
    failures = [_tidy_failure(failure) for failure in case.failures or (Failure(now),)]
    # A failure of the future is a wrong clock: it happened just now.
    failures = [replace(f, at=now) if f.at > now else f for f in failures]
    failures.sort(key=lambda failure: failure.at)
    history = [replace(past, at=aware(past.at)) for past in case.history if past.at]
    history = sorted((past for past in history if past.at < failures[0].at), key=lambda p: p.at)
    return replace(
        case,
        failures=tuple(failures),
        amount=_number(case.amount, 0.0, 1e15, 0.0),
        history=tuple(history),
        policy=_tidy_policy(case.policy),
    )


def _tidy_failure(failure: Failure) -> Failure:
    if (
        failure.at.tzinfo is timezone.utc
        and failure.wait_until is None
        and (EARLIEST < failure.at < LATEST)
    ):
        return failure
    wait = failure.wait_until
    return replace(failure, at=aware(failure.at), wait_until=aware(wait) if wait else None)


def _tidy_policy(policy: RetryPolicy) -> RetryPolicy:
    start, end = _number(policy.start, 0.0, 24.0, 8.0), _number(policy.end, 0.0, 24.0, 20.0)
    if round(end * 60) <= round(start * 60):
        start, end = 0.0, 24.0
    weekdays = frozenset(policy.weekdays) & frozenset(range(7))
    return replace(
        policy,
        tries=int(_number(policy.tries, 0, 100, 0)),
        window=_number(policy.window, 0.0, 366.0, 0.0),
        start=start,
        end=end,
        weekdays=frozenset() if len(weekdays) == 7 else weekdays,
        attempt_cost=_number(policy.attempt_cost, 0.0, 1e15, 0.0),
        discount=_number(policy.discount, 0.0, 0.1, 0.001),
        exploration=_number(policy.exploration, 0.0, 1.0, 0.10),
    )


def _number(value: float, low: float, high: float, otherwise: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return otherwise
    return otherwise if math.isnan(number) else min(max(number, low), high)


def local_minutes(instant: datetime, zone: ZoneInfo) -> int:
    """Return minutes of the local clock since 1970-01-01 00:00 local.

    What people do follows the clock on the wall: pay days and hours are read from this number.
    Differences of it are wrong by the hour of a clock change, which no learned quantity notices.
    """
    local = instant.astimezone(zone)
    return (local.toordinal() - _EPOCH_DAY) * 1440 + local.hour * 60 + local.minute
