# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The rules of card networks and bank schemes: what they refuse, why, and until when."""

import time
from datetime import date, datetime, timedelta, timezone

import pytest

from revenue_recovery.timing.ceiling import (
    Charge,
    PastAttempt,
    Rule,
    check,
    load_rules,
    next_allowed,
    shipped_rules,
)
from revenue_recovery.tools.instants import aware

NOW = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RULES = shipped_rules()
VISA = Charge(2500, "EUR", "visa")
MASTERCARD = Charge(2500, "EUR", "mastercard")


def tries(count, *, every=HOUR, last=NOW - HOUR, **values):
    """Return that many attempts, the last one at the given instant."""
    values = {"amount": 2500, "currency": "EUR", **values}
    return [PastAttempt(last - every * index, **values) for index in range(count)]


def refuse(history, charge, now=NOW, rules=RULES):
    """Return the refusal, which must be there."""
    refusal = check(rules, history, now, charge)
    assert refusal, "the charge was allowed"
    return refusal


# === CARD NETWORKS === #


def test_card_without_a_history_may_be_charged():
    for network in ("visa", "mastercard", "amex", "sepa", "", "unheard of"):
        assert check(RULES, [], NOW, Charge(1, "EUR", network)) is None


def test_visa_category_1_forbids_every_further_charge():
    refusal = refuse(tries(1, code="14", category=1, last=NOW - 300 * DAY), VISA)
    assert refusal.rule.id == "visa_never"
    assert refusal.allowed_from is None
    assert "Never again" in str(refusal.sentence)
    assert "category 1" in str(refusal.sentence)


def test_charge_paid_after_a_forbidding_decline_shows_that_it_holds_no_more():
    history = tries(1, category=1, last=NOW - 9 * DAY) + tries(1, outcome="paid", last=NOW - DAY)
    assert check(RULES, history, NOW, VISA) is None


@pytest.mark.parametrize(("now", "limit"), [("2026-04-17 23:59", 15), ("2026-04-18 00:00", 20)])
def test_visa_allows_15_tries_until_17_april_2026_and_20_from_then_on(now, limit):
    now = aware(datetime.fromisoformat(now))
    history = tries(limit, category=2, last=now - HOUR)
    assert refuse(history, VISA, now).rule.limit == limit
    assert check(RULES, history[1:], now, VISA) is None


def test_change_of_the_limit_is_met_on_its_first_day():
    now = datetime(2026, 4, 17, 12, tzinfo=timezone.utc)
    history = tries(15, category=2, last=now - HOUR)
    refusal = refuse(history, VISA, now)
    assert refusal.allowed_from == datetime(2026, 4, 18, tzinfo=timezone.utc)
    assert next_allowed(RULES, history, now, VISA) == refusal.allowed_from


def test_visa_tries_of_all_amounts_and_unknown_categories_count():
    history = tries(10, category=3, amount=1) + tries(10, category=None, outcome="unknown")
    assert refuse(history, VISA).rule.id == "visa_20"


def test_allowed_again_in_the_instant_when_the_oldest_try_is_as_old_as_the_window():
    history = tries(20, every=DAY, category=2)
    refusal = refuse(history, VISA)
    assert refusal.allowed_from == NOW - HOUR - 19 * DAY + 30 * DAY
    just_before = refusal.allowed_from - timedelta(microseconds=1)
    assert check(RULES, history, just_before, VISA)
    assert check(RULES, history, refusal.allowed_from, VISA) is None
    assert next_allowed(RULES, history, NOW, VISA) == refusal.allowed_from


def test_of_more_tries_than_allowed_enough_must_be_forgiven():
    history = tries(23, every=DAY, category=2)
    assert refuse(history, VISA).allowed_from == NOW - HOUR - 19 * DAY + 30 * DAY


def test_mastercard_allows_10_declines_in_a_row_in_24_hours():
    history = tries(10, code="51")
    refusal = refuse(history, MASTERCARD)
    assert refusal.rule.id == "mastercard_10_day"
    assert refusal.allowed_from == NOW - 10 * HOUR + DAY
    paid_between = history[:9] + tries(1, outcome="paid", last=NOW - 9.5 * HOUR) + history[9:]
    assert check(RULES, paid_between, NOW, MASTERCARD) is None


def test_mastercard_allows_35_declines_of_the_same_amount_in_30_days():
    history = tries(35, every=12 * HOUR)
    assert refuse(history, MASTERCARD).rule.id == "mastercard_35_month"
    assert check(RULES, history, NOW, Charge(2600, "EUR", "mastercard")) is None
    assert check(RULES, history, NOW, Charge(2500, "USD", "mastercard")) is None


@pytest.mark.parametrize("code", ["03", "21"])
@pytest.mark.parametrize("network", ["mastercard", ""])
def test_mastercard_advice_never_is_kept_also_where_the_network_is_not_known(code, network):
    refusal = refuse(tries(1, advice_code=code), Charge(1, "EUR", network))
    assert refusal.allowed_from is None
    assert code in refusal.rule.name


