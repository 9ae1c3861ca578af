# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What an attempt keeps of the case it was decided on: written once, read to learn and to export.

Instants are whole seconds since 1970, UTC.
"""

from ...timing.plan.smart import Case, Failure, Method, PastCharge, RetryPolicy
from ...tools.instants import aware, from_seconds, to_seconds


def pack_case(case):
    """Return a `timing.smart.Case` as short plain JSON values, without constraints and hints."""
    method = case.method
    facts = {
        "rail": method.rail,
        "network": method.network,
        "funding": method.funding,
        "country": method.country,
        "issuer": method.issuer,
        "since": to_seconds(method.since),
    }
    policy = case.policy
    return {
        "failures": [
            [
                to_seconds(failure.at),
                failure.reason,
                failure.decline_class,
                failure.code,
                to_seconds(failure.wait_until),
            ]
            for failure in case.failures
        ],
        "method": {name: value for name, value in facts.items() if value},
        "amount": case.amount,
        "currency": case.currency,
        "tz": case.tz,
        "history": [[to_seconds(charge.at), int(charge.paid)] for charge in case.history],
        "policy": {
            "tries": policy.tries,
            "window": policy.window,
            "hours": [policy.start, policy.end],
            "cost": policy.attempt_cost,
            "pull_only": policy.pull_only,
        },
        "hints": [hint.kind for hint in case.hints],
    }


def unpack_case(values):
    """Read what :func:`pack_case` wrote; amount, cost and hints are not needed to learn.

    :rtype: timing.smart.Case
    """
    facts = dict(values.get("method") or {})
    since = facts.pop("since", None)
    policy = values.get("policy") or {}
    return Case(
        failures=tuple(
            Failure(from_seconds(at), reason, decline_class, code, *_wait(until))
            for at, reason, decline_class, code, until in values["failures"]
        ),
        method=Method(**facts, since=from_seconds(since)),
        tz=values.get("tz") or "UTC",
        history=tuple(
            PastCharge(from_seconds(at), bool(paid)) for at, paid in values.get("history") or ()
        ),
        policy=RetryPolicy(
            policy.get("tries", 0),
            policy.get("window", 0.0),
            **dict(zip(("start", "end"), policy.get("hours") or (), strict=False)),
        ),
    )


def make_failure(values):
    """Return the failure that the columns of an attempt tell of.

    :param values: its `at` (naive UTC), `reason`, `decline_class`, `code` and `advised_until`
    :rtype: timing.smart.Failure
    """
    wait = values["advised_until"]
    return Failure(
        aware(values["at"]).replace(microsecond=0),
        values["reason"] or "unknown",
        values["decline_class"] or "later",
        values["code"] or "",
        *(("wait", aware(wait).replace(microsecond=0)) if wait else ()),
    )


def _wait(until):
    return ("wait", from_seconds(until)) if until else ()
