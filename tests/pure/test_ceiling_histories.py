# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Random histories and rules: nothing is allowed that breaks a rule, nor refused that breaks none.

The judge is a naive counter, written for these tests alone.
"""

from datetime import date, datetime, timedelta, timezone

from hypothesis import example, given, settings
from hypothesis import strategies as st

from revenue_recovery.timing.ceiling import (
    Charge,
    PastAttempt,
    Rule,
    check,
    next_allowed,
    shipped_rules,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RULES = shipped_rules()

networks = st.sampled_from(["visa", "mastercard", "amex", "sepa", ""])
past_attempts = st.builds(
    PastAttempt,
    at=st.integers(0, 24 * 45).map(lambda hours: NOW - hours * HOUR),
    amount=st.sampled_from([100, 200]),
    currency=st.sampled_from(["EUR", "USD"]),
    outcome=st.sampled_from(["declined", "declined", "declined", "unknown", "paid"]),
    network=networks,
    code=st.sampled_from(["", "51", "14", "AM04", "MS03", "AC01"]),
    reason=st.sampled_from(["", "insufficient_funds", "unspecified_return"]),
    category=st.sampled_from([None, 1, 2, 3, 4]),
    advice_code=st.sampled_from(["", "", "", "03", "24", "27"]),
    company=st.sampled_from([1, 1, 1, 2]),
    debt=st.sampled_from([7, 8]),
)
# Long ones as often as short ones.
histories = st.integers(0, 60).flatmap(
    lambda count: st.lists(past_attempts, min_size=count, max_size=count)
)
own_rules = st.builds(
    Rule,
    id=st.just("own"),
    scopes=st.sets(st.sampled_from(["visa", "mastercard", "sepa", "other"]), min_size=1).map(
        frozenset
    ),
    kind=st.sampled_from(["attempts", "wait", "never", "represent"]),
    name=st.just("own"),
    categories=st.sampled_from([frozenset(), frozenset({2, 3, 4}), frozenset({1})]),
    codes=st.sampled_from([frozenset(), frozenset({"51"}), frozenset({"AM04", "MS03@DE"})]),
    advice_codes=st.sampled_from([frozenset(), frozenset({"27"})]),
    limit=st.integers(1, 12),
    window=st.integers(1, 24 * 30).map(lambda hours: hours * HOUR),
    same_amount=st.booleans(),
    consecutive=st.booleans(),
    countries=st.sampled_from([frozenset(), frozenset({"DE"})]),
    valid_from=st.sampled_from([None, date(2026, 11, 23), date(2026, 11, 24)]),
    valid_to=st.sampled_from([None, date(2026, 11, 23), date(2026, 12, 1)]),
)
charges = st.builds(
    Charge,
    amount=st.sampled_from([100, 200]),
    currency=st.sampled_from(["EUR", "USD"]),
    network=networks,
    country=st.sampled_from(["DE", "FR", ""]),
    company=st.just(1),
    debt=st.just(7),
)


def is_named(rule, attempt, charge):
    """Return whether a rule names what was answered to an attempt."""
    value, names = attempt.code, rule.codes
    if not value:
        value, names = attempt.reason, rule.reasons
    named = any(name in (value, value + "@" + charge.country) for name in names)
    return named or not (rule.codes or rule.reasons)


def is_concerned(rule, attempt, charge):
    """Return whether a rule to wait or never to charge is about an attempt."""
    return (
        (not rule.categories or attempt.category in rule.categories)
        and (not rule.advice_codes or attempt.advice_code in rule.advice_codes)
        and is_named(rule, attempt, charge)
    )


def is_counted(rule, attempt, at, charge):
    """Return whether an attempt is one of those that a rule limits."""
    return (
        attempt.outcome != "paid"
        and at - attempt.at < rule.window
        and (not rule.categories or attempt.category in {None, *rule.categories})
        and is_named(rule, attempt, charge)
        and (
            not rule.same_amount
            or (attempt.amount, attempt.currency) == (charge.amount, charge.currency)
        )
    )


def after_last_paid(attempts):
    """Return the attempts after the last one that paid."""
    result = []
    for attempt in attempts:
        result = [] if attempt.outcome == "paid" else [*result, attempt]
    return result


def obeys(rule, history, at, charge):
    """Return, in the plainest way, whether a charge at this instant keeps to a rule."""
    first, last = rule.valid_from or date.min, rule.valid_to or date.max
    if not first <= at.date() <= last or charge.country not in (rule.countries or {charge.country}):
        return True
    past = [attempt for attempt in history if attempt.company == charge.company]
    past = sorted((a for a in past if a.at <= at), key=lambda a: a.at)
    unpaid = after_last_paid(past)
    if rule.kind == "never":
        return not any(is_concerned(rule, a, charge) for a in unpaid)
    if rule.kind == "wait":
        return all(at - a.at >= rule.window for a in unpaid if is_concerned(rule, a, charge))
    if rule.kind == "represent":
        debits = after_last_paid([a for a in past if a.debt == charge.debt])
        return not debits or (
            len(debits) - 1 < rule.limit
            and at - debits[0].at <= rule.window
            and all(is_named(rule, a, charge) for a in debits if a.code or a.reason)
        )
    counted = [a for a in (unpaid if rule.consecutive else past) if is_counted(rule, a, at, charge)]
    return len(counted) < rule.limit


def binding(rules, history, charge):
    """Return the rules of the network of a charge."""
    network = charge.network
    for attempt in sorted(history, key=lambda a: a.at):
        if not charge.network and attempt.company == charge.company and attempt.network:
            network = attempt.network
    if not any(network in rule.scopes for rule in rules):
        network = "other"
    return [rule for rule in rules if network in rule.scopes]


@settings(max_examples=400)
@given(histories, st.lists(own_rules, max_size=3), charges)
@example([PastAttempt(NOW, category=2)] * 20, [], Charge(100, "EUR", "visa"))
def test_nothing_is_allowed_that_breaks_a_rule_nor_refused_that_breaks_none(history, own, charge):
    rules = [*RULES, *own]
    refusal = check(rules, history, NOW, charge)
    broken = [
        rule for rule in binding(rules, history, charge) if not obeys(rule, history, NOW, charge)
    ]
    assert (refusal is None) == (not broken)
    if refusal:
        assert refusal.rule in broken
        assert refusal.rule.name in str(refusal.sentence)
        if refusal.allowed_from:
            just_before = refusal.allowed_from - timedelta(microseconds=1)
            assert just_before >= NOW
            assert not obeys(refusal.rule, history, just_before, charge)
            assert obeys(refusal.rule, history, refusal.allowed_from, charge)


@settings(max_examples=200)
@given(histories, st.lists(own_rules, max_size=3), charges)
def test_next_allowed_instant_is_the_first_that_breaks_no_rule(history, own, charge):
    rules = [*RULES, *own]
    found = next_allowed(rules, history, NOW, charge)
    bound = binding(rules, history, charge)
    end = NOW + 60 * DAY if found is None else found
    for hours in range(0, int((end - NOW) / HOUR) + 1, 7):
        at = NOW + hours * HOUR
        if at < end:
            assert not all(obeys(rule, history, at, charge) for rule in bound), at
    if found is not None:
        assert found >= NOW
        assert all(obeys(rule, history, found, charge) for rule in bound)