@pytest.mark.parametrize(
    ("code", "wait"),
    [
        ("24", HOUR),
        ("25", DAY),
        ("26", 2 * DAY),
        ("27", 4 * DAY),
        ("28", 6 * DAY),
        ("29", 8 * DAY),
        ("30", 10 * DAY),
    ],
)
def test_mastercard_advice_to_wait_counts_from_the_decline(code, wait):
    declined = NOW - timedelta(minutes=1)
    refusal = refuse(tries(1, advice_code=code, last=declined), MASTERCARD)
    assert refusal.allowed_from == declined + wait
    assert next_allowed(RULES, tries(1, advice_code=code, last=declined), NOW, MASTERCARD) == (
        declined + wait
    )


def test_wait_that_is_over_does_not_end_a_later_one():
    history = tries(2, every=5 * DAY, advice_code="27", last=NOW - HOUR)
    assert refuse(history, MASTERCARD).allowed_from == NOW - HOUR + 4 * DAY


def test_sentence_names_rule_and_instant_and_leaves_the_instant_to_the_caller():
    declined = NOW - HOUR
    refusal = refuse(tries(1, advice_code="27", last=declined), MASTERCARD)
    local = {**refusal.sentence.values, "at": "27 Nov 09:00"}
    assert refusal.sentence.source % local == (
        "Not before 27 Nov 09:00: Mastercard advice 27 (retry after 4 days)."
    )
    assert refusal.sentence.values["at"] == declined + 4 * DAY


@pytest.mark.parametrize("network", ["amex", "discover", "diners", "jcb", "elo", ""])
def test_other_networks_get_20_tries_in_30_days(network):
    charge = Charge(1, "EUR", network)
    assert refuse(tries(20), charge).allowed_from
    assert check(RULES, tries(19), NOW, charge) is None


def test_network_not_told_with_the_charge_is_taken_from_the_history():
    history = tries(1, network="visa", category=1, last=NOW - DAY) + tries(1, network="")
    assert refuse(history, Charge(1, "EUR")).rule.id == "visa_never"


def test_attempts_of_another_merchant_do_not_count():
    history = tries(1, category=1, company=2)
    assert check(RULES, history, NOW, Charge(1, "EUR", "visa", company=1)) is None
    assert refuse(history, Charge(1, "EUR", "visa", company=2))


def test_of_several_refusals_the_one_that_lasts_longest_is_told():
    history = tries(10) + tries(1, advice_code="30", last=NOW - timedelta(minutes=1))
    assert refuse(history, MASTERCARD).rule.id == "mastercard_advice_30"
    history += tries(1, advice_code="03", last=NOW - timedelta(minutes=1))
    assert refuse(history, MASTERCARD).rule.id == "mastercard_advice_03"


def test_what_happens_later_than_the_charge_does_not_count():
    assert check(RULES, tries(1, category=1, last=NOW + HOUR), NOW, VISA) is None


# === BANK SCHEMES === #


def debit(scheme, country="", debt=7):
    """Return a charge of a bank account."""
    return Charge(2500, "EUR", scheme, country, debt=debt)


@pytest.mark.parametrize(
    ("scheme", "code", "country"),
    [
        ("sepa", "AM04", "FR"),
        ("sepa", "MS03", "DE"),
        ("sepa", "MS03", "SK"),
        ("ach", "R01", "US"),
        ("ach", "R09", "US"),
        ("bacs", "0", "GB"),
        ("becs", "6", "AU"),
        ("pad", "901", "CA"),
    ],
)
def test_debit_returned_for_lack_of_money_may_be_presented_again(scheme, code, country):
    history = tries(1, code=code, debt=7, last=NOW - 5 * DAY)
    assert check(RULES, history, NOW, debit(scheme, country)) is None


@pytest.mark.parametrize(
    ("scheme", "code", "country"),
    [
        ("sepa", "AC04", "DE"),
        ("sepa", "MD01", "DE"),
        ("sepa", "MS03", "FR"),
        ("sepa", "MS03", ""),
        ("ach", "R02", "US"),
        ("ach", "R10", "US"),
        ("bacs", "1", "GB"),
        ("becs", "3", "AU"),
        ("pad", "905", "CA"),
    ],
)
def test_debit_returned_for_another_reason_may_not_be_presented_again(scheme, code, country):
    refusal = refuse(tries(1, code=code, debt=7, last=NOW - 5 * DAY), debit(scheme, country))
    assert refusal.rule.id == f"{scheme}_represent"
    assert refusal.allowed_from is None
    assert check(RULES, tries(1, code=code, debt=8), NOW, debit(scheme, country)) is None


@pytest.mark.parametrize(
    ("scheme", "reason", "country", "allowed"),
    [
        ("sepa", "insufficient_funds", "FR", True),
        ("sepa", "unspecified_return", "AT", True),
        ("sepa", "unspecified_return", "FR", False),
        ("sepa", "no_mandate", "FR", False),
        ("ach", "insufficient_funds", "US", True),
        ("ach", "account_closed", "US", False),
        ("bacs", "refer_to_payer", "GB", True),
        ("bacs", "no_mandate", "GB", False),
    ],
)
def test_provider_that_hides_the_scheme_code_is_judged_by_the_reason(
    scheme, reason, country, allowed
):
    history = tries(1, reason=reason, debt=7)
    assert (check(RULES, history, NOW, debit(scheme, country)) is None) == allowed


