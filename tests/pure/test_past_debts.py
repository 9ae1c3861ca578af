# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is counted of the past, and what is read of the sentences that Odoo kept."""

from datetime import datetime, timedelta, timezone

import pytest

from revenue_recovery.audit import Debt, PastPayment, find, gather
from revenue_recovery.audit.packing import pack_debts, unpack_debts
from revenue_recovery.audit.retries import find_finished, make_case
from revenue_recovery.declines import Taxonomy
from revenue_recovery.declines.kept import read_kept
from revenue_recovery.timing.ceiling import shipped_rules

BEGIN = datetime(2025, 3, 3, 9, tzinfo=timezone.utc)
DAY = timedelta(days=1)
FUNDS = read_kept("stripe", "Your card has insufficient funds.")
DEAD = read_kept("adyen", "Restricted Card")
SILENT = frozenset(reason.id for reason in Taxonomy.shipped().reasons.values() if reason.generic)


def pay(days, decline=None, **values):
    values = {"debt": 1, "amount": 10.0, "method": "card", **values}
    return PastPayment(at=BEGIN + days * DAY, is_paid=decline is None, decline=decline, **values)


def debts_of(*payments, **values):
    keys = {payment.debt for payment in payments}
    return gather(payments, {key: Debt(key, key, 10.0, **values) for key in keys})


@pytest.mark.parametrize(
    ("provider", "message", "reason"),
    [
        ("stripe", "Your card has insufficient funds.", "insufficient_funds"),
        (
            "stripe",
            "The payment provider rejected the request.\nYour card has expired.",
            "expired_card",
        ),
        ("stripe", "Your card was declined.", "generic_decline"),
        ("stripe", "Declined (code insufficient_funds).", "insufficient_funds"),
        ("adyen", "Not enough balance", "insufficient_funds"),
        ("adyen", "Your payment was refused. Please try again.", "unknown"),
        ("stripe", "The customer left the payment page.", "unknown"),
        ("stripe", "", "unknown"),
        ("nobody", "Your card has insufficient funds.", "unknown"),
    ],
)
def test_reason_is_read_from_the_sentence_as_far_as_it_says_one(provider, message, reason):
    found = read_kept(provider, message)
    assert (found.reason, found.known) == (reason, reason != "unknown")


def test_number_of_a_card_in_a_kept_sentence_is_hidden():
    assert "4242424242424242" not in read_kept("stripe", "Card 4242 4242 4242 4242 no").message
    assert "4242 4242" not in read_kept("stripe", "Card 4242 4242 4242 4242 no").message


def test_debt_is_what_failed_first_and_says_how_it_came_back():
    retried = debts_of(pay(0, FUNDS), pay(3))
    alone = debts_of(pay(0, FUNDS), pay(3, method=None, by_customer=True))
    transfer = debts_of(pay(0, FUNDS), settled_at=BEGIN + 4 * DAY)
    lost = debts_of(pay(0, FUNDS), pay(3, FUNDS), owed=10.0)
    ways = [found[0].came_back for found in (retried, alone, transfer, lost)]
    assert ways == ["retry", "customer", "other", ""]
    assert debts_of(pay(0), pay(1, FUNDS)) == [], "paid first, so nothing was owed"
    assert find(lost).owed.to_list() == [1, 10.0]


def test_reasons_that_only_say_no_are_not_counted_as_read():
    silent = read_kept("stripe", "Your card was declined.")
    unread = read_kept("stripe", "Something went wrong.")
    debts = debts_of(pay(0, FUNDS), pay(0, silent, debt=2), pay(0, unread, debt=3))
    found = find(debts, (), SILENT)
    assert [found.failed.count, found.known.count, found.readable.count] == [3, 2, 1]


def test_retries_into_a_dead_card_are_counted_until_it_pays_again():
    debts = debts_of(
        pay(0, DEAD), pay(2, FUNDS), pay(4), pay(10, FUNDS, debt=2), pay(11, FUNDS, debt=2)
    )
    found = find(debts)
    assert found.dead.count == 2, "the two after the refusal for good, not those after it paid"
    assert found.retries.count == 3


def test_charges_beyond_a_rule_are_counted_by_its_name():
    charges = [pay(number / 24, FUNDS) for number in range(24)]
    found = find(debts_of(*charges), shipped_rules())
    assert {name: total.count for name, total in found.beyond.items()} == {
        "20 tries in 30 days on cards of this or an unknown network": 4
    }


def test_what_a_customer_pays_by_themselves_is_no_retry_and_teaches_nothing():
    debts = debts_of(pay(0, FUNDS), pay(2, by_customer=True))
    assert find(debts).retries.count == 0
    assert list(find_finished(debts[0], make_case(debts[0]), "x")) == []


def test_retries_are_learned_with_all_failures_before_them():
    (debt,) = debts_of(pay(0, FUNDS), pay(2, FUNDS), pay(2, FUNDS), pay(5))
    found = list(find_finished(debt, make_case(debt), "x"))
    assert [(len(one.case.failures), one.paid) for one in found] == [(1, False), (2, True)]


def test_packed_debts_are_the_same_without_words():
    debts = debts_of(pay(0, FUNDS, debt="a"), pay(2, DEAD, debt="a"), pay(5, debt="a"))
    again = unpack_debts(pack_debts(debts))
    assert find(again, shipped_rules()).to_dict() == find(debts, shipped_rules()).to_dict()
    assert "message" not in str(pack_debts(debts))
