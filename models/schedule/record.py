"""What an attempt keeps of the case it was decided on: written once, read to learn and to export.

Instants are whole seconds since 1970, UTC.
"""

from datetime import datetime, timezone

from ...timing.plan.smart import Case, Failure, Method, PastCharge, RetryPolicy


def pack_case(case):
    """Return a `timing.smart.Case` as short plain JSON values, without constraints and hints."""
    method = case.method
    facts = {
        "rail": method.rail,
        "network": method.network,
        "funding": method.funding,
        "country": method.country,
        "issuer": method.issuer,
        "since": _seconds(method.since),
    }
    policy = case.policy
    return {
        "failures": [
            [
                _seconds(failure.at),
                failure.reason,
                failure.decline_class,
                failure.code,
                _seconds(failure.wait_until),
            ]
            for failure in case.failures
        ],
        "method": {name: value for name, value in facts.items() if value},
        "amount": case.amount,
        "currency": case.currency,
        "tz": case.tz,
        "history": [[_seconds(charge.at), int(charge.paid)] for charge in case.history],
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
    """Read what :func:`pack_case` wrote; policy, amount and hints are not needed to learn.

    :rtype: timing.smart.Case
    """
    facts = dict(values.get("method") or {})
    since = facts.pop("since", None)
    return Case(
        failures=tuple(
            Failure(_instant(at), reason, decline_class, code, *_wait(until))
            for at, reason, decline_class, code, until in values["failures"]
        ),
        method=Method(**facts, since=_instant(since)),
        tz=values.get("tz") or "UTC",
        history=tuple(
            PastCharge(_instant(at), bool(paid)) for at, paid in values.get("history") or ()
        ),
        policy=RetryPolicy(),
    )


def make_failure(values):
    """Return the failure that the columns of an attempt tell of.

    :param values: its `at` (naive UTC), `reason`, `decline_class`, `code` and `advised_until`
    :rtype: timing.smart.Failure
    """
    wait = values["advised_until"]
    return Failure(
        _aware(values["at"]),
        values["reason"] or "unknown",
        values["decline_class"] or "later",
        values["code"] or "",
        *(("wait", _aware(wait)) if wait else ()),
    )


def _wait(until):
    return ("wait", _instant(until)) if until else ()


def _aware(instant):
    return instant.replace(tzinfo=timezone.utc, microsecond=0)


def _seconds(instant):
    return int(instant.timestamp()) if instant else 0


def _instant(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc) if seconds else None