@pytest.mark.parametrize(
    ("scheme", "code", "again", "days"),
    [("sepa", "AM04", 2, 30), ("ach", "R01", 2, 180), ("bacs", "0", 2, 30), ("pad", "901", 1, 30)],
)
def test_debit_is_presented_again_so_often_and_so_long(scheme, code, again, days):
    history = tries(1 + again, every=DAY, code=code, debt=7)
    assert refuse(history, debit(scheme)).allowed_from is None
    assert check(RULES, history[1:], NOW, debit(scheme)) is None
    once = tries(1, code=code, debt=7, last=NOW - days * DAY)
    assert check(RULES, once, NOW, debit(scheme)) is None
    assert refuse(once, debit(scheme), NOW + timedelta(seconds=1)).allowed_from is None


def test_instalment_that_was_paid_opens_a_new_debit():
    history = tries(3, every=DAY, code="AM04", debt=7, last=NOW - 9 * DAY)
    history += tries(1, outcome="paid", debt=7, last=NOW - 8 * DAY)
    assert check(RULES, history, NOW, debit("sepa")) is None


# === RULES OF ONE'S OWN === #


def test_rule_of_ones_own_makes_it_stricter_but_never_laxer():
    history = tries(5, every=DAY, category=2)
    own = Rule("own", frozenset({"visa"}), "attempts", "House rule", limit=5, window=30 * DAY)
    assert check(RULES, history, NOW, VISA) is None
    assert refuse(history, VISA, rules=[*RULES, own]).rule.id == "own"
    lax = Rule("lax", frozenset({"visa"}), "attempts", "Lax", limit=99, window=DAY)
    assert refuse(tries(1, category=1), VISA, rules=[*RULES, lax]).rule.id == "visa_never"


def test_rule_of_ones_own_does_not_free_its_network_from_the_rules_for_the_others():
    history = tries(20, network="elo")
    elo = Charge(2500, "EUR", "elo")
    lax = Rule("lax", frozenset({"elo"}), "attempts", "Lax", limit=99, window=DAY, own=True)
    assert refuse(history, elo, rules=[*RULES, lax]).rule.id == "other_20"
    strict = Rule("own", frozenset({"elo"}), "attempts", "Own", limit=3, window=DAY, own=True)
    assert refuse(history[:3], elo, rules=[*RULES, strict]).rule.id == "own"
    assert check([*RULES, strict], history[:3], NOW, Charge(2500, "EUR", "jcb")) is None


def test_rule_of_a_country_holds_there_only():
    rule = Rule(
        "india",
        frozenset({"visa"}),
        "wait",
        "India",
        window=DAY,
        countries=frozenset({"IN"}),
    )
    history = tries(1)
    assert check([rule], history, NOW, Charge(1, "INR", "visa", "IN"))
    assert check([rule], history, NOW, Charge(1, "INR", "visa", "DE")) is None


def test_limit_of_nothing_forbids_the_first_charge_too():
    rule = Rule("closed", frozenset({"other"}), "attempts", "No", window=DAY)
    assert refuse([], Charge(1, "EUR", "elo"), rules=[rule]).allowed_from is None
    assert next_allowed([rule], [], NOW, Charge(1, "EUR", "elo")) is None


@pytest.mark.parametrize("values", [{"kind": "perhaps"}, {"kind": "attempts", "limit": 3}])
def test_rule_that_makes_no_sense_is_refused(values):
    with pytest.raises(ValueError, match="Rule x"):
        Rule("x", frozenset({"visa"}), **values)


def test_every_shipped_rule_has_a_name_and_a_source():
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.name, rule.id
        assert rule.source, rule.id
        assert not rule.name.endswith("."), "the sentence of a refusal brings its own full stop"


def test_row_of_the_file_becomes_the_rule_it_describes():
    empty = ("codes", "reasons", "advice_codes", "same_amount", "consecutive", "countries")
    row = dict.fromkeys((*empty, "source", "link"), "")
    row |= {"id": "r", "scopes": "visa other", "kind": "attempts", "name": "R"}
    row |= {"categories": "2 3", "limit": "7", "window_hours": "36"}
    row |= {"valid_from": "2026-01-02", "valid_to": ""}
    assert load_rules([row]) == [
        Rule(
            "r",
            frozenset({"visa", "other"}),
            "attempts",
            "R",
            categories=frozenset({2, 3}),
            limit=7,
            window=36 * HOUR,
            valid_from=date(2026, 1, 2),
        )
    ]


def test_card_with_a_thousand_attempts_is_decided_at_once():
    history = tries(1000, every=HOUR, code="51", advice_code="24")
    started = time.perf_counter()
    for _turn in range(10):
        assert check(RULES, history, NOW, MASTERCARD)
    assert (time.perf_counter() - started) / 10 < 0.02, "loose: the benchmark has the goal"
